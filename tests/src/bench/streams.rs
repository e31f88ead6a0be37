//! How many calls the machine carries, against what the engine alone could: with the embedded model and with shapes.
//!
//! Calls that all last equally long are sent in real time, more of them from point to point, until the lag is more than a
//! caseworker follows. Between the last number that was followed and the first that was not, the lag is taken to grow in
//! a straight line. It grows faster than that, so what is read off the line is too few rather than too many; and it makes
//! a figure of a model of which the machine carries five calls comparable to one of which it carries fifty.

use super::load::{Ceiling, Point, Ways, point_in};
use super::model::{Model, Name, sounds};
use crate::SampleCall;
use crate::crowd::Sound;
use crate::figures::{Extent, Figures};
use crate::world::World;
use anyhow::{Context as _, Result};
use referent_pipeline::config::Context;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Lag that a caseworker still follows, in seconds.
const LAG: f64 = 2.0;
/// So long each call plays; in a trial shorter.
const SECONDS: usize = 70;
const TRIAL_SECONDS: usize = 20;
/// Per cent of the ceiling, upwards while the lag is followed.
const UPWARDS: [u32; 7] = [70, 75, 80, 85, 90, 95, 100];
/// And downwards, where the first is not.
const DOWNWARDS: [u32; 5] = [60, 50, 40, 30, 20];
/// After so long no further point is begun.
const LONGEST: Duration = Duration::from_mins(8);

/// Measures one model.
pub async fn streams(name: Name, context: Context, ways: Ways, extent: Extent) -> Result<()> {
    let begun = Instant::now();
    let mut model = Model::prepare(name, context)?;
    if ways == Ways::Secured {
        model.key.push_str("_secured");
    }
    let (mut calls, mut seconds) = (SampleCall::all()?, SECONDS);
    if extent == Extent::Trial {
        calls.truncate(2);
        seconds = TRIAL_SECONDS;
    }
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let ceiling = Ceiling::measure(&model, &calls, seconds as f64, ways).await?;
    let sounds: Vec<Sound> = sounds(&calls)?.iter().map(|sound| sound.repeated(seconds * 16_000)).collect();
    let mut curve: Vec<Point> = Vec::new();
    let steps: &[u32] = if extent == Extent::Trial { &UPWARDS[..1] } else { &UPWARDS };
    for per_cent in steps {
        add_point(&mut curve, &model, &ceiling, &sounds, *per_cent, ways).await?;
        if curve.iter().any(|point| point.p95 > LAG) || begun.elapsed() > LONGEST {
            break;
        }
    }
    if extent == Extent::Whole {
        for per_cent in DOWNWARDS {
            if curve.iter().any(|point| point.p95 <= LAG) || begun.elapsed() > LONGEST {
                break;
            }
            add_point(&mut curve, &model, &ceiling, &sounds, per_cent, ways).await?;
        }
    }
    write(&model, &ceiling, &curve, extent)
}

/// One more point, unless there is one of as many calls.
async fn add_point(
    curve: &mut Vec<Point>,
    model: &Model,
    ceiling: &Ceiling,
    sounds: &[Sound],
    per_cent: u32,
    ways: Ways,
) -> Result<()> {
    let calls = ceiling.calls_at(f64::from(per_cent) / 100.0);
    if curve.iter().any(|point| point.calls == calls) {
        return Ok(());
    }
    tracing::info!(model = model.key, per_cent, calls, "playing");
    let folder = tempfile::tempdir()?;
    let world = ways.of(World::builder(folder.path()).recogniser_table(model.table(false))).start().await?;
    let point = point_in(world, sounds, calls).await?;
    tracing::info!(?point, per_cent, "measured");
    curve.push(point);
    Ok(())
}

fn write(model: &Model, ceiling: &Ceiling, curve: &[Point], extent: Extent) -> Result<()> {
    let key = &model.key;
    let figures = Figures::of_extent(&command(key), extent)?;
    let load70 = curve.first().context("a curve has points")?;
    let lag_key = if key == "embedded" { "lag_s.load70.p95".into() } else { format!("lag_s.load70.{key}.p95") };
    let more = json!({ "calls": load70.calls, "p50": load70.p50, "sent_elsewhere": load70.elsewhere });
    figures.write(&lag_key, load70.p95, "s", load70.utterances, &more)?;
    let points: Vec<Value> = curve.iter().map(Point::row).collect();
    let best = curve.iter().filter(|point| point.p95 <= LAG).max_by_key(|point| point.calls);
    let (carried, cores) = best.map_or((0.0, load70.cores), |best| (carried(best, curve), best.cores));
    let share = carried / (ceiling.per_core * cores);
    let more = json!({ "calls": best.map_or(0, |best| best.calls), "carried": carried, "carried_per_core": carried / cores,
        "cores": cores, "ceiling_calls_per_core": ceiling.per_core, "curve": points });
    let n = best.map_or(0, |best| best.utterances);
    figures.write(&format!("streams.{key}.share_of_ceiling"), share, "share", n, &more)
}

/// As the Makefile calls it.
fn command(key: &str) -> String {
    match (key, key.strip_suffix("_full")) {
        ("embedded", _) => "make bench-streams".into(),
        ("embedded_secured", _) => "make bench-streams-secured".into(),
        (_, Some(model)) => format!("make bench-streams-full-{model}"),
        (model, None) => format!("make bench-streams-{model}"),
    }
}

/// Calls that would have been followed within [`LAG`], read off the line from this point to the next above.
#[expect(clippy::cast_precision_loss, reason = "some dozens of calls")]
fn carried(best: &Point, curve: &[Point]) -> f64 {
    let next = curve.iter().filter(|point| point.calls > best.calls).min_by_key(|point| point.calls);
    let from = best.calls as f64;
    next.map_or(from, |next| from + (next.calls as f64 - from) * (LAG - best.p95) / (next.p95 - best.p95))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_is_read_off_the_line() {
        let point = |calls, p95| Point { calls, p50: 0.5, p95, cores: 1.8, utterances: 100, elsewhere: 0 };
        let curve = [point(10, 0.9), point(11, 1.0), point(12, 3.0)];
        assert!((carried(&curve[1], &curve) - 11.5).abs() < 1e-9);
        assert!((carried(&curve[1], &curve[..2]) - 11.0).abs() < 1e-9, "nothing is made up beyond the last");
    }

    #[test]
    fn the_command_is_the_target() {
        for (key, target) in [
            ("embedded", "streams"),
            ("embedded_secured", "streams-secured"),
            ("tiny", "streams-tiny"),
            ("tiny_full", "streams-full-tiny"),
        ] {
            assert_eq!(command(key), format!("make bench-{target}"));
        }
    }
}
