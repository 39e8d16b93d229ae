//! Replies that are errors, as the known providers send them.

use super::*;

/// An error as `OpenAI` and most others send it.
fn openai(message: &str, kind: &str, code: &str) -> String {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }).to_string()
}

#[test]
fn the_status_alone_decides_where_the_body_says_nothing() {
    for (statuses, expected) in [
        (&[100, 101, 199, 300, 301, 302, 304, 307, 399, 600, 999, 0, 65535][..], "invalid_response"),
        (&[200, 201, 204, 299], "invalid_response"),
        (&[400, 405, 406, 413, 415, 418, 422], "bad_request"),
        (&[401, 403], "unauthorized"),
        (&[402], "quota_exhausted"),
        (&[404], "model_unavailable"),
        (&[429], "rate_limited"),
        (&[408, 409, 421, 423, 424, 425, 499, 500, 502, 503, 504, 524, 529, 599], "server_error"),
    ] {
        for &status in statuses {
            let page = "<html><body>Billing, credit, quota; context length; model not found</body></html>";
            for body in [
                "",
                "  \n",
                "x",
                "null",
                "{}",
                "[]",
                "\"\"",
                "{\"error\":null}",
                "{\"error\":{}}",
                "{\"error\":7}",
                page,
            ] {
                assert_eq!(kind(&replied(status, body)), expected, "{status} {body}");
            }
        }
    }
}

/// Asserts the kind of each reply, and that it has nothing else.
fn assert_kinds(replies: &[(u16, String, &str)]) {
    for (status, body, expected) in replies {
        let reply = replied(*status, body);
        assert_eq!(kind(&reply), *expected, "{status} {body}");
        assert_eq!((reply.text, reply.reasoning, reply.usage), (String::new(), None, None));
    }
}

const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details.";

#[test]
fn the_errors_of_openai() {
    let advice = "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000. Please add a payment method to \
        your account to increase your rate limit. Visit https://x/account/billing";
    let no_access = "Project `p` does not have access to model `m`";
    let context = "This model's maximum context length is 4096 tokens";
    let safety = "Your request was rejected as a result of our safety system.";
    let parameter = "Unsupported parameter: 'max_tokens' is not supported with this model.";
    let too_much = "max_tokens is too large: 100000. This model supports at most 16384 completion tokens";
    assert_kinds(&[
        (429, openai(QUOTA, "insufficient_quota", "insufficient_quota"), "quota_exhausted"),
        (429, openai(advice, "tokens", ""), "rate_limited"),
        (429, openai("Request too large", "tokens", "rate_limit_exceeded"), "rate_limited"),
        (429, openai(QUOTA, "tokens", "rate_limit_exceeded"), "rate_limited"),
        (400, openai("Hard limit has been reached", "", "billing_hard_limit_reached"), "quota_exhausted"),
        (400, openai("Too long.", "invalid_request_error", "context_length_exceeded"), "context_too_long"),
        (400, openai(context, "invalid_request_error", ""), "context_too_long"),
        (400, openai("No.", "invalid_request_error", "content_policy_violation"), "content_filtered"),
        (400, openai(safety, "invalid_request_error", ""), "content_filtered"),
        (400, openai(parameter, "", "unsupported_parameter"), "bad_request"),
        (400, openai(too_much, "", ""), "bad_request"),
        (403, openai(no_access, "invalid_request_error", "model_not_found"), "model_unavailable"),
        (403, openai(no_access, "", ""), "model_unavailable"),
        (404, openai("The model `m` does not exist", "", "model_not_found"), "model_unavailable"),
        (401, openai("Incorrect API key provided", "", "invalid_api_key"), "unauthorized"),
        (401, openai(QUOTA, "insufficient_quota", "insufficient_quota"), "unauthorized"),
        (500, openai(QUOTA, "insufficient_quota", "insufficient_quota"), "server_error"),
        (302, openai(QUOTA, "insufficient_quota", "insufficient_quota"), "invalid_response"),
    ]);
}

#[test]
fn the_errors_of_azure() {
    let message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.";
    let inner = json!({ "code": "ResponsibleAIPolicyViolation" });
    let whole = json!({ "error": { "code": "content_filter", "message": message, "innererror": inner } }).to_string();
    let inner = json!({ "error": { "message": "No.", "innererror": inner } }).to_string();
    assert_kinds(&[
        (400, whole.clone(), "content_filtered"),
        (403, whole.clone(), "content_filtered"),
        (404, whole, "model_unavailable"),
        (400, inner, "content_filtered"),
        (400, plain(message), "content_filtered"),
    ]);
}

#[test]
fn the_errors_of_together() {
    let validation = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4000";
    let sum = "Input token count + `max_tokens` parameter must be less than the context length of the model";
    let dedicated = "Unable to access non-serverless model x/y. Please visit the page to start an endpoint";
    assert_kinds(&[
        (400, plain(validation), "context_too_long"),
        (403, plain(sum), "context_too_long"),
        (400, plain(dedicated), "model_unavailable"),
        (400, openai("Start an endpoint", "", "model_not_available"), "model_unavailable"),
        (402, openai("Over the limit", "credit_limit", ""), "quota_exhausted"),
        (403, plain("Credit limit exceeded, please navigate to billing"), "quota_exhausted"),
        (422, plain("temperature: must be at most 1"), "bad_request"),
        (429, openai("Slow down", "rate_limit", ""), "rate_limited"),
    ]);
}

#[test]
fn the_errors_of_servers_at_home() {
    let llama = "the request exceeds the available context size, try increasing it";
    let llama_code = json!({ "error": { "code": 400, "message": "no", "type": "exceed_context_size_error" } });
    let vllm = "This model's maximum context length is 4096 tokens. However, you requested 9000";
    let vllm = json!({ "object": "error", "message": vllm, "type": "BadRequestError", "param": null, "code": 400 });
    let gone = json!({ "object": "error", "message": "The model `m` does not exist.", "code": 404 });
    let ollama = json!({ "error": "model \"x\" not found, try pulling it first" });
    assert_kinds(&[
        (400, plain(llama), "context_too_long"),
        (400, llama_code.to_string(), "context_too_long"),
        (503, openai("Loading model", "unavailable_error", ""), "server_error"),
        (400, vllm.to_string(), "context_too_long"),
        (404, gone.to_string(), "model_unavailable"),
        (404, ollama.to_string(), "model_unavailable"),
        (400, ollama.to_string(), "model_unavailable"),
    ]);
}

#[test]
fn the_errors_of_others() {
    let router = "Your chosen model requires moderation and your input was flagged";
    let raw =
        json!({ "code": 429, "message": "Provider returned error", "metadata": { "raw": "Insufficient credits" } });
    let google = json!([{ "error": { "code": 429, "message": QUOTA, "status": "RESOURCE_EXHAUSTED" } }]);
    let listed = json!([{ "error": { "code": "content_filter", "message": "No." } }]);
    let mistral = "Prompt contains 40000 tokens, too large for model with 32768 maximum context length";
    let groq = "The model `x` has been decommissioned and is no longer supported.";
    assert_kinds(&[
        (403, plain(router), "content_filtered"),
        (400, plain("meta/x is not a valid model ID"), "model_unavailable"),
        (429, json!({ "error": raw }).to_string(), "quota_exhausted"),
        (429, google.to_string(), "quota_exhausted"),
        (400, listed.to_string(), "content_filtered"),
        (400, plain(mistral), "context_too_long"),
        (400, plain(groq), "model_unavailable"),
        (429, openai("Your account is suspended", "exceeded_current_quota_error", ""), "quota_exhausted"),
        (422, json!({ "detail": [{ "loc": ["body"], "msg": "field required" }] }).to_string(), "bad_request"),
        (400, json!({ "detail": [{ "msg": "ok" }, { "msg": "context length" }] }).to_string(), "context_too_long"),
        (403, json!({ "detail": "You are out of credits" }).to_string(), "quota_exhausted"),
        (413, json!({ "detail": "Payload too large" }).to_string(), "bad_request"),
    ]);
}

#[test]
fn words_count_only_where_they_mean_it() {
    assert_kinds(&[
        (413, "prompt is too long".to_owned(), "context_too_long"),
        (422, plain("maximum context length"), "bad_request"),
        (429, "Exceeded the quota of requests per minute".to_owned(), "rate_limited"),
        (429, plain("rate limit quota exceeded, try again in 3s"), "rate_limited"),
        (429, plain("Rate-limit quota exceeded"), "rate_limited"),
        (429, json!({ "message": "quota exceeded" }).to_string(), "quota_exhausted"),
        (429, json!({ "error": { "code": "quota-exceeded", "message": "No." } }).to_string(), "quota_exhausted"),
        (400, json!({ "error": { "code": "Model-Unavailable", "message": "No." } }).to_string(), "model_unavailable"),
        (429, plain("model not found"), "rate_limited"),
        (403, plain("PAYMENT REQUIRED"), "quota_exhausted"),
        (403, "Access denied; your account has been flagged".to_owned(), "unauthorized"),
        (400, "accredited users only".to_owned(), "bad_request"),
        (400, plain("response_format is not supported by this model"), "bad_request"),
        (400, plain("JSON mode is not available for this model"), "bad_request"),
        (400, plain(&format!("model {}: file not found", "x".repeat(200))), "bad_request"),
        (400, format!("{} context length", "x ".repeat(5000)), "bad_request"),
    ]);
}

#[test]
fn an_error_with_a_200_is_told_by_its_own_words() {
    for (body, expected) in [
        (json!({ "error": { "message": "slow down", "code": "rate_limit_exceeded" } }), "rate_limited"),
        (json!({ "error": { "message": "Too many requests" } }), "rate_limited"),
        (json!({ "error": { "message": "Slow down", "code": 429 } }), "rate_limited"),
        (json!({ "error": { "message": "No", "code": "402" } }), "quota_exhausted"),
        (json!({ "error": "You are out of credits" }), "quota_exhausted"),
        (json!({ "error": "model 'x' not found" }), "model_unavailable"),
        (json!({ "error": { "type": "exceed_context_size_error" } }), "context_too_long"),
        (json!({ "error": { "code": "content_filter" }, "choices": [] }), "content_filtered"),
        (json!({ "error": { "code": "content_filter" }, "choices": null }), "content_filtered"),
        (
            json!({ "choices": [{ "error": { "code": 429, "message": "busy" }, "message": { "content": "" } }] }),
            "rate_limited",
        ),
        (
            json!({ "choices": [{ "message": { "content": "" } }], "error": { "message": "Too many requests" } }),
            "rate_limited",
        ),
        (json!({ "object": "error", "message": "maximum context length" }), "context_too_long"),
        (json!({ "error": { "message": "Internal error", "code": 500 } }), "server_error"),
        (json!({ "error": {} }), "invalid_response"),
        (json!({ "error": { "code": 0, "message": "", "param": null } }), "invalid_response"),
        (json!({ "errors": [{ "message": "Oh" }] }), "server_error"),
        (json!({ "errors": [{ "message": "Rate limit exceeded" }], "success": false }), "rate_limited"),
        (json!({ "success": false, "message": "Oh" }), "server_error"),
        (json!({ "status": "error", "message": "Oh" }), "server_error"),
        (json!({ "code": 500, "msg": "Oh" }), "server_error"),
        (json!({ "base_resp": { "status_code": 1002, "status_msg": "rate limit" }, "choices": null }), "rate_limited"),
        (json!([{ "error": { "code": 429, "message": "Oh" } }]), "rate_limited"),
        (json!({ "choices": [{ "message": { "content": null, "error": { "message": "Oh" } } }] }), "server_error"),
    ] {
        assert_eq!(kind(&replied(200, body.to_string())), expected, "{body}");
    }
    assert_eq!(kind(&replied(200, "{\"choices\":[{}],\"error\":null}")), "empty_response");
}

#[test]
fn what_is_no_chat_completion_is_an_invalid_response() {
    let deep = "[".repeat(100_000);
    let broken = json!({ "choices": [{ "message": { "content": answer(1, 0) }, "logprobs": 7 }] }).to_string();
    for body in [
        "",
        "[]",
        "null",
        "\"text\"",
        "7",
        "{}",
        "<!DOCTYPE html><title>Hi</title>",
        "Hello",
        &deep,
        "{\"choices\":[]}",
        "{\"choices\":null}",
        "{\"choices\":{}}",
        "{\"choices\":[null,1]}",
        "{\"message\":{\"content\":\"2-1\"}}",
        &broken[..broken.len() - 1],
    ] {
        assert_eq!(kind(&replied(200, body)), "invalid_response", "{body:.40}");
    }
    for mendable in ["7", "NaN", "-Infinity", "\"\\ud83d\""] {
        assert!(replied(200, broken.replace('7', mendable)).result.is_ok(), "{mendable}");
    }
}

#[test]
fn a_message_says_what_was_seen() {
    for (status, body, message) in [
        (429, plain("Slow\ndown"), "HTTP 429: Slow down"),
        (429, json!({ "error": "Slow down" }).to_string(), "HTTP 429: Slow down"),
        (400, json!({ "statusCode": 400, "error": "Bad Request", "message": "No." }).to_string(), "HTTP 400: No."),
        (422, json!({ "detail": [{ "msg": "one" }, { "msg": "two" }] }).to_string(), "HTTP 422: one; two"),
        (400, json!({ "oops": 1 }).to_string(), "HTTP 400: {\"oops\":1}"),
        (401, plain("Incorrect API key provided: sk-abc. See"), "HTTP 401: Incorrect API key provided: [key] See"),
        (503, "  \n".to_owned(), "HTTP 503"),
        (502, "<h1>Bad\r\nGateway</h1>".to_owned(), "HTTP 502: <h1>Bad Gateway</h1>"),
        (302, String::new(), "HTTP 302"),
        (200, String::new(), "HTTP 200 with an empty body instead of a chat completion"),
        (200, "<!DOCTYPE html>".to_owned(), "HTTP 200 with HTML instead of a chat completion: <!DOCTYPE html>"),
        (200, "hello".to_owned(), "HTTP 200 with text instead of a chat completion: hello"),
        (200, "{\"a\":".to_owned(), "HTTP 200 with broken JSON instead of a chat completion: {\"a\":"),
        (200, "{\"a\":1}".to_owned(), "HTTP 200 with JSON without choices instead of a chat completion: {\"a\":1}"),
        (200, json!({ "error": "Oops" }).to_string(), "HTTP 200 with an error: Oops"),
        (200, "{\"choices\":[{}]}".to_owned(), "HTTP 200 with a chat completion without text"),
        (200, "{\"choices\":[{\"text\":\"A\\nb\"}]}".to_owned(), "HTTP 200 with text without a valid score: A b"),
    ] {
        assert_eq!(failure(&replied(status, body)).message, message);
    }
}

#[test]
fn half_a_key_is_not_told_either() {
    let key = "abcdefghijkl0123456789012345";
    for spaces in 8100..8200 {
        let message = format!("x{}{key}", " ".repeat(spaces));
        for body in [message.clone(), json!(message).to_string(), plain(&message)] {
            let message = failure(&replied(500, body)).message.clone();
            assert!(message == "HTTP 500: x" || message == "HTTP 500: x [key]", "{message}");
        }
    }
}

#[test]
fn retry_after_is_read_from_an_error_alone() {
    let wait = |status, header: &str, body: &str| {
        let headers = [("Retry-After".to_owned(), header.to_owned())];
        let received = Received { headers: &headers, ..received(status, body.as_bytes()) };
        failure(&read_for(&received, &["a"])).retry_after
    };
    for status in [302, 400, 401, 429, 500, 503] {
        assert_eq!(wait(status, "1.5", ""), Some(Duration::from_millis(1500)), "{status}");
        assert_eq!(wait(status, "Thu, 01 Jan 1970 00:00:09 GMT", "{}"), Some(Duration::from_secs(9)), "{status}");
        assert_eq!(wait(status, "soon", ""), None);
    }
    assert_eq!(wait(200, "5", "{\"error\":\"Too many requests\"}"), Some(Duration::from_secs(5)));
    assert_eq!(wait(200, "5", "{\"choices\":[{\"text\":\"x\"}]}"), None);
    assert_eq!(failure(&replied(429, "")).retry_after, None);
}

#[test]
fn an_error_nested_as_deeply_as_can_be_is_read_once() {
    let body = format!("{}{{}}{}", "{\"error\":".repeat(120), "}".repeat(120));
    let received = received(400, body.as_bytes());
    assert_eq!(read_for(&received, &["a"]).result.expect_err("an error").kind.as_str(), "bad_request");
}

#[test]
fn a_moment_is_no_fault_of_the_request() {
    let named = "Unknown field: rate_limit_tier";
    assert_kinds(&[
        (400, plain("Rate limit exceeded"), "rate_limited"),
        (403, plain("Rate limit exceeded"), "rate_limited"),
        (403, plain("You are being rate-limited"), "rate_limited"),
        (400, plain("Too many requests, slow down"), "rate_limited"),
        (400, openai("No.", "rate_limit_error", ""), "rate_limited"),
        (403, openai("No.", "", "userRateLimitExceeded"), "rate_limited"),
        (400, plain("Exceeded the tokens per minute"), "rate_limited"),
        (400, plain("The model is overloaded and not available"), "server_error"),
        (403, plain("We are at capacity"), "server_error"),
        (400, openai("No.", "overloaded_error", ""), "server_error"),
        (400, plain("Please try again in 20s"), "rate_limited"),
        (409, plain("Rate limit exceeded"), "rate_limited"),
        (409, plain("We are at capacity"), "server_error"),
        (425, plain("unknown parameter"), "server_error"),
        (422, plain("Server overloaded"), "server_error"),
        (422, plain("Too many requests"), "rate_limited"),
        (400, plain("Model m is currently loading"), "server_error"),
        (400, openai("Oh.", "server_error", ""), "server_error"),
        (400, plain("upstream timeout"), "server_error"),
        (400, json!({ "__type": "ThrottlingException", "message": "Too many tokens" }).to_string(), "rate_limited"),
        (400, plain("the observer error is unserver errors"), "bad_request"),
        // Parts of words and of names.
        (400, plain("Corporate limits are not supported"), "bad_request"),
        (400, plain("separate limits, moderate limit, harpm, overloadedness"), "bad_request"),
        (400, plain("The encoder uses 3 rpmx; limits apply"), "bad_request"),
        (400, plain("The operator is preoverloaded; capacity: at capacityx"), "bad_request"),
        (400, plain(named), "bad_request"),
        (403, plain("Corporate limits"), "unauthorized"),
        (413, plain("Rate limit exceeded"), "bad_request"),
        (404, plain("Rate limit exceeded"), "model_unavailable"),
    ]);
}

/// The kind of a reply with these headers, and its wait in seconds.
fn limited(status: u16, headers: &[(&str, &str)], body: &str) -> (&'static str, Option<f64>) {
    let headers: Vec<_> = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let reply = read_for(&Received { headers: &headers, ..received(status, body.as_bytes()) }, &["a", "b"]);
    let failure = failure(&reply);
    (failure.kind.as_str(), failure.retry_after.map(|wait| wait.as_secs_f64()))
}

#[test]
fn a_limit_that_ends_soon_is_a_rate_whatever_its_words() {
    let spent = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")];
    let google = |delay: &str, list: bool| {
        let details = json!([{ "violations": [{ "quotaValue": "20" }] }, { "retryDelay": delay }]);
        let error = json!({ "error": { "code": 429, "message": QUOTA, "details": details } });
        if list { json!([error]) } else { error }.to_string()
    };
    let router = json!({ "error": { "message": QUOTA, "code": 429, "metadata": { "headers": {
        "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20" } } } });
    let firm = openai(QUOTA, "insufficient_quota", "insufficient_quota");
    let billing = openai(QUOTA, "", "billing_cycle_limit");
    let retry = |words: &str| plain(&format!("{QUOTA} {words}"));
    for (status, headers, body, expected) in [
        (429, &[][..], google("21s", false), ("rate_limited", Some(21.0))),
        (429, &[], google("21.5s", true), ("rate_limited", Some(21.5))),
        (429, &[], google("7200s", false), ("quota_exhausted", None)),
        (429, &[], router.to_string(), ("rate_limited", Some(20.0))),
        (429, &[], json!({ "error": QUOTA, "retry_after_ms": 1500 }).to_string(), ("rate_limited", Some(1.5))),
        (429, &[], retry("Please retry in 38.9s."), ("rate_limited", Some(38.9))),
        (403, &[], retry("Please retry in 38.9s."), ("rate_limited", Some(38.9))),
        (429, &[], retry("Try again in 3 minutes"), ("rate_limited", Some(180.0))),
        (429, &[], retry("Try again in 5 hours"), ("quota_exhausted", None)),
        (429, &[], retry("Try again later"), ("quota_exhausted", None)),
        (429, &[("retry-after", "12")], retry(""), ("rate_limited", Some(12.0))),
        (429, &[("retry-after-ms", "12")], retry(""), ("rate_limited", Some(0.012))),
        (429, &[("retry-after", "86400")], retry(""), ("quota_exhausted", Some(86_400.0))),
        (429, &spent, retry(""), ("rate_limited", Some(360.0))),
        (429, &spent, firm.clone(), ("quota_exhausted", None)),
        (429, &spent, billing, ("quota_exhausted", None)),
        (429, &[("retry-after", "12")], firm.clone(), ("rate_limited", Some(12.0))),
        (429, &[], firm.clone(), ("quota_exhausted", None)),
        (402, &[("retry-after", "12")], retry("Please retry in 3s."), ("quota_exhausted", Some(12.0))),
        (401, &[("retry-after", "12")], retry(""), ("unauthorized", Some(12.0))),
        (429, &spent, plain("Slow down"), ("rate_limited", Some(360.0))),
        (429, &spent[1..], plain("Slow down"), ("rate_limited", None)),
        (429, &[], plain("Slow down"), ("rate_limited", None)),
        (400, &[("retry-after", "5")], plain("No."), ("rate_limited", Some(5.0))),
        (503, &spent, plain("Please retry in 38.9s."), ("server_error", None)),
        (200, &[], google("21s", false), ("rate_limited", Some(21.0))),
    ] {
        assert_eq!(limited(status, headers, &body), expected, "{status} {headers:?} {body}");
    }
}
