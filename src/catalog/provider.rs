//! A provider: an HTTP service that speaks the chat-completions protocol of `OpenAI`.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

use super::{Headers, Limits, RateLimits, ResponseFormat, Secret, base_url, secret};
use crate::check::{Checked, Faults, Object, Violation, rule};
use crate::line;

/// An HTTP service that speaks the chat-completions protocol of `OpenAI`.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its id in the catalogue.
    pub id: String,
    /// Base URL, without a slash at its end.
    pub base_url: String,
    /// Where chat completions are asked for: the base URL and `/chat/completions`.
    pub endpoint: Url,
    /// Whether the host is this machine; a proxy is never used for it.
    pub loopback: bool,
    /// The key, from `apiKey` or from the environment.
    pub api_key: Option<Secret>,
    /// The environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// Headers that each request carries besides the usual ones, in the user's order.
    pub headers: Headers,
    /// What its model ids begin with.
    pub model_id_prefix: String,
    /// What it accepts.
    pub limits: Limits,
    /// The form in which its models are told to answer.
    pub response_format: ResponseFormat,
    /// Most requests at once; `None` is no limit.
    pub max_concurrency: Option<u32>,
    /// What it accepts a minute.
    pub rates: RateLimits,
}

impl Provider {
    /// Whether it has a key or needs none.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.api_key.is_some() || self.api_key_env.is_none()
    }

    /// The text without this provider's key and the values of its headers, should a server have echoed them: also broken
    /// over lines, spaced, or cut off at its end.
    #[must_use]
    pub fn redacted<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let key = self.api_key.iter().map(Secret::expose);
        let values = self.headers.iter().map(|(_, value)| value.as_str());
        key.chain(values).fold(Cow::Borrowed(text), |text, secret| match secret::without(&text, secret) {
            Some(safe) => Cow::Owned(safe),
            None => text,
        })
    }
}

/// The id that a provider has in the catalogue, and the rest, which is `None` when it cannot be built.
pub(super) struct ReadProvider {
    pub(super) id: Option<String>,
    pub(super) provider: Option<Provider>,
}

/// Reads a provider; the key is read from the environment later.
pub(super) fn read(value: &Value, path: &str, allow_insecure_http: bool, faults: &mut Faults) -> Option<ReadProvider> {
    Object::read(value, path, faults, |fields| {
        let id = fields.required("id", rule::id);
        let base_url = fields.required("baseUrl", base_url::base_url(allow_insecure_http));
        let api_key_env = fields.nullable("apiKeyEnv", variable_name, None);
        let api_key = fields.optional("apiKey", |value| {
            let text = value.as_str().ok_or_else(|| Violation::secret("must be a string"))?;
            api_key(text)
        });
        let headers = Headers::read(fields, api_key.is_some() || api_key_env.is_some());
        let model_id_prefix = fields.optional("modelIdPrefix", prefix).unwrap_or_default();
        let (limits, rates) = Limits::read_with_rates(fields);
        let response_format = fields.optional("responseFormat", ResponseFormat::read).unwrap_or_default();
        let max_concurrency = fields.nullable("maxConcurrency", rule::whole(1..=u32::MAX), None);
        let provider = base_url.map(|url| Provider {
            id: id.clone().unwrap_or_default(),
            base_url: url.text,
            endpoint: url.endpoint,
            loopback: url.loopback,
            api_key,
            api_key_env,
            headers,
            model_id_prefix,
            limits,
            response_format,
            max_concurrency,
            rates,
        });
        ReadProvider { id, provider }
    })
}

/// A key as it is sent: without white space at its ends, and of visible ASCII characters.
pub(super) fn api_key(text: &str) -> Checked<Secret> {
    let key = text.trim();
    if key.is_empty() {
        Err(Violation::new("must not be empty (leave it out where no key is needed)"))
    } else if key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(key))
    } else {
        Err(Violation::secret("must be a key of visible ASCII characters"))
    }
}

/// The value is not shown: it may be the key itself, put into the wrong field.
fn variable_name(value: &Value) -> Checked<String> {
    let starts = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let continues = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let name = value.as_str().filter(|name| starts(name) && name.bytes().all(continues));
    name.map(str::to_owned).ok_or_else(|| Violation::secret("must be the name of an environment variable"))
}

fn prefix(value: &Value) -> Checked<String> {
    let text = rule::text(value)?;
    if text.chars().any(line::is_steering) || text.chars().nth(rule::LONGEST_NAME).is_some() {
        let longest = rule::LONGEST_NAME;
        return Err(Violation::new(format!("must be at most {longest} characters, none of them control characters")));
    }
    Ok(text)
}
