//! Sound from the PC: the microphone, and what the PC plays.
//!
//! In: which device, by `default` or a part of its name. Out: a tap, a ring that the audio thread fills. `on_samples` is
//! the only code on that thread: it copies, counts what did not fit, and returns; no allocation, lock, log or wait.
//! The ring holds 4 s; when it is full, sound is dropped and counted, and becomes `Gap{overrun}`.
//!
//! On Linux the PulseAudio host comes first (PipeWire speaks it too); what the PC plays is the `.monitor` source of the
//! sink. On Windows and macOS an input stream on the output device is the loopback.
//! Not done here: no resampling, no offsets, no decision to open again.

use crate::clock::Clock;
use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{BufferSize, Device, FromSample, Host, SampleFormat, SizedSample, StreamConfig};
use referent_proto::Track;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Seconds of sound that a ring holds.
const RING_SECONDS: usize = 4;
/// Callbacks a second that are asked for.
const CALLBACKS_PER_SECOND: u32 = 25;
/// How long a device may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// Which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The system's default.
    Default,
    /// The first whose id or name has this in it, upper or lower case.
    Named(String),
}

/// Why a device gives no sound.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is no such device now. Try again later: it may be plugged in.
    #[error("no sound device for {track} fits {wanted:?}; `referent-agent devices` lists what there is")]
    NoSuchDevice {
        /// For which track.
        track: Track,
        /// What was asked for.
        wanted: String,
    },
    /// It is there and cannot be opened. Try again later.
    #[error("the sound device for {track} cannot be opened: {error}")]
    NotOpened {
        /// For which track.
        track: Track,
        /// Why.
        error: cpal::Error,
    },
    /// It gives samples of a kind that is not read. Tell the user: another device is needed.
    #[error("the sound device for {track} gives samples of format {format}")]
    Format {
        /// For which track.
        track: Track,
        /// The format.
        format: SampleFormat,
    },
}

/// What the audio thread tells of itself.
#[derive(Debug)]
struct Said {
    clock: Clock,
    first_us: AtomicU64,
    dropped_frames: AtomicU64,
    is_broken: AtomicBool,
}

/// An open device.
pub struct Tap {
    ring: Consumer<f32>,
    said: Arc<Said>,
    dropped_seen: u64,
    rate: u32,
    channels: usize,
    name: String,
    _stream: cpal::Stream,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({}, {} Hz, {} channels)", self.name, self.rate, self.channels)
    }
}

/// What a tap held.
#[derive(Debug, Default)]
pub struct Drained {
    /// Sound, channels mixed to one.
    pub mono: Vec<f32>,
    /// Frames dropped after it.
    pub dropped: u64,
    /// The boot clock when the first sample since opening was heard, microseconds.
    pub first_us: Option<u64>,
}

impl Tap {
    /// Opens the device for a track and lets it run.
    pub fn open(track: Track, pick: &Pick, clock: &Clock) -> Result<Self, CaptureError> {
        let not_opened = |error| CaptureError::NotOpened { track, error };
        let device = find(track, pick)?;
        let name = device.id().map_or_else(|_| device.to_string(), |id| id.to_string());
        let format = device.default_input_config().or_else(|_| device.default_output_config()).map_err(not_opened)?;
        let rate = format.sample_rate();
        let channels = usize::from(format.channels());
        let config = StreamConfig {
            channels: format.channels(),
            sample_rate: rate,
            // PulseAudio's own choice is 250 ms, too long for words that appear while they are spoken.
            buffer_size: BufferSize::Fixed(rate / CALLBACKS_PER_SECOND),
        };
        let (producer, ring) = RingBuffer::new(rate as usize * channels * RING_SECONDS);
        let said = Arc::new(Said {
            clock: clock.clone(),
            first_us: AtomicU64::new(0),
            dropped_frames: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
        });
        let stream = match format.sample_format() {
            SampleFormat::F32 => start::<f32>(&device, config, producer, &said),
            SampleFormat::I16 => start::<i16>(&device, config, producer, &said),
            SampleFormat::I32 => start::<i32>(&device, config, producer, &said),
            SampleFormat::U8 => start::<u8>(&device, config, producer, &said),
            format => return Err(CaptureError::Format { track, format }),
        }
        .map_err(not_opened)?;
        stream.play().map_err(not_opened)?;
        Ok(Self { ring, said, dropped_seen: 0, rate, channels, name, _stream: stream })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The device's id.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The device has gone: open another.
    pub fn is_broken(&self) -> bool {
        self.said.is_broken.load(Ordering::Acquire)
    }

    /// Frames dropped since it was opened.
    pub fn dropped_frames(&self) -> u64 {
        self.said.dropped_frames.load(Ordering::Acquire)
    }

    /// Takes all that is in the ring.
    pub fn drain(&mut self) -> Drained {
        // Read before the ring: what was dropped by now came after what is in it by now.
        let dropped_now = self.dropped_frames();
        let dropped = dropped_now - self.dropped_seen;
        self.dropped_seen = dropped_now;
        let frames = self.ring.slots() / self.channels;
        let mut mono = Vec::with_capacity(frames);
        if let Ok(chunk) = self.ring.read_chunk(frames * self.channels) {
            #[expect(clippy::cast_precision_loss, reason = "a handful of channels")]
            let share = 1.0 / self.channels as f32;
            let mut sum = 0.0;
            for (at, sample) in chunk.into_iter().enumerate() {
                sum += sample;
                if (at + 1) % self.channels == 0 {
                    mono.push(sum * share);
                    sum = 0.0;
                }
            }
        }
        let first = self.said.first_us.load(Ordering::Acquire);
        Drained { mono, dropped, first_us: (first > 0).then_some(first) }
    }
}

/// A line of `referent-agent devices`.
#[derive(Debug, Clone)]
pub struct DeviceLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it can be used for.
    pub tracks: Vec<Track>,
}

/// What the PC has.
pub fn devices() -> Vec<DeviceLine> {
    let Some(host) = host() else { return Vec::new() };
    let listed = host.devices().into_iter().flatten();
    listed
        .filter_map(|device| {
            let (id, name) = (device.id().ok()?.to_string(), device.description().ok()?.name().to_owned());
            let tracks = Track::BOTH.into_iter().filter(|track| is_for(*track, &id, &device)).collect();
            Some(DeviceLine { id, name, tracks })
        })
        .collect()
}

fn start<T>(
    device: &Device,
    config: StreamConfig,
    mut ring: Producer<f32>,
    said: &Arc<Said>,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let channels = u64::from(config.channels);
    let (on_audio_thread, on_error) = (Arc::clone(said), Arc::clone(said));
    device.build_input_stream::<T, _, _>(
        config,
        move |samples, info| {
            let heard = info.timestamp();
            let age = heard.callback.duration_since(heard.capture);
            on_samples(samples, channels, age, &mut ring, &on_audio_thread);
        },
        move |error| {
            use cpal::ErrorKind::{DeviceChanged, RealtimeDenied, Xrun};
            if !matches!(error.kind(), DeviceChanged | RealtimeDenied | Xrun) {
                on_error.is_broken.store(true, Ordering::Release);
            }
        },
        Some(OPEN_WITHIN),
    )
}

/// The audio thread: copies the samples into the ring, or counts them when they do not fit.
fn on_samples<T>(samples: &[T], channels: u64, age: Duration, ring: &mut Producer<f32>, said: &Said)
where
    T: SizedSample,
    f32: FromSample<T>,
{
    if said.first_us.load(Ordering::Relaxed) == 0 {
        let age_us = u64::try_from(age.as_micros()).unwrap_or(0);
        said.first_us.store(said.clock.boot_us().saturating_sub(age_us).max(1), Ordering::Release);
    }
    match ring.write_chunk_uninit(samples.len()) {
        Ok(chunk) => {
            chunk.fill_from_iter(samples.iter().map(|sample| f32::from_sample_(*sample)));
        }
        Err(_) => {
            said.dropped_frames.fetch_add(samples.len() as u64 / channels, Ordering::Release);
        }
    }
}

/// The first host that answers; PulseAudio before ALSA, which prints noise and knows no monitors.
fn host() -> Option<Host> {
    cpal::available_hosts().into_iter().find_map(|id| cpal::host_from_id(id).ok())
}

fn find(track: Track, pick: &Pick) -> Result<Device, CaptureError> {
    let wanted = match pick {
        Pick::Default => "default".to_owned(),
        Pick::Named(part) => part.clone(),
    };
    let missing = CaptureError::NoSuchDevice { track, wanted };
    let Some(host) = host() else { return Err(missing) };
    let found = match (pick, track) {
        (Pick::Default, Track::Near) => host.default_input_device(),
        (Pick::Default, Track::Far) => host.default_output_device().map(|output| monitor_of(&host, output)),
        (Pick::Named(part), _) => {
            let part = part.to_lowercase();
            let mut listed = host.devices().into_iter().flatten();
            listed.find(|device| {
                let id = device.id().map(|id| id.to_string()).unwrap_or_default();
                let name = device.description().map(|description| description.name().to_owned()).unwrap_or_default();
                let fits = id.to_lowercase().contains(&part) || name.to_lowercase().contains(&part);
                fits && is_for(track, &id, device)
            })
        }
    };
    found.ok_or(missing)
}

/// Where sinks have a monitor source, that; elsewhere the output device itself gives its loopback.
fn monitor_of(host: &Host, output: Device) -> Device {
    let Ok(id) = output.id() else { return output };
    let monitor = format!("{id}.monitor");
    let mut listed = host.devices().into_iter().flatten();
    listed.find(|device| device.id().is_ok_and(|id| id.to_string() == monitor)).unwrap_or(output)
}

fn is_for(track: Track, id: &str, device: &Device) -> bool {
    let is_monitor = id.ends_with(".monitor");
    match track {
        Track::Near => !is_monitor && device.supports_input(),
        Track::Far if cfg!(any(windows, target_os = "macos")) => device.supports_output(),
        Track::Far => is_monitor,
    }
}
