//! An HTTP/1.1 server on loopback, written by hand so that it can misbehave in every way a provider does.
//!
//! A test reads as a transcript: `Upstream::script` expects requests in order and gives each its [`Reply`]; whatever
//! was not played, or came unexpected, fails the test when the upstream is dropped. Nothing waits for a fixed time:
//! [`Upstream::request`] and [`Upstream::hung_up`] wait for what they name.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod http2;
pub mod reply;
pub mod serve;

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use reply::Reply;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it arrived.
#[derive(Clone)]
pub struct Request {
    /// The connection that it came on, counted from 0.
    pub connection: usize,
    pub method: String,
    /// The path, or the whole URL where the client took this server for a proxy.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.method, self.target, String::from_utf8_lossy(&self.body))
    }
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body; `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The `model` of a chat-completions request.
    pub fn model(&self) -> String {
        self.json()["model"].as_str().unwrap_or_default().to_owned()
    }
}

/// One line of a transcript: the model expected to be asked, and what the server says to it.
pub struct Step {
    model: Option<String>,
    reply: Reply,
}

impl Step {
    /// Whatever is asked.
    pub fn any(reply: Reply) -> Self {
        Self { model: None, reply }
    }

    /// A request whose body names this model.
    pub fn model(model: &str, reply: Reply) -> Self {
        Self { model: Some(model.to_owned()), reply }
    }
}

/// Decides the reply to each request, in the order of their arrival.
type Handler = Box<dyn FnMut(&Request) -> Result<Reply, String> + Send>;

/// What the server has seen so far.
#[derive(Debug, Default)]
struct Seen {
    accepted: usize,
    requests: Vec<Request>,
    /// Requests whose reply has not been written to its last piece.
    under_way: usize,
    most_under_way: usize,
    hung_up: BTreeSet<usize>,
    written: usize,
    faults: Vec<String>,
}

/// The part of an upstream that its connections share.
struct Stage {
    handler: Mutex<Handler>,
    seen: watch::Sender<Seen>,
}

/// A running server; it ends when dropped.
pub struct Upstream {
    address: SocketAddr,
    stage: Arc<Stage>,
    unplayed: Option<Arc<Mutex<VecDeque<Step>>>>,
    accepting: AbortHandle,
    secure: bool,
}

impl Upstream {
    /// Plays the steps in order, one a request.
    pub async fn script(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = Arc::new(Mutex::new(steps.into_iter().collect::<VecDeque<_>>()));
        let script = Arc::clone(&steps);
        let handler = move |request: &Request| {
            let asked = request.model();
            let Some(step) = script.lock().unwrap().pop_front() else {
                return Err(format!("a request for model {asked:?} after the end of the script"));
            };
            match step.model {
                Some(model) if model != asked => Err(format!("expected model {model:?}, was asked {asked:?}")),
                _ => Ok(step.reply),
            }
        };
        let mut upstream = Self::start(Box::new(handler), None).await;
        upstream.unplayed = Some(steps);
        upstream
    }

    /// Answers every request by the function.
    pub async fn handler(mut handler: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::start(Box::new(move |request| Ok(handler(request))), None).await
    }

    /// The same behind TLS.
    pub async fn tls(acceptor: TlsAcceptor, mut handler: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::start(Box::new(move |request| Ok(handler(request))), Some(acceptor)).await
    }

    async fn start(handler: Handler, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let stage = Arc::new(Stage { handler: Mutex::new(handler), seen: watch::Sender::default() });
        let secure = tls.is_some();
        let accepting = tokio::spawn(serve::accept(listener, tls, Arc::clone(&stage))).abort_handle();
        Self { address, stage, unplayed: None, accepting, secure }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What a provider's `baseUrl` would be; a TLS server is called by a name, as its certificate has one.
    pub fn base_url(&self) -> String {
        let origin = if self.secure { "https://localhost" } else { "http://127.0.0.1" };
        format!("{origin}:{}/v1", self.port())
    }

    /// The address of its chat completions.
    pub fn url(&self) -> String {
        format!("{}/chat/completions", self.base_url())
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.stage.seen.borrow().requests.clone()
    }

    /// How many requests waited for the end of their reply at once, at most.
    pub fn most_under_way(&self) -> usize {
        self.stage.seen.borrow().most_under_way
    }

    /// The connections accepted so far.
    pub fn connections(&self) -> usize {
        self.stage.seen.borrow().accepted
    }

    /// The bytes of all replies that the system took so far.
    pub fn written(&self) -> usize {
        self.stage.seen.borrow().written
    }

    /// Whether the client has closed the n-th connection already.
    pub fn hung_up_now(&self, n: usize) -> bool {
        self.stage.seen.borrow().hung_up.contains(&n)
    }

    /// Waits until the system took so many bytes of replies.
    pub async fn has_written(&self, bytes: usize) {
        self.wait(&format!("{bytes} bytes of reply"), |seen| seen.written >= bytes).await;
    }

    /// Waits for the n-th request, counted from 0.
    pub async fn request(&self, n: usize) -> Request {
        self.wait(&format!("request {n}"), |seen| seen.requests.len() > n).await;
        self.requests().swap_remove(n)
    }

    /// Waits until the client has closed the n-th connection, counted from 0.
    pub async fn hung_up(&self, n: usize) {
        self.wait(&format!("the client to close connection {n}"), |seen| seen.hung_up.contains(&n)).await;
    }

    async fn wait(&self, what: &str, done: impl FnMut(&Seen) -> bool) {
        let mut seen = self.stage.seen.subscribe();
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(done)).await.map(|seen| seen.is_ok());
        assert!(waited == Ok(true), "waited in vain for {what}; seen: {:?}", self.stage.seen.borrow());
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
        if std::thread::panicking() {
            return;
        }
        let faults = &self.stage.seen.borrow().faults;
        assert!(faults.is_empty(), "the transcript was not kept: {faults:?}");
        let unplayed = self.unplayed.as_ref().map_or(0, |steps| steps.lock().unwrap().len());
        assert!(unplayed == 0, "{unplayed} steps of the script were not played");
    }
}
