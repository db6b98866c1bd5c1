//! Where databases of NSS are: those of browsers, however they were installed, and those of Firefox's profiles, wherever they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::nss::is_there;
use crate::world::{System, World};

/// The most folders that are looked at in one place. Somebody with more profiles than that has other plans.
const MAX: usize = 256;
/// The largest `profiles.ini` that is read, in octets.
const MAX_INI: u64 = 1 << 20;

/// Browsers that take the database of the user, by their programs' names.
const CHROMIUM: [&str; 10] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "google-chrome-beta",
    "microsoft-edge",
    "microsoft-edge-stable",
    "brave-browser",
    "vivaldi",
    "opera",
];

/// The folders of all databases that are there, each once, in order.
pub(super) fn databases(world: &World<'_>) -> Vec<PathBuf> {
    let user = &world.user;
    let mut found: Vec<PathBuf> = vec![legacy(world), user.data.join("pki/nssdb"), world.at("/etc/pki/nssdb")];
    for revision in folders(&user.home.join("snap/chromium")) {
        found.push(revision.join(".pki/nssdb"));
        found.push(revision.join(".local/share/pki/nssdb"));
    }
    for app in folders(&user.home.join(".var/app")) {
        found.extend([app.join(".pki/nssdb"), app.join("data/pki/nssdb"), app.join(".local/share/pki/nssdb")]);
    }
    for folder in firefoxes(world) {
        found.extend(profiles(&folder));
    }
    let mut seen = BTreeSet::new();
    // One that is found by two names is one.
    found.retain(|folder| is_there(folder) && seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())));
    found
}

/// The database that Chromium takes where it is there, in every release.
pub(super) fn legacy(world: &World<'_>) -> PathBuf {
    world.user.home.join(".pki/nssdb")
}

/// Whether a browser is installed that would take it.
pub(super) fn has_chromium(world: &World<'_>) -> bool {
    CHROMIUM.iter().any(|program| world.has(program))
}

/// The folders in which Firefox and its kin keep their profiles.
fn firefoxes(world: &World<'_>) -> Vec<PathBuf> {
    let user = &world.user;
    let mut found = vec![
        user.home.join(".mozilla/firefox"),
        user.config.join("mozilla/firefox"),
        user.home.join(".librewolf"),
        user.home.join("snap/firefox/common/.mozilla/firefox"),
        user.home.join("snap/firefox/common/.config/mozilla/firefox"),
    ];
    if world.system == System::MacOs {
        found.push(user.home.join("Library/Application Support/Firefox"));
        found.push(user.home.join("Library/Application Support/Firefox/Profiles"));
    }
    for app in folders(&user.home.join(".var/app")) {
        found.extend([
            app.join(".mozilla/firefox"),
            app.join("config/mozilla/firefox"),
            app.join(".config/mozilla/firefox"),
            app.join(".librewolf"),
        ]);
    }
    found
}

/// The profiles of a Firefox: every folder in its own, and those that its files name, which may be anywhere.
fn profiles(firefox: &Path) -> Vec<PathBuf> {
    let mut found = folders(firefox);
    for file in ["profiles.ini", "installs.ini"] {
        let file = firefox.join(file);
        if fs::metadata(&file).is_ok_and(|found| found.len() <= MAX_INI) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            // What is absolute takes the place of the folder.
            found.extend(named(&text).take(MAX).map(|path| firefox.join(path)));
        }
    }
    found
}

/// The paths of profiles in a `profiles.ini` (`Path=`, and `Default=` of an installation, which is a flag elsewhere).
fn named(ini: &str) -> impl Iterator<Item = &str> {
    let value = |line: &'_ str| -> Option<(usize, usize)> {
        let (key, value) = line.split_once('=')?;
        let is_path = matches!(key.trim(), "Path" | "Default");
        (is_path && !matches!(value.trim(), "" | "0" | "1")).then(|| (key.len() + 1, line.len()))
    };
    ini.lines().filter_map(move |line| value(line).map(|(from, to)| line[from..to].trim()))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).take(MAX).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_from_what_firefox_writes() {
        let ini = "[Install4F96D1932A9F858E]\nDefault=Profiles/a.default\nLocked=1\n\n[Profile1]\nName=x\nIsRelative=0\n\
            Path=/srv/x y\nDefault=1\r\n\n[Profile0]\nIsRelative=1\nPath=b.default\r\n";
        assert_eq!(named(ini).collect::<Vec<_>>(), ["Profiles/a.default", "/srv/x y", "b.default"]);
    }
}
