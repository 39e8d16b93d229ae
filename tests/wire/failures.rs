//! Connections that fail and answers that are no HTTP.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_refused_connection_was_never_sent() {
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let message = failed(post_to(&http(), &format!("http://{free}/v1")).await, FailureKind::Network, None, false);
    assert!(message.starts_with("could not connect: "), "{message}");
}

#[tokio::test]
async fn a_host_that_does_not_resolve_was_never_sent() {
    // A label of 64 characters is no host name, which every resolver knows without asking anyone.
    let url = format!("http://{}.invalid/v1", "x".repeat(64));
    let message = failed(post_to(&http(), &url).await, FailureKind::Network, None, false);
    assert!(message.starts_with("could not resolve the host: "), "{message}");
}

#[tokio::test]
async fn a_connection_that_takes_too_long_was_never_sent() {
    // It accepts, but never begins TLS.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}/v1", silent.local_addr().unwrap());
    let impatient = HttpConfig { connect_timeout: Duration::from_millis(100), ..config() };
    let outcome = post_to(&Http::new(&impatient).unwrap(), &url).await;
    let message = failed(outcome, FailureKind::Network, None, false);
    assert_eq!(message, "could not connect within the connect time-out");
}

#[tokio::test]
async fn a_connection_lost_before_a_reply_is_the_networks() {
    for reply in [Reply::reset(), Reply::close(), Reply::raw("HTTP/1.1 200 OK\r\ncontent-le")] {
        let message = failed(answered(reply).await, FailureKind::Network, None, true);
        assert!(message.starts_with("the connection was lost before a reply: "), "{message}");
    }
}

#[tokio::test]
async fn a_body_that_ends_too_soon_is_the_networks() {
    let chunked = Reply::status(200).header("transfer-encoding", "chunked");
    let gzip_head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".as_slice();
    let replies = [
        Reply::status(200).header("content-length", "50").body("{\"choices\":").then_close(),
        Reply::status(200).header("content-length", "50").body("{\"choices\":").then_reset(),
        Reply::status(200).header("content-length", "50").then_close(),
        Reply::status(200)
            .header("content-length", "50")
            .header("content-encoding", "gzip")
            .body(gzip_head)
            .then_close(),
        chunked.clone().body("5\r\nhello\r\n").then_close(),
        chunked.clone().body("5\r\nhe").then_close(),
        chunked.body("5").then_close(),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let message = failed(answered(reply).await, FailureKind::Network, Some(200), true);
        assert!(message.starts_with("the reply was cut off: "), "{message} {shown}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_an_invalid_response() {
    let replies = [
        Reply::raw("The model says 2-1.\r\n\r\n"),
        Reply::raw(vec![0xff; 200]),
        Reply::raw("HTTP/9.9 200 OK\r\n\r\n"),
        Reply::raw("HTTP/1.1 2x0 OK\r\n\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let message = failed(answered(reply).await, FailureKind::InvalidResponse, None, true);
        assert!(message.starts_with("the reply is not valid HTTP: "), "{message} {shown}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_are_an_invalid_response() {
    for body in ["xyz\r\nhello\r\n", "5\r\nhello-and-more\r\n", "fffffffffffffffff\r\n"] {
        let reply = Reply::status(200).header("transfer-encoding", "chunked").body(body);
        let message = failed(answered(reply).await, FailureKind::InvalidResponse, Some(200), true);
        assert!(message.starts_with("the reply is not valid HTTP: "), "{message}");
    }
}

#[tokio::test]
async fn headers_without_end_are_an_invalid_response() {
    let lines = Reply::raw("HTTP/1.1 200 OK\r\n").then_repeat("x-more: and more\r\n", usize::MAX);
    let one_line = Reply::raw("HTTP/1.1 200 OK\r\nx-long: ").then_repeat("x".repeat(1000), usize::MAX);
    for reply in [lines, one_line] {
        let upstream = Upstream::script([Step::any(reply)]).await;
        let outcome = post_to(&http(), &upstream.url()).await;
        failed(outcome, FailureKind::InvalidResponse, None, true);
        upstream.hung_up(0).await;
        assert!(upstream.written() < 20_000_000, "{}", upstream.written());
    }
}

#[tokio::test]
async fn a_server_that_speaks_first_is_an_invalid_response() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    // Whether the greeting is read before the request is written, and so whether it was sent, is the scheduler's.
    let failure = post_to(&http(), &url).await.expect_err("no HTTP");
    assert_eq!((failure.kind, failure.status), (FailureKind::InvalidResponse, None), "{failure:?}");
    greeting.await.unwrap();
}
