//! Frameworks whose development servers refuse some host names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// The last release of Next.js that takes no name of more than one label below `localhost`.
const LAST_NARROW: (u32, u32) = (16, 2);
/// The most of a `package.json` that is read, in octets.
const MAX: u64 = 256 << 10;

/// Whether what runs in `folder` answers to one label below `localhost` and no more: the page of any other name loads, and never comes to
/// life.
pub(super) fn wants_one_label(folder: &Path) -> bool {
    // A workspace of packages has its modules in a folder above.
    let mut installed = folder.ancestors().filter_map(|folder| version(&folder.join("node_modules/next/package.json")));
    installed.next().is_some_and(|version| version <= LAST_NARROW)
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
        assert!(!wants_one_label(&folder));
        let package = scratch.path().join("node_modules/next");
        fs::create_dir_all(&package).unwrap();
        for (version, is_narrow) in
            [("15.1.0", true), ("16.2.6", true), ("16.2.0-canary.4", true), ("16.3.0", false), ("17.0.0", false)]
        {
            fs::write(package.join("package.json"), format!("{{\"name\":\"next\",\"version\":\"{version}\"}}"))
                .unwrap();
            assert_eq!(wants_one_label(&folder), is_narrow, "{version}");
        }
        fs::write(package.join("package.json"), "{\"version\":").unwrap();
        assert!(!wants_one_label(&folder));
    }
}
