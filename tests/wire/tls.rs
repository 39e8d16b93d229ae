//! Certificates and HTTP/2.

use super::support::http2::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;

pub(super) fn trusting(pem: &str) -> Http {
    Http::new(&HttpConfig { ca_certificates: vec![pem.to_owned()], ..config() }).unwrap()
}

#[tokio::test]
async fn a_certificate_of_a_configured_authority_is_trusted() {
    let authority = Authority::of("localhost", &["http/1.1"]);
    let upstream = Upstream::tls(authority.acceptor, |_| Reply::chat("1-1")).await;
    let received = post_to(&trusting(&authority.pem), &upstream.url()).await.expect("a reply");
    assert_eq!(received.status, 200);
}

#[tokio::test]
async fn an_unknown_authority_or_another_name_is_not() {
    let authority_of_another_name = Authority::of("example.org", &[]);
    let upstream = Upstream::tls(authority_of_another_name.acceptor, |_| Reply::chat("1-1")).await;
    for http in [http(), trusting(&authority_of_another_name.pem), trusting(&Authority::of("localhost", &[]).pem)] {
        let message = failed(post_to(&http, &upstream.url()).await, FailureKind::Network, None, false);
        assert!(message.starts_with("could not connect: invalid peer certificate: "), "{message}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_cannot_be_reached_by_https() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let message = failed(post_to(&http(), &url).await, FailureKind::Network, None, false);
    assert!(message.starts_with("could not connect: "), "{message}");
}

#[tokio::test]
async fn a_tls_connection_that_breaks_in_a_body_is_the_networks() {
    let authority = Authority::of("localhost", &[]);
    let cut_off = |_: &support::Request| Reply::status(200).header("content-length", "50").body("{").then_reset();
    let upstream = Upstream::tls(authority.acceptor, cut_off).await;
    let outcome = post_to(&trusting(&authority.pem), &upstream.url()).await;
    assert_eq!(outcome.expect_err("a failure").kind, FailureKind::Network);
}

/// What an HTTP/2 server does with a request.
enum Play {
    /// Answers with so many bytes, of which it announces so many.
    Answer(usize, Option<usize>),
    /// Refuses it with a reset of its stream.
    Reset,
    /// Sends a header that is larger than a client accepts.
    HugeHeader,
    /// Says nothing, and tells when the client has cancelled.
    Stall(oneshot::Sender<h2::Reason>),
}

/// Serves one request over HTTP/2 on a port of its own.
async fn http2(play: Play) -> (Http, String) {
    let authority = Authority::of("localhost", &["h2", "http/1.1"]);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let stream = authority.acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
        let serving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        match play {
            Play::Answer(size, announced) => {
                let response = announced
                    .into_iter()
                    .fold(http::Response::builder(), |response, length| response.header("content-length", length));
                let mut body = respond.send_response(response.body(()).unwrap(), false).unwrap();
                body.send_data(vec![b'x'; size].into(), true).unwrap();
            }
            Play::Reset => respond.send_reset(h2::Reason::INTERNAL_ERROR),
            Play::HugeHeader => {
                let response = http::Response::builder().header("x-long", "x".repeat(200_000)).body(()).unwrap();
                respond.send_response(response, true).unwrap();
            }
            Play::Stall(cancelled) => {
                let reason = std::future::poll_fn(|context| respond.poll_reset(context)).await.unwrap();
                cancelled.send(reason).unwrap();
            }
        }
        serving.await.unwrap();
    });
    (trusting(&authority.pem), url)
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let (http, url) = http2(Play::Answer(40_000, None)).await;
    let received = post_to(&http, &url).await.expect("a reply");
    assert_eq!((received.status, received.body.len()), (200, 40_000));
}

#[tokio::test]
async fn the_limit_holds_on_http2() {
    for announced in [None, Some(LIMIT * 2)] {
        let (http, url) = http2(Play::Answer(LIMIT * 2, announced)).await;
        let message = failed(post_to(&http, &url).await, FailureKind::InvalidResponse, Some(200), true);
        assert!(message.contains("65536"), "{message}");
    }
}

#[tokio::test]
async fn http2_faults_have_their_kinds() {
    let (http, url) = http2(Play::Reset).await;
    failed(post_to(&http, &url).await, FailureKind::Network, None, true);
    let (http, url) = http2(Play::HugeHeader).await;
    failed(post_to(&http, &url).await, FailureKind::InvalidResponse, None, true);
    let (http, url) = http2(Play::Answer(10, Some(20))).await;
    failed(post_to(&http, &url).await, FailureKind::InvalidResponse, Some(200), true);
}

#[tokio::test]
async fn a_dropped_request_resets_its_http2_stream() {
    let (sender, cancelled) = oneshot::channel();
    let (http, url) = http2(Play::Stall(sender)).await;
    let timed = tokio::time::timeout(Duration::from_millis(200), post_to(&http, &url)).await;
    assert!(timed.is_err(), "{timed:?}");
    assert_eq!(cancelled.await, Ok(h2::Reason::CANCEL));
}
