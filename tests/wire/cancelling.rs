//! Dropping a request cancels it: the server sees the connection close.

use std::pin::pin;

use super::*;

/// Drops the request as soon as the server has played so much, and waits until it sees the close.
async fn dropped_when(reply: Reply, written: usize) {
    let upstream = Upstream::script([Step::any(reply)]).await;
    let (http, url) = (http(), upstream.url());
    {
        let mut post = pin!(post_to(&http, &url));
        let mut played = pin!(upstream.has_written(written));
        tokio::select! {
            outcome = &mut post => panic!("it ended by itself: {outcome:?}"),
            () = &mut played => {}
        }
        assert!(!upstream.hung_up_now(0), "it was closed before it was dropped");
    }
    upstream.hung_up(0).await;
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_request_that_is_never_answered() {
    let upstream = Upstream::script([Step::any(Reply::stall())]).await;
    let (http, url) = (http(), upstream.url());
    tokio::select! {
        outcome = post_to(&http, &url) => panic!("it ended by itself: {outcome:?}"),
        _ = upstream.request(0) => {}
    }
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_head_that_drips() {
    dropped_when(Reply::chat("2-1").drip(Duration::from_millis(5)), 20).await;
}

#[tokio::test]
async fn a_body_that_drips() {
    let reply = Reply::chat("2-1").drip(Duration::from_millis(1));
    dropped_when(reply, 150).await;
}

#[tokio::test]
async fn a_body_that_stalls() {
    let reply = Reply::status(200).header("content-length", "50").body("{\"choices\":").then_stall();
    dropped_when(reply, 50).await;
}

#[tokio::test]
async fn the_callers_time_out_is_enough() {
    let upstream = Upstream::script([Step::any(Reply::stall())]).await;
    let (http, url) = (http(), upstream.url());
    let timed = tokio::time::timeout(Duration::from_millis(200), post_to(&http, &url)).await;
    assert!(timed.is_err(), "{timed:?}");
    upstream.hung_up(0).await;
}
