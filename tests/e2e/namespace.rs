//! A machine for one test: with its own mounts and its own network, so that what needs root there touches nothing here.

use std::path::Path;
use std::process::Command;

/// Says that this process is in a namespace already.
const MARK: &str = "LOCALD_TEST_IN_NAMESPACE";

/// What a test gets for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// Mounts; root does without.
    Mounts,
    /// Mounts and the network, for root as well.
    Machine,
}

/// Where a test is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Here.
    Here,
    /// Nowhere: it has run elsewhere, or cannot, and has said so.
    Elsewhere,
}

/// Runs a test again, by its whole name, where it has what it needs, if that is not here.
#[expect(clippy::disallowed_methods, reason = "the test itself is the program")]
pub(crate) fn enter(test: &str, own: Own) -> Place {
    let is_root = rustix::process::geteuid().is_root();
    if std::env::var_os(MARK).is_some() || (is_root && own == Own::Mounts) {
        return Place::Here;
    }
    let mut command = Command::new("unshare");
    if !is_root {
        command.arg("--map-root-user");
    }
    command.arg("--mount");
    if own == Own::Machine {
        command.arg("--net");
    }
    command.arg("--").arg(std::env::current_exe().expect("this test")).args([test, "--exact", "--nocapture"]);
    let said = command.env(MARK, "1").output();
    let output = said.as_ref().map_or_else(ToString::to_string, |said| {
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr)
    });
    // Where namespaces are forbidden, `unshare` ends before the test begins.
    let has_begun = output.contains("running 1 test");
    assert!(!has_begun || said.is_ok_and(|said| said.status.success()), "{output}");
    println!("{output}");
    match (has_begun, own) {
        // Without a namespace it may still go well, or find out what it cannot have.
        (false, Own::Mounts) => Place::Here,
        (false, Own::Machine) => {
            println!("skipped: this machine lends nobody mounts and a network of their own");
            Place::Elsewhere
        }
        (true, _) => Place::Elsewhere,
    }
}

/// Runs one of the machine's own programs; says whether it did its work.
#[expect(clippy::disallowed_methods, reason = "tests prepare the machine with its own programs")]
pub(crate) fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|said| said.status.success())
}

/// Puts an empty folder in the place of one.
pub(crate) fn empty(folder: &str) {
    assert!(run("mount", &["-t", "tmpfs", "-o", "mode=755", "tmpfs", folder]), "an empty folder at {folder}");
}

/// Keeps folders as they are, whatever is written into them from here on; says whether that can be had.
pub(crate) fn keep_as_they_are(folders: &[&str]) -> bool {
    // Every machine has this folder, and nobody looks into it here.
    const CHANGES: &str = "/mnt";
    empty(CHANGES);
    folders.iter().enumerate().all(|(number, folder)| {
        let (changes, work) = (format!("{CHANGES}/changes-{number}"), format!("{CHANGES}/work-{number}"));
        let options = format!("lowerdir={folder},upperdir={changes},workdir={work}");
        run("mkdir", &[&changes, &work]) && run("mount", &["-t", "overlay", "overlay", "-o", &options, folder])
    })
}

/// Shows a file or folder at another place.
pub(crate) fn show(what: &Path, at: &Path) {
    let path = |path: &Path| path.to_str().expect("a path of text").to_owned();
    assert!(run("mount", &["--bind", &path(what), &path(at)]), "{} at {}", what.display(), at.display());
}

/// Lets the network of this namespace reach itself.
pub(crate) fn raise_loopback() {
    assert!(run("ip", &["link", "set", "lo", "up"]), "loopback");
}
