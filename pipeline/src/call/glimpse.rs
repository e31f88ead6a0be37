//! K6 of a call: what is being said is heard as far as it has come, and shown grey.
//!
//! In: the speech so far of a track, after each chunk. Out: partials to notes-api, which shows them and keeps none.
//! `partial` says when and which words; the schedule hears it last and drops it first. Not for the backlog, nor after the
//! hang-up, nor for a call that is heard with care.

use super::{Call, CallError, IN_FLIGHT};
use crate::notes::{Partial, ToNotes};
use crate::transcribe::doubt::Sound;
use crate::transcribe::{Class, Heard};
use futures_util::FutureExt as _;
use referent_proto::{SampleSpan, Spoken, Track};

/// What was heard of an utterance that is still being said; `None`: nothing that is believed, or it is over meanwhile.
pub(super) struct Glimpse {
    track: Track,
    speech: SampleSpan,
    voiced: SampleSpan,
    heard: Option<Heard>,
}

impl Call<'_> {
    /// K6: hears what is being said, if it is time to.
    pub(super) fn glimpse(&mut self, track: Track) -> Result<(), CallError> {
        if !self.shared.partials || self.class != Class::Live || self.in_flight < IN_FLIGHT {
            return Ok(());
        }
        let Some(speech) = self.track(track)?.speaking() else { return Ok(()) };
        if !self.partials[track].begin(speech) {
            return Ok(());
        }
        if let Some(so_far) = self.track(track)?.so_far() {
            let (speech, voiced) = (so_far.span, so_far.voiced);
            let request = self.request(track, Class::Partial, so_far);
            let (transcriber, over) = (self.shared.transcriber.clone(), self.over[track].clone());
            let (sound, glossary) = (Sound::of_request(&request), request.glossary.words.clone());
            let judge = self.shared.judges.of(&request.language);
            let glimpse = async move {
                let heard = over.run_until_cancelled(transcriber.glimpse(request)).await.flatten();
                let believed = |heard: &Heard| judge.doubt_grey(heard, sound, &glossary).is_none();
                Glimpse { track, speech, voiced, heard: heard.filter(believed) }
            };
            self.glimpses.push(glimpse.boxed());
        }
        Ok(())
    }

    pub(super) fn glimpsed(&mut self, Glimpse { track, speech, voiced, heard }: Glimpse) {
        let seams = &self.seams[track];
        let words = heard.as_ref().map(|heard| seams.join_grey(&heard.words, speech, voiced));
        if let Some(text) = self.partials[track].end(speech, words) {
            metrics::counter!("referent_partials_total").increment(1);
            self.show(track, speech, text);
        }
    }

    /// Shows grey text; a newer one replaces one that has not left yet.
    pub(super) fn show(&mut self, track: Track, speech: SampleSpan, text: String) {
        let of_track = |message: &ToNotes| matches!(message, ToNotes::Partial(partial) if partial.track == track);
        self.to_notes.retain(|message| !of_track(message));
        let partial = Partial { epoch: self.epoch, track, speech, text: Spoken::new(text) };
        self.to_notes.push_back(ToNotes::Partial(partial));
    }
}
