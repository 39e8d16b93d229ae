//! The wire against servers that behave and servers that do not, over real sockets on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod cancelling;
mod failures;
mod proxy;
mod requests;
mod resending;
#[path = "../support/mod.rs"]
mod support;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fallcast::config::HttpConfig;
use fallcast::kind::FailureKind;
use fallcast::transport::http::{Http, HttpReply, HttpRequest, Resend, WireFailure};
use secrecy::SecretString;
use support::{Reply, Step, Upstream};
use url::Url;

/// Small enough that a test can exceed it, large enough for every proper reply.
const LIMIT: usize = 64 * 1024;
const TIME: Duration = Duration::from_secs(20);
const KEY: &str = "sk-secret-0123456789";

fn config() -> HttpConfig {
    HttpConfig { max_response_bytes: LIMIT, user_agent: "fallcast/test".to_owned(), ..HttpConfig::default() }
}

fn http() -> Http {
    Http::new(&config()).expect("an HTTP client")
}

fn parsed(url: &str) -> Url {
    url.parse().expect("a URL")
}

async fn post_to(http: &Http, url: &str) -> Result<HttpReply, WireFailure> {
    let key = SecretString::from(KEY);
    let post = HttpRequest {
        url: &parsed(url),
        loopback: true,
        api_key: Some(&key),
        headers: &[],
        traceparent: None,
        body: Bytes::from_static(b"{\"model\":\"m\"}"),
        begun: Arc::default(),
        time: TIME,
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), http.post(&post)).await;
    ended.expect("the request ends by itself")
}

/// The outcome of one request that is answered so.
async fn answered(reply: Reply) -> Result<HttpReply, WireFailure> {
    let upstream = Upstream::script([Step::model("m", reply)]).await;
    post_to(&http(), &upstream.url()).await
}

/// Asserts the parts of a failure that decide what follows; the message is returned.
#[track_caller]
fn failed(outcome: Result<HttpReply, WireFailure>, kind: FailureKind, status: Option<u16>, sent: bool) -> String {
    let failure = outcome.expect_err("a failure");
    assert_eq!((failure.kind, failure.status, failure.sent), (kind, status, sent), "{failure:?}");
    let message = &failure.message;
    assert!(!message.is_empty() && message.chars().count() <= 300 && !message.contains('\n'), "{message:?}");
    assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
    failure.message
}
