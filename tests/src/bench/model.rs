//! With which model a figure is taken: the embedded one, or a shape of Whisper's.
//!
//! In: a name from the command line. Out: the table of a pipeline's configuration, recognisers of the same settings
//! without the pipeline, and how many calls those alone carry.
//!
//! A shape is written anew each time, beside what is built (`shapes/`), because it is quicker made than trusted.

use super::engine;
use crate::SampleCall;
use crate::crowd::Sound;
use crate::shape::Shape;
use anyhow::{Context as _, Result, bail};
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::transcribe::whisper::Whisper;
use referent_pipeline::transcribe::{Cancel, Recognizer, Request};
use referent_proto::{Pcm, Track};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A model by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// The one in the repository.
    Embedded,
    /// The proportions of Whisper's tiny.
    Tiny,
    /// Of its base.
    Base,
    /// Of its small.
    Small,
}

/// A model that is there, and how much its encoder looks at.
#[derive(Debug)]
pub(super) struct Model {
    /// As the keys of figures say it.
    pub(super) key: String,
    name_or_path: String,
    context: Context,
}

impl Model {
    /// Makes sure that it is there.
    pub(super) fn prepare(name: Name, context: Context) -> Result<Self> {
        let shape = match name {
            Name::Embedded => {
                let key = if context == Context::Full { "embedded_full" } else { "embedded" };
                return Ok(Self { key: key.into(), name_or_path: "demo-da".into(), context });
            }
            Name::Tiny => Shape::Tiny,
            Name::Base => Shape::Base,
            Name::Small => Shape::Small,
        };
        let folder = crate::program::binaries()?.parent().context("programs lie in a folder")?.join("shapes");
        let path = shape.write_to(&folder)?;
        tracing::info!(path = %path.display(), "the shape is written");
        let full = if context == Context::Full { "_full" } else { "" };
        Ok(Self { key: format!("{}{full}", shape.name()), name_or_path: path.display().to_string(), context })
    }

    /// The `[recogniser]` table of a pipeline.
    pub(super) fn table(&self, partials: bool) -> String {
        let (models, model) = (crate::world::models_dir(), &self.name_or_path);
        let context = match self.context {
            Context::Fitted => "fitted",
            Context::Full => "full",
        };
        format!(
            "kind = \"whisper\"\nmodel = \"{model}\"\nmodels_dir = \"{}\"\ncontext = \"{context}\"\npartials = {partials}",
            models.display()
        )
    }

    /// Calls that one core carries if all cores do nothing but hear the reference turns of the first `seconds` of these
    /// calls, cut at the turns, with the pipeline's own settings: CPU seconds, so that nobody's waiting counts.
    pub(super) fn ceiling(&self, calls: &[SampleCall], seconds: f64) -> Result<f64> {
        let turns = turns(calls, seconds)?;
        let cores = std::thread::available_parallelism()?.get();
        let path = Manifest::load(&crate::world::models_dir())?.verify(&self.name_or_path)?;
        let mut recognisers = Whisper::open(&path, cores)?;
        let longest = turns.iter().max_by_key(|turn| turn.len()).context("somebody speaks")?;
        self.hear_all(&mut recognisers, &vec![longest.clone(); cores])?; // The first time is for the memory.
        let begin = engine::cpu_seconds()?;
        self.hear_all(&mut recognisers, &turns)?;
        let used = engine::cpu_seconds()? - begin;
        let played: f64 = calls.iter().map(|call| call.duration_s.min(seconds)).sum();
        tracing::info!(model = self.key, turns = turns.len(), used, calls_per_core = played / used, "the engine alone");
        Ok(played / used)
    }

    /// Hears all of this, a thread for each recogniser.
    fn hear_all(&self, recognisers: &mut [Box<dyn Recognizer>], sounds: &[Vec<i16>]) -> Result<()> {
        let next = AtomicUsize::new(0);
        let hear_on = |recogniser: &mut Box<dyn Recognizer>| {
            while let Some(sound) = sounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                let request = Request::of_sound(Pcm(sound.clone()), "da", self.context);
                recogniser.hear(&request, &Cancel::default())?;
            }
            anyhow::Ok(())
        };
        std::thread::scope(|scope| {
            let hearing: Vec<_> =
                recognisers.iter_mut().map(|recogniser| scope.spawn(|| hear_on(recogniser))).collect();
            hearing.into_iter().try_for_each(|thread| match thread.join() {
                Ok(heard) => heard.context("the engine alone"),
                Err(_) => bail!("a thread of the engine alone panicked"),
            })
        })
    }
}

/// What is said in the first `seconds` of these calls, turn by turn, with a little before and after.
fn turns(calls: &[SampleCall], seconds: f64) -> Result<Vec<Vec<i16>>> {
    const AROUND: f64 = 0.3;
    let mut turns = Vec::new();
    for call in calls {
        for track in Track::BOTH {
            let sound = engine::pcm_of(&call.wav, track)?;
            for turn in call.turns.iter().filter(|turn| turn.track() == track && turn.start_s < seconds) {
                let end = (turn.end_s + AROUND).min(seconds);
                turns.push(engine::stretch(&sound, turn.start_s - AROUND, end).to_vec());
            }
        }
    }
    Ok(turns)
}

/// Calls at 16 kHz.
pub(super) fn sounds(calls: &[SampleCall]) -> Result<Vec<Sound>> {
    calls.iter().map(Sound::of).collect()
}
