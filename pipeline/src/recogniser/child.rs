//! The recogniser process: one model, a thread for each request that may be heard at once, and nothing that lasts.
//!
//! In: [`ToChild`] on stdin. Out: [`FromChild`] on stdout; log lines on stderr. It may abort or hang at any instant: the
//! worker notices, takes another and hears again what was being heard.
//!
//! Promised: when stdin closes the process ends at once, whatever it is doing, because nobody can want it any more. It
//! says that it is ready only after every thread has heard something, so that the first call is not slower than the next.

use super::message::{self, Engine, Faults, FromChild, Setup, ToChild};
use crate::config::Context;
use crate::transcribe::scripted::Scripted;
use crate::transcribe::whisper::Whisper;
use crate::transcribe::{Cancel, Heard, NotHeard, Recognizer, Request, RequestId};
use anyhow::Context as _;
use referent_models::Manifest;
use referent_proto::Pcm;
use std::collections::HashMap;
use std::io::Stdout;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Serves one worker until stdin closes.
pub fn run() -> anyhow::Result<()> {
    let mut stdin = std::io::stdin().lock();
    let Some(setup) = message::read::<Setup>(&mut stdin).context("the first message")? else { return Ok(()) };
    referent_telemetry::log(&setup.log)?;
    let out = Arc::new(Mutex::new(std::io::stdout()));
    let begun = Instant::now();
    let recognisers = match open(&setup) {
        Ok(recognisers) => recognisers,
        Err(error) => return say(&out, &FromChild::Unusable(format!("{error:#}"))),
    };

    let taken_back: Arc<Mutex<HashMap<RequestId, Cancel>>> = Arc::default();
    // A worker has no more in flight than there are threads.
    let (give, tasks) = sync_channel::<(Request, Cancel)>(setup.workers);
    let tasks = Arc::new(Mutex::new(tasks));
    let (warmed, warm) = sync_channel(setup.workers);
    let (loading_ms, begun) = (millis(begun.elapsed()), Instant::now());
    for (number, mut recogniser) in recognisers.into_iter().enumerate() {
        let (tasks, out, taken_back, warmed) = (tasks.clone(), out.clone(), taken_back.clone(), warmed.clone());
        std::thread::Builder::new().name(format!("recogniser-{number}")).spawn(move || {
            // A failure shows at the first real request as well.
            drop(recogniser.hear(&one_second_of_nothing(), &Cancel::default()));
            if warmed.send(()).is_err() {
                return;
            }
            while let Some((request, cancel)) = next(&tasks) {
                let heard = recogniser.hear(&request, &cancel);
                taken_back.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.id);
                if say(&out, &FromChild::Heard(request.id, heard)).is_err() {
                    std::process::exit(1);
                }
            }
        })?;
    }
    for _ in 0..setup.workers {
        warm.recv().context("a thread ended while it was warmed")?;
    }
    say(&out, &FromChild::Ready { loading_ms, warming_ms: millis(begun.elapsed()) })?;

    while let Some(message) = message::read(&mut stdin)? {
        match message {
            ToChild::Hear(request) => {
                let cancel = Cancel::default();
                taken_back.lock().unwrap_or_else(PoisonError::into_inner).insert(request.id, cancel.clone());
                give.send((request, cancel)).context("every thread has ended")?;
            }
            ToChild::TakeBack(id) => {
                if let Some(cancel) = taken_back.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
                    cancel.cancel();
                }
            }
        }
    }
    std::process::exit(0)
}

fn open(setup: &Setup) -> anyhow::Result<Vec<Box<dyn Recognizer>>> {
    match &setup.engine {
        Engine::Whisper { model, models_dir } => {
            let model = Manifest::load(models_dir)?.verify(model)?;
            Ok(Whisper::open(&model, setup.workers)?)
        }
        Engine::Scripted(faults) => {
            let script = Faulty { faults: *faults, kept: Vec::new() };
            Ok((0..setup.workers).map(|_| Box::new(script.clone()) as Box<dyn Recognizer>).collect())
        }
    }
}

/// Only one thread waits at the channel at a time; the others wait for it.
fn next(tasks: &Mutex<Receiver<(Request, Cancel)>>) -> Option<(Request, Cancel)> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn say(out: &Mutex<Stdout>, message: &FromChild) -> anyhow::Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    message::write(&mut *out, message).context("the worker does not listen")
}

/// With the whole window, which needs the most memory.
fn one_second_of_nothing() -> Request {
    Request::of_sound(Pcm(vec![0; 16_000]), "da", Context::Full)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The script, with the faults of real recognisers.
#[derive(Clone)]
struct Faulty {
    faults: Faults,
    kept: Vec<Vec<u8>>,
}

impl Recognizer for Faulty {
    fn hear(&mut self, request: &Request, cancel: &Cancel) -> Result<Heard, NotHeard> {
        let holds = |value: Option<i16>| value.is_some_and(|value| request.pcm.0.contains(&value));
        if holds(self.faults.abort_at) {
            std::process::abort();
        }
        if holds(self.faults.hang_at) {
            loop {
                std::thread::park();
            }
        }
        if holds(self.faults.leak_at) {
            // Not zero, so that the memory is really taken.
            self.kept.push(vec![1; 64 << 20]);
        }
        Scripted.hear(request, cancel)
    }
}

/// The program that is running, also after its file was replaced by an upgrade.
pub fn this_program() -> &'static Path {
    Path::new("/proc/self/exe")
}
