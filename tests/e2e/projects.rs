//! The projects of a home: known by their folders, started with the daemon where somebody wants that, and forgotten on demand.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::home::{TestHome, signal};
use crate::wait;

const WEB_AND_DB: &str = "[services.web]\ncommand = 'exec sleep 1000'\n[services.db]\ncommand = 'exec sleep 1000'\n";

fn projects(home: &TestHome) -> Vec<Value> {
    home.json(&["projects", "--json"]).as_array().cloned().expect("an array")
}

/// Ends everything of locald at once, as when the machine goes down.
fn reboot(home: &TestHome) {
    let (keeper, daemon) = (home.keeper_pid(), home.daemon_pid());
    signal(daemon, Signal::STOP);
    signal(keeper, Signal::KILL);
    signal(daemon, Signal::KILL);
    wait::until("everything is gone", || crate::home::marked_processes(&home.path()).is_empty().then_some(()));
}

/// Starts a daemon by a command that brings nothing up.
fn start_daemon(home: &TestHome) {
    home.write("other/locald.toml", "[services.other]\ncommand = 'exec sleep 1000'\n");
    let said = home.run_in(&home.project().join("other"), &["up"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_pinned_project_starts_with_the_daemon_and_what_was_stopped_stays_stopped() {
    let home = TestHome::new(WEB_AND_DB);
    fs::create_dir(home.project().join("other")).unwrap();
    home.ok(&["up"]);
    home.ok(&["stop", "db"]);
    home.ok(&["projects", "pin"]);
    reboot(&home);
    assert_eq!(projects(&home)[0]["pinned"], true);
    assert_eq!(projects(&home)[0]["up"], false, "to ask starts nothing");
    start_daemon(&home);
    wait::until("the pinned project is up", || (projects(&home)[0]["up"] == true).then_some(()));
    home.wait_for_state("web", "ready");
    assert_eq!(home.service("db")["state"], "stopped");
    // Whoever brings it down wants it down, until somebody brings it up.
    home.ok(&["down"]);
    reboot(&home);
    start_daemon(&home);
    let demo = |home: &TestHome| projects(home).into_iter().find(|it| it["name"] == "demo").expect("it is known");
    assert_eq!((&demo(&home)["up"], &demo(&home)["pinned"]), (&Value::Bool(false), &Value::Bool(true)));
    home.ok(&["up"]);
    home.ok(&["projects", "unpin", "demo"]);
    reboot(&home);
    start_daemon(&home);
    assert_eq!(demo(&home)["up"], false);
}

#[test]
fn what_was_stopped_stays_stopped_when_the_project_is_opened_after_everything_went_down() {
    let home = TestHome::new(WEB_AND_DB);
    home.ok(&["up"]);
    home.ok(&["stop", "db"]);
    reboot(&home);
    let state: Value = serde_json::from_slice(&fs::read(home.state().join("state.json")).unwrap()).unwrap();
    assert_eq!(state["version"], 1);
    assert_eq!(state["projects"][0]["stopped"], serde_json::json!(["db"]));
}

#[test]
fn a_pinned_project_starts_from_a_login_or_from_the_shell_that_is_kept() {
    let config = "[services.web]\ncommand = 'echo given $FROM_SHELL $FROM_LOGIN; exec sleep 1000'\n";
    let mut home = TestHome::new(config);
    fs::create_dir(home.project().join("other")).unwrap();
    let login = home.path().with_file_name("login");
    fs::create_dir(&login).unwrap();
    fs::write(login.join(".profile"), "echo hello\nexport FROM_LOGIN=login\n").unwrap();
    home.set("HOME", login.to_str().unwrap());
    home.set("SHELL", "/bin/sh");
    home.set("FROM_SHELL", "shell");
    home.ok(&["up"]);
    home.ok(&["projects", "pin"]);
    assert!(!home.state().join("environments.json").exists());
    let given = |home: &TestHome, expected: &str| {
        wait::until(&format!("it was given {expected}"), || {
            (home.run(&["logs", "web"]).out.lines().last()?.ends_with(&format!("given {expected}"))).then_some(())
        });
    };
    given(&home, "shell");
    reboot(&home);
    home.set("FROM_SHELL", "another");
    start_daemon(&home);
    given(&home, "login");
    home.write("locald.toml", &format!("[project]\nkeep_env = true\n{config}"));
    home.set("FROM_SHELL", "kept");
    home.ok(&["up"]);
    reboot(&home);
    home.set("FROM_SHELL", "another");
    start_daemon(&home);
    given(&home, "kept");
}

#[test]
fn a_project_whose_folder_is_gone_is_shown_and_forgotten_on_demand() {
    let home = TestHome::new(WEB_AND_DB);
    home.ok(&["up"]);
    home.ok(&["down"]);
    assert!(home.fails(4, &["projects", "forget", "dmeo", "--yes"]).contains("did you mean `demo`?"));
    let logs = || fs::read_dir(home.state().join("logs")).unwrap().count();
    assert_eq!(logs(), 1);
    fs::rename(home.project().join("locald.toml"), home.project().join("aside")).unwrap();
    assert_eq!(projects(&home)[0]["missing"], true);
    assert!(home.ok(&["projects"]).contains("missing"));
    assert!(home.ok(&["projects", "gc", "--dry-run"]).contains("demo in "));
    assert!(home.fails(2, &["projects", "gc"]).contains("--yes"));
    home.ok(&["projects", "gc", "--yes"]);
    assert_eq!((projects(&home).len(), logs()), (0, 0));
    // The same while no daemon runs.
    fs::rename(home.project().join("aside"), home.project().join("locald.toml")).unwrap();
    home.ok(&["up"]);
    assert!(home.fails(2, &["projects", "forget", "demo", "--yes"]).contains("`locald down`"));
    home.ok(&["shutdown"]);
    home.ok(&["projects", "forget", "demo", "--yes"]);
    assert_eq!((projects(&home).len(), logs()), (0, 0));
    assert!(!fs::read_to_string(home.state().join("ports.json")).unwrap().contains("demo"));
}

#[test]
fn a_state_file_that_makes_no_sense_is_set_aside_and_told() {
    let home = TestHome::new(WEB_AND_DB);
    home.ok(&["up"]);
    home.ok(&["shutdown"]);
    let file = home.state().join("state.json");
    fs::write(&file, "{\"version\":1,\"projects\":[{oops").unwrap();
    let up = home.run(&["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    let told = home.run(&["status"]).err;
    assert!(told.contains("state.json could not be read and is now"), "{told}");
    assert_eq!(
        fs::read_to_string(home.state().join("state.json.corrupt")).unwrap(),
        "{\"version\":1,\"projects\":[{oops"
    );
    assert_eq!(projects(&home).len(), 1);
}

fn folder(home: &TestHome, name: &str, config: &str) -> std::path::PathBuf {
    let folder = home.project().with_file_name(name).join("shop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("locald.toml"), config).unwrap();
    folder
}

#[test]
fn two_projects_of_one_name_are_two_and_can_be_told_apart() {
    let home = TestHome::empty();
    let (one, two) = (folder(&home, "one", WEB_AND_DB), folder(&home, "two", WEB_AND_DB));
    assert_eq!(home.run_in(&one, &["up"]).code, 0);
    let second = home.run_in(&two, &["up"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.err.contains("another project is named `shop`"), "{second:?}");
    assert!(second.err.contains("locald projects rename"), "{second:?}");
    let pid = |folder: &Path| {
        let status: Value = serde_json::from_str(&home.run_in(folder, &["status", "--json", "web"]).out).unwrap();
        (status[0]["pid"].as_i64().unwrap(), status[0]["ports"][0].as_i64().unwrap())
    };
    assert!(pid(&one).0 != pid(&two).0 && pid(&one).1 != pid(&two).1);
    let ambiguous = home.run_in(Path::new("/"), &["stop", "shop:web"]);
    assert_eq!(ambiguous.code, 4);
    assert!(ambiguous.err.contains("several projects are named `shop`"), "{ambiguous:?}");
    let renamed = home.run_in(&two, &["projects", "rename", ".", "store"]);
    assert_eq!(renamed.code, 0, "{renamed:?}");
    assert_eq!(fs::read_to_string(two.join("locald.toml")).unwrap(), WEB_AND_DB, "the file of all stays as it is");
    wait::until("it goes on under its new name", || {
        let stopped = home.run_in(Path::new("/"), &["status", "--json", "store:web"]);
        stopped.out.contains("\"ready\"").then_some(())
    });
    assert_eq!(home.run_in(Path::new("/"), &["stop", "shop:web"]).code, 0);
}

#[expect(clippy::disallowed_methods, reason = "the test works in a repository")]
fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn working_trees_of_one_repository_run_beside_each_other_without_an_edit() {
    let home = TestHome::empty();
    let config = format!("[project]\nname = 'shop'\n{WEB_AND_DB}");
    let own = folder(&home, "own", &config);
    git(&own, &["init", "-q"]);
    git(&own, &["add", "."]);
    git(&own, &["commit", "-q", "-m", "begin"]);
    let other = home.project().with_file_name("fix-login");
    git(&own, &["worktree", "add", "-q", "-b", "fix", other.to_str().unwrap()]);
    for folder in [&own, &other] {
        let said = home.run_in(folder, &["up"]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!said.err.contains("another project"), "{said:?}");
    }
    let status = |folder: &Path| -> Value {
        let status: Value = serde_json::from_str(&home.run_in(folder, &["status", "--json", "web"]).out).unwrap();
        status[0].clone()
    };
    let (one, two) = (status(&own), status(&other));
    assert_eq!((&one["project"], &two["project"]), (&"shop".into(), &"shop".into()));
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["ports"], two["ports"]);
    assert_ne!(one["pid"], two["pid"]);
    assert_eq!(fs::read_dir(home.state().join("logs")).unwrap().count(), 2, "their logs are apart");
    git(&other, &["checkout", "-q", "-b", "another"]);
    assert_eq!(home.run_in(&other, &["restart", "web"]).code, 0);
    assert_eq!(status(&other)["id"], two["id"], "whatever is checked out");
}
