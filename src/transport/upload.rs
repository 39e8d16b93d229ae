//! The body of a request, which tells when the HTTP client begins to write it: from then on the provider may work, and
//! charge, for it. And how far an exchange has come by then.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What of an exchange has begun, for whoever gives it up before its end.
#[derive(Debug, Default)]
pub struct Begun {
    upload: AtomicBool,
    /// The status of the reply; 0 before one has begun.
    status: AtomicU16,
}

impl Begun {
    /// Whether the client has begun to write the body of the request.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.upload.load(Ordering::Acquire)
    }

    /// The status of the reply, as soon as its head has come.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Acquire)).filter(|&status| status > 0)
    }

    /// Notes that a reply with this status has begun.
    pub(super) fn reply(&self, status: u16) {
        self.status.store(status, Ordering::Release);
    }
}

/// Bytes to send, whole.
pub(super) struct Upload {
    bytes: Option<Bytes>,
    begun: Arc<Begun>,
}

impl Upload {
    /// `begun` is told when a connection stands and the bytes are asked for.
    pub(super) fn new(bytes: Bytes, begun: Arc<Begun>) -> Self {
        Self { bytes: Some(bytes), begun }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.upload.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
