//! Certificates as far as stores are concerned: text, octets, and what tells one from another.

use std::fmt::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{self, Algorithm};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificate of an authority, to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What the authority is called; it begins with [`PREFIX`].
    pub name: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// Its SHA-256, in hexadecimal digits.
    pub fingerprint: String,
    /// Its SHA-1, by which macOS and Windows know certificates.
    pub thumbprint: String,
}

/// How the names of all of locald's authorities begin.
pub const PREFIX: &str = "locald ";

impl Root {
    /// The first certificate of `pem`, which is the text of `file`; `None` if there is none.
    pub fn new(name: &str, file: PathBuf, pem: &str) -> Option<Self> {
        let der = certificates(pem).next()?;
        Some(Self { file, ..Self::without_file(name.to_owned(), &der) })
    }

    /// That of a certificate that was found in a store.
    pub(crate) fn without_file(name: String, der: &[u8]) -> Self {
        Self { name, file: PathBuf::new(), fingerprint: sha256(der), thumbprint: sha1(der) }
    }
}

/// The certificates in a text of PEM (RFC 7468). What is none is passed over.
pub(crate) fn certificates(pem: &str) -> impl Iterator<Item = Vec<u8>> {
    pem.split(BEGIN).skip(1).filter_map(|rest| {
        let body: String = rest.split_once(END)?.0.split_ascii_whitespace().collect();
        STANDARD.decode(body).ok()
    })
}

/// The SHA-256 of a certificate, in hexadecimal digits.
pub(crate) fn sha256(der: &[u8]) -> String {
    hexadecimal(&digest::SHA256, der)
}

fn sha1(der: &[u8]) -> String {
    hexadecimal(&digest::SHA1_FOR_LEGACY_USE_ONLY, der)
}

fn hexadecimal(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    digest::digest(algorithm, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_among_other_text() {
        let text = format!("# one\n{BEGIN}\nAQ\nID\n{END}\n{BEGIN}\n!!\n{END}\njunk {BEGIN}\nBAUG\n{END}{BEGIN}");
        assert_eq!(certificates(&text).collect::<Vec<_>>(), [[1, 2, 3], [4, 5, 6]]);
    }

    #[test]
    fn a_root_is_known_by_its_digests() {
        let root = Root::new("locald x", "/r.pem".into(), &format!("{BEGIN}\nYWJj\n{END}\n")).unwrap();
        // FIPS 180-4's own examples, of `abc`.
        assert_eq!(root.fingerprint, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(root.thumbprint, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(Root::new("locald x", "/r.pem".into(), "no"), None);
    }
}
