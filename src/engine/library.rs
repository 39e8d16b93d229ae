//! Changes of what an engine works with: of its catalogue and of its prompts, when their folders change or by hand.
//!
//! A change is made whole or not at all, of the setup in use. So whoever makes one holds an [`Edit`] from looking at the
//! setup until another is in use, which brings two things: no change is made of a setup that another change has replaced,
//! and what was rejected for the rest of the setup (prompts for the catalogue or the pin, a catalogue for the prompts) is
//! looked at again by whoever changes that.
//!
//! A folder is read without that lock, for a disk may be slow; of two readings, what the later one found stands.

mod edit;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::events::Events;
use super::roster::Roster;
use super::setup::{CurrentSetup, Setup, check_version};
use super::unsaved::Unsaved;
use crate::catalog::{self, CatalogDifference, FolderFiles, Variables};
use crate::check::Faults;
use crate::config::{Config, PromptOrigin};
use crate::error::EngineError;
use crate::event::What;
use crate::prompt::{self, Prompts, Source, VersionStatus};
use crate::watch::{LayoutOf, Watcher};
use edit::{Edit, LastReadings};

/// The path of a fault of all prompts.
const PATH: &str = "config.prompts";

/// The setup in use, and where its prompts come from.
pub(super) struct Library {
    setup: Arc<CurrentSetup>,
    origin: PromptOrigin,
    /// Tells which of two readings of a folder began later.
    readings: AtomicU64,
    /// Held while a new setup is made of the current one.
    last: Mutex<LastReadings>,
    watchers: Mutex<Vec<Watcher>>,
    roster: Arc<Roster>,
    events: Arc<Events>,
    unsaved: Unsaved,
}

/// The setup that a configuration describes, and the prompts as they were read for it.
pub(super) struct Loaded {
    pub(super) setup: Setup,
    pub(super) source: Source,
    /// The digest of the catalogue's folder; 0 without one.
    pub(super) folder: u64,
}

/// Reads the catalogue and the prompts that a configuration describes; every fault is added to `faults`.
pub(super) fn load(config: &mut Config, variables: Variables<'_>, faults: &mut Faults) -> Option<Loaded> {
    make_absolute(&mut config.prompts);
    let source = read(&config.prompts);
    let overrides: Vec<&str> = source.override_names().collect();
    let files = config.catalog.as_deref().map(FolderFiles::read);
    let folder = files.as_ref().map_or(0, FolderFiles::digest);
    let catalog = catalog::load(config, files.as_ref(), variables, &overrides);
    let catalog = catalog.map_err(|others| faults.extend(others)).ok();
    let prompts = Prompts::new(&source, catalog.as_ref(), SystemTime::now());
    let prompts = prompts.map_err(|others| faults.extend(others)).ok()?;
    Some(Loaded { setup: Setup { catalog: catalog?.into(), prompts: prompts.into() }, source, folder })
}

impl Library {
    /// Begins with the setup in use, whose prompts were read from `source` and whose catalogue's folder has the digest
    /// `folder`. The models of the setup are those of `roster`.
    pub(super) fn new(
        setup: Arc<CurrentSetup>,
        (origin, source, folder): (PromptOrigin, Source, u64),
        roster: Arc<Roster>,
        (events, unsaved): (Arc<Events>, Unsaved),
    ) -> Self {
        Self {
            setup,
            origin,
            readings: AtomicU64::new(1),
            last: Mutex::new(LastReadings::in_use(source, folder)),
            watchers: Mutex::default(),
            roster,
            events,
            unsaved,
        }
    }

    /// The setup in use.
    pub(super) fn setup(&self) -> &CurrentSetup {
        &self.setup
    }

    /// Lays providers, models and fallbacks over the catalogue, whole or not at all.
    pub(super) fn update_catalog(&self, changes: &Value, variables: Variables<'_>) -> Result<(), EngineError> {
        let mut edit = self.edit();
        let setup = edit.with_catalog(changes, variables).map_err(EngineError::InvalidConfig)?;
        self.put_into_use(&edit, setup);
        let entries = |part: &str| match changes.get(part) {
            Some(Value::Array(entries)) => entries.len(),
            Some(Value::Object(entries)) => entries.len(),
            _ => 0,
        };
        let [providers, models, fallbacks] = ["providers", "models", "fallbacks"].map(entries);
        let active_models = self.roster.active_model_count();
        info!(providers, models, fallbacks, active_models, "catalogue updated");
        Ok(())
    }

    /// Reads the folder of the prompts again, if they come from one, and puts what it holds into use, whole or not at all;
    /// whether anything changed.
    pub(super) fn reload_prompts(&self) -> Result<bool, EngineError> {
        match &self.origin {
            PromptOrigin::Folder(_) => self.reload(true).map_err(EngineError::InvalidConfig),
            PromptOrigin::Builtin | PromptOrigin::Given(_) => Ok(false),
        }
    }

    /// Reads the folder of the catalogue again, if there is one, and puts what it holds into use below the configuration
    /// and later changes, whole or not at all; whether anything changed.
    pub(super) fn reload_catalog(&self) -> Result<bool, EngineError> {
        self.reread_catalog(true, true).map_err(EngineError::InvalidConfig)
    }

    /// Pins a version for all models that it is for, or with `None` returns to the dates of the manifest. What was
    /// rejected before for the pin comes into use.
    pub(super) fn activate_prompts(&self, version: Option<&str>) -> Result<(), EngineError> {
        let mut edit = self.edit();
        check_version(&edit.current.prompts, "version", version)?;
        if let Some(setup) = edit.with_pin(version) {
            info!(version, "prompts pinned");
            self.put_into_use(&edit, setup);
        }
        Ok(())
    }

    /// The version that is pinned.
    pub(super) fn pinned_prompts(&self) -> Option<String> {
        self.setup.prompts().pinned().map(str::to_owned)
    }

    /// Pins the version that was pinned elsewhere, or before, unless one is pinned here.
    pub(super) fn restore_pin(&self, version: &str) {
        if self.pinned_prompts().is_none() && self.activate_prompts(Some(version)).is_err() {
            warn!(version, "the snapshot pins a version of the prompts that there is not");
        }
    }

    /// Pins the version that the fleet has pinned, or none; one that there is not is passed over.
    pub(super) fn follow_pin(&self, version: Option<&str>) {
        if self.activate_prompts(version).is_err() {
            warn!(version, "the fleet pins a version of the prompts that there is not");
        }
    }

    /// Every version of the prompts, in the order of the manifest.
    pub(super) fn prompt_versions(&self) -> Vec<VersionStatus> {
        self.setup.prompts().versions(SystemTime::now())
    }

    /// Reloads prompts and catalogue whenever their folders change, if they come from any, until `ended`. The log records of
    /// it go where those of the caller go.
    pub(super) fn watch(self: &Arc<Self>, ended: &CancellationToken) {
        // What is wrong has been told.
        if let PromptOrigin::Folder(folder) = &self.origin {
            self.watch_folder(("prompts", folder, prompt::layout), ended, |library| {
                let _ = library.reload(false);
            });
        }
        if let Some(folder) = self.setup.catalog().folder() {
            self.watch_folder(("catalog", folder, catalog::layout), ended, |library| {
                let _ = library.reread_catalog(false, true);
            });
        }
    }

    fn watch_folder(
        self: &Arc<Self>,
        (name, folder, layout): (&str, &Path, LayoutOf),
        ended: &CancellationToken,
        reread: fn(&Self),
    ) {
        let (library, ended) = (Arc::downgrade(self), ended.clone());
        let log = tracing::dispatcher::get_default(Clone::clone);
        let changed = move || {
            let Some(library) = library.upgrade().filter(|_| !ended.is_cancelled()) else { return false };
            tracing::dispatcher::with_default(&log, || reread(&library));
            true
        };
        match Watcher::start(&format!("fallcast-{name}"), folder, layout, changed) {
            Ok(watcher) => self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher),
            Err(error) => warn!(%error, folder = name, "a folder is not watched"),
        }
    }

    /// Stops watching.
    pub(super) fn close(&self) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until nobody else changes the setup.
    fn edit(&self) -> Edit<'_> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Edit::new(last, self.setup.get())
    }

    /// Faults that were found before are told again only to who `asked`.
    fn reload(&self, asked: bool) -> Result<bool, Faults> {
        let reading = self.readings.fetch_add(1, Ordering::Relaxed);
        let source = read(&self.origin);
        let mut edit = self.edit();
        let found = edit.with_prompts(reading, source, asked).inspect_err(|faults| {
            self.events.announce(What::PromptsRejected { faults: faults.lines().collect() });
        });
        let Some(setup) = found? else { return Ok(false) };
        self.put_into_use(&edit, setup);
        let reconsiders = edit.folder_is_rejected();
        drop(edit);
        if reconsiders {
            // It was rejected for the prompts perhaps; what is wrong with it has been told.
            let _ = self.reread_catalog(true, false);
        }
        Ok(true)
    }

    /// What was rejected before is tried `again` though nothing is new; faults are told if `telling`.
    fn reread_catalog(&self, again: bool, telling: bool) -> Result<bool, Faults> {
        let catalog = self.setup.catalog();
        let Some(folder) = catalog.folder() else { return Ok(false) };
        let reading = self.readings.fetch_add(1, Ordering::Relaxed);
        let files = FolderFiles::read(folder);
        let variables = |name: &str| std::env::var(name).ok();
        let mut edit = self.edit();
        let found = edit.with_folder(reading, &files, again, &variables);
        // A key that stands in the wrong place of a file is in no event.
        let found = found.map_err(|faults| faults.with_text(|text| catalog.redacted(text)));
        if let (Err(faults), true) = (&found, telling) {
            self.events.announce(What::CatalogRejected { faults: faults.lines().collect() });
        }
        let Some(setup) = found? else { return Ok(false) };
        self.put_into_use(&edit, setup);
        Ok(true)
    }

    /// Replaces the setup, and tells what that changes.
    fn put_into_use(&self, edit: &Edit<'_>, setup: Setup) {
        let prompts = Arc::clone(&setup.prompts);
        self.roster.replace_setup(setup);
        if prompts.pinned() != edit.current.prompts.pinned() {
            self.unsaved.mark();
        }
        if let Some(CatalogDifference { added, removed, changed }) = edit.difference.clone() {
            self.events.announce(What::CatalogReloaded { added, removed, changed });
        }
        if edit.reloads {
            self.events
                .announce(What::PromptsReloaded { versions: prompts.version_names().map(str::to_owned).collect() });
        }
    }
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
fn read(origin: &PromptOrigin) -> Source {
    match origin {
        PromptOrigin::Builtin => Source::builtin(),
        PromptOrigin::Given(value) => Source::given(value, PATH),
        PromptOrigin::Folder(folder) => Source::folder(folder, PATH),
    }
}
