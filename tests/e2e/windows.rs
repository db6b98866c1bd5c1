//! Awkward moments: what is promised even if a process dies between two steps, or a program or a caller behaves badly.

use std::fs;
use std::os::fd::AsRawFd;
use std::process::Stdio;

use locald_api::{Client, ClientMessage, Hello, Input, Request, Response, ServiceId};
use rustix::process::Signal;

use crate::home::{TestHome, is_alive, signal};
use crate::wait;

const SLEEPER: &str = "[services.it]\ncommand = \"exec sleep 1000\"\n";
/// Hears that it is asked and goes on, so that stopping it takes its whole grace period.
const STUBBORN: &str = "[services.it]\ncommand = \"trap : TERM; while :; do sleep 0.1; done\"\nstop_timeout = \"2s\"\n";

#[test]
fn after_its_keeper_was_killed_a_project_comes_up_again_and_its_log_says_that_the_end_was_not_seen() {
    let home = TestHome::new(SLEEPER);
    home.ok(&["up"]);
    let old = home.pid("it");
    signal(home.keeper_pid(), Signal::KILL);
    wait::until("the service ended with its keeper", || (!is_alive(old)).then_some(()));
    home.ok(&["up"]);
    let new = home.pid("it");
    assert_ne!(new, old);
    home.ok(&["stop"]);
    assert!(!is_alive(new));
    let ends = home.ok(&["logs", "it"]).lines().filter(|line| line.contains("ended unseen")).count();
    assert_eq!(ends, 1);
}

#[test]
fn an_environment_larger_than_a_sockets_buffer_reaches_the_service() {
    let mut home = TestHome::new("[services.it]\ncommand = \"echo ${#BIG0} ${#BIG9}; exec sleep 1000\"\n");
    for n in 0..10 {
        home.set(&format!("BIG{n}"), &"x".repeat(100_000));
    }
    home.ok(&["up"]);
    wait::until("the service has told", || home.log_lines("it").contains(&"100000 100000".to_owned()).then_some(()));
}

#[test]
fn what_the_caller_has_open_is_not_held_by_the_keeper() {
    let home = TestHome::new(SLEEPER);
    let lock = fs::File::create(home.project().join("lock")).unwrap();
    // Inherited by the command, as a shell's `exec 7>lock` would be.
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty()).unwrap();
    assert!(lock.as_raw_fd() > 2);
    home.ok(&["up"]);
    drop(lock);
    for pid in [home.keeper_pid(), home.daemon_pid(), home.pid("it")] {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        let links: Vec<_> = open.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
        assert!(links.iter().all(|link| !link.ends_with("lock") || link.ends_with("keeper.lock")), "{links:?}");
    }
}

#[test]
fn a_service_that_was_taken_out_of_the_configuration_ends_even_if_the_daemon_dies_meanwhile() {
    let home = TestHome::new(&format!("{STUBBORN}[services.other]\ncommand = \"exec sleep 1000\"\n"));
    home.ok(&["up"]);
    let (gone, daemon) = (home.pid("it"), home.daemon_pid());
    home.write("locald.toml", "[services.other]\ncommand = \"exec sleep 1000\"\n");
    let mut up = home.command(&["up"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait::until("the daemon has taken the new configuration", || {
        let listed = home.ok(&["status", "--json"]);
        (!listed.contains("\"it\"")).then_some(())
    });
    signal(daemon, Signal::KILL);
    let _ = up.wait();
    wait::until("the service is gone", || (!is_alive(gone)).then_some(()));
    assert!(is_alive(home.pid("other")));
}

#[test]
fn a_shutdown_whose_client_goes_away_is_carried_through() {
    let home = TestHome::new(STUBBORN);
    home.ok(&["up"]);
    let (keeper, daemon) = (home.keeper_pid(), home.daemon_pid());
    let mut client = home.command(&["shutdown"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait::until("the service is stopping", || {
        let status = home.run(&["status", "--json"]).out;
        status.contains("stopping").then_some(())
    });
    client.kill().unwrap();
    client.wait().unwrap();
    wait::until("daemon and keeper are gone", || (!is_alive(daemon) && !is_alive(keeper)).then_some(()));
}

#[test]
fn a_stop_that_the_daemon_did_not_live_to_see_is_finished_by_the_next() {
    let home = TestHome::new(STUBBORN);
    home.ok(&["up"]);
    let (pid, daemon) = (home.pid("it"), home.daemon_pid());
    let mut stop = home.command(&["stop", "it"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    home.wait_for_state("it", "stopping");
    signal(daemon, Signal::KILL);
    let _ = stop.wait();
    home.wait_for_state("it", "stopped");
    assert!(!is_alive(pid));
}

#[test]
fn typing_at_a_program_that_does_not_read_holds_up_nothing_else_of_that_client() {
    let home = TestHome::new("[services.deaf]\ncommand = \"stty raw -echo; exec sleep 1000\"\n");
    home.ok(&["up"]);
    let id = home.service("deaf")["id"].as_str().unwrap().to_owned();
    let (project, service) = id.split_once(':').unwrap();
    let service = ServiceId { project: locald_api::ProjectId(project.to_owned()), service: service.to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, _events) = Client::connect(&home.socket(), Hello::new("test")).await.unwrap();
        for _ in 0..100 {
            let input = Input::Text("x".repeat(100_000));
            client.send(ClientMessage::Input { service: service.clone(), input }).await.unwrap();
        }
        let answer = tokio::time::timeout(wait::PATIENCE, client.call(Request::DaemonStatus)).await;
        assert!(matches!(answer, Ok(Ok(Response::Daemon(_)))), "{answer:?}");
    });
    home.ok(&["stop", "deaf"]);
}

#[test]
fn a_daemon_that_dies_after_much_output_leaves_the_terminal_at_its_size() {
    let home = TestHome::new("[services.it]\ncommand = \"seq 1 200000; exec sleep 1000\"\nsize = \"97x31\"\n");
    home.ok(&["up"]);
    wait::until("all is printed", || home.ok(&["capture", "it"]).contains("200000").then_some(()));
    wait::until("all is logged", || home.ok(&["logs", "it", "--tail", "1"]).contains("200000").then_some(()));
    // Its size was noted long before the part of the log that is shown again.
    home.write("locald.toml", "[services.it]\ncommand = \"seq 1 200000; exec sleep 1000\"\n");
    signal(home.daemon_pid(), Signal::KILL);
    let seen = home.json(&["capture", "it", "--json"]);
    assert_eq!((&seen["columns"], &seen["rows"]), (&97.into(), &31.into()), "{seen}");
}

#[test]
fn a_dotenv_that_became_a_pipe_is_refused_and_holds_nothing_up() {
    let home = TestHome::new(SLEEPER);
    home.ok(&["up"]);
    let path = home.project().join(".env");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    for _ in 0..3 {
        let said = home.run(&["restart", "it"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains("not a regular file"), "{said:?}");
    }
    assert_eq!(home.service("it")["state"], "ready");
}
