//! A request made to fit one model: what is asked, `max_tokens` and parameters within the limits, priced.

use crate::catalog::{FormatsLeft, Model, ResponseFormat};
use crate::money::estimated_cost;
use crate::outcome::{Adjustment, NanoUsd, Setting, Usage};
use crate::prompt::Rendering;
use crate::request::Options;

/// Room to think for a reasoning model; half of its limit where that is less.
const THINKING_ROOM: u64 = 4096;
/// Tokens that a reasoning model usually thinks.
const USUAL_THINKING: u64 = 1500;

/// The parameter that asks for a form of the answer.
const FORMAT: &str = "response_format";

/// What the caller wants of any model.
pub struct Wanted<'a> {
    /// What is asked, and the text.
    pub rendering: &'a Rendering<'a>,
    /// The parameters.
    pub options: &'a Options,
    /// The forms of an answer that servers have not refused.
    pub formats: &'a FormatsLeft,
}

/// A request as one model can take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The positions in the request that it asks for.
    pub positions: Vec<usize>,
    /// `max_tokens`.
    pub max_tokens: u64,
    /// `temperature`, if the caller set one.
    pub temperature: Option<f64>,
    /// How many of the caller's stop sequences are sent.
    pub stop: usize,
    /// The form of the answer that is asked for.
    pub response_format: ResponseFormat,
    /// Whether less was granted than such an answer may need, so that a truncated one is not the model's fault.
    pub cut: bool,
    /// Estimate of the prompt's tokens.
    pub prompt_tokens: u64,
    /// Estimate of the completion's tokens, where the provider does not say how many there were.
    pub usual_tokens: u64,
    /// How many of those are usually reasoning.
    pub usual_thinking: u64,
    /// The most that the call can cost: the prompt and all of `max_tokens`.
    pub worst: NanoUsd,
    /// What was changed to make it fit.
    pub adjusted: Vec<Adjustment>,
}

impl Fitted {
    /// The same with a looser form of the answer.
    #[must_use]
    pub fn loosened(&self, model: &Model, wanted: &Wanted<'_>, to: ResponseFormat) -> Self {
        let mut fitted = Self { response_format: to, ..self.clone() };
        fitted.adjusted.retain(|change| change.parameter != FORMAT);
        note_format(&mut fitted.adjusted, model, wanted, to);
        fitted.prompt_tokens = prompt_tokens(model, wanted, &fitted.positions, to);
        fitted.worst = worst(model, fitted.prompt_tokens, fitted.max_tokens);
        fitted
    }

    /// Estimate of the tokens of a usual call.
    #[must_use]
    pub fn usual_usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.usual_tokens,
            reasoning_tokens: self.usual_thinking,
            estimated: true,
            ..Usage::default()
        }
    }
}

/// Fits a request for the positions in `outstanding` to `model`.
#[must_use]
pub fn fit(model: &Model, wanted: &Wanted<'_>, outstanding: &[usize]) -> Fitted {
    let options = wanted.options;
    let limits = &model.limits;
    let mut adjusted = Vec::new();

    let needed = tokens_needed(model, wanted, outstanding, THINKING_ROOM);
    let asked = options.max_tokens.map_or(needed, u64::from);
    let max_tokens = limits.max_tokens.map_or(asked, |limit| asked.min(limit.into()));
    note(&mut adjusted, "max_tokens", asked, max_tokens);

    let mut positions = outstanding.to_vec();
    if wanted.rendering.divisible() {
        let mut least = tokens_needed(model, wanted, outstanding, THINKING_ROOM.min(max_tokens / 2));
        while positions.len() > 1 && least > max_tokens {
            least -= positions.pop().map_or(0, |position| wanted.rendering.lines().most_tokens_of(position));
        }
        note(&mut adjusted, wanted.rendering.lines().name(), outstanding.len() as u64, positions.len() as u64);
    }

    let temperature = options.temperature.map(|wanted| match limits.temperature {
        Some((low, high)) => wanted.clamp(low, high),
        None => wanted,
    });
    if let (Some(from), Some(to)) = (options.temperature, temperature)
        && (from - to).abs() > 0.0
    {
        adjusted.push(Adjustment {
            parameter: "temperature",
            from: Setting::Number(from),
            to: Some(Setting::Number(to)),
        });
    }

    let stop = limits.max_stop_sequences.map_or(options.stop.len(), |limit| options.stop.len().min(limit as usize));
    note(&mut adjusted, "stop", options.stop.len() as u64, stop as u64);

    let response_format = format_for(model, wanted);
    note_format(&mut adjusted, model, wanted, response_format);

    let prompt_tokens = prompt_tokens(model, wanted, &positions, response_format);
    let usual_tokens = usual_tokens(model, wanted, &positions).min(max_tokens);
    Fitted {
        cut: max_tokens < tokens_needed(model, wanted, &positions, THINKING_ROOM),
        usual_tokens,
        usual_thinking: if model.reasoning { USUAL_THINKING.min(usual_tokens) } else { 0 },
        worst: worst(model, prompt_tokens, max_tokens),
        positions,
        max_tokens,
        temperature,
        stop,
        response_format,
        prompt_tokens,
        adjusted,
    }
}

/// What a usual answer for the positions in `outstanding` costs on `model`, whatever its limits, in billionths of a dollar.
pub(super) fn expected_cost(model: &Model, wanted: &Wanted<'_>, outstanding: &[usize]) -> f64 {
    let prompt_tokens = prompt_tokens(model, wanted, outstanding, format_for(model, wanted));
    estimated_cost(&model.prices, prompt_tokens, usual_tokens(model, wanted, outstanding))
}

/// Estimate of the tokens that the request for the positions in `outstanding` has, the schema of its answer included: most
/// servers show it to the model.
fn prompt_tokens(model: &Model, wanted: &Wanted<'_>, outstanding: &[usize], format: ResponseFormat) -> u64 {
    wanted.rendering.tokens(model, outstanding) + wanted.rendering.lines().schema_tokens(outstanding, format)
}

/// The form in which `model` is asked for the answer: what the catalogue says, as far as servers and the task take it.
fn format_for(model: &Model, wanted: &Wanted<'_>) -> ResponseFormat {
    wanted.formats.of(model).min(wanted.rendering.lines().tightest())
}

/// The most that a request can cost.
fn worst(model: &Model, prompt_tokens: u64, max_tokens: u64) -> NanoUsd {
    NanoUsd::rounded(estimated_cost(&model.prices, prompt_tokens, max_tokens))
}

/// The tokens of a usual answer for the positions in `outstanding`.
fn usual_tokens(model: &Model, wanted: &Wanted<'_>, outstanding: &[usize]) -> u64 {
    let answer = wanted.rendering.lines().answer_tokens(outstanding);
    answer.usual + if model.reasoning { USUAL_THINKING } else { 0 }
}

fn tokens_needed(model: &Model, wanted: &Wanted<'_>, outstanding: &[usize], thinking: u64) -> u64 {
    let answer = wanted.rendering.lines().answer_tokens(outstanding);
    answer.most + if model.reasoning { thinking } else { 0 }
}

/// Notes a form of the answer that is looser than the catalogue's, and one that is not asked for: JSON is what everybody
/// wants whose task knows a form.
fn note_format(adjusted: &mut Vec<Adjustment>, model: &Model, wanted: &Wanted<'_>, to: ResponseFormat) {
    let wanted = model.response_format.max(ResponseFormat::JsonObject).min(wanted.rendering.lines().tightest());
    if let Some(from) = wanted.name().filter(|_| to != wanted) {
        let to = to.name().map(Setting::Text);
        adjusted.push(Adjustment { parameter: FORMAT, from: Setting::Text(from), to });
    }
}

/// Notes a count that became smaller.
#[expect(clippy::cast_precision_loss, reason = "counts of tokens and positions are far below 2^52")]
fn note(adjusted: &mut Vec<Adjustment>, parameter: &'static str, from: u64, to: u64) {
    if from != to {
        let (from, to) = (Setting::Number(from as f64), Some(Setting::Number(to as f64)));
        adjusted.push(Adjustment { parameter, from, to });
    }
}
