//! Versions of area settings, each kept once, and which one of an area holds.

use super::{Store, Stored, Tx, from_json, json};
use referent_proto::AreaSettings;

/// Keeps a version of an area's settings, once.
pub(crate) async fn keep(tx: &mut Tx, area: &AreaSettings, now_ms: i64) -> Stored<()> {
    run!(
        tx,
        "INSERT INTO area_versions (version, area, settings, first_seen_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (version) DO NOTHING",
        area.version.as_str(),
        area.area.as_str(),
        json(area),
        now_ms
    )
    .map(drop)
}

/// The settings of a version.
pub(crate) async fn of_version(tx: &mut Tx, version: &str) -> Stored<AreaSettings> {
    let found = row!(tx, (String,), "SELECT settings FROM area_versions WHERE version = $1", version)?;
    from_json("area_versions.settings", found.as_ref().map_or("", |(settings,)| settings))
}

impl Store {
    /// This version of its area holds from now on. Since when it does: now, unless it did before.
    pub async fn put_in_force(&self, area: AreaSettings, now_ms: i64) -> Stored<i64> {
        self.write(move |tx| Box::pin(put(tx, area, now_ms))).await
    }

    /// What held of an area when somebody looked last, and since when.
    pub async fn last_in_force(&self, area: String) -> Stored<Option<(AreaSettings, i64)>> {
        self.read(move |tx| Box::pin(last(tx, area))).await
    }
}

async fn put(tx: &mut Tx, area: AreaSettings, now_ms: i64) -> Stored<i64> {
    keep(tx, &area, now_ms).await?;
    run!(
        tx,
        "INSERT INTO areas_in_force (area, version, since_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (area) DO UPDATE SET version = excluded.version, since_ms = excluded.since_ms \
         WHERE areas_in_force.version <> excluded.version",
        area.area.as_str(),
        area.version.as_str(),
        now_ms
    )?;
    let since = row!(tx, (i64,), "SELECT since_ms FROM areas_in_force WHERE area = $1", area.area.as_str())?;
    Ok(since.map_or(now_ms, |(since_ms,)| since_ms))
}

async fn last(tx: &mut Tx, area: String) -> Stored<Option<(AreaSettings, i64)>> {
    let found = row!(
        tx,
        (String, i64),
        "SELECT v.settings, f.since_ms FROM areas_in_force f JOIN area_versions v ON v.version = f.version \
         WHERE f.area = $1",
        area.as_str()
    )?;
    let read = |(settings, since_ms): (String, i64)| Ok((from_json("area_versions.settings", &settings)?, since_ms));
    found.map(read).transpose()
}
