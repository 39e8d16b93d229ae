//! The body of a request, which tells when the HTTP client begins to write it: from then on the provider may work, and
//! charge, for it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Bytes to send, whole.
pub(super) struct Upload {
    bytes: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Upload {
    /// `begun` becomes true when a connection stands and the bytes are asked for.
    pub(super) fn new(bytes: Bytes, begun: Arc<AtomicBool>) -> Self {
        Self { bytes: Some(bytes), begun }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
