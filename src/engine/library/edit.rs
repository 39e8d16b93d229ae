//! A new setup in the making: the current one with another catalogue, another folder of it, another pin, or other prompts.

use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use serde_json::Value;

use super::PATH;
use crate::catalog::{CatalogDifference, FolderFiles, Variables};
use crate::check::Faults;
use crate::engine::setup::Setup;
use crate::prompt::{Prompts, Source};

/// The last readings that were looked at.
pub(super) struct LastReadings {
    prompts: LastReading<Source>,
    /// The prompts in use.
    prompts_in_use: Source,
    /// Of the catalogue's folder, by its digest.
    folder: LastReading<u64>,
}

/// The last reading of a folder that was looked at.
struct LastReading<S> {
    reading: u64,
    source: S,
    /// Whether what it found is in use. What was rejected for the rest of the setup is tried again when that changes.
    accepted: bool,
}

/// The right to replace the setup, and the new one in the making.
pub(super) struct Edit<'a> {
    last: MutexGuard<'a, LastReadings>,
    /// The setup that is being replaced.
    pub(super) current: Arc<Setup>,
    /// Whether prompts come into use that were read from their source.
    pub(super) reloads: bool,
    /// What the folder of the catalogue changes, if it was read anew.
    pub(super) difference: Option<CatalogDifference>,
}

impl LastReadings {
    /// The first readings, of which both are in use.
    pub(super) fn in_use(prompts: Source, folder: u64) -> Self {
        Self {
            prompts: LastReading::in_use(prompts.clone()),
            prompts_in_use: prompts,
            folder: LastReading::in_use(folder),
        }
    }
}

impl<S: PartialEq> LastReading<S> {
    fn in_use(source: S) -> Self {
        Self { reading: 0, source, accepted: true }
    }

    /// Takes note of what a reading found; whether something is to be made of `source` now. What was rejected is tried
    /// again for who `asked`, though nothing is new: the fault is to be told.
    fn note(&mut self, reading: u64, source: S, asked: bool) -> bool {
        let is_news = self.reading < reading && self.source != source;
        self.reading = self.reading.max(reading);
        if is_news {
            (self.source, self.accepted) = (source, false);
        }
        is_news || (asked && !self.accepted)
    }
}

impl<'a> Edit<'a> {
    /// The right to replace the `current` setup, for which `last` is held.
    pub(super) fn new(last: MutexGuard<'a, LastReadings>, current: Arc<Setup>) -> Self {
        Self { last, current, reloads: false, difference: None }
    }

    /// Whether the folder of the catalogue holds what was rejected.
    pub(super) fn folder_is_rejected(&self) -> bool {
        !self.last.folder.accepted
    }

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
        if !self.last.prompts.note(reading, source, asked) {
            return Ok(None);
        }
        let current = Arc::clone(&self.current);
        self.adopt(&current).map(Some)
    }

    /// A setup with the catalogue of what its folder holds, whole or not at all; `None` if that is known. Faults that were
    /// found before are an error only for who `asked`.
    ///
    /// # Errors
    /// Every fault, with its path.
    pub(super) fn with_folder(
        &mut self,
        reading: u64,
        files: &FolderFiles,
        asked: bool,
        variables: Variables<'_>,
    ) -> Result<Option<Setup>, Faults> {
        if !self.last.folder.note(reading, files.digest(), asked) {
            return Ok(None);
        }
        let made = self.with_files(files, variables);
        self.last.folder.accepted = made.is_ok();
        made.map(Some)
    }

    /// The prompts in use must fit the catalogue, which may lack a model that they name.
    fn with_files(&mut self, files: &FolderFiles, variables: Variables<'_>) -> Result<Setup, Faults> {
        let overrides: Vec<&str> = self.current.prompts.override_names().collect();
        let catalog = self.current.catalog.with_folder(files, variables, &overrides)?;
        self.difference = Some(catalog.difference(&self.current.catalog));
        let setup = Setup { catalog: catalog.into(), prompts: Arc::clone(&self.current.prompts) };
        let setup = self.reconsidered(setup);
        if !self.reloads {
            made_of(&self.last.prompts_in_use, &setup)?;
        }
        Ok(setup)
    }

    /// `setup`, with the prompts that were rejected before if they fit it.
    fn reconsidered(&mut self, setup: Setup) -> Setup {
        if self.last.prompts.accepted {
            return setup;
        }
        // What is wrong has been told.
        self.adopt(&setup).unwrap_or(setup)
    }

    /// `setup` with the prompts that were read last, pinned as its own are.
    fn adopt(&mut self, setup: &Setup) -> Result<Setup, Faults> {
        let made = made_of(&self.last.prompts.source, setup);
        self.last.prompts.accepted = made.is_ok();
        if made.is_ok() {
            self.last.prompts_in_use = self.last.prompts.source.clone();
            self.reloads = true;
        }
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

#[cfg(test)]
mod tests;
