//! The reply that nearly always comes, read in one pass: one choice with a text, the tokens, and nothing beside them that
//! would have to be looked at.
//!
//! Whatever is not known here to mean nothing is declined, and then the reply is read where it lies, field by field
//! ([`Envelope::read`]). So both read the same of what is read here.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{Choice, Envelope, REASONING_FIELDS, read_usage, reason};
use crate::outcome::Told;

/// A longer reply is not read here, for a text with escapes is held twice while it is read.
const LONGEST: usize = 64 * 1024;

/// Reads a usual reply; `None` if it is another.
pub(super) fn read(text: &str) -> Option<Envelope<'_>> {
    let text = Some(text).filter(|text| text.len() <= LONGEST)?;
    let Fielded(UsualBody { choice, usage, model }) = serde_json::from_str(text).ok()?;
    Some(Envelope { choice: Some(choice?), usage, model, ..Envelope::default() })
}

/// What is read of an object, field by field.
trait Fields<'a>: Default {
    /// Takes the value of the next field, or declines it.
    fn take<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// An object, of whose fields is known what they mean.
struct Fielded<T>(T);

/// A list of one item.
struct Only<T>(T);

/// A text; of null and of an empty list there is none.
struct Text<'a>(Option<Cow<'a, str>>);

/// A chat completion.
#[derive(Default)]
struct UsualBody<'a> {
    choice: Option<Choice<'a>>,
    usage: Option<Told>,
    model: Option<Cow<'a, str>>,
}

/// An item of `choices`.
#[derive(Default)]
struct UsualChoice<'a> {
    message: UsualMessage<'a>,
    finish: Option<Cow<'a, str>>,
    index: u64,
}

/// What a model said.
#[derive(Default)]
struct UsualMessage<'a> {
    content: Cow<'a, str>,
    reasoning: [Cow<'a, str>; REASONING_FIELDS.len()],
}

impl<'a> Fields<'a> for UsualBody<'a> {
    fn take<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "choices" => {
                let Only(Fielded(item)) = map.next_value::<Only<Fielded<UsualChoice<'a>>>>()?;
                self.choice = Some(item.into());
            }
            "usage" => self.usage = read_usage(map.next_value()?),
            "model" => self.model = map.next_value::<Text<'a>>()?.0,
            "error" | "errors" => nothing(map)?,
            "object" | "type" | "status" => other_than("\"error\"", map)?,
            "success" => other_than("false", map)?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for UsualChoice<'a> {
    fn take<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "message" => Fielded(self.message) = map.next_value()?,
            "finish_reason" => self.finish = map.next_value::<Text<'a>>()?.0,
            "index" => self.index = map.next_value()?,
            "delta"
            | "text"
            | "content"
            | "refusal"
            | "tool_calls"
            | "function_call"
            | "error"
            | "native_finish_reason" => nothing(map)?,
            name if REASONING_FIELDS.contains(&name) => nothing(map)?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for UsualMessage<'a> {
    fn take<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "content" => self.content = text(map)?,
            "refusal" | "tool_calls" | "function_call" | "error" => nothing(map)?,
            name => match REASONING_FIELDS.iter().position(|field| *field == name) {
                Some(place) => self.reasoning[place] = text(map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            },
        }
        Ok(())
    }
}

impl<'a> From<UsualChoice<'a>> for Choice<'a> {
    fn from(item: UsualChoice<'a>) -> Self {
        let UsualMessage { content, reasoning } = item.message;
        let mut choice = Self { content, finish: item.finish.and_then(reason), index: item.index, ..Self::default() };
        for text in reasoning {
            choice.add_reasoning(text);
        }
        choice
    }
}

/// Takes a text, which is empty if there is none.
fn text<'a, A: MapAccess<'a>>(map: &mut A) -> Result<Cow<'a, str>, A::Error> {
    Ok(map.next_value::<Text<'a>>()?.0.unwrap_or_default())
}

/// Takes a value that says nothing.
fn nothing<'a, A: MapAccess<'a>>(map: &mut A) -> Result<(), A::Error> {
    if text(map)?.is_empty() { Ok(()) } else { Err(A::Error::custom("says something")) }
}

/// Takes any value but this one.
fn other_than<'a, A: MapAccess<'a>>(value: &str, map: &mut A) -> Result<(), A::Error> {
    if map.next_value::<&'a RawValue>()?.get() == value { Err(A::Error::custom("an error")) } else { Ok(()) }
}

/// The visitor of one of the shapes above.
struct Expected<T>(PhantomData<T>);

impl<'a, T: Fields<'a>> Deserialize<'a> for Fielded<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Expected::<Self>(PhantomData))
    }
}

impl<'a, T: Fields<'a>> Visitor<'a> for Expected<Fielded<T>> {
    type Value = Fielded<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Fielded<T>, A::Error> {
        let mut fields = T::default();
        while let Some(name) = map.next_key::<&'a str>()? {
            fields.take(name, &mut map)?;
        }
        Ok(Fielded(fields))
    }
}

impl<'a, T: Deserialize<'a>> Deserialize<'a> for Only<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Expected::<Self>(PhantomData))
    }
}

impl<'a, T: Deserialize<'a>> Visitor<'a> for Expected<Only<T>> {
    type Value = Only<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of one item")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Only<T>, A::Error> {
        let item = list.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        // The end of the list is asked for by the parser.
        Ok(Only(item))
    }
}

impl<'a> Deserialize<'a> for Text<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Expected::<Self>(PhantomData))
    }
}

impl<'a> Visitor<'a> for Expected<Text<'a>> {
    type Value = Text<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or nothing")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Text<'a>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'a>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Text<'a>, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Text<'a>, A::Error> {
        // The parser declines a list that has more than was taken of it.
        Ok(Text(None))
    }
}
