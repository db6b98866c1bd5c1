//! The program `fake-service`, which a `cargo test` of the whole workspace builds and one of this package alone does not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::home::TestHome;

/// Where it is. It stands beside the `locald` under test, and is built if it is not there or older than its source.
pub(crate) fn service() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = TestHome::executable().with_file_name("fake-service");
        build(&path);
        path.to_str().expect("a path of text").to_owned()
    })
}

#[expect(clippy::disallowed_methods, reason = "tests start the real program")]
fn build(path: &Path) {
    // Under another runner than cargo, whoever built the tests has built everything.
    let Some(cargo) = std::env::var_os("CARGO") else {
        return assert!(path.exists(), "build the package fake-service");
    };
    let folder = path.parent().expect("a folder of programs");
    let target = folder.parent().map(PathBuf::from).expect("a target folder");
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--offline", "--package", "fake-service", "--target-dir"]).arg(target);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let built = command.current_dir(env!("CARGO_MANIFEST_DIR")).status().is_ok_and(|status| status.success());
    assert!(built && path.exists(), "the package fake-service cannot be built");
}
