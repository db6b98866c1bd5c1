//! Groups of the machine's own, where they can be made, and folders that are none.

use std::process::{Command, Stdio};

use super::*;

/// The home group of a test, unless this machine has none; then it says so.
fn home_group(token: &str) -> Option<HomeGroup> {
    match HomeGroup::create(token) {
        Ok(group) => Some(group),
        Err(missing) => {
            eprintln!("SKIPPED: control groups: {missing}");
            None
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "somebody has to be in the group")]
fn sleeper(group: &Path) -> std::process::Child {
    let line = format!("echo $$ > {}/{PROCESSES}; exec sleep 1000", group.display());
    Command::new("/bin/sh").args(["-c", &line]).stdin(Stdio::null()).spawn().unwrap()
}

fn wait_until_inside(group: &Path) {
    while members(group).is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_is_left_in_the_groups_of_a_home_is_ended_but_for_what_may_outlive_its_run() {
    let Some(home) = home_group("test-leftovers") else { return };
    let (ends, stays) = (home.of_run(1, Escape::Kill).unwrap(), home.of_run(2, Escape::Leave).unwrap());
    let (mut ended, mut stayed) = (sleeper(ends.path()), sleeper(stays.path()));
    wait_until_inside(ends.path());
    wait_until_inside(stays.path());
    assert_eq!(end_leftovers(home.path(), "another-home"), 0);
    // Waiting for it is what its parent does; until then the group is empty all the same.
    assert_eq!(end_leftovers(home.path(), "test-leftovers"), 1);
    assert!(!ended.wait().unwrap().success() && !ends.path().exists());
    assert!(stayed.try_wait().unwrap().is_none() && stays.path().exists());
    kill(stays.path()).unwrap();
    stayed.wait().unwrap();
    drop(stays);
    home.remove();
    assert!(!home.path().exists());
}

#[test]
fn a_group_goes_with_its_run_once_it_is_empty() {
    let Some(home) = home_group("test-empty") else { return };
    let run = home.of_run(7, Escape::Kill).unwrap();
    let path = run.path().to_owned();
    fs::create_dir(path.join("made-by-the-service")).unwrap();
    assert!(path.exists() && entrance(&path).is_ok());
    drop(run);
    home.remove();
    assert!(!path.exists() && !home.path().exists());
}

#[test]
fn a_folder_that_is_no_group_is_refused_and_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    assert!(matches!(HomeGroup::create_in(scratch.path(), "x"), Err(NoGroups::NotOurs { .. })));
    assert!(!scratch.path().join("locald.x").exists());
    let path = scratch.path().join("locald.x/run-1");
    fs::create_dir_all(&path).unwrap();
    assert_eq!(end_leftovers(&scratch.path().join("locald.x"), "x"), 0);
    assert!(path.exists());
    assert!(matches!(HomeGroup::create_in(Path::new("/no/such/folder"), "x"), Err(NoGroups::NotOurs { .. })));
}
