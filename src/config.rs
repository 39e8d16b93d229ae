//! The validated options of an engine; a leaf.

mod budget;
mod difference;
mod fleet;
mod health;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::check::{Checked, Faults, Object, Violation, rule};

pub use budget::BudgetConfig;
pub use fleet::{FleetConfig, FleetRole, FleetServer, FleetTls, Password};
pub use health::HealthConfig;

/// How the path of every fault in a configuration begins.
pub const ROOT: &str = "config";

/// One mebibyte.
const MIB: usize = 1024 * 1024;

/// The largest reply that is read where nobody says otherwise.
pub const MAX_RESPONSE_BYTES: usize = 4 * MIB;

/// One day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The options of an engine. Equal configurations build equal engines.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `builtinCatalog`: whether the catalogue begins with the built-in models. Default: true.
    pub builtin_catalog: bool,
    /// `catalog`: a folder with `models.json`, `providers.json` or both, laid over that. Default: none.
    pub catalog: Option<PathBuf>,
    /// `providers`, `models` and `fallbacks`, laid over that; the catalogue checks them. Default: none.
    pub layer: CatalogLayer,
    /// `prompts`: where the prompts come from. Default: the built-in ones.
    pub prompts: PromptOrigin,
    /// `maxFallbackDepth`: fallbacks called for one request, 0 to 100. Default: 3.
    pub max_fallback_depth: u32,
    /// `warnPriceRatio`: a fallback this many times dearer is warned of; `None` (null) never. Default: 2.
    pub warn_price_ratio: Option<f64>,
    /// `maxPriceRatio`: a fallback more than this many times dearer is skipped; `None` (null) never. Default: 5.
    pub max_price_ratio: Option<f64>,
    /// `maxFallbackCost`: USD, what all fallbacks of one request may cost together. Default: `None` (null), any sum.
    pub max_fallback_cost: Option<f64>,
    /// What a day may cost.
    pub budget: BudgetConfig,
    /// The guards on the health of models.
    pub health: HealthConfig,
    /// `attemptTimeoutMs`: time for one attempt, 1 ms to 1 hour. Default: 25 s.
    pub attempt_timeout: Duration,
    /// `deadlineMs`: time for a whole request, 1 ms to 1 day. Default: 115 s.
    pub deadline: Duration,
    /// `maxRetries`: retries of the last attempt, 0 to 10. Default: 2.
    pub max_retries: u32,
    /// `fallbackOnContentFilter`: whether a filtered answer is asked of the next model. Default: false.
    pub fallback_on_content_filter: bool,
    /// `stateFile`: a file that keeps health and spend for the next start; its folder must exist. Default: none.
    pub state_file: Option<PathBuf>,
    /// `fleet`: the Redis over which engines share health, the count and the day's money. Default: none.
    pub fleet: Option<FleetConfig>,
    /// `http`: the HTTP client.
    pub http: HttpConfig,
    /// `logLevel`: the least important records that are logged. Default: info.
    pub log_level: LogLevel,
}

/// Where the prompts come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PromptOrigin {
    /// The library.
    #[default]
    Builtin,
    /// A folder.
    Folder(PathBuf),
    /// An object in the configuration, not yet checked.
    Given(Value),
}

/// The options of the HTTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// `connectTimeoutMs`: time to connect, 1 ms to 1 hour. Default: 10 s.
    pub connect_timeout: Duration,
    /// `maxResponseBytes`: largest response after decompression, 1 byte to 256 MiB. Default: 4 MiB.
    pub max_response_bytes: usize,
    /// `caCertificates`: PEM certificates that are trusted besides the usual ones. Default: none.
    pub ca_certificates: Vec<String>,
    /// `userAgent`: the user-agent header, 1 to 200 visible ASCII characters and spaces. Default: `fallcast/<version>`.
    pub user_agent: String,
    /// `allowInsecureHttp`: whether plain http is allowed beyond loopback. Default: false.
    pub allow_insecure_http: bool,
}

/// How important a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `error`: something is broken.
    Error,
    /// `warn`: something deserves attention.
    Warn,
    /// `info`: what an operator wants to know.
    Info,
    /// `debug`: which models were passed over.
    Debug,
    /// `trace`: everything.
    Trace,
}

/// A part of a catalogue as the user gave it, not yet checked; it may hold keys, which `Debug` does not show.
#[derive(Clone, Default, PartialEq)]
pub struct CatalogLayer {
    /// An array of providers.
    pub providers: Option<Value>,
    /// An array of models.
    pub models: Option<Value>,
    /// An object from model ids to the ids of their fallbacks.
    pub fallbacks: Option<Value>,
}

impl Config {
    /// Reads a configuration whose absence, null and `{}` mean the default; every fault is added to `faults`, and a
    /// faulty field has its default.
    #[must_use]
    pub fn read(value: &Value, faults: &mut Faults) -> Self {
        let default = Self::default();
        if value.is_null() {
            return default;
        }
        let read = Object::read(value, ROOT, faults, |fields| Self {
            builtin_catalog: fields.optional("builtinCatalog", rule::boolean).unwrap_or(default.builtin_catalog),
            catalog: fields.optional("catalog", folder),
            layer: CatalogLayer::read(fields),
            prompts: fields.optional("prompts", prompts).unwrap_or_default(),
            max_fallback_depth: fields
                .optional("maxFallbackDepth", rule::whole(0..=100))
                .unwrap_or(default.max_fallback_depth),
            warn_price_ratio: fields.nullable("warnPriceRatio", rule::above_zero, default.warn_price_ratio),
            max_price_ratio: fields.nullable("maxPriceRatio", rule::above_zero, default.max_price_ratio),
            max_fallback_cost: fields.nullable("maxFallbackCost", rule::at_least(0.0), default.max_fallback_cost),
            budget: BudgetConfig::read(fields),
            health: HealthConfig::read(fields),
            attempt_timeout: fields
                .optional("attemptTimeoutMs", rule::milliseconds(1..=3_600_000))
                .unwrap_or(default.attempt_timeout),
            deadline: fields.optional("deadlineMs", rule::milliseconds(1..=DAY_MS)).unwrap_or(default.deadline),
            max_retries: fields.optional("maxRetries", rule::whole(0..=10)).unwrap_or(default.max_retries),
            fallback_on_content_filter: fields
                .optional("fallbackOnContentFilter", rule::boolean)
                .unwrap_or(default.fallback_on_content_filter),
            state_file: fields.optional("stateFile", file),
            fleet: FleetConfig::read(fields),
            http: fields.object("http", HttpConfig::read).unwrap_or(default.http),
            log_level: fields.optional("logLevel", rule::one_of(&LogLevel::NAMES)).unwrap_or(default.log_level),
        });
        read.unwrap_or_default()
    }

    /// Reads a configuration by itself; the providers, models and fallbacks in it are not checked.
    ///
    /// # Errors
    ///
    /// Every fault, each with its path.
    pub fn parse(value: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let config = Self::read(value, &mut faults);
        faults.into_result(config)
    }
}

impl HttpConfig {
    fn read(fields: &mut Object<'_, '_>) -> Self {
        let default = Self::default();
        Self {
            connect_timeout: fields
                .optional("connectTimeoutMs", rule::milliseconds(1..=3_600_000))
                .unwrap_or(default.connect_timeout),
            max_response_bytes: fields
                .optional("maxResponseBytes", rule::whole(1..=256 * MIB))
                .unwrap_or(default.max_response_bytes),
            ca_certificates: fields.each("caCertificates", certificates),
            user_agent: fields.optional("userAgent", user_agent).unwrap_or(default.user_agent),
            allow_insecure_http: fields
                .optional("allowInsecureHttp", rule::boolean)
                .unwrap_or(default.allow_insecure_http),
        }
    }
}

impl CatalogLayer {
    /// Of each part its name, and a number by which it is told whether another layer has the same; a part that lays
    /// nothing over the others is as one that is absent.
    #[must_use]
    pub fn digests(&self) -> [(&'static str, u64); 3] {
        let full = |part: &&Value| match part {
            Value::Array(entries) => !entries.is_empty(),
            Value::Object(entries) => !entries.is_empty(),
            _ => true,
        };
        let digest = |part: &Option<Value>| {
            let mut hasher = DefaultHasher::new();
            part.as_ref().filter(full).hash(&mut hasher);
            hasher.finish()
        };
        [
            ("providers", digest(&self.providers)),
            ("models", digest(&self.models)),
            ("fallbacks", digest(&self.fallbacks)),
        ]
    }

    /// Takes the fields of a layer out of an object, unchecked.
    pub fn read(fields: &mut Object<'_, '_>) -> Self {
        Self {
            providers: fields.raw("providers").cloned(),
            models: fields.raw("models").cloned(),
            fallbacks: fields.raw("fallbacks").cloned(),
        }
    }
}

impl LogLevel {
    /// Every level with its name, the most important first.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// The name of this one.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, level)| *level == self).map_or("info", |(name, _)| name)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            builtin_catalog: true,
            catalog: None,
            layer: CatalogLayer::default(),
            prompts: PromptOrigin::Builtin,
            max_fallback_depth: 3,
            warn_price_ratio: Some(2.0),
            max_price_ratio: Some(5.0),
            max_fallback_cost: None,
            budget: BudgetConfig::default(),
            health: HealthConfig::default(),
            state_file: None,
            fleet: None,
            attempt_timeout: Duration::from_secs(25),
            deadline: Duration::from_secs(115),
            max_retries: 2,
            fallback_on_content_filter: false,
            http: HttpConfig::default(),
            log_level: LogLevel::Info,
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            max_response_bytes: MAX_RESPONSE_BYTES,
            ca_certificates: Vec::new(),
            user_agent: concat!("fallcast/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_insecure_http: false,
        }
    }
}

impl fmt::Debug for CatalogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |part: &Option<Value>| part.as_ref().map(|_| "[redacted]");
        f.debug_struct("CatalogLayer")
            .field("providers", &given(&self.providers))
            .field("models", &given(&self.models))
            .field("fallbacks", &given(&self.fallbacks))
            .finish()
    }
}

fn folder(value: &Value) -> Checked<PathBuf> {
    path(value).ok_or_else(|| Violation::new("must be the path of a folder"))
}

fn file(value: &Value) -> Checked<PathBuf> {
    path(value).ok_or_else(|| Violation::new("must be the path of a file"))
}

fn path(value: &Value) -> Option<PathBuf> {
    let text = value.as_str().filter(|text| !text.trim().is_empty() && !text.contains('\0'))?;
    Some(PathBuf::from(text))
}

fn prompts(value: &Value) -> Checked<PromptOrigin> {
    match value {
        Value::Object(_) => Ok(PromptOrigin::Given(value.clone())),
        Value::String(_) => folder(value).map(PromptOrigin::Folder),
        _ => Err(Violation::new("must be the path of a folder, or an object")),
    }
}

/// A header's value, which is not shown: it may be a key.
fn user_agent(value: &Value) -> Checked<String> {
    let text = rule::name(value).map_err(|violation| Violation::secret(violation.problem))?;
    if text.chars().all(|character| character == ' ' || character.is_ascii_graphic()) {
        Ok(text)
    } else {
        Err(Violation::secret("must be visible ASCII characters and spaces"))
    }
}

/// Certificates as PEM text. The client parses them; what is not even PEM is refused here, with its path.
fn certificates(value: &Value) -> Checked<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let violation = || Violation::secret(format!("must be PEM text with {BEGIN} and {END}"));
    let text = value.as_str().ok_or_else(violation)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(Violation::secret("must hold certificates only, and no private key"));
    }
    let mut blocks = text.split(BEGIN).skip(1).peekable();
    if blocks.peek().is_none() {
        return Err(violation());
    }
    for block in blocks {
        let (body, _) = block.split_once(END).ok_or_else(violation)?;
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if body.trim().is_empty() || !body.bytes().all(|byte| byte.is_ascii_whitespace() || base64(byte)) {
            return Err(violation());
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
