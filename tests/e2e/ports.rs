//! Several ports of one service: told to it, to others and to people, each at a name of its own.

use std::fs;
use std::net::TcpListener;

use crate::fake;
use crate::home::TestHome;
use crate::named::{curl, site};
use crate::wait;

fn manifest(ports: &str) -> String {
    let program = fake::service();
    format!(
        "[project]\nname = \"shop\"\n\
         [services.api]\ncommand = [\"{program}\", \"ports\", \"PORT\", \"PORT_ADMIN_UI\"]\nhealth = {{ tcp = true }}\nports = {ports}\n\
         [services.web]\ncommand = [\"{program}\", \"listen\"]\n\
         env = {{ ADMIN = \"${{services.api.ports.admin-ui}}\", AT = \"${{services.api.ports.admin-ui.url}}\" }}\n"
    )
}

#[test]
fn each_port_of_a_service_has_its_number_its_variables_and_its_names() {
    let home = TestHome::new(&manifest("{ admin-ui = \"auto\" }"));
    home.ok(&["up"]);
    let api = home.service("api");
    let (first, admin) = (site(&home, "api"), &api["named_ports"][0]);
    let (number, url) = (admin["port"].as_u64().expect("a number"), admin["sites"][0].as_str().expect("a URL"));
    assert_eq!(api["ports"].as_array().map(Vec::len), Some(2));
    assert_eq!(url, first.replace("//api.", "//admin-ui.api."));
    assert_eq!(curl(&[&first]), "PORT200");
    assert_eq!(curl(&[url]), "PORT_ADMIN_UI200");
    assert_eq!(curl(&[&first.replace("//api.shop.", "//admin-ui-api-shop.")]), "PORT_ADMIN_UI200");
    let secure = admin["sites"][1].as_str().expect("a URL");
    let root = home.state().join("ca/root.pem");
    assert_eq!(curl(&["--cacert", root.to_str().expect("text"), secure]), "PORT_ADMIN_UI200");
    for (service, line) in [
        ("api", format!("PORT_ADMIN_UI={number}")),
        ("api", format!("URL_ADMIN_UI={url}")),
        ("api", format!("LOOPBACK_URL_ADMIN_UI=http://127.0.0.1:{number}")),
        ("web", format!("ADMIN={number}")),
        ("web", format!("AT={url}")),
    ] {
        let environment = home.ok(&["env", service]);
        assert!(environment.lines().any(|found| found == line), "{line}: {environment}");
    }
    let listed = home.ok(&["urls"]);
    let line = listed.lines().find(|line| line.starts_with("api (admin-ui)")).unwrap_or_else(|| panic!("{listed}"));
    assert!(line.contains(url), "{listed}");
    assert_eq!(home.json(&["urls", "api", "--json"])[0]["ports"][0]["url"], url);
    let explained = home.ok(&["explain", "api"]);
    assert!(explained.contains(&format!("admin-ui: {number}, at {url}")), "{explained}");
    assert!(!explained.contains("listens on"), "{explained}");
    assert_eq!(home.ok(&["open", "api", "--port", "admin-ui", "--print"]).trim(), url);
    assert!(home.fails(4, &["open", "api", "--port", "admin-u"]).contains("did you mean `admin-ui`?"));
    // What stands in the way of a port is told by its name, and the service has the new one once it may.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = taken.local_addr().expect("an address").port();
    fs::write(home.project().join("locald.toml"), manifest(&format!("{{ admin-ui = {busy} }}"))).expect("a file");
    let why = wait::until("somebody has the port", || {
        home.service("api")["reason"].as_str().map(str::to_owned).filter(|why| why.contains("in use"))
    });
    let owner = format!("(pid {})", std::process::id());
    assert!(why.contains(&format!("port {busy} (`admin-ui`) is in use by ")) && why.contains(&owner), "{why}");
    drop(taken);
    home.ok(&["up"]);
    assert_eq!(home.service("api")["named_ports"][0]["port"], busy);
    assert_eq!(curl(&[url]), "PORT_ADMIN_UI200");
}
