//! The entries of a catalogue, laid over each other by id.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::model::{FallbackEntry, ModelEntry};
use super::provider::{self, Provider, ReadProvider};
use crate::check::{self, Faults, path};

/// Reads a variable of the environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Providers and models in the order in which their ids first came, each as the last layer gave it.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    pub(super) providers: Vec<ProviderEntry>,
    pub(super) models: Vec<Arc<ModelEntry>>,
    provider_positions: HashMap<String, usize>,
    model_positions: HashMap<String, usize>,
    layers: usize,
}

/// A provider as it was given.
#[derive(Clone, Debug)]
pub(super) struct ProviderEntry {
    /// `None` if it is faulty; its id is known nevertheless.
    pub(super) provider: Option<Arc<Provider>>,
    path: String,
    layer: usize,
    key_is_read: bool,
}

/// One layer: three parts, each with its path.
pub(super) struct Layer<'v> {
    pub(super) providers: Option<(String, &'v Value)>,
    pub(super) models: Option<(String, &'v Value)>,
    pub(super) fallbacks: Option<(String, &'v Value)>,
}

/// What the entries of a layer are held against.
#[derive(Clone, Copy)]
pub(super) struct LayerTerms<'a> {
    pub(super) allow_insecure_http: bool,
    pub(super) known_overrides: &'a [&'a str],
}

impl Entries {
    /// Lays a layer over what is there: an id that is there already is replaced in its place, a new one is appended.
    pub(super) fn lay(&mut self, layer: &Layer<'_>, terms: LayerTerms<'_>, faults: &mut Faults) {
        if let Some((path, value)) = &layer.providers {
            for (path, value) in check::list(value, path, faults) {
                self.lay_provider(value, path, terms, faults);
            }
        }
        if let Some((path, value)) = &layer.models {
            for (path, value) in check::list(value, path, faults) {
                self.lay_model(value, &path, terms, faults);
            }
        }
        if let Some((path, value)) = &layer.fallbacks {
            for (path, id, value) in check::record(value, path, faults) {
                self.lay_fallbacks(id, value, &path, faults);
            }
        }
        self.layers += 1;
    }

    /// The position of a model.
    pub(super) fn model(&self, id: &str) -> Option<usize> {
        self.model_positions.get(id).copied()
    }

    /// The position of a provider.
    pub(super) fn provider(&self, id: &str) -> Option<usize> {
        self.provider_positions.get(id).copied()
    }

    /// Reads the keys of those providers whose keys were not read before.
    pub(super) fn read_keys(&mut self, variables: Variables<'_>, faults: &mut Faults) {
        for entry in self.providers.iter_mut().filter(|entry| !entry.key_is_read) {
            entry.key_is_read = true;
            let Some(provider) = &mut entry.provider else { continue };
            let Some(name) = &provider.api_key_env else { continue };
            let key = variables(name).filter(|key| !key.trim().is_empty());
            let (None, Some(key)) = (&provider.api_key, key) else { continue };
            match provider::api_key(&key) {
                Ok(key) => Arc::make_mut(provider).api_key = Some(key),
                Err(refusal) => {
                    let problem = format!("the value of {name} {}; it is not shown", refusal.problem);
                    faults.push(&path::field(&entry.path, "apiKeyEnv"), problem);
                }
            }
        }
    }

    fn lay_provider(&mut self, value: &Value, path: String, terms: LayerTerms<'_>, faults: &mut Faults) {
        let read = provider::read(value, &path, terms.allow_insecure_http, faults);
        let Some(ReadProvider { id: Some(id), provider }) = read else { return };
        let entry = ProviderEntry { provider: provider.map(Arc::new), path, layer: self.layers, key_is_read: false };
        match self.provider(&id) {
            Some(position) if self.providers[position].layer == self.layers => {
                duplicate(&id, &entry.path, &self.providers[position].path, faults);
            }
            Some(position) => self.providers[position] = entry,
            None => {
                self.provider_positions.insert(id, self.providers.len());
                self.providers.push(entry);
            }
        }
    }

    /// An entry that is faulty or given twice is kept at the end, so that what it refers to is checked as well.
    fn lay_model(&mut self, value: &Value, path: &str, terms: LayerTerms<'_>, faults: &mut Faults) {
        let Some(entry) = ModelEntry::read(value, path, self.layers, terms.known_overrides, faults) else { return };
        let entry = Arc::new(entry);
        let position = entry.id.as_deref().and_then(|id| self.model(id));
        match (&entry.id, position) {
            (Some(id), Some(position)) if self.models[position].layer == self.layers => {
                duplicate(id, path, &self.models[position].path, faults);
                self.models.push(entry);
            }
            (Some(_), Some(position)) => self.models[position] = entry,
            (Some(id), None) => {
                self.model_positions.insert(id.clone(), self.models.len());
                self.models.push(entry);
            }
            (None, _) => self.models.push(entry),
        }
    }

    fn lay_fallbacks(&mut self, id: &str, value: &Value, path: &str, faults: &mut Faults) {
        let given = match value {
            Value::String(_) => vec![(path.to_owned(), value)],
            Value::Array(_) => check::list(value, path, faults),
            _ => {
                faults.push_got(path, "must be a model's id or an array of such ids", value);
                Vec::new()
            }
        };
        let fallbacks = FallbackEntry::read_all(given, self.layers, faults);
        match self.model(id) {
            Some(position) => Arc::make_mut(&mut self.models[position]).fallbacks = fallbacks,
            None => faults.push(path, "unknown model"),
        }
    }
}

fn duplicate(id: &str, path: &str, first: &str, faults: &mut Faults) {
    faults.push_got(&path::field(path, "id"), format!("the same id as {first}"), &Value::from(id));
}
