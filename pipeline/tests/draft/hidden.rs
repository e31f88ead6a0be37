//! What a language model in another house is sent of who is who: nothing. And what comes back.

use crate::calls::{said, utterance};
use crate::outcome::{drafters, outcome, short_limits};
use crate::server::{Do, Server, done, says, stream_head};
use referent_proto::Pseudonyms;
use referent_proto::draft::{DraftJob, DrafterTrouble, FlagKind, FlagReason, OriginKind};
use referent_proto::ids::Track;

const CALL: [(Track, &str); 8] = [
    (Track::Near, "Du taler med Kirsten, hvem taler jeg med?"),
    (Track::Far, "Goddag, det er Mette Sørensen. Jeg ringer om min boligstøtte."),
    (Track::Near, "Hvad er dit cpr-nummer?"),
    (Track::Far, "Det er 610190-1234."),
    (Track::Near, "Og hvor er du flyttet hen?"),
    (Track::Far, "Til Birkevænget 14 i Vejle, og huslejen er 6.450 kroner om måneden."),
    (Track::Near, "Kan vi ringe til dig?"),
    (Track::Far, "Ja, på 29 38 47 56."),
];
/// None of it may leave the house.
const SECRETS: [&str; 8] = ["Mette", "Sørensen", "Kirsten", "610190", "1234", "Birkevænget", "29 38", "38 47"];

fn job(lines: &[(Track, &str)]) -> DraftJob {
    let at = |index: usize| f64::from(u32::try_from(index).expect("a few")) * 6.0;
    let turns = lines.iter().enumerate();
    said(turns.map(|(index, (track, text))| utterance(*track, at(index), at(index) + 5.0, text)))
}

fn answers(draft: &str) -> Vec<Do> {
    vec![stream_head(), Do::Send(says(draft)), done()]
}

#[tokio::test]
async fn nothing_that_identifies_anybody_is_on_the_wire_and_the_draft_has_it_all() {
    let draft = "## Årsag til henvendelse\n- Borgeren, [PERSON-2], ringer om sin boligstøtte. [2]\n\
        ## Oplysninger\n- Borgeren er flyttet, og huslejen er 6.450 kr. om måneden. [6]\n- Borgeren er [PERSON-9]. [2]\n";
    let server = Server::that_does(answers(draft)).await;
    let outcome = outcome(job(&CALL), &drafters(short_limits(&server.base_url))).await;
    let sent = server.requests().concat();
    for secret in SECRETS {
        assert!(!sent.contains(secret), "{secret} was sent");
    }
    assert!(sent.contains("6.450 kroner"), "what a note is about is sent");
    assert_eq!(outcome.origin.expect("a draft").kind, OriginKind::Llm);
    let texts: Vec<&str> = outcome.sentences.iter().map(|sentence| sentence.text.reveal()).collect();
    assert!(texts[0].contains("Mette Sørensen"), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("PERSON")), "who was made up is not shown: {texts:?}");
}

#[tokio::test]
async fn in_doubt_nothing_is_sent_and_there_is_a_draft_all_the_same() {
    // An amount that has the digits of the telephone number: it may be one that was taken for money.
    let mut call = CALL.to_vec();
    call.push((Track::Far, "Og så har jeg betalt 29.384.756 kroner i husleje."));
    let server = Server::that_does(answers("## Oplysninger\n- Borgeren er flyttet. [6]\n")).await;
    let outcome = outcome(job(&call), &drafters(short_limits(&server.base_url))).await;
    assert!(server.requests().is_empty(), "nothing is sent");
    let origin = outcome.origin.expect("a draft");
    assert_eq!((origin.kind, origin.trouble), (OriginKind::Embedded, Some(DrafterTrouble::RedactionFailed)));
    assert!(!outcome.sentences.is_empty());
}

#[tokio::test]
async fn a_model_in_the_house_reads_what_was_said() {
    let server = Server::that_does(answers("## Oplysninger\n- Borgeren er flyttet til Vejle. [6]\n")).await;
    let mut job = job(&CALL);
    job.area.llm_is_local = true;
    assert_eq!(job.area.pseudonyms(), Pseudonyms::None);
    outcome(job, &drafters(short_limits(&server.base_url))).await;
    assert!(server.requests().concat().contains("Mette Sørensen"));
}

/// A model that takes one placeholder for another writes about the wrong person in a sentence that is right in all else.
#[tokio::test]
async fn who_is_put_back_where_nobody_speaks_of_them_is_doubted() {
    let call = [
        (Track::Near, "Borgerservice, Tove."),
        (Track::Far, "Goddag, det er Mette Sørensen."),
        (Track::Near, "Hvad kan jeg hjælpe med?"),
        (Track::Far, "Min hund er løbet væk."),
    ];
    let draft = "## Oplysninger\n- Borgerens hund er løbet væk. [PERSON-1] [4]\n- Borgeren hedder [PERSON-2]. [2]\n";
    let server = Server::that_does(answers(draft)).await;
    let outcome = outcome(job(&call), &drafters(short_limits(&server.base_url))).await;
    let [wrong, right, ..] = outcome.sentences.as_slice() else { panic!("two sentences") };
    assert_eq!(wrong.text.reveal(), "Borgerens hund er løbet væk. Tove");
    let about: Vec<_> = wrong.flags.iter().map(|flag| (flag.kind, flag.reason, flag.start, flag.end)).collect();
    assert_eq!(about, [(FlagKind::Name, Some(FlagReason::SaidElsewhere), 29, 33)]);
    assert_eq!(wrong.flags[0].evidence[0].start, job(&call).utterances[0].span.start(), "where the name was said");
    let named = right.flags.iter().any(|flag| flag.kind == FlagKind::Name);
    assert!(!named, "whose evidence says the name is not doubted for it: {:?}", right.flags);
}
