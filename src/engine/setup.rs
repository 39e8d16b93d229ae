//! What an engine works with: a catalogue and the prompts for it, checked together and replaced together.
//!
//! A call takes one setup and keeps it to its end, whatever is changed meanwhile. So the setup in use is one pointer that is
//! swapped: two would let a call take the catalogue of one moment and the prompts of another, and a lock would have calls
//! wait for whoever reads a folder.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::catalog::{Catalog, ModelIndex};
use crate::error::EngineError;
use crate::prompt::Prompts;
use crate::request::shown;

/// A catalogue and the prompts for it; immutable.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) catalog: Arc<Catalog>,
    pub(super) prompts: Arc<Prompts>,
}

/// The setup in use.
pub(super) struct CurrentSetup(ArcSwap<Setup>);

impl CurrentSetup {
    /// Begins with a setup.
    pub(super) fn new(setup: Setup) -> Self {
        Self(ArcSwap::from_pointee(setup))
    }

    /// The setup in use. Who takes it keeps it, whatever comes into use later.
    pub(super) fn get(&self) -> Arc<Setup> {
        self.0.load_full()
    }

    /// The catalogue in use.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.load().catalog)
    }

    /// The prompts in use.
    pub(super) fn prompts(&self) -> Arc<Prompts> {
        Arc::clone(&self.0.load().prompts)
    }

    /// Puts a setup into use.
    pub(super) fn store(&self, setup: Setup) {
        self.0.store(Arc::new(setup));
    }
}

/// Finds a model by its id, which stands at `path`.
pub(super) fn known(catalog: &Catalog, path: &'static str, id: &str) -> Result<ModelIndex, EngineError> {
    catalog.get(id).ok_or_else(|| EngineError::UnknownModel { path, id: shown(id) })
}

/// Refuses a version that there is not.
pub(super) fn check_version(prompts: &Prompts, path: &str, version: Option<&str>) -> Result<(), EngineError> {
    let Some(version) = version.filter(|version| !prompts.has(version)) else { return Ok(()) };
    let known: Vec<String> = prompts.version_names().map(|name| format!("{name:?}")).collect();
    let problem = format!("no prompt has the version {}, there is {}", shown(version), known.join(", "));
    Err(EngineError::invalid(path, problem))
}

/// Every model of a catalogue that has fallbacks, with their ids in order.
pub(super) fn fallback_lists(catalog: &Catalog) -> Vec<(String, Vec<String>)> {
    let owned = |(id, ids): (&str, Vec<&str>)| (id.to_owned(), ids.into_iter().map(str::to_owned).collect());
    catalog.fallbacks().map(owned).collect()
}
