//! What the embedded drafter makes of the twelve sample calls.

use crate::calls::{Call, area, calls, job, said, utterance};
use proptest::prelude::*;
use referent_pipeline::draft::embedded::{Pick, Reading};
use referent_proto::draft::{DraftJob, Evidence};
use referent_proto::ids::Track;
use referent_proto::speech::{Spoken, Utterance};

fn pick(job: &DraftJob) -> Vec<Pick> {
    Reading::of(job).picks()
}

/// The draft as a person reads it.
fn note(job: &DraftJob) -> String {
    let mut note = Vec::new();
    let picks = pick(job);
    for (index, section) in job.area.sections.iter().enumerate() {
        note.push(format!("## {}", section.heading));
        note.extend(picks.iter().filter(|pick| pick.section == index).map(|pick| format!("- {}", pick.text.reveal())));
    }
    note.join("\n")
}

#[test]
fn drafts_of_the_sample_calls() {
    for call in calls() {
        insta::assert_snapshot!(call.name.clone(), note(&job(&call)));
    }
}

/// What a caseworker would have to type if it were missing: why, and every amount, date, deadline and agreement.
const FACTS: [(&str, &[(&str, &str)]); 12] = [
    (
        "aeldrecheck-og-boligstoette",
        &[
            ("reason", "ikke fået min ældrecheck i januar"),
            ("reason", "boligstøtte, for huslejen bliver sat op til 7.250 kroner fra den 1. marts"),
            ("information", "mangler oplysninger om din formue"),
            ("information", "61.000 kroner"),
            ("information", "brev om det fra din udlejer?« Borgeren: »Ja, det fik jeg den 5. februar"),
            ("information", "bor alene på Rosenvej 8 i Silkeborg"),
            ("agreed", "Så har du ret til den. Du får 19.600 kroner før skat den 28. februar"),
            ("agreed", "sende en kopi af brevet i Digital Post, senest den 21. februar"),
            ("agreed", "boligstøtte beregnet igen fra marts, og du får svar inden fire uger"),
        ],
    ),
    (
        "atp-udbetalingsdato",
        &[
            ("reason", "spørgsmål om ATP Livslang Pension"),
            ("reason", "hvornår jeg får pengene første gang, og om jeg selv skal søge"),
            ("information", "1.870 kroner om måneden før skat"),
            ("agreed", "du får den udbetalt den sidste bankdag i juli"),
            ("agreed", "Kan jeg også vente med at få den"),
            ("agreed", "give os besked inden den 30. juni"),
            ("agreed", "overført til din NemKonto"),
            ("agreed", "brev i Digital Post om to uger"),
        ],
    ),
    (
        "barsel-dokumentation",
        &[
            ("reason", "brev om mine barselsdagpenge"),
            ("information", "mangler dine lønsedler for januar, februar og marts"),
            ("information", "indberettet orloven den 3. april"),
            ("information", "født den 28. marts, er det rigtigt?« Borgeren: »Ja"),
            ("information", "4.865 kroner om ugen før skat. Det afhænger af din løn"),
            ("agreed", "Kan du sende dem igen?« Borgeren: »Ja"),
            ("agreed", "altså til den 19. maj"),
            ("agreed", "fire uger til min kæreste?« Sagsbehandleren: »Ja, du kan overdrage ugerne"),
        ],
    ),
    (
        "begravelseshjaelp-enke",
        &[
            ("reason", "min mand døde for tre uger siden"),
            ("", "Kurt Madsen, og han døde den 19. januar"),
            ("reason", "regning på 31.500 kroner"),
            ("reason", "begravelseshjælp"),
            ("information", "22.000 kroner i banken"),
            ("", "højst få 12.400 kroner"),
            ("agreed", "din regning og et kontoudtog fra den dag, han døde"),
            ("agreed", "skema på papir?« Sagsbehandleren: »Jeg sender det med posten i dag"),
            ("agreed", "sende det tilbage inden den 1. marts"),
            ("agreed", "svar om begravelseshjælpen inden for fire uger"),
        ],
    ),
    (
        "boerneydelse-halvdelen",
        &[
            ("reason", "kun fået halvdelen af børneydelsen"),
            ("information", "fælles forældremyndighed, og derfor er ydelsen delt mellem jer fra juli"),
            ("information", "hos sin far fire dage om måneden"),
            ("information", "aftale den 6. juni"),
            ("information", "udbetalt til hans far den 20. juli, og det kan vi desværre ikke ændre"),
            ("agreed", "du skal ikke sende aftalen"),
            ("agreed", "søge på borger.dk, og så skal hans far bekræfte det med MitID"),
            ("agreed", "senest den 14. august"),
            ("agreed", "3.318 kroner den 20. oktober. Ellers bliver det 1.659 kroner"),
            ("agreed", "Jeg søger i aften"),
        ],
    ),
    (
        "boligstoette-flytning",
        &[
            ("reason", "flyttet til en mindre lejlighed i Odense, og nu er min boligstøtte stoppet"),
            ("information", "flyttede den 15. april"),
            ("information", "meldt flytning til kommunen i sidste måned"),
            ("information", "6.450 kroner uden varme"),
            ("information", "58 kvadratmeter, og jeg bor alene"),
            ("agreed", "søge igen til den nye bolig"),
            ("agreed", "lejekontrakten og oplysninger om huslejen"),
            ("agreed", "uploade kontrakten på borger.dk med MitID senest den 20. maj"),
            ("agreed", "Det gør jeg i dag"),
            ("agreed", "omkring fire uger"),
            ("agreed", "udbetalt den første bankdag i måneden"),
        ],
    ),
    (
        "efterregulering-forkert-indtaegt",
        &[
            ("reason", "ikke glad for det brev, jeg har fået"),
            ("", "min løn var 84.000 kroner, men jeg fik kun 48.000 kroner"),
            ("information", "fra SKAT i februar"),
            ("information", "SKAT har rettet fejlen den 11. april"),
            ("information", "beregningen forkert"),
            ("information", "350 kroner til gode"),
            ("agreed", "din pension for 2024 beregnet igen"),
            ("agreed", "Skal I have min årsopgørelse med posten?« Sagsbehandleren: »Nej"),
            ("agreed", "ny afgørelse i Digital Post senest den 23. maj"),
            ("agreed", "NemKonto den sidste bankdag i maj"),
        ],
    ),
    (
        "feriepenge-bussen",
        &[
            ("reason", "mangler mine feriepenge"),
            ("information", "firma i Kolding, og jeg stoppede den 31. maj"),
            ("information", "ni dage på min sidste lønseddel, og det bliver 7.840 kroner før skat"),
            ("information", "rejse den 8. juli"),
            ("agreed", "mangler de at indberette april og maj"),
            ("agreed", "frist til den 24. juni"),
            ("agreed", "på din konto senest den 4. juli"),
            ("agreed", "26 48 71 35"),
            ("agreed", "brev i Digital Post den 25. juni"),
        ],
    ),
    (
        "foertidspension-ingen-aftale",
        &[
            ("reason", "fem måneder, og ingen kan give mig et svar om min førtidspension"),
            ("information", "Kommunen har ikke sendt nogen afgørelse"),
            ("information", "sagen ligger hos jer. De sendte alt den 20. august"),
            ("information", "Førtidspensionen bliver bevilget af kommunen"),
            ("information", "1.100 kroner til resten af måneden"),
            ("information", "uden en afgørelse må vi ikke udbetale noget"),
            ("agreed", "Du skal selv kontakte din sagsbehandler i kommunen"),
            ("", "jeg kan ikke give dig en dato"),
            ("agreed", "at vi ikke har en aftale"),
            ("agreed", "vil jeg klage"),
        ],
    ),
    (
        "folkepension-ansoegning",
        &[
            ("reason", "gerne på pension i år"),
            ("information", "sidste dag på arbejdet er den 12. oktober"),
            ("information", "folkepension fra den 1. november"),
            ("information", "gift med Karen, og hun arbejder stadig"),
            ("information", "28.000 kroner"),
            ("information", "3.200 kroner om måneden før skat"),
            ("agreed", "søge på borger.dk med MitID, senest den 15. september"),
            ("agreed", "Skal Karen også gøre noget?« Sagsbehandleren: »Ja, hun skal bekræfte sin indtægt"),
            ("agreed", "omkring otte uger"),
            ("agreed", "sidste bankdag i november"),
            ("agreed", "så søger jeg i aften"),
        ],
    ),
    (
        "seniorpension-sverige",
        &[
            ("reason", "syg og har søgt om seniorpension"),
            ("information", "62 år"),
            ("information", "ansøgning den 3. marts"),
            ("information", "mangler kun en lægeerklæring"),
            ("information", "arbejdet i Sverige i otte år"),
            ("information", "sygedagpenge til den 30. juni"),
            ("agreed", "Jeg må spørge en kollega"),
            ("agreed", "først efter kl. 13"),
            ("agreed", "torsdag den 22. maj mellem kl. 13 og kl. 15"),
            ("agreed", "51 17 84 62"),
            ("agreed", "op til tre måneder"),
        ],
    ),
    (
        "varmetillaeg-datter",
        &[
            ("reason", "jeg ringer for min far Erik, der får folkepension"),
            ("reason", "Kan han få varmetillæg?"),
            ("information", "fuldmagten er godkendt den 9. februar"),
            ("information", "hverken computer eller Digital Post"),
            ("information", "I 2024 betalte han 14.300 kroner"),
            ("information", "hvor mange penge har han i banken?« Borgeren: »Omkring 40.000 kroner"),
            ("agreed", "skema med posten i dag til Bakkevej 17 i Hjørring"),
            ("agreed", "kopi af varmeregningen senest den 28. marts"),
            ("agreed", "svar cirka fem uger efter"),
        ],
    ),
];

/// What no note wants to say.
const NEVER: [&str; 18] = [
    "Godmorgen",
    "Goddag",
    "Hej",
    "Farvel",
    "Hav en",
    "lige måde",
    "Selv tak",
    "tak for hjælpen",
    "Mange tak",
    "du taler med",
    "Hvad kan jeg hjælpe",
    "CPR",
    "øjeblik",
    "Tillykke",
    "får det bedre",
    "skriver et notat",
    "hilse",
    "weekend",
];

#[test]
fn every_fact_is_there_and_no_small_talk() {
    let mut missing = Vec::new();
    for call in calls() {
        let (_, facts) = FACTS.iter().find(|(name, _)| *name == call.name).expect("a table for every call");
        let job = job(&call);
        let text = note(&job);
        let picks = pick(&job);
        for (section, fact) in *facts {
            let stands = picks.iter().any(|pick| {
                let id = &job.area.sections[pick.section].id;
                (section.is_empty() || id == section) && pick.text.reveal().contains(fact)
            });
            if !stands {
                missing.push(format!("{}: {section}: {fact}", call.name));
            }
        }
        for never in NEVER {
            assert!(!text.contains(never), "{}: {never}\n{text}", call.name);
        }
        let spoken: usize = call.turns.iter().map(|turn| turn.text.split_whitespace().count()).sum();
        let written = text.split_whitespace().count();
        assert!(written < spoken, "{}: {written} words of {spoken}", call.name);
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_sentence_rests_on_what_it_quotes() {
    for call in calls() {
        let job = job(&call);
        for pick in pick(&job) {
            let rests_on: Vec<&str> = job
                .utterances
                .iter()
                .filter(|said| {
                    pick.evidence.iter().any(|rests| rests.track == said.track && rests.start == said.span.start())
                })
                .map(|said| said.text.reveal())
                .collect();
            assert_eq!(rests_on.len(), pick.evidence.len(), "{}", call.name);
            for word in pick.text.reveal().split([' ', '»', '«', ',', '.', '?']).filter(|word| word.len() > 3) {
                let is_name = ["Borgeren:", "Sagsbehandleren:"].contains(&word);
                let word = word.to_lowercase();
                let said = rests_on.iter().any(|text| text.to_lowercase().contains(&word));
                assert!(is_name || said, "{}: {word} was not said there", call.name);
            }
        }
    }
}

/// What a recogniser makes of it: small letters, no punctuation, turns in pieces, words that are doubled or misheard.
fn misheard(call: &Call, seed: u64) -> DraftJob {
    let mut state = seed;
    let mut chance = move |one_in: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).is_multiple_of(one_in)
    };
    let mut job = job(call);
    for said in &mut job.utterances {
        let mut words: Vec<String> = Vec::new();
        for word in said.text.reveal().split(' ') {
            if chance(15) && word.chars().count() > 4 {
                words.push(word.chars().filter(|c| !"eæ".contains(*c)).collect());
            } else {
                words.push(word.to_owned());
            }
            if chance(20) {
                words.push("øh".into());
            }
            if chance(25) {
                words.push(word.trim_matches(['.', ',']).to_owned());
            }
        }
        said.text = Spoken::new(words.join(" "));
    }
    job
}

/// Nobody can find a fact that was not heard, but most are heard.
#[test]
fn most_facts_survive_a_poor_recogniser() {
    let (mut found, mut all) = (0, 0);
    for seed in 0..20 {
        for call in calls() {
            let text = note(&misheard(&call, seed)).to_lowercase();
            let (_, facts) = FACTS.iter().find(|(name, _)| *name == call.name).expect("a table for every call");
            for number in facts.iter().flat_map(|(_, fact)| fact.split(' ')).filter(|word| has_digit(word)) {
                all += 1;
                found += usize::from(text.contains(number.trim_matches(['.', ',', '«'])));
            }
        }
    }
    assert!(found * 100 >= all * 97, "{found} of {all} numbers");
}

fn has_digit(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// Without punctuation and capitals an utterance is a sentence.
#[test]
fn text_without_punctuation_still_becomes_a_note() {
    for call in calls() {
        let mut job = job(&call);
        for said in &mut job.utterances {
            let plain: String = said.text.reveal().to_lowercase().replace(['.', ',', '?', '!'], "");
            said.text = Spoken::new(plain);
        }
        let picks = pick(&job);
        assert!(picks.len() >= 5, "{}: {} sentences", call.name, picks.len());
        assert!(picks.iter().any(|pick| pick.is_agreed), "{}", call.name);
    }
}

#[test]
fn english_calls_become_english_notes() {
    let turns = [
        ("near", "Good morning, you are speaking to Jane at the pensions office. How can I help you?"),
        ("far", "Good morning, my name is Peter Hill. I'm calling because my housing benefit has stopped."),
        ("near", "Okay. May I have your CPR number?"),
        ("far", "Yes, it is 841185-3716."),
        ("near", "Thank you, one moment. When did you move?"),
        ("far", "Um, I I moved on 15 April, and the rent is 6,450 kroner a month."),
        ("near", "Then you have to apply again. I need the lease, and the deadline is 20 May."),
        ("far", "Okay, I'll upload it tonight. How long does it take?"),
        ("near", "The processing time is about four weeks."),
        ("far", "Thank you very much, goodbye."),
        ("near", "You're welcome. Have a nice day."),
    ];
    let mut job = said(turns.iter().zip(0u32..).map(|((who, text), index)| {
        let start = f64::from(index) * 5.0;
        utterance(if *who == "near" { Track::Near } else { Track::Far }, start, start + 4.0, text)
    }));
    job.area = area("en");
    insta::assert_snapshot!("english", note(&job));
}

#[test]
fn a_call_about_nothing_has_no_note() {
    let nothing =
        ["Goddag, du taler med Lene.", "Hej, tak.", "Et øjeblik.", "Det var det hele. Hav en god dag.", "Farvel."];
    let utterances = nothing.iter().zip(0u32..).map(|(text, index)| {
        let track = if index % 2 == 0 { Track::Near } else { Track::Far };
        utterance(track, f64::from(index) * 3.0, f64::from(index) * 3.0 + 2.0, text)
    });
    let job = said(utterances);
    assert!(!Reading::of(&job).says_anything());
    assert_eq!(pick(&job), []);
}

#[test]
fn an_hour_takes_moments_and_gives_a_page() {
    let turns: Vec<_> = calls().into_iter().flat_map(|call| call.turns).collect();
    let utterances = turns.iter().cycle().take(600).zip(0u32..).map(|(turn, index)| {
        let start = f64::from(index) * 6.0;
        utterance(turn.track(), start, start + 5.0, &turn.text)
    });
    let job = said(utterances);
    let began = std::time::Instant::now();
    let text = note(&job);
    assert!(began.elapsed().as_secs_f64() < 2.0, "{:?}", began.elapsed());
    let words = text.split_whitespace().count();
    assert!((300..=900).contains(&words), "{words} words");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_gives_picks_that_rest_on_something(
        said_by in prop::collection::vec((any::<bool>(), "\\PC{0,60}"), 0..12),
        english in any::<bool>(),
    ) {
        let mut job = said(said_by.iter().zip(0u32..).map(|((near, text), index)| {
            let start = f64::from(index);
            utterance(if *near { Track::Near } else { Track::Far }, start, start + 1.0, text)
        }));
        if english {
            job.area = area("en");
        }
        let picks = pick(&job);
        prop_assert_eq!(&picks, &pick(&job));
        for one in picks {
            prop_assert!(!one.evidence.is_empty());
            prop_assert!(one.section < job.area.sections.len());
            let rests = |said: &Utterance| one.evidence.contains(&Evidence { track: said.track, start: said.span.start() });
            prop_assert!(job.utterances.iter().any(rests));
        }
    }

    #[test]
    fn no_cpr_number_goes_through(day in 61u32..92, month in 1u32..13, rest in 0u32..1_000_000, form in 0usize..4) {
        let digits = format!("{day:02}{month:02}{rest:06}");
        let number = match form {
            0 => format!("{}-{}", &digits[..6], &digits[6..]),
            1 => digits.clone(),
            2 => format!("{} {}", &digits[..6], &digits[6..]),
            _ => digits.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two)).collect::<Vec<_>>().join(" "),
        };
        let text = format!("Jeg ringer om min pension, mit nummer er {number}, og jeg mangler 500 kroner.");
        let note = note(&said([utterance(Track::Far, 1.0, 5.0, &text)]));
        prop_assert!(note.contains("500 kroner"), "{note}");
        prop_assert!(!note.contains(&number), "{note}");
    }
}

/// `heard.json` is what the embedded speech model made of the sample calls: other cuts, misheard words, question marks
/// where none belong. Every number that it heard stands in the note.
#[test]
fn what_a_recogniser_heard_becomes_a_note() {
    let heard: Vec<Call> = serde_json::from_str(include_str!("heard.json")).expect("calls");
    for call in heard {
        let (_, facts) = FACTS.iter().find(|(name, _)| *name == call.name).expect("a table for every call");
        let note = note(&job(&call));
        let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let heard: Vec<String> = call.turns.iter().flat_map(|turn| turn.text.split(' ')).map(plain).collect();
        for number in facts.iter().flat_map(|(_, fact)| fact.split(' ')).filter(|word| has_digit(word)).map(plain) {
            let stands = note.split([' ', '»', '«']).any(|word| plain(word) == number);
            assert!(stands || !heard.contains(&number), "{}: {number}\n{note}", call.name);
        }
        for never in NEVER {
            assert!(!note.contains(never), "{}: {never}\n{note}", call.name);
        }
    }
}
