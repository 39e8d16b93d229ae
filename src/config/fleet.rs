//! The fleet that an engine belongs to, and the Redis over which its members agree.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::certificates;
use crate::check::{Checked, Faults, Object, Violation, path, rule};

/// The port of Redis where none is named.
const USUAL_PORT: u16 = 6379;
/// The most characters of a host, a user or a namespace.
const LONGEST: usize = 200;
/// The greatest number of a database; Redis has 16 unless it is told otherwise.
const LAST_DATABASE: u32 = 1_000_000;
/// Where the configuration says of which fleet it is.
const FIELD: &str = "fleet";

/// The fleet that an engine belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// Where Redis is, and who asks.
    pub server: FleetServer,
    /// `namespace`: how every key begins, 1 to 200 characters; two fleets may share one Redis. Default: `fallcast`.
    pub namespace: String,
    /// `role`: what the engine is in the fleet. Default: a worker.
    pub role: FleetRole,
    /// `timeoutMs`: the longest that a call waits for Redis, 1 ms to 10 s. Default: 150 ms.
    pub timeout: Duration,
    /// What the environment is to say.
    open: OpenFields,
}

/// Where Redis is, and as whom it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetServer {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port. Default: 6379.
    pub port: u16,
    /// How the connection is encrypted; `None`: it is not.
    pub tls: Option<FleetTls>,
    /// The user of the access control list. Default: Redis's default user.
    pub username: Option<String>,
    /// The password. Default: none.
    pub password: Option<Password>,
    /// The number of the database. Default: 0.
    pub database: u32,
}

/// How a connection to Redis is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetTls {
    /// `ca`: PEM certificates of authorities to trust beside Mozilla's. Default: none.
    pub authorities: Vec<String>,
    /// `cert` and `key`: the PEM certificate with which the engine shows who it is, and its private key. Default: none.
    pub client: Option<(String, Password)>,
}

/// What an engine is in its fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FleetRole {
    /// It answers calls.
    #[default]
    Worker,
    /// It shows what the fleet does, and answers no call.
    Reader,
}

impl FleetRole {
    /// Both with their names.
    pub const NAMES: [(&'static str, Self); 2] = [("worker", Self::Worker), ("reader", Self::Reader)];

    /// The stable name, as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Reader => "reader",
        }
    }
}

/// A password or a private key: `Debug` does not show it, and it is wiped from memory when dropped.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    fn new(text: &str) -> Self {
        Self(SecretString::from(text))
    }

    /// The password, for the server that asks for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The variables of the environment that are still to be read, by the field that names each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OpenFields {
    url: Option<String>,
    password: Option<String>,
    key: Option<String>,
    /// The certificate for which the environment has the key.
    certificate: Option<String>,
    has_tls: Option<FleetTls>,
}

impl FleetConfig {
    /// Reads the field of a configuration: the URL of Redis, or an object.
    pub(super) fn read(fields: &mut Object<'_, '_>) -> Option<Self> {
        let value = fields.raw(FIELD)?;
        let place = fields.path_of(FIELD);
        let faults = fields.faults();
        if let Value::String(url) = value {
            let server = faults.check(value, &place, |_| server_of(url))?;
            return Some(Self { server, ..Self::default() });
        }
        if !value.is_object() {
            faults.push_shape(&place, "must be the URL of Redis or an object", value);
            return None;
        }
        Object::read(value, &place, faults, Self::from_fields)
    }

    fn from_fields(fields: &mut Object<'_, '_>) -> Self {
        let default = Self::default();
        let given = ["url", "urlEnv", "host"].into_iter().filter(|name| fields.raw(name).is_some()).collect::<Vec<_>>();
        if given.len() != 1 {
            let place = fields.path_of("url");
            let found =
                if given.is_empty() { "none is given".to_owned() } else { format!("got {}", given.join(" and ")) };
            fields.faults().push(&place, format!("one of url, urlEnv and host must say where Redis is, {found}"));
        }
        let mut server = fields.optional("url", |value| server_of(&rule::text(value)?)).unwrap_or(default.server);
        let is_host = given == ["host"];
        if let Some(host) = fields.optional("host", host) {
            server.host = host;
        }
        let mut open = OpenFields { url: fields.optional("urlEnv", variable), ..OpenFields::default() };
        for name in ["port", "username", "database"] {
            if !is_host && fields.raw(name).is_some() {
                let place = fields.path_of(name);
                fields.faults().push(&place, "goes with host; a URL says it itself");
            }
        }
        if let Some(port) = fields.optional("port", rule::whole(1..=u16::MAX)) {
            server.port = port;
        }
        if let Some(database) = fields.optional("database", rule::whole(0..=LAST_DATABASE)) {
            server.database = database;
        }
        if let Some(username) = fields.optional("username", secret_line) {
            server.username = Some(username);
        }
        let password = fields.optional("password", |value| secret_line(value).map(|text| Password::new(&text)));
        open.password = fields.optional("passwordEnv", variable);
        let others = [password.is_some(), open.password.is_some(), server.password.is_some()];
        if others.iter().filter(|is_given| **is_given).count() > 1 {
            let place = fields.path_of("passwordEnv");
            fields.faults().push(&place, "there is another password: the URL, password or passwordEnv may give it");
        }
        server.password = password.or(server.password);
        read_tls(fields, &mut server, &mut open, is_host);
        Self {
            server,
            namespace: fields.optional("namespace", namespace).unwrap_or(default.namespace),
            role: fields.optional("role", rule::one_of(&FleetRole::NAMES)).unwrap_or_default(),
            timeout: fields.optional("timeoutMs", rule::milliseconds(1..=10_000)).unwrap_or(default.timeout),
            open,
        }
    }

    /// Reads from the environment what the configuration leaves to it.
    ///
    /// A variable that is not set, or holds what it must not, is added to `faults`, without its value.
    pub fn complete(&mut self, variables: &dyn Fn(&str) -> Option<String>, faults: &mut Faults) {
        let OpenFields { url, password, key, certificate, has_tls } = std::mem::take(&mut self.open);
        let place = |name: &str| path::field(&path::field(super::ROOT, FIELD), name);
        let mut said = |name: &str, variable: Option<String>| {
            let variable = variable?;
            let value = variables(&variable).filter(|value| !value.trim().is_empty());
            if value.is_none() {
                faults.push(&place(name), format!("the environment variable {variable} is not set"));
            }
            value
        };
        let (url, password) = (said("urlEnv", url), said("passwordEnv", password));
        let key = said("tls.keyEnv", key);
        if let Some(url) = url
            && let Some(mut server) =
                faults.check(&Value::from(url.trim()), &place("urlEnv"), |_| server_of(url.trim()))
        {
            if has_tls.is_some() && server.tls.is_none() {
                faults.push(&place("tls"), NEEDS_TLS);
            }
            if server.password.is_some() && (password.is_some() || self.server.password.is_some()) {
                faults.push(&place("urlEnv"), "the URL has a password, and so has the configuration");
            }
            server.tls = server.tls.map(|plain| has_tls.unwrap_or(plain));
            server.password = server.password.or_else(|| self.server.password.take());
            self.server = server;
        }
        if let Some(password) = password {
            self.server.password = Some(Password::new(&password));
        }
        if let (Some(key), Some(certificate)) = (key, certificate)
            && let Some(tls) = &mut self.server.tls
        {
            tls.client = Some((certificate, Password::new(&key)));
        }
    }
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            server: FleetServer {
                host: "127.0.0.1".to_owned(),
                port: USUAL_PORT,
                tls: None,
                username: None,
                password: None,
                database: 0,
            },
            namespace: "fallcast".to_owned(),
            role: FleetRole::default(),
            timeout: Duration::from_millis(150),
            open: OpenFields::default(),
        }
    }
}

const NEEDS_TLS: &str = "needs a URL that begins with rediss://, or a host";

/// Reads `tls`: true, or what is trusted and shown.
fn read_tls(fields: &mut Object<'_, '_>, server: &mut FleetServer, open: &mut OpenFields, is_host: bool) {
    let Some(value) = fields.raw("tls") else { return };
    let place = fields.path_of("tls");
    let tls = match value {
        Value::Bool(is_on) => is_on.then(FleetTls::default),
        _ => Object::read(value, &place, fields.faults(), |fields| {
            let authorities = match fields.raw("ca") {
                Some(Value::Array(_)) => fields.each("ca", certificates),
                _ => fields.optional("ca", certificates).into_iter().collect(),
            };
            let certificate = fields.optional("cert", certificates);
            let key = fields.optional("key", private_key);
            open.key = fields.optional("keyEnv", variable);
            let keys = usize::from(key.is_some()) + usize::from(open.key.is_some());
            if keys != usize::from(certificate.is_some()) {
                let place = fields.path_of("cert");
                fields.faults().push(&place, "a certificate goes with one key, in key or keyEnv");
            }
            open.certificate.clone_from(&certificate);
            FleetTls { authorities, client: certificate.zip(key) }
        }),
    };
    if open.url.is_some() {
        open.has_tls = tls;
    } else if is_host || server.tls.is_some() {
        server.tls = tls.or(server.tls.take().filter(|_| !is_host));
    } else if tls.is_some() {
        fields.faults().push(&place, NEEDS_TLS);
    }
}

/// What the URL of a Redis says; a fault never shows it.
fn server_of(text: &str) -> Checked<FleetServer> {
    const WANTED: &str = "must be a URL such as redis://host:6379/0, or rediss:// with TLS";
    let url = Url::parse(text).map_err(|_| Violation::secret(WANTED))?;
    let tls = match url.scheme() {
        "redis" => None,
        "rediss" => Some(FleetTls::default()),
        _ => return Err(Violation::secret(WANTED)),
    };
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Violation::secret("must end with the number of the database: options go into the object"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| Violation::secret(WANTED))?;
    let decoded = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8();
        text.map_err(|_| Violation::secret("must be UTF-8 where it is escaped")).map(std::borrow::Cow::into_owned)
    };
    let username = decoded(url.username())?;
    let password = url.password().map(decoded).transpose()?.filter(|password| !password.is_empty());
    let database = url.path().trim_matches('/');
    let database = if database.is_empty() { Some(0) } else { database.parse().ok() };
    let database = database.filter(|number| *number <= LAST_DATABASE);
    Ok(FleetServer {
        host: decoded(host)?.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(USUAL_PORT),
        tls,
        username: Some(username).filter(|username| !username.is_empty()),
        password: password.map(|password| Password::new(&password)),
        database: database.ok_or_else(|| Violation::secret("must end with the number of a database, such as /0"))?,
    })
}

fn host(value: &Value) -> Checked<String> {
    let text = secret_line(value)?;
    let is_host = !text.contains(['/', '@', ' ', '?', '#']);
    if is_host { Ok(text) } else { Err(Violation::secret("must be a name or an address, without a port")) }
}

/// How keys begin: nothing that a pattern or a list of keys would mistake.
fn namespace(value: &Value) -> Checked<String> {
    let name = rule::name(value).map_err(|violation| Violation::secret(violation.problem))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if name.chars().all(is_plain) {
        Ok(name)
    } else {
        Err(Violation::secret("must be made of letters, digits, and - _ . :"))
    }
}

fn variable(value: &Value) -> Checked<String> {
    let name = rule::name(value).map_err(|violation| Violation::secret(violation.problem))?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name { Ok(name) } else { Err(Violation::secret("must be the name of an environment variable")) }
}

fn secret_line(value: &Value) -> Checked<String> {
    let text = rule::text(value).map_err(|violation| Violation::secret(violation.problem))?;
    rule::one_line(LONGEST * 10)(&text).map_err(|violation| Violation::secret(violation.problem))?;
    Ok(text)
}

fn private_key(value: &Value) -> Checked<Password> {
    let text = value.as_str().filter(|text| text.contains("PRIVATE KEY-----"));
    text.map(Password::new).ok_or_else(|| Violation::secret("must be the PEM text of a private key"))
}
