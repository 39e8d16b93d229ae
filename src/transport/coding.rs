//! Content codings: what a server has made of a body on its way.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder};
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, ReadBuf};

/// What is asked for.
pub(super) const OFFERED: &str = "gzip, br, deflate";
/// The most codings, one upon another, that are undone.
const MOST_CODINGS: usize = 4;
/// Others on the same thread have their turn after so many bytes that were read,
const READ_AT_ONCE: usize = 4 * 1024;
/// and after so many that were written.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// One coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// One member or more.
    Gzip,
    /// With the frame of zlib, as the standard has it, or without, as some send it.
    Deflate,
    Brotli,
}

/// Why a body could not be decoded.
#[derive(Debug)]
pub(super) enum CodingFault {
    /// There is more of it than the limit.
    TooLarge,
    /// It is not in the coding that it names.
    Broken(io::Error),
}

/// The codings of a body, in the order in which they were applied. Names are read without regard to case and with an
/// `x-` before them; others than what was asked for are passed over, for they are mostly no codings at all.
pub(super) fn of(headers: &HeaderMap) -> Vec<Coding> {
    let lines = headers.get_all(CONTENT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let coding = |name: String| match name.strip_prefix("x-").unwrap_or(&name) {
        "gzip" => Some(Coding::Gzip),
        "deflate" => Some(Coding::Deflate),
        "br" => Some(Coding::Brotli),
        _ => None,
    };
    names.filter_map(coding).collect()
}

/// The most bytes that a body of at most `limit` has in one coding or more: what does not become smaller grows a little.
pub(super) fn longest(limit: usize, codings: &[Coding]) -> usize {
    if codings.is_empty() { limit } else { limit.saturating_add(limit / 64).saturating_add(1024) }
}

/// Undoes the codings. What could be decoded comes with a fault too.
pub(super) async fn decoded(codings: &[Coding], raw: Vec<u8>, limit: usize) -> (Vec<u8>, Option<CodingFault>) {
    if codings.len() > MOST_CODINGS {
        let fault = io::Error::new(io::ErrorKind::InvalidData, format!("more than {MOST_CODINGS} codings"));
        return (Vec::new(), Some(CodingFault::Broken(fault)));
    }
    let mut body = raw;
    for (before, coding) in codings.iter().enumerate().rev() {
        if body.is_empty() {
            break;
        }
        let mut decoded = Vec::new();
        let undone = undo(*coding, &body, longest(limit, &codings[..before]), &mut decoded).await;
        body = decoded;
        if let Err(fault) = undone {
            if before > 0 {
                body.clear();
            }
            return (body, Some(fault));
        }
    }
    (body, None)
}

async fn undo(coding: Coding, coded: &[u8], limit: usize, body: &mut Vec<u8>) -> Result<(), CodingFault> {
    let reading = Paced { left: coded, rested: true };
    match coding {
        Coding::Gzip => {
            let mut decoder = GzipDecoder::new(reading);
            decoder.multiple_members(true);
            read(decoder, limit, body).await
        }
        Coding::Deflate if is_zlib(coded) => read(ZlibDecoder::new(reading), limit, body).await,
        Coding::Deflate => read(DeflateDecoder::new(reading), limit, body).await,
        Coding::Brotli => read(BrotliDecoder::new(reading), limit, body).await,
    }
}

/// Whether this begins with the two bytes of a zlib frame.
fn is_zlib(coded: &[u8]) -> bool {
    matches!(coded, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// Reads to the end, but no more than the limit.
async fn read(decoder: impl AsyncRead + Unpin, limit: usize, body: &mut Vec<u8>) -> Result<(), CodingFault> {
    let mut decoder = decoder.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
    let mut rest_at = WRITTEN_AT_ONCE;
    while decoder.read_buf(body).await.map_err(CodingFault::Broken)? > 0 {
        if body.len() >= rest_at {
            rest_at = body.len() + WRITTEN_AT_ONCE;
            tokio::task::yield_now().await;
        }
    }
    if body.len() <= limit {
        return Ok(());
    }
    body.truncate(limit);
    Err(CodingFault::TooLarge)
}

/// Bytes that are shown in small pieces, with a rest before each but the first.
struct Paced<'a> {
    left: &'a [u8],
    rested: bool,
}

impl Paced<'_> {
    fn piece(&self) -> &[u8] {
        &self.left[..self.left.len().min(READ_AT_ONCE)]
    }
}

impl AsyncBufRead for Paced<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if !this.rested {
            this.rested = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(this.piece()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.rested = amount < self.piece().len();
        self.left = &self.left[amount..];
    }
}

impl AsyncRead for Paced<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = std::task::ready!(self.as_mut().poll_fill_buf(context))?;
        let amount = piece.len().min(buffer.remaining());
        buffer.put_slice(&piece[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn named(lines: &[&str]) -> Vec<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        of(&headers)
    }

    #[test]
    fn codings_are_known_by_any_of_their_names() {
        assert_eq!(named(&["gzip"]), [Coding::Gzip]);
        assert_eq!(
            named(&["GZip , X-GZIP", "Deflate", " br"]),
            [Coding::Gzip, Coding::Gzip, Coding::Deflate, Coding::Brotli]
        );
        assert_eq!(named(&["identity", "utf-8", "", ",", "zstd"]), []);
        assert_eq!(named(&[]), []);
    }

    #[tokio::test]
    async fn what_nobody_coded_is_left_alone() {
        assert_eq!(decoded(&[], b"text".to_vec(), 4).await.0, b"text");
        assert!(decoded(&[Coding::Gzip], Vec::new(), 4).await.1.is_none(), "nothing is nothing in any coding");
    }

    #[tokio::test]
    async fn no_more_codings_are_undone_than_anybody_applies() {
        let (body, fault) = decoded(&[Coding::Gzip; 5], b"text".to_vec(), 4).await;
        assert!(body.is_empty() && matches!(fault, Some(CodingFault::Broken(_))));
    }
}
