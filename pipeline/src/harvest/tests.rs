use super::*;
use crate::transcribe::Heard;
use crate::transcribe::doubt::Inventions;
use referent_proto::Spoken;

/// Writes a farewell where it is quite silent, and a credit with a changing year and punctuation elsewhere.
struct Inventing {
    pieces: u32,
}

impl Recognizer for Inventing {
    fn hear(&mut self, request: &Request, _: &Cancel) -> Result<Heard, NotHeard> {
        self.pieces += 1;
        let silent = request.pcm.0.iter().all(|&sample| sample == 0);
        assert!((SHORTEST..=LONGEST).contains(&request.pcm.0.len()));
        let text = match (silent, self.pieces % 3) {
            (true, _) => "Tak for nu, farvel.".to_owned(),
            (false, 0) => " ...".to_owned(),
            (false, _) => format!("# Tekster {}!", 2000 + self.pieces),
        };
        Ok(Heard {
            text: Spoken::new(text),
            words: Vec::new(),
            probability: 0.9,
            no_speech: 0.0,
            detected: None,
            mended: false,
        })
    }
}

fn plan() -> Plan {
    Plan { language: "da".into(), context: Context::Fitted, seconds_each: 40, seed: 1 }
}

#[test]
fn what_a_model_invents_is_counted_by_sound() {
    let mut inventing = Inventing { pieces: 0 };
    let harvested = harvest(&mut inventing, &plan()).unwrap();
    let silence: Vec<&Harvested> = harvested.iter().filter(|one| one.sound == Kind::Silence).collect();
    assert!(matches!(silence[..], [one] if one.text == "Tak for nu, farvel." && one.times >= 4), "{silence:?}");
    for kind in &Kind::ALL[1..] {
        let of_kind: Vec<&Harvested> = harvested.iter().filter(|one| one.sound == *kind).collect();
        assert_eq!(of_kind.len(), 1, "one sentence, whatever the year: {of_kind:?}");
    }
    assert!(harvested.is_sorted_by_key(|one| std::cmp::Reverse(one.times)));
    assert_eq!(harvest(&mut Inventing { pieces: 0 }, &plan()).unwrap(), harvested, "the same again");
}

#[test]
fn the_list_is_read_by_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ggml-small.inventions.txt");
    let harvested = harvest(&mut Inventing { pieces: 0 }, &plan()).unwrap();
    write_list(&path, &harvested, "small").unwrap();
    let inventions = Inventions::load("da", Some(&path)).unwrap();
    assert!(inventions.is_invention("tak for nu farvel"));
    assert!(inventions.is_invention("Tekster 1999"));
    assert!(!inventions.is_invention("What small writes"), "no comment is a sentence");
    assert_eq!(inventions.len(), Inventions::load("da", None).unwrap().len() + 2);
    let error = write_list(&folder.path().join("no/such/folder.txt"), &harvested, "small").unwrap_err().to_string();
    assert!(error.contains("writable"), "{error}");
}

#[test]
fn a_recogniser_that_fails_ends_it() {
    struct Failing;
    impl Recognizer for Failing {
        fn hear(&mut self, _: &Request, _: &Cancel) -> Result<Heard, NotHeard> {
            Err(NotHeard::Failed { code: 3 })
        }
    }
    assert_eq!(harvest(&mut Failing, &plan()), Err(NotHeard::Failed { code: 3 }));
}

#[test]
fn sounds_are_as_long_and_loud_as_they_should_be() {
    let mut chance = StdRng::seed_from_u64(9);
    for kind in Kind::ALL {
        let sound = kind.make(50_000, &mut chance);
        assert_eq!(sound.len(), 50_000);
        let loudest = sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert_eq!(loudest == 0, kind == Kind::Silence, "{kind}: {loudest}");
        assert!(kind.make(0, &mut chance).is_empty());
    }
}
