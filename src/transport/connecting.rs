//! How connections are made: within a time, and so that a request knows whether it went out on one that was made for it
//! or on one that was kept from earlier requests.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// Whether the request of this task has made a connection. The client connects within the request's own task; one
    /// that is overtaken by a kept connection is made ready in a task of its own, and is not noted.
    static CONNECTED: Cell<bool>;
}

/// Runs a request; true if it went out on a kept connection.
pub(super) async fn noting<T>(request: impl Future<Output = T>) -> (T, bool) {
    CONNECTED.scope(Cell::new(false), async { (request.await, !CONNECTED.with(Cell::get)) }).await
}

/// Has the client make each connection within a time, and notes it.
#[derive(Clone, Copy)]
pub(super) struct Connecting {
    /// How long a connection may take, TLS included.
    pub(super) within: Duration,
}

/// A connector whose connections are noted, and given up in time with an error of the kind [`io::ErrorKind::TimedOut`].
#[derive(Clone)]
pub(super) struct Noted<C> {
    connector: C,
    within: Duration,
}

impl<C> Layer<C> for Connecting {
    type Service = Noted<C>;

    fn layer(&self, connector: C) -> Noted<C> {
        Noted { connector, within: self.within }
    }
}

impl<C, To> Service<To> for Noted<C>
where
    C: Service<To, Error = Box<dyn Error + Send + Sync>, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, to: To) -> Self::Future {
        let connecting = tokio::time::timeout(self.within, self.connector.call(to));
        Box::pin(async move {
            let connection = connecting.await.map_err(io::Error::from)??;
            // Without the scope it is a task of its own.
            let _ = CONNECTED.try_with(|connected| connected.set(true));
            Ok(connection)
        })
    }
}
