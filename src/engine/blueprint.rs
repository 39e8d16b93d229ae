//! A configuration that was checked with everything that it describes, so that an engine is built of it or not at all.

use serde_json::Value;

use super::library::{self, Loaded};
use super::setup::fallback_lists;
use crate::catalog::{Variables, without_any};
use crate::check::Faults;
use crate::config::Config;
use crate::error::EngineError;

/// Tell whether another configuration has the same catalogue layer; the layer itself, which may hold keys, is not kept.
pub(super) type LayerDigests = [(&'static str, u64); 3];

/// A checked configuration, ready to be built.
pub struct Blueprint {
    pub(super) config: Config,
    pub(super) loaded: Loaded,
    pub(super) layer_digests: LayerDigests,
}

impl Blueprint {
    /// Checks a configuration as plain data; `variables` reads the environment, keys included.
    ///
    /// # Errors
    /// `INVALID_CONFIG` with every fault, a line each.
    pub fn read(config: &Value, variables: Variables<'_>) -> Result<Self, EngineError> {
        let mut faults = Faults::new();
        let mut read = Config::read(config, &mut faults);
        read.budget.complete(variables, &mut faults);
        if let Some(fleet) = &mut read.fleet {
            fleet.complete(variables, &mut faults);
        }
        let checked = match library::load(&mut read, variables, &mut faults) {
            Some(loaded) => faults.into_result(loaded),
            None => Err(faults),
        };
        let without = |text: &str| without_any(text, config, variables);
        let loaded = checked.map_err(|faults| EngineError::InvalidConfig(faults.with_text(without)))?;
        let layer_digests = std::mem::take(&mut read.layer).digests();
        Ok(Self { config: read, loaded, layer_digests })
    }

    /// The configuration, without its catalogue layer.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// Every model of the built-in catalogue that has fallbacks, with their ids in order.
#[must_use]
pub fn builtin_fallbacks() -> Vec<(String, Vec<String>)> {
    let builtin = Blueprint::read(&Value::Null, &|_| None);
    builtin.map(|blueprint| fallback_lists(&blueprint.loaded.setup.catalog)).unwrap_or_default()
}
