//! A caseworker who speaks Danish and a citizen who speaks English: each track is heard in its own language.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::agent::Call;
use crate::life::is_one_chain;
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_pipeline::transcribe::language::{Detect, Detected, LONG_ENOUGH};
use referent_pipeline::transcribe::scripted::Scripted;
use referent_pipeline::transcribe::{Cancel, Class, Heard, NotHeard, Recognizer, Request};
use referent_proto::{SampleOffset, Track};
use std::sync::{Arc, Mutex};

/// Writes down what it is asked, and finds English on the far track where it is asked for the language.
#[derive(Clone, Default)]
struct Bilingual(Arc<Mutex<Vec<Request>>>);

impl Recognizer for Bilingual {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        self.0.lock().unwrap().push(Request { pcm: referent_proto::Pcm(Vec::new()), ..request.clone() });
        let heard = Scripted.hear(request, cancel)?;
        let Detect::Yes(_) = request.detect else { return Ok(heard) };
        let (language, english) = if request.track == Track::Far { ("en", 0.7) } else { ("da", 0.02) };
        let likely = vec![("da".to_owned(), 0.72 - english), ("en".to_owned(), english)];
        Ok(Heard { detected: Some(Detected { language: language.into(), likely, again: language == "en" }), ..heard })
    }
}

impl Bilingual {
    /// What was asked of the finals of a track, in the order of the sound.
    fn asked(&self, track: Track) -> Vec<Request> {
        let is_final = |request: &&Request| request.track == track && request.class != Class::Partial;
        let mut asked: Vec<Request> = self.0.lock().unwrap().iter().filter(is_final).cloned().collect();
        asked.sort_by_key(|request| request.speech.start());
        asked
    }
}

async fn heard(languages: &[&str], glossary: &[&str]) -> Bilingual {
    let call = Call::sample(75, 1600);
    let notes_api = NotesApi::speaking(languages, glossary);
    let bilingual = Bilingual::default();
    let worker = Worker::with(notes_api.serve("127.0.0.1:0").await, vec![Box::new(bilingual.clone())]).await;
    assert_eq!(call.deliver(|| Some(worker.address)).await, 1);
    is_one_chain(&notes_api, &call);
    worker.stop().await;
    bilingual
}

#[tokio::test(flavor = "multi_thread")]
async fn each_track_is_heard_in_the_language_that_is_spoken_on_it() {
    let bilingual = heard(&["da", "en"], &["boligstøtte", "Udbetaling Danmark"]).await;
    let both = ["da".to_owned(), "en".to_owned()];
    for (track, spoken) in [(Track::Near, "da"), (Track::Far, "en")] {
        let asked = bilingual.asked(track);
        let long: Vec<&Request> = asked.iter().filter(|request| request.speech.samples() >= LONG_ENOUGH).collect();
        assert!(asked.iter().all(|request| request.glossary.words == ["boligstøtte", "Udbetaling Danmark"]));
        for short in asked.iter().filter(|request| request.speech.samples() < LONG_ENOUGH) {
            assert_eq!(short.detect, Detect::No, "{track}: a short one is not asked about");
        }
        let (first, last) = (long.first().unwrap(), long.last().unwrap());
        assert_eq!((first.language.as_str(), &first.detect), ("da", &Detect::Yes(both.to_vec())), "{track}");
        assert_eq!((last.language.as_str(), &last.detect), (spoken, &Detect::IfDoubtful(both.to_vec())), "{track}");
    }
    let partials = bilingual
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|request| request.class == Class::Partial)
        .cloned()
        .collect::<Vec<_>>();
    assert!(partials.iter().all(|request| request.detect == Detect::No), "grey text is not asked about");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_that_says_nothing_is_heard_as_before() {
    let bilingual = heard(&[], &[]).await;
    let all = bilingual.0.lock().unwrap().clone();
    assert!(all.len() > 10 && all.iter().any(|request| request.speech.start() > SampleOffset(60 * 16_000)));
    for request in all {
        assert_eq!((request.language.as_str(), request.detect), ("da", Detect::No));
        assert!(request.glossary.words.is_empty());
    }
}
