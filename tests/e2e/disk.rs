//! What a disk that is full, or a log that somebody deleted, may cost: lines of the log, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::fake;
use crate::home::TestHome;
use crate::namespace::{Own, Place, enter};
use crate::wait;

/// A small file system in memory, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts 1 MiB at `folder`; `None` where that is not allowed.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder to mount at");
        let options = ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"];
        run("mount", &options, folder).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever has a log open there goes on with it until they end.
        run("umount", &["-l"], &self.0);
    }
}

#[expect(clippy::disallowed_methods, reason = "tests prepare the machine with its own programs")]
fn run(program: &str, arguments: &[&str], folder: &Path) -> bool {
    Command::new(program).args(arguments).arg(folder).output().is_ok_and(|said| said.status.success())
}

const NAME: &str = "disk::a_full_disk_costs_lines_of_the_log_and_nothing_else_and_the_gap_is_named_once";

#[test]
fn a_full_disk_costs_lines_of_the_log_and_nothing_else_and_the_gap_is_named_once() {
    if enter(NAME, Own::Mounts) == Place::Elsewhere {
        return;
    }
    let fake = fake::service();
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = [\"{fake}\", \"lines\", \"web\", \"500\", \"100\"]\n[services.quiet]\ncommand = [\"/bin/sh\"]\n"
    ));
    // Two levels below the state folder, because its own logs are another matter.
    let Some(_disk) = SmallDisk::mount(&home.state().join("logs")) else {
        return println!("skipped: a small disk cannot be mounted here");
    };
    fs::set_permissions(home.path(), private()).expect("the home's folder");
    fs::set_permissions(home.state(), private()).expect("the state folder");
    let ballast = home.state().join("logs/ballast");
    fs::write(&ballast, vec![0; 700 << 10]).expect("there is room for this");
    home.ok(&["up"]);
    let (pid, daemon) = (home.pid("web"), home.daemon_pid());

    let fault =
        wait::until("status says what is wrong", || home.service("web")["log_fault"].as_str().map(str::to_owned));
    assert_eq!(fault, "no space left for the log");
    assert!(home.run(&["status"]).err.contains("no space left for the log"), "{:?}", home.run(&["status"]));
    let seen = latest(&home);
    wait::until("the pane of a service whose log is full goes on", || (latest(&home) > seen + 1000).then_some(()));
    home.ok(&["send-keys", "quiet", "echo $((6 * 7))", "Enter"]);
    wait::until("another pane is live too", || home.ok(&["capture", "quiet"]).contains("\n42").then_some(()));
    assert_eq!((home.pid("web"), home.daemon_pid()), (pid, daemon));

    fs::remove_file(&ballast).expect("the ballast");
    wait::until("status is whole again", || home.service("web")["log_fault"].is_null().then_some(()));
    let seen = latest(&home);
    wait::until("more is printed", || (latest(&home) > seen + 100).then_some(()));
    home.ok(&["stop", "web"]);
    let events = events(&home);
    let gaps: Vec<usize> = (0..events.len()).filter(|&at| events[at]["event"] == "gap").collect();
    assert_eq!(gaps.len(), 1, "the gap is named once");
    let gap = &events[gaps[0]];
    assert_eq!(gap["reason"], "no space left for the log");
    let (before, after) = (numbers(&events[..gaps[0]]), numbers(&events[gaps[0]..]));
    assert!(
        before.is_sorted() && after.is_sorted() && after.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{after:?}"
    );
    let lost = after[0] - before[before.len() - 1] - 1;
    let bytes = gap["bytes"].as_u64().expect("a length");
    // 101 bytes a line on a terminal, and a header here and there; a line torn by either edge counts for none.
    assert!(bytes >= lost.saturating_sub(2) * 101 && bytes <= (lost + 2) * 101 * 2, "{lost} lines, but {bytes} bytes");
}

fn private() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o700)
}

/// The largest number that is on the service's screen.
fn latest(home: &TestHome) -> u64 {
    let text = home.ok(&["capture", "web"]);
    let numbers = text.split("web ").filter_map(|piece| piece.get(..10)?.parse().ok());
    numbers.max().unwrap_or(0)
}

fn events(home: &TestHome) -> Vec<Value> {
    let text = home.ok(&["logs", "web", "--json"]);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
}

/// The numbers of whole lines among these events.
fn numbers(events: &[Value]) -> Vec<u64> {
    let number = |event: &Value| {
        let text = event["text"].as_str()?;
        (text.len() == 99).then(|| text.strip_prefix("web ")?.get(..10)?.parse().ok())?
    };
    events.iter().filter_map(number).collect()
}

#[test]
fn a_log_that_is_deleted_while_its_service_runs_goes_on_in_a_new_file() {
    let fake = fake::service();
    let home =
        TestHome::new(&format!("[services.web]\ncommand = [\"{fake}\", \"lines\", \"web\", \"500\", \"100\"]\n"));
    home.ok(&["up"]);
    wait::until("something is logged", || (home.log_lines("web").len() > 100).then_some(()));
    let (pid, daemon) = (home.pid("web"), home.daemon_pid());
    let seen = latest(&home);
    fs::remove_dir_all(home.state().join("logs")).expect("the logs");
    wait::until("lines are logged again", || {
        let numbers = numbers(&events(&home));
        numbers.last().is_some_and(|&last| last > seen + 500).then_some(())
    });
    assert_eq!((home.pid("web"), home.daemon_pid()), (pid, daemon));
    assert!(home.service("web")["log_fault"].is_null());
    // A daemon that begins now finds its way too.
    home.ok(&["daemon", "restart"]);
    assert_eq!(home.pid("web"), pid);
    home.ok(&["stop"]);
    let events = events(&home);
    let kept = numbers(&events);
    assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1), "only what stood in the deleted files is missing");
    assert!(events.iter().filter_map(|event| event["text"].as_str()).any(|text| text.starts_with("web end ")));
}
