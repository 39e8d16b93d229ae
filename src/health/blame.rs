//! Whose doing a failure may be. A call with settings of its own (a prompt, a version of the prompt, stop sequences, a
//! temperature, a limit of tokens) that nobody can answer says nothing of the model, until some model has answered a call
//! with the same settings.

use std::collections::VecDeque;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

use crate::request::{Options, Request};

/// How many settings are kept that were answered.
const KEPT: usize = 256;

/// The settings with which calls were answered of late, as fingerprints. A call without settings of its own asks nothing
/// here.
#[derive(Debug, Default)]
pub struct Blame {
    hasher: RandomState,
    /// The latest last.
    answered: Mutex<VecDeque<u64>>,
}

impl Blame {
    /// Notes that a model has answered such a call.
    pub fn answered<I>(&self, request: &Request<I>, options: &Options) {
        let Some(settings) = self.settings(request, options) else { return };
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = answered.iter().rposition(|known| *known == settings) {
            answered.remove(place);
        } else if answered.len() == KEPT {
            answered.pop_front();
        }
        answered.push_back(settings);
    }

    /// Whether such a call may itself be what fails: it has settings of its own, and no model has answered with them.
    #[must_use]
    pub fn is_on_caller<I>(&self, request: &Request<I>, options: &Options) -> bool {
        let Some(settings) = self.settings(request, options) else { return false };
        !self.answered.lock().unwrap_or_else(PoisonError::into_inner).contains(&settings)
    }

    /// The call's own settings, if it has any. Of a prompt the part that stays the same from call to call counts: the
    /// system message, if there is one.
    fn settings<I>(&self, request: &Request<I>, options: &Options) -> Option<u64> {
        let Request { prompt, prompt_version, .. } = request;
        // Taken apart, so that an option that is added cannot be forgotten here.
        let Options {
            temperature,
            max_tokens,
            stop,
            deadline: _,
            attempt_timeout: _,
            max_fallback_cost: _,
            max_fallback_depth: _,
            request_id: _,
            traceparent: _,
        } = options;
        let is_plain = temperature.is_none() && max_tokens.is_none() && stop.is_empty();
        if prompt.is_none() && prompt_version.is_none() && is_plain {
            return None;
        }
        let prompt = prompt.as_ref().map(|prompt| match &prompt.system {
            Some(system) if !system.trim().is_empty() => (true, system),
            _ => (false, &prompt.user),
        });
        let temperature = temperature.map(f64::to_bits);
        Some(self.hasher.hash_one((prompt, prompt_version, temperature, max_tokens, stop)))
    }
}

/// What an attempt was asked, whatever the order of its parts: the same for the same set of ids in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub(super) NonZeroU64);

impl Fingerprint {
    /// The fingerprint of a set of ids.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let hash = |id: &str| {
            let mut hasher = DefaultHasher::new();
            id.hash(&mut hasher);
            hasher.finish()
        };
        let sum = ids.into_iter().map(hash).fold(0, u64::wrapping_add);
        Self(NonZeroU64::new(sum).unwrap_or(NonZeroU64::MIN))
    }

    /// The number that it is.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::OwnPrompt;

    fn prompt(system: Option<&str>, user: &str) -> Request<()> {
        let prompt = OwnPrompt { system: system.map(str::to_owned), user: user.to_owned(), ..OwnPrompt::default() };
        Request { prompt: Some(prompt), ..Request::default() }
    }

    fn version(id: &str) -> Request<()> {
        Request { prompt_version: Some(id.to_owned()), ..Request::default() }
    }

    fn stop(sequences: &[&str]) -> Options {
        Options { stop: sequences.iter().map(|&sequence| sequence.to_owned()).collect(), ..Options::default() }
    }

    #[test]
    fn a_call_without_settings_of_its_own_is_never_to_blame() {
        let blame = Blame::default();
        let time_and_money = Options {
            deadline: Some(std::time::Duration::from_secs(1)),
            attempt_timeout: Some(std::time::Duration::from_secs(1)),
            max_fallback_cost: Some(1.0),
            max_fallback_depth: Some(1),
            ..Options::default()
        };
        assert!(!blame.is_on_caller(&Request::<()>::default(), &time_and_money));
        blame.answered(&Request::<()>::default(), &time_and_money);
        assert!(blame.answered.lock().expect("no panic").is_empty(), "nor is anything kept of it");
    }

    #[test]
    fn each_setting_is_to_blame_until_it_was_answered() {
        let plain = Request::<()>::default;
        let calls = [
            (prompt(None, "score?"), Options::default()),
            (prompt(Some("score!"), "score?"), Options::default()),
            (version("2"), Options::default()),
            (version("3"), Options::default()),
            (plain(), stop(&["}"])),
            (plain(), stop(&["]"])),
            (plain(), stop(&["}", "]"])),
            (plain(), Options { temperature: Some(0.0), ..Options::default() }),
            (plain(), Options { temperature: Some(1.0), ..Options::default() }),
            (plain(), Options { max_tokens: Some(5), ..Options::default() }),
            (plain(), Options { max_tokens: Some(5), temperature: Some(1.0), ..Options::default() }),
        ];
        for (answered, (request, options)) in calls.iter().enumerate() {
            let blame = Blame::default();
            blame.answered(request, options);
            for (other, (request, options)) in calls.iter().enumerate() {
                assert_eq!(blame.is_on_caller(request, options), other != answered, "{other} after {answered}");
            }
        }
    }

    #[test]
    fn of_a_prompt_the_system_message_counts_else_the_users() {
        let blame = Blame::default();
        blame.answered(&prompt(Some("you predict scores"), "m1?"), &Options::default());
        assert!(!blame.is_on_caller(&prompt(Some("you predict scores"), "m2?"), &Options::default()));
        assert!(blame.is_on_caller(&prompt(Some("you write haiku"), "m1?"), &Options::default()));
        assert!(blame.is_on_caller(&prompt(None, "you predict scores"), &Options::default()));
        blame.answered(&prompt(Some(" "), "m1?"), &Options::default());
        assert!(!blame.is_on_caller(&prompt(None, "m1?"), &Options::default()), "a blank one is none");
        assert!(blame.is_on_caller(&prompt(Some(""), "m2?"), &Options::default()));
    }

    #[test]
    fn the_last_256_are_kept() {
        let blame = Blame::default();
        let call = |number: usize| version(&number.to_string());
        for number in 0..KEPT {
            blame.answered(&call(number), &Options::default());
        }
        blame.answered(&call(0), &Options::default());
        blame.answered(&call(KEPT), &Options::default());
        let forgotten: Vec<_> =
            (0..=KEPT).filter(|&number| blame.is_on_caller(&call(number), &Options::default())).collect();
        assert_eq!(forgotten, [1], "the first was answered again");
    }

    #[test]
    fn a_fingerprint_is_of_a_set() {
        let of = |ids: &[&str]| Fingerprint::of(ids.iter().copied());
        assert_eq!(of(&["m1", "m2", "m3"]), of(&["m3", "m1", "m2"]));
        for other in [&["m1"][..], &["m1", "m2", "m3"], &["m1m2"], &["m1", "m1"], &[]] {
            assert_ne!(of(&["m1", "m2"]), of(other), "{other:?}");
        }
    }
}
