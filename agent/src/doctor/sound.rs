//! The sound devices: are they there, do they give anything, is the microphone switched off.
//!
//! In: which devices are configured, the mode of the PC's area, the call that goes on, if one does. Out: four findings.
//!
//! What is heard of a device, at most (D1):
//!   `notice`, `documentation`   a second of the microphone: how many samples, and the loudest
//!   `consent`                   the microphone until its first sample that is not zero, a second at most: is there one
//!   `off`, or a call goes on    nothing: no device is opened
//! Of what the PC plays, always: until the first sample has come, whatever it is. Silence there is no fault.
//!
//! A device is open on a thread of its own; when nobody waits for it any more, it is closed.

use super::running::GoesOn;
use super::{Check, Finding, Outcome, Said};
use crate::capture::{DeviceLine, Pick, Tap, devices};
use crate::clock::Clock;
use crate::config::{Config, SoundConfig};
use referent_proto::{Mode, Track};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// For how long a device is listened to.
const A_SECOND: Duration = Duration::from_secs(1);
/// How long its first sample may take.
const BEGINS_WITHIN: Duration = Duration::from_secs(3);
/// How long a device may take to open, to begin and to be heard; and the list of all of them.
const ALL_WITHIN: Duration = Duration::from_secs(12);
/// How often its ring is looked into.
const LOOK: Duration = Duration::from_millis(40);
/// Below this a microphone is as good as switched off: a step of 16 bit is -90 dB.
const FAINT_DB: f32 = -75.0;

/// What is wanted of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// That a sample comes.
    Any,
    /// That one comes which is not zero.
    NotZero,
    /// How loud a second is.
    Loudness,
}

/// What came.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    samples: usize,
    peak: f32,
}

pub(super) async fn examine(config: &Config, call: Option<GoesOn<'_>>, clock: &Clock) -> Vec<Finding> {
    let SoundConfig::Devices { near, far } = &config.sound else {
        let why = Said::new(
            "Lyden kommer fra filer (sound.kind = \"wav\").",
            "Sound comes from files (sound.kind = \"wav\").",
        );
        let checks = [Check::SoundServer, Check::Microphone, Check::Level, Check::Loopback];
        return checks.map(|check| Finding::not_checked(check, why.clone())).into();
    };
    let there = on_a_thread("doctor-devices", devices).await.unwrap_or_default();
    let served = sound_server(&there);
    if served.outcome == Outcome::Fault {
        let why = Said::new(
            "Det kan først undersøges, når lydsystemet svarer.",
            "It can be looked at once the sound system answers.",
        );
        let others = [Check::Microphone, Check::Level, Check::Loopback];
        return std::iter::once(served).chain(others.map(|check| Finding::not_checked(check, why.clone()))).collect();
    }
    let mut findings = vec![served];
    let mode = config.rule_of(&config.area).mode;
    findings.extend(microphone(&there, near, mode, call, clock).await);
    findings.push(loopback(&there, far.as_ref(), mode, call, clock).await);
    findings
}

fn sound_server(there: &[DeviceLine]) -> Finding {
    let check = Check::SoundServer;
    // Without PulseAudio or PipeWire, ALSA is what is left, and that knows nothing of what the PC plays.
    let is_served = if cfg!(target_os = "linux") {
        there.iter().any(|device| !device.id.to_lowercase().starts_with("alsa"))
    } else {
        !there.is_empty()
    };
    if is_served {
        let count = there.iter().filter(|device| !device.tracks.is_empty()).count();
        return Finding::ok(
            check,
            Said::new(format!("Svarer; {count} lydkilder."), format!("It answers; {count} sources of sound.")),
        );
    }
    Finding::fault(
        check,
        Said::new("Pc'ens lydsystem svarer ikke.", "The PC's sound system does not answer."),
        Said::new(
            "Log ud og ind igen. På Linux: systemctl --user start pipewire-pulse (eller pulseaudio).",
            "Log out and in again. On Linux: systemctl --user start pipewire-pulse (or pulseaudio).",
        ),
    )
}

async fn microphone(
    there: &[DeviceLine],
    near: &Pick,
    mode: Mode,
    call: Option<GoesOn<'_>>,
    clock: &Clock,
) -> [Finding; 2] {
    let no_level = |why: Said| Finding::not_checked(Check::Level, why);
    if let Err(missing) = fits(there, Track::Near, near) {
        let remedy = Said::new(
            "Tilslut headsettet, eller vælg et navn fra `referent-agent devices` (sound.near).",
            "Connect the headset, or choose a name that `referent-agent devices` lists (sound.near).",
        );
        let why = Said::new("Der er ingen mikrofon at lytte til.", "There is no microphone to listen to.");
        return [Finding::fault(Check::Microphone, missing, remedy), no_level(why)];
    }
    if let Some(why) = stays_closed(mode, call) {
        let finding = match call.and_then(|call| call.problem(Track::Near)) {
            Some(problem) => Finding::fault(Check::Microphone, problem, not_heard(Track::Near)),
            None => Finding::ok(Check::Microphone, Said::new("Den er tilsluttet.", "It is connected.")),
        };
        return [finding, no_level(why)];
    }
    let wanted = if mode == Mode::Consent { Wanted::NotZero } else { Wanted::Loudness };
    match listen(Track::Near, near, wanted, clock).await {
        Err(problem) => [Finding::fault(Check::Microphone, problem, not_heard(Track::Near)), no_level(unheard())],
        Ok(heard) if heard.samples == 0 => {
            let seen = Said::new("Den er åben, og der kommer intet fra den.", "It is open, and nothing comes from it.");
            [Finding::fault(Check::Microphone, seen, not_heard(Track::Near)), no_level(unheard())]
        }
        Ok(heard) => [
            Finding::ok(Check::Microphone, Said::new("Der kommer lyd fra den.", "Sound comes from it.")),
            level(heard, wanted),
        ],
    }
}

fn unheard() -> Said {
    Said::new("Der kom intet at måle.", "Nothing came that could be measured.")
}

fn level(heard: Heard, wanted: Wanted) -> Finding {
    let check = Check::Level;
    let loudest = 20.0 * heard.peak.log10();
    if heard.peak == 0.0 {
        return Finding::fault(
            check,
            Said::new(
                "Mikrofonen giver kun nuller: den er slået fra.",
                "The microphone gives nothing but zeros: it is switched off.",
            ),
            Said::new(
                "Slå mikrofonen til på headsettet og i lydindstillingerne, og giv programmer lov til at bruge den.",
                "Switch the microphone on, on the headset and in the sound settings, and allow programs to use it.",
            ),
        );
    }
    if wanted != Wanted::Loudness {
        return Finding::ok(
            check,
            Said::new(
                "Den er ikke slået fra. Hvor høj lyden er, måles ikke, hvor borgeren først skal sige ja.",
                "It is not switched off. How loud it is is not measured where the citizen must agree first.",
            ),
        );
    }
    if loudest < FAINT_DB {
        return Finding::warning(
            check,
            Said::new(
                format!("Det højeste i et sekund er {loudest:.0} dB."),
                format!("The loudest of a second is {loudest:.0} dB."),
            ),
            Said::new(
                "Skru op for mikrofonen i systemets lydindstillinger.",
                "Turn the microphone up in the system's sound settings.",
            ),
        );
    }
    Finding::ok(
        check,
        Said::new(
            format!("Det højeste i et sekund er {loudest:.0} dB."),
            format!("The loudest of a second is {loudest:.0} dB."),
        ),
    )
}

async fn loopback(
    there: &[DeviceLine],
    far: Option<&Pick>,
    mode: Mode,
    call: Option<GoesOn<'_>>,
    clock: &Clock,
) -> Finding {
    let check = Check::Loopback;
    let Some(far) = far else {
        let why = "sound.far = \"none\"";
        return Finding::not_checked(
            check,
            Said::new(
                format!("Pc'en hører ikke borgeren ({why})."),
                format!("The PC does not hear the citizen ({why})."),
            ),
        );
    };
    if let Err(missing) = fits(there, Track::Far, far) {
        let remedy = Said::new(
            "Tilslut det, borgeren høres i, eller vælg et navn fra `referent-agent devices` (sound.far).",
            "Connect what the citizen is heard from, or choose a name that `referent-agent devices` lists (sound.far).",
        );
        return Finding::fault(check, missing, remedy);
    }
    if stays_closed(mode, call).is_some() {
        return match call.and_then(|call| call.problem(Track::Far)) {
            Some(problem) => Finding::fault(check, problem, not_heard(Track::Far)),
            None => {
                Finding::ok(check, Said::new("Den er der; den blev ikke åbnet.", "It is there; it was not opened."))
            }
        };
    }
    match listen(Track::Far, far, Wanted::Any, clock).await {
        Err(problem) => Finding::fault(check, problem, not_heard(Track::Far)),
        Ok(heard) if heard.samples > 0 => {
            Finding::ok(check, Said::new("Det, som pc'en spiller, kan optages.", "What the PC plays can be captured."))
        }
        // There a loopback gives nothing while nothing is played.
        Ok(_) if cfg!(windows) => {
            let why = Said::new("Pc'en spiller intet lige nu.", "The PC plays nothing now.");
            Finding::not_checked(check, why)
        }
        Ok(_) => {
            let seen = Said::new("Den er åben, og der kommer intet fra den.", "It is open, and nothing comes from it.");
            Finding::fault(check, seen, not_heard(Track::Far))
        }
    }
}

fn not_heard(track: Track) -> Said {
    match track {
        Track::Near => Said::new(
            "Tag headsettet ud og sæt det i igen. Se efter, at intet andet program har det for sig selv.",
            "Unplug the headset and plug it in again. Check that no other program has it for itself.",
        ),
        Track::Far => Said::new(
            "Se efter, at samtalen høres gennem denne pc, og vælg dens udgang i systemets lydindstillinger.",
            "Check that the call is heard through this PC, and choose its output in the system's sound settings.",
        ),
    }
}

/// Whether a device fits; if none does, what was looked for.
fn fits(there: &[DeviceLine], track: Track, pick: &Pick) -> Result<(), Said> {
    let mut for_track = there.iter().filter(|device| device.tracks.contains(&track));
    match pick {
        Pick::Default => for_track.next().map(drop).ok_or_else(|| match track {
            Track::Near => Said::new("Pc'en har ingen mikrofon.", "The PC has no microphone."),
            Track::Far => {
                Said::new("Intet på pc'en fortæller, hvad den spiller.", "Nothing on the PC tells what it plays.")
            }
        }),
        Pick::Named(part) => {
            let wanted = part.to_lowercase();
            let is_it = |device: &DeviceLine| {
                device.id.to_lowercase().contains(&wanted) || device.name.to_lowercase().contains(&wanted)
            };
            for_track.any(is_it).then_some(()).ok_or_else(|| {
                Said::new(
                    format!("Ingen lydkilde passer til \"{part}\"."),
                    format!("No source of sound fits \"{part}\"."),
                )
            })
        }
    }
}

/// Why no device may be opened now, if none may.
fn stays_closed(mode: Mode, call: Option<GoesOn<'_>>) -> Option<Said> {
    if call.is_some() {
        return Some(Said::new(
            "En samtale er i gang; agenten har mikrofonen.",
            "A call goes on; the agent has the microphone.",
        ));
    }
    (mode == Mode::Off).then(|| {
        Said::new(
            "Der må ikke optages her, så ingen enhed åbnes.",
            "Nothing may be recorded here, so no device is opened.",
        )
    })
}

/// Opens a device until there is what is wanted, and closes it again.
async fn listen(track: Track, pick: &Pick, wanted: Wanted, clock: &Clock) -> Result<Heard, Said> {
    let (asks, gone) = sync_channel::<()>(1);
    let (pick, clock) = (pick.clone(), clock.clone());
    let heard = on_a_thread("doctor-listens", move || hear(track, &pick, wanted, &clock, &gone)).await;
    drop(asks);
    match heard {
        Some(Ok(heard)) => Ok(heard),
        Some(Err(error)) => {
            Err(Said::new(format!("Den kan ikke åbnes ({error})."), format!("It cannot be opened ({error}).")))
        }
        None => Err(Said::new("Den svarer ikke.", "It does not answer.")),
    }
}

fn hear(track: Track, pick: &Pick, wanted: Wanted, clock: &Clock, gone: &Receiver<()>) -> Result<Heard, String> {
    let mut tap = Tap::open(track, pick, clock).map_err(|error| error.to_string())?;
    let (opened, mut began) = (Instant::now(), None);
    let mut heard = Heard::default();
    loop {
        let is_alone = gone.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected);
        let drained = tap.drain();
        heard.samples += drained.mono.len();
        heard.peak = drained.mono.iter().fold(heard.peak, |peak, sample| peak.max(sample.abs()));
        if heard.samples > 0 {
            began.get_or_insert_with(Instant::now);
        }
        let has_enough = match (wanted, began) {
            (_, None) => opened.elapsed() >= BEGINS_WITHIN,
            (Wanted::Any, Some(_)) => true,
            (Wanted::NotZero, Some(began)) => heard.peak > 0.0 || began.elapsed() >= A_SECOND,
            (Wanted::Loudness, Some(began)) => began.elapsed() >= A_SECOND,
        };
        if has_enough || is_alone {
            return Ok(heard);
        }
    }
}

/// What it gives, unless it takes too long: a sound system that hangs would hang the doctor.
async fn on_a_thread<T: Send + 'static>(name: &str, what: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = oneshot::channel();
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || drop(tell.send(what())));
    spawned.ok()?;
    tokio::time::timeout(ALL_WITHIN, told).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_a_fault_and_a_quiet_room_is_none() {
        let check = |peak, wanted, outcome| {
            let finding = level(Heard { samples: 48_000, peak }, wanted);
            assert_eq!(finding.outcome, outcome, "{finding:?}");
        };
        check(0.0, Wanted::Loudness, Outcome::Fault);
        check(0.0, Wanted::NotZero, Outcome::Fault);
        check(0.000_03, Wanted::NotZero, Outcome::Ok);
        check(0.000_03, Wanted::Loudness, Outcome::Warning);
        check(0.001, Wanted::Loudness, Outcome::Ok);
        check(1.0, Wanted::Loudness, Outcome::Ok);
    }

    #[test]
    fn a_name_fits_part_of_a_name_or_an_id_of_its_own_track() {
        let device = |id: &str, name: &str, track| DeviceLine { id: id.into(), name: name.into(), tracks: vec![track] };
        let there =
            [device("pulseaudio:usb", "Headset", Track::Near), device("pulseaudio:usb.monitor", "Monitor", Track::Far)];
        let check = |track, part: &str, expected| {
            assert_eq!(fits(&there, track, &Pick::Named(part.into())).is_ok(), expected, "{track} {part}");
        };
        check(Track::Near, "HEAD", true);
        check(Track::Near, "usb", true);
        check(Track::Near, "monitor", false);
        check(Track::Far, "monitor", true);
        check(Track::Far, "headset", false);
        assert!(fits(&there, Track::Far, &Pick::Default).is_ok());
        assert!(fits(&there[..1], Track::Far, &Pick::Default).is_err());
    }
}
