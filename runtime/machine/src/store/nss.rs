//! Databases of NSS, which Chromium and its kin have on Linux, and Firefox everywhere: changed by NSS's own `certutil`.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{Presence, Store, StoreError, ask};
use crate::certificate::{self, PREFIX, Root};
use crate::tools::Call;
use crate::world::{Packages, World};

/// Trusted as an authority for servers, and for nothing else (certutil's manual, `-t`).
const TRUST: &str = "C,,";
/// What a database consists of.
const FILES: [&str; 3] = ["cert9.db", "key4.db", "pkcs11.txt"];

const PACKAGES: Packages = Packages {
    debian: "libnss3-tools",
    fedora: "nss-tools",
    arch: "nss",
    suse: "mozilla-nss-tools",
    alpine: "nss-tools",
    brew: "nss",
};

/// Whether there is a database in this folder.
pub(super) fn is_there(folder: &Path) -> bool {
    folder.join(FILES[0]).is_file()
}

/// A certificate in a database.
struct Listed {
    name: String,
    trust: String,
}

pub(super) fn presence(store: &Store, root: &Root, world: &World<'_>) -> Result<Presence, StoreError> {
    if !is_there(&store.place) {
        return Ok(Presence::Absent);
    }
    let found = find(store, root, world)?;
    Ok(match found.iter().map(|it| it.trust.starts_with('C')).max() {
        Some(true) => Presence::Trusted,
        Some(false) => Presence::Traces,
        None => Presence::Absent,
    })
}

pub(super) fn adding(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let mut calls = Vec::new();
    if store.made && !is_there(&store.place) {
        calls.push(changing(store, &["-N", "--empty-password"], world)?);
    }
    let file = root.file.to_string_lossy();
    calls.push(changing(store, &["-A", "-t", TRUST, "-n", &root.name, "-i", &file], world)?);
    Ok(calls)
}

pub(super) fn removing(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let found = find(store, root, world)?.into_iter();
    found.map(|it| changing(store, &["-D", "-n", &it.name], world)).collect()
}

pub(super) fn authorities(store: &Store, world: &World<'_>) -> Result<Vec<Root>, StoreError> {
    let mut found = Vec::new();
    for listed in list(store, world)? {
        found.extend(roots(store, &listed.name, world)?);
    }
    Ok(found)
}

/// The entries of the authority, by its fingerprint, whatever they are called.
fn find(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Listed>, StoreError> {
    let mut found = Vec::new();
    for listed in list(store, world)? {
        if roots(store, &listed.name, world)?.iter().any(|found| found.fingerprint == root.fingerprint) {
            found.push(listed);
        }
    }
    Ok(found)
}

/// The certificates in the database whose names are those of our authorities.
fn list(store: &Store, world: &World<'_>) -> Result<Vec<Listed>, StoreError> {
    if !is_there(&store.place) {
        return Ok(Vec::new());
    }
    let call = certutil(store, &["-L"], world)?;
    let said = ask(&call, world)?;
    if !said.success {
        return Err(super::failed(&call, &said));
    }
    Ok(said.out.lines().filter_map(listed).filter(|it| it.name.starts_with(PREFIX)).collect())
}

/// A line of `certutil -L`: a name, blanks, and three groups of flags.
fn listed(line: &str) -> Option<Listed> {
    let (name, trust) = line.trim_end().rsplit_once(' ')?;
    let is_trust = trust.matches(',').count() == 2 && trust.chars().all(|ch| "pPcCTuwg,".contains(ch));
    is_trust.then(|| Listed { name: name.trim().to_owned(), trust: trust.to_owned() })
}

/// The certificates of a name.
fn roots(store: &Store, name: &str, world: &World<'_>) -> Result<Vec<Root>, StoreError> {
    let said = ask(&certutil(store, &["-L", "-n", name, "-a"], world)?, world)?;
    Ok(certificate::certificates(&said.out).map(|der| Root::without_file(name.to_owned(), &der)).collect())
}

/// A call that only looks, which everybody may.
fn certutil(store: &Store, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    call(store, world.has("certutil").then(|| "certutil".into()), arguments, world)
}

/// A call that changes the database, by whom it belongs to.
fn changing(store: &Store, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    if !store.as_root {
        return certutil(store, arguments, world);
    }
    Ok(call(store, world.tools.find_for_root("certutil"), arguments, world)?.by_root(true))
}

fn call(store: &Store, program: Option<PathBuf>, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    let Some(program) = program else {
        return Err(StoreError::Missing { program: "certutil", how: world.how_to_install(&PACKAGES) });
    };
    let database = format!("sql:{}", store.place.display());
    Ok(Call::new(program, ["-d", &database].into_iter().chain(arguments.iter().copied())))
}

/// Makes the folder of a database, private as Chromium makes it.
pub(super) fn make_folder(store: &Store) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&store.place);
    made.map_err(|source| StoreError::Io { what: store.place.display().to_string(), source })
}

/// Removes a database that was made for the authority, unless something else has come into it.
pub(super) fn remove_if_empty(store: &Store, world: &World<'_>) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { what: store.place.display().to_string(), source };
    if is_there(&store.place) {
        let certificates = ask(&certutil(store, &["-L"], world)?, world)?;
        let keys = ask(&certutil(store, &["-K"], world)?, world)?;
        // It says by an error that there are no keys.
        if !certificates.success || certificates.out.lines().any(|line| listed(line).is_some()) || keys.success {
            return Ok(());
        }
    }
    for file in FILES {
        match fs::remove_file(store.place.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    // Folders go as far as nothing else is in them.
    if fs::remove_dir(&store.place).is_ok()
        && let Some(parent) = store.place.parent().filter(|parent| parent.file_name() == Some(".pki".as_ref()))
    {
        let _ = fs::remove_dir(parent);
    }
    Ok(())
}
