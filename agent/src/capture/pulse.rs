//! Devices through PulseAudio, or PipeWire, which speaks its protocol.
//!
//! What the PC plays is the monitor source of the sink. One thread for each open device: it opens the stream, then looks
//! twice a second, and at once when no sound comes any more, whether the stream still lives and which device would be opened
//! now.
//!
//! Not through cpal, because cpal 0.18 lets the server hold no more than one fragment of a recording stream: when this
//! process is held up for longer than the 40 ms of that, the server drops sound and tells nobody
//! (docs/decisions/0018). Here it may hold all that it can, which is 4 MiB: 10 s of two channels.

use super::{
    CaptureError, DeviceLine, Inlet, LOOK_EVERY, OPEN_WITHIN, Opened, Pick, Running, Said, TIMES_A_SECOND, Tap, fits,
};
use crate::clock::Clock;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, RecordStreamParams, SampleFormat, SampleSpec, ServerInfo, SourceInfo};
use pulseaudio::{Client, ClientError, RecordStream};
use referent_proto::Track;
use std::ffi::CStr;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often it is seen whether sound comes; nobody is asked for that.
const GLANCE_EVERY: Duration = Duration::from_millis(100);
/// A stream gives something 25 times a second. The server does not say that a device was pulled out.
const LATE_AFTER: Duration = Duration::from_millis(200);
/// How long the server may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// After so many questions in a row without an answer an open device is given up.
const UNANSWERED: usize = 4;

/// An open stream; the thread that holds it ends when this is dropped, and lets go of the device.
pub(super) struct Open {
    _stop: oneshot::Sender<()>,
}

/// A question to the server has no answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("it took too long")]
    InTime,
    #[error(transparent)]
    Refused(#[from] ClientError),
}

impl From<Unanswered> for CaptureError {
    fn from(unanswered: Unanswered) -> Self {
        Self::NoServer(unanswered.to_string())
    }
}

/// A source of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    index: u32,
    name: String,
    description: String,
    /// The sink that it hears, if it is a monitor.
    monitor_of: Option<String>,
    spec: SampleSpec,
    map: ChannelMap,
    is_muted: bool,
}

/// What the server has.
#[derive(Debug, Clone, Default)]
struct Seen {
    sources: Vec<Source>,
    default_source: Option<String>,
    default_sink: Option<String>,
}

/// Whether a server is to be expected.
pub(super) fn is_there() -> bool {
    pulseaudio::socket_path_from_env().is_some()
}

pub(super) fn open(track: Track, pick: &Pick, clock: &Clock) -> Result<Tap, CaptureError> {
    let (tell, told) = sync_channel(1);
    let (pick, said) = (pick.clone(), Said::new(clock));
    on_a_thread(format!("sound-{track}"), move || async move { hold(track, &pick, &said, &tell).await })
        .map_err(|error| CaptureError::not_opened(track, error))?;
    told.recv_timeout(OPEN_WITHIN).unwrap_or_else(|_| Err(Unanswered::InTime.into()))
}

pub(super) fn devices() -> Vec<DeviceLine> {
    let (tell, told) = sync_channel(1);
    let asking = on_a_thread("sound-devices".to_owned(), move || async move {
        let seen = match connect() {
            Ok(client) => within(look(&client)).await.unwrap_or_default(),
            Err(_) => Seen::default(),
        };
        tell.send(seen).ok();
    });
    let seen = asking.ok().and_then(|()| told.recv_timeout(OPEN_WITHIN).ok()).unwrap_or_default();
    let line = |source: Source| DeviceLine {
        tracks: Track::BOTH.into_iter().filter(|track| source.is_for(*track)).collect(),
        id: source.id(),
        name: source.description,
    };
    seen.sources.into_iter().map(line).collect()
}

/// Runs what waits for the server on a thread of its own: a server that hangs hangs nobody else.
fn on_a_thread<F>(name: String, work: impl FnOnce() -> F + Send + 'static) -> std::io::Result<()>
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name(name).spawn(move || runtime.block_on(work()))?;
    Ok(())
}

/// Opens the device, says so, and looks after it until nobody wants it any more or it is gone.
async fn hold(track: Track, pick: &Pick, said: &Arc<Said>, tell: &SyncSender<Result<Tap, CaptureError>>) {
    let (stop, mut stopped) = oneshot::channel();
    let (client, stream, opened) = match start(track, pick, said, stop).await {
        Ok((client, stream, tap)) => {
            let opened = tap.name().to_owned();
            if tell.send(Ok(tap)).is_err() {
                return; // It took too long.
            }
            (client, stream, opened)
        }
        Err(error) => {
            tell.send(Err(error)).ok();
            return;
        }
    };
    let (mut unanswered, mut looked_at, mut was_late) = (0, Instant::now(), false);
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = tokio::time::sleep(GLANCE_EVERY) => {}
        }
        let is_late = said.is_late(LATE_AFTER);
        let is_news = is_late && !was_late;
        was_late = is_late;
        if !is_news && looked_at.elapsed() < LOOK_EVERY {
            continue;
        }
        looked_at = Instant::now();
        let looked = within(async {
            // A stream of a device that has gone has no timing.
            stream.timing_info().await?;
            look(&client).await
        });
        let seen = match looked.await {
            Ok(seen) => seen,
            // On a PC that is busy an answer takes its time, and the sound comes all the same.
            Err(Unanswered::InTime) if unanswered < UNANSWERED => {
                unanswered += 1;
                continue;
            }
            Err(_) => {
                said.is_broken.store(true, Ordering::Release);
                return;
            }
        };
        unanswered = 0;
        let (best, ours) = (seen.choose(track, pick), seen.sources.iter().find(|source| source.id() == opened));
        said.has_better.store(best.is_some_and(|(best, _)| best.id() != opened), Ordering::Release);
        said.is_muted.store(ours.is_some_and(|ours| ours.is_muted), Ordering::Release);
    }
}

async fn start(
    track: Track,
    pick: &Pick,
    said: &Arc<Said>,
    stop: oneshot::Sender<()>,
) -> Result<(Client, RecordStream, Tap), CaptureError> {
    let client = connect()?;
    let seen = within(look(&client)).await?;
    let (source, stands_in) = seen.choose(track, pick).ok_or(CaptureError::NoDevice(track))?;
    let (rate, channels) = (source.spec.sample_rate, u16::from(source.spec.channels));
    let (inlet, ring) = Tap::ring(rate, channels, said);
    let stream = within(async {
        let stream = client.create_record_stream(source.params(), into(inlet, rate)).await?;
        stream.uncork().await?;
        Ok(stream)
    })
    .await
    .map_err(|error| CaptureError::not_opened(track, error))?;
    said.is_muted.store(source.is_muted, Ordering::Release);
    let device = Opened { id: source.id(), rate, channels, stands_in };
    let tap = Tap::new(device, ring, Arc::clone(said), Running::Pulse(Open { _stop: stop }));
    Ok((client, stream, tap))
}

/// What the server's thread calls with samples: 32-bit floats in this machine's order, all channels.
fn into(mut inlet: Inlet, rate: u32) -> impl FnMut(&[u8]) + Send + 'static {
    move |bytes| {
        let (samples, _) = bytes.as_chunks::<4>();
        let frames = samples.len() as u64 / inlet.channels;
        let age = Duration::from_micros(frames * 1_000_000 / u64::from(rate));
        inlet.take(samples.len(), age, samples.iter().map(|sample| f32::from_ne_bytes(*sample)));
    }
}

fn connect() -> Result<Client, CaptureError> {
    Client::from_env(c"referent-agent").map_err(|error| CaptureError::NoServer(error.to_string()))
}

async fn within<T>(asked: impl Future<Output = Result<T, ClientError>>) -> Result<T, Unanswered> {
    Ok(tokio::time::timeout(ANSWERS_WITHIN, asked).await.map_err(|_| Unanswered::InTime)??)
}

async fn look(client: &Client) -> Result<Seen, ClientError> {
    let ServerInfo { default_source_name, default_sink_name, .. } = client.server_info().await?;
    let sources = client.list_sources().await?;
    Ok(Seen {
        sources: sources.into_iter().map(Source::from).collect(),
        default_source: default_source_name.as_deref().map(text),
        default_sink: default_sink_name.as_deref().map(text),
    })
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}

impl From<SourceInfo> for Source {
    fn from(info: SourceInfo) -> Self {
        Self {
            index: info.index,
            name: text(&info.name),
            description: info.description.as_deref().map(text).unwrap_or_default(),
            monitor_of: info.monitor_of_sink_name.as_deref().map(text),
            spec: info.sample_spec,
            map: info.channel_map,
            is_muted: info.muted,
        }
    }
}

impl Source {
    fn id(&self) -> String {
        format!("pulseaudio:{}", self.name)
    }

    fn is_for(&self, track: Track) -> bool {
        self.monitor_of.is_some() == (track == Track::Far)
    }

    fn params(&self) -> RecordStreamParams {
        let format = if cfg!(target_endian = "little") { SampleFormat::Float32Le } else { SampleFormat::Float32Be };
        let spec = SampleSpec { format, ..self.spec };
        let fragment = spec.sample_rate / TIMES_A_SECOND * u32::from(spec.channels) * 4;
        RecordStreamParams {
            sample_spec: spec,
            channel_map: self.map,
            source_index: Some(self.index),
            // The greatest length there is, so that nothing is dropped while this process waits for its turn.
            buffer_attr: BufferAttr { max_length: u32::MAX, fragment_size: fragment, ..BufferAttr::default() },
            flags: StreamFlags {
                start_corked: true,
                adjust_latency: true,
                // Else the server would put another device in the place of one that goes away, perhaps a monitor.
                no_move: true,
                ..StreamFlags::default()
            },
            ..RecordStreamParams::default()
        }
    }
}

impl Seen {
    /// The source for a track, and whether it stands in for another.
    fn choose(&self, track: Track, pick: &Pick) -> Option<(&Source, bool)> {
        let mut fitting = self.sources.iter().filter(|source| source.is_for(track));
        if let Pick::Named(part) = pick {
            let named = fitting.clone().find(|source| fits(part, &source.id(), &source.description));
            if let Some(named) = named {
                return Some((named, false));
            }
        }
        let is_default = |source: &&Source| match track {
            Track::Near => Some(&source.name) == self.default_source.as_ref(),
            Track::Far => source.monitor_of == self.default_sink,
        };
        // A PC whose default is a monitor, or that has none, may have a microphone all the same.
        let source = fitting.clone().find(is_default).or_else(|| fitting.next())?;
        Some((source, *pick != Pick::Default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, description: &str, monitor_of: Option<&str>) -> Source {
        Source {
            index: 0,
            name: name.to_owned(),
            description: description.to_owned(),
            monitor_of: monitor_of.map(str::to_owned),
            spec: SampleSpec { format: SampleFormat::S16Le, channels: 1, sample_rate: 48_000 },
            map: ChannelMap::mono(),
            is_muted: false,
        }
    }

    fn pc() -> Seen {
        Seen {
            sources: vec![
                source("out.monitor", "Monitor of Speakers", Some("out")),
                source("mic", "Built-in Microphone", None),
                source("usb", "Jabra Evolve 20", None),
                source("usb-out.monitor", "Monitor of Jabra Evolve 20", Some("usb-out")),
            ],
            default_source: Some("mic".to_owned()),
            default_sink: Some("out".to_owned()),
        }
    }

    #[track_caller]
    fn check(seen: &Seen, track: Track, pick: &Pick, expected: Option<(&str, bool)>) {
        assert_eq!(seen.choose(track, pick).map(|(source, stands_in)| (source.name.as_str(), stands_in)), expected);
    }

    #[test]
    fn the_wanted_device_is_taken_and_the_default_stands_in_for_it() {
        let jabra = Pick::Named("jabra".to_owned());
        let plantronics = Pick::Named("Plantronics".to_owned());
        check(&pc(), Track::Near, &Pick::Default, Some(("mic", false)));
        check(&pc(), Track::Far, &Pick::Default, Some(("out.monitor", false)));
        check(&pc(), Track::Near, &jabra, Some(("usb", false)));
        check(&pc(), Track::Far, &jabra, Some(("usb-out.monitor", false)));
        check(&pc(), Track::Near, &plantronics, Some(("mic", true)));
        check(&pc(), Track::Far, &plantronics, Some(("out.monitor", true)));
    }

    #[test]
    fn what_the_pc_plays_is_never_taken_for_the_microphone() {
        let mut seen = pc();
        seen.default_source = Some("out.monitor".to_owned());
        check(&seen, Track::Near, &Pick::Default, Some(("mic", false)));
        seen.sources.retain(|source| source.monitor_of.is_some());
        check(&seen, Track::Near, &Pick::Default, None);
        check(&seen, Track::Near, &Pick::Named("out".to_owned()), None);
        check(&Seen::default(), Track::Far, &Pick::Default, None);
    }
}
