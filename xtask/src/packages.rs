//! The programs that tests drive and a small Debian may lack. Installed where that can be done without asking.

use std::env;
use std::fmt;
use std::process::Stdio;

use anyhow::Result;

use crate::cargo::{program, succeeds};

/// A Debian package, how it is seen that it is there, and what the tests do with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    pub(crate) brings: Brings,
    debian: &'static str,
    pub(crate) purpose: &'static str,
}

/// What tests look for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Brings {
    Program(&'static str),
    /// Of Debian's own Python, whichever else there is.
    Module(&'static str),
}

use Brings::{Module, Program};

const PACKAGES: &[Package] = &[
    Package {
        brings: Program("python3"),
        debian: "python3",
        purpose: "the example `web`, and services that say how they are",
    },
    Package { brings: Program("setsid"), debian: "util-linux", purpose: "services with sessions of their own" },
    Package { brings: Program("curl"), debian: "curl", purpose: "the proxy, and trust of the system" },
    Package { brings: Program("openssl"), debian: "openssl", purpose: "what others think of the proxy's certificates" },
    Package { brings: Program("update-ca-certificates"), debian: "ca-certificates", purpose: "trust of the system" },
    Package { brings: Program("certutil"), debian: "libnss3-tools", purpose: "trust of browsers" },
    Package { brings: Program("chromium"), debian: "chromium", purpose: "pages in a real browser" },
    Package { brings: Program("firefox-esr"), debian: "firefox-esr", purpose: "trust of Firefox" },
    Package { brings: Program("node"), debian: "nodejs", purpose: "a page that is developed with Vite" },
    Package { brings: Program("npm"), debian: "npm", purpose: "the packages of that page" },
    Package { brings: Program("keytool"), debian: "default-jdk-headless", purpose: "trust of Java" },
    Package { brings: Module("grpc"), debian: "python3-grpcio", purpose: "services that are called by gRPC" },
    Package { brings: Module("websockets"), debian: "python3-websockets", purpose: "both ends of WebSockets" },
    Package { brings: Program("strace"), debian: "strace", purpose: "that a sandbox writes nothing outside of it" },
    Package { brings: Program("mount"), debian: "mount", purpose: "logs on a full disk" },
    Package { brings: Program("ip"), debian: "iproute2", purpose: "low ports on a network of their own" },
    Package { brings: Program("sudo"), debian: "sudo", purpose: "the helper as a user runs it" },
];

/// Installs what is missing, as root on Debian; returns what is missing still.
pub(crate) fn install_missing() -> Result<Vec<Package>> {
    let missing: Vec<Package> = PACKAGES.iter().copied().filter(|package| !package.brings.is_there()).collect();
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
    // Without a network the tests that can run still run, and a package that is not to be had keeps no other from being installed.
    if succeeds(apt(&["update"]))? && !succeeds(apt(&install))? {
        for name in names {
            succeeds(apt(&["install", "--yes", "--no-install-recommends", name]))?;
        }
    }
    Ok(missing.into_iter().filter(|package| !package.brings.is_there()).collect())
}

impl Brings {
    fn is_there(self) -> bool {
        match self {
            Program(name) => is_there(name),
            Module(name) => {
                let mut python = program("/usr/bin/python3");
                python.args(["-c", &format!("import {name}")]).stderr(Stdio::null());
                python.status().is_ok_and(|status| status.success())
            }
        }
    }
}

impl fmt::Display for Brings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program(name) => f.write_str(name),
            Module(name) => write!(f, "Python's {name}"),
        }
    }
}

fn is_there(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn is_root() -> bool {
    let asked = program("id").arg("-u").output();
    asked.is_ok_and(|said| said.stdout.trim_ascii() == b"0")
}
