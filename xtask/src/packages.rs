//! The programs that tests drive and a small Debian may lack. Installed where that can be done without asking.

use std::env;
use std::process::Stdio;

use anyhow::Result;

use crate::cargo::{program, succeeds};

/// A program, the Debian package that holds it, and what the tests do with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    pub(crate) program: &'static str,
    debian: &'static str,
    pub(crate) purpose: &'static str,
}

const PACKAGES: &[Package] = &[
    Package { program: "python3", debian: "python3", purpose: "the example `web`, and services that say how they are" },
    Package { program: "setsid", debian: "util-linux", purpose: "services with sessions of their own" },
    Package { program: "curl", debian: "curl", purpose: "the proxy, and trust of the system" },
    Package { program: "openssl", debian: "openssl", purpose: "what others think of the proxy's certificates" },
    Package { program: "update-ca-certificates", debian: "ca-certificates", purpose: "trust of the system" },
    Package { program: "certutil", debian: "libnss3-tools", purpose: "trust of browsers" },
    Package { program: "chromium", debian: "chromium", purpose: "pages in a real browser" },
    Package { program: "firefox-esr", debian: "firefox-esr", purpose: "trust of Firefox" },
    Package { program: "node", debian: "nodejs", purpose: "a page that is developed with Vite" },
    Package { program: "npm", debian: "npm", purpose: "the packages of that page" },
    Package { program: "keytool", debian: "default-jdk-headless", purpose: "trust of Java" },
    Package { program: "strace", debian: "strace", purpose: "that a sandbox writes nothing outside of it" },
    Package { program: "mount", debian: "mount", purpose: "logs on a full disk" },
    Package { program: "ip", debian: "iproute2", purpose: "low ports on a network of their own" },
    Package { program: "sudo", debian: "sudo", purpose: "the helper as a user runs it" },
];

/// Installs what is missing, as root on Debian; returns what is missing still.
pub(crate) fn install_missing() -> Result<Vec<Package>> {
    let missing: Vec<Package> = PACKAGES.iter().copied().filter(|package| !is_there(package.program)).collect();
    if missing.is_empty() || !is_there("apt-get") || !is_root() {
        return Ok(missing);
    }
    let apt = |arguments: &[&str]| {
        let mut apt = program("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        apt
    };
    let names: Vec<&str> = missing.iter().map(|package| package.debian).collect();
    let install = [&["install", "--yes", "--no-install-recommends"], names.as_slice()].concat();
    // Without a network the tests that can run still run.
    let _ = succeeds(apt(&["update"]))? && succeeds(apt(&install))?;
    Ok(missing.into_iter().filter(|package| !is_there(package.program)).collect())
}

fn is_there(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn is_root() -> bool {
    let asked = program("id").arg("-u").output();
    asked.is_ok_and(|said| said.stdout.trim_ascii() == b"0")
}
