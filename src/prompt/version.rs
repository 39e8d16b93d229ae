//! A version of the prompts: its components in order, its overrides by model, and its place in the schedule.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::OWN_VERSION;
use super::schedule::Activation;
use super::template::{self, Template};
use super::time;
use crate::catalog::{Catalog, Model};
use crate::check::{self, Checked, Faults, Object, Violation, rule};

/// The most characters of a note.
const LONGEST_NOTES: usize = 2_000;

/// A component, read.
#[derive(Debug, PartialEq)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) template: Template,
}

/// A version, its references followed.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) notes: Option<String>,
    pub(super) activation: Activation,
    system: Vec<Arc<Component>>,
    output: Arc<Component>,
    user: Vec<Arc<Component>>,
    /// For each model with overrides of this version's, theirs in order.
    overrides: HashMap<String, Vec<Arc<Component>>>,
}

/// What a version may refer to.
#[derive(Clone, Copy)]
pub(super) struct References<'a> {
    /// By name; `None` for one that is faulty itself.
    pub(super) components: &'a HashMap<String, Option<Arc<Component>>>,
    /// The models that there are, if that is known.
    pub(super) catalog: Option<&'a Catalog>,
}

impl Version {
    /// Reads the version `id`; `None` if a component is missing.
    pub(super) fn read(
        id: &str,
        value: &Value,
        path: &str,
        terms: References<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        if let Err(violation) = rule::name(&Value::from(id)) {
            faults.push(path, format!("the name of a version {}", violation.problem));
        } else if id == OWN_VERSION {
            faults.push(path, format!("{OWN_VERSION:?} stands for a prompt of the caller's own"));
        }
        Object::read(value, path, faults, |fields| {
            let notes = fields.optional("notes", notes);
            let system = terms.system(fields);
            let output = terms.output(fields);
            let user = terms.user(fields);
            let overrides = terms.overrides(fields);
            let activation = terms.activation(fields);
            Some(Self { id: id.to_owned(), notes, activation, system, output: output?, user, overrides })
        })
        .flatten()
    }

    /// The components of the system message for `model`: the version's own, then the overrides, then the output format.
    pub(super) fn system<'v>(&'v self, model: &Model, known: &'v Known) -> impl Iterator<Item = &'v Template> {
        let overrides = self.overrides(model, known).into_iter();
        self.system.iter().chain(overrides).chain([&self.output]).map(|component| &component.template)
    }

    /// The components of the user message.
    pub(super) fn user(&self) -> impl Iterator<Item = &Template> {
        self.user.iter().map(|component| &component.template)
    }

    /// The overrides for `model`: those that it names in the catalogue, then those that this version has for its id.
    /// What comes twice, or is in every prompt of the version, comes once.
    pub(super) fn overrides<'v>(&'v self, model: &Model, known: &'v Known) -> Vec<&'v Arc<Component>> {
        let own = model.prompt_overrides.iter().filter_map(|name| known.get(name));
        let mut overrides: Vec<&Arc<Component>> = Vec::new();
        for component in own.chain(self.overrides.get(&model.id).into_iter().flatten()) {
            let mut present = self.system.iter().chain([&self.output]).chain(overrides.iter().copied());
            if !present.any(|other| other.name == component.name) {
                overrides.push(component);
            }
        }
        overrides
    }
}

/// Every component, by name.
pub(super) type Known = HashMap<String, Arc<Component>>;

impl References<'_> {
    /// The components of the system message, at least one.
    fn system(self, fields: &mut Object<'_, '_>) -> Vec<Arc<Component>> {
        let given = at_least_one(fields, "system");
        self.components(&given, fields.faults(), refuse_list)
    }

    /// The components of the user message, at least one; what is asked is listed exactly once in them.
    fn user(self, fields: &mut Object<'_, '_>) -> Vec<Arc<Component>> {
        let before = fields.faults().len();
        let given = at_least_one(fields, "user");
        let components = self.components(&given, fields.faults(), |_, _, _| {});
        let lists: usize = components.iter().map(|component| component.template.lists()).sum();
        if fields.faults().len() == before && lists != 1 {
            let path = fields.path_of("user");
            let listing = template::listing();
            let problem = format!("must have the placeholder {listing} once in its components, has it {lists} times");
            fields.faults().push(&path, problem);
        }
        components
    }

    fn output(self, fields: &mut Object<'_, '_>) -> Option<Arc<Component>> {
        let path = fields.path_of("output");
        let Some(value) = fields.raw("output") else {
            fields.faults().push(&path, "is required: the component that says how to answer");
            return None;
        };
        let component = self.component(value, &path, fields.faults())?;
        refuse_list(&component, &path, fields.faults());
        Some(component)
    }

    fn overrides(self, fields: &mut Object<'_, '_>) -> HashMap<String, Vec<Arc<Component>>> {
        let mut overrides = HashMap::new();
        for (path, model_id, value) in fields.record("overrides") {
            self.check_model(model_id, &path, fields.faults());
            let given = check::list(value, &path, fields.faults());
            let components = self.components(&given, fields.faults(), refuse_list);
            overrides.insert(model_id.to_owned(), components);
        }
        overrides
    }

    fn activation(self, fields: &mut Object<'_, '_>) -> Activation {
        let from = fields.optional("activeFrom", time::utc);
        let to = fields.optional("activeTo", time::utc);
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            let path = fields.path_of("activeTo");
            fields.faults().push(&path, "must be later than activeFrom");
        }
        let path = fields.path_of("models");
        let given = fields.raw("models").map(|value| check::list(value, &path, fields.faults()));
        if given.as_ref().is_some_and(Vec::is_empty) {
            fields.faults().push(&path, "must name at least one model; without it, the version is for all");
        }
        let mut activation = Activation { from, to, ..Activation::default() };
        for (path, value) in given.into_iter().flatten() {
            let Some(id) = fields.faults().check(value, &path, rule::name) else { continue };
            self.check_model(&id, &path, fields.faults());
            if !activation.models.insert(id) {
                fields.faults().push_got(&path, "the same model twice", value);
            }
        }
        activation.weight = fields.optional("weight", rule::whole(1..=1_000_000));
        activation
    }

    /// Components by their names, each once and none that `refuse` finds a fault with.
    fn components(
        self,
        given: &[(String, &Value)],
        faults: &mut Faults,
        refuse: impl Fn(&Component, &str, &mut Faults),
    ) -> Vec<Arc<Component>> {
        let mut components: Vec<Arc<Component>> = Vec::new();
        for (path, value) in given {
            let Some(component) = self.component(value, path, faults) else { continue };
            refuse(&component, path, faults);
            if components.contains(&component) {
                faults.push_got(path, "the same component twice", value);
            }
            components.push(component);
        }
        components
    }

    fn component(self, value: &Value, path: &str, faults: &mut Faults) -> Option<Arc<Component>> {
        let name = faults.check(value, path, rule::name)?;
        let component = self.components.get(&name);
        if component.is_none() {
            faults.push_got(path, "unknown component", value);
        }
        component?.clone()
    }

    fn check_model(self, id: &str, path: &str, faults: &mut Faults) {
        if self.catalog.is_some_and(|catalog| catalog.get(id).is_none()) {
            faults.push_got(path, "unknown model", &Value::from(id));
        }
    }
}

/// A list that must not be empty.
fn at_least_one<'v>(fields: &mut Object<'v, '_>, name: &'static str) -> Vec<(String, &'v Value)> {
    let before = fields.faults().len();
    let given = fields.list(name);
    if given.is_empty() && fields.faults().len() == before {
        let path = fields.path_of(name);
        fields.faults().push(&path, "must name at least one component");
    }
    given
}

fn refuse_list(component: &Component, path: &str, faults: &mut Faults) {
    if component.template.lists() > 0 {
        let (name, listing) = (&component.name, template::listing());
        let problem = format!("the component {name:?} has the placeholder {listing}, which belongs to user");
        faults.push(path, problem);
    }
}

/// Notes are for people.
fn notes(value: &Value) -> Checked<String> {
    let text = value.as_str().filter(|text| text.chars().nth(LONGEST_NOTES).is_none());
    text.map(str::to_owned)
        .ok_or_else(|| Violation::new(format!("must be a string of at most {LONGEST_NOTES} characters")))
}
