//! A question as an item of the loop.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::value::RawValue;
use tracing::Span;

use super::form::Form;
use super::reading::{self, AnswerText};
use crate::call_id::CallIds;
use crate::catalog::ResponseFormat;
use crate::check::Faults;
use crate::kind::Task;
use crate::protocol::{Found, Said};
use crate::request::OwnPrompt;
use crate::task::{AnswerTokens, Item, Judging, Line, Lines, Schema};

/// The tokens of an answer, where the caller does not say how many it may have.
const ANSWER: AnswerTokens = AnswerTokens { most: 2048, usual: 400 };

/// A question: the prompt is its request's, and this is what an answer to it has to be.
#[derive(Clone, Debug)]
pub struct OpenQuestion {
    /// The same whenever the same is asked.
    id: String,
    /// The form of the answer; text without one.
    form: Option<Form>,
}

impl OpenQuestion {
    /// What is asked with a prompt, to be answered in a form.
    #[must_use]
    pub fn new(prompt: &OwnPrompt, form: Option<Form>) -> Self {
        let OwnPrompt { system, turns, user, overrides } = prompt;
        let schema = form.as_ref().and_then(|form| form.schema().map(|(_, schema, _)| schema.get()));
        let mut hasher = DefaultHasher::new();
        (system, turns, user, overrides, form.is_some(), schema).hash(&mut hasher);
        Self { id: format!("{:016x}", hasher.finish()), form }
    }

    /// The form of the answer.
    #[must_use]
    pub fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }
}

impl Item for OpenQuestion {
    type Value = AnswerText;

    const TASK: Task = Task::Ask;

    const ITEMS: &'static str = "questions";

    const PATH: &'static str = "request";

    const HAS_OWN_FORM: bool = true;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(_: &str, _: &[Self], _: bool, _: &mut Faults) {}

    fn lines(items: &[Self], _: bool) -> Lines {
        let form = items.first().and_then(OpenQuestion::form);
        let tightest = form.map_or(ResponseFormat::Free, Form::tightest);
        let lines = items.iter().map(|_| Line { answer: ANSWER, ..Line::default() }).collect();
        Lines::new(Self::ITEMS, lines, AnswerTokens::default())
            .with_schema(form.map_or(0, Form::tokens), Vec::new())
            .with_form(tightest, true)
    }

    fn schema(asked: &[&Self]) -> Option<Schema> {
        let (name, schema, is_strict) = asked.first()?.form()?.schema()?;
        Some(Schema { name: Cow::Owned(name.to_owned()), schema: RawValue::to_owned(schema), is_strict })
    }

    fn in_words<'a>(asked: &[&'a Self]) -> Option<&'a str> {
        asked.first()?.form()?.in_words()
    }

    fn find(asked: &[&Self], said: &Said<'_>) -> Found<Vec<Option<AnswerText>>> {
        match asked.first().and_then(|question| question.form()) {
            Some(_) => reading::value(said),
            None => reading::text(said),
        }
    }

    fn judge(asked: &[&Self], values: &[Option<AnswerText>]) -> Option<Judging<AnswerText>> {
        let form = asked.first()?.form()?;
        let candidates = values.first()?.as_ref()?.texts.clone();
        let verdict = form.judge(candidates.clone());
        Some(Box::pin(Judged { candidates, verdict }))
    }

    fn span(ids: &CallIds, original: &str, _: &[Self]) -> Span {
        let CallIds { call_id, request_id } = ids;
        tracing::error_span!("ask", call_id, request_id = request_id.as_deref(), original)
    }
}

/// What is left of the candidates when they were judged.
struct Judged {
    candidates: Vec<String>,
    verdict: super::Judgement,
}

impl Future for Judged {
    type Output = Result<Vec<Option<AnswerText>>, String>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        self.verdict.as_mut().poll(context).map(|verdict| {
            let place = verdict?;
            let chosen = self.candidates.get(place).cloned().ok_or("it was judged by nobody")?;
            Ok(vec![Some(AnswerText { texts: vec![chosen] })])
        })
    }
}
