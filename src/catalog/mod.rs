//! Models, providers and the fallback graph, checked when loaded and immutable ever after.
//!
//! A catalogue is laid in layers, each over the ones before it, by id: the built-in files, the user's folder, the
//! configuration, and later changes. An entry replaces the whole entry with its id and keeps its place; a new id is
//! appended. All faults of all layers are reported at once.

mod base_url;
mod difference;
mod entries;
mod format;
mod graph;
mod headers;
mod limits;
mod model;
mod provider;
mod retirement;
mod secret;
mod source;

pub use base_url::is_localhost;
pub use difference::CatalogDifference;
pub use entries::Variables;
pub use format::{FormatsLeft, ResponseFormat};
pub use headers::Headers;
pub use limits::{Limits, RateLimits};
pub use model::{Model, Prices};
pub use provider::Provider;
pub use retirement::Retirement;
pub use secret::{Secret, without_any};
pub use source::{FolderFiles, layout};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::check::{Faults, Object, path};
use crate::config::{self, CatalogLayer, Config};
use entries::{Entries, Layer, LayerTerms};
use source::Files;

/// The place of a model in its catalogue and in every catalogue that was made from it by [`Catalog::updated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelIndex(usize);

impl ModelIndex {
    /// The place, counted from 0.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

/// Models, providers and the fallback graph.
#[derive(Clone, Debug)]
pub struct Catalog {
    models: Vec<Arc<Model>>,
    /// The built-in files and the user's folder.
    base: Arc<Entries>,
    /// The configuration and later changes.
    over: Entries,
    /// Both, the one laid over the other.
    entries: Entries,
    origin: Origin,
}

/// Where the lower layers come from, and what every layer is held to.
#[derive(Clone, Debug)]
struct Origin {
    builtin: bool,
    folder: Option<PathBuf>,
    allow_insecure_http: bool,
}

/// Loads the catalogue that a configuration describes; `files` are those of its folder, if it has one.
///
/// # Errors
///
/// Every fault of every layer, each with its path.
pub fn load(
    config: &Config,
    files: Option<&FolderFiles>,
    variables: Variables<'_>,
    known_overrides: &[&str],
) -> Result<Catalog, Faults> {
    let mut faults = Faults::new();
    let allow_insecure_http = config.http.allow_insecure_http;
    let terms = LayerTerms { allow_insecure_http, known_overrides };
    let folder = config.catalog.as_ref().map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()));
    let origin = Origin { builtin: config.builtin_catalog, folder, allow_insecure_http };
    let mut base = origin.base(files, terms, &mut faults);
    let mut over = base.above();
    over.lay(&layer_of(&config.layer, config::ROOT), terms, &mut faults);
    base.read_keys(variables, Some(&over), &mut faults);
    over.read_keys(variables, None, &mut faults);
    Catalog::join(base.into(), over, origin, faults)
}

impl Origin {
    /// The built-in files and those of the folder.
    fn base(&self, folder: Option<&FolderFiles>, terms: LayerTerms<'_>, faults: &mut Faults) -> Entries {
        let mut entries = Entries::default();
        if self.builtin {
            let files = Files::builtin(faults);
            entries.lay(&files.layer(faults), terms, faults);
        }
        if let Some(folder) = folder {
            entries.lay(&folder.layer(faults), terms, faults);
        }
        entries
    }
}

impl Catalog {
    /// A catalogue with `changes` (`{ providers?, models?, fallbacks? }`) laid over this one; `root` begins the path
    /// of each fault. Only providers that the changes contain have their keys read from the environment.
    ///
    /// # Errors
    ///
    /// Every fault, each with its path; this catalogue stays as it is.
    pub fn updated(
        &self,
        changes: &Value,
        root: &str,
        variables: Variables<'_>,
        known_overrides: &[&str],
    ) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut over = self.over.clone();
        let terms = LayerTerms { allow_insecure_http: self.origin.allow_insecure_http, known_overrides };
        if let Some(layer) = Object::read(changes, root, &mut faults, CatalogLayer::read) {
            over.lay(&layer_of(&layer, root), terms, &mut faults);
        }
        over.read_keys(variables, None, &mut faults);
        Self::join(Arc::clone(&self.base), over, self.origin.clone(), faults)
    }

    /// A catalogue whose folder holds other files; the configuration and later changes lie over them as they did. The keys
    /// of its providers, but for those of the configuration and of later changes, are read anew. A model may have another
    /// place in it, or none.
    ///
    /// # Errors
    ///
    /// Every fault, each with its path; this catalogue stays as it is.
    pub fn with_folder(
        &self,
        files: &FolderFiles,
        variables: Variables<'_>,
        known_overrides: &[&str],
    ) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let terms = LayerTerms { allow_insecure_http: self.origin.allow_insecure_http, known_overrides };
        let mut base = self.origin.base(Some(files), terms, &mut faults);
        base.read_keys(variables, Some(&self.over), &mut faults);
        Self::join(base.into(), self.over.clone(), self.origin.clone(), faults)
    }

    /// The folder from which a layer was read.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.origin.folder.as_deref()
    }

    /// The place of the model with exactly this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<ModelIndex> {
        self.entries.model(id).map(ModelIndex)
    }

    /// A model.
    ///
    /// # Panics
    ///
    /// If the place is one of another catalogue and beyond the end of this one.
    #[must_use]
    pub fn model(&self, index: ModelIndex) -> &Arc<Model> {
        &self.models[index.0]
    }

    /// Every model, in a stable order: that in which the ids first came.
    #[must_use]
    pub fn models(&self) -> impl ExactSizeIterator<Item = &Arc<Model>> + Clone {
        self.models.iter()
    }

    /// Every model with its place, in the same order.
    #[must_use]
    pub fn indexed(&self) -> impl ExactSizeIterator<Item = (ModelIndex, &Arc<Model>)> + Clone {
        self.models.iter().enumerate().map(|(index, model)| (ModelIndex(index), model))
    }

    /// Every provider, in the order in which their ids first came.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> + Clone {
        self.entries.providers.iter().filter_map(|entry| entry.provider.as_ref())
    }

    /// The text without the keys of all providers and the values of their headers.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        self.providers().fold(text.to_owned(), |text, provider| provider.redacted(&text).into_owned())
    }

    /// The provider with exactly this id.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.entries.providers[self.entries.provider(id)?].provider.as_ref()
    }

    /// Who serves a model.
    #[must_use]
    pub fn provider_of(&self, index: ModelIndex) -> &Arc<Provider> {
        &self.model(index).provider
    }

    /// Whether the model's provider has a key or needs none.
    #[must_use]
    pub fn is_configured(&self, index: ModelIndex) -> bool {
        self.provider_of(index).is_configured()
    }

    /// The models to try after a model, in order.
    #[must_use]
    pub fn fallbacks_of(&self, index: ModelIndex) -> &[ModelIndex] {
        &self.model(index).fallbacks
    }

    /// The ids of every model that has fallbacks, with theirs.
    pub fn fallbacks(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let with_fallbacks = self.models.iter().filter(|model| !model.fallbacks.is_empty());
        with_fallbacks.map(|model| {
            (model.id.as_str(), model.fallbacks.iter().map(|&index| self.model(index).id.as_str()).collect())
        })
    }

    /// Follows every reference; whole or not at all.
    fn join(base: Arc<Entries>, over: Entries, origin: Origin, mut faults: Faults) -> Result<Self, Faults> {
        let entries = base.with(&over, &mut faults);
        let graph = graph::follow(&entries, &mut faults);
        let mut models = Vec::with_capacity(entries.models.len());
        for (entry, fallbacks) in entries.models.iter().zip(graph) {
            let Some(id) = &entry.provider else { continue };
            let Some(position) = entries.provider(id) else {
                let path = path::field(&entry.path, "provider");
                faults.push_got(&path, "unknown provider", &Value::from(id.as_str()));
                continue;
            };
            let Some(provider) = &entries.providers[position].provider else { continue };
            models.push(Arc::new(entry.join(provider, fallbacks.into_iter().map(ModelIndex).collect())));
        }
        faults.into_result(Self { models, base, over, entries, origin })
    }
}

fn layer_of<'v>(layer: &'v CatalogLayer, root: &str) -> Layer<'v> {
    let part = |value: &'v Option<Value>, name: &str| value.as_ref().map(|value| (path::field(root, name), value));
    Layer {
        providers: part(&layer.providers, "providers"),
        models: part(&layer.models, "models"),
        fallbacks: part(&layer.fallbacks, "fallbacks"),
    }
}

#[cfg(test)]
mod tests;
