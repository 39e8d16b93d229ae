//! What went wrong on the wire, told by the types in an error's chain and never by its text.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::resolver::Unresolved;
use crate::kind::FailureKind;

/// How soon a kept connection dies that its provider had given up before the request came.
const STALE_WITHIN: Duration = Duration::from_secs(1);

/// A request without a usable reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFailure {
    /// `Network` or `InvalidResponse`.
    pub kind: FailureKind,
    /// What was seen, without URL. A server may have put anything into it, a key too, so whoever shows it makes it safe.
    pub message: String,
    /// The status, if the head of the reply arrived.
    pub status: Option<u16>,
    /// Whether the provider may have begun to work on the request, and so may charge for it.
    pub sent: bool,
    /// Why the request may be sent again as if it had not been; `None` if it may not.
    pub resend: Option<Resend>,
}

/// Why a request may be sent again as if it had not been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// The provider says that it did not look at it: it refused the stream, or goes away before it.
    Refused,
    /// The connection was kept, and ended within a second and before a byte of the reply, as one does that its provider
    /// closes for having been idle; or a provider that speaks HTTP/2 closed it in order. Whether the provider has looked
    /// at the request is not known.
    Stale,
}

/// How far the exchange had come, as the HTTP client tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The name of the host did not resolve.
    Resolving,
    /// Refused, unreachable, or no agreement on TLS.
    Connecting,
    /// The connection took longer than the connect time-out.
    ConnectTimeout,
    /// Connected, without a complete head of a reply.
    Head,
    /// The head arrived, with this status.
    Body(u16),
}

impl Stage {
    /// How far an exchange had come that ended before the head of a reply, while `connecting` or after.
    pub(super) fn before_the_head(connecting: bool, error: &(dyn Error + 'static)) -> Self {
        let timed_out = |io: &io::Error| io.kind() == io::ErrorKind::TimedOut;
        if !connecting {
            Self::Head
        } else if causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(timed_out) {
            Self::ConnectTimeout
        } else if causes(error).any(<dyn Error>::is::<Unresolved>) {
            Self::Resolving
        } else {
            Self::Connecting
        }
    }
}

impl WireFailure {
    /// The request could not be built, so nothing was sent.
    pub(super) fn unsent(message: &str) -> Self {
        Self { kind: FailureKind::Network, message: message.to_owned(), status: None, sent: false, resend: None }
    }

    /// The reply to a request that was sent is refused.
    pub(super) fn refused(status: u16, message: &str) -> Self {
        let kind = FailureKind::InvalidResponse;
        Self { kind, message: message.to_owned(), status: Some(status), sent: true, resend: None }
    }

    /// Reads the chain of an error of the HTTP client.
    pub(super) fn read(stage: Stage, error: &(dyn Error + 'static)) -> Self {
        let cause = deepest(error);
        let (status, in_body) = match stage {
            Stage::Body(status) => (Some(status), true),
            _ => (None, false),
        };
        let (kind, message) = match stage {
            Stage::Resolving => (FailureKind::Network, format!("could not resolve the host: {cause}")),
            Stage::Connecting => (FailureKind::Network, format!("could not connect: {cause}")),
            Stage::ConnectTimeout => (FailureKind::Network, "could not connect within the connect time-out".to_owned()),
            Stage::Head | Stage::Body(_) => match fault(in_body, error) {
                WireFault::NotHttp => (FailureKind::InvalidResponse, format!("the reply is not valid HTTP: {cause}")),
                WireFault::Lost if in_body => (FailureKind::Network, format!("the reply was cut off: {cause}")),
                WireFault::Lost => (FailureKind::Network, format!("the connection was lost before a reply: {cause}")),
            },
        };
        let connected = matches!(stage, Stage::Head | Stage::Body(_));
        let sent = connected && !never_sent(error) && !is_refused(error);
        Self { kind, message, status, sent, resend: None }
    }

    /// Notes whether the request may be sent again: it failed before the head of a reply, on a `kept` connection or on
    /// one of its own, `after` this time.
    pub(super) fn or_resent(mut self, kept: bool, after: Duration, error: &(dyn Error + 'static)) -> Self {
        let died = self.kind == FailureKind::Network && self.sent && !is_reset_stream(error);
        self.resend = if is_refused(error) {
            Some(Resend::Refused)
        } else {
            let stale = died && after < STALE_WITHIN && (kept || is_closed_in_order(error));
            stale.then_some(Resend::Stale)
        };
        self
    }
}

/// What became of an exchange on a connection that stood.
enum WireFault {
    /// The bytes are not HTTP, or more of it than a head may have.
    NotHttp,
    /// Reset, closed or failed.
    Lost,
}

fn fault(in_body: bool, error: &(dyn Error + 'static)) -> WireFault {
    // A TLS fault arrives as an I/O error of bad data, as does bad chunking, but is the network's.
    if causes(error).any(<dyn Error>::is::<rustls::Error>) {
        return WireFault::Lost;
    }
    let mut of_http = false;
    for cause in causes(error) {
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            of_http = true;
            if hyper.is_parse() || is_unexpected(hyper) {
                return WireFault::NotHttp;
            }
        } else if let Some(h2) = cause.downcast_ref::<h2::Error>() {
            of_http = true;
            // Found by our side in what the peer sent; a reset by the peer is a lost connection.
            if h2.is_library() {
                return WireFault::NotHttp;
            }
        } else if let Some(io) = cause.downcast_ref::<io::Error>() {
            let bad_data = matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
            if of_http && in_body && bad_data {
                return WireFault::NotHttp;
            }
        }
    }
    WireFault::Lost
}

/// Bytes that arrived unasked, as from a server that greets: the one error of hyper with neither a question to ask it
/// nor a cause.
fn is_unexpected(error: &hyper::Error) -> bool {
    let known = error.is_parse()
        || error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || error.is_shutdown()
        || error.is_timeout()
        || error.is_user();
    !known && error.source().is_none()
}

/// Whether the provider says that it did not look at the request: by the reset of its stream, or by going away before it.
fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let refuses = |h2: &h2::Error| h2.is_go_away() || h2.reason() == Some(h2::Reason::REFUSED_STREAM);
    of_http2(error).any(|h2| h2.is_remote() && refuses(h2))
}

/// Whether the stream alone was reset, on a connection that stands.
fn is_reset_stream(error: &(dyn Error + 'static)) -> bool {
    of_http2(error).any(h2::Error::is_reset)
}

/// Whether an HTTP/2 connection was closed between two frames. A provider that is to end says so with GOAWAY, waits for
/// little, and closes; of that only the close is told with a stream, by the one broken pipe that is not the system's.
fn is_closed_in_order(error: &(dyn Error + 'static)) -> bool {
    let closed = |io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe && io.raw_os_error().is_none();
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(closed)
}

fn of_http2<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a h2::Error> {
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>())
}

/// hyper drops a request unsent when the connection ends before it is written.
fn never_sent(error: &(dyn Error + 'static)) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_canceled)
}

/// The error and its causes; `io::Error::source` passes over the error that it wraps, so this looks inside.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => cause.source(),
    })
}

fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).filter(|text| !text.is_empty()).last().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_fault_in_a_body_is_the_networks() {
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        let failure = WireFailure::read(Stage::Body(200), &tls);
        assert_eq!((failure.kind, failure.status, failure.sent), (FailureKind::Network, Some(200), true));
        assert_eq!(failure.message, "the reply was cut off: cannot decrypt peer's message");
    }
}
