//! R1 to R4, with recognisers that block until they are told.

use super::*;
use referent_proto::CallId;
use std::sync::mpsc;

/// Answers when told; `Err` once for each entry of `fails`.
struct Told {
    begun: tokio::sync::mpsc::Sender<RequestId>,
    go: mpsc::Receiver<Result<(), NotHeard>>,
}

impl Recognizer for Told {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        self.begun.blocking_send(request.id).expect("the test listens");
        while !cancel.is_cancelled() {
            if let Ok(told) = self.go.recv_timeout(Duration::from_millis(1)) {
                told?;
                return scripted::Scripted.hear(request, cancel);
            }
        }
        Err(NotHeard::Cancelled)
    }
}

type Begun = tokio::sync::mpsc::Receiver<RequestId>;

fn told() -> (Transcriber, Begun, mpsc::SyncSender<Result<(), NotHeard>>) {
    let (begun, has_begun) = tokio::sync::mpsc::channel(100);
    let (say, go) = mpsc::sync_channel(100);
    let transcriber = Transcriber::start(vec![Box::new(Told { begun, go })]).unwrap();
    (transcriber, has_begun, say)
}

pub(crate) fn request(call: u8, class: Class) -> Request {
    Request {
        id: RequestId(0),
        call: CallId::from_bytes(&[call; 16]).unwrap(),
        track: Track::Near,
        class,
        speech: SampleSpan::of(SampleOffset(16_000), 16_000),
        heard_from: SampleOffset(12_000),
        pcm: Pcm(vec![0; 24_000]),
        language: "da".into(),
        detect: Detect::No,
        glossary: Glossary::default(),
        context: Context::Fitted,
    }
}

#[tokio::test]
async fn an_error_is_tried_once_more_and_only_once() {
    let (transcriber, mut begun, say) = told();
    let failed = NotHeard::Failed { code: 1 };
    for (answers, expected, tries) in [
        (vec![Ok(())], Ok(()), 1),
        (vec![Err(failed), Ok(())], Ok(()), 2),
        (vec![Err(failed), Err(failed)], Err(failed), 2),
        (vec![Err(NotHeard::TimedOut)], Err(NotHeard::TimedOut), 1),
    ] {
        for answer in answers {
            say.send(answer).unwrap();
        }
        let heard = transcriber.hear(request(1, Class::Live)).await;
        assert_eq!(heard.map(drop), expected);
        for _ in 0..tries {
            begun.try_recv().unwrap();
        }
        assert!(begun.try_recv().is_err());
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_aborted_and_forgotten() {
    let (transcriber, mut begun, say) = told();
    let (first, second) = (transcriber.clone(), transcriber.clone());
    let first = async move { first.hear(request(1, Class::Live)).await };
    let second = async move { second.hear(request(2, Class::Live)).await };
    {
        tokio::pin!(first, second);
        tokio::select! {
            biased;
            _ = &mut first => unreachable!("nobody told it to go"),
            _ = &mut second => unreachable!("nobody told it to go"),
            Some(_) = begun.recv() => {}
        }
    }
    // Told only when the third has begun: the first may still be looking whether it is wanted.
    let told = async {
        begun.recv().await.unwrap();
        say.send(Ok(())).unwrap();
    };
    let (heard, ()) = tokio::join!(transcriber.hear(request(3, Class::Live)), told);
    heard.unwrap();
    assert!(begun.try_recv().is_err(), "the second request never began");
}

/// Dies of the sound of one call, and with it whoever is heard beside: as threads of one process do.
#[derive(Clone, Default)]
struct Mortal {
    beside: Arc<std::sync::atomic::AtomicUsize>,
    dead: Arc<AtomicBool>,
    most_beside_the_poison: Arc<std::sync::atomic::AtomicUsize>,
}

const POISON: u8 = 13;

impl Recognizer for Mortal {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        let poison = request.call == CallId::from_bytes(&[POISON; 16]).expect("sixteen bytes");
        self.beside.fetch_add(1, Ordering::SeqCst);
        let heard = if poison {
            // Until all who can have begun beside it have.
            let patience = Instant::now();
            while patience.elapsed() < Duration::from_millis(100) {
                self.most_beside_the_poison.fetch_max(self.beside.load(Ordering::SeqCst), Ordering::SeqCst);
                std::thread::yield_now();
            }
            self.dead.store(true, Ordering::SeqCst);
            Err(NotHeard::Died)
        } else {
            let patience = Instant::now();
            while !self.dead.load(Ordering::SeqCst) && patience.elapsed() < Duration::from_millis(150) {
                std::thread::yield_now();
            }
            if self.dead.load(Ordering::SeqCst) {
                Err(NotHeard::Died)
            } else {
                scripted::Scripted.hear(request, cancel)
            }
        };
        // The last one out starts the process anew.
        if self.beside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.dead.store(false, Ordering::SeqCst);
        }
        heard
    }
}

#[tokio::test]
async fn what_kills_a_recogniser_is_found_and_takes_nothing_with_it() {
    let mortal = Mortal::default();
    let recognisers = (0..3).map(|_| Box::new(mortal.clone()) as Box<dyn Recognizer>).collect();
    let transcriber = Transcriber::start(recognisers).unwrap();
    let hear = |call: u8| {
        let transcriber = transcriber.clone();
        async move { transcriber.hear(request(call, Class::Live)).await }
    };
    let (first, poison, second) = tokio::join!(hear(1), hear(POISON), hear(2));
    assert_eq!(poison.map(drop), Err(NotHeard::Died));
    first.unwrap();
    second.unwrap();
    assert!(mortal.most_beside_the_poison.swap(0, Ordering::SeqCst) > 1, "the first time it was beside others");

    // Twice more, with others that never stop coming: the second try of the poison is always by itself.
    for _ in 0..2 {
        let (_, poison, _) = tokio::join!(hear(1), hear(POISON), hear(2));
        assert_eq!(poison.map(drop), Err(NotHeard::Died));
        assert_eq!(mortal.beside.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn a_request_survives_the_way_to_another_process() {
    let request = request(9, Class::HungUp);
    let bytes = postcard::to_allocvec(&request).unwrap();
    assert_eq!(postcard::from_bytes::<Request>(&bytes).unwrap(), request);
}

#[test]
fn words_are_spread_over_the_speech() {
    let speech = SampleSpan::of(SampleOffset(1000), 900);
    let words = spread(&[("ja", 0.5), ("jeg", 0.6), ("x", 0.7)], speech);
    let places: Vec<(u64, u64)> = words.iter().map(|word| (word.span.start().0, word.span.end().0)).collect();
    assert_eq!(places, [(1000, 1300), (1300, 1700), (1700, 1900)]);
    assert!(spread(&[], speech).is_empty());
}
