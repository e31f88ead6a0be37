//! `referent-pipeline preview`: what an area makes of a written call, before anybody relies on it.
//!
//! In: an area's file, and dialogues in JSON lines or the sample. Out: the page of `preview` to stdout; what is wrong with
//! the file to stderr, one mistake a line. Not done here: nothing is put in force; that is notes-api's alone.

use crate::models_command::say;
use anyhow::Context as _;
use clap::Args;
use referent_areas::dialogue::{self, Dialogue};
use referent_areas::written;
use referent_pipeline::config::{Config, DrafterConfig, DrafterKind, Models};
use referent_pipeline::draft::Drafters;
use referent_pipeline::preview;
use referent_proto::{AreaSettings, Started};
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Preview {
    /// The area's file (docs/areas.md).
    #[arg(long, value_name = "FILE.toml")]
    area: PathBuf,
    /// Dialogues, one a line, or `sample`: the one that comes with the program.
    #[arg(long, value_name = "FILE.jsonl", default_value = "sample")]
    call: String,
    /// Which dialogue of the file; the first unless given.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The worker's configuration: its language model makes the draft. Without it, the embedded drafter does.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Does what is asked, and says it on stdout.
pub(crate) fn act(asked: &Preview, now_ms: u64) -> anyhow::Result<()> {
    let area = read_area(&asked.area)?;
    let dialogue = chosen(&asked.call, asked.id.as_deref())?;
    let started = match &dialogue.call_date {
        Some(date) => {
            written::noon_of(date).with_context(|| format!("call_date = \"{date}\" is no day; write 2026-03-09"))?
        }
        None => Started { utc_ms: i64::try_from(now_ms).unwrap_or_default(), utc_offset_s: 0 },
    };
    let (drafter, models) = match &asked.config {
        Some(file) => {
            let config = Config::load(file)?;
            (config.drafter, config.models)
        }
        None => (DrafterConfig { kind: DrafterKind::Embedded, llm: None }, Models::default()),
    };
    drop(rustls::crypto::ring::default_provider().install_default());
    let drafters = Drafters::new(&drafter).and_then(|drafters| drafters.with_models(&models)).context("drafter")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("while starting")?;
    let page = runtime.block_on(preview::page(written::job(&dialogue.turns, &area, started), &drafters));
    say(page.trim_end())
}

fn read_area(file: &Path) -> anyhow::Result<AreaSettings> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    referent_areas::parse(&name, &text).map_err(|mistakes| {
        for mistake in &mistakes {
            // Whoever closed stderr does not want to know.
            drop(writeln!(std::io::stderr(), "{}: {mistake}", file.display()));
        }
        let count = mistakes.len();
        let what = if count == 1 { "mistake" } else { "mistakes" };
        anyhow::anyhow!("{} is refused: {count} {what}, see above", file.display())
    })
}

fn chosen(call: &str, id: Option<&str>) -> anyhow::Result<Dialogue> {
    let all = if call == "sample" {
        vec![dialogue::sample()]
    } else {
        let text = std::fs::read_to_string(call).with_context(|| format!("{call} cannot be read"))?;
        dialogue::read(&text).with_context(|| call.to_owned())?
    };
    let mut wanted = all.into_iter().filter(|dialogue| id.is_none_or(|id| dialogue.id == id));
    wanted
        .next()
        .with_context(|| format!("{call} has no dialogue{}", id.map(|id| format!(" \"{id}\"")).unwrap_or_default()))
}
