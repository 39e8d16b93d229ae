//! What a request is charged: one decision on what went out, what came back, and what the reply says of its tokens. (A
//! reservation that is dropped without one books the usual estimate, which it was given when it was made.)

use std::fmt::Write as _;

use super::{cost, estimate_tokens};
use crate::catalog::Prices;
use crate::outcome::{Doubt, Told, Usage};

/// More tokens than this are no count of one request.
const MOST: f64 = 2_000_000.0;
/// So many tokens of a prompt for each byte that was sent, and [`HIDDEN`] more, are believed without a doubt.
const PER_BYTE: u64 = 4;
/// Tokens of a prompt that a provider may add by itself.
const HIDDEN: u64 = 4096;

/// What is known of a request before its reply.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What the model costs.
    pub prices: &'a Prices,
    /// Whether the model may think without showing it.
    pub reasons: bool,
    /// Estimate of the tokens of a usual call.
    pub usual: Usage,
    /// The most tokens that a completion may have.
    pub max_tokens: u64,
    /// How many bytes were sent.
    pub bytes: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// Nothing of it went out.
    Unsent,
    /// It went out, and no whole reply came.
    CutOff {
        /// The status, if that much came.
        status: Option<u16>,
    },
    /// A whole reply came.
    Replied {
        /// Its status.
        status: u16,
        /// What it says of its tokens.
        told: Option<Told>,
        /// The text or the arguments of a tool call; empty if there is neither.
        text: &'a str,
        /// What the model thought, as far as it was shown.
        thoughts: Option<&'a str>,
        /// Whether the text is all that the model had to say.
        is_whole: bool,
    },
}

/// What a request is charged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Charge {
    /// The tokens that are booked; `None` if nothing is.
    pub usage: Option<Usage>,
    /// What they cost, in billionths of a dollar, not rounded yet.
    pub cost: f64,
    /// Whether up to all of the reservation may be billed.
    pub is_uncertain: bool,
    /// What was told that is hard to believe.
    pub doubt: Option<Doubt>,
}

/// Charges a request:
///
/// - nothing for what was never sent, and for a status other than 2xx; but 499, 504 and 524 end a request that went on;
/// - the usual estimate for what was cut off;
/// - else what the reply says, half by half, and an estimate of each half that it does not say or that cannot be true.
///
/// Whatever is not known of a completion may cost up to the reservation, except where the whole text of a model that
/// does not reason has come.
#[must_use]
pub fn charge(terms: &Terms<'_>, end: &End<'_>) -> Charge {
    match *end {
        End::CutOff { status: None | Some(200..300 | 499 | 504 | 524) }
        | End::Replied { status: 499 | 504 | 524, .. } => Charge::of(terms, terms.usual, true, None),
        End::Replied { status: 200..300, told, text, thoughts, is_whole } => {
            let told = told.unwrap_or_default();
            let says_anything = !text.is_empty() || thoughts.is_some();
            let mut doubts = Doubts::default();
            let prompt = doubts.half("prompt", told.prompt, 1.0);
            let completion = doubts.half("completion", told.completion, if says_anything { 1.0 } else { 0.0 });
            if let Some(tokens) = prompt.filter(|&tokens| tokens > PER_BYTE * terms.bytes + HIDDEN) {
                doubts.add(format_args!("{tokens} tokens of a prompt for {} bytes that were sent", terms.bytes));
            }
            let mut usage = added_up(&told, prompt, completion);
            if prompt.is_none() {
                (usage.prompt_tokens, usage.cached_tokens) = (terms.usual.prompt_tokens, 0);
            }
            if completion.is_none() {
                let thought = thoughts.map_or(0, estimate_tokens);
                usage.completion_tokens = (thought + estimate_tokens(text)).min(terms.max_tokens);
                usage.reasoning_tokens = thought.min(usage.completion_tokens);
            }
            usage.estimated = prompt.is_none() || completion.is_none();
            let is_known = completion.is_some() || (is_whole && !text.is_empty() && !terms.reasons);
            let is_told = told != Told::default();
            let problem = doubts.0.filter(|_| is_told);
            Charge::of(terms, usage, !is_known, problem.map(|problem| Doubt { told, booked: usage, problem }))
        }
        End::Unsent | End::CutOff { .. } | End::Replied { .. } => Charge::default(),
    }
}

impl Charge {
    /// What a request is charged that is sent again because nobody knows whether the provider has looked at it: nothing,
    /// but it may be billed.
    #[must_use]
    pub fn held() -> Self {
        Self { is_uncertain: true, ..Self::default() }
    }

    fn of(terms: &Terms<'_>, usage: Usage, is_uncertain: bool, doubt: Option<Doubt>) -> Self {
        Self { usage: Some(usage), cost: cost(terms.prices, &usage), is_uncertain, doubt }
    }
}

/// The tokens of the halves that are believed, with what stands beside them. What the total says beyond both is
/// first cached prompt, as far as so many cached tokens are named that they do not fit into the prompt; the rest is
/// reasoning. Where it says nothing of that, cached tokens and reasoning are within, unless there are more of them
/// than that could be.
fn added_up(told: &Told, prompt: Option<u64>, completion: Option<u64>) -> Usage {
    let named = |number: Option<f64>| number.and_then(|number| count(number, MOST)).unwrap_or_default();
    let [cached, written, reasoning] = [told.cached, told.written, told.reasoning].map(named);
    let (within_prompt, within_completion) = (prompt.unwrap_or_default(), completion.unwrap_or_default());
    let outside = Some(cached + written).filter(|&named| named > within_prompt).unwrap_or_default();
    let total = told.total.and_then(|total| count(total, 2.0 * MOST));
    let beyond =
        prompt.and(completion).and(total).and_then(|total| total.checked_sub(within_prompt + within_completion));
    let (beside_prompt, beside_completion) = match beyond {
        Some(beyond) => (beyond.min(outside), beyond - beyond.min(outside)),
        None => (outside, if reasoning > within_completion { reasoning } else { 0 }),
    };
    let (prompt_tokens, completion_tokens) = (within_prompt + beside_prompt, within_completion + beside_completion);
    Usage {
        prompt_tokens,
        completion_tokens,
        cached_tokens: cached.min(if outside > 0 { beside_prompt } else { prompt_tokens }),
        reasoning_tokens: reasoning.max(beside_completion).min(completion_tokens),
        estimated: false,
    }
}

/// A number as a count of tokens, if it is one and no more than `most`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
fn count(number: f64, most: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=most).contains(&number)).then_some(number as u64)
}

/// What is wrong with what was told, in words, if anything is.
#[derive(Default)]
struct Doubts(Option<String>);

impl Doubts {
    /// Half of what was told, if it can be believed: no less than `least`.
    fn half(&mut self, name: &str, told: Option<f64>, least: f64) -> Option<u64> {
        let Some(number) = told else {
            self.add(format_args!("no tokens of the {name}"));
            return None;
        };
        let half = count(number, MOST).filter(|_| number >= least);
        if half.is_none() {
            self.add(format_args!("{number} tokens of the {name}"));
        }
        half
    }

    fn add(&mut self, problem: std::fmt::Arguments<'_>) {
        match &mut self.0 {
            // A String takes whatever is written to it.
            Some(problems) => write!(problems, " and {problem}").unwrap_or_default(),
            None => self.0 = Some(problem.to_string()),
        }
    }
}
