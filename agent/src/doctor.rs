//! `referent-agent doctor`: is everything there that a call on this PC needs, and if not, what is to be done about it.
//!
//! In: the configuration, the disk, the sound devices, the running agent (asked over its control port), the server.
//! Out: a [`Diagnosis`], one [`Finding`] for every [`Check`], in words for a person and in JSON for a machine.
//!
//! Promises:
//!   D1  Nothing is recorded. A device is open for about a second, only where the mode of the PC's area lets it, and
//!       never while a call goes on (one that begins meanwhile finds it open for the rest of that second). Of its sound
//!       a count and the loudest sample are kept, until they are told.
//!   D2  A running agent is left in peace: it is asked, and its port, its lock and its devices are not taken.
//!   D3  Every fault and every warning says what to do. What was not looked at says so, and why.
//!
//! Not done here: nothing is mended.

mod running;
mod place;
mod sound;
mod server;
mod identity;

use crate::clock::Clock;
use crate::config::BadConfig;
use crate::policy::{self, Loaded};
use crate::system;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// What is looked at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The user's file.
    Configuration,
    /// The machine's policy.
    Policy,
    /// The agent's folder can be written.
    StateDir,
    /// Nobody else can read it.
    Permission,
    /// There is room for the longest time without a server.
    Disk,
    /// The agent runs, or could.
    Agent,
    /// Calls that wait to be sent.
    Calls,
    /// What the devices are reached by.
    SoundServer,
    /// The caseworker's microphone.
    Microphone,
    /// How loud it is.
    Level,
    /// What the PC plays.
    Loopback,
    /// The pipeline is there.
    Server,
    /// It speaks as this agent does.
    Protocol,
    /// It has shown who it is, and takes who this PC is.
    Tls,
    /// What this PC shows of itself.
    Certificate,
    /// The PC's clock and its.
    Clock,
}

impl Check {
    const ALL: [Self; 16] = [
        Self::Configuration,
        Self::Policy,
        Self::StateDir,
        Self::Permission,
        Self::Disk,
        Self::Agent,
        Self::Calls,
        Self::SoundServer,
        Self::Microphone,
        Self::Level,
        Self::Loopback,
        Self::Server,
        Self::Protocol,
        Self::Tls,
        Self::Certificate,
        Self::Clock,
    ];

    fn name(self) -> Said {
        let (da, en) = match self {
            Self::Configuration => ("Indstillinger", "Configuration"),
            Self::Policy => ("Maskinens politik", "Machine policy"),
            Self::StateDir => ("Agentens mappe", "Agent's folder"),
            Self::Permission => ("Adgang til mappen", "Access to the folder"),
            Self::Disk => ("Plads på disken", "Room on the disk"),
            Self::Agent => ("Agenten", "Agent"),
            Self::Calls => ("Ventende samtaler", "Waiting calls"),
            Self::SoundServer => ("Pc'ens lydsystem", "Sound system"),
            Self::Microphone => ("Mikrofon", "Microphone"),
            Self::Level => ("Lydstyrke", "Level"),
            Self::Loopback => ("Borgerens lyd", "Citizen's sound"),
            Self::Server => ("Server", "Server"),
            Self::Protocol => ("Serverens version", "Server's version"),
            Self::Tls => ("Sikker forbindelse", "Secure connection"),
            Self::Certificate => ("Certifikat", "Certificate"),
            Self::Clock => ("Ur", "Clock"),
        };
        Said::new(da, en)
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Calls go well; something should be seen to.
    Warning,
    /// Calls do not go well.
    Fault,
    /// Nobody looked.
    NotChecked,
}

/// The same in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Danish.
    pub da: String,
    /// English.
    pub en: String,
}

impl Said {
    fn new(da: impl Into<String>, en: impl Into<String>) -> Self {
        Self { da: da.into(), en: en.into() }
    }

    fn words(&self, language: Language) -> &str {
        match language {
            Language::Danish => &self.da,
            Language::English => &self.en,
        }
    }
}

/// In which language a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Danish.
    Danish,
    /// English.
    English,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// What was seen.
    pub seen: Said,
    /// What to do; always there for a fault and a warning.
    pub remedy: Option<Said>,
}

impl Finding {
    fn ok(check: Check, seen: Said) -> Self {
        Self { check, outcome: Outcome::Ok, seen, remedy: None }
    }

    fn warning(check: Check, seen: Said, remedy: Said) -> Self {
        Self { check, outcome: Outcome::Warning, seen, remedy: Some(remedy) }
    }

    fn fault(check: Check, seen: Said, remedy: Said) -> Self {
        Self { check, outcome: Outcome::Fault, seen, remedy: Some(remedy) }
    }

    fn not_checked(check: Check, why: Said) -> Self {
        Self { check, outcome: Outcome::NotChecked, seen: why, remedy: None }
    }
}

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The user's file.
    pub config: &'a Path,
    /// In place of the machine's policy, where there is none.
    pub policy: Option<&'a Path>,
    /// For how many hours without a server there shall be room.
    pub hours: u32,
    /// The PC's clocks.
    pub clock: &'a Clock,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// There is no fault.
    pub is_healthy: bool,
    /// One of every check.
    pub findings: Vec<Finding>,
}

/// Looks at everything. Takes some seconds.
pub async fn examine(question: &Question<'_>) -> Diagnosis {
    let loaded = match policy::load(question.config, question.policy) {
        Ok(loaded) => loaded,
        Err(bad) => return Diagnosis::of(without_configuration(&bad, question.config)),
    };
    let config = &loaded.config;
    let mut findings = vec![configuration(&loaded), policy(&loaded)];
    findings.extend(place::examine(&config.state_dir, config.sound.tracks().len(), question.hours));
    let agent = running::ask(&config.state_dir).await;
    findings.push(running::judge(&agent, config));
    findings.push(running::calls(&agent, &config.state_dir, question.clock.wall().utc_ms));
    findings.extend(sound::examine(config, agent.call(), question.clock).await);
    findings.extend(server::examine(&config.pipeline, config.tls.as_ref(), question.clock).await);
    Diagnosis::of(findings)
}

fn without_configuration(bad: &BadConfig, file: &Path) -> Vec<Finding> {
    let seen = Said::new(format!("Filen kan ikke bruges. {bad}"), format!("The file cannot be used. {bad}"));
    let first = if bad.file == file {
        let remedy = Said::new(
            "Ret det, som sætningen nævner. `referent-agent config check` siger, hvornår filen er i orden.",
            "Correct what the sentence names. `referent-agent config check` says when the file is in order.",
        );
        Finding::fault(Check::Configuration, seen, remedy)
    } else {
        let remedy = Said::new(
            "Bed it-afdelingen rette politikken. Indtil da starter agenten ikke, og intet optages.",
            "Ask the IT department to correct the policy. Until then the agent does not start; nothing is recorded.",
        );
        Finding::fault(Check::Policy, seen, remedy)
    };
    let others = Check::ALL.into_iter().filter(|check| *check != first.check).map(|check| {
        let why = Said::new(
            "Det kan først undersøges, når filen er i orden.",
            "It can be looked at once the file is in order.",
        );
        Finding::not_checked(check, why)
    });
    let mut findings: Vec<Finding> = others.collect();
    findings.insert(usize::from(first.check == Check::Policy), first);
    findings
}

fn configuration(loaded: &Loaded) -> Finding {
    let check = Check::Configuration;
    if loaded.overruled.is_empty() {
        return Finding::ok(
            check,
            Said::new("Filen kan læses, og alle nøgler er kendt.", "The file is read, and every key is known."),
        );
    }
    let keys: Vec<String> =
        loaded.overruled.iter().map(|overruled| format!("{} (line {})", overruled.key, overruled.line)).collect();
    let keys = keys.join(", ");
    Finding::warning(
        check,
        Said::new(
            format!("Filen sætter nøgler, som maskinens politik bestemmer: {}.", keys.replace("line", "linje")),
            format!("The file sets keys that the machine's policy decides: {keys}."),
        ),
        Said::new("Fjern dem fra filen. Politikken gælder.", "Remove them from the file. The policy holds."),
    )
}

fn policy(loaded: &Loaded) -> Finding {
    let check = Check::Policy;
    let Some(path) = loaded.policy() else {
        return Finding::ok(
            check,
            Said::new("Der er ingen. Brugerens fil bestemmer.", "There is none. The user's file decides."),
        );
    };
    let place = path.display();
    if system::others_may_write(path) {
        return Finding::warning(
            check,
            Said::new(
                format!("{place} gælder, men kan ændres af andre end administratoren."),
                format!("{place} holds, but others than the administrator can change it."),
            ),
            Said::new(
                "Lad administratoren (root) eje filen og mappen, og lad ingen andre skrive i dem.",
                "Let the administrator (root) own the file and its folder, and let nobody else write to them.",
            ),
        );
    }
    Finding::ok(check, Said::new(format!("{place} gælder."), format!("{place} holds.")))
}

impl Diagnosis {
    fn of(findings: Vec<Finding>) -> Self {
        let is_healthy = findings.iter().all(|finding| finding.outcome != Outcome::Fault);
        Self { is_healthy, findings }
    }

    /// For a person.
    pub fn in_words(&self, language: Language) -> String {
        let mut text = String::new();
        for Finding { check, outcome, seen, remedy } in &self.findings {
            let outcome = outcome_in_words(*outcome);
            let (outcome, check) = (outcome.words(language), check.name());
            writeln!(text, "{outcome:<14} {}: {}", check.words(language), seen.words(language)).ok();
            if let Some(remedy) = remedy {
                writeln!(text, "{:<14} → {}", "", remedy.words(language)).ok();
            }
        }
        let faults = self.findings.iter().filter(|finding| finding.outcome == Outcome::Fault).count();
        let last = match faults {
            0 => Said::new("Ingen fejl.", "No faults."),
            1 => Said::new("1 fejl.", "1 fault."),
            many => Said::new(format!("{many} fejl."), format!("{many} faults.")),
        };
        text.push_str(last.words(language));
        text
    }
}

fn outcome_in_words(outcome: Outcome) -> Said {
    let (da, en) = match outcome {
        Outcome::Ok => ("ok", "ok"),
        Outcome::Warning => ("advarsel", "warning"),
        Outcome::Fault => ("FEJL", "FAULT"),
        Outcome::NotChecked => ("ikke undersøgt", "not checked"),
    };
    Said::new(da, en)
}
