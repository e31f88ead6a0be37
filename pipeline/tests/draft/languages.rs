//! Calls in other languages than the note's.

use crate::calls::{area, said, utterance};
use crate::outcome::{drafters, embedded, outcome, short_limits};
use crate::server::{Do, Server, done, head, says, stream_head};
use referent_pipeline::draft::prompt;
use referent_pipeline::draft::spoken::SpokenIn;
use referent_proto::draft::{DraftFailure, DraftJob};
use referent_proto::ids::Track;

const GERMAN: [(Track, &str); 6] = [
    (Track::Near, "Guten Tag, was kann ich für Sie tun?"),
    (Track::Far, "Guten Tag, ich bin im April nach Odense umgezogen, und seitdem bekomme ich kein Wohngeld mehr."),
    (Track::Near, "Dann müssen Sie einen neuen Antrag stellen. Wie hoch ist die Miete?"),
    (Track::Far, "Die neue Miete ist 6.450 Kronen im Monat, und ich wohne allein in der Wohnung."),
    (Track::Near, "Schicken Sie uns bitte den Mietvertrag bis zum 20. Mai."),
    (Track::Far, "Das mache ich heute Abend, vielen Dank für die Hilfe."),
];
const POLISH: &str = "Dzień dobry, przeprowadziłem się w kwietniu do Odense i od tego czasu nie dostaję dodatku \
    mieszkaniowego. Nowy czynsz wynosi 6450 koron miesięcznie i mieszkam sam.";
const DANISH: &str = "Goddag, jeg er flyttet til Odense i april, og siden da har jeg ikke fået min boligstøtte. Den nye \
    husleje er 6.450 kroner om måneden, og jeg bor alene.";
const ARABIC: &str =
    "مرحبا، انتقلت إلى أودنسه في أبريل ومنذ ذلك الحين لم أحصل على إعانة السكن. الإيجار الجديد 6450 كرونة في الشهر.";
const UKRAINIAN: &str = "Добрий день, я переїхав до Оденсе у квітні, і відтоді не отримую житлову допомогу. Нова оренда \
    становить 6450 крон на місяць.";

fn a_call(lines: &[(Track, &str)], spoken: &[&str]) -> DraftJob {
    let at = |index: usize| f64::from(u32::try_from(index).expect("a few")) * 6.0;
    let utterances =
        lines.iter().enumerate().map(|(index, (track, text))| utterance(*track, at(index), at(index) + 5.0, text));
    let mut job = said(utterances);
    job.area = area("da");
    job.area.spoken_languages = spoken.iter().map(|code| (*code).to_owned()).collect();
    job
}

#[test]
fn the_language_of_a_side_is_told_by_its_text() {
    #[track_caller]
    fn check(near: &str, far: &str, spoken: &[&str], expected: &[&str]) {
        let job = a_call(&[(Track::Near, near), (Track::Far, far)], spoken);
        assert_eq!(SpokenIn::of(&job.area, &job.utterances).foreign(), expected, "{far}");
    }
    let all = ["da", "en", "de", "ar", "uk", "pl"];
    check(DANISH, DANISH, &all, &[]);
    check(DANISH, POLISH, &all, &["pl"]);
    check(DANISH, ARABIC, &all, &["ar"]);
    check(DANISH, UKRAINIAN, &all, &["uk"]);
    check(GERMAN[2].1, GERMAN[1].1, &all, &["de"]);
    check(
        "Yes, I can see that you have moved, and that the rent is higher now. Please send us the new contract, and then we \
        will calculate the housing benefit again.",
        POLISH,
        &all,
        &["pl", "en"],
    );
    check("Ja.", "Nein.", &all, &[]); // Too short to tell.
    check(POLISH, POLISH, &[], &[]); // S1: the area says that Danish is spoken.
    check(DANISH, DANISH, &["pl"], &["pl"]); // S1.
}

#[test]
fn the_prompt_says_what_is_spoken_and_asks_for_the_notes_language() {
    let prompt = prompt::of(&a_call(&GERMAN, &["da", "de", "en"]));
    assert!(prompt.system.contains("- Der kan blive talt dansk, tysk eller engelsk. Skriv altid på dansk."));
    assert!(
        prompt.closing.contains("Der bliver talt tysk. Skriv alligevel på dansk; numrene peger på de oprindelige ord.")
    );
    let danish = prompt::of(&a_call(&[(Track::Near, DANISH), (Track::Far, DANISH)], &["da", "de"]));
    assert!(danish.system.contains("tysk") && !danish.closing.contains("tysk"));
    let only = prompt::of(&a_call(&[(Track::Far, DANISH)], &["da"]));
    assert!(!only.system.contains("Der kan blive talt") && !only.closing.contains("bliver talt"));
    let mut english = a_call(&GERMAN, &["de"]);
    english.area = area("en");
    english.area.spoken_languages = vec!["de".into()];
    let prompt = prompt::of(&english);
    assert!(prompt.closing.contains("German is spoken. Write in English all the same"), "{}", prompt.closing);
}

#[tokio::test]
async fn a_foreign_call_becomes_a_note_in_the_areas_language_that_rests_on_the_original_words() {
    let answer = "## Årsag til henvendelse\n- Borgeren er flyttet til Odense og får ikke længere boligstøtte. [2]\n\
        ## Oplysninger\n- Den nye husleje er 6.450 kroner. [4]\n## Aftalt\n- Borgeren sender lejekontrakten senest den 20. maj. [5,6]\n";
    let server = Server::that_does(vec![stream_head(), Do::Send(says(answer)), done()]).await;
    let job = a_call(&GERMAN, &["da", "de"]);
    let outcome = outcome(job.clone(), &drafters(short_limits(&server.base_url))).await;
    assert_eq!((outcome.who().as_str(), outcome.sentences.len()), ("llm", 3));
    assert_eq!(outcome.sentences[0].evidence[0].start, job.utterances[1].span.start());
    assert_eq!(outcome.origin.expect("a draft").record.repaired, 0, "a translation shares no words, and stands");
}

#[tokio::test]
async fn without_a_language_model_a_foreign_language_is_not_supported() {
    let failed = outcome(a_call(&GERMAN, &["da", "de"]), &embedded()).await;
    assert_eq!(failed.failure, Some(DraftFailure::LanguageNotSupported));
    assert!(failed.sentences.is_empty());

    let server = Server::that_does(vec![head("401 Unauthorized", "application/json")]).await;
    let refused = outcome(a_call(&GERMAN, &["da", "de"]), &drafters(short_limits(&server.base_url))).await;
    assert_eq!(refused.failure, Some(DraftFailure::LlmRefused), "asking again may help, or an administrator");

    let danish = outcome(a_call(&[(Track::Near, DANISH), (Track::Far, DANISH)], &["da", "de"]), &embedded()).await;
    assert_eq!(danish.failure, None);
}
