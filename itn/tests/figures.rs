//! How many numbers are read rightly: every number below a million, and generated dates, times and amounts among words
//! that resemble numbers. Prints one line of JSON: `cargo test -p referent-itn --test figures -- --nocapture`.
//!
//! A text is read rightly if what overlaps the number is that number and nothing else (weak readings aside), and if no
//! other word of the text is taken for one.

use referent_itn::dates::{Day, Offset, When};
use referent_itn::number::Number;
use referent_itn::reading::Clock;
use referent_itn::say::{danish, english};
use referent_itn::units::Unit;
use referent_itn::{Language, Value, read};

const GOAL: f64 = 0.995;
const GENERATED: u32 = 10_000;

/// A seeded source of chance: the same texts in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.small::<usize>(all.len() as u64)]
    }

    /// A number below `limit`, which fits its type.
    fn small<N: TryFrom<u64>>(&mut self, limit: u64) -> N {
        N::try_from(self.below(limit)).ok().expect("what is below the limit fits")
    }
}

#[derive(Default)]
struct Score {
    right: u32,
    all: u32,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, right: bool, text: impl FnOnce() -> String) {
        self.all += 1;
        if right {
            self.right += 1;
        } else if self.wrong.len() < 12 {
            self.wrong.push(text());
        }
    }

    fn accuracy(&self) -> f64 {
        f64::from(self.right) / f64::from(self.all)
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.all += other.all;
        self.wrong.extend(other.wrong);
    }
}

/// Words before and behind, none of which is a number, though some sound like one.
const AROUND_DANISH: &[(&str, &str)] = &[
    ("", ""),
    ("", "."),
    ("ja ", ", tror jeg"),
    ("øh ", " øh"),
    ("jeg er enig, ", ", sagde firmaet"),
    ("i tresserne, altså ", " tak"),
    ("femmeren kørte, og ", ", da toget kom"),
    ("min syvende sans siger ", ", men nittenhundredtallet er forbi"),
    ("Borgeren oplyser ", "."),
    ("den entreprenør sagde ", ", ikke?"),
    ("det var tusindvis, nej ", ", og halvvejs"),
    ("seksualvejlederen skrev ", ", hedder hun"),
    ("hundredetusindvis? nej, ", " husker jeg"),
    ("fireren var lukket; ", " blev det så"),
];

const AROUND_ENGLISH: &[(&str, &str)] = &[
    ("", ""),
    ("", "."),
    ("yes, ", ", I think"),
    ("uh ", " uh"),
    ("often the tenant said ", ", honestly"),
    ("the weight is known: ", " please"),
    ("someone wrote ", ", and nobody answered"),
    ("The citizen says ", "."),
    ("a tenner is lost, ", " was it"),
    ("I won it, so ", ", for now"),
];

/// Whether `phrase` among these words is read as `right` says and nothing else is read.
fn reads(language: Language, around: (&str, &str), phrase: &str, right: impl Fn(&Value) -> bool) -> (bool, String) {
    let text = format!("{}{phrase}{}", around.0, around.1);
    let place = around.0.len()..around.0.len() + phrase.len();
    let readings = read(&text, language, None);
    let mut strong = readings.iter().filter(|reading| !reading.weak);
    let first = strong.next();
    // "en" alone is an article; that it is one is all the same said.
    let first = first.or_else(|| readings.first().filter(|_| readings.len() == 1));
    let good = first.is_some_and(|first| {
        right(&first.value)
            && first.span.start >= place.start
            && first.span.end <= place.end
            && covers(phrase, first, &place)
    }) && strong.next().is_none();
    (good, text)
}

/// The reading is of the whole phrase: nothing but small words is left over.
fn covers(phrase: &str, reading: &referent_itn::Reading, place: &std::ops::Range<usize>) -> bool {
    let before = &phrase[..reading.span.start - place.start];
    let behind = &phrase[reading.span.end - place.start..];
    let left =
        |text: &str| text.split_whitespace().all(|word| matches!(word, "den" | "the" | "d." | "." | "kl." | "in"));
    left(before) && left(behind)
}

/// Every number below a million, in the spellings given; two threads.
fn exhaustive(language: Language, say: impl Fn(u64) -> Vec<String> + Sync) -> Score {
    const LIMIT: u64 = 1_000_000;
    let half = |from: u64, to: u64| {
        let mut score = Score::default();
        for number in from..to {
            for text in say(number) {
                let (good, text) = reads(language, ("", ""), &text, |value| *value == Value::plain(number));
                score.count(good, || format!("{number}: {text}"));
            }
        }
        score
    };
    std::thread::scope(|threads| {
        let second = threads.spawn(|| half(LIMIT / 2, LIMIT));
        let mut score = half(0, LIMIT / 2);
        score.add(second.join().expect("a thread that only reads does not panic"));
        score
    })
}

fn longest_day(month: u8) -> u64 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn some_day(chance: &mut Chance) -> (Option<i16>, u8, u8) {
    let month = chance.small::<u8>(12) + 1;
    let day = chance.small::<u8>(longest_day(month)) + 1;
    let year = (chance.below(2) == 0).then(|| 1930 + chance.small::<i16>(106));
    (year, month, day)
}

fn is_date(value: &Value, year: Option<i16>, month: u8, day: u8) -> bool {
    let expected = When::day(Day { year, month: Some(month), day: Some(day), ..Day::default() });
    *value == Value::Date(expected)
}

/// A filler between two words, now and then.
fn with_filler(chance: &mut Chance, phrase: String, filler: &str) -> String {
    if chance.below(8) > 0 {
        return phrase;
    }
    let gaps: Vec<usize> = phrase.match_indices(' ').map(|(at, _)| at).collect();
    if gaps.is_empty() {
        return phrase;
    }
    let at = chance.of(&gaps);
    format!("{} {filler}{}", &phrase[..at], &phrase[at..])
}

const DANISH_SPELLINGS: [danish::Spelling; 4] =
    [danish::Spelling::Joined, danish::Spelling::Apart, danish::Spelling::Dictionary, danish::Spelling::Long];

fn danish_dates(chance: &mut Chance) -> Score {
    use danish::DateStyle::{Mixed, Month, Ordinals, Points, Slash, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (year, month, day) = some_day(chance);
        let (good, text) = if chance.below(4) == 0 {
            let (phrase, offset) = danish_distance(chance);
            let phrase = with_filler(chance, phrase, "øh");
            let expected = Value::Date(When { any: Vec::new(), offset: Some(offset) });
            reads(Language::Danish, chance.of(AROUND_DANISH), &phrase, |value| *value == expected)
        } else {
            let style = chance.of(&[Month, Ordinals, Written, Mixed, Slash, Points]);
            let year = if style == Points { year.or(Some(2026)) } else { year };
            let said = danish::date(year, month, day, style, chance.of(&DANISH_SPELLINGS));
            let said = if style == Slash { format!("den {said}") } else { with_filler(chance, said, "øh") };
            reads(Language::Danish, chance.of(AROUND_DANISH), &said, |value| is_date(value, year, month, day))
        };
        score.count(good, || text);
    }
    score
}

fn danish_distance(chance: &mut Chance) -> (String, Offset) {
    let (unit, size, most) = chance.of(&[("dage", 1, 40), ("uger", 7, 12), ("måneder", 0, 12), ("år", -1, 20)]);
    let amount = chance.small::<i32>(most - 1) + 2;
    let count = u64::from(amount.unsigned_abs());
    let said =
        if chance.below(3) == 0 { count.to_string() } else { danish::cardinal(count, chance.of(&DANISH_SPELLINGS)) };
    let (text, amount) = if chance.below(2) == 0 {
        (format!("om {said} {unit}"), amount)
    } else {
        (format!("for {said} {unit} siden"), -amount)
    };
    let offset = match size {
        0 => Offset::Months(amount),
        -1 => Offset::Months(12 * amount),
        size => Offset::Days(size * amount),
    };
    (text, offset)
}

fn is_time(value: &Value, minute: u16, half_known: bool) -> bool {
    match value {
        Value::Time(Clock { minute: found, either_half: false }) => *found == minute,
        Value::Time(Clock { minute: found, either_half: true }) => !half_known && *found % 720 == minute % 720,
        _ => false,
    }
}

fn some_time(chance: &mut Chance) -> (u8, u8) {
    let minute = if chance.below(2) == 0 { chance.small(60) } else { 5 * chance.small::<u8>(12) };
    (chance.small(24), minute)
}

fn danish_times(chance: &mut Chance) -> Score {
    use danish::TimeStyle::{Face, FaceOnly, Hours, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (hour, minute) = some_time(chance);
        let style = chance.of(&[Written, Hours, Face, FaceOnly]);
        let phrase = danish::time(hour, minute, style, chance.of(&DANISH_SPELLINGS));
        let phrase = if style == Written { phrase } else { with_filler(chance, phrase, "øhm") };
        let expected = u16::from(hour) * 60 + u16::from(minute);
        let known = style == Face || style != FaceOnly && !(1..=12).contains(&hour);
        let (good, text) =
            reads(Language::Danish, chance.of(AROUND_DANISH), &phrase, |value| is_time(value, expected, known));
        score.count(good, || text);
    }
    score
}

fn some_amount(chance: &mut Chance) -> (u64, u8) {
    let limit = chance.of(&[100, 1_000, 20_000, 1_000_000, 20_000_000]);
    let oere = if chance.below(3) == 0 { chance.small(100) } else { 0 };
    (chance.below(limit) + 1, oere)
}

fn is_amount(value: &Value, kroner: u64, oere: u8) -> bool {
    let number = Number::ratio(kroner * 100 + u64::from(oere), 100).expect("no division by zero");
    *value == Value::Number { number, unit: Some(Unit::Kroner) }
}

fn danish_amounts(chance: &mut Chance) -> Score {
    use danish::AmountStyle::{Mixed, Spoken, UnitFirst, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (kroner, oere) = some_amount(chance);
        let around = chance.of(AROUND_DANISH);
        let (good, text) = if chance.below(5) == 0 {
            let (whole, part) = (chance.below(100), chance.below(10));
            let phrase = match chance.below(3) {
                0 => format!("{whole},{part} %"),
                1 => format!("{whole},{part} pct."),
                _ => {
                    let say = |value| danish::cardinal(value, danish::Spelling::Apart);
                    format!("{} komma {} procent", say(whole), say(part))
                }
            };
            let number = Number::ratio(whole * 10 + part, 10).expect("no division by zero");
            let expected = Value::Number { number, unit: Some(Unit::Percent) };
            reads(Language::Danish, around, &phrase, |value| *value == expected)
        } else {
            let style = chance.of(&[Written, UnitFirst, Spoken, Mixed]);
            let phrase = danish::amount(kroner, oere, style, chance.of(&DANISH_SPELLINGS));
            let phrase = if style == Spoken { with_filler(chance, phrase, "øh") } else { phrase };
            reads(Language::Danish, around, &phrase, |value| is_amount(value, kroner, oere))
        };
        score.count(good, || text);
    }
    score
}

const ENGLISH_SPELLINGS: [english::Spelling; 2] = [english::Spelling::British, english::Spelling::Plain];

fn english_dates(chance: &mut Chance) -> Score {
    use english::DateStyle::{Iso, MonthFirst, Of, Ranked, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (year, month, day) = some_day(chance);
        let style = chance.of(&[Of, MonthFirst, Written, Ranked, Iso]);
        let year = if style == Iso { year.or(Some(2026)) } else { year };
        let phrase = english::date(year, month, day, style, chance.of(&ENGLISH_SPELLINGS));
        let phrase = if style == Iso { phrase } else { with_filler(chance, phrase, "um") };
        let (good, text) =
            reads(Language::English, chance.of(AROUND_ENGLISH), &phrase, |value| is_date(value, year, month, day));
        score.count(good, || text);
    }
    score
}

fn english_times(chance: &mut Chance) -> Score {
    use english::TimeStyle::{Face, Half, Spoken, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (hour, minute) = some_time(chance);
        let style = chance.of(&[Written, Half, Spoken, Face]);
        let phrase = english::time(hour, minute, style, chance.of(&ENGLISH_SPELLINGS));
        let phrase = if matches!(style, Spoken | Face) { with_filler(chance, phrase, "uh") } else { phrase };
        let expected = u16::from(hour) * 60 + u16::from(minute);
        let known = matches!(style, Half | Spoken);
        let (good, text) =
            reads(Language::English, chance.of(AROUND_ENGLISH), &phrase, |value| is_time(value, expected, known));
        score.count(good, || text);
    }
    score
}

fn english_amounts(chance: &mut Chance) -> Score {
    use english::AmountStyle::{Spoken, UnitFirst, Written};
    let mut score = Score::default();
    for _ in 0..GENERATED {
        let (kroner, hundredths) = some_amount(chance);
        let style = chance.of(&[Written, UnitFirst, Spoken]);
        let hundredths = if style == Spoken { 0 } else { hundredths };
        let phrase = english::amount(kroner, hundredths, style, chance.of(&ENGLISH_SPELLINGS));
        let phrase = if style == Spoken { with_filler(chance, phrase, "erm") } else { phrase };
        let (good, text) =
            reads(Language::English, chance.of(AROUND_ENGLISH), &phrase, |value| is_amount(value, kroner, hundredths));
        score.count(good, || text);
    }
    score
}

/// The figures of one language as JSON; says what was read wrongly; fails with examples if a kind is below the goal.
#[expect(clippy::print_stderr, reason = "what is read wrongly is for whoever improves it")]
fn figures(name: &str, kinds: Vec<(&str, Score)>) -> String {
    let mut lines = Vec::new();
    let mut total = Score::default();
    let mut low = Vec::new();
    for (kind, score) in kinds {
        score.wrong.iter().for_each(|wrong| eprintln!("{name} {kind}, read wrongly: {wrong}"));
        if score.accuracy() < GOAL {
            low.push(format!("{name} {kind} {}:\n  {}", score.accuracy(), score.wrong.join("\n  ")));
        }
        lines.push(format!(r#""{kind}":{{"accuracy":{:.6},"n":{}}}"#, score.accuracy(), score.all));
        total.add(score);
    }
    assert!(low.is_empty(), "{}\n{}", lines.join(" "), low.join("\n"));
    format!(r#""{name}":{{"accuracy":{:.6},"n":{},{}}}"#, total.accuracy(), total.all, lines.join(","))
}

#[test]
#[expect(clippy::print_stdout, reason = "the line is what the figures are read from")]
fn numbers_are_read_rightly() {
    let mut chance = Chance(0x5eed_0001);
    let danish = vec![
        (
            "cardinals",
            exhaustive(Language::Danish, |number| {
                [danish::Spelling::Joined, danish::Spelling::Apart]
                    .map(|spelling| danish::cardinal(number, spelling))
                    .to_vec()
            }),
        ),
        ("dates", danish_dates(&mut chance)),
        ("times", danish_times(&mut chance)),
        ("amounts", danish_amounts(&mut chance)),
    ];
    let danish = figures("da", danish);
    let english = vec![
        (
            "cardinals",
            exhaustive(Language::English, |number| {
                ENGLISH_SPELLINGS.map(|spelling| english::cardinal(number, spelling)).to_vec()
            }),
        ),
        ("dates", english_dates(&mut chance)),
        ("times", english_times(&mut chance)),
        ("amounts", english_amounts(&mut chance)),
    ];
    println!(r#"{{"numbers":{{{danish},{}}}}}"#, figures("en", english));
}

/// N2, roughly: an hour of speech is some 9,000 words, and longer texts take no more time a word.
#[test]
#[expect(clippy::print_stderr, reason = "the time is worth seeing, and too uncertain on a busy machine to be a figure")]
fn an_hour_of_speech_is_read_at_once() {
    let mut chance = Chance(0x5eed_0002);
    let mut text = String::new();
    while text.split_whitespace().count() < 9_000 {
        for _ in 0..100 {
            let (before, behind) = chance.of(AROUND_DANISH);
            let number = danish::cardinal(chance.below(1_000_000), chance.of(&DANISH_SPELLINGS));
            text.extend([before, &number, behind, " og så gik der længe, uden at nogen sagde noget. "]);
        }
    }
    let start = std::time::Instant::now();
    let readings = read(&text, Language::Danish, None).len();
    let once = start.elapsed();
    assert!(readings > 300, "{readings}");
    let tenfold = text.repeat(10);
    let start = std::time::Instant::now();
    read(&tenfold, Language::Danish, None);
    let ten = start.elapsed();
    eprintln!("an hour of speech is read in {once:?}, ten hours in {ten:?}");
    assert!(ten < once * 60 + std::time::Duration::from_millis(500), "{once:?} and {ten:?}");
    assert!(once < std::time::Duration::from_secs(1), "{once:?}");
}
