//! Changes of what an engine works with: of its catalogue, by hand; of its prompts, when their folder changes or by hand.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;
use tracing::{info, warn};

use super::Engine;
use super::library::{self, Edit, Setup, check_version};
use crate::catalog::Variables;
use crate::check::Faults;
use crate::config::PromptOrigin;
use crate::error::EngineError;
use crate::event::What;
use crate::prompt::{VersionStatus, Watcher};

impl Engine {
    /// Lays providers, models and fallbacks over the catalogue, whole or not at all. Calls under way keep the catalogue
    /// with which they began. Prompts that were rejected before for the catalogue come into use.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each.
    pub fn update_catalog(&self, changes: &Value, variables: Variables<'_>) -> Result<(), EngineError> {
        let mut edit = self.library.edit();
        let setup = edit.with_catalog(changes, variables).map_err(EngineError::InvalidConfig)?;
        self.put_into_use(&edit, setup);
        let entries = |part: &str| match changes.get(part) {
            Some(Value::Array(entries)) => entries.len(),
            Some(Value::Object(entries)) => entries.len(),
            _ => 0,
        };
        let [providers, models, fallbacks] = ["providers", "models", "fallbacks"].map(entries);
        info!(providers, models, fallbacks, active_models = self.active_model_count(), "catalogue updated");
        Ok(())
    }

    /// Reads the folder of the prompts again and puts what it holds into use, whole or not at all; whether anything
    /// changed. Calls under way keep the prompts with which they began. The version that is pinned stays so.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each; the prompts stay as they were.
    pub fn reload_prompts(&self) -> Result<bool, EngineError> {
        match &self.config.prompts {
            PromptOrigin::Folder(_) => self.reload(true).map_err(EngineError::InvalidConfig),
            PromptOrigin::Builtin | PromptOrigin::Given(_) => Ok(false),
        }
    }

    /// Pins a version for all models that it is for, or with `None` returns to the dates of the manifest. What was
    /// rejected before for the pin comes into use.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if there is no such version.
    pub fn activate_prompts(&self, version: Option<&str>) -> Result<(), EngineError> {
        let mut edit = self.library.edit();
        check_version(&edit.current.prompts, "version", version)?;
        if let Some(setup) = edit.with_pin(version) {
            info!(version, "prompts pinned");
            self.put_into_use(&edit, setup);
            self.changed();
        }
        Ok(())
    }

    /// The version that is pinned.
    #[must_use]
    pub fn pinned_prompts(&self) -> Option<String> {
        self.library.prompts().pinned().map(str::to_owned)
    }

    /// Every version of the prompts, in the order of the manifest.
    #[must_use]
    pub fn prompt_versions(&self) -> Vec<VersionStatus> {
        self.library.prompts().versions(SystemTime::now())
    }

    /// Reloads the prompts whenever their folder changes, if they come from one, until the engine is closed or dropped.
    /// The log records of it go where those of the caller go.
    pub fn watch_prompts(self: &Arc<Self>) {
        let PromptOrigin::Folder(folder) = &self.config.prompts else { return };
        let engine = Arc::downgrade(self);
        let log = tracing::dispatcher::get_default(Clone::clone);
        let changed = move || {
            let Some(engine) = engine.upgrade().filter(|engine| !engine.closing.is_cancelled()) else { return false };
            tracing::dispatcher::with_default(&log, || {
                // What is wrong has been told.
                let _ = engine.reload(false);
            });
            true
        };
        match Watcher::start(folder, changed) {
            Ok(watcher) => self.library.watch(watcher),
            Err(error) => warn!(%error, "the folder of the prompts is not watched"),
        }
    }

    /// Faults that were found before are told again only to who `asked`.
    fn reload(&self, asked: bool) -> Result<bool, Faults> {
        let reading = self.library.begin_reading();
        let source = library::read(&self.config.prompts);
        let mut edit = self.library.edit();
        let found = edit.with_prompts(reading, source, asked).inspect_err(|faults| {
            warn!(%faults, "prompts rejected");
            self.announce(What::PromptsRejected { faults: faults.lines().collect() });
        });
        let Some(setup) = found? else { return Ok(false) };
        self.put_into_use(&edit, setup);
        Ok(true)
    }

    /// Replaces the setup, and tells what that changes.
    fn put_into_use(&self, edit: &Edit<'_>, setup: Setup) {
        let Setup { catalog, prompts } = setup.clone();
        self.replace_catalog(&edit.current.catalog, &catalog, || edit.store(setup));
        if edit.reloads {
            let versions: Vec<String> = prompts.version_names().map(str::to_owned).collect();
            info!(versions = versions.join(", "), "prompts reloaded");
            self.announce(What::PromptsReloaded { versions });
        }
    }
}
