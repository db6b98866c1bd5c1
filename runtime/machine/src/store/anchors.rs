//! The stores of Linux distributions: a folder for certificates that the machine's owner adds, and a program that gathers them, with
//! those of the distribution, into what libraries read.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Kind, Presence, Store, StoreError, Way};
use crate::certificate::{self, Root};
use crate::tools::Call;
use crate::world::{Packages, World};

/// What differs between distributions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Distribution {
    /// The folder for one's own certificates.
    anchors: &'static str,
    /// How the names of files in it must end.
    extension: &'static str,
    /// The program that gathers them, and its arguments.
    gather: &'static str,
    arguments: &'static [&'static str],
    /// What is gathered.
    bundle: &'static str,
    /// A folder in which each certificate is a link too, and programs that are told of changes (Debian's update-ca-certificates(8)).
    links: Option<&'static str>,
    hooks: Option<&'static str>,
}

static FEDORA: Distribution = Distribution {
    anchors: "/etc/pki/ca-trust/source/anchors",
    extension: "pem",
    gather: "update-ca-trust",
    arguments: &["extract"],
    bundle: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    links: None,
    hooks: None,
};
static SUSE: Distribution = Distribution {
    anchors: "/usr/share/pki/trust/anchors",
    extension: "pem",
    gather: "update-ca-certificates",
    arguments: &[],
    bundle: "/var/lib/ca-certificates/ca-bundle.pem",
    links: None,
    hooks: None,
};
static ARCH: Distribution = Distribution {
    anchors: "/etc/ca-certificates/trust-source/anchors",
    extension: "crt",
    gather: "trust",
    arguments: &["extract-compat"],
    bundle: "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    links: None,
    hooks: None,
};
static DEBIAN: Distribution = Distribution {
    anchors: "/usr/local/share/ca-certificates",
    extension: "crt",
    gather: "update-ca-certificates",
    arguments: &[],
    bundle: "/etc/ssl/certs/ca-certificates.crt",
    links: Some("/etc/ssl/certs"),
    hooks: Some("/etc/ca-certificates/update.d"),
};

/// In the order in which they are told apart. Debian's comes last: whoever derives from it adds its own folder.
static ALL: [&Distribution; 4] = [&FEDORA, &SUSE, &ARCH, &DEBIAN];

/// Where else bundles are, on systems whose store is not known here.
const FURTHER: [&str; 4] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", "/etc/ssl/certs/ca-bundle.crt"];

const PACKAGES: Packages = Packages {
    debian: "ca-certificates",
    fedora: "ca-certificates",
    arch: "ca-certificates-utils",
    suse: "ca-certificates",
    alpine: "ca-certificates",
    brew: "ca-certificates",
};

/// The file of all certificates that the system trusts, as most programs take one; `None` where there is none.
pub fn system_bundle(root: &Path) -> Option<PathBuf> {
    let known = ALL.iter().map(|distribution| distribution.bundle).chain(FURTHER);
    known.map(|path| root.join(path.trim_start_matches('/'))).find(|path| path.is_file())
}

/// The store of this system for the authority; `None` if it is of no sort that is known here.
pub(super) fn find(root: &Root, world: &World<'_>) -> Option<Store> {
    let distribution = *ALL.iter().find(|distribution| world.at(distribution.anchors).is_dir())?;
    let name = format!("{}.{}", stem(&root.fingerprint), distribution.extension);
    let place = world.at(distribution.anchors).join(name);
    Some(Store { kind: Kind::System, place, as_root: true, made: false, way: Way::Anchors(distribution) })
}

/// How the file of a certificate is called, without its ending.
fn stem(fingerprint: &str) -> String {
    format!("locald-{}", fingerprint.get(..16).unwrap_or(fingerprint))
}

/// How the store is changed whose file this is.
pub(super) fn way_of(world: &World<'_>, file: &Path) -> Option<Way> {
    if world.system == crate::world::System::MacOs {
        return Some(Way::Keychain);
    }
    let folder = file.parent()?;
    ALL.iter().find(|distribution| world.at(distribution.anchors) == folder).map(|it| Way::Anchors(it))
}

pub(super) fn presence(store: &Store, distribution: &Distribution, root: &Root, world: &World<'_>) -> Presence {
    let has = |path: &Path| contains(path, &root.fingerprint);
    let is_gathered = has(&world.at(distribution.bundle));
    let links = links(store, distribution, world);
    match (has(&store.place), is_gathered) {
        (true, true) => Presence::Trusted,
        (false, false) if links.is_empty() && !store.place.exists() => Presence::Absent,
        _ => Presence::Traces,
    }
}

/// Whether a file holds the certificate of this fingerprint.
fn contains(path: &Path, fingerprint: &str) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    certificate::certificates(&text).any(|der| certificate::sha256(&der) == fingerprint)
}

pub(super) fn adding(
    store: &Store,
    distribution: &Distribution,
    root: &Root,
    world: &World<'_>,
) -> Result<Vec<Call>, StoreError> {
    let gather = gather(distribution, world)?;
    let install = ["-m".as_ref(), "0644".as_ref(), root.file.as_os_str(), store.place.as_os_str()];
    Ok(vec![Call::new(world.of_root("install"), install).by_root(true), gather])
}

pub(super) fn removing(store: &Store, distribution: &Distribution, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let gather = gather(distribution, world)?;
    let links = links(store, distribution, world);
    let gone = std::iter::once(&store.place).chain(&links).map(|path| path.as_os_str());
    let remove = Call::new(world.of_root("rm"), std::iter::once("-f".as_ref()).chain(gone)).by_root(true);
    let mut calls = vec![remove, gather];
    // Debian's program tells its hooks of what is new, and of nothing that is gone.
    if let Some(link) = links.first() {
        let hooks = distribution.hooks.into_iter().flat_map(|folder| entries(&world.at(folder))).filter(is_part);
        let told = format!("-{}\n", link.display());
        calls.extend(hooks.map(|hook| Call::new(hook, [""; 0]).reading(told.clone()).by_root(true)));
    }
    Ok(calls)
}

fn gather(distribution: &Distribution, world: &World<'_>) -> Result<Call, StoreError> {
    let name = distribution.gather;
    let Some(program) = world.tools.find_for_root(name) else {
        return Err(StoreError::Missing { program: name, how: world.how_to_install(&PACKAGES) });
    };
    Ok(Call::new(program, distribution.arguments).by_root(true))
}

/// The links that Debian's program and OpenSSL have made for the store's file: the first is that of its name, others of its hash.
fn links(store: &Store, distribution: &Distribution, world: &World<'_>) -> Vec<PathBuf> {
    let Some(folder) = distribution.links.map(|folder| world.at(folder)) else { return Vec::new() };
    let Some(stem) = store.place.file_stem() else { return Vec::new() };
    let own = folder.join(stem).with_extension("pem");
    let leads_there = |path: &PathBuf| {
        fs::read_link(path)
            .is_ok_and(|target| target.file_name() == own.file_name() && target.components().count() == 1)
    };
    let by_hash = entries(&folder).into_iter().filter(leads_there);
    let own = Some(own.clone()).filter(|own| own.is_symlink());
    own.into_iter().chain(by_hash).collect()
}

/// Whether a file is one that Debian runs with the others of its folder: its name is plain, and it may be run (run-parts(8)).
fn is_part(path: &PathBuf) -> bool {
    let is_plain = |name: &OsStr| {
        let mut bytes = name.as_encoded_bytes().iter();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
    };
    path.file_name().is_some_and(is_plain)
        && fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// What is in a folder, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

pub(super) fn authorities(distribution: &Distribution, world: &World<'_>) -> Vec<Root> {
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"locald-"));
    let files = entries(&world.at(distribution.anchors)).into_iter().filter(is_ours);
    let authority = |path: PathBuf| {
        let der = certificate::certificates(&fs::read_to_string(&path).ok()?).next()?;
        Some(Root::without_file(path.display().to_string(), &der))
    };
    files.filter_map(authority).collect()
}
