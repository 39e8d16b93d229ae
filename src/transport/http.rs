//! One POST, read within a size limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, Response, Uri};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::client::{Clients, ReplyBody};
use super::coding::{self, CodingFault};
use super::connecting::noting;
use super::failure::Stage;
pub use super::failure::{Resend, WireFailure};
pub use super::upload::Begun;
use super::upload::Upload;
use crate::config::HttpConfig;

/// The status of an error says most; its body is waited for no longer than this.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(2);
/// How many headers are kept that may say when to come back, and how long each may be.
const MOST_TIMELY: usize = 32;
const LONGEST_TIMELY: usize = 128;

/// The HTTP client; clones share its connections.
#[derive(Clone)]
pub struct Http {
    clients: Clients,
    user_agent: HeaderValue,
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
        let clients = Clients::new(config, &user_agent)?;
        Ok(Self { clients, user_agent, max_response_bytes: config.max_response_bytes })
    }

    /// Sends the request and reads the reply. The caller drops the future when its time is over, which cancels the
    /// request; there is no other time-out but the connect time-out.
    ///
    /// # Errors
    ///
    /// When there is no reply, or one of a 2xx status is not whole or not within the limit.
    pub fn post(&self, post: &HttpRequest<'_>) -> impl Future<Output = Result<HttpReply, WireFailure>> + Send + use<> {
        // The future keeps nothing of what it was made of.
        let sent = self.request(post).map(|request| self.clients.send(request, post.loopback));
        let (begun, limit, time) = (Arc::clone(&post.begun), self.max_response_bytes, post.time);
        async move {
            let start = Instant::now();
            let (response, kept) = noting(sent?).await;
            let response = response.map_err(|unanswered| {
                let error = unanswered.error.as_ref();
                WireFailure::read(unanswered.stage, error).or_resent(kept, start.elapsed(), error)
            })?;
            begun.reply(response.status().as_u16());
            receive(response, limit, start + time).await
        }
    }

    fn request(&self, post: &HttpRequest<'_>) -> Result<Request<Upload>, WireFailure> {
        let uri = Uri::try_from(post.url.as_str()).ok().filter(|uri| uri.scheme().is_some() && uri.host().is_some());
        let uri = uri.ok_or_else(|| WireFailure::unsent("the request cannot be built: its URL is not valid"))?;
        let mut request = Request::new(Upload::new(post.body.clone(), Arc::clone(&post.begun)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers(post, self.user_agent.clone())?;
        Ok(request)
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

fn headers(post: &HttpRequest<'_>, user_agent: HeaderValue) -> Result<HeaderMap, WireFailure> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, json.clone()),
        (ACCEPT, json),
        (ACCEPT_ENCODING, HeaderValue::from_static(coding::OFFERED)),
        (USER_AGENT, user_agent),
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

async fn receive(response: Response<ReplyBody>, limit: usize, until: Instant) -> Result<HttpReply, WireFailure> {
    let (head, mut reply) = response.into_parts();
    let (status, is_success) = (head.status.as_u16(), head.status.is_success());
    let timely = timely(&head.headers, is_success);
    let codings = coding::of(&head.headers);
    let most = coding::longest(limit, &codings);
    let mut raw = Vec::new();
    if is_success {
        if let Some(length) = reply.announced().filter(|&length| length > u64::try_from(most).unwrap_or(u64::MAX)) {
            let message = format!("the reply announces {length} bytes, more than the limit of {limit}");
            return Err(WireFailure::refused(status, &message));
        }
        if !fill(&mut raw, &mut reply, status, most).await? {
            return Err(too_large(status, limit));
        }
    } else {
        // The status decides, so a body that is cut off, too large or slow is not what failed.
        let patience = ERROR_BODY_PATIENCE.min(until.saturating_duration_since(Instant::now()) / 2);
        let _ = tokio::time::timeout(patience, fill(&mut raw, &mut reply, status, most)).await;
    }
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

/// Reads the body up to `most` bytes; false if there is more, in which case the connection is dropped with the reply.
async fn fill(body: &mut Vec<u8>, reply: &mut ReplyBody, status: u16, most: usize) -> Result<bool, WireFailure> {
    let announced = reply.announced().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    loop {
        let chunk = reply.chunk().await;
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
            Err(error) => return Err(WireFailure::read(Stage::Body(status), error.as_ref())),
        }
    }
}
