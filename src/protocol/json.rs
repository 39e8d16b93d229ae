//! JSON that is read where it lies: a value stays text until somebody asks what is in it, so that a reply takes no more
//! memory than what is used of it.
//!
//! A value that was parsed once is known to be well-formed, so what is read of it later cannot fail.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::message::beginning;
use crate::parse::relaxed::unescape;

/// How deep values are looked into.
pub(super) const DEEPEST: u8 = 12;

/// How many values a sketch holds at most.
const MOST_VALUES: usize = 512;

/// How many items of a list a sketch holds.
const MOST_ITEMS: usize = 8;

/// A text that is one JSON value and nothing else.
pub(super) fn parse(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// Calls `take` for each field of an object; of anything else there is none.
pub(super) fn fields<'a>(value: &'a RawValue, take: impl FnMut(&str, &'a RawValue)) {
    if is_object(value) {
        let _ = serde_json::Deserializer::from_str(value.get()).deserialize_map(FieldVisitor(take));
    }
}

/// Calls `take` for each item of a list; of anything else there is none.
pub(super) fn items<'a>(value: &'a RawValue, take: impl FnMut(&'a RawValue)) {
    if is_list(value) {
        let _ = serde_json::Deserializer::from_str(value.get()).deserialize_seq(Items(take));
    }
}

/// A string, without its escapes.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    value.get().strip_prefix('"')?.strip_suffix('"').map(unescape)
}

pub(super) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

pub(super) fn is_list(value: &RawValue) -> bool {
    value.get().starts_with('[')
}

/// A small copy of a value that may be huge: of objects the fields whose names are wanted, of lists the first items, of
/// texts the beginning.
pub(super) fn sketch(value: &RawValue, is_wanted: fn(&str) -> bool) -> Value {
    Sketcher { is_wanted, left: MOST_VALUES }.sketch(value, DEEPEST)
}

struct Sketcher {
    is_wanted: fn(&str) -> bool,
    left: usize,
}

impl Sketcher {
    fn sketch(&mut self, value: &RawValue, depth: u8) -> Value {
        if let Some(text) = text(value) {
            return Value::from(beginning(&text));
        }
        if !is_object(value) && !is_list(value) {
            return serde_json::from_str(value.get()).unwrap_or_default();
        }
        let Some(depth) = depth.checked_sub(1) else { return Value::Null };
        if is_list(value) {
            let mut list = Vec::new();
            items(value, |item| {
                if list.len() < MOST_ITEMS && self.takes_one() {
                    list.push(self.sketch(item, depth));
                }
            });
            return Value::from(list);
        }
        let mut object = Map::new();
        fields(value, |name, field| {
            if (self.is_wanted)(name) && self.takes_one() {
                object.insert(name.to_owned(), self.sketch(field, depth));
            }
        });
        Value::from(object)
    }

    fn takes_one(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

struct FieldVisitor<F>(F);

impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for FieldVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        // Names too are taken as they are written, for half a character in one is no reason to lose the rest.
        while let Some((name, value)) = map.next_entry::<&'a RawValue, &'a RawValue>()? {
            if let Some(name) = text(name) {
                self.0(&name, value);
            }
        }
        Ok(())
    }
}

struct Items<F>(F);

impl<'a, F: FnMut(&'a RawValue)> Visitor<'a> for Items<F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element()? {
            self.0(item);
        }
        Ok(())
    }
}
