//! The clients beneath a POST: hyper-util's asks a server itself, reqwest by way of the proxy that the environment names.
//!
//! reqwest is made of hyper-util's client and could ask directly too, but what it does besides for each request, for
//! redirects, cookies and retries that are not wanted here, takes a fifth of a prediction's CPU.
#![expect(clippy::disallowed_types, reason = "the one file that sends requests")]

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::redirect;
use tower_layer::Layer;

use super::connecting::{Connecting, Noted};
use super::failure::Stage;
use super::resolver::Resolver;
use super::tls;
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
/// The system probes a connection that was silent for so long, as often, and gives it up after so many probes, as it does
/// for reqwest.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
const MOST_PROBES: u32 = 3;
/// The system gives a connection up on which nothing was acknowledged for so long, where it can be told.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// An error of either client, or of what is beneath it.
pub(super) type AnyError = Box<dyn Error + Send + Sync>;

/// The clients; clones share their connections.
#[derive(Clone)]
pub(super) struct Clients {
    direct: legacy::Client<Noted<HttpsConnector<HttpConnector<Resolver>>>, Upload>,
    proxied: reqwest::Client,
    proxies: Arc<Matcher>,
}

/// Why no head of a reply came, and how far the exchange had come.
pub(super) struct Unanswered {
    pub(super) stage: Stage,
    pub(super) error: AnyError,
}

/// The body of a reply, by either way.
pub(super) enum ReplyBody {
    Direct(Incoming),
    Proxied(reqwest::Body),
}

impl Clients {
    /// Builds the clients; the error says what is wrong with the configuration.
    pub(super) fn new(config: &HttpConfig, user_agent: &HeaderValue) -> Result<Self, String> {
        let tls = tls::client_config(&config.ca_certificates)?;
        let connecting = Connecting { within: config.connect_timeout };

        let mut http = HttpConnector::new_with_resolver(Resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared among the addresses of a host, so that a dead one leaves time for the next.
        http.set_connect_timeout(Some(config.connect_timeout));
        http.set_keepalive(Some(PROBE_INTERVAL));
        http.set_keepalive_interval(Some(PROBE_INTERVAL));
        http.set_keepalive_retries(Some(MOST_PROBES));
        #[cfg(target_os = "linux")]
        http.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let direct = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .http1_max_headers(MOST_HEADERS)
            .http2_max_header_list_size(MOST_HEADER_BYTES)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build(connecting.layer(HttpsConnector::from((http, tls.clone()))));

        let proxied = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(user_agent.clone())
            // For the addresses of a proxy to share it too.
            .connect_timeout(config.connect_timeout)
            .connector_layer(connecting)
            .dns_resolver(Resolver)
            .redirect(redirect::Policy::none())
            .referer(false)
            .tcp_nodelay(true)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .http1_max_headers(MOST_HEADERS)
            .http2_max_header_list_size(MOST_HEADER_BYTES)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build()
            .map_err(|error| format!("the HTTP client cannot be built: {error}"))?;
        Ok(Self { direct, proxied, proxies: Arc::new(Matcher::from_system()) })
    }

    /// Sends a request, by the proxy that the environment names for its host, unless it is to go to `loopback`. The future
    /// is small, and keeps nothing of the clients.
    pub(super) fn send(
        &self,
        request: Request<Upload>,
        loopback: bool,
    ) -> impl Future<Output = Result<Response<ReplyBody>, Unanswered>> + Send + use<> {
        let sending = if loopback || self.proxies.intercept(request.uri()).is_none() {
            Sending::Direct(self.direct.request(request))
        } else {
            Sending::Proxied(Box::pin(send_by_proxy(self.proxied.clone(), request)))
        };
        async {
            match sending {
                Sending::Direct(sending) => {
                    let sent = sending.await.map_err(|error| Unanswered::of(error.is_connect(), error));
                    Ok(sent?.map(ReplyBody::Direct))
                }
                Sending::Proxied(sending) => {
                    sending.await.map_err(|error| Unanswered::of(error.is_connect(), error.without_url()))
                }
            }
        }
    }
}

/// A request under way.
enum Sending {
    Direct(legacy::ResponseFuture),
    Proxied(Pin<Box<dyn Future<Output = reqwest::Result<Response<ReplyBody>>> + Send>>),
}

async fn send_by_proxy(client: reqwest::Client, request: Request<Upload>) -> reqwest::Result<Response<ReplyBody>> {
    let request = request.map(reqwest::Body::wrap).try_into()?;
    Ok(Response::from(client.execute(request).await?).map(ReplyBody::Proxied))
}

impl Unanswered {
    fn of(connecting: bool, error: impl Into<AnyError>) -> Self {
        let error = error.into();
        Self { stage: Stage::before_the_head(connecting, error.as_ref()), error }
    }
}

impl ReplyBody {
    /// The next piece of the body; nothing at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, AnyError> {
        loop {
            match poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await.transpose()?.map(Frame::into_data) {
                Some(Ok(chunk)) => return Ok(Some(chunk)),
                // Trailers say nothing that is asked for.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// How many bytes it is to have, if the server says so.
    pub(super) fn announced(&self) -> Option<u64> {
        self.size_hint().exact()
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = AnyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnyError>>> {
        match self.get_mut() {
            Self::Direct(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Proxied(body) => Pin::new(body).poll_frame(context).map_err(|error| error.without_url().into()),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct(body) => body.size_hint(),
            Self::Proxied(body) => body.size_hint(),
        }
    }
}
