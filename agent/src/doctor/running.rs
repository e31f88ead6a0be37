//! The running agent, and the calls that wait.
//!
//! In: the agent's folder, by which it is found; what it answers. Out: two findings, and what the others want to know
//! of it: whether a call goes on. The agent is asked over its control port, like by every other command.

use super::{Check, Finding, Said};
use crate::config::Config;
use crate::control::client::{Agent, CommandError};
use referent_proto::ids::PerTrack;
use referent_proto::{AgentStateKind, CallId, Track};
use serde::Deserialize;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// How long the agent may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// A call that was last written to so long ago should have been sent.
const OLD_MS: i64 = 60 * 60 * 1000;

/// What there is of an agent.
#[derive(Debug)]
pub(super) enum Met {
    /// It answers.
    Runs(Box<Status>),
    /// One has the folder, and does not answer, or not as it should.
    Deaf(String),
    /// None has it.
    Nobody,
}

/// What the doctor reads of `GET /v1/status`.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    state: AgentStateKind,
    reason: Words,
    call: Option<Live>,
    spool: Spool,
}

#[derive(Debug, Deserialize)]
struct Words {
    da: String,
    en: String,
}

#[derive(Debug, Deserialize)]
struct Live {
    id: CallId,
    problem: PerTrack<Option<String>>,
}

#[derive(Debug, Deserialize)]
struct Spool {
    waiting: Vec<Waiting>,
}

#[derive(Debug, Deserialize)]
struct Waiting {
    is_refused: bool,
}

/// A call that goes on, as the devices' checks want to know it.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoesOn<'a>(&'a Status);

impl Met {
    /// The call that goes on, if one does.
    pub(super) fn call(&self) -> Option<GoesOn<'_>> {
        match self {
            Self::Runs(status) if status.call.is_some() => Some(GoesOn(status)),
            _ => None,
        }
    }

    fn call_id(&self) -> Option<CallId> {
        self.call().and_then(|GoesOn(status)| status.call.as_ref()).map(|call| call.id)
    }
}

impl GoesOn<'_> {
    /// What the agent says is wrong with a track, if anything.
    pub(super) fn problem(self, track: Track) -> Option<Said> {
        let Self(status) = self;
        let silent = match track {
            Track::Near => AgentStateKind::NoSoundNear,
            Track::Far => AgentStateKind::NoSoundFar,
        };
        let of_device = status.call.as_ref().and_then(|call| call.problem[track].clone());
        of_device
            .map(|problem| Said::new(problem.clone(), problem))
            .or_else(|| (status.state == silent).then(|| Said::new(status.reason.da.clone(), status.reason.en.clone())))
    }
}

/// Asks the agent that has this folder.
pub(super) async fn ask(state_dir: &Path) -> Met {
    let asked = match Agent::of(state_dir) {
        Ok(agent) => match tokio::time::timeout(ANSWERS_WITHIN, agent.status()).await {
            Ok(answer) => answer,
            Err(_) => return if is_locked(state_dir) { Met::Deaf(format!("{ANSWERS_WITHIN:?}")) } else { Met::Nobody },
        },
        Err(error) => Err(error),
    };
    match asked {
        Ok(status) => match serde_json::from_value(status) {
            Ok(status) => Met::Runs(Box::new(status)),
            Err(error) => Met::Deaf(format!("an agent of another version: {error}")),
        },
        Err(error @ (CommandError::Missing(_) | CommandError::NoAnswer { .. })) if is_locked(state_dir) => {
            Met::Deaf(error.to_string())
        }
        // What an agent that was killed left behind may point to another program by now, and that refuses.
        Err(CommandError::Refused(why)) if is_locked(state_dir) => Met::Deaf(why),
        Err(_) => Met::Nobody,
    }
}

/// Whether a process has the folder. The lock is asked for as a reader, and let go of at once: an agent has it as a
/// writer.
fn is_locked(state_dir: &Path) -> bool {
    let Ok(lock) = File::open(state_dir.join("lock")) else { return false };
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

pub(super) fn judge(agent: &Met, config: &Config) -> Finding {
    let check = Check::Agent;
    match agent {
        Met::Runs(status) if status.state == AgentStateKind::DiskFull => Finding::fault(
            check,
            Said::new(status.reason.da.clone(), status.reason.en.clone()),
            Said::new("Frigør plads på disken nu.", "Free space on the disk now."),
        ),
        Met::Runs(status) => {
            let (da, en) = (&status.reason.da, &status.reason.en);
            Finding::ok(check, Said::new(format!("Agenten kører. {da}"), format!("The agent runs. {en}")))
        }
        Met::Deaf(why) => Finding::fault(
            check,
            Said::new(
                format!("En agent har mappen, men svarer ikke som den skal ({why})."),
                format!("An agent has the folder and does not answer as it should ({why})."),
            ),
            Said::new(
                "Stop den, og start den igen. Det, der er optaget, bliver sendt ved næste start.",
                "Stop it, and start it again. What was recorded is sent by the next start.",
            ),
        ),
        Met::Nobody => match port_problem(config) {
            None => Finding::ok(
                check,
                Said::new(
                    "Agenten kører ikke, og intet står i vejen for, at den kan starte.",
                    "The agent does not run, and nothing keeps it from starting.",
                ),
            ),
            Some(seen) => Finding::fault(
                check,
                seen,
                Said::new(
                    "Stop det andet program, eller vælg en anden port (http); port 0 tager en fri.",
                    "Stop the other program, or choose another port (http); port 0 takes a free one.",
                ),
            ),
        },
    }
}

/// Why the control port cannot be had, if it cannot. It is taken for an instant; no agent of this folder runs.
fn port_problem(config: &Config) -> Option<Said> {
    match TcpListener::bind(config.http) {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::AddrInUse => Some(Said::new(
            format!("Et andet program har {}, måske en agent med en anden mappe.", config.http),
            format!("Another program has {}, perhaps an agent with another folder.", config.http),
        )),
        Err(error) => Some(Said::new(
            format!("Agenten kan ikke få {} ({error}).", config.http),
            format!("The agent cannot have {} ({error}).", config.http),
        )),
    }
}

/// Calls that should be text by now.
pub(super) fn calls(agent: &Met, state_dir: &Path, now_ms: i64) -> Finding {
    let check = Check::Calls;
    let ages = ages(&state_dir.join("spool"), agent.call_id(), now_ms);
    let refused = match agent {
        Met::Runs(status) => status.spool.waiting.iter().filter(|waiting| waiting.is_refused).count(),
        Met::Deaf(_) | Met::Nobody => 0,
    };
    let count = ages.len();
    if refused > 0 {
        return Finding::fault(
            check,
            Said::new(
                format!("Serveren vil ikke have {} fra denne sagsbehandler.", many(refused).da),
                format!("The server will not take {} from this caseworker.", many(refused).en),
            ),
            Said::new(
                "Bed it-afdelingen se, hvem samtalen tilhører. Lyden bliver på pc'en så længe.",
                "Ask the IT department whose call it is. Its sound stays on the PC meanwhile.",
            ),
        );
    }
    let old = ages.iter().filter(|age| **age > OLD_MS).count();
    if old > 0 {
        let hours = ages.iter().max().unwrap_or(&0) / OLD_MS;
        return Finding::fault(
            check,
            Said::new(
                format!("{} er ikke sendt {hours} t efter sidste lyd.", many(old).da),
                format!("{} not sent {hours} h after its last sound.", many(old).en),
            ),
            Said::new(
                "Start agenten, hvis den ikke kører. Kører den, så se på serveren nedenfor; intet går tabt imens.",
                "Start the agent if it does not run. If it does, see to the server below; nothing is lost meanwhile.",
            ),
        );
    }
    if count > 0 && !matches!(agent, Met::Runs(_)) {
        return Finding::warning(
            check,
            Said::new(
                format!("{} venter på at blive sendt.", many(count).da),
                format!("{} to be sent.", many(count).en),
            ),
            Said::new("Start agenten.", "Start the agent."),
        );
    }
    Finding::ok(
        check,
        if count == 0 {
            Said::new("Ingen samtaler venter.", "No calls wait.")
        } else {
            Said::new(format!("{} på vej.", many(count).da), format!("{} on the way.", many(count).en))
        },
    )
}

fn many(calls: usize) -> Said {
    match calls {
        1 => Said::new("1 samtale", "1 call"),
        many => Said::new(format!("{many} samtaler"), format!("{many} calls")),
    }
}

/// How long ago each call of the spool was last written to, but for the one that goes on.
fn ages(spool: &Path, live: Option<CallId>, now_ms: i64) -> Vec<i64> {
    let folders = std::fs::read_dir(spool).into_iter().flatten().flatten();
    let calls = folders.filter(|folder| {
        let id = folder.file_name().to_str().and_then(|name| name.parse::<CallId>().ok());
        id.is_some() && id != live
    });
    let written_ms = |path: &Path| {
        let files = std::fs::read_dir(path).into_iter().flatten().flatten();
        let times = files.filter_map(|file| file.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok());
        times.max().and_then(|time| i64::try_from(time.as_millis()).ok())
    };
    calls.map(|call| written_ms(&call.path()).map_or(0, |written| now_ms - written)).collect()
}
