//! What others get of the proxy: another user of this machine, a page of another name, somebody in the network. Nothing.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::fake;
use crate::home::{TestHome, signal};
use crate::named::{curl, site};
use crate::wait;

/// Nobody in particular, on any system.
const STRANGER: u32 = 65534;

fn shop() -> TestHome {
    let program = fake::service();
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = \"echo a secret; exec {program} mirror\"\nhealth = {{ tcp = true }}\n\
         [services.lazy]\ncommand = [\"{program}\", \"mirror\"]\nhealth = {{ tcp = true }}\nstart = \"on-request\"\n"
    ));
    home.ok(&["up"]);
    home
}

/// What a process of another user gets, or nothing where that cannot be tried.
#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
fn as_a_stranger(arguments: &[&str]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can be another user for a moment");
        return None;
    }
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "60", "--noproxy", "*", "-w", "%{http_code}"]);
    let output =
        command.args(arguments).uid(STRANGER).gid(STRANGER).current_dir("/").output().expect("curl is installed");
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// What another user sends to a port, who is gone before anybody has read it. `false` where that cannot be tried.
#[expect(clippy::disallowed_methods, reason = "another user is another process")]
fn left_by_a_stranger(port: &str, said: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can be another user for a moment");
        return false;
    }
    let mut command = Command::new("bash");
    command.args(["-c", "exec 3<>/dev/tcp/127.0.0.1/$0 && printf %s \"$1\" >&3", port, said]);
    assert!(command.uid(STRANGER).gid(STRANGER).current_dir("/").status().expect("bash").success());
    true
}

#[test]
fn another_user_neither_sees_what_is_printed_or_is_there_nor_starts_anything() {
    let home = shop();
    let (url, lazy) = (site(&home, "web"), site(&home, "lazy"));
    home.ok(&["stop", "web"]);
    let state = format!("{url}/.well-known/locald/state");
    assert!(curl(&[&state]).contains("a secret"), "its own user sees it");
    let Some(said) = as_a_stranger(&[&state]) else { return };
    assert!(said.ends_with("200") && !said.contains("secret"), "{said}");
    let start = format!("{url}/.well-known/locald/start");
    let said = as_a_stranger(&["-X", "POST", "-H", &format!("Origin: {url}"), &start]);
    assert_eq!(said.as_deref(), Some("403"));
    assert_eq!(home.service("web")["state"], "stopped");
    let said = as_a_stranger(&[&lazy]).expect("root");
    assert!(said.ends_with("503"), "{said}");
    assert_eq!(home.service("lazy")["state"], "idle");
    for name in ["locald", "nothing"] {
        let said = as_a_stranger(&[&url.replace("//shop", &format!("//{name}"))]).expect("root");
        assert!(said.ends_with("404") && !said.contains("shop"), "{said}");
    }
}

/// Whether the kernel knows of a connection to a port that is this user's (proc(5), `/proc/net/tcp`).
fn has_connection(user: u32, port: &str) -> bool {
    let port: u16 = port.parse().expect("a port");
    let (there, user) = (format!(":{port:04X}"), user.to_string());
    let table = fs::read_to_string("/proc/net/tcp").expect("a table");
    table
        .lines()
        .map(str::split_ascii_whitespace)
        .any(|mut row| row.nth(2).is_some_and(|address| address.ends_with(&there)) && row.nth(4) == Some(&user))
}

#[test]
fn another_user_who_asks_and_is_gone_starts_nothing() {
    let home = shop();
    home.ok(&["stop", "web"]);
    let (url, lazy) = (site(&home, "web"), site(&home, "lazy"));
    let (host, port) = url.strip_prefix("http://").and_then(|it| it.split_once(':')).expect("a port");
    let lazy = lazy.trim_start_matches("http://");
    // The daemon looks at what comes once whoever sent it has left. The beginning of another request hides that from who parses them.
    let daemon = home.daemon_pid();
    signal(daemon, Signal::STOP);
    let start = format!(
        "POST /.well-known/locald/start HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {url}\r\nContent-Length: 0\r\n\r\nG"
    );
    let left = [start, format!("GET / HTTP/1.1\r\nHost: {lazy}\r\n\r\nG")].map(|it| left_by_a_stranger(port, &it));
    wait::until("the kernel has forgotten whose they were", || (!has_connection(STRANGER, port)).then_some(()));
    signal(daemon, Signal::CONT);
    if left == [true; 2] {
        // Connections are taken in the order in which they came.
        assert!(curl(&[&format!("{url}/.well-known/locald/state")]).contains("a secret"));
        assert_eq!(home.service("web")["state"], "stopped");
        assert_eq!(home.service("lazy")["state"], "idle");
    }
}

#[test]
fn a_page_of_another_name_that_is_made_to_lead_here_learns_and_does_nothing() {
    let home = shop();
    let url = site(&home, "web");
    home.ok(&["stop", "web"]);
    let start = format!("{url}/.well-known/locald/start");
    for host in ["evil.example", "shop.localhost.evil.example", "localhost.evil.example", "shop.localhost.evil"] {
        let said = curl(&["-H", &format!("Host: {host}"), "-H", "Accept: text/html", &url]);
        assert!(said.ends_with("404") && !said.contains("shop.localhost<") && !said.contains("secret"), "{said}");
        let origin = format!("Origin: http://{host}");
        let said = curl(&["-X", "POST", "-H", &format!("Host: {host}"), "-H", &origin, &start]);
        assert!(said.ends_with("404"), "{said}");
        assert_eq!(curl(&["-X", "POST", "-H", &origin, &start]), "403");
    }
    assert_eq!(curl(&["-X", "POST", &start]), "403", "nor does one that does not say what it is");
    let said = curl(&["-X", "POST", "-H", &format!("Origin: {url}"), "-H", "Sec-Fetch-Site: cross-site", &start]);
    assert_eq!(said, "403");
    assert_eq!(home.service("web")["state"], "stopped");
}

#[test]
fn what_a_client_says_of_itself_is_replaced_by_what_is_so() {
    let home = shop();
    let lies = [
        "X-Forwarded-For: 8.8.8.8",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Prefix: /evil",
        "X-Real-IP: 8.8.8.8",
        "Forwarded: for=8.8.8.8;host=evil.example",
    ];
    let url = site(&home, "web");
    let mut arguments: Vec<&str> = lies.iter().flat_map(|lie| ["-H", lie]).collect();
    arguments.push(&url);
    let said = curl(&arguments);
    assert!(said.starts_with("GET / HTTP/1.1") && said.contains("x-forwarded-proto: http\r\n"), "{said}");
    for lie in ["8.8.8.8", "evil", "https"] {
        assert!(!said.contains(lie), "{lie}: {said}");
    }
}

#[test]
fn nobody_in_the_network_reaches_anything() {
    let home = shop();
    let port: u16 = site(&home, "web").rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let secure = home.service("web")["sites"][1].as_str().expect("a URL").to_owned();
    let secure: u16 = secure.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    // Nothing is sent: the kernel says which of its addresses it would use. The other end is one for documentation (RFC 5737).
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let own = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let Some(own) = own.ok().filter(|own| !own.ip().is_loopback()) else {
        return println!("skipped: this machine is in no network");
    };
    for port in [port, secure] {
        let address = (own.ip(), port).to_socket_addrs().expect("an address").next().expect("one");
        let refused = TcpStream::connect_timeout(&address, Duration::from_secs(10)).expect_err("nobody listens there");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{address}");
    }
}
