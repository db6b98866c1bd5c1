//! Every example loads without faults, comes up through the real program, does what its page says, and goes down whole.

#[path = "e2e/home.rs"]
#[expect(dead_code, reason = "shared with the end-to-end tests, which use all of it")]
mod home;
#[path = "e2e/wait.rs"]
mod wait;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use home::{TestHome, is_alive};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The examples' names, in order.
fn names() -> Vec<String> {
    let entries = fs::read_dir(examples()).expect("the folder of examples");
    let folders = entries.map(|entry| entry.expect("an example")).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

/// A home whose project is a copy of the example, so that tests leave nothing in the repository.
fn home_of(example: &str) -> TestHome {
    let home = TestHome::empty();
    copy(&examples().join(example), &home.project());
    home
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("an example") {
        let (from, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).expect("a file");
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

fn has_python() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("python3").is_file())
}

#[test]
fn every_example_loads_without_faults() {
    for name in names() {
        if let Err(fault) = locald_config::load(&examples().join(&name), None) {
            panic!("examples/{name}: {fault}");
        }
    }
}

#[test]
fn every_example_is_in_the_table_of_examples() {
    let page = fs::read_to_string(examples().join("README.md")).expect("the table");
    for name in names() {
        assert!(page.contains(&format!("| [{name}]({name}) |")), "examples/README.md does not list {name}");
    }
}

#[test]
fn every_example_comes_up_and_goes_down_whole() {
    for name in names() {
        if ["slow", "web"].contains(&name.as_str()) && !has_python() {
            eprintln!("SKIPPED: the example `{name}` needs python3");
            continue;
        }
        let home = home_of(&name);
        home.ok(&["up"]);
        let status = home.json(&["status", "--json"]);
        let services = status.as_array().expect("a list of services");
        assert!(!services.is_empty(), "{name}");
        let pids: Vec<i32> =
            services.iter().filter_map(|service| service["pid"].as_i64()).map(|pid| pid as i32).collect();
        for service in services {
            let is_well = service["state"] == if name == "slow" { "idle" } else { "ready" };
            assert!(is_well || service["name"] == "flaky", "{name}: {service}");
        }
        home.ok(&["down"]);
        assert!(pids.iter().all(|&pid| !is_alive(pid)), "{name} left something");
    }
}

#[test]
fn hello_shows_a_clock_that_is_redrawn_a_log_a_shell_that_answers_and_a_failure() {
    let home = home_of("hello");
    home.ok(&["up"]);
    let shows = |service: &str, text: &str| {
        wait::until(&format!("{service} shows {text}"), || home.ok(&["capture", service]).contains(text).then_some(()));
    };
    shows("clock", "drawn by process");
    shows("rainbow", "0003 DEBUG nothing to do");
    shows("shell", "hello$");
    home.ok(&["send-keys", "shell", "echo $((6 * 7))", "Enter"]);
    shows("shell", "\n42\n");
    let flaky = home.wait_for_state("flaky", "exited");
    assert_eq!(flaky["exit"]["code"], 3, "{flaky}");
    wait::until("its last words are in its log", || {
        (home.log_lines("flaky") == ["step 1 of 3", "step 2 of 3", "step 3 of 3", "out of luck"]).then_some(())
    });
}

#[test]
fn a_procfile_alone_is_a_project_and_its_env_file_is_read() {
    let home = home_of("procfile");
    home.ok(&["up"]);
    wait::until("greeter greets", || {
        home.log_lines("greeter").contains(&"hello, world from .env".to_owned()).then_some(())
    });
    let port = home.service("port")["ports"][0].as_u64().expect("a port");
    wait::until("port says its port", || {
        home.log_lines("port").contains(&format!("locald gave me port {port}")).then_some(())
    });
}

#[test]
fn web_serves_its_page_on_the_leased_port() {
    if !has_python() {
        eprintln!("SKIPPED: the example `web` needs python3");
        return;
    }
    let home = home_of("web");
    home.ok(&["up"]);
    let port = home.service("web")["ports"][0].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    let page = wait::until("the page is served", || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).ok()?;
        Some(page)
    });
    assert!(page.contains("Served by a process that locald watches"), "{page}");
}
