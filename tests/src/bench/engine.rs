//! The embedded model by itself, without the pipeline: what the figures are held against.
//!
//! Same build of whisper.cpp and same decoding settings as the pipeline's (greedy, one thread, no prompt, no fallback
//! temperature); what differs is only how the sound is cut.

use anyhow::{Context as _, Result};
use referent_agent::resample::Run;
use referent_models::Manifest;
use referent_proto::{SampleOffset, Track};
use std::path::Path;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

/// Whisper's encoder sees 50 positions a second, 1500 at most.
const FULL_CONTEXT: i32 = 1500;

/// A loaded model.
pub(super) struct Engine {
    context: WhisperContext,
}

impl Engine {
    /// The embedded model, verified.
    pub(super) fn open() -> Result<Self> {
        whisper_rs::install_logging_hooks();
        let manifest = Manifest::load(&crate::world::models_dir())?;
        let path = manifest.verify("demo-da")?;
        let context = WhisperContext::new_with_params(path.as_path(), WhisperContextParameters::default())?;
        Ok(Self { context })
    }

    /// One stretch of speech, encoder context fitted to it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "seconds of a short stretch")]
    pub(super) fn hear_segment(&self, samples: &[f32]) -> Result<String> {
        let fitted = ((samples.len() as f64 / 16_000.0 * 50.0 + 64.0) / 64.0).ceil() as i32 * 64;
        let mut params = params();
        params.set_audio_ctx(fitted.clamp(256, FULL_CONTEXT));
        params.set_no_timestamps(true);
        params.set_single_segment(true);
        self.hear(params, samples)
    }

    /// A whole track in one pass: whisper's own windows of 30 s, its own time stamps between them.
    pub(super) fn hear_whole(&self, samples: &[f32]) -> Result<String> {
        self.hear(params(), samples)
    }

    fn hear(&self, params: FullParams<'_, '_>, samples: &[f32]) -> Result<String> {
        let mut state = self.context.create_state()?;
        let mut padded = samples.to_vec();
        padded.resize(padded.len().max(16_000), 0.0);
        state.full(params, &padded)?;
        let mut text = String::new();
        for at in 0..state.full_n_segments() {
            let segment = state.get_segment(at).context("a segment that is counted is there")?;
            text += segment.to_str_lossy()?.as_ref();
            text.push(' ');
        }
        Ok(text)
    }
}

fn params() -> FullParams<'static, 'static> {
    let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_n_threads(1);
    params.set_language(Some("da"));
    params.set_no_context(true);
    params.set_temperature_inc(0.0);
    params.set_print_progress(false);
    params.set_print_realtime(false);
    params.set_print_special(false);
    params.set_print_timestamps(false);
    params
}

/// As [`track_of`], in samples of 16 bit.
#[expect(clippy::cast_possible_truncation, reason = "samples of 16 bit")]
pub(crate) fn pcm_of(wav: &Path, track: Track) -> Result<Vec<i16>> {
    Ok(track_of(wav, track)?.iter().map(|sample| (sample * 32_767.0) as i16).collect())
}

/// One side of a two-channel WAV, or the only one, at 16 kHz, through the agent's own resampler.
pub(super) fn track_of(wav: &Path, track: Track) -> Result<Vec<f32>> {
    let mut reader = hound::WavReader::open(wav)?;
    let rate = reader.spec().sample_rate;
    let channels = usize::from(reader.spec().channels);
    let channel = if channels == 1 { 0 } else { usize::from(track == Track::Far) };
    let samples: Vec<f32> = reader
        .samples::<i16>()
        .skip(channel)
        .step_by(channels)
        .map(|sample| sample.map(|sample| f32::from(sample) / 32768.0))
        .collect::<Result<_, _>>()?;
    if rate == 16_000 { Ok(samples) } else { resampled(&samples, rate) }
}

fn resampled(samples: &[f32], rate: u32) -> Result<Vec<f32>> {
    let mut run = Run::begin(Track::Near, rate, SampleOffset::ZERO)?;
    let mut chunks = run.push(samples);
    chunks.extend(run.finish());
    Ok(chunks.into_iter().flat_map(|chunk| chunk.pcm.0).map(|sample| f32::from(sample) / 32768.0).collect())
}

/// Seconds `from` to `to` of a track, as far as it reaches.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the track")]
pub(super) fn stretch<T>(samples: &[T], from: f64, to: f64) -> &[T] {
    let at = |seconds: f64| ((seconds.max(0.0) * 16_000.0) as usize).min(samples.len());
    &samples[at(from)..at(to)]
}

/// CPU seconds that this process has used.
pub(super) fn cpu_seconds() -> Result<f64> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(std::time::Duration::new(now.tv_sec.cast_unsigned(), u32::try_from(now.tv_nsec)?).as_secs_f64())
}
