//! An agent that catches up: what was said a while ago waits behind what is said now, until it has caught up.

use crate::agent::{Call, Line, state};
use crate::life::is_one_chain;
use crate::notes_api::NotesApi;
use crate::worker::Worker;
use referent_pipeline::transcribe::scripted::Scripted;
use referent_pipeline::transcribe::{Cancel, Class, Heard, NotHeard, Recognizer, Request};
use referent_proto::calls::from_agent::Kind;
use referent_proto::{AgentState, AgentStateKind, SampleOffset, SampleSpan};
use std::sync::{Arc, Mutex};

/// Writes down how urgent what it hears is.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<(SampleSpan, Class)>>>);

impl Recognizer for Asked {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        self.0.lock().expect("nobody panics with it").push((request.speech, request.class));
        Scripted.hear(request, cancel)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_a_while_ago_waits_until_the_agent_has_caught_up() {
    let (call, notes_api, asked) = (Call::sample(75, 1600), NotesApi::new(), Asked::default());
    let worker = Worker::with(notes_api.serve("127.0.0.1:0").await, vec![Box::new(asked.clone())]).await;
    let caught_up = SampleOffset(40 * 16_000);

    let mut line = Line::open(worker.address, &call).await.unwrap();
    let catching_up = AgentState { kind: AgentStateKind::CatchingUp, ..state() };
    line.say(Kind::AgentState(catching_up.into())).await.unwrap();
    line.send_until(&call, caught_up).await.unwrap();
    line.send_all(&call).await.unwrap(); // It begins with the word that the agent listens.

    is_one_chain(&notes_api, &call);
    let asked = asked.0.lock().unwrap().clone();
    let of = |class: Class| asked.iter().filter(move |(_, asked)| *asked == class).map(|(span, _)| *span);
    let longest = 12 * 16_000;
    assert!(of(Class::Behind).count() >= 4, "{asked:?}");
    assert!(of(Class::Behind).all(|span| span.start() < caught_up), "{asked:?}");
    assert!(of(Class::Live).all(|span| span.end() + longest > caught_up), "{asked:?}");
    assert!(of(Class::Live).chain(of(Class::HungUp)).count() >= 4, "{asked:?}");
    assert!(of(Class::Partial).all(|span| span.end() > caught_up), "nobody waits for grey text of a while ago");
    worker.stop().await;
}
