//! Further suffixes: names below them are served, each suffix has an authority of its own, and each of those is trusted by itself.

use std::fs;

use serde_json::Value;

use crate::fake;
use crate::home::TestHome;
use crate::named::{curl, site};
use crate::trusting::{database, has, of_a_user, output, user};

const HOSTS: &str = "[\"shop.corp.internal\", \"shop.test\", \"shop.other.internal\"]";

/// A home with a suffix, and a service below it, below `.test`, and below a suffix that there is not.
fn shop() -> TestHome {
    let mut home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n\
         hosts = {HOSTS}\n",
        fake::service()
    ));
    home.write("web", "200");
    of_a_user(&mut home);
    home.unset("NODE_EXTRA_CA_CERTS");
    configure(&home, "[proxy]\nsuffixes = \"corp.internal\"\n");
    home
}

fn configure(home: &TestHome, text: &str) {
    let folder = home.path().join("config");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), text).expect("a file");
}

/// What comes of a request for a host, which is found here whatever a resolver says.
fn ask(scheme: &str, host: &str, port: &str, more: &[&str]) -> String {
    let (resolve, url) = (format!("{host}:{port}:127.0.0.1"), format!("{scheme}://{host}:{port}/"));
    curl(&[&["--resolve", &resolve, &url], more].concat())
}

/// The URLs of the service's further names.
fn further(home: &TestHome) -> Vec<String> {
    let aliases = home.json(&["urls", "--json"])[0]["aliases"].take();
    let urls = aliases.as_array().expect("names").iter().map(|it| it["url"].as_str().expect("a URL").to_owned());
    urls.collect()
}

fn schemes(home: &TestHome) -> Vec<String> {
    further(home).iter().filter_map(|url| Some(url.split_once(':')?.0.to_owned())).collect()
}

#[test]
fn a_name_below_a_further_suffix_is_served_and_only_its_own_authority_vouches_for_it() {
    let home = shop();
    let refused = "`shop.other.internal` leads nowhere: it ends with none of the `suffixes`";
    let said = home.run(&["up"]);
    assert_eq!((said.code, said.err.matches(refused).count()), (0, 1), "{said:?}");
    let (status, explained) = (home.run(&["status"]), home.ok(&["explain", "web"]));
    assert!(status.err.contains(refused), "{status:?}");
    assert!(explained.contains("not at") && explained.contains(refused), "{explained}");
    let sites = home.service("web")["sites"].take();
    let ports = [0, 1].map(|at| sites[at].as_str().and_then(|url| url.rsplit_once(':')).expect("a port").1.to_owned());
    let [plain, secure] = &ports;
    assert_eq!(
        further(&home),
        ["shop.corp.internal", "shop.test"].map(|host| format!("http://{host}:{plain}")),
        "nothing is trusted, and what is not served is not shown"
    );
    for (host, status) in [("shop.corp.internal", "200"), ("shop.test", "200"), ("shop.other.internal", "404")] {
        let said = ask("http", host, plain, &[]);
        assert!(said.ends_with(status), "{host}: {said}");
    }
    let ca = home.state().join("ca");
    let [own, further] =
        ["root.pem", "suffixes/corp.internal/root.pem"].map(|name| ca.join(name).display().to_string());
    let believed = |host: &str, root: &str| ask("https", host, secure, &["--cacert", root]);
    assert_eq!(believed("shop.corp.internal", &further), "200");
    assert_eq!((believed("shop.test", &own), believed("shop.localhost", &own)), ("200".into(), "200".into()));
    for (host, root) in [("shop.corp.internal", &own), ("shop.localhost", &further), ("shop.test", &further)] {
        let said = believed(host, root);
        assert!(said.contains("certificate"), "{host} by {root}: {said}");
    }
    let together = ca.join("roots.pem").display().to_string();
    assert_eq!(believed("shop.corp.internal", &together), "200");
    assert!(home.ok(&["env", "web", "--explain"]).contains(&format!("NODE_EXTRA_CA_CERTS={together}")));
    configure(&home, "[proxy]\nsuffixes = \"shop.dev\"\n");
    let said = home.fails(3, &["trust"]);
    assert!(said.contains("preloaded for HSTS") && said.contains("config.toml:2:12"), "{said}");
}

#[test]
fn each_authority_is_trusted_and_removed_by_itself_and_nothing_is_left() {
    if !has("certutil", "-H", "trust of browsers") {
        return;
    }
    let home = shop();
    // A Chromium that was never started: the database is made for both, and goes with the last.
    fs::create_dir_all(user(&home).join(".config/chromium")).expect("a folder");
    let store = user(&home).join(".pki/nssdb");
    let profile = user(&home).join(".mozilla/firefox/it.default");
    database(&profile);
    let names = |folder: &std::path::Path| {
        let list = output("certutil", &["-L", "-d", &format!("sql:{}", folder.display())]);
        list.matches("locald ").count()
    };
    home.ok(&["up"]);
    let plan = home.ok(&["trust", "--store", "nss", "--dry-run"]);
    assert!(plan.contains("localhost, test") && plan.contains("corp.internal") && plan.contains("FOR"), "{plan}");
    assert!(!store.exists());
    let told = home.json(&["trust", "--store", "nss", "--json"]);
    let told: Vec<(&str, &str)> = told
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["for"].as_str().expect("text"), row["state"].as_str().expect("text")))
        .collect();
    let expected = ["localhost, test", "corp.internal"].map(|of| [(of, "trusted"); 2]).concat();
    assert_eq!(told, expected);
    assert_eq!((names(&store), names(&profile), schemes(&home)), (2, 2, vec!["https".to_owned(); 2]));
    let status = home.json(&["trust", "status", "--json"]);
    let further = &status["further"][0];
    assert_eq!((&further["for"], &further["links"]), (&"corp.internal".into(), &"https".into()), "{status}");
    // Once more is no harm, also not to what is known of the database.
    home.ok(&["trust", "--store", "nss"]);

    // One that browsers do not trust any more is no reason to doubt the other.
    let nickname = further["name"].as_str().expect("text");
    output("certutil", &["-D", "-n", nickname, "-d", &format!("sql:{}", profile.display())]);
    // There is none of these here, so nothing is changed, and all is looked at.
    home.ok(&["trust", "--store", "windows"]);
    assert_eq!(schemes(&home), ["http", "https"]);
    home.ok(&["trust", "--store", "nss"]);

    configure(&home, "");
    home.ok(&["daemon", "restart"]);
    assert!(site(&home, "web").starts_with("https:"));
    assert_eq!(schemes(&home), ["https"], "that of `.test`");
    let status = home.ok(&["trust", "status"]);
    assert_eq!(status.matches("no longer needed").count(), 2, "{status}");
    let listed = home.json(&["setup", "list", "--json"]);
    let needed =
        listed.as_array().expect("changes").iter().filter(|entry| entry["needed"] == Value::Bool(true)).count();
    assert_eq!((listed.as_array().map(Vec::len), needed), (Some(4), 2), "{listed}");
    assert!(home.ok(&["setup", "list"]).contains("no longer needed"));
    home.fails(1, &["untrust", "--check"]);
    let told = home.json(&["untrust", "--json"]);
    assert_eq!(told.as_array().map(Vec::len), Some(4), "{told}");
    home.ok(&["untrust", "--check"]);
    assert_eq!((store.exists(), names(&profile)), (false, 0));
    assert_eq!(home.json(&["setup", "list", "--json"]), Value::Array(Vec::new()));
}
