//! Whether a request went out on a connection that was made for it, or on one that was kept from earlier requests.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};

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

/// Notes each connection that the client makes.
#[derive(Clone, Copy)]
pub(super) struct NoteConnections;

/// A connector whose connections are noted.
#[derive(Clone)]
pub(super) struct Noted<C>(C);

impl<C> Layer<C> for NoteConnections {
    type Service = Noted<C>;

    fn layer(&self, connector: C) -> Noted<C> {
        Noted(connector)
    }
}

impl<C, To> Service<To> for Noted<C>
where
    C: Service<To, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: To) -> Self::Future {
        let connecting = self.0.call(to);
        Box::pin(async move {
            let connection = connecting.await?;
            // Without the scope it is a task of its own.
            let _ = CONNECTED.try_with(|connected| connected.set(true));
            Ok(connection)
        })
    }
}
