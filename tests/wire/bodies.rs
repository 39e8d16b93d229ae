//! Bodies of every encoding and size, and statuses of every class.

use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const TEXT: &str = "{\"choices\":[]} Atlético – Málaga 2:1";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    compressed
}

fn encoded(encoding: &str, body: Vec<u8>) -> Reply {
    Reply::status(200).header("content-encoding", encoding).body(body)
}

#[tokio::test]
async fn every_encoding_on_offer_is_understood() {
    let replies = [
        Reply::status(200).body(TEXT),
        encoded("gzip", gzip(TEXT.as_bytes())),
        encoded("br", brotli(TEXT.as_bytes())),
        encoded("deflate", deflate(TEXT.as_bytes())),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let received = answered(reply).await.expect("a reply");
        assert_eq!(String::from_utf8_lossy(&received.body), TEXT, "{shown}");
    }
}

#[tokio::test]
async fn codings_are_undone_as_their_standards_have_them() {
    let text = TEXT.as_bytes();
    let (first, second) = text.split_at(9);
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::best());
    bare.write_all(text).unwrap();
    let replies = [
        encoded("GZIP", gzip(text)),
        encoded("x-gzip", gzip(text)),
        encoded("Br", brotli(text)),
        encoded("gzip", [gzip(first), gzip(b""), gzip(second)].concat()),
        encoded("deflate", bare.finish().unwrap()),
        encoded("gzip, br", brotli(&gzip(text))),
        encoded("deflate ,GZip", gzip(&deflate(text))),
        encoded("br", gzip(&brotli(text))).header("Content-Encoding", "gzip"),
        encoded("identity", text.to_vec()),
        encoded("identity, gzip", gzip(text)),
        encoded("utf-8", text.to_vec()),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let received = answered(reply).await.expect("a reply");
        assert_eq!(String::from_utf8_lossy(&received.body), TEXT, "{shown}");
    }
}

#[tokio::test]
async fn what_does_not_become_smaller_may_be_as_large_as_the_limit_too() {
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(LIMIT).collect();
    for reply in [encoded("gzip", gzip(&noise)), encoded("gzip, gzip", gzip(&gzip(&noise)))] {
        assert_eq!(answered(reply).await.expect("a whole reply").body, noise);
    }
    let more = [noise, vec![0]].concat();
    let message = failed(answered(encoded("gzip", gzip(&more))).await, FailureKind::InvalidResponse, Some(200), true);
    assert_eq!(message, "the reply is larger than 65536 bytes");
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    for (size, whole) in [(LIMIT, true), (LIMIT + 1, false)] {
        let body = vec![b'x'; size];
        let chunk = [format!("{size:x}\r\n").as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let replies = [
            Reply::status(200).body(body.clone()),
            Reply::status(200).header("transfer-encoding", "chunked").body(chunk),
            encoded("gzip", gzip(&body)),
            encoded("br", brotli(&body)),
        ];
        for reply in replies {
            let outcome = answered(reply).await;
            if whole {
                assert_eq!(outcome.expect("a whole reply").body, body);
            } else {
                let message = failed(outcome, FailureKind::InvalidResponse, Some(200), true);
                assert!(message.contains("65536"), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_bomb_is_refused_at_the_limit_in_every_encoding() {
    // 48 MiB of zeros that are sent within the limit.
    let zeros = vec![0; 1 << 20];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    (0..48).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    let nested = gzip(&bomb);
    for reply in [encoded("gzip", bomb), encoded("br", brotli(&zeros)), encoded("gzip, gzip", nested)] {
        let begun = Instant::now();
        let message = failed(answered(reply).await, FailureKind::InvalidResponse, Some(200), true);
        assert_eq!(message, "the reply is larger than 65536 bytes");
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_stream_of_100_megabytes_is_dropped_at_the_limit() {
    let piece = vec![b'x'; 100_000];
    let chunk = [b"186a0\r\n", &piece[..], b"\r\n"].concat();
    let endless = Reply::status(200).header("transfer-encoding", "chunked").then_repeat(chunk, 1000);
    let upstream = Upstream::script([Step::any(endless)]).await;
    let refused = post_to(&http(), &upstream.url()).await;
    assert_eq!(failed(refused, FailureKind::InvalidResponse, Some(200), true), "the reply is larger than 65536 bytes");
    upstream.hung_up(0).await;
    // What the two sockets buffer, and no more.
    assert!(upstream.written() < 20_000_000, "{}", upstream.written());
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_before_the_body() {
    let huge = Reply::status(200).header("content-length", "104857600").then_stall();
    let upstream = Upstream::script([Step::any(huge)]).await;
    let message = failed(post_to(&http(), &upstream.url()).await, FailureKind::InvalidResponse, Some(200), true);
    assert_eq!(message, "the reply announces 104857600 bytes, more than the limit of 65536");
    upstream.hung_up(0).await;
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_invalid() {
    let mut flipped = gzip(&TEXT.as_bytes().repeat(50));
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let whole = gzip(TEXT.as_bytes());
    let replies = [
        encoded("gzip", flipped),
        encoded("gzip", whole[..whole.len() / 2].to_vec()),
        encoded("gzip", TEXT.into()),
        encoded("gzip", [gzip(TEXT.as_bytes()), b"more".to_vec()].concat()),
        encoded("br", TEXT.into()),
        encoded("deflate", TEXT.into()),
        encoded("deflate", deflate(TEXT.as_bytes())[..20].to_vec()),
        encoded("br", brotli(TEXT.as_bytes())[..20].to_vec()),
        encoded("gzip,gzip,gzip,gzip,gzip", gzip(TEXT.as_bytes())),
    ];
    for reply in replies {
        let message = failed(answered(reply).await, FailureKind::InvalidResponse, Some(200), true);
        assert!(message.starts_with("the reply cannot be decompressed: "), "{message}");
    }
}

#[tokio::test]
async fn every_status_is_received_with_its_body() {
    for status in [200, 201, 400, 401, 404, 429, 500, 503] {
        let received = answered(Reply::json(status, &"why".into())).await.expect("a reply");
        assert_eq!((received.status, received.body.as_slice()), (status, &b"\"why\""[..]));
        assert_eq!(received.timely, []);
    }
}

/// The headers that were kept of a reply with these.
async fn timely(status: u16, headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let reply = headers.iter().fold(Reply::status(status), |reply, (name, value)| reply.header(name, value));
    answered(reply).await.expect("a reply").timely
}

#[tokio::test]
async fn what_says_when_to_come_back_is_passed_on_as_it_came() {
    for value in ["30", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"] {
        let expected = [("retry-after".to_owned(), value.to_owned())];
        for status in [200, 429] {
            assert_eq!(timely(status, &[("Retry-After", value), ("X-Other", "1")]).await, expected, "{status}");
        }
    }
    let limits = [("Retry-After-Ms", "20"), ("X-RateLimit-Remaining", "0"), ("anthropic-ratelimit-reset", "1")];
    let expected = limits.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    assert_eq!(timely(429, &limits).await, expected);
    assert_eq!(timely(200, &limits).await, [], "a reply that succeeded");
}

#[tokio::test]
async fn no_more_of_it_is_kept_than_can_be_meant() {
    let long = "1".repeat(129);
    assert_eq!(timely(429, &[("retry-after", &long), ("retry-after-ms", &long[1..])]).await.len(), 1);
    let names: Vec<String> = (0..40).map(|index| format!("x-ratelimit-{index}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(timely(429, &many).await.len(), 32);
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let elsewhere = Upstream::script([]).await;
    for status in [301, 302, 303, 307, 308] {
        let received = answered(Reply::status(status).header("location", &elsewhere.url())).await.expect("a reply");
        assert_eq!(received.status, status);
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// An error whose compressed body lacks its end.
fn encoded_error() -> Reply {
    let whole = gzip(b"slow down");
    Reply::status(429).header("content-encoding", "GZip").body(&whole[..whole.len() - 8])
}

#[tokio::test]
async fn the_status_of_an_error_outlives_its_body() {
    let cut_off = Reply::status(429).header("retry-after", "7").header("content-length", "99").body("slow do");
    let endless = Reply::status(500).header("transfer-encoding", "chunked").then_repeat("4\r\nfail\r\n", usize::MAX);
    let corrupt = Reply::status(402).header("content-encoding", "gzip").body("no credit");
    let cases = [
        (cut_off.clone().then_close(), 429, &b"slow do"[..]),
        (cut_off.clone().then_reset(), 429, b""),
        (cut_off.then_stall(), 429, b"slow do"),
        (endless, 500, b"failfailfail"),
        (corrupt, 402, b""),
        (encoded_error(), 429, b"slow down"),
    ];
    for (reply, status, start) in cases {
        let received = answered(reply).await.expect("a reply");
        assert_eq!(received.status, status);
        assert!(received.body.starts_with(start) && received.body.len() <= LIMIT, "{received:?}");
    }
}
