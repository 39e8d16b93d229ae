//! What an engine works with: a catalogue and the prompts for it, checked together and replaced together.
//!
//! A call takes one setup and keeps it to its end, whatever is changed meanwhile. Whoever changes it holds an [`Edit`], so
//! that no change is made of a setup that another one has replaced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use serde_json::Value;

use crate::catalog::{self, Catalog, Variables};
use crate::check::Faults;
use crate::config::{Config, PromptOrigin};
use crate::error::EngineError;
use crate::prompt::{Prompts, Source, Watcher};
use crate::request::shown;

/// The path of a fault of all prompts.
const PATH: &str = "config.prompts";

/// A catalogue and the prompts for it; immutable.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) catalog: Arc<Catalog>,
    pub(super) prompts: Arc<Prompts>,
}

/// The setup in use, and where its prompts come from.
pub(super) struct Library {
    setup: ArcSwap<Setup>,
    /// Tells which of two readings of the prompts began later.
    readings: AtomicU64,
    /// Held while a new setup is made of the current one.
    last: Mutex<LastReading>,
    watcher: Mutex<Option<Watcher>>,
}

/// The last reading of the prompts that was looked at.
struct LastReading {
    reading: u64,
    source: Source,
    /// Whether what it found is in use. What was rejected for the pin or the catalogue is tried again when those change.
    accepted: bool,
}

/// The right to replace the setup, and the new one in the making.
pub(super) struct Edit<'a> {
    library: &'a Library,
    last: MutexGuard<'a, LastReading>,
    /// The setup that is being replaced.
    pub(super) current: Arc<Setup>,
    /// Whether prompts come into use that were read from their source.
    pub(super) reloads: bool,
}

impl Library {
    /// Reads the catalogue and the prompts that a configuration describes; every fault is added to `faults`.
    pub(super) fn load(config: &mut Config, variables: Variables<'_>, faults: &mut Faults) -> Option<Self> {
        make_absolute(&mut config.prompts);
        let source = read(&config.prompts);
        let overrides: Vec<&str> = source.override_names().collect();
        let catalog = catalog::load(config, variables, &overrides).map_err(|others| faults.extend(others)).ok();
        let prompts = Prompts::new(&source, catalog.as_ref(), SystemTime::now());
        let prompts = prompts.map_err(|others| faults.extend(others)).ok()?;
        let setup = Setup { catalog: catalog?.into(), prompts: prompts.into() };
        Some(Self {
            setup: ArcSwap::from_pointee(setup),
            readings: AtomicU64::new(1),
            last: Mutex::new(LastReading { reading: 0, source, accepted: true }),
            watcher: Mutex::default(),
        })
    }

    /// The setup in use. Who takes it keeps it, whatever is loaded later.
    pub(super) fn current(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// The catalogue in use.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.setup.load().catalog)
    }

    /// The prompts in use.
    pub(super) fn prompts(&self) -> Arc<Prompts> {
        Arc::clone(&self.setup.load().prompts)
    }

    /// Begins a reading of the prompts' source, without a lock: of two, what the later one has found stands.
    pub(super) fn begin_reading(&self) -> u64 {
        self.readings.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until nobody else changes the setup.
    pub(super) fn edit(&self) -> Edit<'_> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Edit { library: self, last, current: self.current(), reloads: false }
    }

    /// Has the folder of the prompts watched.
    pub(super) fn watch(&self, watcher: Watcher) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    /// Stops watching.
    pub(super) fn close(&self) {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl LastReading {
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

impl Edit<'_> {
    /// A setup with `changes` laid over the catalogue.
    ///
    /// # Errors
    /// Every fault, with its path.
    pub(super) fn with_catalog(&mut self, changes: &Value, variables: Variables<'_>) -> Result<Setup, Faults> {
        let overrides: Vec<&str> = self.current.prompts.override_names().collect();
        let catalog = self.current.catalog.updated(changes, "changes", variables, &overrides)?;
        Ok(self.reconsidered(Setup { catalog: catalog.into(), prompts: Arc::clone(&self.current.prompts) }))
    }

    /// A setup with another version of the prompts pinned, or none; `None` if there is no such version.
    pub(super) fn with_pin(&mut self, version: Option<&str>) -> Option<Setup> {
        let prompts = self.current.prompts.pin(version)?.into();
        Some(self.reconsidered(Setup { prompts, catalog: Arc::clone(&self.current.catalog) }))
    }

    /// A setup with the prompts that a reading found, whole or not at all; `None` if they are known. Faults that were
    /// found before are an error only for who `asked`.
    ///
    /// # Errors
    /// Every fault, with its path.
    pub(super) fn with_prompts(&mut self, reading: u64, source: Source, asked: bool) -> Result<Option<Setup>, Faults> {
        if !self.last.note(reading, source, asked) {
            return Ok(None);
        }
        let current = Arc::clone(&self.current);
        self.adopt(&current).map(Some)
    }

    /// Puts a setup into use.
    pub(super) fn store(&self, setup: Setup) {
        self.library.setup.store(Arc::new(setup));
    }

    /// `setup`, with the prompts that were rejected before if they fit it.
    fn reconsidered(&mut self, setup: Setup) -> Setup {
        if self.last.accepted {
            return setup;
        }
        // What is wrong has been told.
        self.adopt(&setup).unwrap_or(setup)
    }

    /// `setup` with the prompts that were read last, pinned as its own are.
    fn adopt(&mut self, setup: &Setup) -> Result<Setup, Faults> {
        let made = made_of(&self.last.source, setup);
        self.last.accepted = made.is_ok();
        self.reloads |= made.is_ok();
        made.map(|prompts| Setup { prompts: prompts.into(), catalog: Arc::clone(&setup.catalog) })
    }
}

fn made_of(source: &Source, setup: &Setup) -> Result<Prompts, Faults> {
    let prompts = Prompts::new(source, Some(&setup.catalog), SystemTime::now())?;
    let pinned = setup.prompts.pinned();
    prompts.pin(pinned).ok_or_else(|| {
        let problem = format!("has no version {:?}, which is pinned", pinned.unwrap_or_default());
        Faults::one(PATH, problem)
    })
}

/// Makes the path of a folder absolute, so that it stays the same if the process changes its working directory.
fn make_absolute(origin: &mut PromptOrigin) {
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

/// Refuses a version that there is not.
pub(super) fn check_version(prompts: &Prompts, path: &str, version: Option<&str>) -> Result<(), EngineError> {
    let Some(version) = version.filter(|version| !prompts.has(version)) else { return Ok(()) };
    let known: Vec<String> = prompts.version_names().map(|name| format!("{name:?}")).collect();
    let problem = format!("{path}: no prompt has the version {}, there is {}", shown(version), known.join(", "));
    Err(EngineError::InvalidRequest(problem))
}

#[cfg(test)]
mod tests;
