//! `make bench-NAME`: measures one group of figures and writes its keys of docs/benchmarks.json.
//!
//! Every figure is taken through the three real programs, or through what they are made of; a ratio has both its sides in
//! one run.

use anyhow::{Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use referent_pipeline::config::Context;
use referent_tests::Recogniser;
use referent_tests::bench::load::Ways;
use referent_tests::bench::model::Name;
use referent_tests::disturbed::Sound;
use referent_tests::figures::Extent;
use referent_tests::network::spaces::{self, Trouble};
use referent_tests::shape::Shape;
use referent_tests::{bench, replay};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What is asked for.
#[derive(Parser)]
struct Arguments {
    /// Only enough to see that it works; nothing is written.
    #[arg(long, global = true)]
    short: bool,
    #[command(subcommand)]
    group: Group,
}

/// Which figures.
#[derive(Subcommand)]
enum Group {
    /// From hang-up to whole draft, 20 calls in real time.
    Hangup,
    /// Word error rate: reference turns, one pass, the pipeline.
    Wer,
    /// CPU seconds of the pipeline against one pass of the same model.
    Cpu,
    /// What the guards see of errors planted in drafts, and of spoken attacks.
    Guards,
    /// Numbers, dates, times and amounts, read in Danish and English.
    Numbers,
    /// What identifies people, found, hidden and put back.
    Pseudonyms,
    /// The embedded drafter on the open set of dialogues.
    Eval,
    /// Words that are marked as uncertain.
    Uncertain,
    /// kill -9 at 20 moments a part.
    Kill,
    /// The chain's rule against 100,000 random histories.
    Chain,
    /// The microphone for real, through PulseAudio.
    Capture,
    /// kill -9 of the agent at 3,000 moments.
    ChaosAgent,
    /// Faults that the doctor names.
    Doctor,
    /// The power cut at any moment, on a disk that forgets what was not synced.
    Unsynced,
    /// Tampering with the audit.
    Audit,
    /// What is found of a call that was erased.
    Retention,
    /// Correction times of people of whom it is known what they did.
    Correction,
    /// Slow, silent, reset, gone, losing packets, with another address.
    Network,
    /// Eight hours of calls that are sent afterwards, beside those that go on.
    Offline,
    /// One call between two network namespaces; it has to run in one of its own. No figure.
    Spaces {
        /// What happens.
        trouble: Trouble,
        /// The call.
        #[arg(long)]
        wav: PathBuf,
        /// Its length.
        #[arg(long)]
        seconds: u64,
        /// What hears.
        #[arg(long)]
        hears: Hears,
        /// Where all is kept.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Eight hours of calls through the agent.
    Soak,
    /// Whether the agent ever says that it records while it does not.
    Truth,
    /// CPU and memory of the agent, and memory of the others, in a call.
    Agent,
    /// Size of the pane.
    Pane,
    /// How old text is on idle cores, and grey text.
    Live {
        /// Over TLS, and with sealed sound.
        #[arg(long)]
        secured: bool,
    },
    /// How many calls the machine carries.
    Streams {
        /// What hears.
        #[arg(long, default_value = "embedded")]
        model: Name,
        /// With the whole window, as real models are run by default.
        #[arg(long)]
        full: bool,
        /// Over TLS, and with sealed sound.
        #[arg(long)]
        secured: bool,
    },
    /// From hang-up to the draft, with a language model's server that has read along, and one that has not.
    Prefix,
    /// Whatever the language model's server does.
    LlmFaults,
    /// From hang-up to whole draft with a language model that answers at once.
    Stub {
        /// What hears.
        #[arg(long, default_value = "embedded")]
        model: Name,
    },
    /// How old text is, and the draft after hang-up, with a large model elsewhere.
    Remote,
    /// What calls that are sent afterwards cost those that go on.
    Backlog,
    /// The sixtieth minute of a call against its second.
    Long,
    /// Five times as many calls as the machine carries.
    Overload,
    /// The same words, whatever the network does.
    Faithful,
    /// No word in a wrong call.
    Isolation,
    /// No word where nobody speaks.
    Silence,
    /// What fitting costs a real model on real speech.
    RealModel {
        /// A name from the manifest, or a path.
        #[arg(long)]
        model: String,
        /// A folder of WAVs with their texts beside them.
        #[arg(long)]
        audio: PathBuf,
        /// What is spoken.
        #[arg(long, default_value = "da")]
        language: String,
    },
    /// Writes a model of these proportions, which says the same whatever it hears, and its sum beside it.
    Shape {
        /// Whose proportions.
        shape: Shape,
        /// The file.
        out: PathBuf,
    },
    /// Plays the network events of a call again (docs/replay.md); no figure.
    Replay {
        /// The events, a JSON object a line.
        #[arg(long)]
        events: PathBuf,
        /// The sound that they carried.
        #[arg(long)]
        audio: PathBuf,
        /// Times faster than it was.
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
    /// A million calls whose recording is permitted and forbidden in any order.
    Consent,
    /// Everything that somebody may try who is not who they say.
    Identity,
    /// Everything that somebody may try at the login, and behind it.
    Login,
    /// Ten thousand spools that were damaged on the disk.
    Damage,
    /// Clone, build and test from nothing.
    Fresh,
}

/// What hears.
#[derive(Clone, Copy, ValueEnum)]
enum Hears {
    /// The embedded model.
    Whisper,
    /// Text that is a function of the segment's place.
    Scripted,
}

impl From<Hears> for Recogniser {
    fn from(hears: Hears) -> Self {
        match hears {
            Hears::Whisper => Self::Whisper,
            Hears::Scripted => Self::Scripted,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn ways(secured: bool) -> Ways {
    if secured { Ways::Secured } else { Ways::Open }
}

async fn run(Arguments { short, group }: Arguments) -> Result<()> {
    let extent = if short { Extent::Trial } else { Extent::Whole };
    let has_short = matches!(
        group,
        Group::Streams { .. }
            | Group::Stub { .. }
            | Group::Backlog
            | Group::Long
            | Group::Network
            | Group::Offline
            | Group::Prefix
    );
    if short && !has_short {
        bail!(
            "only streams, stub, backlog, long, network, offline and prefix have a short form; leave --short (SHORT=1) out"
        );
    }
    match group {
        Group::Hangup => bench::hangup().await,
        Group::Wer => bench::word_error_rate().await,
        Group::Cpu => bench::cpu().await,
        Group::Kill => bench::kill().await,
        Group::Chain => bench::chain(),
        Group::Prefix => bench::prefix::prefix(extent).await,
        Group::LlmFaults => bench::llm_faults(),
        Group::Capture => bench::capture(),
        Group::ChaosAgent => bench::chaos_agent(),
        Group::Doctor => bench::doctor(),
        Group::Unsynced => bench::unsynced(),
        Group::Audit => bench::audit(),
        Group::Retention => bench::retention(),
        Group::Correction => bench::correction(),
        Group::Network => Box::pin(bench::network::network(extent)).await,
        Group::Offline => bench::offline::offline(extent).await,
        Group::Spaces { trouble, wav, seconds, hears, folder } => {
            let sound = Sound { wav, length: Duration::from_secs(seconds) };
            spaces::play(&folder, hears.into(), &sound, trouble).await
        }
        Group::Soak => bench::soak(),
        Group::Guards => bench::drafting::guards(),
        Group::Numbers => bench::drafting::numbers(),
        Group::Pseudonyms => bench::drafting::pseudonyms(),
        Group::Eval => bench::drafting::eval().await,
        Group::Uncertain => bench::drafting::uncertain().await,
        Group::Truth => bench::truth(),
        Group::Agent => bench::agent().await,
        Group::Pane => bench::pane(),
        Group::Live { secured } => bench::live::idle(ways(secured)).await,
        Group::Streams { model, full, secured } => {
            let context = if full { Context::Full } else { Context::Fitted };
            bench::streams::streams(model, context, ways(secured), extent).await
        }
        Group::Stub { model } => bench::stub::stub(model, extent).await,
        Group::Backlog => bench::backlog::backlog(extent).await,
        Group::Long => bench::long::long(extent).await,
        Group::Consent => bench::consent::consent(),
        Group::Identity => bench::identity::misuse().await,
        Group::Login => bench::login::misuse().await,
        Group::Damage => bench::damage::spool_damage(),
        Group::Remote => bench::remote::remote().await,
        Group::Overload => bench::live::overload().await,
        Group::Faithful => bench::faithful::faithful().await,
        Group::Isolation => bench::faithful::isolation().await,
        Group::Silence => bench::faithful::silence().await,
        Group::RealModel { model, audio, language } => bench::real_model::check(&model, &audio, &language),
        Group::Shape { shape, out } => shape.write(&out),
        Group::Replay { events, audio, speed } => replay::show(&events, &audio, speed).await,
        Group::Fresh => bench::fresh(),
    }
}
