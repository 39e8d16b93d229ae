//! An authority of our own, and HTTP/2 servers with its certificate.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// An authority and a server with its certificate.
pub struct Authority {
    pub pem: String,
    pub acceptor: TlsAcceptor,
}

impl Authority {
    /// One that has certified `name` for a server that speaks these protocols.
    pub fn of(name: &str, protocols: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self { pem: issuer.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy)]
pub enum Play {
    /// It is answered with 200.
    Answer,
    /// Its stream is reset with this code.
    Reset(h2::Reason),
    /// The server goes away, as if it had not looked at it.
    GoAway,
    /// The server closes the connection between two frames.
    Close,
}

/// An HTTP/2 server on loopback; it ends when dropped.
pub struct Http2 {
    pub pem: String,
    pub base_url: String,
    asked: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl Http2 {
    /// Plays `plays` in order, then answers; it allows `streams` at once on a connection, and answers with `body`.
    pub async fn serve(plays: impl IntoIterator<Item = Play>, streams: u32, body: impl Into<Vec<u8>>) -> Self {
        let Authority { pem, acceptor } = Authority::of("localhost", &["h2"]);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base_url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
        let asked = Arc::<AtomicUsize>::default();
        let plays: Arc<[Play]> = plays.into_iter().collect();
        let (counter, body) = (Arc::clone(&asked), body.into());
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let next = plays.get(counter.load(Ordering::SeqCst)).copied();
                if let Some(play @ (Play::GoAway | Play::Close)) = next {
                    let asked = Arc::clone(&counter);
                    connections.spawn(async move { drop(leave(stream, play, asked).await) });
                } else {
                    connections.spawn(answer(stream, Arc::clone(&plays), streams, body.clone(), Arc::clone(&counter)));
                }
            }
        });
        Self { pem, base_url, asked, accepting: accepting.abort_handle() }
    }

    /// The requests whose streams the server took, or that it closed a connection on.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(
    stream: TlsStream<TcpStream>,
    plays: Arc<[Play]>,
    streams: u32,
    body: Vec<u8>,
    asked: Arc<AtomicUsize>,
) {
    let mut server = h2::server::Builder::new();
    let handshake = server.max_concurrent_streams(streams).handshake::<_, bytes::Bytes>(stream);
    let Ok(mut connection) = handshake.await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let play = plays.get(asked.fetch_add(1, Ordering::SeqCst)).copied();
        let body = body.clone();
        tokio::spawn(async move {
            if let Some(Play::Reset(reason)) = play {
                respond.send_reset(reason);
                return;
            }
            let mut upload = request.into_body();
            while let Some(Ok(bytes)) = upload.data().await {
                let _ = upload.flow_control().release_capacity(bytes.len());
            }
            if let Ok(mut download) = respond.send_response(http::Response::new(()), false) {
                let _ = download.send_data(body.into(), true);
            }
        });
    }
}

/// Reads the head of one request, and leaves.
async fn leave(mut stream: TlsStream<TcpStream>, play: Play, asked: Arc<AtomicUsize>) -> io::Result<()> {
    const HEADERS: u8 = 1;
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    /// The last stream is 0, the code is `NO_ERROR`.
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.write_all(&SETTINGS).await?;
    stream.read_exact(&mut [0; 24]).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        if head[3] == HEADERS {
            break;
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    if let Play::GoAway = play {
        stream.write_all(&GOAWAY).await?;
        // It says so and lets the client end the connection.
        stream.read_to_end(&mut Vec::new()).await?;
    }
    stream.shutdown().await
}
