//! The JSON of a chat-completions request.

use json_escape_simd::escape_into;
use serde::Serialize;

/// A request that is fitted to its model and provider already; every value is sent as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChatRequest<'a> {
    /// The provider's own name for the model.
    pub model: &'a str,
    /// The system message, if there is one.
    pub system: Option<&'a str>,
    /// The user message.
    pub user: &'a str,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f64>,
    /// The most tokens that the answer may have, thinking included.
    pub max_tokens: u32,
    /// Sequences that end the answer; not sent when empty.
    pub stop: &'a [String],
    /// Asks for `response_format: {"type":"json_object"}`.
    pub json_object: bool,
}

impl ChatRequest<'_> {
    /// The body of the POST.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let texts = self.user.len() + self.system.map_or(0, str::len);
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
        json.extend(br#"{"role":"user","content":"#);
        escape_into(self.user, &mut json);
        json.extend(b"}]");
        let rest = Rest {
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            stop: self.stop,
            response_format: self.json_object.then_some(ResponseFormat { kind: "json_object" }),
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
    response_format: Option<ResponseFormat>,
}

#[derive(Serialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_not_sent() {
        let request = ChatRequest {
            model: "hf:org/model",
            system: None,
            user: "Arsenal \"at\" home\n",
            temperature: None,
            max_tokens: 640,
            stop: &[],
            json_object: false,
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
            user: "u",
            temperature: Some(0.3),
            max_tokens: 1,
            stop: &stop,
            json_object: true,
        };
        let expected = r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"temperature":0.3,"max_tokens":1,"stop":["END"],"response_format":{"type":"json_object"}}"#;
        assert_eq!(String::from_utf8_lossy(&request.to_json()), expected);
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_texts_hold_is_read_as_it_was(system in "(?s).{0,200}", user in "(?s).{0,200}") {
            let (system, stop) = (Some(system.as_str()), []);
            let request =
                ChatRequest { model: "m", system, user: &user, temperature: None, max_tokens: 1, stop: &stop, json_object: false };
            let body: serde_json::Value = serde_json::from_slice(&request.to_json()).unwrap();
            proptest::prop_assert_eq!(body["messages"][0]["content"].as_str(), system);
            proptest::prop_assert_eq!(body["messages"][1]["content"].as_str(), Some(user.as_str()));
        }
    }
}
