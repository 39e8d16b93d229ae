//! Checking the base URL of a provider.

use serde_json::Value;
use url::{Host, Url};

use crate::check::{Checked, Violation};

/// The path of the one operation that is called, below the base URL.
const CHAT_COMPLETIONS: &str = "/chat/completions";

/// A base URL that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    /// The URL without a slash at its end.
    pub(super) text: String,
    /// Where chat completions are asked for.
    pub(super) endpoint: Url,
    /// Whether the host is this machine.
    pub(super) loopback: bool,
}

/// An http or https URL with a host, without user, query and fragment; plain http for loopback only, unless
/// `allow_insecure_http`.
pub(super) fn base_url(allow_insecure_http: bool) -> impl Fn(&Value) -> Checked<BaseUrl> {
    move |value| {
        let text = value.as_str().ok_or_else(|| Violation::new("must be a string"))?;
        // A user, a query or a fragment may hold a key.
        let refuse = |problem: &str| {
            if text.contains(['@', '?', '#']) { Violation::secret(problem) } else { Violation::new(problem) }
        };
        let url = Url::parse(text).map_err(|_| refuse("must be a URL such as https://api.example.com/v1"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("must begin with https:// or http://"));
        }
        let after_scheme = text.get(url.scheme().len()..).unwrap_or_default();
        if !after_scheme.starts_with("://") || after_scheme.starts_with(":///") {
            return Err(refuse("must begin with https:// or http:// and a host"));
        }
        if text.contains(|character: char| character == '\\' || character.is_whitespace() || character.is_control()) {
            return Err(refuse("must not contain white space, control characters or backslashes"));
        }
        if !url.username().is_empty() || url.password().is_some() || after_scheme.starts_with("://@") {
            return Err(refuse("must not contain a user or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("must not contain a query or a fragment"));
        }
        let base = url.as_str().trim_end_matches('/');
        if base.ends_with(CHAT_COMPLETIONS) {
            return Err(refuse("must be the base, to which /chat/completions is appended"));
        }
        let loopback = url.host().is_some_and(|host| is_loopback(&host));
        if url.scheme() == "http" && !loopback && !allow_insecure_http {
            return Err(refuse(
                "must begin with https://, for the host is not loopback and http.allowInsecureHttp is off",
            ));
        }
        let endpoint = Url::parse(&format!("{base}{CHAT_COMPLETIONS}")).map_err(|_| refuse("must be a URL"))?;
        Ok(BaseUrl { text: base.to_owned(), endpoint, loopback })
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// Whether a name is `localhost` or below it, in letters of any case and with or without a dot at its end: this machine,
/// which no server for names is to be asked about.
#[must_use]
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Checked<BaseUrl> {
        base_url(false)(&Value::from(text))
    }

    #[test]
    fn the_end_is_made_even() {
        for text in ["https://api.example.com/v1", "https://api.example.com/v1/", "HTTPS://API.example.com/v1//"] {
            let read = check(text).unwrap();
            assert_eq!(read.text, "https://api.example.com/v1");
            assert_eq!(read.endpoint.as_str(), "https://api.example.com/v1/chat/completions");
            assert!(!read.loopback);
        }
        assert_eq!(check("https://h").unwrap().endpoint.as_str(), "https://h/chat/completions");
    }

    #[test]
    fn plain_http_is_for_loopback() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "ollama.LocalHost:11434",
            "127.0.0.1:8080",
            "127.9.9.9",
            "0x7f.1",
            "2130706433",
            "[::1]:1",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(check(&format!("http://{host}/v1")).unwrap().loopback, "{host}");
            assert!(check(&format!("https://{host}/v1")).unwrap().loopback, "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "notlocalhost",
            "128.0.0.1",
            "0.0.0.0",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "10.0.0.1",
        ] {
            let url = format!("http://{host}/v1");
            let violation = check(&url).unwrap_err();
            assert!(violation.problem.contains("allowInsecureHttp is off"), "{host}: {}", violation.problem);
            assert!(!base_url(true)(&Value::from(url)).unwrap().loopback, "{host}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for (text, problem) in [
            ("", "must be a URL such as https://api.example.com/v1"),
            ("api.example.com", "must be a URL such as https://api.example.com/v1"),
            ("ftp://h/v1", "must begin with https:// or http://"),
            ("https:h/v1", "must begin with https:// or http:// and a host"),
            ("https:///v1", "must begin with https:// or http:// and a host"),
            ("https://", "must be a URL such as https://api.example.com/v1"),
            ("https://h/a b", "must not contain white space, control characters or backslashes"),
            (" https://h", "must begin with https:// or http:// and a host"),
            ("https://h\\v1", "must not contain white space, control characters or backslashes"),
            ("https://h/v1/chat/completions/", "must be the base, to which /chat/completions is appended"),
        ] {
            assert_eq!(check(text), Err(Violation::new(problem)), "{text}");
        }
    }

    #[test]
    fn what_may_hold_a_key_is_not_shown() {
        for (text, problem) in [
            ("https://user:pw@h/v1", "must not contain a user or a password"),
            ("https://user@h/v1", "must not contain a user or a password"),
            ("https://@h/v1", "must not contain a user or a password"),
            ("https://h/v1?key=k", "must not contain a query or a fragment"),
            ("https://h/v1?", "must not contain a query or a fragment"),
            ("https://h/v1#k", "must not contain a query or a fragment"),
            ("user:pw@h", "must begin with https:// or http://"),
            ("//u:p@h", "must be a URL such as https://api.example.com/v1"),
        ] {
            assert_eq!(check(text), Err(Violation::secret(problem)), "{text}");
        }
    }
}
