//! Trust: real stores of certificates come to believe a home, real clients believe it through them, and nothing of it is left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::browser::Browser;
use crate::fake;
use crate::home::TestHome;
use crate::named::curl;
use crate::namespace::{self, Own, Place};
use crate::python::PYTHON;
use crate::wait;

/// A home of a user without any stores, whose service answers at its name.
fn shop() -> TestHome {
    let mut home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n",
        fake::service()
    ));
    home.write("web", "200");
    of_a_user(&mut home);
    home
}

/// Gives the home a user of its own, so that nobody's stores are touched.
pub(crate) fn of_a_user(home: &mut TestHome) {
    let user = home.path().with_file_name("user");
    fs::create_dir_all(&user).expect("a folder");
    home.set("HOME", user.to_str().expect("text"));
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "JAVA_HOME"] {
        home.set(name, "");
    }
}

pub(crate) fn user(home: &TestHome) -> PathBuf {
    home.path().with_file_name("user")
}

/// Whether a program can be run here; says so where it cannot.
#[expect(clippy::disallowed_methods, reason = "asks whether a real program is there")]
pub(crate) fn has(program: &str, argument: &str, what: &str) -> bool {
    let is_there = Command::new(program).arg(argument).output().is_ok();
    if !is_there {
        eprintln!("SKIPPED: {what}: {program} is not installed here");
    }
    is_there
}

#[expect(clippy::disallowed_methods, reason = "real programs change real stores")]
pub(crate) fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("it can be started");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// An empty database of NSS, as a browser makes one.
pub(crate) fn database(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    output("certutil", &["-N", "--empty-password", "-d", &format!("sql:{}", folder.display())]);
}

pub(crate) fn https(home: &TestHome) -> String {
    let sites = home.service("web")["sites"].clone();
    let sites = sites.as_array().expect("URLs").iter().filter_map(Value::as_str);
    sites.into_iter().find(|url| url.starts_with("https:")).expect("a URL with TLS").to_owned()
}

/// Everything below a folder: contents of files, targets of links.
fn tree(folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() {
            let target = fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes();
            found.insert(path, target);
        } else if path.is_dir() {
            found.extend(tree(path.to_str().expect("text")));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

#[test]
fn debian_trusts_a_home_and_then_is_what_it_was() {
    let name = "trusting::debian_trusts_a_home_and_then_is_what_it_was";
    if !Path::new("/usr/local/share/ca-certificates").is_dir()
        || !has("update-ca-certificates", "--help", "trust of the system")
    {
        return eprintln!("SKIPPED: trust of the system: this is no Debian");
    }
    if namespace::enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    namespace::raise_loopback();
    if !namespace::keep_as_they_are(&["/etc", "/usr/local", "/var/lib"]) {
        return eprintln!("SKIPPED: trust of the system: this machine has no overlays");
    }
    // What its owner has put there and not gathered yet is gathered by whoever comes first.
    output("update-ca-certificates", &[]);
    let home = shop();
    // Java's store is a file with times in it, which Debian's own program rewrites: what counts is whom it trusts.
    let files = || {
        let mut all = tree("/etc/ssl/certs");
        all.extend(tree("/usr/local/share/ca-certificates"));
        all.remove(Path::new("/etc/ssl/certs/java/cacerts"));
        all
    };
    let java = || {
        let is_there = Path::new("/etc/ssl/certs/java/cacerts").is_file();
        let list = ["-list", "-keystore", "/etc/ssl/certs/java/cacerts", "-storepass", "changeit"];
        let mut lines: Vec<String> =
            if is_there { output("keytool", &list).lines().map(str::to_owned).collect() } else { Vec::new() };
        lines.sort();
        lines
    };
    let before = (files(), java());
    home.ok(&["up"]);
    let url = https(&home);
    assert!(curl(&[&url]).contains("certificate"), "nobody trusts it unasked");
    let plan = home.ok(&["trust", "--store", "system", "--dry-run"]);
    assert!(plan.contains("to trust") && plan.contains("sudo /usr/sbin/update-ca-certificates"), "{plan}");
    assert_eq!((files(), java()), before, "nothing was done");

    let told = home.json(&["trust", "--store", "system", "--json"]);
    assert_eq!((&told[0]["state"], &told[0]["verified_by"]), (&"trusted".into(), &"curl".into()), "{told}");
    assert_eq!(curl(&[&url]), "200");
    assert_eq!(home.json(&["setup", "list", "--json"])[0]["change"], "trust");
    assert!(home.fails(1, &["untrust", "--check"]).contains("something of it is left"));
    // Once more is no harm.
    home.ok(&["trust", "--store", "system"]);

    home.ok(&["untrust"]);
    home.ok(&["untrust", "--check"]);
    assert!(curl(&[&url]).contains("certificate"));
    assert_eq!(home.json(&["setup", "list", "--json"]), Value::Array(Vec::new()));
    let after = (files(), java());
    let is_new = |path: &&PathBuf| before.0.get(*path) != after.0.get(*path);
    let changed: Vec<&PathBuf> = before.0.keys().chain(after.0.keys()).filter(is_new).collect();
    assert!(changed.is_empty(), "left or lost: {changed:?}");
    assert_eq!(before.1, after.1);
}

#[test]
fn java_trusts_a_home_and_then_is_what_it_was() {
    let name = "trusting::java_trusts_a_home_and_then_is_what_it_was";
    if !has("java", "-version", "trust of Java") || !has("keytool", "-help", "trust of Java") {
        return;
    }
    if namespace::enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    namespace::raise_loopback();
    if !namespace::keep_as_they_are(&["/etc"]) {
        return eprintln!("SKIPPED: trust of Java: this machine has no overlays");
    }
    let home = shop();
    let list = || {
        let said = output("keytool", &["-list", "-cacerts", "-storepass", "changeit"]);
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = list();
    home.ok(&["up"]);
    let told = home.json(&["trust", "--store", "java", "--json"]);
    assert_eq!(told[0]["state"], "trusted", "{told}");
    // A runtime without a compiler runs no program of one file, with which a handshake is tried.
    match told[0]["verified_by"].as_str() {
        Some(program) => assert_eq!(program, "java", "{told}"),
        None => eprintln!("SKIPPED: a handshake by Java: there is a runtime, and no compiler"),
    }
    assert!(list().iter().any(|line| line.starts_with("locald ")), "{:?}", list());
    assert_eq!(home.run(&["untrust", "--check"]).code, 1);
    home.ok(&["untrust"]);
    home.ok(&["untrust", "--check"]);
    assert_eq!(list(), before);
    assert_eq!(home.json(&["setup", "list", "--json"]), Value::Array(Vec::new()));
}

#[test]
fn every_database_of_browsers_trusts_a_home_and_each_fails_alone() {
    if !has("certutil", "-H", "trust of browsers") {
        return;
    }
    let home = shop();
    let places = [
        ".pki/nssdb",
        ".mozilla/firefox/old.default",
        ".config/mozilla/firefox/new.default",
        "snap/chromium/7/.pki/nssdb",
    ];
    for place in places {
        database(&user(&home).join(place));
    }
    // A database that is none.
    let damaged = user(&home).join(".mozilla/firefox/damaged");
    fs::create_dir_all(&damaged).expect("a folder");
    fs::write(damaged.join("cert9.db"), "no database").expect("a file");
    home.ok(&["up"]);
    let said = home.run(&["trust", "--store", "nss", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    let state = |place: &Path| {
        let rows = told.as_array().expect("rows");
        let row = rows.iter().find(|row| row["place"] == place.to_str().expect("text"));
        row.unwrap_or_else(|| panic!("{place:?} in {told}")).clone()
    };
    for place in places {
        let row = state(&user(&home).join(place));
        assert_eq!(row["state"], "trusted", "{row}");
        assert!(["tstclnt", "certutil"].contains(&row["verified_by"].as_str().unwrap_or_default()), "{row}");
        assert_eq!(row["handshake"], row["verified_by"] == "tstclnt", "{row}");
    }
    assert_eq!(state(&damaged)["state"], "failed");
    assert!(home.service("web")["sites"][0].as_str().is_some_and(|url| url.starts_with("http:")), "not every browser");
    fs::remove_dir_all(&damaged).expect("it goes");
    home.ok(&["trust", "--store", "nss"]);
    assert!(home.service("web")["sites"][0].as_str().is_some_and(|url| url.starts_with("https:")));
    assert!(home.ok(&["open", "--print"]).starts_with("https:"));
    let status = home.json(&["trust", "status", "--json"]);
    assert_eq!(status["links"], "https");
    assert!(status["authority"]["name"].as_str().is_some_and(|name| name.starts_with("locald ")), "{status}");
    home.ok(&["daemon", "restart"]);
    assert!(
        home.service("web")["sites"][0].as_str().is_some_and(|url| url.starts_with("https:")),
        "also the next daemon"
    );
    home.ok(&["setup", "undo"]);
    home.ok(&["untrust", "--check"]);
    for place in places {
        let list = output("certutil", &["-L", "-d", &format!("sql:{}", user(&home).join(place).display())]);
        assert!(!list.contains("locald"), "{list}");
    }
}

#[test]
fn services_are_told_of_the_authority_unless_they_have_said_otherwise() {
    let mut home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\nca_env = true\n\
         [services.web]\ncommand = [\"{}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n\
         [services.tell]\ntype = \"worker\"\ncommand = \"printenv NODE_EXTRA_CA_CERTS SSL_CERT_FILE CURL_CA_BUNDLE; exec sleep 1000\"\n\
         env.CURL_CA_BUNDLE = \"/mine\"\n",
        fake::service()
    ));
    home.write("web", "200");
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
        home.unset(name);
    }
    home.ok(&["up"]);
    let lines = wait::until("it has told", || Some(home.log_lines("tell")).filter(|lines| lines.len() >= 2));
    let folder = home.state().join("ca");
    let [root, bundle] = ["root.pem", "bundle.pem"].map(|name| folder.join(name).display().to_string());
    assert_eq!(lines[0], root);
    assert_eq!(lines.last().map(String::as_str), Some("/mine"));
    // What the machine itself trusts is found where it has any.
    if lines.len() == 3 {
        assert_eq!(lines[1], bundle);
        assert_eq!(curl(&["--cacert", &bundle, &https(&home)]), "200");
    }
    assert!(home.ok(&["env", "tell", "--explain"]).contains(&format!("NODE_EXTRA_CA_CERTS={root}")));
}

#[test]
fn a_sandbox_is_trusted_by_nobody() {
    let home = shop();
    for command in [&["trust"][..], &["trust", "--dry-run"], &["untrust"]] {
        let said = home.fails(2, &[&["--sandbox", "one"], command].concat());
        assert!(
            said.contains("a sandbox changes nothing outside of its folder") && said.contains("--cacert"),
            "{said}"
        );
    }
}

#[test]
fn a_browser_that_trusts_a_home_shows_its_pages_over_one_connection() {
    if !has("certutil", "-H", "a page in a browser") || !has("python3", "--version", "a page in a browser") {
        return;
    }
    let mut home = TestHome::new(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = [\"python3\", \"page.py\"]\nhealth = { tcp = true }\n\
         [services.api]\ncommand = [\"python3\", \"page.py\"]\nhealth = { tcp = true }\n",
    );
    home.write("page.py", include_str!("page.py"));
    of_a_user(&mut home);
    // As a browser that was started once leaves it: trust is found whatever this one is called.
    database(&user(&home).join(".pki/nssdb"));
    home.ok(&["up"]);
    let (web, api) = (https(&home), https(&home).replace("//", "//api."));
    let Some(mut unbelieving) = Browser::open(&user(&home)) else { return };
    assert_eq!(unbelieving.visit(&web), Err("net::ERR_CERT_AUTHORITY_INVALID".to_owned()));
    drop(unbelieving);
    home.ok(&["trust", "--store", "nss"]);

    let mut browser = Browser::open(&user(&home)).expect("as before");
    browser.visit(&web).expect("it is believed");
    assert_eq!(browser.evaluate("document.getElementById('said').textContent"), "hello");
    let page = browser.event("Network.responseReceived", |it| it["type"] == "Document")["response"].take();
    assert_eq!((&page["protocol"], &page["securityState"]), (&"h2".into(), &"secure".into()), "{page}");
    assert_eq!(
        browser.evaluate("fetch('/x').then(answer => answer.text())").as_str().map(|text| text.contains("hello")),
        Some(true)
    );
    let events = "new Promise(done => { let all = ''; const source = new EventSource('/events');
        source.onmessage = event => { all += event.data; if (all.length == 3) { source.close(); done(all); } } })";
    assert_eq!(browser.evaluate(events), "012");
    let socket = "new Promise((done, failed) => { const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
        socket.onopen = () => socket.send('over and back'); socket.onmessage = event => done(event.data);
        socket.onerror = () => failed(new Error('no socket')); })";
    assert_eq!(browser.evaluate(socket), "over and back");
    // It is a stream of the page's connection (RFC 8441), where there is no key to accept.
    let agreed = browser.event("Network.webSocketHandshakeResponseReceived", |_| true)["response"].take();
    assert_eq!(
        (&agreed["status"], &agreed["headers"]["sec-websocket-accept"]),
        (&200.into(), &Value::Null),
        "{agreed}"
    );
    // A certificate that holds for a project and its services lets a browser ask for both over one connection.
    let other = format!("fetch('{api}/y', {{ credentials: 'include' }}).then(answer => answer.status)");
    assert_eq!(browser.evaluate(&other), 200);
    let other =
        browser.event("Network.responseReceived", |it| it["response"]["url"] == format!("{api}/y"))["response"].take();
    assert_eq!(other["protocol"], "h2", "{other}");
    assert_eq!(other["connectionId"], page["connectionId"], "one connection: {page} {other}");
}

#[test]
fn firefox_shows_a_page_and_opens_its_websocket_once_its_profile_trusts_the_home() {
    if !has("certutil", "-H", "a page in Firefox") || !has("firefox-esr", "--version", "a page in Firefox") {
        return;
    }
    let mut home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{PYTHON}\", \"page.py\"]\nhealth = {{ tcp = true }}\n"
    ));
    home.write("page.py", include_str!("page.py"));
    of_a_user(&mut home);
    let profile = user(&home).join(".mozilla/firefox/it.default");
    database(&profile);
    home.ok(&["up"]);
    let url = https(&home);
    home.ok(&["trust", "--store", "nss"]);
    // Of a page whose certificate it does not believe it asks for nothing, and draws no picture either.
    let picture = home.path().with_file_name("picture.png");
    firefox(&user(&home), &profile, &picture, &format!("{url}/talks"));
    assert!(picture.is_file(), "the page is drawn");
    for path in ["/talks", "/heard?hello"] {
        wait::until(&format!("the service has told who asked for {path}"), || {
            let is_it = |line: &String| line.starts_with(&format!("{path} ")) && line.contains("Firefox/");
            home.log_lines("web").iter().any(is_it).then_some(())
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "what is tested is how a real browser fares")]
fn firefox(home: &Path, profile: &Path, picture: &Path, url: &str) {
    let mut command = Command::new("timeout");
    command.args(["60", "firefox-esr", "--headless", "--no-remote", "--profile"]).arg(profile);
    command.arg("--screenshot").arg(picture).arg(url).env("HOME", home).env("MOZ_CRASHREPORTER_DISABLE", "1");
    let said = command.output().expect("it can be started");
    assert!(said.status.success(), "{url}: {}", String::from_utf8_lossy(&said.stderr));
}
