//! What a scripted server says, and how it ends.

use std::time::Duration;

use serde_json::{Value, json};

/// What becomes of the connection after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It waits for the next request.
    KeepAlive,
    /// It is closed in order.
    Close,
    /// It is reset.
    Reset,
    /// It stays open in silence until the client closes it.
    Stall,
}

/// The bytes that answer one request.
#[derive(Clone, Debug)]
pub struct Reply {
    head: Option<(u16, Vec<(String, String)>)>,
    body: Vec<u8>,
    pub(super) repeated: Option<(Vec<u8>, usize)>,
    pub(super) drip: Option<Duration>,
    pub(super) end: End,
}

impl Reply {
    /// A well-formed reply without a body.
    pub fn status(status: u16) -> Self {
        Self { head: Some((status, Vec::new())), body: Vec::new(), repeated: None, drip: None, end: End::KeepAlive }
    }

    /// These bytes and nothing else, after which the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { head: None, body: bytes.into(), repeated: None, drip: None, end: End::Close }
    }

    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status).header("content-type", "application/json").body(body.to_string())
    }

    /// A chat completion with this text, 100 prompt tokens and 20 completion tokens.
    pub fn chat(content: &str) -> Self {
        let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
        Self::completion(&json!({"role": "assistant", "content": content}), "stop", &usage)
    }

    /// A chat completion with this message.
    pub fn completion(message: &Value, finish_reason: &str, usage: &Value) -> Self {
        let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason});
        Self::json(200, &json!({"id": "c-1", "object": "chat.completion", "choices": [choice], "usage": usage}))
    }

    /// Closes the connection without a word.
    pub fn close() -> Self {
        Self::raw("")
    }

    /// Resets the connection without a word.
    pub fn reset() -> Self {
        Self::raw("").then_reset()
    }

    /// Never answers.
    pub fn stall() -> Self {
        Self::raw("").then_stall()
    }

    /// One more header; a `content-length` or `transfer-encoding` replaces the right length.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (_, headers) = self.head.as_mut().expect("a raw reply has no headers");
        headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// After that, the same bytes so many times.
    pub fn then_repeat(mut self, bytes: impl Into<Vec<u8>>, times: usize) -> Self {
        self.repeated = Some((bytes.into(), times));
        self
    }

    /// One byte at a time, with this pause after each.
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    pub fn then_close(self) -> Self {
        Self { end: End::Close, ..self }
    }

    pub fn then_reset(self) -> Self {
        Self { end: End::Reset, ..self }
    }

    pub fn then_stall(self) -> Self {
        Self { end: End::Stall, ..self }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let Some((status, headers)) = &self.head else { return self.body.clone() };
        let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let framed = |name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if !framed("content-length") && !framed("transfer-encoding") {
            head.extend(["content-length: ", &self.body.len().to_string(), "\r\n"]);
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}
