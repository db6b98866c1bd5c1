//! Frameworks whose development servers refuse some host names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// The last release of Next.js that takes no name of more than one label below `localhost`.
const LAST_NARROW: (u32, u32) = (16, 2);
/// The most of a `package.json` that is read, in octets.
const MAX: u64 = 256 << 10;

/// What runs in `folder`, such as `Next.js 15.1`, if it answers to one label below `localhost` and no more: the page of any other name
/// loads, and never comes to life.
pub(super) fn that_wants_one_label(folder: &Path) -> Option<String> {
    // A workspace of packages has its modules in a folder above.
    let mut installed = folder.ancestors().filter_map(|folder| version(&folder.join("node_modules/next/package.json")));
    let (major, minor) = installed.next().filter(|version| *version <= LAST_NARROW)?;
    Some(format!("Next.js {major}.{minor}"))
}

fn version(file: &Path) -> Option<(u32, u32)> {
    #[derive(Deserialize)]
    struct Package {
        version: String,
    }
    let mut text = String::new();
    File::open(file).ok()?.take(MAX).read_to_string(&mut text).ok()?;
    let version = serde_json::from_str::<Package>(&text).ok()?.version;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn next_is_known_by_what_is_installed_and_told_apart_by_its_release() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("apps/web");
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(that_wants_one_label(&folder), None);
        let package = scratch.path().join("node_modules/next");
        fs::create_dir_all(&package).unwrap();
        for (version, narrow) in [
            ("15.1.0", Some("Next.js 15.1")),
            ("16.2.6", Some("Next.js 16.2")),
            ("16.2.0-canary.4", Some("Next.js 16.2")),
            ("16.3.0", None),
            ("17.0.0", None),
        ] {
            fs::write(package.join("package.json"), format!("{{\"name\":\"next\",\"version\":\"{version}\"}}"))
                .unwrap();
            assert_eq!(that_wants_one_label(&folder).as_deref(), narrow, "{version}");
        }
        fs::write(package.join("package.json"), "{\"version\":").unwrap();
        assert_eq!(that_wants_one_label(&folder), None);
    }
}
