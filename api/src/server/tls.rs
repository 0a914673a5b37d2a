//! TLS 1.3 and 1.2 for the service itself: its certificate, which is loaded again when the files change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// Time between two looks at the files.
const LOOK: Duration = Duration::from_secs(10);

/// The certificate of the service.
#[derive(Debug)]
pub(super) struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    loaded: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Loads a certificate chain and its private key from PEM files. Fails if they don't belong together.
    pub(super) fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, String> {
        let loaded = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), loaded }))
    }

    /// What makes TLS connections of TCP connections.
    pub(super) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| error.to_string())?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::<Self>::clone(self));
        config.ignore_client_order = true;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Loads the files again. The old certificate stays in use if they can't be used, as while they are being replaced.
    pub(super) fn reload(&self) {
        match read(&self.certificate, &self.key) {
            Ok(loaded) => {
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                tracing::info!("the TLS certificate was loaded again");
            }
            Err(error) => tracing::error!(error, "the TLS certificate could not be loaded again; the old one is used"),
        }
    }

    /// When each of the files was changed.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Loads the certificate again whenever its files change.
pub(super) async fn keep(certificates: Arc<Certificates>) {
    let mut known = certificates.changed();
    loop {
        tokio::time::sleep(LOOK).await;
        let found = certificates.changed();
        if found != known {
            known = found;
            certificates.reload();
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(|error| failed(certificate, &error))?.collect();
    let chain = chain.map_err(|error| failed(certificate, &error))?;
    if chain.is_empty() {
        return Err(failed(certificate, &io::Error::other("there is no certificate in it")));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, &error))?;
    CertifiedKey::from_der(chain, private, &default_provider())
        .map_err(|error| format!("{} and {}: {error}", certificate.display(), key.display()))
}
