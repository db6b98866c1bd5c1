//! Control groups: where they can be had each run is in one, and where not it is said why.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::home::{TestHome, signal};
use crate::wait;

/// The folder of the home's control groups; `None`, and a word about it, where there are none.
pub(crate) fn groups(home: &TestHome) -> Option<PathBuf> {
    let status = home.json(&["daemon", "status", "--json"]);
    let containment = &status["containment"];
    let group = containment["control_group"].as_str().map(PathBuf::from);
    if group.is_none() {
        let missing = containment["missing"].as_str().unwrap_or_else(|| panic!("no reason is given: {status}"));
        eprintln!("SKIPPED: control groups: {missing}");
    }
    group
}

fn runs(group: &Path) -> Vec<String> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.starts_with("run-")).collect()
}

#[test]
fn each_run_has_a_control_group_for_as_long_as_it_lasts_and_explain_says_which() {
    let home = TestHome::new(
        "[services.web]\ncommand = \"setsid sleep 1000 & exec sleep 1000\"\n[services.db]\ncommand = \"exec sleep 1000\"\n",
    );
    home.ok(&["up"]);
    let said = home.ok(&["daemon", "status"]);
    let Some(group) = groups(&home) else {
        assert!(said.contains("ends by   reapers; "), "{said}");
        return;
    };
    assert!(said.contains(&format!("reapers, and control groups in {}", group.display())), "{said}");
    assert_eq!(runs(&group).len(), 2);
    let explained = home.json(&["explain", "web", "--json"]);
    let own = explained[0]["control_group"].as_str().expect("a group").to_owned();
    assert!(home.ok(&["explain", "web"]).contains(&own));
    let run = group.join(own.rsplit('/').next().expect("a name"));
    let inside = || fs::read_to_string(run.join("cgroup.procs")).unwrap_or_default().lines().count();
    wait::until("both processes are in it", || (inside() == 2).then_some(()));
    let said = home.run(&["stop", "web"]);
    assert!(said.err.contains("killed what outlived it: sleep"), "{said:?}");
    wait::until("the group is gone", || (!run.exists()).then_some(()));
    assert_eq!(runs(&group).len(), 1);
    home.ok(&["shutdown"]);
    wait::until("the home's group is gone", || (!group.exists()).then_some(()));
}

#[test]
fn a_service_that_forks_on_and_on_is_ended_with_all_of_it() {
    // Each of them starts the next and ends; all ignore to be asked.
    let home = TestHome::new(
        "[services.hare]\ncommand = \"sh run.sh; sh run.sh; sh run.sh; exec sleep 1000\"\nstop_timeout = \"200ms\"\n",
    );
    home.write("run.sh", "trap '' TERM HUP\nsleep 0.01\nsh run.sh &\n");
    home.ok(&["up"]);
    let Some(group) = groups(&home) else { return };
    let run = group.join(runs(&group).pop().expect("a run"));
    let said = home.run(&["stop", "hare"]);
    assert_eq!(said.code, 0, "{said:?}");
    wait::until("nothing is left of it", || (!run.exists()).then_some(()));
}

#[test]
fn a_daemon_that_is_killed_keeps_the_means_of_its_keeper() {
    let home = TestHome::new("[services.web]\ncommand = \"exec sleep 1000\"\n");
    home.ok(&["up"]);
    let before = groups(&home);
    signal(home.daemon_pid(), Signal::KILL);
    assert_eq!(groups(&home), before);
}
