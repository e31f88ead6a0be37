//! whisper.cpp: one model, a state and a thread for each recogniser.
//!
//! In: the sound of a segment. Out: its text, with the model's own doubts. The encoder looks at as much of its 30 s
//! window as the segment fills ([`Context::Fitted`], several times cheaper), and once more at all of it when the result
//! looks wrong. Greedy, no temperatures to fall back on, no time stamps (the model's words are better without them), no
//! prompt but the area's glossary: the text of a segment depends on its sound, its area and its language alone. Which one
//! is spoken is read off what was encoded for the text: one token more is decoded and no sound encoded
//! (`whisper_lang_auto_detect` encodes it again). Only what is in another language than assumed is heard a second time.
//!
//! Promised: only a [`ModelPath`] is loaded; every input has at least a second (whisper.cpp reads beyond shorter ones);
//! a cancelled request ends after the encoder's run at the latest; memory does not grow with what was heard. Log lines of
//! whisper.cpp hold no text, and go to ours.
//!
//! Not done here: whisper.cpp may abort the process, which is therefore one of its own (`recogniser`). `n_threads` stays 1,
//! because threads of one state spin for each other (docs/decisions/0007).

#![expect(unsafe_code, reason = "whisper.cpp's callbacks: the safe wrapper of the abort callback calls a wrong type")]

use super::glossary::{Prompts, pieces};
use super::language::{Detect, Detected};
use super::{Cancel, Heard, NotHeard, Recognizer, Request, doubt};
use crate::config::Context;
use referent_models::{Kind, ModelPath};
use referent_proto::{SampleSpan, Spoken};
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use whisper_rs::whisper_rs_sys::{self as sys, ggml_log_level};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState};

/// Positions of the encoder's whole window of 30 s; 50 are a second.
const WHOLE_WINDOW: usize = 1500;
/// The encoder never looks at less. The demo model writes the same words with 128 as with 384 (`tests/word_errors.rs`);
/// real models, which are trained on the whole window, are said to repeat themselves in small ones.
const LEAST_WINDOW: usize = 256;
/// whisper.cpp reads beyond shorter inputs: one second.
const LEAST_SAMPLES: usize = 16_000;
/// Our own code for a language that whisper.cpp cannot know.
const NO_SUCH_LANGUAGE: i32 = -100;
/// A fitted result below this probability is tried again with the whole window.
const LOOKS_WRONG: f32 = 0.45;

/// The model cannot be used. For a person to mend, at the start.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Name another model.
    #[error("{0} is a model that detects voices, not one that hears words; set recogniser.model to another")]
    NotSpeech(String),
    /// Not a model of whisper.cpp, or no memory.
    #[error("whisper.cpp cannot load {path}: {error}; is it a ggml file, and is there enough memory?")]
    NotLoaded {
        /// Which file.
        path: String,
        /// What it says.
        error: WhisperError,
    },
    /// Built without what makes it fast.
    #[error(
        "this program was built without {0} (docs/decisions/0007) and would be several times too slow; build it anew"
    )]
    Slow(&'static str),
}

/// The binding never frees what it copies of a language into its parameters, so they are made once for each and cloned;
/// more languages than these there are not.
const LANGUAGES: usize = 128;

/// One recogniser.
pub struct Whisper {
    context: Arc<WhisperContext>,
    state: Option<WhisperState>,
    params: HashMap<String, FullParams<'static, 'static>>,
    /// As tokens; the same for all recognisers of the model.
    prompts: Arc<Prompts<Vec<c_int>>>,
}

impl Whisper {
    /// Loads the model once, for so many recognisers.
    pub fn open(model: &ModelPath, workers: usize) -> Result<Vec<Box<dyn Recognizer>>, Unusable> {
        route_log();
        if model.kind() == Some(Kind::Vad) {
            return Err(Unusable::NotSpeech(model.name().to_owned()));
        }
        is_fast(&BUILT_WITH)?;
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false).flash_attn(false);
        let path = model.as_path();
        let not_loaded = |error| Unusable::NotLoaded { path: path.display().to_string(), error };
        let context = WhisperContext::new_with_params(path, parameters).map_err(not_loaded)?;
        let context = Arc::new(context);
        let prompts = Arc::default();
        let mut recognisers: Vec<Box<dyn Recognizer>> = Vec::new();
        for _ in 0..workers {
            let state = context.create_state().map_err(not_loaded)?;
            let (context, params, prompts) = (Arc::clone(&context), HashMap::new(), Arc::clone(&prompts));
            recognisers.push(Box::new(Self { context, state: Some(state), params, prompts }));
        }
        tracing::info!(model = model.name(), sha256 = %model.sha256(), workers, "the model is loaded");
        Ok(recognisers)
    }

    /// Once more with the whole window, if a fitted result looks wrong.
    fn mend(
        &mut self,
        heard: Heard,
        samples: &[f32],
        language: &str,
        request: &Request,
        cancel: &Cancel,
    ) -> Result<Heard, NotHeard> {
        if window(request, samples) == WHOLE_WINDOW || !looks_wrong(&heard) {
            return Ok(heard);
        }
        let again = self.hear_in(WHOLE_WINDOW, samples, language, request, cancel)?;
        Ok(Heard { mended: true, ..more_probable(heard, again) })
    }

    fn hear_in(
        &mut self,
        window: usize,
        samples: &[f32],
        language: &str,
        request: &Request,
        cancel: &Cancel,
    ) -> Result<Heard, NotHeard> {
        let Self { context, state, params: made, prompts } = self;
        let state = match state {
            Some(state) => state,
            None => state.insert(context.create_state().map_err(failed)?),
        };
        if made.len() >= LANGUAGES && !made.contains_key(language) {
            return Err(NotHeard::Failed { code: NO_SUCH_LANGUAGE });
        }
        let prompt = prompts.of(&request.glossary, |words| tokens(context, words));
        let mut params: FullParams<'_, '_> =
            made.entry(language.to_owned()).or_insert_with_key(|language| params(language)).clone();
        if let Some(prompt) = &prompt {
            params.set_tokens(prompt);
        }
        params.set_audio_ctx(i32::try_from(window).unwrap_or(i32::MAX));
        // SAFETY: `is_cancelled` only reads the flag, and `cancel` outlives the call to `full`.
        unsafe {
            params.set_abort_callback(Some(is_cancelled));
            params.set_abort_callback_user_data(std::ptr::from_ref(cancel.flag()).cast_mut().cast());
        }
        if let Err(error) = state.full(params, samples) {
            // What a state is like after an error is not written down: take a new one.
            self.state = None;
            return Err(if cancel.is_cancelled() { NotHeard::Cancelled } else { failed(error) });
        }
        Ok(read(state, context.token_eot(), request.speech))
    }

    /// How likely each of these languages is, of all that the model knows, in the sound that was heard last; `None` for a
    /// model that knows but one, and where whisper.cpp fails, which then shows at the next request.
    fn likely(&mut self, candidates: &[String]) -> Option<Vec<(String, f32)>> {
        let first = self.context.token_sot() + 1;
        let known = self.context.token_translate() - first;
        if !self.context.is_multilingual() || known < 1 {
            return None;
        }
        let state = self.state.as_mut()?;
        state.decode(&[self.context.token_sot()], 0, 1).ok()?;
        let logits = state.get_logits().ok()?;
        let of_languages = logits.get(usize::try_from(first).ok()?..usize::try_from(first + known).ok()?)?;
        let most = of_languages.iter().copied().fold(f32::MIN, f32::max);
        let all: f32 = of_languages.iter().map(|logit| (logit - most).exp()).sum();
        let likely = candidates.iter().filter_map(|code| {
            let at = usize::try_from(whisper_rs::get_lang_id(code)?).ok()?;
            Some((code.clone(), (of_languages.get(at)? - most).exp() / all))
        });
        Some(likely.collect())
    }
}

impl Recognizer for Whisper {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        let samples = padded(&request.pcm.0);
        let window = window(request, &samples);
        let assumed = request.language.as_str();
        let heard = self.hear_in(window, &samples, assumed, request, cancel)?;
        let is_asked = match request.detect {
            Detect::No => false,
            Detect::IfDoubtful(_) => looks_wrong(&heard),
            Detect::Yes(_) => true,
        };
        let likely = if is_asked { self.likely(request.detect.candidates()) } else { None };
        let Some(likely) = likely else { return self.mend(heard, &samples, assumed, request, cancel) };
        let found =
            |language: &str, again| Some(Detected { language: language.to_owned(), likely: likely.clone(), again });
        let spoken = request.detect.chosen(assumed, &likely);
        if spoken == assumed {
            let heard = self.mend(heard, &samples, assumed, request, cancel)?;
            return Ok(Heard { detected: found(assumed, false), ..heard });
        }
        let other = self.hear_in(window, &samples, spoken, request, cancel)?;
        let other = self.mend(other, &samples, spoken, request, cancel)?;
        let other = Heard { detected: found(spoken, true), ..other };
        // Where the language was known and only this text is doubtful, the sound may be no speech at all.
        let is_doubtful = matches!(request.detect, Detect::IfDoubtful(_));
        Ok(if is_doubtful { more_probable(Heard { detected: found(assumed, true), ..heard }, other) } else { other })
    }
}

/// How much the encoder looks at first.
fn window(request: &Request, samples: &[f32]) -> usize {
    match request.context {
        Context::Fitted => fitted(samples.len()),
        Context::Full => WHOLE_WINDOW,
    }
}

fn more_probable(heard: Heard, again: Heard) -> Heard {
    if again.probability > heard.probability { again } else { heard }
}

/// The glossary as the model reads it, and how many entries are in it. whisper.cpp keeps the last of half the text's
/// context less one token, so it is given no more.
fn tokens(context: &WhisperContext, words: &[String]) -> (Vec<c_int>, usize) {
    let most = usize::try_from(context.n_text_ctx() / 2 - 1).unwrap_or(0);
    let (mut tokens, mut taken) = (Vec::new(), 0);
    for piece in pieces(words) {
        // Words begin with a blank, the first as well. The binding wants room for every token there may be: one for each byte.
        let piece = if taken == 0 { format!(" {piece}") } else { piece };
        let Ok(of_piece) = context.tokenize(&piece, piece.len() + 1) else { break };
        if tokens.len() + of_piece.len() > most {
            break;
        }
        tokens.extend(of_piece);
        taken += 1;
    }
    (tokens, taken)
}

/// As much of the window as the sound fills, and a little more.
fn fitted(samples: usize) -> usize {
    ((samples.div_ceil(320) + 64).div_ceil(64) * 64).clamp(LEAST_WINDOW, WHOLE_WINDOW)
}

fn looks_wrong(heard: &Heard) -> bool {
    heard.probability < LOOKS_WRONG || doubt::doubt(heard).is_some()
}

fn padded(pcm: &[i16]) -> Vec<f32> {
    let mut samples: Vec<f32> = pcm.iter().map(|&sample| f32::from(sample) / 32768.0).collect();
    samples.resize(samples.len().max(LEAST_SAMPLES), 0.0);
    samples
}

fn params(language: &str) -> FullParams<'static, 'static> {
    let mut params: FullParams<'static, 'static> = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_n_threads(1);
    // The binding wants the letters for as long as the parameters, and copies them; so it may have any that lives so long.
    params.set_language(Some(String::leak(language.to_owned())));
    params.set_no_timestamps(true);
    params.set_single_segment(true);
    params.set_no_context(true);
    params.set_temperature_inc(0.0);
    params.set_print_progress(false);
    params.set_print_realtime(false);
    params.set_print_special(false);
    params.set_print_timestamps(false);
    params
}

/// The text, with words put together of tokens: a word begins with a blank, a letter may be spread over tokens.
fn read(state: &WhisperState, end_of_text: i32, speech: SampleSpan) -> Heard {
    let (mut words, mut no_speech): (Vec<(Vec<u8>, Mean)>, f32) = (Vec::new(), 0.0);
    let mut all = Mean::default();
    for segment in state.as_iter() {
        no_speech = no_speech.max(segment.no_speech_probability());
        for token in (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)) {
            if token.token_id() >= end_of_text {
                continue;
            }
            let Ok(bytes) = token.to_bytes() else { continue };
            let probability = token.token_probability();
            all.add(probability);
            match words.last_mut() {
                Some((word, mean)) if !bytes.starts_with(b" ") => {
                    word.extend_from_slice(bytes);
                    mean.add(probability);
                }
                _ => words.push((bytes.to_vec(), Mean::of(probability))),
            }
        }
    }
    let words: Vec<(String, f32)> = words
        .into_iter()
        .map(|(bytes, mean)| (String::from_utf8_lossy(&bytes).trim().to_owned(), mean.value()))
        .filter(|(word, _)| !word.is_empty())
        .collect();
    let borrowed: Vec<(&str, f32)> = words.iter().map(|(word, probability)| (word.as_str(), *probability)).collect();
    let text = borrowed.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
    Heard {
        text: Spoken::new(text),
        words: super::spread(&borrowed, speech),
        probability: all.value(),
        no_speech: no_speech.clamp(0.0, 1.0),
        detected: None,
        mended: false,
    }
}

/// A geometric mean of probabilities.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    log_sum: f32,
    count: f32,
}

impl Mean {
    fn of(probability: f32) -> Self {
        let mut mean = Self::default();
        mean.add(probability);
        mean
    }

    fn add(&mut self, probability: f32) {
        self.log_sum += probability.max(1e-6).ln();
        self.count += 1.0;
    }

    /// 0 of nothing.
    fn value(self) -> f32 {
        if self.count == 0.0 { 0.0 } else { (self.log_sum / self.count).exp().clamp(0.0, 1.0) }
    }
}

fn failed(error: WhisperError) -> NotHeard {
    let code = match error {
        WhisperError::GenericError(code) => code,
        _ => -1,
    };
    tracing::warn!(%error, "whisper.cpp failed");
    NotHeard::Failed { code }
}

/// whisper.cpp asks after each run of the encoder and each token.
unsafe extern "C" fn is_cancelled(flag: *mut c_void) -> bool {
    // SAFETY: `hear_in` passes a pointer to an `AtomicBool` that outlives the call.
    unsafe { &*flag.cast_const().cast::<AtomicBool>() }.load(Ordering::Relaxed)
}

/// What whisper.cpp was built with. It writes that into one string for all threads, so it is asked only once.
static BUILT_WITH: LazyLock<&str> = LazyLock::new(whisper_rs::print_system_info);

/// The two that make it several times faster; docs/decisions/0007 says how they get lost.
fn is_fast(system_info: &str) -> Result<(), Unusable> {
    for (feature, sign) in [("AVX2", "AVX2 = 1"), ("LLAMAFILE", "LLAMAFILE = 1")] {
        if !system_info.contains(sign) {
            return Err(Unusable::Slow(feature));
        }
    }
    Ok(())
}

/// Complaints of whisper.cpp become ours; the rest is its diary.
fn route_log() {
    // SAFETY: `log` may be called from any thread at any time, keeps nothing and does not unwind.
    unsafe {
        whisper_rs::set_log_callback(Some(log), std::ptr::null_mut());
        sys::ggml_log_set(Some(log), std::ptr::null_mut());
    }
}

unsafe extern "C" fn log(level: ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: whisper.cpp passes a string that ends.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    match level {
        sys::ggml_log_level_GGML_LOG_LEVEL_ERROR => tracing::error!("whisper.cpp: {}", text.trim()),
        sys::ggml_log_level_GGML_LOG_LEVEL_WARN => tracing::warn!("whisper.cpp: {}", text.trim()),
        _ => tracing::trace!("whisper.cpp: {}", text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fits_the_sound() {
        for (seconds, window) in [(1, 256), (3, 256), (4, 320), (6, 384), (12, 704), (30, 1500), (60, 1500)] {
            assert_eq!(fitted(seconds * 16_000), window, "{seconds} s");
        }
        assert_eq!(padded(&[1, 2, 3]).len(), LEAST_SAMPLES);
    }

    #[test]
    fn a_slow_build_is_refused_by_name() {
        assert!(is_fast("CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | FMA = 1 | LLAMAFILE = 1 |").is_ok());
        let error = is_fast("CPU : SSE3 = 1 | AVX2 = 1 |").expect_err("slow").to_string();
        assert!(error.contains("LLAMAFILE"), "{error}");
    }
}
