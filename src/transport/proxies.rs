//! The proxies that the environment names: the client passes over one that it cannot use, and would go past it.

use std::ffi::OsString;

use hyper::Uri;
use hyper::http::uri::Authority;

use crate::check::Faults;

/// The variables, in pairs: the second of a pair is read if the first is not set.
const VARIABLES: [[&str; 2]; 3] =
    [["ALL_PROXY", "all_proxy"], ["HTTP_PROXY", "http_proxy"], ["HTTPS_PROXY", "https_proxy"]];
/// Set where a web server runs the program: then a request's header could name a proxy, and none is used.
const CGI: &str = "REQUEST_METHOD";
/// Without `socks4` and `socks5`, for which the names of hosts would be resolved on this side of the proxy.
const SCHEMES: [&str; 4] = ["http", "https", "socks4a", "socks5h"];

/// Checks the variables that the HTTP client reads when it is built. A value may hold a password, and is not shown.
///
/// # Errors
/// The name of each variable whose value is no proxy that can be used.
pub fn check(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), Faults> {
    let mut faults = Faults::new();
    if variable(CGI).is_some() {
        return Ok(());
    }
    for names in VARIABLES {
        let read = names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let Some((name, value)) = read.filter(|(_, value)| !value.is_empty()) else { continue };
        if !value.to_str().is_some_and(is_usable) {
            let schemes = SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
            let problem = format!("must be the URL of a proxy that begins with one of {schemes}, or its host and port");
            faults.push(&format!("environment variable {name}"), problem);
        }
    }
    faults.into_result(())
}

fn is_usable(value: &str) -> bool {
    let Ok(uri) = value.parse::<Uri>() else { return false };
    let has_scheme = uri.scheme_str().is_none_or(|scheme| SCHEMES.contains(&scheme));
    // What stands after a number sign, be it half a password, is not read.
    has_scheme && !value.contains('#') && uri.authority().is_some_and(has_host)
}

/// Whether there is a host, and a number where there is a port.
fn has_host(authority: &Authority) -> bool {
    let place = authority.as_str().split_once('@').map_or(authority.as_str(), |(_, place)| place);
    let Some(place) = place.parse::<Authority>().ok().filter(|place| !place.as_str().contains('@')) else {
        return false;
    };
    let port = place.as_str().strip_prefix(place.host());
    !place.host().is_empty() && (port == Some("") || place.port_u16().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> String {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        check(find).err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_the_client_can_use_is_not_told() {
        for value in [
            "",
            "http://proxy.example:8080",
            "HTTP://proxy.example/",
            "https://us%40er:p%3Aw@proxy.example:443",
            "socks5h://user:pw@127.0.0.1:1080",
            "socks4a://127.0.0.1:1080",
            "127.0.0.1:3128",
            "user:pw@proxy:3128",
            "proxy",
            "http://[::1]:3128",
        ] {
            assert_eq!(told(&[("HTTP_PROXY", value), ("https_proxy", value), ("ALL_PROXY", value)]), "", "{value}");
        }
    }

    #[test]
    fn what_it_would_pass_over_is_told_without_its_value() {
        for value in [
            "http://[secret",
            "ftp://secret:1",
            "socks://secret:1",
            "socks5://secret:1",
            "socks4://secret:1",
            "SOCKS5H://secret:1",
            "http://user:secret@host:port",
            "http://user:se#cret@host:80",
            "http://us@er:secret@host:80",
            "http://:secret@:80",
            "http://",
            "secret proxy",
            " http://secret",
            "/secret",
        ] {
            for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let told = told(&[(name, value)]);
                assert!(
                    told.starts_with(&format!("environment variable {name}: must be the URL of a proxy")),
                    "{value}"
                );
                assert!(!told.contains("secret") && !told.contains("se#cret"), "{told}");
            }
        }
    }

    #[test]
    fn a_variable_that_is_not_read_is_not_told() {
        assert_eq!(told(&[("HTTP_PROXY", ""), ("http_proxy", "/")]), "", "the first is set, to none");
        assert_eq!(told(&[("HTTP_PROXY", "/"), ("REQUEST_METHOD", "GET")]), "");
        assert_eq!(told(&[("FTP_PROXY", "/"), ("NO_PROXY", "/")]), "");
        assert_eq!(told(&[("HTTP_PROXY", "/"), ("ALL_PROXY", "/")]).lines().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_told() {
        use std::os::unix::ffi::OsStringExt;
        let find = |name: &str| (name == "ALL_PROXY").then(|| OsString::from_vec(b"http://\xff:1".to_vec()));
        assert!(check(find).is_err());
    }
}
