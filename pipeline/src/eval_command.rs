//! `referent-pipeline eval`: how a drafter and the guards do on dialogues whose truth is known.

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use referent_guards::eval as truth;
use referent_pipeline::config::{ApiKey, DrafterConfig, DrafterKind, LlmConfig};
use referent_pipeline::draft::Drafters;
use referent_pipeline::eval::{self, Report};
use serde::Deserialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is tried, and who drafts.
#[derive(Args)]
pub(crate) struct Eval {
    /// Dialogues, one JSON object a line (pipeline/eval/README.md).
    #[arg(long, value_name = "FILE")]
    dialogues: PathBuf,
    /// A folder of areas (docs/areas.md): dialogues are drafted under the settings of theirs. Without it, under four plain
    /// sections.
    #[arg(long, value_name = "FOLDER", conflicts_with = "drafts")]
    areas: Option<PathBuf>,
    /// Who drafts, unless a language model does or the drafts are ready.
    #[arg(long, value_enum, default_value_t = Who::Embedded)]
    drafter: Who,
    /// A language model's server, up to before `/chat/completions`.
    #[arg(long, value_name = "URL", conflicts_with = "drafts", requires = "model")]
    llm: Option<String>,
    /// What that server calls its model.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A file with the key that the server wants, if it wants one.
    #[arg(long, value_name = "FILE", requires = "llm")]
    api_key_file: Option<PathBuf>,
    /// How many tokens that model reads and writes at once.
    #[arg(long, value_name = "COUNT", default_value_t = 8_192, requires = "llm")]
    context_tokens: usize,
    /// Drafts that are ready, and right: the guards alone are tried, and errors planted.
    #[arg(long, value_name = "FILE")]
    drafts: Option<PathBuf>,
    /// With --drafts: this share of the words of the calls is heard wrong, 0 to 0.5.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "drafts")]
    noise: f64,
    /// With --drafts: errors of each kind planted in each sentence.
    #[arg(long, value_name = "COUNT", default_value_t = 2, requires = "drafts")]
    rounds: usize,
    /// Show the facts that were left out; with --drafts also flags on right sentences, and errors that no flag saw.
    #[arg(long)]
    show: bool,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    Embedded,
}

/// Tries, and says how it went.
pub(crate) fn act(command: &Eval) -> anyhow::Result<()> {
    ensure!((0.0..=0.5).contains(&command.noise), "--noise {} is no share of 0 to 0.5", command.noise);
    let dialogues: Vec<truth::Dialogue> = read(&command.dialogues)?;
    ensure!(!dialogues.is_empty(), "{} holds no dialogue", command.dialogues.display());
    let mut out = std::io::stdout().lock();
    let report = if let Some(file) = &command.drafts {
        let drafts: Vec<truth::ReadyDraft> = read(file)?;
        let unknown = drafts.iter().find(|draft| dialogues.iter().all(|dialogue| dialogue.id != draft.id));
        if let Some(draft) = unknown {
            anyhow::bail!("{}: there is no dialogue {:?} in {}", file.display(), draft.id, command.dialogues.display());
        }
        let (report, findings) = eval::of_ready(&dialogues, &drafts, command.noise, command.rounds);
        if command.show {
            show(&mut out, &findings)?;
        }
        report
    } else {
        let areas = command.areas.as_deref().map(eval::areas_in).transpose()?.unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let drafters = Drafters::new(&drafter(command)?)?;
        runtime.block_on(eval::of_drafter(&dialogues, &areas, &drafters))
    };
    if command.show {
        for line in &report.to_look_at {
            writeln!(out, "{line}")?;
        }
    }
    if command.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        tell(&mut out, &report)?;
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(file: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    truth::read(&text).with_context(|| file.display().to_string())
}

fn drafter(command: &Eval) -> anyhow::Result<DrafterConfig> {
    let (Some(base_url), Some(model)) = (&command.llm, &command.model) else {
        let Who::Embedded = command.drafter;
        return Ok(DrafterConfig { kind: DrafterKind::Embedded, llm: None });
    };
    let key = command.api_key_file.as_ref().map(|file| {
        std::fs::read_to_string(file).map(|key| ApiKey::new(key.trim())).with_context(|| file.display().to_string())
    });
    let llm = LlmConfig {
        base_url: base_url.clone(),
        model: model.clone(),
        api_key: key.transpose()?,
        connect: Duration::from_secs(5),
        first: Duration::from_mins(2),
        idle: Duration::from_mins(1),
        total: Duration::from_mins(5),
        context_tokens: command.context_tokens,
        warm_every: None,
        omit: Vec::new(),
    };
    Ok(DrafterConfig { kind: DrafterKind::Llm, llm: Some(llm) })
}

fn show(out: &mut impl std::io::Write, findings: &truth::Findings) -> anyhow::Result<()> {
    for one in &findings.false_flags {
        writeln!(out, "flagged  {} {:?}/{:?}: {}", one.id, one.flag.kind, one.flag.reason, one.text)?;
    }
    for one in &findings.unseen {
        writeln!(out, "unseen   {} {:?}: {}\n    from {}", one.id, one.kind, one.wrong, one.right)?;
    }
    Ok(())
}

fn tell(out: &mut impl std::io::Write, report: &Report) -> anyhow::Result<()> {
    writeln!(out, "{} dialogues, drafts by {}", report.dialogues, report.drafter)?;
    for (reason, count) in &report.without_draft {
        writeln!(out, "  {count} without a draft: {reason}")?;
    }
    writeln!(
        out,
        "  {} sentences in {:.2} s, {} lines not shown",
        report.sentences, report.seconds, report.lines_not_parsed
    )?;
    let of_sentences = |count| report.per_hundred(count);
    writeln!(out, "  per 100 sentences: {:.1} with evidence", of_sentences(report.evidence_valid))?;
    for (kind, count) in &report.flags {
        writeln!(out, "    {:>5.1} flags {kind:?}", of_sentences(*count))?;
    }
    writeln!(out, "    {:>5.1} to be confirmed", of_sentences(report.confirm))?;
    writeln!(
        out,
        "  {} of {} facts left out, {} texts that must not be said",
        report.omitted, report.must_note, report.forbidden
    )?;
    if let Some(guards) = &report.guards {
        writeln!(out, "  errors planted and seen:")?;
        for (kind, seen) in &guards.mutation {
            #[expect(clippy::cast_precision_loss, reason = "counts")]
            let share = seen.seen as f64 * 100.0 / seen.planted.max(1) as f64;
            writeln!(out, "    {share:>5.1} % of {:>4} {kind:?}", seen.planted)?;
        }
        let flags: usize = guards.false_flags.values().sum();
        writeln!(out, "  {flags} flags on {} right drafts", guards.drafts)?;
    }
    Ok(())
}
