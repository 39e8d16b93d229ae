//! The prompts of an engine: loaded, reloaded when their folder changes, pinned.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tracing::{info, warn};

use super::Engine;
use crate::check::Faults;
use crate::config::PromptOrigin;
use crate::error::EngineError;
use crate::event::What;
use crate::prompt::{Prompts, Source, VersionStatus, Watcher};
use crate::request::shown;

/// The path of a fault of all prompts.
const PATH: &str = "config.prompts";

/// The prompts in use, and where they come from.
pub(super) struct Book {
    current: ArcSwap<Prompts>,
    /// Tells which of two readings began later.
    readings: AtomicU64,
    last: Mutex<Last>,
    watcher: Mutex<Option<Watcher>>,
}

/// The last reading that was looked at.
struct Last {
    reading: u64,
    source: Source,
    accepted: bool,
}

impl Last {
    /// Takes note of what a reading found; whether prompts are to be made of `source` now. What was rejected is tried
    /// again for who `asked`, though nothing is new: the fault is to be told.
    fn note(&mut self, reading: u64, source: Source, asked: bool) -> bool {
        let is_news = self.reading < reading && self.source != source;
        self.reading = self.reading.max(reading);
        if is_news {
            (self.source, self.accepted) = (source, false);
        }
        is_news || (asked && !self.accepted)
    }
}

impl Book {
    /// Puts prompts into use that were made of `source`.
    pub(super) fn new(source: Source, prompts: Prompts) -> Self {
        Self {
            current: ArcSwap::from_pointee(prompts),
            readings: AtomicU64::new(1),
            last: Mutex::new(Last { reading: 0, source, accepted: true }),
            watcher: Mutex::default(),
        }
    }

    /// The prompts in use. Who takes them keeps them, whatever is loaded later.
    pub(super) fn current(&self) -> Arc<Prompts> {
        self.current.load_full()
    }

    /// Stops watching.
    pub(super) fn close(&self) {
        self.watcher().take();
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watcher(&self) -> MutexGuard<'_, Option<Watcher>> {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the path of a folder absolute, so that it stays the same if the process changes its working directory.
pub(super) fn make_absolute(origin: &mut PromptOrigin) {
    if let PromptOrigin::Folder(folder) = origin
        && let Ok(absolute) = std::path::absolute(&*folder)
    {
        *folder = absolute;
    }
}

/// Reads the prompts of a configuration.
pub(super) fn read(origin: &PromptOrigin) -> Source {
    match origin {
        PromptOrigin::Builtin => Source::builtin(),
        PromptOrigin::Given(value) => Source::given(value, PATH),
        PromptOrigin::Folder(folder) => Source::folder(folder, PATH),
    }
}

impl Engine {
    /// Reads the folder of the prompts again and puts what it holds into use, whole or not at all; whether anything
    /// changed. Calls under way keep the prompts with which they began. The version that is pinned stays so.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each; the prompts stay as they were.
    pub fn reload_prompts(&self) -> Result<bool, EngineError> {
        match &self.config.prompts {
            PromptOrigin::Folder(folder) => self.reload(folder, true).map_err(EngineError::InvalidConfig),
            PromptOrigin::Builtin | PromptOrigin::Given(_) => Ok(false),
        }
    }

    /// Pins a version for all models that it is for, or with `None` returns to the dates of the manifest. What was
    /// rejected before for the pin comes into use.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if there is no such version.
    pub fn activate_prompts(&self, version: Option<&str>) -> Result<(), EngineError> {
        let _updating = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
        let prompts = self.book.current();
        check_version(&prompts, "version", version)?;
        if let Some(pinned) = prompts.pin(version) {
            info!(version, "prompts pinned");
            self.book.current.store(Arc::new(pinned));
            self.reconsider_prompts();
            self.changed();
        }
        Ok(())
    }

    /// The version that is pinned.
    #[must_use]
    pub fn pinned_prompts(&self) -> Option<String> {
        self.book.current().pinned().map(str::to_owned)
    }

    /// Every version of the prompts, in the order of the manifest.
    #[must_use]
    pub fn prompt_versions(&self) -> Vec<VersionStatus> {
        self.book.current().versions(SystemTime::now())
    }

    /// Reloads the prompts whenever their folder changes, if they come from one, until the engine is closed or dropped.
    /// The log records of it go where those of the caller go.
    pub fn watch_prompts(self: &Arc<Self>) {
        let PromptOrigin::Folder(folder) = &self.config.prompts else { return };
        let engine = Arc::downgrade(self);
        let path = folder.clone();
        let log = tracing::dispatcher::get_default(Clone::clone);
        let changed = move || {
            let Some(engine) = engine.upgrade().filter(|engine| !engine.closing.is_cancelled()) else { return false };
            tracing::dispatcher::with_default(&log, || {
                // What is wrong has been told.
                let _ = engine.reload(&path, false);
            });
            true
        };
        match Watcher::start(folder, changed) {
            Ok(watcher) => *self.book.watcher() = Some(watcher),
            Err(error) => warn!(%error, "the folder of the prompts is not watched"),
        }
    }

    /// Reads without a lock; what a later reading has found stands. Faults that were found before are told again only
    /// to who `asked`.
    fn reload(&self, folder: &Path, asked: bool) -> Result<bool, Faults> {
        let reading = self.book.readings.fetch_add(1, Ordering::Relaxed);
        let source = Source::folder(folder, PATH);
        let _updating = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = self.book.last();
        if !last.note(reading, source, asked) {
            return Ok(false);
        }
        self.adopt(&mut last).map(|()| true).inspect_err(|faults| {
            warn!(%faults, "prompts rejected");
            self.announce(What::PromptsRejected { faults: faults.iter().map(ToString::to_string).collect() });
        })
    }

    /// Tries again what was rejected, where the reason may have been the pin or the catalogue, which has changed since.
    /// The caller holds `updating`.
    pub(super) fn reconsider_prompts(&self) {
        let mut last = self.book.last();
        if !last.accepted {
            // What is wrong has been told.
            let _ = self.adopt(&mut last);
        }
    }

    /// Puts what was read last into use, whole or not at all.
    fn adopt(&self, last: &mut Last) -> Result<(), Faults> {
        let made = self.prompts_of(&last.source);
        last.accepted = made.is_ok();
        let prompts = made?;
        let versions: Vec<String> = prompts.version_names().map(str::to_owned).collect();
        self.book.current.store(Arc::new(prompts));
        info!(versions = versions.join(", "), "prompts reloaded");
        self.announce(What::PromptsReloaded { versions });
        Ok(())
    }

    fn prompts_of(&self, source: &Source) -> Result<Prompts, Faults> {
        let prompts = Prompts::new(source, Some(&self.catalog.load()), SystemTime::now())?;
        let current = self.book.current();
        let pinned = current.pinned();
        prompts.pin(pinned).ok_or_else(|| {
            let problem = format!("has no version {:?}, which is pinned", pinned.unwrap_or_default());
            Faults::one(PATH, problem)
        })
    }
}

/// Refuses a version that there is not.
pub(super) fn check_version(prompts: &Prompts, path: &str, version: Option<&str>) -> Result<(), EngineError> {
    let Some(version) = version.filter(|version| !prompts.has(version)) else { return Ok(()) };
    let known: Vec<String> = prompts.version_names().map(|name| format!("{name:?}")).collect();
    let problem = format!("{path}: no prompt has the version {}, there is {}", shown(version), known.join(", "));
    Err(EngineError::InvalidRequest(problem))
}

#[cfg(test)]
mod tests;
