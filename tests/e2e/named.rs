//! Services at their names: through the proxy of the daemon, with a real client, and while the daemon is killed.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::fake;
use crate::home::{TestHome, signal};
use crate::namespace::{self, Own, Place};
use crate::wait;

/// Two services that answer with the statuses which the files of their names hold.
fn shop() -> TestHome {
    let program = fake::service();
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = [\"{program}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\nhosts = [\"*.shop.localhost\"]\n\
         [services.api]\ncommand = [\"{program}\", \"http\", \"api\"]\nhealth = {{ tcp = true }}\n"
    ));
    home.write("web", "200");
    home.write("api", "201");
    home
}

/// What curl gets from a URL; its own resolver finds names of loopback.
#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
pub(crate) fn curl(arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--max-time", "60", "--noproxy", "*", "-w", "%{http_code}"])
        .args(arguments);
    let output = command.output().expect("curl is installed");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// The first URL of a service that is its name's.
pub(crate) fn site(home: &TestHome, service: &str) -> String {
    home.service(service)["sites"][0].as_str().expect("a URL").to_owned()
}

fn port(home: &TestHome) -> String {
    site(home, "web").rsplit_once(':').expect("a port").1.to_owned()
}

#[test]
fn each_service_is_at_its_names_and_nothing_at_others() {
    let home = shop();
    home.ok(&["up"]);
    let port = port(&home);
    for (host, status) in [
        ("shop.localhost", "200"),
        ("web.shop.localhost", "200"),
        ("web-shop.localhost", "200"),
        ("api.shop.localhost", "201"),
        ("API-Shop.localhost", "201"),
        ("tenant.shop.localhost", "200"),
    ] {
        assert_eq!(curl(&[&format!("http://{host}:{port}/")]), status, "{host}");
    }
    let said = curl(&[&format!("http://shopp.localhost:{port}/")]);
    assert!(said.ends_with("404") && said.contains("shop.localhost"), "{said}");
    let urls = home.service("api")["urls"].clone();
    let loopback = format!("http://127.0.0.1:{}", home.service("api")["ports"][0]);
    assert_eq!(urls[0], format!("http://api.shop.localhost:{port}"));
    assert_eq!(urls.as_array().and_then(|urls| urls.last()), Some(&Value::from(loopback.clone())));
    let environment = home.ok(&["env", "api"]);
    assert!(environment.contains(&format!("\nURL=http://api.shop.localhost:{port}\n")), "{environment}");
    assert!(environment.contains(&format!("\nLOOPBACK_URL={loopback}\n")), "{environment}");
    home.ok(&["down"]);
    assert!(curl(&[&format!("http://shop.localhost:{port}/")]).ends_with("404"));
}

#[test]
fn a_service_is_at_its_names_with_tls_by_an_authority_of_this_home() {
    let home = shop();
    home.ok(&["up"]);
    let secure = home.service("api")["sites"][1].as_str().expect("a URL").to_owned();
    assert!(secure.starts_with("https://api.shop.localhost:"), "{secure}");
    let root = home.state().join("ca/root.pem");
    let root = root.to_str().expect("text");
    let ask = |arguments: &[&str]| curl(&[&["--cacert", root], arguments].concat());
    assert_eq!(ask(&[&secure]), "201");
    assert_eq!(ask(&["--http1.1", &secure]), "201");
    assert!(curl(&[&secure]).contains("certificate"), "nobody trusts it unasked");
    signal(home.daemon_pid(), Signal::KILL);
    assert_eq!(ask(&["--connect-timeout", "60", &secure]), "201", "the same authority after a death");
    let port = secure.rsplit_once(':').expect("a port").1;
    assert!(ask(&[&format!("https://other.localhost:{port}")]).contains("000"), "a name that leads nowhere");
}

#[test]
fn a_service_that_is_stopped_says_so_and_one_that_restarts_keeps_requests_waiting() {
    let home = shop();
    home.ok(&["up"]);
    let url = site(&home, "web");
    home.ok(&["stop", "web"]);
    let said = curl(&[&url]);
    assert!(said.ends_with("503") && said.contains("locald start web"), "{said}");
    home.ok(&["start", "web"]);
    assert_eq!(curl(&[&url]), "200");
    let restarting = thread::spawn({
        let mut restart = home.command(&["restart", "web"]);
        move || restart.output().expect("locald can be started")
    });
    for _ in 0..20 {
        assert_eq!(curl(&[&url]), "200");
    }
    assert!(restarting.join().expect("no panic").status.success());
}

#[test]
fn a_page_shows_what_a_service_printed_and_starts_it_for_its_own_origin_alone() {
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = \"echo hello from web; exec {} http status\"\nhealth = {{ tcp = true }}\n",
        fake::service()
    ));
    home.write("status", "200");
    home.ok(&["up"]);
    let url = site(&home, "web");
    assert_eq!(curl(&[&url]), "200");
    home.ok(&["stop", "web"]);
    let state = curl(&[&format!("{url}/.well-known/locald/state")]);
    assert!(state.contains("\"state\":\"down\"") && state.contains("hello from web"), "{state}");
    let start = format!("{url}/.well-known/locald/start?to=/x");
    assert!(curl(&["-X", "POST", &start]).ends_with("403"));
    assert!(curl(&["-X", "POST", "-H", "Origin: http://evil.localhost", &start]).ends_with("403"));
    assert_eq!(home.service("web")["state"], "stopped");
    assert!(curl(&["-X", "POST", "-H", &format!("Origin: {url}"), &start]).ends_with("303"));
    home.wait_for_state("web", "ready");
    assert_eq!(curl(&[&format!("{url}/.well-known/locald/state")]), "200", "the service has all paths to itself");
}

#[test]
fn nobody_is_refused_while_the_daemon_is_killed_or_replaced() {
    let home = shop();
    home.ok(&["up"]);
    let url = site(&home, "web");
    for kill in [true, true, false] {
        let before = home.daemon_pid();
        let asking = thread::spawn({
            let url = url.clone();
            move || (0..30).map(|_| curl(&["--connect-timeout", "60", &url])).collect::<Vec<_>>()
        });
        if kill {
            signal(before, Signal::KILL);
        } else {
            home.ok(&["daemon", "restart"]);
        }
        // A request that the dying daemon had taken up is lost with it; none is refused, and none after it is lost.
        let answers = asking.join().expect("no panic");
        let lost: Vec<&String> = answers.iter().filter(|answer| *answer != "200").collect();
        assert!(lost.len() <= 1 && lost.iter().all(|answer| !answer.contains("refused")), "{answers:?}");
        wait::until("another daemon is there", || (home.daemon_pid() != before).then_some(()));
        assert_eq!(site(&home, "web"), url);
    }
}

#[test]
fn the_port_stays_the_same_over_an_end_of_everything() {
    let home = shop();
    home.ok(&["up"]);
    let before = site(&home, "web");
    home.ok(&["shutdown"]);
    home.ok(&["up"]);
    assert_eq!(site(&home, "web"), before);
}

#[test]
fn a_port_of_the_configuration_is_taken_or_it_is_told_why_not() {
    let mut home = shop();
    home.set("LOCALD_HTTP_PORT", "");
    home.set("LOCALD_HTTPS_PORT", "");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = taken.local_addr().expect("an address").port();
    fs::create_dir_all(home.path().join("config")).expect("a folder");
    let write =
        |port: u16| fs::write(home.path().join("config/config.toml"), format!("[proxy]\nhttp = {port}\nhttps = 0\n"));
    write(busy).expect("a file");
    home.ok(&["up"]);
    let said = home.run(&["status"]);
    let owner = format!("(pid {})", std::process::id());
    assert!(said.err.contains(&format!("port {busy} is in use by ")) && said.err.contains(&owner), "{said:?}");
    let instead = site(&home, "web");
    let at = instead.rsplit_once(':').expect("a port").1;
    assert!(said.err.contains(&format!("; the proxy listens on {at} instead")), "{said:?}");
    assert_eq!(curl(&[&instead]), "200");
    drop(taken);
    home.ok(&["daemon", "restart"]);
    assert_eq!(site(&home, "web"), format!("http://shop.localhost:{busy}"));
    assert_eq!(curl(&[&site(&home, "web")]), "200");
    assert!(!home.run(&["status"]).err.contains("in use"));
    // Without a proxy there is the port alone.
    write(0).expect("a file");
    fs::write(home.path().join("config/config.toml"), "[proxy]\nhttp = false\nhttps = false\n").expect("a file");
    home.ok(&["daemon", "restart"]);
    let loopback = serde_json::json!([format!("http://127.0.0.1:{}", home.service("web")["ports"][0])]);
    wait::until("the service is found at its port", || (home.service("web")["urls"] == loopback).then_some(()));
    TcpListener::bind(("127.0.0.1", busy)).expect("the keeper lets go of the port");
}

#[test]
fn ports_that_another_program_has_are_told_of_and_services_are_at_the_next_best() {
    let name = "named::ports_that_another_program_has_are_told_of_and_services_are_at_the_next_best";
    if namespace::enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    namespace::raise_loopback();
    let mut home = shop();
    home.set("LOCALD_HTTP_PORT", "");
    home.set("LOCALD_HTTPS_PORT", "");
    let taken = [80, 443].map(|port| TcpListener::bind(("127.0.0.1", port)).expect("root may open it"));
    let up = home.run(&["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    let told = |said: &str| {
        let told = |scheme: &str, port: u16, instead: u16| {
            let begins = said.find(&format!("{scheme}: port {port} is in use by "));
            let ends = format!("(pid {}); the proxy listens on {instead} instead", std::process::id());
            begins.is_some_and(|at| said[at..].contains(&ends))
        };
        (told("HTTP", 80, 8080), told("HTTPS", 443, 8443))
    };
    assert_eq!(told(&up.err), (true, true), "{up:?}");
    assert_eq!(curl(&["http://shop.localhost:8080/"]), "200");
    // The next daemon has the same sockets, and tells the same.
    home.ok(&["daemon", "restart"]);
    let status = home.run(&["status"]);
    assert_eq!(told(&status.err), (true, true), "{status:?}");
    drop(taken);
    home.ok(&["daemon", "restart"]);
    let status = home.run(&["status"]);
    assert_eq!(told(&status.err), (false, false), "{status:?}");
    assert_eq!(site(&home, "web"), "http://shop.localhost:8080", "URLs stay");
    home.ok(&["shutdown"]);
    home.ok(&["up"]);
    assert_eq!(curl(&["http://shop.localhost/"]), "200");
}

#[test]
fn a_sandbox_has_doors_of_its_own() {
    let home = shop();
    home.ok(&["up"]);
    home.ok(&["--sandbox", "one", "up"]);
    let status = home.json(&["--sandbox", "one", "status", "web", "--json"]);
    let sandboxed = status[0]["sites"][0].as_str().expect("a URL").to_owned();
    assert_ne!(sandboxed, site(&home, "web"));
    assert_eq!(curl(&[&sandboxed]), "200");
    home.ok(&["sandbox", "rm", "one", "--yes"]);
}

#[test]
fn where_services_are_is_printed_for_people_and_for_programs() {
    let home = shop();
    let up = home.run(&["up"]);
    let (site, port) = (site(&home, "api"), home.service("api")["ports"][0].clone());
    let listed = home.ok(&["urls"]);
    let line = listed.lines().find(|line| line.starts_with("api")).unwrap_or_else(|| panic!("{listed}"));
    assert!(line.contains(&site) && line.contains(&format!("http://127.0.0.1:{port}")), "{listed}");
    let both = format!("{site}  http://127.0.0.1:{port}");
    assert!(up.err.lines().any(|line| line.starts_with("api started in ") && line.ends_with(&both)), "{up:?}");
    let status = home.ok(&["status", "api"]);
    assert!(status.lines().any(|line| line.starts_with("api ") && line.contains(&both)), "{status}");
    let explained = home.ok(&["explain", "api"]);
    assert!(explained.contains(&format!("at           {site} and http://127.0.0.1:{port}\n")), "{explained}");
    let json = home.json(&["urls", "api", "--json"]);
    assert_eq!(json[0]["url"], site);
    assert_eq!(json[0]["loopback_url"], format!("http://127.0.0.1:{port}"));
    assert_eq!(home.ok(&["open", "api", "--print"]).trim(), site);
    home.fails(4, &["open", "apo"]);
}

#[test]
fn a_page_is_opened_with_the_program_of_the_user() {
    let mut home = shop();
    home.set("BROWSER", "sh -c 'echo \"$0\" > opened'");
    home.ok(&["up"]);
    home.ok(&["open", "web"]);
    let opened = || fs::read_to_string(home.project().join("opened")).ok().filter(|url| url.ends_with('\n'));
    assert_eq!(wait::until("the browser was started", opened).trim(), site(&home, "web"));
}
