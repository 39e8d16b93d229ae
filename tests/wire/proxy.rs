//! The proxy of the environment, which a client reads when it is built: so a process of its own is asked.

use std::process::Command;

use tokio::net::TcpListener;

use super::*;

const TARGET: &str = "FALLCAST_TEST_LOOPBACK_URL";

#[tokio::test]
async fn the_proxy_is_asked_for_other_hosts_and_never_for_this_one() {
    let replies = [
        Reply::chat("by proxy"),
        Reply::reset(),
        Reply::raw("The model says 2-1.\r\n\r\n"),
        Reply::status(200).header("content-length", "50").body("{\"choices\":").then_close(),
        Reply::status(200).body("a".repeat(LIMIT + 1)),
    ];
    let proxy = Upstream::script(replies.map(Step::any)).await;
    let target = Upstream::script([Step::any(Reply::chat("direct")), Step::any(Reply::chat("direct"))]).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "proxy::in_a_process_with_a_proxy", "--ignored", "--nocapture"]);
    for name in ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    let (nobody, excepted) = (TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), "excepted.localhost");
    child.env("http_proxy", format!("http://127.0.0.1:{}", proxy.port())).env(TARGET, target.url());
    child.env("https_proxy", format!("http://{}", nobody.local_addr().unwrap())).env("no_proxy", excepted);
    drop(nobody);
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");

    assert_eq!(proxy.request(0).await.target, "http://provider.invalid/v1/chat/completions");
    for request in [target.request(0).await, target.request(1).await] {
        assert_eq!(request.target, "/v1/chat/completions");
    }
}

#[tokio::test]
#[ignore = "a part of the test above, which runs it with a proxy in the environment"]
async fn in_a_process_with_a_proxy() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let http = http();
    let post = HttpRequest {
        url: &parsed(&target),
        loopback: true,
        api_key: None,
        headers: &[],
        traceparent: None,
        body: Bytes::from_static(b"{}"),
        begun: Arc::default(),
        time: TIME,
    };
    let direct = http.post(&post).await.expect("a direct reply");
    assert!(String::from_utf8_lossy(&direct.body).contains("direct"));
    let url = &parsed(&target.replace("127.0.0.1", "excepted.localhost"));
    let excepted = http.post(&HttpRequest { url, loopback: false, ..post.clone() }).await.expect("a direct reply");
    assert!(String::from_utf8_lossy(&excepted.body).contains("direct"));

    let url = &parsed("http://provider.invalid/v1/chat/completions");
    let by_proxy = HttpRequest { url, loopback: false, ..post.clone() };
    let proxied = http.post(&by_proxy).await.expect("a reply by proxy");
    assert!(String::from_utf8_lossy(&proxied.body).contains("by proxy"));
    let (network, invalid) = (FailureKind::Network, FailureKind::InvalidResponse);
    for (kind, status, message) in [
        (network, None, "the connection was lost before a reply: "),
        (invalid, None, "the reply is not valid HTTP: "),
        (network, Some(200), "the reply was cut off: "),
        (invalid, Some(200), "the reply announces 65537 bytes, more than the limit"),
    ] {
        let shown = failed(http.post(&by_proxy).await, kind, status, true);
        assert!(shown.starts_with(message), "{shown}");
    }
    let url = &parsed("https://provider.invalid/v1/chat/completions");
    let shown = failed(http.post(&HttpRequest { url, ..by_proxy }).await, network, None, false);
    assert!(shown.starts_with("could not connect: "), "{shown}");
}
