//! What the user sees: what the agent truly does, since when, and what to do about it.
//!
//! In: facts, gathered where they arise (sound written, disk, connection). Out: one state of a closed list, with words in
//! Danish and English. The state follows samples that really arrived and were really written, never the wish to record.
//! Not done here: no tray (a program of its own, `referent-tray`), no language choice.

use crate::capture::OPEN_WITHIN;
use referent_proto::ids::PerTrack;
use referent_proto::{AgentStateKind, GapReason, Track};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;
use utoipa::ToSchema;

/// After this long without sound from a track that gave some, the user is told.
pub const NO_SOUND_AFTER: Duration = Duration::from_secs(1);
/// After this long, where the device itself has gone away: nothing will come of it, and the user has to know within a second
/// of when it went.
pub const NO_DEVICE_AFTER: Duration = Duration::from_millis(300);
/// A microphone that gives nothing but zeros is switched off somewhere.
pub const ALL_ZERO_AFTER: Duration = Duration::from_secs(15);
/// After this long without contact, the user is told; shorter breaks pass unseen.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(3);
/// Further behind than this, older sound is still on its way.
pub const BEHIND: u64 = 5 * 16_000;

/// How the connection of a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// No connection, since then.
    Away(Instant),
    /// Connected; so many samples are written and not sent.
    There {
        /// Samples of the track that lies further behind.
        behind: u64,
    },
}

/// When sound of a track was last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// None since it may be recorded; for so long.
    NotYet(Duration),
    /// So long ago.
    Ago(Duration),
}

/// What is known of a call that goes on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Why nothing may be recorded now, if nothing may.
    pub withheld: Option<GapReason>,
    /// The tracks it has.
    pub tracks: Vec<Track>,
    /// The last write failed.
    pub is_disk_failing: bool,
    /// When sound was last written.
    pub heard: PerTrack<Heard>,
    /// The device that gave it has gone away, and there is no other yet.
    pub is_gone: PerTrack<bool>,
    /// The microphone is switched off in the system's settings.
    pub is_muted: bool,
    /// For how long the microphone gave nothing but zeros.
    pub all_zero: Duration,
    /// The connection.
    pub link: Link,
}

/// The state that the facts add up to; what hurts most comes first.
pub fn judge(facts: &Facts, now: Instant) -> AgentStateKind {
    let of_call = |track| facts.tracks.contains(&track).then_some(facts.heard[track]);
    let is_silent = |track| match of_call(track) {
        Some(Heard::NotYet(since)) => since > OPEN_WITHIN, // Before that it may still be opening.
        Some(Heard::Ago(ago)) => ago > if facts.is_gone[track] { NO_DEVICE_AFTER } else { NO_SOUND_AFTER },
        None => false,
    };
    let is_opening = |track| matches!(of_call(track), Some(Heard::NotYet(_)));
    let is_deaf = facts.is_muted || facts.all_zero > ALL_ZERO_AFTER;
    match (facts.withheld, facts.link) {
        (Some(GapReason::NotAllowed), _) => AgentStateKind::NotAllowed,
        _ if facts.is_disk_failing => AgentStateKind::DiskFull,
        (Some(GapReason::BeforeConsent), _) => AgentStateKind::AwaitingConsent,
        (Some(_), _) => AgentStateKind::Paused,
        _ if is_silent(Track::Near) || is_deaf => AgentStateKind::NoSoundNear,
        _ if is_silent(Track::Far) => AgentStateKind::NoSoundFar,
        _ if Track::BOTH.into_iter().any(is_opening) => AgentStateKind::Starting,
        (_, Link::Away(since)) if now - since > OFFLINE_AFTER => AgentStateKind::OfflineKeeping,
        (_, Link::There { behind }) if behind > BEHIND => AgentStateKind::CatchingUp,
        _ => AgentStateKind::Listening,
    }
}

/// Every state there is.
pub const KINDS: [AgentStateKind; 11] = [
    AgentStateKind::Starting,
    AgentStateKind::Listening,
    AgentStateKind::Paused,
    AgentStateKind::AwaitingConsent,
    AgentStateKind::OfflineKeeping,
    AgentStateKind::CatchingUp,
    AgentStateKind::NoSoundNear,
    AgentStateKind::NoSoundFar,
    AgentStateKind::DiskFull,
    AgentStateKind::NotAllowed,
    AgentStateKind::Idle,
];

/// A sentence for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Words {
    /// Danish.
    pub da: &'static str,
    /// English.
    pub en: &'static str,
}

/// Why a call is not written out, whatever its state: the server cannot open its sound.
pub const KEY_GONE: Words = Words {
    da: "Serveren har ikke nøglen til samtalens lyd. Lyden gemmes på denne pc, indtil nøglen er tilbage.",
    en: "The server has no key for the sound of the call. It is kept on this PC until the key is back.",
};
/// What the user can do about it.
pub const KEY_GONE_NEXT: Words =
    Words { da: "Sig det til den, der passer serveren.", en: "Tell whoever runs the server." };

/// What a program says that shows the agent's state and has not heard of it: never the last state.
pub const NO_CONTACT: Words = Words {
    da: "Ingen kontakt med agenten: det VIDES IKKE, om der optages.",
    en: "No contact with the agent: it is NOT KNOWN whether anything is recorded.",
};
/// What the user can do about it.
pub const NO_CONTACT_NEXT: Words = Words {
    da: "Regn med, at der ikke optages. Bliver det ved, så genstart agenten, eller sig det til it-support.",
    en: "Count on nothing being recorded. If it lasts, restart the agent, or tell IT support.",
};

/// Why it is so.
pub fn reason(kind: AgentStateKind) -> Words {
    use AgentStateKind as K;
    let (da, en) = match kind {
        K::Listening => ("Lyden optages og skrives ud.", "Sound is captured and written out."),
        K::Starting => ("Mikrofonen og pc'ens lyd åbnes.", "The microphone and the PC's sound are being opened."),
        K::Paused => ("Optagelsen er sat på pause.", "Recording is paused."),
        K::AwaitingConsent => {
            ("Der optages intet, før borgeren har sagt ja.", "Nothing is recorded until the citizen has agreed.")
        }
        K::OfflineKeeping => (
            "Der er ingen forbindelse til serveren. Lyden gemmes på denne pc.",
            "There is no contact with the server. Sound is kept on this PC.",
        ),
        K::CatchingUp => {
            ("Forbindelsen er tilbage. Ældre lyd er på vej.", "Contact is back. Older sound is on its way.")
        }
        K::NoSoundNear => ("Der kommer ingen lyd fra mikrofonen.", "No sound comes from the microphone."),
        K::NoSoundFar => ("Der kommer ingen lyd fra borgeren.", "No sound comes from the citizen."),
        K::DiskFull => {
            ("Der kan ikke skrives på disken. Intet optages.", "The disk cannot be written. Nothing is recorded.")
        }
        K::NotAllowed => ("Samtaler må ikke optages her.", "Calls may not be recorded here."),
        K::Idle => ("Ingen samtale.", "No call."),
    };
    Words { da, en }
}

/// What the user can do, if anything.
pub fn next_step(kind: AgentStateKind) -> Option<Words> {
    use AgentStateKind as K;
    let (da, en) = match kind {
        K::NoSoundNear => (
            "Se efter, om headsettet er tilsluttet og ikke er slået fra.",
            "Check that the headset is connected and not muted.",
        ),
        K::NoSoundFar => {
            ("Se efter, om samtalen høres gennem denne pc.", "Check that the call is heard through this PC.")
        }
        K::DiskFull => ("Frigør plads på disken nu.", "Free space on the disk now."),
        K::AwaitingConsent => {
            ("Spørg borgeren, og tryk på Borgeren har sagt ja.", "Ask the citizen, and press The citizen agreed.")
        }
        K::Paused => ("Tryk på Fortsæt, når I vil videre.", "Press Resume when you want to go on."),
        K::Starting => {
            ("Vent med det vigtige, til der står, at der lyttes.", "Wait with what matters until it says listening.")
        }
        K::Listening | K::OfflineKeeping | K::CatchingUp | K::NotAllowed | K::Idle => return None,
    };
    Some(Words { da, en })
}

/// A state, and since when.
#[derive(Debug)]
pub struct Since {
    kind: AgentStateKind,
    since: Instant,
}

impl Since {
    /// Idle, from now on.
    pub fn new(now: Instant) -> Self {
        Self { kind: AgentStateKind::Idle, since: now }
    }

    /// It is so now; gives for how long.
    pub fn is(&mut self, kind: AgentStateKind, now: Instant) -> Duration {
        if kind != self.kind {
            *self = Self { kind, since: now };
        }
        now - self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hurts_most_is_shown_first() {
        let now = Instant::now() + Duration::from_secs(100);
        let fine = Facts {
            withheld: None,
            tracks: Track::BOTH.to_vec(),
            is_disk_failing: false,
            heard: PerTrack { near: Heard::Ago(Duration::ZERO), far: Heard::Ago(Duration::ZERO) },
            is_gone: PerTrack::default(),
            is_muted: false,
            all_zero: Duration::ZERO,
            link: Link::There { behind: 0 },
        };
        let all = |heard| PerTrack { near: heard, far: heard };
        let long = all(Heard::Ago(Duration::from_millis(1100)));
        let away = Link::Away(now - Duration::from_secs(10));
        let just_away = Link::Away(now - Duration::from_secs(1));
        let check = |facts: &Facts, expected| assert_eq!(judge(facts, now), expected, "{facts:?}");
        check(&fine, AgentStateKind::Listening);
        check(&Facts { link: just_away, ..fine.clone() }, AgentStateKind::Listening);
        check(&Facts { link: away, ..fine.clone() }, AgentStateKind::OfflineKeeping);
        check(&Facts { link: Link::There { behind: BEHIND + 1 }, ..fine.clone() }, AgentStateKind::CatchingUp);
        check(&Facts { heard: long, link: away, ..fine.clone() }, AgentStateKind::NoSoundNear);
        check(&Facts { all_zero: Duration::from_secs(20), ..fine.clone() }, AgentStateKind::NoSoundNear);
        check(&Facts { is_muted: true, ..fine.clone() }, AgentStateKind::NoSoundNear);
        // Nothing was heard yet: never listening, first because the devices are being opened.
        let opening = all(Heard::NotYet(Duration::from_millis(300)));
        check(&Facts { heard: opening, ..fine.clone() }, AgentStateKind::Starting);
        check(
            &Facts { heard: PerTrack { near: Heard::Ago(Duration::ZERO), ..opening }, ..fine.clone() },
            AgentStateKind::Starting,
        );
        check(&Facts { heard: opening, link: away, ..fine.clone() }, AgentStateKind::Starting);
        check(
            &Facts { heard: all(Heard::NotYet(Duration::from_secs(6))), ..fine.clone() },
            AgentStateKind::NoSoundNear,
        );
        let far_only = PerTrack { near: Heard::Ago(Duration::ZERO), ..long };
        check(&Facts { heard: far_only, ..fine.clone() }, AgentStateKind::NoSoundFar);
        // A device that went away is not waited for as long as one that is late.
        let late = Facts { heard: all(Heard::Ago(Duration::from_millis(600))), ..fine.clone() };
        check(&late, AgentStateKind::Listening);
        check(&Facts { is_gone: PerTrack { near: true, far: false }, ..late.clone() }, AgentStateKind::NoSoundNear);
        check(&Facts { is_gone: PerTrack { near: false, far: true }, ..late.clone() }, AgentStateKind::NoSoundFar);
        let just_gone = PerTrack { near: true, far: true };
        check(&Facts { is_gone: just_gone, ..fine.clone() }, AgentStateKind::Listening);
        check(&Facts { is_gone: just_gone, heard: opening, ..fine.clone() }, AgentStateKind::Starting);
        let desk_phone = Facts { heard: far_only, tracks: vec![Track::Near], ..fine.clone() };
        check(&desk_phone, AgentStateKind::Listening);
        check(&Facts { is_disk_failing: true, heard: long, ..fine.clone() }, AgentStateKind::DiskFull);
        let withheld = |reason| Facts { withheld: Some(reason), heard: long, link: away, ..fine.clone() };
        check(&withheld(GapReason::BeforeConsent), AgentStateKind::AwaitingConsent);
        check(&withheld(GapReason::Paused), AgentStateKind::Paused);
        check(&Facts { is_disk_failing: true, ..withheld(GapReason::NotAllowed) }, AgentStateKind::NotAllowed);
    }
}
