//! The connections of a scripted server.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::reply::{End, Reply};
use super::{Request, Stage};

/// A stream that can be reset.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, stage: Arc<Stage>) {
    let mut connections = JoinSet::new();
    for connection in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        stage.seen.send_modify(|seen| seen.accepted += 1);
        let (stage, tls) = (Arc::clone(&stage), tls.clone());
        connections.spawn(async move {
            match tls {
                None => converse(stream, connection, &stage).await,
                // A client that does not trust the certificate is no fault of the script.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, connection, &stage).await;
                    }
                }
            }
        });
    }
}

async fn converse<S: Wire>(stream: S, connection: usize, stage: &Stage) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut unread = Vec::new();
    let end = loop {
        let Ok(request) = next_request(&mut reading, &mut unread, connection).await else { break None };
        let reply = (stage.handler.lock().unwrap())(&request);
        stage.seen.send_modify(|seen| {
            seen.requests.push(request);
            seen.under_way += 1;
            seen.most_under_way = seen.most_under_way.max(seen.under_way);
            seen.faults.extend(reply.as_ref().err().cloned());
        });
        let reply = reply.unwrap_or_else(|fault| Reply::status(599).body(fault));
        let spoken = tokio::select! {
            spoken = speak(&reply, &mut writing, stage) => spoken,
            () = silence(&mut reading, &mut unread) => break None,
        };
        match (spoken, reply.end) {
            (Err(_), _) => break None,
            (Ok(()), End::KeepAlive) => {}
            (Ok(()), end) => break Some(end),
        }
    };
    match end {
        None => stage.seen.send_modify(|seen| {
            seen.hung_up.insert(connection);
        }),
        Some(End::Reset) => drop(reading.unsplit(writing).socket().set_zero_linger()),
        Some(_) => drop(writing.shutdown().await),
    }
}

async fn speak<S: Wire>(reply: &Reply, writing: &mut WriteHalf<S>, stage: &Stage) -> io::Result<()> {
    let bytes = reply.bytes();
    let (size, pause) = match reply.drip {
        Some(pause) => (1, Some(pause)),
        None => (bytes.len().max(1), None),
    };
    let repeated = reply.repeated.iter().flat_map(|(bytes, times)| std::iter::repeat_n(bytes.as_slice(), *times));
    let times = reply.repeated.as_ref().map_or(0, |(_, times)| *times);
    let mut left = bytes.chunks(size).len().saturating_add(times);
    for piece in bytes.chunks(size).chain(repeated) {
        left -= 1;
        if left == 0 {
            // Before the client can know that it has all, and ask anew.
            stage.seen.send_modify(|seen| seen.under_way -= 1);
        }
        writing.write_all(piece).await?;
        writing.flush().await?;
        stage.seen.send_modify(|seen| seen.written += piece.len());
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    if reply.end == End::Stall {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Ends when the client closes the connection; a request that comes meanwhile is kept.
async fn silence<S: Wire>(reading: &mut ReadHalf<S>, unread: &mut Vec<u8>) {
    while reading.read_buf(unread).await.is_ok_and(|count| count > 0) {}
}

async fn next_request<S: Wire>(
    reading: &mut ReadHalf<S>,
    unread: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Request> {
    loop {
        if let Some((request, length)) = parse(unread, connection) {
            unread.drain(..length);
            return Ok(request);
        }
        if reading.read_buf(unread).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The first request of the bytes and its length, if it is whole.
fn parse(bytes: &[u8], connection: usize) -> Option<(Request, usize)> {
    let head_length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_length]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { connection, method: first.next()?, target: first.next()?, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = bytes.get(head_length..head_length + length)?.to_vec();
    Some((request, head_length + length))
}
