//! What may be sent again as if it had not been sent.

use super::support::http2::{Http2, Play};
use super::tls::trusting;
use super::*;

/// What is told of the request after one that was answered on the same connection.
async fn of_a_kept_connection(reply: Reply) -> WireFailure {
    let upstream = Upstream::script([Step::any(Reply::chat("1-0")), Step::any(reply)]).await;
    let http = http();
    post_to(&http, &upstream.url()).await.expect("a reply");
    let failure = post_to(&http, &upstream.url()).await.expect_err("a failure");
    assert_eq!(upstream.connections(), 1, "it was kept");
    failure
}

async fn of_http2(play: Play) -> WireFailure {
    let server = Http2::serve([play], 100, "").await;
    post_to(&trusting(&server.pem), &format!("{}/chat/completions", server.base_url)).await.expect_err("a failure")
}

#[tokio::test]
async fn a_kept_connection_that_dies_before_a_reply_is_stale() {
    for reply in [Reply::close(), Reply::reset()] {
        let failure = of_a_kept_connection(reply.clone()).await;
        assert_eq!((failure.kind, failure.sent, failure.resend), (FailureKind::Network, true, Some(Resend::Stale)));
        let fresh = answered(reply).await.expect_err("a failure");
        assert_eq!((fresh.kind, fresh.sent, fresh.resend), (FailureKind::Network, true, None));
    }
}

#[tokio::test]
async fn what_came_of_a_reply_is_not_asked_for_again() {
    let cut_off = Reply::status(200).header("content-length", "50").body("{").then_reset();
    for reply in [cut_off, Reply::raw("SSH-2.0-OpenSSH_9.6\r\n")] {
        assert_eq!(of_a_kept_connection(reply).await.resend, None);
    }
}

#[tokio::test]
async fn what_an_http2_server_did_not_look_at_was_never_sent() {
    for play in [Play::Reset(h2::Reason::REFUSED_STREAM), Play::GoAway] {
        let failure = of_http2(play).await;
        assert_eq!((failure.kind, failure.sent, failure.resend), (FailureKind::Network, false, Some(Resend::Refused)));
    }
    for reason in [h2::Reason::INTERNAL_ERROR, h2::Reason::CANCEL, h2::Reason::ENHANCE_YOUR_CALM] {
        let failure = of_http2(Play::Reset(reason)).await;
        assert_eq!((failure.kind, failure.sent, failure.resend), (FailureKind::Network, true, None));
    }
}

#[tokio::test]
async fn an_http2_connection_that_is_closed_in_order_is_stale() {
    let failure = of_http2(Play::Close).await;
    assert_eq!((failure.kind, failure.sent, failure.resend), (FailureKind::Network, true, Some(Resend::Stale)));
}
