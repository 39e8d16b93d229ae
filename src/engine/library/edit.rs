//! A new setup in the making: the current one with another catalogue, another pin, or other prompts.

use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use serde_json::Value;

use super::PATH;
use crate::catalog::Variables;
use crate::check::Faults;
use crate::engine::setup::Setup;
use crate::prompt::{Prompts, Source};

/// The last reading of the prompts that was looked at.
pub(super) struct LastReading {
    reading: u64,
    source: Source,
    /// Whether what it found is in use. What was rejected for the pin or the catalogue is tried again when those change.
    accepted: bool,
}

/// The right to replace the setup, and the new one in the making.
pub(super) struct Edit<'a> {
    last: MutexGuard<'a, LastReading>,
    /// The setup that is being replaced.
    pub(super) current: Arc<Setup>,
    /// Whether prompts come into use that were read from their source.
    pub(super) reloads: bool,
}

impl LastReading {
    /// The first reading, whose prompts are in use.
    pub(super) fn in_use(source: Source) -> Self {
        Self { reading: 0, source, accepted: true }
    }

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

impl<'a> Edit<'a> {
    /// The right to replace the `current` setup, for which `last` is held.
    pub(super) fn new(last: MutexGuard<'a, LastReading>, current: Arc<Setup>) -> Self {
        Self { last, current, reloads: false }
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
        if !self.last.note(reading, source, asked) {
            return Ok(None);
        }
        let current = Arc::clone(&self.current);
        self.adopt(&current).map(Some)
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

#[cfg(test)]
mod tests;
