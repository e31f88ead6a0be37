//! What the sound of a call becomes: links that are known at once, and segments that wait for their text.
//!
//! In: the links that `track` cut, then their texts, in any order. Out: settles, in the order of the sound. A text is judged
//! before it is settled (`transcribe::doubt`), joined with the text before it (`crate::join`), and marked if it is the citizen's voice from a loudspeaker (`crate::echo`); grey
//! text that the final does not replace is taken away. What a text that is believed tells of its language holds for the
//! rest of its track (`transcribe::language`).

use super::loudspeaker::Both;
use super::{Call, CallError};
use crate::notes::ToNotes;
use crate::segment::Speech;
use crate::settle::LinkId;
use crate::track::Link;
use crate::transcribe::doubt::{Judges, Sound};
use crate::transcribe::language::{Detect, Detected};
use crate::transcribe::{Class, NotHeard, Request, RequestId, Transcriber};
use futures_util::FutureExt as _;
use referent_proto::{NotTranscribedReason, SampleSpan, Settle, Track, What};
use referent_telemetry::step;
use tracing::Instrument as _;

/// What a segment has become.
pub(super) struct Text {
    track: Track,
    link: LinkId,
    what: What,
    detected: Option<Detected>,
}

impl Call<'_> {
    pub(super) fn take(&mut self, track: Track, links: Vec<Link>) -> Result<(), CallError> {
        for link in links {
            match link {
                Link::Quiet(span) => self.track(track)?.line().add(span, What::Quiet)?,
                Link::Gap(span, reason) => self.track(track)?.line().add(span, What::Gap(reason))?,
                Link::Speech { span, .. } if self.given_up.contains(&track) => {
                    self.given_up.retain(|given_up| *given_up != track);
                    tracing::error!(%track, from = %span.start(), to = %span.end(), "given up: it may kill workers");
                    let died = What::NotTranscribed(NotTranscribedReason::RecogniserDied);
                    self.track(track)?.line().add(span, died)?;
                }
                Link::Speech { span, speech } => {
                    self.partials[track].is_cut();
                    std::mem::take(&mut self.over[track]).cancel();
                    let link = self.track(track)?.line().wait_for(span)?;
                    self.seams[track].wait_for(span, &speech);
                    let both = match track {
                        Track::Near => self.loudspeaker.beside(speech.span, speech.heard_from, &speech.pcm),
                        Track::Far => None,
                    };
                    let said_in = speech.span;
                    let request = self.request(track, self.class, speech);
                    let step = self.steps.segment(&request, span);
                    let (transcriber, judges) = (self.shared.transcriber.clone(), self.shared.judges.clone());
                    self.texts.push(hear(transcriber, judges, request, said_in, both, link).instrument(step).boxed());
                }
            }
        }
        self.settle(track);
        Ok(())
    }

    pub(super) fn request(
        &self,
        track: Track,
        class: Class,
        Speech { voiced, heard_from, pcm, .. }: Speech,
    ) -> Request {
        let language = &self.languages[track];
        // Grey text is short, and replaced: it is not worth asking.
        let detect = if class == Class::Partial { Detect::No } else { language.detect(voiced.samples()) };
        Request {
            id: RequestId(0),
            call: self.hello.call,
            track,
            class,
            speech: voiced,
            heard_from,
            pcm,
            language: language.language().to_owned(),
            detect,
            glossary: self.glossary.clone(),
            context: self.shared.context,
        }
    }

    pub(super) fn text(&mut self, Text { track, link, what, detected }: Text) {
        if let Some(detected) = detected {
            count_detected(&detected);
            // What is not believed may be noise, whose language means nothing.
            if matches!(what, What::Utterance(_)) && self.languages[track].heard(&detected.likely).is_some() {
                tracing::info!(%track, "what is spoken on this track is known");
            }
        }
        if let Ok(track) = self.track(track) {
            track.line().answer(link, what);
        }
        self.settle(track);
    }

    /// Sends what is ready of a track.
    pub(super) fn settle(&mut self, track: Track) {
        while let Some(settle) = self.track(track).ok().and_then(|track| track.line().ready()) {
            let has_text = matches!(settle.what, What::Utterance(_));
            let settle = Settle { what: self.seams[track].join(settle.span, settle.what), ..settle };
            if let (What::Utterance(said), Some(warming)) = (&settle.what, &mut self.warming) {
                warming.hears(said.clone());
            }
            count(&settle.what);
            self.steps.says(&settle);
            let grey_stays = match settle.what {
                What::Suppressed { .. } | What::NotTranscribed(_) => true,
                What::Quiet => has_text,
                What::Utterance(_) | What::Gap(_) => false,
            };
            let span = settle.span;
            self.say(ToNotes::Settle(settle));
            if grey_stays && self.shared.partials {
                self.show(track, span, String::new());
            }
        }
    }
}

async fn hear(
    transcriber: Transcriber,
    judges: Judges,
    request: Request,
    said_in: SampleSpan,
    both: Option<Both>,
    link: LinkId,
) -> Text {
    let (call, track) = (request.call, request.track);
    let (assumed, glossary) = (request.language.clone(), request.glossary.words.clone());
    let sound = Sound::of_request(&request);
    let (mut what, detected) = match transcriber.hear(request).await {
        Ok(mut heard) => {
            let detected = heard.detected.take();
            let language = detected.as_ref().map_or(assumed.as_str(), |detected| detected.language.as_str());
            let judge = judges.of(language);
            (step!("judged").in_scope(|| judge.judge_told(heard, track, said_in, sound, &glossary)), detected)
        }
        // The worker ends. What it did not hear it says nothing about: another one goes on.
        Err(NotHeard::Cancelled) => std::future::pending().await,
        Err(error) => {
            tracing::warn!(%call, %track, from = %said_in.start(), to = %said_in.end(), %error, "speech without text");
            (What::NotTranscribed(error.reason()), None)
        }
    };
    if let (What::Utterance(utterance), Some(both)) = (&mut what, both) {
        utterance.echo_of = both.echo_of().await;
        if utterance.echo_of.is_some() {
            metrics::counter!("referent_echoes_total").increment(1);
        }
    }
    Text { track, link, what, detected }
}

/// What asking for the language costs; the language itself is nobody's business here.
fn count_detected(detected: &Detected) {
    let heard = if detected.again { "twice" } else { "once" };
    metrics::counter!("referent_languages_asked_total", "heard" => heard).increment(1);
}

fn count(what: &What) {
    let reason = match what {
        What::Utterance(_) | What::Quiet => "",
        What::Suppressed { reason, .. } => reason.name(),
        What::Gap(reason) => reason.name(),
        What::NotTranscribed(reason) => reason.name(),
    };
    metrics::counter!("referent_settles_total", "kind" => what.kind(), "reason" => reason).increment(1);
}
