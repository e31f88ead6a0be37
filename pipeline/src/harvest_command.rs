//! `referent-pipeline harvest`: plays sounds without words to an installed model, and writes down what it invents.
//!
//! In: the model's name. Out: the list beside its file, which workers read when they start; and on stdout what came of
//! which sound. Nothing is recorded and nobody's speech is involved.

use anyhow::Context as _;
use clap::Args;
use referent_models::Manifest;
use referent_pipeline::config::Context;
use referent_pipeline::harvest::{Plan, harvest, write_list};
use referent_pipeline::transcribe::doubt::Inventions;
use referent_pipeline::transcribe::whisper::Whisper;
use std::io::Write as _;
use std::path::PathBuf;

/// What is played.
#[derive(Args)]
pub(crate) struct Harvest {
    /// A name from `models list`, or the path of a file.
    model: String,
    /// What the model is told is spoken: da or en.
    #[arg(long, default_value = "da")]
    language: String,
    /// Seconds of each kind of sound; ten minutes find most of what a model invents.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Fit the encoder's window to each piece, as `recogniser.context = "fitted"` does.
    #[arg(long)]
    fitted: bool,
    /// The folder of the models' files.
    #[arg(long, value_name = "FOLDER", default_value = "models")]
    models_dir: PathBuf,
}

/// Plays, and writes the list.
pub(crate) fn act(command: Harvest) -> anyhow::Result<()> {
    let Harvest { model, language, seconds, fitted, models_dir } = command;
    anyhow::ensure!(matches!(language.as_str(), "da" | "en"), "--language {language} is not known; use da or en");
    let path = Manifest::load(&models_dir)?.verify(&model)?;
    let mut recogniser = Whisper::open(&path, 1)?.pop().context("one recogniser")?;
    let context = if fitted { Context::Fitted } else { Context::Full };
    let plan = Plan { language, context, seconds_each: seconds, seed: 1 };
    let harvested = harvest(&mut *recogniser, &plan)?;
    let list = Inventions::beside(path.as_path());
    write_list(&list, &harvested, path.name())?;
    let mut out = std::io::stdout().lock();
    for found in &harvested {
        writeln!(out, "{:>5} x {:<10} {}", found.times, found.sound.to_string(), found.text)?;
    }
    writeln!(out, "{} sentences; the list is {}", harvested.len(), list.display())?;
    Ok(())
}
