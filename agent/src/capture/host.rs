//! Devices through cpal: WASAPI on Windows, `CoreAudio` on macOS, ALSA on a Linux without sound server.
//!
//! On Windows and macOS an input stream on the output device is the loopback; ALSA has none.
//! A second thread looks whether the opened device is still the one that would be opened now.

use super::fits;
use super::{
    CaptureError, DeviceLine, Inlet, LOOK_EVERY, OPEN_WITHIN, Opened, Pick, Running, Said, TIMES_A_SECOND, Tap,
};
use crate::clock::Clock;
use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{BufferSize, Device, FromSample, Host, SampleFormat, SizedSample, StreamConfig};
use referent_proto::Track;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

/// An open stream, and what ends the thread that looks after it.
pub(super) struct Open {
    _stream: cpal::Stream,
    _held: SyncSender<()>,
}

pub(super) fn open(track: Track, pick: &Pick, clock: &Clock) -> Result<Tap, CaptureError> {
    let not_opened = |error: cpal::Error| CaptureError::not_opened(track, error);
    let (device, stands_in) = find(track, pick).ok_or(CaptureError::NoDevice(track))?;
    let id = id_of(&device);
    let format = device.default_input_config().or_else(|_| device.default_output_config()).map_err(not_opened)?;
    let (rate, channels) = (format.sample_rate(), format.channels());
    let config = StreamConfig { channels, sample_rate: rate, buffer_size: BufferSize::Fixed(rate / TIMES_A_SECOND) };
    let said = Said::new(clock);
    let (inlet, ring) = Tap::ring(rate, channels, &said);
    let stream = match format.sample_format() {
        SampleFormat::F32 => start::<f32>(&device, config, inlet, &said),
        SampleFormat::I16 => start::<i16>(&device, config, inlet, &said),
        SampleFormat::I32 => start::<i32>(&device, config, inlet, &said),
        SampleFormat::U8 => start::<u8>(&device, config, inlet, &said),
        format => return Err(CaptureError::not_opened(track, format!("it gives samples of format {format}"))),
    }
    .map_err(not_opened)?;
    stream.play().map_err(not_opened)?;
    let (held, ends) = sync_channel(1);
    let watching = (pick.clone(), id.clone(), Arc::clone(&said));
    let watcher = std::thread::Builder::new().name(format!("watch-{track}"));
    let spawned = watcher.spawn(move || watch(track, &watching.0, &watching.1, &watching.2, &ends));
    spawned.map_err(|error| CaptureError::not_opened(track, error))?;
    let running = Running::Host(Open { _stream: stream, _held: held });
    Ok(Tap::new(Opened { id, rate, channels, stands_in }, ring, said, running))
}

pub(super) fn devices() -> Vec<DeviceLine> {
    let Some(host) = host() else { return Vec::new() };
    let listed = host.devices().into_iter().flatten();
    listed
        .filter_map(|device| {
            let (id, name) = (device.id().ok()?.to_string(), device.description().ok()?.name().to_owned());
            let tracks = Track::BOTH.into_iter().filter(|track| is_for(*track, &device)).collect();
            Some(DeviceLine { id, name, tracks })
        })
        .collect()
}

fn start<T>(
    device: &Device,
    config: StreamConfig,
    mut inlet: Inlet,
    said: &Arc<Said>,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let on_error = Arc::clone(said);
    device.build_input_stream::<T, _, _>(
        config,
        move |samples, info| {
            let heard = info.timestamp();
            let age = heard.callback.duration_since(heard.capture);
            inlet.take(samples.len(), age, samples.iter().map(|sample| f32::from_sample_(*sample)));
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

/// Until the tap is dropped.
fn watch(track: Track, pick: &Pick, opened: &str, said: &Said, ends: &Receiver<()>) {
    while ends.recv_timeout(4 * LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let best = find(track, pick).map(|(device, _)| id_of(&device));
        said.has_better.store(best.is_some_and(|best| best != opened), Ordering::Release);
    }
}

/// The first host that answers.
fn host() -> Option<Host> {
    cpal::available_hosts().into_iter().find_map(|id| cpal::host_from_id(id).ok())
}

/// The device for a track, and whether it stands in for another.
fn find(track: Track, pick: &Pick) -> Option<(Device, bool)> {
    let host = host()?;
    if let Pick::Named(part) = pick {
        let mut listed = host.devices().into_iter().flatten();
        let named = listed.find(|device| {
            let name = device.description().map(|description| description.name().to_owned()).unwrap_or_default();
            fits(part, &id_of(device), &name) && is_for(track, device)
        });
        if let Some(named) = named {
            return Some((named, false));
        }
    }
    let default = match track {
        Track::Near => host.default_input_device(),
        Track::Far => host.default_output_device().filter(|device| is_for(track, device)),
    };
    default.map(|device| (device, *pick != Pick::Default))
}

fn id_of(device: &Device) -> String {
    device.id().map_or_else(|_| device.to_string(), |id| id.to_string())
}

fn is_for(track: Track, device: &Device) -> bool {
    match track {
        Track::Near => device.supports_input(),
        Track::Far => cfg!(any(windows, target_os = "macos")) && device.supports_output(),
    }
}
