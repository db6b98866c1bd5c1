//! What leads where: paths that several services share, requests without TLS, certificates of others, and the page of everything.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::Signal;

use crate::fake;
use crate::home::{TestHome, signal};
use crate::named::{curl, site};
use crate::wait;

/// A service that answers with 200, and one that answers with what it was asked.
fn shop(project: &str, api: &str) -> TestHome {
    let program = fake::service();
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n{project}\n\
         [services.web]\ncommand = [\"{program}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n\
         [services.api]\ncommand = [\"{program}\", \"mirror\"]\nhealth = {{ tcp = true }}\n{api}\n"
    ));
    home.write("web", "200");
    home
}

#[test]
fn a_path_of_the_projects_name_leads_to_another_service_with_or_without_its_beginning() {
    let home = shop("", "paths = [\"/api\", \"admin.shop.localhost/v1\"]\nstrip_path = true");
    home.ok(&["up"]);
    let url = site(&home, "web");
    let stripped = curl(&[&format!("{url}/api/users?x=1")]);
    assert!(stripped.starts_with("GET /users?x=1 HTTP/1.1\r\n"), "{stripped}");
    assert!(
        stripped.contains("x-forwarded-prefix: /api\r\n") && stripped.contains("host: shop.localhost"),
        "{stripped}"
    );
    assert!(curl(&[&format!("{url}/api")]).starts_with("GET / HTTP/1.1\r\n"));
    assert_eq!(curl(&[&format!("{url}/apis")]), "200");
    let listed = home.ok(&["urls"]);
    assert!(listed.contains(&format!("{url}/api\n")), "{listed}");
    // What a page of ours asks for that was there before the service: it has all paths to itself, as anybody has.
    let start = "/.well-known/locald/start?to=/api/users";
    assert_eq!(curl(&["-X", "POST", &format!("{url}{start}")]), "200");
    let doubled = curl(&[&format!("{url}/api//users")]);
    assert!(doubled.starts_with("GET //users HTTP/1.1\r\n"), "{doubled}");
    // At its own name it has all paths.
    assert!(curl(&[&format!("{}/api/x", site(&home, "api"))]).starts_with("GET /api/x HTTP/1.1\r\n"));
    let admin = url.replace("//shop", "//admin.shop");
    assert!(curl(&[&format!("{admin}/v1/x")]).starts_with("GET /x HTTP/1.1\r\n"));
    let said = curl(&[&format!("{admin}/v2")]);
    assert!(said.ends_with("404") && said.contains("admin.shop.localhost/v1"), "{said}");
    // What a page of ours asks for there is meant for the service of the path.
    home.ok(&["stop", "api"]);
    assert_eq!(curl(&[&url]), "200");
    for page in ["/api/users", "/api?x=1"] {
        let state = curl(&[&format!("{url}/.well-known/locald/state?to={page}")]);
        assert!(state.contains("api does not run"), "{page}: {state}");
    }
    fs::write(home.project().join("locald.toml"), manifest_without_stripping()).expect("a file");
    home.ok(&["up"]);
    wait::until("paths are passed on whole", || {
        curl(&[&format!("{url}/api/users")]).starts_with("GET /api/users HTTP/1.1\r\n").then_some(())
    });
}

#[test]
fn a_name_in_unicode_is_found_as_browsers_send_it_and_shown_as_it_is_written() {
    let home = shop("", "hosts = \"Bücher.localhost\"");
    home.ok(&["up"]);
    let (url, secure) = (site(&home, "api"), home.service("api")["sites"][1].as_str().expect("a URL").to_owned());
    let encoded = |url: &str| url.replace("//api.shop.", "//xn--bcher-kva.");
    assert!(curl(&[&encoded(&url)]).ends_with("200"));
    let root = home.state().join("ca/root.pem");
    assert!(curl(&["--cacert", root.to_str().expect("text"), &encoded(&secure)]).ends_with("200"));
    let port = url.rsplit_once(':').expect("a port").1;
    let host = format!("Host: XN--BCHER-KVA.LOCALHOST.:{port}");
    assert!(curl(&["-H", &host, &format!("http://127.0.0.1:{port}/")]).ends_with("200"));
    let listed = home.ok(&["urls"]);
    let line = listed.lines().find(|line| line.starts_with("bücher.localhost ")).unwrap_or_else(|| panic!("{listed}"));
    assert!(line.contains(&encoded(&url)), "{listed}");
}

#[test]
fn a_service_with_a_framework_that_takes_one_label_is_shown_there_and_it_is_said_why() {
    let home = shop("", "cwd = \"api\"");
    fs::create_dir_all(home.project().join("api/node_modules/next")).expect("a folder");
    home.write("api/node_modules/next/package.json", "{\"version\":\"16.2.1\"}");
    let why = "`api` is at a name of one label: Next.js 16.2 takes no name below localhost of more than one label";
    let said = home.run(&["up"]);
    assert_eq!(said.err.matches(why).count(), 1, "{said:?}");
    assert!(site(&home, "api").starts_with("http://api-shop.localhost:"));
    assert!(home.run(&["urls"]).err.contains(why));
    let explained = home.ok(&["explain", "api"]);
    assert!(explained.contains("named") && explained.contains("as Next.js 16.2 takes no name"), "{explained}");
}

fn manifest_without_stripping() -> String {
    let program = fake::service();
    format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{program}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n\
         [services.api]\ncommand = [\"{program}\", \"mirror\"]\nhealth = {{ tcp = true }}\npaths = \"/api\"\n"
    )
}

#[test]
fn a_project_that_wants_tls_sends_everybody_there_who_comes_without() {
    let home = shop("http = \"redirect\"", "");
    home.ok(&["up"]);
    let (plain, secure) = (site(&home, "web"), home.service("web")["sites"][1].as_str().expect("a URL").to_owned());
    for method in ["GET", "POST"] {
        let said =
            curl(&["-X", method, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url} ", &format!("{plain}/a?b=c")]);
        assert!(said.starts_with(&format!("308 {secure}/a?b=c")), "{said}");
    }
    let root = home.state().join("ca/root.pem");
    let said = curl(&["--location", "--cacert", root.to_str().expect("text"), &plain]);
    assert_eq!(said, "200");
}

#[test]
fn a_certificate_of_ones_own_is_used_for_its_name_and_taken_up_again_when_it_changes() {
    let home = shop("", "");
    let folder = home.path().join("config");
    fs::create_dir_all(&folder).expect("a folder");
    let make = || {
        let made = rcgen::generate_simple_self_signed(["shop.localhost".to_owned()]).expect("a certificate");
        fs::write(folder.join("shop.key"), made.signing_key.serialize_pem()).expect("a file");
        fs::set_permissions(folder.join("shop.key"), fs::Permissions::from_mode(0o644)).expect("its mode");
        fs::write(folder.join("shop.pem"), made.cert.pem()).expect("a file");
    };
    make();
    let config = "[proxy.certificates]\n\"shop.localhost\" = { cert = \"shop.pem\", key = \"shop.key\" }\n";
    fs::write(folder.join("config.toml"), config).expect("a file");
    home.ok(&["up"]);
    let told = home.run(&["status"]).err;
    assert!(told.contains("shop.key can be read by others"), "{told}");
    let (own, root) = (folder.join("shop.pem"), home.state().join("ca/root.pem"));
    let secure = |service: &str| home.service(service)["sites"][1].as_str().expect("a URL").to_owned();
    let ask = |trusted: &std::path::Path, url: &str| {
        curl(&["-o", "/dev/null", "--cacert", trusted.to_str().expect("text"), url])
    };
    assert_eq!(ask(&own, &secure("web")), "200");
    assert!(ask(&root, &secure("web")).contains("certificate"));
    assert_eq!(ask(&root, &secure("api")), "200", "other names have those that are made here");
    make();
    assert_eq!(ask(&own, &secure("web")), "200");
}

#[test]
fn everything_that_is_up_is_listed_at_a_name_of_locald() {
    let home = shop("", "start = \"on-request\"");
    home.ok(&["up"]);
    let url = site(&home, "web").replace("//shop", "//locald");
    let json = curl(&[&url]);
    let (api, web) = (site(&home, "api"), site(&home, "web"));
    let expected = serde_json::json!([
        { "project": "shop", "service": "api", "url": format!("{api}/"), "state": "idle" },
        { "project": "shop", "service": "web", "url": format!("{web}/"), "state": "ready" },
    ]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(json.trim_end_matches("200")).expect("JSON"), expected);
    let page = curl(&["-H", "Accept: text/html", &url]);
    assert!(page.contains(&format!("api: <a href=\"{api}/\">{api}/</a> is idle")), "{page}");
    assert!(curl(&[&format!("{url}/x")]).ends_with("404"));
    let root = home.state().join("ca/root.pem");
    let secure = home.service("web")["sites"][1].as_str().expect("a URL").replace("//shop", "//locald");
    assert!(curl(&["--cacert", root.to_str().expect("text"), &secure]).ends_with("200"));
}

#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
fn begin_download(url: &str, to: &Path, root: &str) -> Child {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--no-buffer", "--noproxy", "*", "--cacert", root, "-o"]);
    command.args([to.as_os_str(), url.as_ref()]).stderr(Stdio::inherit()).spawn().expect("curl is installed")
}

#[test]
fn an_answer_that_is_on_its_way_is_finished_by_a_daemon_that_is_replaced() {
    let program = fake::service();
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = [\"{program}\", \"halves\", \"gate\"]\nhealth = {{ tcp = true }}\n\
         [services.api]\ncommand = [\"{program}\", \"http\", \"api\"]\nhealth = {{ tcp = true }}\n"
    ));
    home.write("api", "200");
    home.ok(&["up"]);
    let before = home.daemon_pid();
    let root = home.state().join("ca/root.pem");
    let root = root.to_str().expect("text").to_owned();
    // Over HTTP/1.1, and with TLS as one stream of HTTP/2 among others.
    let sites = |service: &str| [0, 1].map(|at| home.service(service)["sites"][at].as_str().expect("a URL").to_owned());
    let downloads = ["plain", "secure"].map(|name| home.path().join(name));
    let (slow, quick) = (sites("web"), sites("api"));
    let downloading: Vec<Child> =
        downloads.iter().zip(&slow).map(|(download, url)| begin_download(url, download, &root)).collect();
    for download in &downloads {
        wait::until("the first half is here", || fs::read(download).is_ok_and(|got| got == b"one,").then_some(()));
    }
    let restarting = thread::spawn({
        let mut restart = home.command(&["daemon", "restart"]);
        move || restart.output().expect("locald can be started")
    });
    let asking = thread::spawn(move || {
        let ask = |url| curl(&["--connect-timeout", "60", "--cacert", &root, url]);
        quick.iter().cycle().take(20).map(|url| ask(url)).collect::<Vec<_>>()
    });
    // Whoever comes now waits for the next daemon.
    wait::until("nobody is let in", || {
        let log = fs::read_to_string(home.state().join("daemon.log")).unwrap_or_default();
        log.contains("finishing what is on its way").then_some(())
    });
    home.write("gate", "");
    for (mut child, download) in downloading.into_iter().zip(&downloads) {
        assert!(child.wait().expect("an end").success());
        assert_eq!(fs::read_to_string(download).expect("a file"), "one,two.");
    }
    assert!(restarting.join().expect("no panic").status.success());
    let answers = asking.join().expect("no panic");
    assert!(answers.iter().all(|answer| answer == "200"), "none is lost: {answers:?}");
    assert_ne!(home.daemon_pid(), before);
    // Of one that is killed only what it was in the middle of is lost.
    signal(home.daemon_pid(), Signal::KILL);
    assert_eq!(curl(&["--connect-timeout", "60", &site(&home, "api")]), "200");
}

#[test]
fn a_proxy_in_front_is_believed_once_the_configuration_names_it() {
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{}\", \"mirror\"]\nhealth = {{ tcp = true }}\n",
        fake::service()
    ));
    let seen = || {
        let told = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example"];
        let told = told.iter().flat_map(|line| ["-H", *line]);
        let url = site(&home, "web");
        let said = curl(&told.chain(["--ipv4", url.as_str()]).collect::<Vec<_>>());
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].map(|name| {
            let lines = said.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect::<Vec<_>>().join(" and ")
        })
    };
    home.ok(&["up"]);
    let host = site(&home, "web").replace("http://", "");
    assert_eq!(seen(), ["127.0.0.1", "http", &host], "nobody is believed unasked");
    let folder = home.path().join("config");
    fs::create_dir_all(&folder).expect("a folder");
    for (peers, expected) in [
        ("[\"::1\", \"127.0.0.1\"]", ["203.0.113.7, 127.0.0.1", "https", "shop.example"]),
        ("\"127.0.0.2\"", ["127.0.0.1", "http", host.as_str()]),
    ] {
        fs::write(folder.join("config.toml"), format!("[proxy]\ntrusted_peers = {peers}\n")).expect("a file");
        home.ok(&["daemon", "restart"]);
        home.wait_for_state("web", "ready");
        assert_eq!(seen(), expected, "{peers}");
    }
}

#[test]
fn a_service_that_answers_to_one_name_is_addressed_by_it_once_the_configuration_says_so() {
    let home = shop("", "host_header = \"localhost:3000\"");
    home.ok(&["up"]);
    let asked = || {
        let url = site(&home, "api");
        let said = curl(&["--ipv4", &url]);
        let line = |name: &str| {
            let lines = said.lines().filter_map(|line| line.split_once(": ")).filter(|(key, _)| *key == name);
            lines.map(|(_, value)| value.to_owned()).collect::<Vec<_>>().join(" and ")
        };
        (line("host"), line("x-forwarded-host"), url.replace("http://", ""))
    };
    let (host, forwarded, own) = asked();
    assert_eq!((host.as_str(), forwarded), ("localhost:3000", own));
    let pid = home.pid("api");
    let manifest = fs::read_to_string(home.project().join("locald.toml")).expect("a file");
    home.write("locald.toml", &manifest.replace("host_header = \"localhost:3000\"", ""));
    home.ok(&["up"]);
    wait::until("the host is what was asked for", || {
        let (host, forwarded, own) = asked();
        (host == own && forwarded == own).then_some(())
    });
    assert_eq!(home.pid("api"), pid, "it goes on running");
}
