//! What one request says, for any model and any part of its matches.

use std::time::SystemTime;

use json_escape_simd::escape_into;

use super::template::{Template, Values};
use super::time;
use super::version::Version;
use super::{OWN_VERSION, Prompts};
use crate::catalog::Model;
use crate::money::estimate_tokens;
use crate::request::{Match, OwnPrompt};

/// The two messages that a model is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The system message, if there is one.
    pub system: Option<String>,
    /// The user message.
    pub user: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The matches.
    pub matches: &'a [Match],
    /// Replaces the composed prompt.
    pub own: Option<&'a OwnPrompt>,
    /// The version that every model is to be sent; the schedule's if there is none of that name.
    pub version: Option<&'a str>,
}

/// What one request says, ready to be rendered for any model and any part of its matches.
pub struct Rendering<'a> {
    prompts: &'a Prompts,
    ask: Ask<'a>,
    now: SystemTime,
    date: String,
    active_models: String,
    /// Estimate of the tokens of the caller's own prompt.
    own_tokens: u64,
    /// One line of JSON for each match, with the estimates of its tokens and of its id's.
    lines: Vec<Line>,
}

struct Line {
    text: String,
    tokens: u64,
    id_tokens: u64,
}

impl<'a> Rendering<'a> {
    /// Prepares what is asked, at a time at which `active_models` models take part.
    #[must_use]
    pub fn new(prompts: &'a Prompts, ask: Ask<'a>, active_models: usize, now: SystemTime) -> Self {
        let lines = ask.matches.iter().map(|game| Line::new(game, ask.own.is_none())).collect();
        let estimate = |own: &OwnPrompt| estimate_tokens(&own.user) + own.system.as_deref().map_or(0, estimate_tokens);
        Self {
            own_tokens: ask.own.map_or(0, estimate),
            date: time::date(now),
            active_models: active_models.to_string(),
            prompts,
            ask,
            now,
            lines,
        }
    }

    /// How many matches there are.
    #[must_use]
    pub fn matches(&self) -> usize {
        self.lines.len()
    }

    /// Whether the text can be rendered for fewer matches; a prompt of the caller's own cannot.
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
        if self.ask.own.is_some() {
            return Vec::new();
        }
        let overrides = self.version_for(model).overrides(model, &self.prompts.components);
        overrides.into_iter().map(|component| component.name.clone()).collect()
    }

    /// Estimate of the tokens that the id of match `index` takes in an answer.
    #[must_use]
    pub fn id_tokens(&self, index: usize) -> u64 {
        self.lines.get(index).map_or(0, |line| line.id_tokens)
    }

    /// Estimate of the prompt's tokens for `model` and the matches at `indices`.
    #[must_use]
    pub fn tokens(&self, model: &Model, indices: &[usize]) -> u64 {
        if self.ask.own.is_some() {
            return self.own_tokens;
        }
        let version = self.version_for(model);
        let components = version.system(model, &self.prompts.components).chain(version.user());
        components.map(Template::tokens).sum::<u64>() + self.chosen(indices).map(|line| line.tokens).sum::<u64>()
    }

    /// The messages for `model` and the matches at `indices`.
    #[must_use]
    pub fn texts(&self, model: &Model, indices: &[usize]) -> Texts {
        if let Some(own) = self.ask.own {
            return Texts { system: own.system.clone(), user: own.user.clone() };
        }
        let matches = self.chosen(indices).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
        let values = Values { active_models: &self.active_models, date: &self.date, matches: &matches };
        let version = self.version_for(model);
        let system = version.system(model, &self.prompts.components);
        Texts { system: Some(compose(system, &values)), user: compose(version.user(), &values) }
    }

    fn version_for(&self, model: &Model) -> &Version {
        let first = self.ask.matches.first().map_or("", |game| game.id.as_str());
        self.prompts.select(model, self.ask.version, first, self.now)
    }

    fn chosen<'b>(&'b self, indices: &'b [usize]) -> impl Iterator<Item = &'b Line> {
        indices.iter().filter_map(|&index| self.lines.get(index))
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

impl Line {
    fn new(game: &Match, is_sent: bool) -> Self {
        let text = if is_sent { one_line(shown(game)) } else { String::new() };
        Self { tokens: estimate_tokens(&text), id_tokens: estimate_tokens(&game.id), text }
    }
}

/// A match as the model sees it. JSON keeps the caller's text inside its string: it can neither become a placeholder
/// nor begin a section.
fn shown(game: &Match) -> String {
    let fields = [
        ("match_id", Some(&game.id)),
        ("home_team", Some(&game.home_team)),
        ("away_team", Some(&game.away_team)),
        ("competition", game.competition.as_ref()),
        ("kickoff", game.kickoff.as_ref()),
        ("analysis", game.analysis.as_ref()),
    ];
    let mut json = Vec::new();
    for (name, text) in fields {
        let Some(text) = text else { continue };
        json.push(if json.is_empty() { b'{' } else { b',' });
        escape_into(name, &mut json);
        json.push(b':');
        escape_into(text, &mut json);
    }
    json.push(b'}');
    // Escaping asks for six times as much as it mostly takes.
    json.shrink_to_fit();
    // What is escaped stays UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

/// JSON leaves three characters as they are that some take for the end of a line; they are escaped as well.
fn one_line(json: String) -> String {
    const ENDS: [(char, &str); 3] = [('\u{85}', "\\u0085"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    if json.is_ascii() {
        return json;
    }
    ENDS.iter().fold(json, |json, (end, escape)| if json.contains(*end) { json.replace(*end, escape) } else { json })
}
