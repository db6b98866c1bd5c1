//! The sorts of change that are made to a machine.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::certificate::Root;

/// Something that was done to the machine. To add a sort: a variant here, its words below, and its undoing in `locald setup undo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// A store of certificates trusts a certificate authority.
    Trust(TrustedRoot),
    /// A program that does what needs root was installed.
    Helper(InstalledHelper),
    /// The names of a user's services stand in the hosts file.
    Hosts(HostsBlock),
    /// The proxy has ports 80 and 443, from the helper, whenever the daemon begins.
    Ports,
}

/// A helper that root owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledHelper {
    /// Where it is.
    pub place: PathBuf,
}

/// A block of lines in the hosts file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostsBlock {
    /// The file.
    pub place: PathBuf,
    /// Whose it is.
    pub user: u32,
}

/// A certificate authority that a store trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedRoot {
    /// What the store is called on the command line, such as `system` or `nss`.
    pub store: String,
    /// Where it is: the file of the certificate, or the folder of the database.
    pub place: PathBuf,
    /// The SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
    /// Its SHA-1, by which macOS and Windows know certificates.
    #[serde(default)]
    pub thumbprint: String,
    /// What the authority is called.
    pub name: String,
    /// Whether only root may change the store.
    #[serde(default)]
    pub as_root: bool,
    /// Whether the store itself was made for it, and goes with it if nothing else has come into it.
    #[serde(default)]
    pub made: bool,
    /// Whether the store was tried and believed the authority: by a handshake, or where no client for one is there, by its own check.
    #[serde(default)]
    pub verified: bool,
}

impl TrustedRoot {
    /// The authority, as far as it is remembered: its file may be gone.
    pub fn root(&self) -> Root {
        let Self { name, fingerprint, thumbprint, .. } = self.clone();
        Root { name, file: PathBuf::new(), fingerprint, thumbprint }
    }
}

impl Change {
    /// The sort of change, in a word.
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Trust(_) => "trust",
            Self::Helper(_) => "helper",
            Self::Hosts(_) => "hosts",
            Self::Ports => "ports",
        }
    }

    /// What was changed.
    pub fn place(&self) -> &Path {
        match self {
            Self::Trust(root) => &root.place,
            Self::Helper(helper) => &helper.place,
            Self::Hosts(block) => &block.place,
            Self::Ports => Path::new("127.0.0.1, ::1"),
        }
    }

    /// What was done to it, in a few words.
    pub fn told(&self) -> String {
        match self {
            Self::Trust(root) => format!("trusts `{}`", root.name),
            Self::Helper(_) => "runs as root when a command asks it to".to_owned(),
            Self::Hosts(block) => format!("has the names of services of user {}", block.user),
            Self::Ports => "ports 80 and 443 lead to the proxy".to_owned(),
        }
    }

    /// Whether root has done it, and must undo it.
    pub fn as_root(&self) -> bool {
        match self {
            Self::Trust(root) => root.as_root,
            Self::Helper(_) | Self::Hosts(_) => true,
            // What root has opened is held by our own keeper.
            Self::Ports => false,
        }
    }

    /// Whether it is the same change of the same thing, which is in the ledger once.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Trust(one), Self::Trust(other)) => {
                (&one.place, &one.fingerprint) == (&other.place, &other.fingerprint)
            }
            _ => self == other,
        }
    }
}
