//! The JSON of a chat-completions request.

use json_escape_simd::escape_into;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::request::ChatTurn;

/// A request that is fitted to its model and provider already; every value is sent as it stands.
#[derive(Clone, Copy, Debug)]
pub struct ChatRequest<'a> {
    /// The provider's own name for the model.
    pub model: &'a str,
    /// The system message, if there is one.
    pub system: Option<&'a str>,
    /// What was said before the user message.
    pub turns: &'a [ChatTurn],
    /// The user message.
    pub user: &'a str,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f64>,
    /// The most tokens that the answer may have, thinking included.
    pub max_tokens: u32,
    /// Sequences that end the answer; not sent when empty.
    pub stop: &'a [String],
    /// The form of the answer; `None` says nothing of it.
    pub format: Option<Format<'a>>,
}

/// The form in which an answer is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Format<'a> {
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema, to the letter.
    JsonSchema {
        /// What the schema is called, of at most 64 letters, digits, `_` and `-`.
        name: &'a str,
        /// The schema.
        schema: &'a RawValue,
        /// Whether it holds itself to what servers take that know only strict schemas.
        is_strict: bool,
    },
}

impl ChatRequest<'_> {
    /// The body of the POST.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let turns = self.turns.iter().map(|turn| turn.text.len() + 32).sum::<usize>();
        let texts = self.user.len() + turns + self.system.map_or(0, str::len);
        // What the escaping asks for, whatever there is to escape.
        let mut json = Vec::with_capacity(6 * texts + 512);
        json.extend(br#"{"model":"#);
        escape_into(self.model, &mut json);
        json.extend(br#","messages":["#);
        if let Some(system) = self.system {
            json.extend(br#"{"role":"system","content":"#);
            escape_into(system, &mut json);
            json.extend(b"},");
        }
        for ChatTurn { is_models, text } in self.turns {
            json.extend(if *is_models {
                br#"{"role":"assistant","content":"#.as_slice()
            } else {
                br#"{"role":"user","content":"#
            });
            escape_into(text, &mut json);
            json.extend(b"},");
        }
        json.extend(br#"{"role":"user","content":"#);
        escape_into(self.user, &mut json);
        json.extend(b"}]");
        let rest = Rest {
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            stop: self.stop,
            response_format: self.format.map(WireFormat::of),
        };
        let middle = json.len();
        // Strings and numbers written to memory cannot fail.
        let _ = serde_json::to_writer(&mut json, &rest);
        // What would be its first brace: it has a field at least.
        json[middle] = b',';
        // It is kept as long as the call takes, and mostly a sixth of what escaping asks for.
        json.shrink_to_fit();
        json
    }
}

/// What stands beside the model and the messages. Those are written apart, for their texts are long, and `serde_json`
/// escapes byte by byte.
#[derive(Serialize)]
struct Rest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    max_tokens: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<WireFormat<'a>>,
}

#[derive(Serialize)]
struct WireFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<WireSchema<'a>>,
}

#[derive(Serialize)]
struct WireSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

impl<'a> WireFormat<'a> {
    fn of(format: Format<'a>) -> Self {
        match format {
            Format::JsonObject => Self { kind: "json_object", json_schema: None },
            Format::JsonSchema { name, schema, is_strict: strict } => {
                Self { kind: "json_schema", json_schema: Some(WireSchema { name, strict, schema }) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_not_sent() {
        let request = ChatRequest {
            model: "hf:org/model",
            system: None,
            turns: &[],
            user: "Arsenal \"at\" home\n",
            temperature: None,
            max_tokens: 640,
            stop: &[],
            format: None,
        };
        let expected = r#"{"model":"hf:org/model","messages":[{"role":"user","content":"Arsenal \"at\" home\n"}],"max_tokens":640}"#;
        assert_eq!(String::from_utf8_lossy(&request.to_json()), expected);
    }

    #[test]
    fn what_is_present_is_sent_as_it_stands() {
        let stop = ["END".to_owned()];
        let request = ChatRequest {
            model: "m",
            system: Some("s"),
            turns: &[],
            user: "u",
            temperature: Some(0.3),
            max_tokens: 1,
            stop: &stop,
            format: Some(Format::JsonObject),
        };
        let expected = r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"temperature":0.3,"max_tokens":1,"stop":["END"],"response_format":{"type":"json_object"}}"#;
        assert_eq!(String::from_utf8_lossy(&request.to_json()), expected);
    }

    #[test]
    fn a_schema_is_sent_by_name_and_to_the_letter() {
        let schema: Box<RawValue> = serde_json::from_str(r#"{"type":"object"}"#).unwrap();
        let format = Some(Format::JsonSchema { name: "answer", schema: &schema, is_strict: true });
        let request = ChatRequest {
            model: "m",
            system: None,
            turns: &[],
            user: "u",
            temperature: None,
            max_tokens: 1,
            stop: &[],
            format,
        };
        let expected = r#""max_tokens":1,"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}}}"#;
        assert!(String::from_utf8_lossy(&request.to_json()).ends_with(expected));
    }

    #[test]
    fn what_was_said_before_stands_between_the_system_message_and_the_users() {
        let turn = |is_models, text: &str| ChatTurn { is_models, text: text.to_owned() };
        let turns = [turn(false, "One?"), turn(true, "\"1\"")];
        let request = ChatRequest {
            model: "m",
            system: Some("s"),
            turns: &turns,
            user: "Two?",
            temperature: None,
            max_tokens: 1,
            stop: &[],
            format: None,
        };
        let expected = r#""messages":[{"role":"system","content":"s"},{"role":"user","content":"One?"},{"role":"assistant","content":"\"1\""},{"role":"user","content":"Two?"}],"#;
        assert!(String::from_utf8_lossy(&request.to_json()).contains(expected));
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_texts_hold_is_read_as_it_was(system in "(?s).{0,200}", user in "(?s).{0,200}") {
            let (system, stop) = (Some(system.as_str()), []);
            let request =
                ChatRequest { model: "m", system, turns: &[], user: &user, temperature: None, max_tokens: 1, stop: &stop, format: None };
            let body: serde_json::Value = serde_json::from_slice(&request.to_json()).unwrap();
            proptest::prop_assert_eq!(body["messages"][0]["content"].as_str(), system);
            proptest::prop_assert_eq!(body["messages"][1]["content"].as_str(), Some(user.as_str()));
        }
    }
}
