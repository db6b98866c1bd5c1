//! TLS of the proxy: authorities each of which can vouch for names below some suffixes and for no others, and a certificate for each name that
//! somebody asks for, made in the moment it is asked for.

mod authority;
mod minter;
mod supplied;

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;

pub use authority::{Authority, AuthorityError, Kept, Scope};
use minter::Minter;
pub use supplied::{Certificates, Certified, CertifiedError};

use crate::proxy::Proxy;

/// What a server of the proxy's routes needs to speak TLS.
pub(crate) fn server(
    proxy: Arc<Proxy>,
    authority: Arc<Authority>,
    supplied: Arc<dyn Certificates>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut config =
        builder.with_no_client_auth().with_cert_resolver(Arc::new(Minter::new(proxy, authority, supplied)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
