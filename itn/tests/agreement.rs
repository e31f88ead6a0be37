//! Which readings say the same. The day of the call is Thursday 4 June 2026.

use jiff::civil::date;
use proptest::prelude::*;
use referent_itn::{Language, Reading, Value, read};

fn readings(text: &str, language: Language) -> Vec<Reading> {
    let readings = read(text, language, Some(date(2026, 6, 4)));
    assert!(!readings.is_empty(), "{text}: nothing is read");
    readings
}

/// Whether what is written (its first strong reading) agrees with anything that is said.
fn compare(written: &str, said: &str, language: Language, same: impl Fn(&Value, &Value) -> bool) -> bool {
    let written = readings(written, language);
    let first = written.iter().find(|reading| !reading.weak).unwrap_or(&written[0]);
    readings(said, language).iter().any(|said| same(&first.value, &said.value))
}

fn check(written: &str, said: &str, expected: bool) {
    let found = compare(written, said, Language::Danish, Value::agrees);
    assert_eq!(found, expected, "{written:?} and {said:?}");
}

#[test]
fn numbers_agree_by_value_and_unit() {
    check("12.500 kr.", "tolv tusind fem hundrede kroner", true);
    check("12.500 kr.", "tolv tusind fem hundrede", true);
    check("12.500 kr.", "12.500 euro", false);
    check("12.500 kr.", "tolv tusind seks hundrede kroner", false);
    check("50 %", "halvtreds procent", true);
    check("50 %", "halvtreds kroner", false);
    check("3. sal", "tredje sal", true);
    check("3. sal", "fjerde sal", false);
    check("halvdelen", "1/2", true);
    check("1,5 mio.", "halvanden million", true);
}

#[test]
fn dates_agree_where_both_say_it() {
    check("3. maj", "tredje maj toogtyve", true);
    check("3. maj 2026", "den tredje i femte", true);
    check("3. maj 2026", "den tredje i femte femogtyve", false);
    check("3. maj 2026", "den fjerde i femte", false);
    check("4. juni 2026", "i dag", true);
    check("4. juni", "i dag", true);
    check("5. juni 2026", "i dag", false);
    check("torsdag den 11. juni", "på torsdag", true);
    check("11. juni", "på torsdag", true);
    check("12. juni", "på torsdag", false);
    check("om 14 dage", "om to uger", true);
    check("18. juni 2026", "om fjorten dage", true);
    check("om 14 dage", "om tre uger", false);
    check("uge 25", "om to uger", true);
    check("om otte dage", "om en uge", true);
    check("inden 14 dage", "om to uger", true);
    check("for to år siden", "om to år", false);
    check("3/5-26", "tredje maj to tusind og seksogtyve", true);
    check("i 1985", "nitten femogfirs", true);
    check("i 1985", "femogfirs", true);
    check("i 1985", "seksogfirs", false);
    check("maj 2026", "i maj", true);
    check("maj", "3. maj", false);
    check("8. juni", "næste mandag", true);
    check("15. juni", "næste mandag", true);
    check("9. juni", "næste mandag", false);
    check("2. kvartal 2026", "andet kvartal", true);
    check("den 3.", "den tredje", true);
}

#[test]
fn times_agree_on_the_face_of_a_clock() {
    check("kl. 14.30", "halv tre", true);
    check("kl. 2.30", "halv tre", true);
    check("kl. 15.30", "halv tre", false);
    check("kl. 14.30", "halv tre om natten", false);
    check("kl. 14.30", "fjorten tredive", true);
    check("kl. 10.15", "kvart over ti", true);
    check("kl. 9", "mellem ni og femten", true);
    check("kl. 15", "mellem ni og femten", true);
    check("kl. 16", "mellem ni og femten", false);
}

#[test]
fn durations_agree_over_units() {
    check("14 dage", "to uger", true);
    check("1½ time", "halvanden time", true);
    check("90 minutter", "halvanden time", true);
    check("et halvt år", "seks måneder", true);
    check("18 måneder", "halvandet år", true);
    check("48 timer", "to døgn", true);
    check("4 uger", "fire måneder", false);
    check("45 minutter", "tre kvarter", true);
}

#[test]
fn digits_agree_without_what_parts_them() {
    check("29384756", "ni og tyve otte og tredive syv og fyrre seks og halvtreds", true);
    check("29 38 47 56", "to ni tre otte fire syv fem seks", true);
    check("+45 29384756", "29 38 47 56", true);
    check("sag 24-1234", "fireogtyve tolv fireogtredive", true);
    check("1234", "tolv fireogtredive", true);
    check("29384757", "29 38 47 56", false);
}

#[test]
fn what_is_written_may_be_coarser_than_what_was_said() {
    let by = |written, said| compare(written, said, Language::Danish, Value::is_said_by);
    assert!(by("i maj", "den tredje maj"));
    assert!(by("i 2026", "den tredje maj 2026"));
    assert!(by("ultimo maj", "den 30. maj"));
    assert!(by("uge 19", "den 5. maj 2026"));
    assert!(!by("den tredje maj", "i maj"));
    assert!(!by("i juni", "den tredje maj"));
    assert!(!by("primo maj", "den 30. maj"));
}

const WORDS: [&str; 32] = [
    "fem", "og", "tyve", "en", "halv", "hundrede", "tusind", "million", "komma", "nul", "12", "500", ".", ",", "-",
    "/", "3", "maj", "den", "i", "om", "uger", "siden", "for", "kl", "kr", "%", "mandag", "tredje", "2026", "øh",
    "kvart",
];

proptest! {
    /// Whatever the words, there is no panic, spans lie in order, and strong readings do not overlap.
    #[test]
    fn any_words_are_read(words in prop::collection::vec((prop::sample::select(WORDS.to_vec()), any::<bool>()), 0..30)) {
        let text: String = words.iter().flat_map(|(word, space)| [*word, if *space { " " } else { "" }]).collect();
        for language in [Language::Danish, Language::English] {
            let (mut start, mut strong) = (0, 0);
            for reading in read(&text, language, Some(date(2026, 6, 4))) {
                prop_assert!(text.get(reading.span.clone()).is_some_and(|words| !words.is_empty()), "{}", text);
                prop_assert!(reading.span.start >= start, "{}", text);
                start = reading.span.start;
                if !reading.weak {
                    prop_assert!(reading.span.start >= strong, "{}", text);
                    strong = reading.span.end;
                }
                prop_assert!(reading.value.agrees(&reading.value), "{}: {:?}", text, reading);
            }
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,120}") {
        for language in [Language::Danish, Language::English] {
            read(&text, language, None);
            for stretch in referent_itn::sequences::stretches(&text, language) {
                stretch.each(8..=10, |found| assert!(text.get(found.span).is_some()));
            }
        }
    }
}
