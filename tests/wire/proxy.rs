//! The proxy of the environment, which a client reads when it is built: so a process of its own is asked.

use std::process::Command;

use super::*;

const TARGET: &str = "FALLCAST_TEST_LOOPBACK_URL";

#[tokio::test]
async fn the_proxy_is_asked_for_other_hosts_and_never_for_this_one() {
    let proxy = Upstream::script([Step::any(Reply::chat("by proxy"))]).await;
    let target = Upstream::script([Step::any(Reply::chat("direct"))]).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "proxy::in_a_process_with_a_proxy", "--ignored", "--nocapture"]);
    for name in ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    child.env("http_proxy", format!("http://127.0.0.1:{}", proxy.port())).env(TARGET, target.url());
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");

    assert_eq!(proxy.request(0).await.target, "http://provider.invalid/v1/chat/completions");
    assert_eq!(target.request(0).await.target, "/v1/chat/completions");
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
    let url = &parsed("http://provider.invalid/v1/chat/completions");
    let proxied = http.post(&HttpRequest { url, loopback: false, ..post.clone() }).await.expect("a reply by proxy");
    assert!(String::from_utf8_lossy(&proxied.body).contains("by proxy"));
}
