//! The certificate of both ports: read from files, and read again when they change, so that a renewal needs no restart.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::config::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The largest file that is read: a chain of certificates has a few kilobytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// By which one sees that a file is another: a renewal writes it anew, or turns a link to another one.
type Stamp = [Option<(u64, i64, i64, u64)>; 2];

impl TlsFiles {
    fn read(&self, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
        let chain = read_file(&self.certificate)?;
        let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.with_context(|| format!("{} holds no certificate", self.certificate.display()))?;
        let key = PrivateKeyDer::from_pem_slice(&read_file(&self.key)?)
            .ok()
            .with_context(|| format!("{} holds no private key", self.key.display()))?;
        CertifiedKey::from_der(chain, key, provider).with_context(|| {
            format!("{} and {} do not belong together", self.certificate.display(), self.key.display())
        })
    }

    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
        })
    }
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    let size = fs::metadata(path).with_context(reading)?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "{} is too large to be one", path.display());
    fs::read(path).with_context(reading)
}

/// The certificate as it is now.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence that names the file that cannot be read, or is not what it should be.
    pub fn load(files: TlsFiles) -> anyhow::Result<Arc<Self>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = RwLock::new(Arc::new(files.read(&provider)?));
        Ok(Arc::new(Self { files, provider, current }))
    }

    /// What secures a port: HTTP/1.1 over TLS 1.2 and 1.3, with whatever certificate is the current one.
    ///
    /// # Errors
    /// Never in practice: the versions are those that the provider has.
    pub fn acceptor(self: &Arc<Self>) -> anyhow::Result<TlsAcceptor> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// The first host name that the certificate is for, unless it stands for many.
    pub fn host_name(&self) -> Option<String> {
        let current = self.current();
        let certificate = webpki::EndEntityCert::try_from(current.end_entity_cert().ok()?).ok()?;
        let name = certificate.valid_dns_names().find(|name| !name.contains('*'));
        name.map(str::to_owned)
    }

    /// Reads the files again whenever they change, until `stop`. Those that cannot be used are said in the log, and the
    /// certificate stays what it was.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut seen = self.files.stamp();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let this = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                let stamp = this.files.stamp();
                (stamp, (stamp != seen).then(|| this.files.read(&this.provider)))
            });
            let Ok((stamp, read)) = looked.await else { continue };
            seen = stamp;
            match read {
                None => {}
                Some(Ok(renewed)) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
                    tracing::info!("the certificate was read again");
                }
                Some(Err(error)) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "the new certificate cannot be used; the old one stays");
                }
            }
        }
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
