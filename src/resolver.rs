//! Whether programs of this machine find a host name: asked as they ask, in a process of its own, and remembered until something
//! changes that could change the answer.
//!
//! Browsers and curl answer names below `localhost` by themselves. Whatever asks the system's resolver, getaddrinfo(3), depends on
//! nsswitch.conf(5), the hosts file and perhaps on a name server.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::ToSocketAddrs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use locald_api::ServiceStatus;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;

/// The argument by which `locald` becomes the one who asks, where the system has no `getent`.
pub(crate) const ROLE: &str = "__resolve";

const FILE: &str = "resolver.json";
/// What decides how names are found.
const SOURCES: [&str; 3] = ["/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"];
/// How long an answer may take. A name server that is not there must not hold up a command.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found out, and under which circumstances.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The start of the machine, and each source as it was.
    #[serde(default)]
    circumstances: String,
    /// Whether a name is found.
    #[serde(default)]
    names: BTreeMap<String, bool>,
    /// Names of which was told that they are not.
    #[serde(default)]
    told: Vec<String>,
}

/// Whether programs find the name.
pub(crate) fn finds(context: &Context, name: &str) -> bool {
    let mut known = read(context);
    look_up(&mut known, context, name)
}

fn look_up(known: &mut Known, context: &Context, name: &str) -> bool {
    if let Some(found) = known.names.get(name) {
        return *found;
    }
    let found = probe(name);
    known.names.insert(name.to_owned(), found);
    write(context, known);
    found
}

/// Says once, until something changes, that a name is not found by all programs, by which not, and what to do about it.
pub(crate) fn tell(context: &Context, name: &str, ui: &mut Ui) -> Result<(), CommandError> {
    let mut known = read(context);
    if known.told.iter().any(|told| told == name) || look_up(&mut known, context, name) {
        return Ok(());
    }
    ui.note(&format!("browsers and curl find {name}; this machine's resolver does not, so Node.js, Python, Java, Go and others do not"))?;
    ui.note(
        "they take the URL with the port (LOOPBACK_URL), or `locald setup hosts` has every program find the names",
    )?;
    known.told.push(name.to_owned());
    write(context, &known);
    Ok(())
}

/// What is to be said of further names that are not below `localhost`, which no program knows by itself. One of each sort is asked for,
/// as an answer may take long.
pub(crate) fn unfound_further(context: &Context, services: &[ServiceStatus]) -> Vec<String> {
    let mut known = read(context);
    let hosts: Vec<&str> = services.iter().flat_map(|it| &it.alias_urls).filter_map(|url| host_of(url)).collect();
    let mut notes = Vec::new();
    for (sort, remedy) in FURTHER {
        let first = hosts.iter().find(|host| sort_of(host) == Some(sort));
        if let Some(host) = first.filter(|host| !look_up(&mut known, context, host)) {
            notes.push(format!("no program finds {host} on this machine: {remedy}"));
        }
    }
    notes
}

/// Says that once, until something changes.
pub(crate) fn tell_further(context: &Context, services: &[ServiceStatus], ui: &mut Ui) -> Result<(), CommandError> {
    for note in unfound_further(context, services) {
        let mut known = read(context);
        if !known.told.contains(&note) {
            ui.note(&note)?;
            known.told.push(note);
            write(context, &known);
        }
    }
    Ok(())
}

/// How names come to be found that no program knows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Further {
    /// Nobody's, so that they may stand in the hosts file.
    Test,
    /// Below a suffix of the user's.
    Own,
}

const FURTHER: [(Further, &str); 2] = [
    (Further::Test, "`locald setup hosts` writes the names of services into the hosts file"),
    (
        Further::Own,
        "names below a suffix of yours have to lead to 127.0.0.1 by DNS, or by lines of your own in /etc/hosts",
    ),
];

fn sort_of(host: &str) -> Option<Further> {
    match host.rsplit('.').next() {
        Some("localhost") => None,
        Some("test") => Some(Further::Test),
        _ => Some(Further::Own),
    }
}

/// The host of a URL.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    Some(rest.split(['/', ':']).next().unwrap_or(rest)).filter(|host| !host.is_empty())
}

fn read(context: &Context) -> Known {
    let circumstances = circumstances();
    let text = fs::read(context.home().state_dir().join(FILE)).unwrap_or_default();
    let known: Known = serde_json::from_slice(&text).unwrap_or_default();
    if known.circumstances == circumstances { known } else { Known { circumstances, ..Known::default() } }
}

fn write(context: &Context, known: &Known) {
    let path = context.home().state_dir().join(FILE);
    let new = path.with_extension(format!("json.{}", std::process::id()));
    // What cannot be remembered is asked again.
    let Ok(text) = serde_json::to_vec(known) else { return };
    let private = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    let _ = private.and_then(|mut file| file.write_all(&text)).and_then(|()| fs::rename(&new, path));
}

/// What an answer depends on, as far as can be seen.
fn circumstances() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let stamp = |path: &&str| {
        let found = fs::metadata(Path::new(path)).ok()?;
        Some(format!("{}:{}:{}.{}", found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    };
    let stamps: Vec<String> = SOURCES.iter().map(|path| stamp(path).unwrap_or_default()).collect();
    format!("{} {}", boot.trim(), stamps.join(" "))
}

/// Asks as a user's program would.
fn probe(name: &str) -> bool {
    // The system's own program is linked as the others are, whatever locald is linked with.
    match asked("getent", &["ahosts", name]) {
        Some(found) => found,
        None => std::env::current_exe().is_ok_and(|ours| asked(&ours.to_string_lossy(), &[ROLE, name]) == Some(true)),
    }
}

/// Whether a program ends well, in time; nothing if it is not there.
#[expect(
    clippy::disallowed_methods,
    reason = "the resolver is asked in a process of its own, as other programs ask it"
)]
fn asked(program: &str, arguments: &[&str]) -> Option<bool> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Some(false);
            }
        }
    }
}

/// The process that asks: it ends well if the name is found.
pub(crate) fn main(arguments: &[std::ffi::OsString]) -> ExitCode {
    let name = arguments.first().and_then(|name| name.to_str());
    let found = name.is_some_and(|name| (name, 0).to_socket_addrs().is_ok_and(|mut found| found.next().is_some()));
    if found { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_url_is_between_its_scheme_and_its_port() {
        assert_eq!(host_of("http://shop.localhost:8080/x"), Some("shop.localhost"));
        assert_eq!(host_of("https://shop.localhost"), Some("shop.localhost"));
        assert_eq!(host_of("shop.localhost"), None);
        assert_eq!(host_of("http://:80"), None);
    }

    #[test]
    fn a_further_name_is_found_by_itself_by_the_hosts_file_or_by_dns() {
        let sorts = ["a.shop.localhost", "shop.test", "shop.corp.internal"].map(sort_of);
        assert_eq!(sorts, [None, Some(Further::Test), Some(Further::Own)]);
    }

    #[test]
    fn a_name_that_every_machine_has_is_found_and_one_that_none_has_is_not() {
        assert!(probe("localhost"));
        assert!(!probe("nobody-has-this.invalid"));
    }
}
