//! An upstream for measuring its clients: it speaks as much of the OpenAI protocol as they need, faster than any of
//! them.
//!
//! It listens on a free port of loopback, which it prints, and ends with its standard input. Below `/answers/` every
//! POST is answered with one score, below `/fails/` with 500, and below `/slow/` with one score after a second.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;

/// As many connections as are opened at once.
const BACKLOG: u32 = 4096;

const ANSWER: &str = concat!(
    r#"{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"m","choices":[{"index":0,"message":"#,
    r#"{"role":"assistant","content":"{\"predictions\": [{\"match_id\": \"m1\", \"home_score\": 2, \"away_score\": 1}]}"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":780,"completion_tokens":24,"total_tokens":804}}"#,
);
const FAILURE: &str = r#"{"error":{"message":"The server is overloaded.","type":"server_error","code":null}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service_fn(answer)),
        );
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (fails, slow) = (request.uri().path().starts_with("/fails/"), request.uri().path().starts_with("/slow/"));
    // A client that goes away while it sends is nobody to answer.
    let _ = request.into_body().collect().await;
    if slow {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (status, body) = if fails { (StatusCode::INTERNAL_SERVER_ERROR, FAILURE) } else { (StatusCode::OK, ANSWER) };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    Ok(response)
}
