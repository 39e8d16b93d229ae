//! An upstream for measuring its clients: it speaks as much of the OpenAI protocol as they need, faster than any of
//! them.
//!
//! It listens on three free ports of loopback: without TLS, with TLS for HTTP/1.1, and with TLS for HTTP/2; ALPN finds no
//! other protocol there. It prints one line of JSON, the ports and the certificate of the authority to trust, made anew
//! each time: `{"plain":1,"tls":2,"h2":3,"certificate":"…"}`. It ends with its standard input. Below `/answers/` every
//! POST is answered with one score, below `/fails/` with 500, and below `/slow/` with one score after a second.

mod authority;

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

use authority::Authority;

/// As many connections as are opened at once.
const BACKLOG: u32 = 4096;
/// As many requests as are under way on one connection of HTTP/2 at once, so that no client has to wait.
const MOST_STREAMS: u32 = 4096;

const ANSWER: &str = concat!(
    r#"{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"m","choices":[{"index":0,"message":"#,
    r#"{"role":"assistant","content":"{\"predictions\": [{\"match_id\": \"m1\", \"home_score\": 2, \"away_score\": 1}]}"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":780,"completion_tokens":24,"total_tokens":804}}"#,
);
const FAILURE: &str =
    r#"{"error":{"message":"The server is overloaded.","type":"server_error","code":null}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let authority = Authority::new()?;
    let [plain, tls, h2] = [listen()?, listen()?, listen()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    println!(
        "{}",
        json!({ "plain": port(&plain)?, "tls": port(&tls)?, "h2": port(&h2)?, "certificate": authority.pem })
    );
    tokio::spawn(async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
        std::process::exit(0);
    });
    for (listener, protocol) in [(plain, None), (tls, Some("http/1.1")), (h2, Some("h2"))] {
        let acceptor = protocol
            .map(|protocol| authority.acceptor(protocol))
            .transpose()?;
        tokio::spawn(serve(listener, acceptor));
    }
    std::future::pending().await
}

fn listen() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(BACKLOG)
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(connected(stream, acceptor.clone()));
    }
}

async fn connected(stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    let Some(acceptor) = acceptor else {
        return over_http1(stream).await;
    };
    // A client that does not trust the certificate goes away.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return over_http1(stream).await;
    }
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS);
    let _ = builder
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}

async fn over_http1(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut builder = http1::Builder::new();
    let _ = builder
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (fails, slow) = (
        request.uri().path().starts_with("/fails/"),
        request.uri().path().starts_with("/slow/"),
    );
    // A client that goes away while it sends is nobody to answer.
    let _ = request.into_body().collect().await;
    if slow {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (status, body) = if fails {
        (StatusCode::INTERNAL_SERVER_ERROR, FAILURE)
    } else {
        (StatusCode::OK, ANSWER)
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}
