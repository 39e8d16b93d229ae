//! The only user of reqwest: one POST, read within a size limit.
#![expect(clippy::disallowed_types, reason = "the one file that sends requests")]

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Body, Client, Method, Request, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::coding::{self, CodingFault};
use super::connecting::{NoteConnections, noting};
use super::failure::Stage;
pub use super::failure::{Resend, WireFailure};
use super::resolver::Resolver;
use super::tls;
pub use super::upload::Begun;
use super::upload::Upload;
use crate::config::HttpConfig;

/// A connection that was idle for 4 s is not used again: common servers close theirs after 5.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_millis(3900);
/// The most lines that the head of a reply may have; proxies on the way add some to those of the provider.
const MOST_HEADERS: usize = 1100;
/// The most bytes that the head of a reply over HTTP/2 may have; HTTP/1 has a limit of its own.
const MOST_HEADER_BYTES: u32 = 128 * 1024;
/// An HTTP/2 connection with requests in flight is pinged this often, so that a dead one does not take them all along.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// The status of an error says most; its body is waited for no longer than this.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(2);
/// How many headers are kept that may say when to come back, and how long each may be.
const MOST_TIMELY: usize = 32;
const LONGEST_TIMELY: usize = 128;

/// The HTTP client; clones share its connections.
#[derive(Clone)]
pub struct Http {
    proxied: Client,
    direct: Client,
    max_response_bytes: usize,
}

/// One request.
#[derive(Clone)]
pub struct HttpRequest<'a> {
    /// Where to.
    pub url: &'a Url,
    /// Whether the host is this machine, so that no proxy is asked.
    pub loopback: bool,
    /// Sent as a bearer token.
    pub api_key: Option<&'a SecretString>,
    /// More headers; each replaces one of ours of the same name.
    pub headers: &'a [(String, String)],
    /// Where the request stands in a trace, as the header of W3C Trace Context has it; it replaces one of the provider's.
    pub traceparent: Option<&'a str>,
    /// The JSON.
    pub body: Bytes,
    /// Is told when the client begins to write the body and when a reply begins, so that of a request that is given up it
    /// is known whether it was sent, and what came.
    pub begun: Arc<Begun>,
    /// How long the caller waits for the reply; the body of an error is given up in time for the caller to see the rest.
    pub time: Duration,
}

/// A reply of any status.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The status; 3xx is not followed.
    pub status: u16,
    /// The headers that may say when to come back, as they came; of a 2xx only `Retry-After`.
    pub timely: Vec<(String, String)>,
    /// The decompressed body; whole if the status is 2xx, else as much as came in time and within the limit.
    pub body: Vec<u8>,
}

impl Http {
    /// Builds the client; the error says what is wrong with the configuration.
    ///
    /// # Errors
    ///
    /// When a certificate or the user agent is unusable, or the system offers no TLS or resolver.
    pub fn new(config: &HttpConfig) -> Result<Self, String> {
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| "userAgent: has characters that a header cannot carry".to_owned())?;
        let tls = tls::client_config(&config.ca_certificates)?;
        let builder = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .user_agent(user_agent.clone())
                .connect_timeout(config.connect_timeout)
                .connector_layer(NoteConnections)
                .dns_resolver(Resolver)
                .redirect(redirect::Policy::none())
                .referer(false)
                .tcp_nodelay(true)
                .pool_idle_timeout(POOL_IDLE_TIMEOUT)
                .http1_max_headers(MOST_HEADERS)
                .http2_max_header_list_size(MOST_HEADER_BYTES)
                .http2_keep_alive_interval(PING_INTERVAL)
                .http2_keep_alive_timeout(PING_TIMEOUT)
        };
        let broken = |error: reqwest::Error| format!("the HTTP client cannot be built: {error}");
        Ok(Self {
            proxied: builder().build().map_err(broken)?,
            direct: builder().no_proxy().build().map_err(broken)?,
            max_response_bytes: config.max_response_bytes,
        })
    }

    /// Sends the request and reads the reply. The caller drops the future when its time is over, which cancels the
    /// request; there is no other time-out but the connect time-out.
    ///
    /// # Errors
    ///
    /// When there is no reply, or one of a 2xx status is not whole or not within the limit.
    pub fn post(&self, post: &HttpRequest<'_>) -> impl Future<Output = Result<HttpReply, WireFailure>> + Send + use<> {
        let client = if post.loopback { &self.direct } else { &self.proxied };
        // The future keeps nothing of what it was made of.
        let sent = headers(post).map(|headers| {
            let mut request = Request::new(Method::POST, post.url.clone());
            *request.headers_mut() = headers;
            *request.body_mut() = Some(Body::wrap(Upload::new(post.body.clone(), Arc::clone(&post.begun))));
            client.execute(request)
        });
        let (begun, limit, time) = (Arc::clone(&post.begun), self.max_response_bytes, post.time);
        async move {
            let start = Instant::now();
            let (response, kept) = noting(sent?).await;
            let response = response.map_err(|error| before_the_head(error, kept, start.elapsed()))?;
            begun.reply(response.status().as_u16());
            receive(response, limit, start + time).await
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("max_response_bytes", &self.max_response_bytes).finish_non_exhaustive()
    }
}

/// A URL can hold a key in its userinfo or query, a header in its value, so neither is shown.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("loopback", &self.loopback)
            .field("has_key", &self.api_key.is_some())
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpReply")
            .field("status", &self.status)
            .field("timely", &self.timely)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

fn headers(post: &HttpRequest<'_>) -> Result<HeaderMap, WireFailure> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, json.clone()),
        (ACCEPT, json),
        (ACCEPT_ENCODING, HeaderValue::from_static(coding::OFFERED)),
    ]);
    if let Some(key) = post.api_key {
        let bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()))
            .map_err(|_| WireFailure::unsent("the API key has characters that a header cannot carry"))?;
        headers.insert(AUTHORIZATION, sensitive(bearer));
    }
    for (name, value) in post.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Err(WireFailure::unsent(&format!("the header {name:?} cannot be sent")));
        };
        headers.insert(name, sensitive(value));
    }
    if let Some(traceparent) = post.traceparent {
        let value = HeaderValue::try_from(traceparent)
            .map_err(|_| WireFailure::unsent("the traceparent has characters that a header cannot carry"))?;
        headers.insert(HeaderName::from_static("traceparent"), value);
    }
    Ok(headers)
}

/// Kept out of `Debug` output and of HTTP/2's header tables.
fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

async fn receive(mut response: Response, limit: usize, until: Instant) -> Result<HttpReply, WireFailure> {
    let status = response.status().as_u16();
    let timely = timely(response.headers(), response.status().is_success());
    let codings = coding::of(response.headers());
    let most = coding::longest(limit, &codings);
    let mut raw = Vec::new();
    if response.status().is_success() {
        let announced = response.content_length();
        if let Some(length) = announced.filter(|&length| length > u64::try_from(most).unwrap_or(u64::MAX)) {
            let message = format!("the reply announces {length} bytes, more than the limit of {limit}");
            return Err(WireFailure::refused(status, &message));
        }
        if !fill(&mut raw, &mut response, most).await? {
            return Err(too_large(status, limit));
        }
    } else {
        // The status decides, so a body that is cut off, too large or slow is not what failed.
        let patience = ERROR_BODY_PATIENCE.min(until.saturating_duration_since(Instant::now()) / 2);
        let _ = tokio::time::timeout(patience, fill(&mut raw, &mut response, most)).await;
    }
    let is_success = response.status().is_success();
    let decoded = match codings.as_slice() {
        [] => (raw, None),
        // Most replies are in none, and every request would hold the room for all of them.
        codings => Box::pin(coding::decoded(codings, raw, limit)).await,
    };
    match decoded {
        (_, Some(CodingFault::TooLarge)) if is_success => Err(too_large(status, limit)),
        (_, Some(CodingFault::Broken(error))) if is_success => {
            Err(WireFailure::refused(status, &format!("the reply cannot be decompressed: {error}")))
        }
        (body, _) => Ok(HttpReply { status, timely, body }),
    }
}

fn too_large(status: u16, limit: usize) -> WireFailure {
    WireFailure::refused(status, &format!("the reply is larger than {limit} bytes"))
}

/// The headers that may say when to come back. A reply that succeeded is only asked for the one.
fn timely(headers: &HeaderMap, is_success: bool) -> Vec<(String, String)> {
    let kept = |name: &HeaderName, value: &HeaderValue| {
        let value = value.to_str().ok().filter(|value| value.len() <= LONGEST_TIMELY)?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    if is_success {
        return headers.get(RETRY_AFTER).and_then(|value| kept(&RETRY_AFTER, value)).into_iter().collect();
    }
    let is_timely = |name: &str| ["retry", "ratelimit", "rate-limit"].iter().any(|part| name.contains(part));
    let found = headers.iter().filter(|(name, _)| is_timely(name.as_str()));
    found.filter_map(|(name, value)| kept(name, value)).take(MOST_TIMELY).collect()
}

/// Reads the body up to `most` bytes; false if there is more, in which case the connection is dropped with the response.
async fn fill(body: &mut Vec<u8>, response: &mut Response, most: usize) -> Result<bool, WireFailure> {
    let status = response.status().as_u16();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    loop {
        let chunk = response.chunk().await;
        if body.is_empty() && chunk.as_ref().is_ok_and(Option::is_some) {
            body.reserve_exact(announced.min(most));
        }
        match chunk {
            Ok(Some(chunk)) if chunk.len() > most - body.len() => {
                body.extend_from_slice(&chunk[..most - body.len()]);
                return Ok(false);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(true),
            Err(error) => return Err(WireFailure::read(Stage::Body(status), &error.without_url())),
        }
    }
}

fn before_the_head(error: reqwest::Error, kept: bool, after: Duration) -> WireFailure {
    let error = error.without_url();
    if error.is_builder() {
        return WireFailure::unsent("the request cannot be built: its URL is not valid");
    }
    let stage = match (error.is_connect(), error.is_timeout()) {
        (true, true) => Stage::ConnectTimeout,
        (true, false) if error.is_dns() => Stage::Resolving,
        (true, false) => Stage::Connecting,
        (false, _) => Stage::Head,
    };
    WireFailure::read(stage, &error).or_resent(kept, after, &error)
}
