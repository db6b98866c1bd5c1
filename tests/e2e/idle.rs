//! What costs nothing: an idle workspace, and a service that closes its terminal.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::home::TestHome;
use crate::wait;

/// How long nothing may wake up.
const QUIET: Duration = Duration::from_secs(20);
/// The most that one reaper may cost, in kibibytes that it shares with nobody.
const REAPER_KIB: u64 = 512;

/// How often each thread of these processes has been woken.
fn wakeups(pids: &[i32]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for pid in pids {
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
            let count = switches.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum();
            counts.insert(format!("{pid}/{}", task.file_name().to_string_lossy()), count);
        }
    }
    counts
}

/// The processes whose parent this is.
fn children(parent: i32) -> Vec<i32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        after_name.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}

fn private_kib(pid: i32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("memory of a process of ours");
    let private = rollup.lines().filter(|line| line.starts_with("Private_"));
    private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

#[test]
fn fifty_idle_services_wake_nothing_up_and_their_reapers_cost_half_a_megabyte_at_most() {
    let services = (0..50).fold(String::new(), |text, n| {
        text + &format!("[services.s{n}]\ncommand = \"seq 1 100; exec sleep 100000\"\n")
    });
    let home = TestHome::new(&services);
    home.ok(&["up"]);
    let keeper = home.keeper_pid();
    let held = children(keeper);
    assert_eq!(held.len(), 51, "fifty reapers and the daemon");
    let ours: Vec<i32> = held.iter().copied().chain([keeper]).collect();
    // Threads that only wait to be needed again go after ten seconds; that is the last thing that happens.
    wait::until_within(QUIET * 4, "nothing of ours wakes up for 20 s", || {
        let before = wakeups(&ours);
        std::thread::sleep(QUIET);
        (wakeups(&ours) == before).then_some(())
    });
    let daemon = home.daemon_pid();
    for reaper in held.into_iter().filter(|&pid| pid != daemon) {
        let cost = private_kib(reaper);
        assert!(cost <= REAPER_KIB, "reaper {reaper} costs {cost} KiB");
    }
}

#[test]
fn a_service_that_closes_its_terminal_costs_nothing_and_is_heard_when_it_opens_it_again() {
    let home = TestHome::new(
        r#"
        [services.shy]
        command = "echo before; exec 0<&- 1>&- 2>&-; while [ ! -f open ]; do sleep 0.1; done; exec >/dev/tty; echo after; exec sleep 1000"
        "#,
    );
    home.ok(&["up"]);
    wait::until("the first line is logged", || home.log_lines("shy").contains(&"before".to_owned()).then_some(()));
    let keeper = [home.keeper_pid()];
    let before: u64 = wakeups(&keeper).values().sum();
    std::thread::sleep(Duration::from_secs(2));
    let woken = wakeups(&keeper).values().sum::<u64>() - before;
    assert!(woken < 10, "the keeper was woken {woken} times by a closed terminal");
    home.write("open", "");
    wait::until("the second line is logged", || home.log_lines("shy").contains(&"after".to_owned()).then_some(()));
}

#[test]
fn a_service_that_reads_its_projects_files_all_day_wakes_nobody() {
    let home = TestHome::new("[services.web]\ncommand = 'while :; do read line < locald.toml; sleep 0.05; done'\n");
    home.ok(&["up"]);
    let daemon = [home.daemon_pid()];
    wait::until_within(QUIET * 4, "the daemon does not wake up for 3 s", || {
        let before = wakeups(&daemon);
        std::thread::sleep(Duration::from_secs(3));
        (wakeups(&daemon) == before).then_some(())
    });
}
