//! Drafts of the sample call, for the page of the areas: written by the pipelines that write all drafts, and stored nowhere.
//!
//! In: the job of a made-up call, from `api`; what a pipeline says of it, from `ingest::drafters`. Out: the draft, to
//! whoever asked and waits.
//!
//! Promises:
//!   V1  A pipeline cannot tell it from the job of a call, so that what the page shows is what calls get. A job of a call
//!       goes before it.
//!   V2  Whoever asks has an answer within [`ANSWERED_WITHIN`]; at most [`AT_ONCE`] are asked for at a time, and who comes
//!       then is told to come again.
//!   V3  Nothing of it is durable: if this process or the pipeline stops, the person asks again.
//!
//! Not done here: no call of anybody is touched. With several notes-api, only the pipelines of this one are asked.

use crate::shown::{DraftState, DraftView, SentenceView};
use crate::store::drafts::Whole;
use referent_proto::{DraftFailure, DraftJob, DraftKey, DraftSentence};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Each may cost a language model half a minute of its time, and people who write areas are few.
pub const AT_ONCE: usize = 2;
/// A language model may take twelve seconds, and a pipeline that is busy begins later.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// Why there is no preview.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoPreview {
    /// Ask again in a moment.
    #[error("others are trying areas just now; ask again in a moment")]
    Busy,
    /// Start one.
    #[error("no pipeline that writes drafts is connected; start one, then ask again")]
    NoPipeline,
    /// Ask again, or look at the pipeline.
    #[error("the pipeline gave no draft in time; ask again, and look into its log if that does not help")]
    Late,
}

/// All previews of this process.
#[derive(Clone, Debug, Default)]
pub struct Previews {
    asked: Arc<Mutex<Asked>>,
    /// Grows when there is a new one to take.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Asked {
    /// Streams of pipelines that write drafts.
    pipelines: usize,
    previews: Vec<Preview>,
}

#[derive(Debug)]
struct Preview {
    key: DraftKey,
    /// Until a pipeline takes it.
    job: Option<DraftJob>,
    /// By index: a pipeline that connects again says everything again.
    sentences: BTreeMap<u32, DraftSentence>,
    answer: oneshot::Sender<DraftView>,
}

impl Previews {
    /// Has the job drafted; `job.key` has to be new.
    pub async fn draft(&self, job: DraftJob) -> Result<DraftView, NoPreview> {
        let key = job.key;
        let (answer, answered) = oneshot::channel();
        {
            let mut asked = self.asked();
            if asked.pipelines == 0 {
                return Err(NoPreview::NoPipeline);
            }
            if asked.previews.len() >= AT_ONCE {
                return Err(NoPreview::Busy);
            }
            asked.previews.push(Preview { key, job: Some(job), sentences: BTreeMap::new(), answer });
        }
        // Whether it is answered, late, or the person went away.
        let _over = Over { previews: self, key };
        self.news.send_modify(|count| *count += 1);
        match tokio::time::timeout(ANSWERED_WITHIN, answered).await {
            Ok(Ok(draft)) => Ok(draft),
            Ok(Err(_)) | Err(_) => Err(NoPreview::Late),
        }
    }

    /// A pipeline is connected for as long as this is kept.
    pub fn pipeline(&self) -> Pipeline {
        self.asked().pipelines += 1;
        Pipeline { previews: self.clone(), taken: Vec::new() }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, key: DraftKey, act: impl FnOnce(&mut Preview) -> T) -> Option<T> {
        self.asked().previews.iter_mut().find(|preview| preview.key == key).map(act)
    }

    fn end(&self, key: DraftKey, of: impl FnOnce(Vec<SentenceView>) -> DraftView) -> bool {
        let mut asked = self.asked();
        let Some(at) = asked.previews.iter().position(|preview| preview.key == key) else { return false };
        let Preview { sentences, answer, .. } = asked.previews.swap_remove(at);
        // Whoever asked may be gone.
        drop(answer.send(of(sentences.into_values().map(SentenceView::from).collect())));
        true
    }
}

/// Frees the place of a preview.
struct Over<'a> {
    previews: &'a Previews,
    key: DraftKey,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.previews.asked().previews.retain(|preview| preview.key != self.key);
    }
}

/// What one connected pipeline has to do with previews.
#[derive(Debug)]
pub struct Pipeline {
    previews: Previews,
    taken: Vec<DraftKey>,
}

impl Pipeline {
    /// Changes when there may be one to take.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.previews.news.subscribe()
    }

    /// The next one that nobody has.
    pub fn take(&mut self) -> Option<DraftJob> {
        let job = self.previews.asked().previews.iter_mut().find_map(|preview| preview.job.take())?;
        self.taken.push(job.key);
        Some(job)
    }

    /// Whether this is one that somebody waits for.
    pub fn has(&self, key: DraftKey) -> bool {
        self.previews.with(key, |_| ()).is_some()
    }

    /// Takes a sentence; false if it is of no preview that somebody waits for.
    pub fn sentence(&self, sentence: &DraftSentence) -> bool {
        let keep = |preview: &mut Preview| preview.sentences.insert(sentence.index, sentence.clone());
        self.previews.with(sentence.key, keep).is_some()
    }

    /// The draft is whole; false as above.
    pub fn finished(&self, key: DraftKey, whole: Whole) -> bool {
        self.previews.end(key, |sentences| DraftView {
            origin: Some(whole.origin.into()),
            missing: whole.missing.into_iter().map(Into::into).collect(),
            uncertain: whole.uncertain.into_iter().map(Into::into).collect(),
            ..view(key, DraftState::Ready, sentences)
        })
    }

    /// There is none; false as above.
    pub fn failed(&self, key: DraftKey, failure: DraftFailure) -> bool {
        self.previews.end(key, |_| DraftView { failure: Some(failure), ..view(key, DraftState::Failed, Vec::new()) })
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let mut asked = self.previews.asked();
        asked.pipelines -= 1;
        // Whoever waits for what this one took is told so by the end of the channel.
        asked.previews.retain(|preview| preview.job.is_some() || !self.taken.contains(&preview.key));
    }
}

fn view(key: DraftKey, state: DraftState, sentences: Vec<SentenceView>) -> DraftView {
    DraftView {
        number: key.draft.into(),
        attempt: key.attempt.into(),
        state,
        failure: None,
        provisional: false,
        origin: None,
        sentences: Some(sentences),
        first_sentence_ms: None,
        whole_ms: None,
        missing: Vec::new(),
        uncertain: Vec::new(),
    }
}
