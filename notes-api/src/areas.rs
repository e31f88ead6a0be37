//! The areas in force: which settings a call that begins now gets, and what is wrong with the files on disk.
//!
//! In: a folder of `NAME.toml` (`referent_areas::Folder`), looked into at start and then every two seconds. Out: settings for
//! `ingest`; what the page and `/v1/areas` show.
//!
//! Promises:
//!   R1  A changed file is in force within two looks, if it is whole and right. If it is not, what was in force stays, and
//!       the log, a metric and `/v1/areas` name the line and the reason.
//!   R2  What is in force is in the database first, so that it is there after a restart beside a file that was broken
//!       meanwhile. A file that is broken at start, of an area that never was in force, stops the start.
//!   R3  A call keeps the version that it began with; an unknown or absent name gets `standard`, because a call is never
//!       refused for a spelling.
//!
//! Not done here: what may stand in a file (`referent_areas`), and no SQL. Nobody else in the system puts areas in force.

use crate::clock::Clock;
use crate::store::{Store, Stored};
use anyhow::Context as _;
use referent_areas::{Folder, News, STANDARD, Trouble};
use referent_proto::AreaSettings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Every area.
#[derive(Clone, Debug, Default)]
pub struct Areas(Arc<RwLock<BTreeMap<String, Area>>>);

/// How an area stands.
#[derive(Clone, Debug, Default)]
pub struct Area {
    /// What its calls get; none only where its first file is broken.
    pub in_force: Option<InForce>,
    /// What is wrong with its file on disk now.
    pub problem: Option<Problem>,
}

/// Settings that hold.
#[derive(Clone, Debug)]
pub struct InForce {
    /// What they say.
    pub settings: AreaSettings,
    /// Since when, UTC milliseconds.
    pub since_ms: i64,
}

/// What is wrong with a file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which.
    pub file: PathBuf,
    /// What.
    pub trouble: Trouble,
    /// Since when it is known, UTC milliseconds.
    pub since_ms: i64,
}

/// What keeps the areas like their folder.
pub struct Keeper {
    areas: Areas,
    folder: Folder,
    store: Store,
    clock: Clock,
    is_readable: bool,
}

impl Areas {
    /// The built-in areas and those of the folder, which win; put in force. With a folder, somebody has to
    /// [`Keeper::keep`] them so.
    pub async fn open(folder: Option<&Path>, store: &Store, clock: &Clock) -> anyhow::Result<(Self, Option<Keeper>)> {
        let areas = Self::default();
        let mut keeper = None;
        if let Some(path) = folder {
            let mut folder = Folder::at(path);
            let news = folder.first_look().with_context(|| {
                format!("config: areas = \"{}\" cannot be read; write the path of a folder", path.display())
            })?;
            areas.begin_with(news, store, clock).await?;
            let (areas, store, clock) = (areas.clone(), store.clone(), clock.clone());
            keeper = Some(Keeper { areas, folder, store, clock, is_readable: true });
        }
        // After the files, so that a broken one in the place of a built-in area still has its last good version.
        for settings in referent_areas::built_in() {
            if !areas.all().contains_key(&settings.area) {
                areas.take(settings, store, clock).await?;
            }
        }
        Ok((areas, keeper))
    }

    /// R2: a broken file has its last good version to fall back on, or stops the start.
    async fn begin_with(&self, news: Vec<News>, store: &Store, clock: &Clock) -> anyhow::Result<()> {
        let mut broken = Vec::new();
        for News { area, file, what } in news {
            match what {
                Ok(settings) => self.take(settings, store, clock).await?,
                Err(trouble) => match store.last_in_force(area.clone()).await? {
                    Some((settings, since_ms)) => {
                        self.hold(InForce { settings, since_ms });
                        self.refuse(&area, file, trouble, clock);
                    }
                    None => broken.push(format!("{}: {trouble}", file.display())),
                },
            }
        }
        anyhow::ensure!(broken.is_empty(), "{}", broken.join("; "));
        Ok(())
    }

    /// The settings for a call that begins in the area of that name, or in `standard`.
    ///
    /// # Panics
    /// Never: `standard` is built in.
    pub fn named(&self, name: Option<&str>) -> AreaSettings {
        let asked = name.unwrap_or(STANDARD);
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of = |name: &str| all.get(name).and_then(|area| area.in_force.as_ref()).map(|held| held.settings.clone());
        of(asked).unwrap_or_else(|| {
            tracing::warn!(area = asked, "there is no such area; the call gets the standard one");
            of(STANDARD).expect("standard is built in, and never taken away")
        })
    }

    /// How every area stands, by name.
    pub fn all(&self) -> BTreeMap<String, Area> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// R2: into the database, then into force.
    async fn take(&self, settings: AreaSettings, store: &Store, clock: &Clock) -> Stored<()> {
        let since_ms = store.put_in_force(settings.clone(), clock.now_ms()).await?;
        self.hold(InForce { settings, since_ms });
        Ok(())
    }

    fn hold(&self, in_force: InForce) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let name = in_force.settings.area.clone();
        all.insert(name, Area { in_force: Some(in_force), problem: None });
        count_broken(&all);
    }

    /// R1: what is in force stays.
    fn refuse(&self, name: &str, file: PathBuf, trouble: Trouble, clock: &Clock) {
        tracing::error!(area = name, file = %file.display(), "{trouble}; what was in force stays in force");
        metrics::counter!("referent_area_files_refused_total").increment(1);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(name.to_owned()).or_default().problem = Some(Problem { file, trouble, since_ms: clock.now_ms() });
        count_broken(&all);
    }
}

fn count_broken(all: &BTreeMap<String, Area>) {
    let broken = all.values().filter(|area| area.problem.is_some()).count();
    metrics::gauge!("referent_area_files_broken").set(f64::from(u32::try_from(broken).unwrap_or(u32::MAX)));
}

impl Keeper {
    /// Looks into the folder every so often until shutdown.
    pub async fn keep(mut self, every: Duration, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
            // On a thread of its own: the folder may lie on another machine.
            let looked = tokio::task::spawn_blocking(move || {
                let news = self.folder.look();
                (self, news)
            });
            let Ok((keeper, news)) = looked.await else {
                tracing::error!("the folder of areas is looked into no more; restart this program");
                return;
            };
            self = keeper;
            self.heard(news).await;
        }
    }

    async fn heard(&mut self, news: std::io::Result<Vec<News>>) {
        let news = match news {
            Ok(news) => news,
            Err(error) => {
                if std::mem::take(&mut self.is_readable) {
                    let folder = self.folder.path().display();
                    tracing::error!(%folder, %error, "the folder of areas cannot be read; what is in force stays in force");
                }
                return;
            }
        };
        self.is_readable = true;
        for News { area, file, what } in news {
            match what {
                Err(trouble) => self.areas.refuse(&area, file, trouble, &self.clock),
                Ok(settings) => self.took(settings).await,
            }
        }
    }

    async fn took(&mut self, settings: AreaSettings) {
        let (name, version) = (settings.area.clone(), settings.version.clone());
        match self.areas.take(settings, &self.store, &self.clock).await {
            Ok(()) => tracing::info!(area = name, version, "the file is in force"),
            Err(error) => {
                tracing::warn!(area = name, %error, "the file is right and cannot be stored yet");
                self.folder.again(&name);
            }
        }
    }
}
