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

#[tokio::test]
async fn a_full_queue_makes_whoever_submits_wait() {
    let (transcriber, mut begun, say) = told();
    let mut waiting: futures_util::stream::FuturesUnordered<_> = (0..PLACES + 5)
        .map(|_| {
            let transcriber = transcriber.clone();
            async move { transcriber.hear(request(1, Class::Live)).await }
        })
        .collect();
    tokio::select! {
        _ = futures_util::StreamExt::next(&mut waiting) => unreachable!("nobody told it to go"),
        Some(_) = begun.recv() => {}
    }
    assert_eq!(transcriber.shared.places.available_permits(), 0);
    for _ in 0..PLACES + 5 {
        say.send(Ok(())).unwrap();
        futures_util::StreamExt::next(&mut waiting).await.unwrap().unwrap();
    }
    assert_eq!(transcriber.shared.places.available_permits(), PLACES);
}

#[test]
fn a_request_survives_the_way_to_another_process() {
    let request = request(9, Class::HungUp);
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
}

#[test]
fn words_are_spread_over_the_speech() {
    let speech = SampleSpan::of(SampleOffset(1000), 900);
    let words = spread(&[("ja", 0.5), ("jeg", 0.6), ("x", 0.7)], speech);
    let places: Vec<(u64, u64)> = words.iter().map(|word| (word.span.start().0, word.span.end().0)).collect();
    assert_eq!(places, [(1000, 1300), (1300, 1700), (1700, 1900)]);
    assert!(spread(&[], speech).is_empty());
}
