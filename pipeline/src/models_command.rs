//! `referent-pipeline models`: what is listed, verified and fetched, and what a person sees of it.
//!
//! In: the subcommand. Out: results to stdout, progress to stderr: a bar where a person watches, else a line every tenth
//! of the file.
//!
//! Not done here: what is right is decided in `referent_models`, and nothing is loaded.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use referent_models::fetch::{self, Event, Outcome, Patience, Wanted, WrongFile};
use referent_models::{Kind, Manifest, Model};

#[derive(Subcommand)]
pub(crate) enum Models {
    /// Every model that this version knows.
    List {
        /// The folder of their files.
        #[arg(long, value_name = "FOLDER", default_value = "models")]
        models_dir: PathBuf,
    },
    /// Fetches a model to where it is looked for, and checks it; goes on where an earlier fetch was cut off.
    Fetch {
        /// A name from the list.
        name: String,
        /// Put the right file in the place of one that is not.
        #[arg(long)]
        replace: bool,
        /// The folder of their files.
        #[arg(long, value_name = "FOLDER", default_value = "models")]
        models_dir: PathBuf,
    },
    /// Takes the sum of one model, or of all that are there.
    Verify {
        /// A name from the list, or the path of a file.
        name: Option<String>,
        /// The folder of their files.
        #[arg(long, value_name = "FOLDER", default_value = "models")]
        models_dir: PathBuf,
    },
}

/// Does what is asked, and says it on stdout.
pub(crate) fn act(command: Models) -> anyhow::Result<()> {
    match command {
        Models::List { models_dir } => {
            let manifest = Manifest::load(&models_dir)?;
            say(&manifest.models().iter().map(|model| line_of(&manifest, model)).collect::<Vec<_>>().join("\n"))
        }
        Models::Fetch { name, replace, models_dir } => {
            fetch_one(&name, if replace { WrongFile::Replace } else { WrongFile::Keep }, &models_dir)
        }
        Models::Verify { name: Some(name), models_dir } => {
            let path = Manifest::load(&models_dir)?.verify(&name)?;
            say(&format!("{}: right, {}", path.as_path().display(), path.sha256()))
        }
        Models::Verify { name: None, models_dir } => verify_all(&models_dir),
    }
}

/// One line to stdout, at once.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context("while writing to stdout")
}

fn line_of(manifest: &Manifest, model: &Model) -> String {
    let kind = match model.kind {
        Kind::Speech => "speech",
        Kind::Vad => "voice activity",
    };
    let place = if manifest.path_of(model).exists() { "here" } else { "not here" };
    let mut lines = vec![format!(
        "{:<22} {kind:<15} {:>6} MB  {:<9} {:<9} {}",
        model.name,
        model.bytes / 1_000_000,
        model.licence,
        model.languages.join(","),
        place
    )];
    lines.extend(
        model
            .published_wer
            .iter()
            .map(|wer| format!("{:24}word error rate {} %: {} ({})", "", wer.percent, wer.dataset, wer.source)),
    );
    lines.join("\n")
}

fn verify_all(models_dir: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::load(models_dir)?;
    let here = manifest.models().iter().filter(|model| manifest.path_of(model).exists());
    let mut wrong = 0;
    for model in here {
        match manifest.verify(&model.name) {
            Ok(_) => say(&format!("{}: right", model.name))?,
            Err(error) => {
                wrong += 1;
                say(&format!("{}: {error}", model.name))?;
            }
        }
    }
    anyhow::ensure!(wrong == 0, "{wrong} model(s) are not what they should be, see above");
    Ok(())
}

fn fetch_one(name: &str, wrong_file: WrongFile, models_dir: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::load(models_dir)?;
    let model = manifest.known(name)?;
    let Some(wanted) = Wanted::of(&manifest, model) else {
        let path = manifest.verify(name)?;
        return say(&format!("{}: part of Referent, here already and right", path.as_path().display()));
    };
    say(&format!("{name}: licence {}, {} MB from {}", model.licence, megabytes(model.bytes), wanted.url))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("while starting the runtime")?;
    let patience = Patience::default();
    let mut progress = Progress::new(wanted.bytes);
    let mut tell = |event: Event<'_>| progress.show(&event);
    let fetching = fetch::fetch(&wanted, wrong_file, &patience, fetch::free_space, &mut tell);
    let outcome = runtime.block_on(fetching);
    progress.end();
    let how = match outcome? {
        Outcome::Fetched => "fetched",
        Outcome::WasThere => "here already",
    };
    say(&format!("{}: {how} and right, {}", wanted.path.display(), wanted.sha256))
}

/// What a person, or a log, sees while it goes on.
struct Progress {
    bar: ProgressBar,
    watched: bool,
    bytes: u64,
    tenths: u64,
}

impl Progress {
    fn new(bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        // The template is fixed; were it wrong, the plain bar would do.
        if let Ok(style) = ProgressStyle::with_template(
            "{wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
        ) {
            bar.set_style(style);
        }
        Self { bar, watched: std::io::stderr().is_terminal(), bytes, tenths: 0 }
    }

    fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting => self.line("another fetch of this model is at work; waiting for it"),
            Event::Begins { at: 0 } => self.at(0),
            Event::Begins { at } => {
                self.line(&format!("going on after {} MB that are here already", megabytes(*at)));
                self.at(*at);
                self.bar.reset_eta();
            }
            Event::Bytes { done } => self.at(*done),
            Event::Afresh => {
                self.line("what came is of no use; from the beginning");
                self.at(0);
            }
            Event::Again { error, pause } => {
                self.line(&format!("{error} (trying again in {} s)", pause.as_secs()));
            }
        }
    }

    fn at(&mut self, done: u64) {
        self.bar.set_position(done);
        let tenths = tenths(done, self.bytes);
        if !self.watched && tenths > self.tenths {
            self.line(&format!("{} %", tenths * 10));
        }
        self.tenths = tenths;
    }

    /// Above the bar, so that neither writes over the other.
    fn line(&self, text: &str) {
        // Whoever closed stderr does not want to know.
        self.bar.suspend(|| drop(writeln!(std::io::stderr(), "{text}")));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// With one digit after the point, since the smallest model has less than one.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// How many whole tenths of the file are here.
fn tenths(done: u64, bytes: u64) -> u64 {
    done.saturating_mul(10).checked_div(bytes).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use super::{megabytes, tenths};

    #[test]
    fn megabytes_have_one_digit_after_the_point() {
        for (bytes, expected) in [(0, "0.0"), (99_999, "0.0"), (885_098, "0.8"), (77_691_713, "77.6")] {
            assert_eq!(megabytes(bytes), expected);
        }
    }

    #[test]
    fn tenths_are_whole_ones() {
        for (done, bytes, expected) in
            [(0, 100, 0), (9, 100, 0), (10, 100, 1), (99, 100, 9), (100, 100, 10), (0, 0, 10)]
        {
            assert_eq!(tenths(done, bytes), expected, "{done} of {bytes}");
        }
    }
}
