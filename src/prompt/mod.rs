//! Prompts: components, versions and overrides, read from data and composed into the system and the user text.
//!
//! A version names its components in order; the overrides of a model stand between them and the output format. Models
//! are found by their whole id, in the catalogue and in the manifest; nothing here looks at a part of one.

mod rendering;
mod schedule;
mod source;
mod template;
mod time;
mod version;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::catalog::{Catalog, Model};
use crate::check::{self, Faults};

pub use rendering::{Ask, Rendering, Texts};
pub use source::{Source, layout};

use schedule::{Activation, Entry};
use version::{Component, Known, References, Version};

/// What an outcome has as its version when the caller sent a prompt of its own.
pub const OWN_VERSION: &str = "own";

/// The most versions of one manifest.
const MOST_VERSIONS: usize = 100;

/// Every version and component of one source, checked, and which version is pinned; immutable.
#[derive(Clone, Debug)]
pub struct Prompts {
    components: Arc<Known>,
    versions: Arc<[Arc<Version>]>,
    /// For a time at which none is active, which only a clock that is set back can show.
    fallback: Arc<Version>,
    pinned: Option<Arc<Version>>,
}

/// A version as [`Prompts::versions`] reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionStatus {
    /// Its name.
    pub id: String,
    /// What its author says about it.
    pub notes: Option<String>,
    /// When it begins to be active; `None`: always has been.
    pub active_from: Option<SystemTime>,
    /// When it ceases to be active; `None`: never.
    pub active_to: Option<SystemTime>,
    /// The ids of the models that it is for, sorted; empty: all.
    pub models: Vec<String>,
    /// Its share, in proportion to those of the others.
    pub weight: Option<u32>,
    /// Whether it is active at the time of the report, by its dates alone.
    pub active: bool,
    /// Whether it is pinned.
    pub pinned: bool,
}

impl Prompts {
    /// Checks a source against itself and, if there is one, against the catalogue; `now` is when it comes into use.
    ///
    /// # Errors
    ///
    /// Every fault, each with its path.
    pub fn new(source: &Source, catalog: Option<&Catalog>, now: SystemTime) -> Result<Self, Faults> {
        let mut faults = source.faults.clone();
        let components = read_components(source, &mut faults);
        let versions = read_versions(source, References { components: &components, catalog }, now, &mut faults);
        for model in catalog.into_iter().flat_map(Catalog::models) {
            check_overrides(model, &components, &source.path, &mut faults);
        }
        let components: Known =
            components.into_iter().filter_map(|(name, component)| Some((name, component?))).collect();
        let Some(fallback) = choose(&versions, "", "", now).or(versions.last()).cloned() else { return Err(faults) };
        faults.into_result(Self { components: Arc::new(components), versions: versions.into(), fallback, pinned: None })
    }

    /// The same prompts with another version pinned, or none; `None` if there is no such version.
    #[must_use]
    pub fn pin(&self, id: Option<&str>) -> Option<Self> {
        let pinned = match id {
            Some(id) => Some(Arc::clone(self.version(id)?)),
            None => None,
        };
        Some(Self { pinned, ..self.clone() })
    }

    /// The version that is pinned.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_ref().map(|version| version.id.as_str())
    }

    /// Whether there is a version of this name.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.version(id).is_some()
    }

    /// Every version, in the order of the manifest.
    #[must_use]
    pub fn versions(&self, now: SystemTime) -> Vec<VersionStatus> {
        let status = |version: &Arc<Version>| {
            let Activation { from, to, models, weight } = &version.activation;
            let mut models: Vec<String> = models.iter().cloned().collect();
            models.sort_unstable();
            VersionStatus {
                id: version.id.clone(),
                notes: version.notes.clone(),
                active_from: *from,
                active_to: *to,
                models,
                weight: *weight,
                active: version.activation.is_active(now),
                pinned: self.pinned() == Some(version.id.as_str()),
            }
        };
        self.versions.iter().map(status).collect()
    }

    /// The names of the versions, in the order of the manifest.
    pub fn version_names(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|version| version.id.as_str())
    }

    /// The names that a model's `promptOverrides` may hold.
    pub fn override_names(&self) -> impl Iterator<Item = &str> {
        let can_be = self.components.values().filter(|component| component.template.lists() == 0);
        can_be.map(|component| component.name.as_str())
    }

    fn version(&self, id: &str) -> Option<&Arc<Version>> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The version for a model and a request: the requested one; else the pinned one, if it is for the model; else the
    /// one that the schedule chooses by the request's `key`.
    fn select(&self, model: &Model, requested: Option<&str>, key: &str, now: SystemTime) -> &Version {
        let requested = requested.and_then(|id| self.version(id));
        let pinned = || self.pinned.as_ref().filter(|version| version.activation.is_for(&model.id));
        let scheduled = || choose(&self.versions, &model.id, key, now);
        requested.or_else(pinned).or_else(scheduled).unwrap_or(&self.fallback)
    }
}

fn choose<'v>(versions: &'v [Arc<Version>], model_id: &str, key: &str, now: SystemTime) -> Option<&'v Arc<Version>> {
    let activations = versions.iter().map(|version| &version.activation);
    versions.get(schedule::choose(activations, model_id, key, now)?)
}

/// The versions in the order of the manifest, their schedule checked if they have no faults.
fn read_versions(source: &Source, terms: References<'_>, now: SystemTime, faults: &mut Faults) -> Vec<Arc<Version>> {
    let Some((path, value)) = &source.versions else { return Vec::new() };
    let before = faults.len();
    let given = check::record(value, path, faults);
    if faults.len() == before && !(1..=MOST_VERSIONS).contains(&given.len()) {
        faults.push(path, format!("must have 1 to {MOST_VERSIONS} versions, has {}", given.len()));
    }
    let read = |(path, id, value): (String, &str, &_)| {
        let version = Version::read(id, value, &path, terms, faults)?;
        Some((path, Arc::new(version)))
    };
    let versions: Vec<_> = given.into_iter().take(MOST_VERSIONS).filter_map(read).collect();
    if faults.len() == before {
        let entries: Vec<_> = versions
            .iter()
            .map(|(path, version)| Entry { path, id: &version.id, activation: &version.activation })
            .collect();
        schedule::check(&entries, path, now, faults);
    }
    versions.into_iter().map(|(_, version)| version).collect()
}

/// Refuses a model of the catalogue whose overrides are not among the components.
fn check_overrides(
    model: &Model,
    components: &HashMap<String, Option<Arc<Component>>>,
    path: &str,
    faults: &mut Faults,
) {
    for name in &model.prompt_overrides {
        let problem = match components.get(name) {
            None => "has no component".to_owned(),
            Some(Some(component)) if component.template.lists() > 0 => format!("has {} in", template::listing()),
            Some(_) => continue,
        };
        faults.push(path, format!("{problem} {name:?}, a prompt override of the model {:?}", model.id));
    }
}

/// The components by name; `None` for one that is faulty.
fn read_components(source: &Source, faults: &mut Faults) -> HashMap<String, Option<Arc<Component>>> {
    let mut components = HashMap::new();
    for source::FoundComponent { name, path, text } in &source.components {
        let template = template::Template::read(text, path, faults);
        let component = template.map(|template| Arc::new(Component { name: name.clone(), template }));
        if components.insert(name.clone(), component).is_some() {
            faults.push(path, format!("there is another component {name:?}"));
        }
    }
    components
}

#[cfg(test)]
mod tests;
