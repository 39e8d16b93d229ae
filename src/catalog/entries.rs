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
    /// Fallbacks of models that are in a layer below.
    patches: Vec<Patch>,
    provider_positions: HashMap<String, usize>,
    model_positions: HashMap<String, usize>,
    layers: usize,
}

/// Fallbacks that were given apart from their model.
#[derive(Clone, Debug)]
struct Patch {
    id: String,
    path: String,
    fallbacks: Vec<FallbackEntry>,
}

/// A provider as it was given.
#[derive(Clone, Debug)]
pub(super) struct ProviderEntry {
    /// `None` if it is faulty; its id is known nevertheless.
    pub(super) provider: Option<Arc<Provider>>,
    id: String,
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

    /// No entries, whose layers will lie above these.
    pub(super) fn above(&self) -> Self {
        Self { layers: self.layers, ..Self::default() }
    }

    /// These entries with `over` laid over them.
    pub(super) fn with(&self, over: &Self, faults: &mut Faults) -> Self {
        let mut entries = self.clone();
        entries.layers = over.layers;
        for provider in &over.providers {
            entries.put_provider(provider.clone());
        }
        for model in &over.models {
            entries.put_model(Arc::clone(model));
        }
        for Patch { id, path, fallbacks } in &over.patches {
            match entries.model(id) {
                Some(position) => Arc::make_mut(&mut entries.models[position]).fallbacks.clone_from(fallbacks),
                None => faults.push(path, "unknown model"),
            }
        }
        entries
    }

    /// The position of a model.
    pub(super) fn model(&self, id: &str) -> Option<usize> {
        self.model_positions.get(id).copied()
    }

    /// The position of a provider.
    pub(super) fn provider(&self, id: &str) -> Option<usize> {
        self.provider_positions.get(id).copied()
    }

    /// Reads the keys of those providers whose keys were not read before and that `over` does not replace.
    pub(super) fn read_keys(&mut self, variables: Variables<'_>, over: Option<&Self>, faults: &mut Faults) {
        let is_replaced = |id: &str| over.is_some_and(|over| over.provider(id).is_some());
        for entry in self.providers.iter_mut().filter(|entry| !entry.key_is_read && !is_replaced(&entry.id)) {
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
        let known = self.provider(&id).map(|position| &self.providers[position]);
        if let Some(known) = known.filter(|known| known.layer == self.layers) {
            duplicate(&id, &path, &known.path, faults);
            return;
        }
        let provider = provider.map(Arc::new);
        self.put_provider(ProviderEntry { provider, id, path, layer: self.layers, key_is_read: false });
    }

    fn put_provider(&mut self, entry: ProviderEntry) {
        if let Some(position) = self.provider(&entry.id) {
            self.providers[position] = entry;
        } else {
            self.provider_positions.insert(entry.id.clone(), self.providers.len());
            self.providers.push(entry);
        }
    }

    /// An entry that is faulty or given twice is kept at the end, so that what it refers to is checked as well.
    fn lay_model(&mut self, value: &Value, path: &str, terms: LayerTerms<'_>, faults: &mut Faults) {
        let Some(entry) = ModelEntry::read(value, path, self.layers, terms.known_overrides, faults) else { return };
        let entry = Arc::new(entry);
        let known = entry.id.as_deref().and_then(|id| self.model(id)).map(|position| &self.models[position]);
        match (&entry.id, known.filter(|known| known.layer == self.layers)) {
            (Some(id), Some(known)) => {
                duplicate(id, path, &known.path, faults);
                self.models.push(entry);
            }
            _ => self.put_model(entry),
        }
    }

    fn put_model(&mut self, entry: Arc<ModelEntry>) {
        let position = entry.id.as_deref().and_then(|id| self.model(id));
        match (&entry.id, position) {
            (Some(_), Some(position)) => self.models[position] = entry,
            (Some(id), None) => {
                self.patches.retain(|patch| patch.id != *id);
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
        if let Some(position) = self.model(id) {
            Arc::make_mut(&mut self.models[position]).fallbacks = fallbacks;
        } else {
            self.patches.retain(|patch| patch.id != id);
            self.patches.push(Patch { id: id.to_owned(), path: path.to_owned(), fallbacks });
        }
    }
}

fn duplicate(id: &str, path: &str, first: &str, faults: &mut Faults) {
    faults.push_got(&path::field(path, "id"), format!("the same id as {first}"), &Value::from(id));
}
