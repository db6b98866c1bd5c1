//! The store of a Java runtime, changed by its own `keytool`.

use std::path::{Path, PathBuf};

use super::{Kind, Presence, Store, StoreError, Way, ask, failed};
use crate::certificate::Root;
use crate::tools::Call;
use crate::world::{Packages, World};

/// What every runtime's store is protected by, unless somebody has changed it.
const PASSWORD: &str = "changeit";

const PACKAGES: Packages = Packages {
    debian: "default-jre-headless",
    fedora: "java-latest-openjdk-headless",
    arch: "jre-openjdk-headless",
    suse: "java-openjdk-headless",
    alpine: "openjdk-jre-headless",
    brew: "openjdk",
};

/// The store of the runtime that the user has chosen.
pub(super) fn find(world: &World<'_>) -> Option<Store> {
    let by_program = || Some(world.tools.find("java")?.canonicalize().ok()?.parent()?.parent()?.to_owned());
    let home = world.user.java.clone().or_else(by_program)?;
    // Before Java 9 the runtime was a part of its own.
    let places = ["lib/security/cacerts", "jre/lib/security/cacerts"].map(|place| home.join(place));
    let place = places.into_iter().find_map(|place| place.canonicalize().ok())?;
    let as_root = rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).is_err() || is_roots(&place);
    Some(Store { kind: Kind::Java, place, as_root, made: false, way: Way::Java })
}

fn is_roots(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|found| found.uid() == 0)
}

pub(super) fn presence(store: &Store, root: &Root, world: &World<'_>) -> Result<Presence, StoreError> {
    let names = names(store, root, world)?;
    Ok(if names.is_empty() { Presence::Absent } else { Presence::Trusted })
}

pub(super) fn adding(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let file = root.file.to_string_lossy();
    let add = ["-importcert", "-noprompt", "-trustcacerts", "-alias", &root.name, "-file", &file];
    Ok(vec![changing(store, &add, world)?])
}

pub(super) fn removing(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let names = names(store, root, world)?.into_iter();
    names.map(|name| changing(store, &["-delete", "-alias", &name], world)).collect()
}

/// What the authority is called in the store, by its fingerprint.
fn names(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<String>, StoreError> {
    let call = keytool(store, &["-list"], world)?;
    let said = ask(&call, world)?;
    if !said.success {
        return Err(failed(&call, &said));
    }
    Ok(named(&said.out, &root.fingerprint))
}

/// The names of a fingerprint in what `keytool -list` prints: for each entry a line that begins with its name, and one that ends in
/// its fingerprint.
fn named(list: &str, fingerprint: &str) -> Vec<String> {
    let mut name = "";
    let mut found = Vec::new();
    for line in list.lines() {
        match line.rsplit_once("(SHA-256): ") {
            Some((_, print)) if print.trim().replace(':', "").eq_ignore_ascii_case(fingerprint) => {
                found.push(name.to_owned());
            }
            Some(_) => {}
            None => name = line.split_once(", ").map_or("", |(name, _)| name),
        }
    }
    found
}

/// A call that only looks, which everybody may.
fn keytool(store: &Store, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    call(store, program("keytool", world), arguments, world)
}

/// A call that changes the store, by whom it belongs to.
fn changing(store: &Store, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    if !store.as_root {
        return keytool(store, arguments, world);
    }
    // One runtime's program can change the store of another.
    let chosen = program("keytool", world).and_then(|path| path.canonicalize().ok()).filter(|path| is_safe(path));
    let program = chosen.or_else(|| world.tools.find_for_root("keytool"));
    Ok(call(store, program, arguments, world)?.by_root(true))
}

fn call(store: &Store, program: Option<PathBuf>, arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    let Some(program) = program else {
        return Err(StoreError::Missing { program: "keytool", how: world.how_to_install(&PACKAGES) });
    };
    let place = store.place.to_string_lossy();
    let fixed = ["-keystore", &place, "-storepass", PASSWORD];
    Ok(Call::new(program, arguments.iter().copied().chain(fixed)))
}

/// Whether nobody but root can put another program at this path, which has no links in it.
fn is_safe(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.ancestors().all(|part| part.metadata().is_ok_and(|found| found.uid() == 0 && found.mode() & 0o022 == 0))
}

/// A program of the runtime that the user has chosen.
pub(crate) fn program(name: &str, world: &World<'_>) -> Option<PathBuf> {
    let chosen = world.user.java.as_ref().map(|home| home.join("bin").join(name)).filter(|path| path.is_file());
    chosen.or_else(|| world.tools.find(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_runs_nobody_else_can_have_put_there() {
        let scratch = tempfile::tempdir().unwrap();
        assert!(is_safe(&Path::new("/usr/bin/env").canonicalize().unwrap()));
        let program = scratch.path().join("keytool");
        std::fs::write(&program, "").unwrap();
        assert!(!is_safe(&program), "its folder is below one in which everybody may write");
        assert!(!is_safe(&scratch.path().join("none")));
    }

    #[test]
    fn names_are_found_by_fingerprint() {
        let list = "Keystore type: JKS\n\nYour keystore contains 2 entries\n\n\
            debian:x.pem, Jun 24, 2025, trustedCertEntry, \n\
            Certificate fingerprint (SHA-256): 01:02\n\
            locald me@here 1, Nov 26, 2026, trustedCertEntry, \n\
            Certificate fingerprint (SHA-256): AB:CD\n";
        assert_eq!(named(list, "abcd"), ["locald me@here 1"]);
        assert!(named(list, "ff").is_empty());
    }
}
