//! `config set` and `unset`: what they change, what they leave alone, and what they refuse.

use std::fs;

use crate::home::TestHome;
use crate::wait;

const CONFIG: &str = "\
# The shop.
[services.web]   # the front
command = 'echo began; exec sleep 1000' # as ever
port = 3000
";

fn manifest(home: &TestHome) -> String {
    fs::read_to_string(home.project().join("locald.toml")).expect("a file")
}

#[test]
fn a_value_is_set_and_set_back_and_all_else_stays() {
    let home = TestHome::new(CONFIG);
    let said = home.run(&["config", "set", "services.web.port", "4000"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(manifest(&home), CONFIG.replace("3000", "4000"));
    assert!(said.err.contains("`locald config set services.web.port 3000` brings back what was there"), "{said:?}");
    home.ok(&["config", "set", "services.web.port", "3000"]);
    assert_eq!(manifest(&home), CONFIG);
    let said = home.run(&["config", "set", "services.web.stop_timeout", "30s"]);
    assert!(said.err.contains("`locald config unset services.web.stop_timeout` takes it away again"), "{said:?}");
    home.ok(&["config", "unset", "services.web.stop_timeout"]);
    assert_eq!(manifest(&home), CONFIG);
}

#[test]
fn what_would_be_a_fault_is_shown_and_not_written() {
    let home = TestHome::new(CONFIG);
    let said = home.fails(3, &["config", "set", "services.web.prot", "1"]);
    assert!(said.contains("unknown key `prot`") && said.contains("nothing was written"), "{said}");
    assert!(said.contains("locald.toml:5:1"), "{said}");
    home.fails(3, &["config", "set", "services.web.port", "99999"]);
    home.fails(3, &["config", "unset", "services.web.command"]);
    home.fails(4, &["config", "unset", "services.web.cwd"]);
    home.fails(2, &["config", "set", "a b", "1"]);
    assert!(home.fails(3, &["config", "set", "--user", "keys.zom", "z"]).contains("zom"));
    assert_eq!(manifest(&home), CONFIG);
    assert!(!home.path().join("config/config.toml").exists());
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let home = TestHome::new(CONFIG);
    let diff = home.ok(&["config", "set", "services.web.port", "4000", "--dry-run"]);
    assert!(diff.contains("--- locald.toml\n+++ locald.toml\n"), "{diff}");
    assert!(diff.contains("\n-port = 3000\n+port = 4000\n"), "{diff}");
    assert_eq!(manifest(&home), CONFIG);
}

#[test]
fn each_layer_has_its_own_file_which_is_made_where_it_is_missing() {
    let home = TestHome::new(CONFIG);
    home.ok(&["config", "set", "--local", "services.web.env.DEBUG", "yes"]);
    home.ok(&["config", "set", "--user", "defaults.services.web.restart", "always"]);
    assert_eq!(manifest(&home), CONFIG);
    let shown = home.ok(&["config", "show", "--origin"]);
    assert!(shown.contains("services.web.env.DEBUG = \"yes\"  # locald.local.toml:2 (personal)"), "{shown}");
    assert!(shown.contains("services.web.restart = \"always\""), "{shown}");
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(home.run_in(nowhere.path(), &["config", "set", "--user", "workspace.theme", "dark"]).code, 0);
    assert_eq!(home.run_in(nowhere.path(), &["config", "set", "--user", "env", "1"]).code, 3);
    assert_eq!(home.run_in(nowhere.path(), &["config", "set", "project.name", "x"]).code, 3);
}

#[test]
fn a_project_that_is_up_takes_the_change_up() {
    let home = TestHome::new(CONFIG.replace("port = 3000\n", "").as_str());
    home.ok(&["up"]);
    let web = home.pid("web");
    home.ok(&["config", "set", "services.web.env.MODE", "fast"]);
    wait::until("it runs anew", || (home.service("web")["pid"].as_i64()? != i64::from(web)).then_some(()));
}
