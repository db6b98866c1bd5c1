//! Certificates that somebody has made elsewhere, in place of those that are made here.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::host::HostName;

/// Certificates that somebody has made elsewhere.
pub trait Certificates: Send + Sync {
    /// The one for a name, if there is one. Called in every handshake, and must not take long.
    fn of(&self, host: &HostName) -> Option<Certified>;
}

/// None.
impl Certificates for () {
    fn of(&self, _: &HostName) -> Option<Certified> {
        None
    }
}

/// A certificate with those above it, and its key.
#[derive(Clone)]
pub struct Certified(pub(super) Arc<CertifiedKey>);

/// Why texts make no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertifiedError {
    /// There is none in the one text.
    #[error("it holds no certificate in PEM")]
    NoCertificate,
    /// One of them cannot be read.
    #[error("a certificate in it cannot be read: {0}")]
    Certificate(String),
    /// There is none in the other text, or it cannot be read.
    #[error("it holds no private key in PEM")]
    NoKey,
    /// It is of a kind that is not known.
    #[error("its kind of key is not known")]
    Key(#[source] rustls::Error),
    /// The one does not belong to the other.
    #[error("the key is not that of the certificate")]
    Mismatch,
}

impl Certified {
    /// Of a certificate and those above it, in that order, and its key, both as PEM (RFC 7468).
    ///
    /// # Errors
    /// What is wrong with either, or with both together. Whether they are valid now is left to who looks at them.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertifiedError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|error| CertifiedError::Certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(CertifiedError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertifiedError::NoKey)?;
        let key = any_supported_type(&key).map_err(CertifiedError::Key)?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
                Ok(Self(Arc::new(certified)))
            }
            Err(rustls::Error::InconsistentKeys(_)) => Err(CertifiedError::Mismatch),
            Err(error) => Err(CertifiedError::Certificate(error.to_string())),
        }
    }
}

impl Certified {
    /// Whether this is the very same, and not only alike.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Certified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certified").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_is_taken_with_its_own_key_and_no_other() {
        let ((one, its_key), (other, _)) = (pair("a.localhost"), pair("b.localhost"));
        assert!(Certified::from_pem(one.as_bytes(), its_key.as_bytes()).is_ok());
        let both = format!("{one}{other}");
        assert!(Certified::from_pem(both.as_bytes(), its_key.as_bytes()).is_ok(), "with one above it");
        let said =
            |chain: &str, key: &str| Certified::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err().to_string();
        assert_eq!(said(&other, &its_key), "the key is not that of the certificate");
        assert_eq!(said(&its_key, &its_key), "it holds no certificate in PEM");
        assert_eq!(said(&one, &one), "it holds no private key in PEM");
        assert_eq!(said("", ""), "it holds no certificate in PEM");
    }

    proptest! {
        #[test]
        fn nothing_that_stands_in_a_file_is_a_panic(chain in "(-----BEGIN CERTIFICATE-----\n)?[A-Za-z0-9+/=\n]{0,80}(-----END CERTIFICATE-----\n)?", key in "[ -~\n]{0,80}") {
            let _ = Certified::from_pem(chain.as_bytes(), key.as_bytes());
        }
    }
}
