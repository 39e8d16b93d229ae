//! Prompts: components and a model's overrides, composed into the system and the user text.
//!
//! Overrides are found by the model's own list, which the catalogue checks against [`OVERRIDES`]; nothing here looks
//! at a part of an id.

mod template;

use std::sync::LazyLock;

use serde::Serialize;

use crate::catalog::Model;
use crate::money::estimate_tokens;
use crate::request::{Match, OwnPrompt};

use template::{Template, Values};

/// The version of the built-in prompt.
pub const BUILTIN_VERSION: &str = "1";
/// What an outcome has as its version when the caller sent a prompt of its own.
pub const OWN_VERSION: &str = "own";
/// The names that a model's `promptOverrides` may hold.
pub const OVERRIDES: &[&str] = &["english-enforced", "json-strict", "thinking-aside"];

/// The texts of one version, parsed once.
struct Components {
    base: Template,
    scoring: Template,
    overrides: Vec<(&'static str, Template)>,
    output: Template,
    matches: Template,
}

static BUILTIN: LazyLock<Components> = LazyLock::new(|| Components {
    base: Template::new(include_str!("../../catalog/prompts/base.md")),
    scoring: Template::new(include_str!("../../catalog/prompts/scoring.md")),
    overrides: OVERRIDES.iter().copied().zip(OVERRIDE_TEXTS.map(Template::new)).collect(),
    output: Template::new(include_str!("../../catalog/prompts/output.md")),
    matches: Template::new(include_str!("../../catalog/prompts/matches.md")),
});

/// The texts of [`OVERRIDES`], in the same order.
const OVERRIDE_TEXTS: [&str; 3] = [
    include_str!("../../catalog/prompts/overrides/english-enforced.md"),
    include_str!("../../catalog/prompts/overrides/json-strict.md"),
    include_str!("../../catalog/prompts/overrides/thinking-aside.md"),
];

/// The two messages that a model is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The system message, if there is one.
    pub system: Option<String>,
    /// The user message.
    pub user: String,
}

/// What one request says, ready to be rendered for any model and any part of its matches.
pub struct Rendering<'a> {
    /// The caller's own prompt, with the estimate of its tokens.
    own: Option<(&'a OwnPrompt, u64)>,
    active_models: String,
    /// One line of JSON for each match, with the estimates of its tokens and of its id's.
    lines: Vec<Line>,
}

struct Line {
    text: String,
    tokens: u64,
    id_tokens: u64,
}

/// A match as the model sees it. JSON keeps the caller's text inside its string: it can neither become a placeholder
/// nor begin a section.
#[derive(Serialize)]
struct Shown<'a> {
    match_id: &'a str,
    home_team: &'a str,
    away_team: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    competition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kickoff: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<&'a str>,
}

impl<'a> Rendering<'a> {
    /// Prepares `matches`, or the caller's own prompt, for a day on which `active_models` models take part.
    #[must_use]
    pub fn new(matches: &[Match], own: Option<&'a OwnPrompt>, active_models: usize) -> Self {
        let lines = matches.iter().map(|game| Line::new(game, own.is_none())).collect();
        let estimate = |own: &OwnPrompt| estimate_tokens(&own.user) + own.system.as_deref().map_or(0, estimate_tokens);
        let own = own.map(|own| (own, estimate(own)));
        Self { own, active_models: active_models.to_string(), lines }
    }

    /// How many matches there are.
    #[must_use]
    pub fn matches(&self) -> usize {
        self.lines.len()
    }

    /// Whether the text can be rendered for fewer matches; a prompt of the caller's own cannot.
    #[must_use]
    pub fn divisible(&self) -> bool {
        self.own.is_none()
    }

    /// The version that an outcome reports.
    #[must_use]
    pub fn version(&self) -> &'static str {
        if self.own.is_some() { OWN_VERSION } else { BUILTIN_VERSION }
    }

    /// Estimate of the tokens that the id of match `index` takes in an answer.
    #[must_use]
    pub fn id_tokens(&self, index: usize) -> u64 {
        self.lines.get(index).map_or(0, |line| line.id_tokens)
    }

    /// Estimate of the prompt's tokens for `model` and the matches at `indices`.
    #[must_use]
    pub fn tokens(&self, model: &Model, indices: &[usize]) -> u64 {
        if let Some((_, tokens)) = self.own {
            return tokens;
        }
        let components = sections(model).chain([&BUILTIN.matches]).map(Template::tokens).sum::<u64>();
        components + self.chosen(indices).map(|line| line.tokens).sum::<u64>()
    }

    /// The messages for `model` and the matches at `indices`.
    #[must_use]
    pub fn texts(&self, model: &Model, indices: &[usize]) -> Texts {
        if let Some((own, _)) = self.own {
            return Texts { system: own.system.clone(), user: own.user.clone() };
        }
        let matches = self.chosen(indices).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
        let values = Values { active_models: &self.active_models, matches: &matches };
        let mut system = String::with_capacity(4096);
        for section in sections(model) {
            if !system.is_empty() {
                system.push_str("\n\n");
            }
            section.render(&mut system, &values);
        }
        let mut user = String::with_capacity(matches.len() + 128);
        BUILTIN.matches.render(&mut user, &values);
        Texts { system: Some(system), user }
    }

    fn chosen<'b>(&'b self, indices: &'b [usize]) -> impl Iterator<Item = &'b Line> {
        indices.iter().filter_map(|&index| self.lines.get(index))
    }
}

impl Line {
    fn new(game: &Match, is_sent: bool) -> Self {
        let shown = Shown {
            match_id: &game.id,
            home_team: &game.home_team,
            away_team: &game.away_team,
            competition: game.competition.as_deref(),
            kickoff: game.kickoff.as_deref(),
            analysis: game.analysis.as_deref(),
        };
        let text = if is_sent { serde_json::to_string(&shown).unwrap_or_default() } else { String::new() };
        Self { tokens: estimate_tokens(&text), id_tokens: estimate_tokens(&game.id), text }
    }
}

/// The sections of the system text: base, scoring, the model's overrides, output format.
fn sections(model: &Model) -> impl Iterator<Item = &'static Template> {
    let named = |name: &String| BUILTIN.overrides.iter().find(|(known, _)| known == name).map(|(_, text)| text);
    [&BUILTIN.base, &BUILTIN.scoring]
        .into_iter()
        .chain(model.prompt_overrides.iter().filter_map(named))
        .chain([&BUILTIN.output])
}
