//! A server of HTTP/1.1 that says one thing to every request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A self-signed certificate of `another.example`, and its key. Both are of this test alone.
const CERTIFICATE: &[u8] = include_bytes!("certificate.pem");
const KEY: &[u8] = include_bytes!("key.pem");

/// The answer to every request.
#[derive(Clone, Debug)]
pub(super) enum Lie {
    /// This text; then the connection is closed.
    Say(String),
    /// This text; then nothing more, and the connection stays.
    Stall(&'static str),
    /// A head, and bytes without end.
    Endless { head: &'static str, chunked: bool },
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    sent: AtomicU64,
}

/// A running server. It ends with the runtime of its test.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    counts: Arc<Counts>,
}

impl Server {
    pub(super) async fn start(lie: Lie) -> Self {
        Self::listen(lie, None).await
    }

    /// A server with the certificate of another name.
    pub(super) async fn start_tls(text: &str) -> Self {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self::listen(Lie::Say(text.to_owned()), Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(lie: Lie, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.connections.fetch_add(1, Ordering::SeqCst);
                let (lie, counts, tls) = (lie.clone(), Arc::clone(&counted), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, lie, &counts).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, lie, &counts).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, scheme, counts }
    }

    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// The requests that arrived.
    pub(super) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// The bytes of bodies that were taken off the server.
    pub(super) fn sent(&self) -> u64 {
        self.counts.sent.load(Ordering::SeqCst)
    }
}

/// The trust of a client in the certificate.
pub(super) fn trust() -> TlsContext {
    let store = TrustStore::empty().with_pem_certificate(CERTIFICATE);
    TlsContext::builder().with_trust_store(store).build().unwrap()
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, lie: Lie, counts: &Counts) {
    if !request(&mut stream).await {
        return;
    }
    counts.requests.fetch_add(1, Ordering::SeqCst);
    match lie {
        Lie::Say(text) => {
            let _gone = stream.write_all(text.as_bytes()).await;
            let _gone = stream.shutdown().await;
        }
        Lie::Stall(text) => {
            let _gone = stream.write_all(text.as_bytes()).await;
            let _gone = stream.flush().await;
            std::future::pending::<()>().await;
        }
        Lie::Endless { head, chunked } => {
            let body = vec![b' '; 64 * 1024];
            let mut written = stream.write_all(head.as_bytes()).await;
            while written.is_ok() {
                if chunked {
                    let _gone = stream.write_all(b"10000\r\n").await;
                }
                written = stream.write_all(&body).await;
                if written.is_ok() {
                    counts.sent.fetch_add(64 * 1024, Ordering::SeqCst);
                }
                if chunked {
                    let _gone = stream.write_all(b"\r\n").await;
                }
            }
        }
    }
}

/// Reads a request to its end; false if there is none.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(length) if length > 0 => bytes.extend_from_slice(&part[..length]),
            _ => return false,
        }
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            return true;
        }
    }
}
