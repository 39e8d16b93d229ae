//! With which key a provider is asked, as a hash that tells nothing of it: what a provider says of one key is nothing to
//! members that have another.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ring::digest::{SHA256, digest};

use crate::catalog::{Provider, Secret};
use crate::health::Subject;

/// Between a model and a lane in the name of what is known of both; no id has it.
const BETWEEN: char = '\n';

/// The address and the key of a provider: 64 bits of their SHA-256, in 16 hexadecimal digits.
#[must_use]
pub fn lane(provider: &Provider) -> String {
    lane_of(&provider.base_url, provider.api_key.as_ref().map(Secret::expose))
}

fn lane_of(base_url: &str, key: Option<&str>) -> String {
    let hash = digest(&SHA256, format!("{base_url}{BETWEEN}{}", key.unwrap_or_default()).as_bytes());
    let bits: [u8; 8] = std::array::from_fn(|place| hash.as_ref()[place]);
    format!("{:016x}", u64::from_be_bytes(bits))
}

/// The lane in which this member asks each model.
#[derive(Debug, Default)]
pub(super) struct Lanes(RwLock<HashMap<String, String>>);

impl Lanes {
    /// Replaces all of them.
    pub(super) fn set(&self, lanes: HashMap<String, String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = lanes;
    }

    /// The name of a word.
    pub(super) fn name(&self, model: &str, subject: Subject) -> String {
        let lanes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match lanes.get(model).filter(|_| subject == Subject::Key) {
            Some(lane) => format!("{model}{BETWEEN}{lane}"),
            None => model.to_owned(),
        }
    }

    /// The model and the subject of a word; `None` if it is about another's key.
    pub(super) fn about<'a>(&self, name: &'a str) -> Option<(&'a str, Subject)> {
        let Some((model, lane)) = name.split_once(BETWEEN) else { return Some((name, Subject::Model)) };
        let lanes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (lanes.get(model).map(String::as_str) == Some(lane)).then_some((model, Subject::Key))
    }
}

/// The name of what cools: a provider's lane, and one model in it if it is one alone.
pub(super) fn cooling_name(lane: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => format!("{lane}{BETWEEN}{model}"),
        None => lane.to_owned(),
    }
}

/// The lane and the model of what cools.
pub(super) fn cooling_of(name: &str) -> (&str, Option<&str>) {
    name.split_once(BETWEEN).map_or((name, None), |(lane, model)| (lane, Some(model)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_an_address_with_a_key_and_tells_nothing_of_either() {
        let lanes = [
            ("https://a.example/v1", Some("key-number-one")),
            ("https://a.example/v1", Some("key-number-two")),
            ("https://b.example/v1", Some("key-number-one")),
            ("https://a.example/v1", None),
        ]
        .map(|(url, key)| lane_of(url, key));
        for (place, one) in lanes.iter().enumerate() {
            assert!(one.len() == 16 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
            assert!(!lanes[..place].contains(one), "each is another");
        }
        assert_eq!(lanes[0], lane_of("https://a.example/v1", Some("key-number-one")));
    }

    #[test]
    fn a_word_of_another_key_is_about_nothing_here() {
        let lanes = Lanes::default();
        lanes.set(HashMap::from([("m".to_owned(), "00aa".to_owned())]));
        assert_eq!(lanes.name("m", Subject::Key), "m\n00aa");
        assert_eq!(lanes.about("m\n00aa"), Some(("m", Subject::Key)));
        assert_eq!(lanes.about("m\n00bb"), None);
        assert_eq!(lanes.about("m"), Some(("m", Subject::Model)));
        assert_eq!(cooling_of(&cooling_name("00aa", Some("m"))), ("00aa", Some("m")));
        assert_eq!(cooling_of(&cooling_name("00aa", None)), ("00aa", None));
    }
}
