//! What is sent, and how connections are kept.

use super::*;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_request_carries_its_body_key_and_headers() {
    let upstream = Upstream::script([Step::model("m", Reply::chat("2-1"))]).await;
    let key = SecretString::from(KEY);
    let headers = [("X-Title", "scores"), ("accept", "*/*"), ("Traceparent", "the provider's own")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let url = parsed(&upstream.url());
    let post = HttpRequest {
        url: &url,
        loopback: true,
        api_key: Some(&key),
        headers: &headers,
        traceparent: Some(TRACEPARENT),
        body: Bytes::from_static(b"{\"model\":\"m\"}"),
        begun: Arc::default(),
        time: TIME,
    };
    let received = http().post(&post).await.expect("a reply");
    assert_eq!(received.status, 200);
    assert!(String::from_utf8_lossy(&received.body).contains("2-1"));

    let request = upstream.request(0).await;
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.body, b"{\"model\":\"m\"}");
    let bearer = format!("Bearer {KEY}");
    let expected = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "fallcast/test"),
        ("x-title", "scores"),
        ("accept", "*/*"),
        ("traceparent", TRACEPARENT),
        ("content-length", "13"),
    ];
    for (name, value) in expected {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    let offered = request.header("accept-encoding").unwrap_or_default().to_owned();
    assert!(["gzip", "br", "deflate"].iter().all(|encoding| offered.contains(encoding)), "{offered}");
}

#[tokio::test]
async fn without_a_key_nothing_is_authorized() {
    let upstream = Upstream::script([Step::any(Reply::chat("0-0"))]).await;
    let url = parsed(&upstream.url());
    let post = HttpRequest {
        url: &url,
        loopback: true,
        api_key: None,
        headers: &[],
        traceparent: None,
        body: Bytes::from_static(b"{}"),
        begun: Arc::default(),
        time: TIME,
    };
    http().post(&post).await.expect("a reply");
    assert_eq!(upstream.request(0).await.header("authorization"), None);
}

#[tokio::test]
async fn a_connection_is_used_again_by_every_clone() {
    let upstream = Upstream::handler(|_| Reply::chat("0-0")).await;
    let http = http();
    for _ in 0..5 {
        post_to(&http.clone(), &upstream.url()).await.expect("a reply");
    }
    assert_eq!((upstream.requests().len(), upstream.connections()), (5, 1));
}

#[tokio::test]
async fn a_reply_may_have_a_thousand_headers_and_their_names_any_case() {
    let many = (0..1000).fold(Reply::status(200), |reply, n| reply.header(&format!("X-Header-{n}"), "a value"));
    let shouted = gzipped("text");
    let upstream = Upstream::script([Step::any(many), Step::any(shouted)]).await;
    assert_eq!(post_to(&http(), &upstream.url()).await.expect("a reply").status, 200);
    assert_eq!(post_to(&http(), &upstream.url()).await.expect("a reply").body, b"text");
}

fn gzipped(text: &str) -> Reply {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    Reply::status(200).header("CONTENT-ENCODING", "GZIP").body(encoder.finish().unwrap())
}

#[tokio::test]
async fn every_name_below_localhost_is_this_machine() {
    let upstream = Upstream::handler(|_| Reply::chat("0-0")).await;
    // Labels that long are names that no resolver knows.
    let name = "x".repeat(64);
    for host in
        ["localhost", "localhost.", "LocalHost", &format!("{name}.localhost"), &format!("{name}.{name}.LOCALHOST.")]
    {
        let url = format!("http://{host}:{}/v1/chat/completions", upstream.port());
        assert_eq!(post_to(&http(), &url).await.expect("a reply").status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_key_or_header_that_cannot_be_sent_is_not_sent() {
    let upstream = Upstream::script([]).await;
    let (url, bad_key) = (parsed(&upstream.url()), SecretString::from(format!("{KEY}\n")));
    let post = HttpRequest {
        url: &url,
        loopback: true,
        api_key: Some(&bad_key),
        headers: &[],
        traceparent: None,
        body: Bytes::from_static(b"{}"),
        begun: Arc::default(),
        time: TIME,
    };
    let message = failed(http().post(&post).await, FailureKind::Network, None, false);
    assert_eq!(message, "the API key has characters that a header cannot carry");

    for (name, value) in [("a b", "c"), ("a", "b\nc")] {
        let headers = [(name.to_owned(), value.to_owned())];
        let post = HttpRequest { headers: &headers, api_key: None, ..post.clone() };
        let message = failed(http().post(&post).await, FailureKind::Network, None, false);
        assert_eq!(message, format!("the header {name:?} cannot be sent"));
    }
    let message = failed(post_to(&http(), "mailto:a@b").await, FailureKind::Network, None, false);
    assert_eq!(message, "the request cannot be built: its URL is not valid");
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_key() {
    let key = SecretString::from(KEY);
    let headers = [("api-key".to_owned(), KEY.to_owned())];
    let url = parsed(&format!("http://user:{KEY}@127.0.0.1:1/v1?key={KEY}"));
    let post = HttpRequest {
        url: &url,
        loopback: true,
        api_key: Some(&key),
        headers: &headers,
        traceparent: None,
        body: Bytes::from_static(KEY.as_bytes()),
        begun: Arc::default(),
        time: TIME,
    };
    let received = HttpReply { status: 200, timely: Vec::new(), body: KEY.into() };
    for shown in [format!("{post:?}"), format!("{:?}", http()), format!("{received:?}")] {
        assert!(!shown.contains(KEY), "{shown}");
    }
    let refused = http().post(&post).await.expect_err("a refused connection");
    assert!(!format!("{refused:?}").contains(KEY), "{refused:?}");
}

#[test]
fn a_configuration_that_cannot_work_says_why() {
    let bad_agent = HttpConfig { user_agent: "a\nb".to_owned(), ..config() };
    assert_eq!(Http::new(&bad_agent).expect_err("a fault"), "userAgent: has characters that a header cannot carry");
    let bad_certificate = HttpConfig { ca_certificates: vec!["x".to_owned()], ..config() };
    assert_eq!(Http::new(&bad_certificate).expect_err("a fault"), "caCertificates[0]: holds no PEM certificate");
}
