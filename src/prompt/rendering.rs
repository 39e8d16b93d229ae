//! What one request says, for any model and any part of what it asks.

use std::sync::Arc;
use std::time::SystemTime;

use super::template::{Template, Values};
use super::time;
use super::version::{Component, Version};
use super::{OWN_VERSION, Prompts};
use crate::catalog::Model;
use crate::money::estimate_tokens;
use crate::request::{ChatTurn, OwnPrompt};
use crate::task::{Item, Lines};

/// The messages that a model is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The system message, if there is one.
    pub system: Option<String>,
    /// What was said between them.
    pub turns: Vec<ChatTurn>,
    /// The user message.
    pub user: String,
}

impl Texts {
    /// Adds a paragraph to the system message, which there is then.
    pub fn add_to_system(&mut self, paragraph: &str) {
        let system = self.system.get_or_insert_default();
        if !system.trim().is_empty() {
            system.push_str("\n\n");
        }
        system.push_str(paragraph);
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// What is asked about.
    pub lines: Lines,
    /// What decides the version among those that share the requests: the id of the first item.
    pub key: &'a str,
    /// Replaces the composed prompt.
    pub own: Option<&'a OwnPrompt>,
    /// The version that every model is to be sent; the schedule's if there is none of that name.
    pub version: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// Asks about these items.
    pub fn about<I: Item>(items: &'a [I], own: Option<&'a OwnPrompt>, version: Option<&'a str>) -> Self {
        let key = items.first().map_or("", |item| item.id());
        Self { lines: I::lines(items, own.is_none()), key, own, version }
    }
}

/// What one request says, ready to be rendered for any model and any part of what it asks.
pub struct Rendering<'a> {
    prompts: &'a Prompts,
    ask: Ask<'a>,
    now: SystemTime,
    date: String,
    active_models: String,
    /// Estimate of the tokens of the caller's own prompt.
    own_tokens: u64,
}

impl<'a> Rendering<'a> {
    /// Prepares what is asked, at a time at which `active_models` models take part.
    #[must_use]
    pub fn new(prompts: &'a Prompts, ask: Ask<'a>, active_models: usize, now: SystemTime) -> Self {
        let estimate = |own: &OwnPrompt| {
            let turns = own.turns.iter().map(|turn| estimate_tokens(&turn.text)).sum::<u64>();
            estimate_tokens(&own.user) + turns + own.system.as_deref().map_or(0, estimate_tokens)
        };
        Self {
            own_tokens: ask.own.map_or(0, estimate),
            date: time::date(now),
            active_models: active_models.to_string(),
            prompts,
            ask,
            now,
        }
    }

    /// What is asked, a line for each position.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.ask.lines
    }

    /// The time at which it is asked.
    #[must_use]
    pub fn made_at(&self) -> SystemTime {
        self.now
    }

    /// Whether the text can be rendered for fewer positions; a prompt of the caller's own cannot.
    #[must_use]
    pub fn divisible(&self) -> bool {
        self.ask.own.is_none()
    }

    /// The version that `model` is sent.
    #[must_use]
    pub fn version(&self, model: &Model) -> &str {
        if self.ask.own.is_some() { OWN_VERSION } else { &self.version_for(model).id }
    }

    /// The names of the overrides that `model` is sent, in order.
    #[must_use]
    pub fn overrides(&self, model: &Model) -> Vec<String> {
        self.own_or_composed_overrides(model).map(|component| component.name.clone()).collect()
    }

    /// Estimate of the prompt's tokens for `model` and what is asked at `positions`.
    #[must_use]
    pub fn tokens(&self, model: &Model, positions: &[usize]) -> u64 {
        if self.ask.own.is_some() {
            let overrides = self.own_or_composed_overrides(model);
            return self.own_tokens + overrides.map(|component| component.template.tokens()).sum::<u64>();
        }
        let version = self.version_for(model);
        let components = version.system(model, &self.prompts.components).chain(version.user());
        components.map(Template::tokens).sum::<u64>() + self.ask.lines.tokens(positions)
    }

    /// The messages for `model` and what is asked at `positions`.
    #[must_use]
    pub fn texts(&self, model: &Model, positions: &[usize]) -> Texts {
        if let Some(own) = self.ask.own {
            let mut texts = Texts { system: own.system.clone(), turns: own.turns.clone(), user: own.user.clone() };
            if own.overrides {
                let overrides = self.own_or_composed_overrides(model).map(|component| &component.template);
                let overrides = compose(overrides, &self.values(""));
                if !overrides.is_empty() {
                    texts.add_to_system(&overrides);
                }
            }
            return texts;
        }
        let lines = self.ask.lines.text(positions);
        let values = self.values(&lines);
        let version = self.version_for(model);
        let system = version.system(model, &self.prompts.components);
        Texts { system: Some(compose(system, &values)), turns: Vec::new(), user: compose(version.user(), &values) }
    }

    /// The overrides that `model` is sent: of a prompt of the caller's own only if it asks for them.
    fn own_or_composed_overrides<'s>(&'s self, model: &Model) -> impl Iterator<Item = &'s Arc<Component>> + use<'s> {
        let are_sent = self.ask.own.is_none_or(|own| own.overrides);
        let overrides = || self.version_for(model).overrides(model, &self.prompts.components);
        if are_sent { overrides() } else { Vec::new() }.into_iter()
    }

    fn values<'v>(&'v self, lines: &'v str) -> Values<'v> {
        Values { active_models: &self.active_models, date: &self.date, lines }
    }

    fn version_for(&self, model: &Model) -> &Version {
        self.prompts.select(model, self.ask.version, self.ask.key, self.now)
    }
}

/// The components with a blank line between them.
fn compose<'t>(components: impl Iterator<Item = &'t Template>, values: &Values<'_>) -> String {
    let mut text = String::with_capacity(4096);
    for component in components {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        component.render(&mut text, values);
    }
    text
}
