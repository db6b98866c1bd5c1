//! Configuration from several files, as commands show it and as services get it.

use std::collections::BTreeMap;
use std::fs;

use crate::home::TestHome;
use crate::wait;

/// The environment that a service wrote down with `env -0 > FILE`.
fn written(home: &TestHome, file: &str) -> BTreeMap<String, String> {
    let path = home.project().join(file);
    let text = wait::until(&format!("{file} is written"), || {
        fs::read_to_string(&path)
            .ok()
            .filter(|text| text.contains("\0LAST=") || text.starts_with("LAST="))
            .filter(|text| text.ends_with('\0'))
    });
    let pairs = text.split_terminator('\0').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn write_user_config(home: &TestHome, text: &str) {
    let folder = home.path().join("config");
    fs::create_dir_all(&folder).expect("a folder of settings");
    fs::write(folder.join("config.toml"), text).expect("the user's settings");
}

const PROJECT: &str =
    "[env]\nREGION = 'project'\n[services.web]\ncommand = 'sleep 600'\nenv = { API_TOKEN = 'hush hush', A = 1 }\n";

#[test]
fn what_is_set_is_shown_with_its_file_and_what_it_replaced() {
    let home = TestHome::new(PROJECT);
    write_user_config(
        &home,
        "[env]\nREGION = 'user'\n[defaults.services.web]\ntty = false\n[defaults.services.db]\ntty = false\n",
    );
    home.write("locald.local.toml", "[services.web]\nenv.A = 2\n");
    let shown = home.ok(&["config", "show", "--origin"]);
    let user = home.path().join("config/config.toml");
    let user = user.display();
    let expected = format!(
        "env.REGION = \"project\"  # locald.toml:2 (project), replaces {user}:2\n\
         services.web.tty = false  # {user}:4 (global)\n\
         services.web.command = \"sleep 600\"  # locald.toml:4 (project)\n\
         services.web.env.API_TOKEN = ********  # locald.toml:5 (project)\n\
         services.web.env.A = 2  # locald.local.toml:2 (personal), replaces locald.toml:5\n"
    );
    assert_eq!(shown, expected);
    assert!(home.ok(&["config", "show", "--reveal", "services.web.env"]).contains("\"hush hush\""));
    let json = home.json(&["config", "show", "--json", "web"]);
    assert_eq!(json[2]["value"], "********", "{json}");
    assert_eq!(json[3]["origin"]["layer"], "personal", "{json}");
    assert!(home.fails(4, &["config", "show", "wbe"]).contains("did you mean `web`?"));
}

#[test]
fn faults_of_every_file_are_shown_before_anything_starts() {
    let home = TestHome::new("[services.web]\ncommand = 'x'\nprot = 1\n");
    write_user_config(&home, "[defaults.services.web]\ntty = 'no'\n");
    home.write("locald.local.toml", "[services.web]\ndepends_on = ['wep']\n");
    let said = home.fails(3, &["up"]);
    for part in ["config.toml:2:7", "locald.toml:3:1", "locald.local.toml:2:15", "did you mean `port`?"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(home.fails(3, &["config", "show"]).matches("error:").count(), 4, "three faults and what they mean");
}

#[test]
fn values_refer_to_services_variables_and_the_project() {
    let mut home = TestHome::new(
        r#"
        [env]
        SHARED = "${GIVEN}/shared"
        [services.db]
        command = "sleep 600"
        [services.web]
        command = "echo port ${services.db.port}, $ADDRESS, $$ > said; env -0 > env; exec sleep 600"
        depends_on = { db = false }
        env = { ADDRESS = "${services.db.url}", PATH = "${project.root}/bin:${PATH}", PLAIN = "$${GIVEN} $GIVEN", LAST = "${FROM_FILE:-none}" }
        "#,
    );
    home.set("GIVEN", "given");
    home.write(".env", "FROM_FILE=$SHARED/file\n");
    home.ok(&["up"]);
    let port = home.service("db")["ports"][0].as_u64().expect("a port");
    let env = written(&home, "env");
    assert_eq!(env["ADDRESS"], home.service("db")["sites"][0]);
    let root = home.project().canonicalize().expect("the project");
    assert!(env["PATH"].starts_with(&format!("{}/bin:/", root.display())), "{}", env["PATH"]);
    assert_eq!(env["PLAIN"], "${GIVEN} $GIVEN");
    assert_eq!(env["LAST"], "given/shared/file");
    assert_eq!(env["LOOPBACK_URL"], format!("http://127.0.0.1:{}", env["PORT"]));
    assert!(env["URL"].starts_with("http://") && env["URL"].contains(".localhost"), "{env:?}");
    assert_eq!(env["HOST"], "127.0.0.1");
    let said = fs::read_to_string(home.project().join("said")).expect("what the shell said");
    assert!(said.starts_with(&format!("port {port}, {}, ", env["ADDRESS"])), "{said}");
    let pid = said.trim().rsplit(' ').next().expect("its process");
    assert!(pid.parse::<u32>().is_ok(), "the shell's own `$$` stays its own: {said}");
}

#[test]
fn env_shows_what_a_service_gets_and_who_gives_it() {
    let mut home = TestHome::new(
        "[env]\nREGION = 'eu'\n[services.web]\ncommand = 'env -0 > env; exec sleep 600'\nenv = { SECRET_KEY = 'abc', LAST = '${REGION}' }\n",
    );
    home.set("GIVEN", "given");
    home.write(".env", "\nGIVEN=file\nDB=local\n");
    home.ok(&["up"]);
    let explained = home.ok(&["env", "web", "--explain"]);
    for line in [
        "GIVEN=given  # this shell",
        "REGION=eu  # locald.toml:2 (project)",
        "DB=local  # .env:3",
        "SECRET_KEY=********  # locald.toml:5 (project)",
        "TERM=xterm-256color  # locald",
    ] {
        assert!(explained.lines().any(|it| it == line), "{line} in {explained}");
    }
    let shown = home.json(&["env", "web", "--json", "--reveal"]);
    let got = written(&home, "env");
    // A shell passes on only what it can name itself.
    let is_plain = |name: &str| name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    for (name, it) in shown.as_object().expect("an object").iter().filter(|(name, _)| is_plain(name)) {
        assert_eq!(it["value"].as_str(), got.get(name).map(String::as_str), "{name}");
    }
    for name in
        got.keys().filter(|name| !["NOTIFY_SOCKET", "LOCALD_TOKEN", "_", "SHLVL", "OLDPWD"].contains(&name.as_str()))
    {
        assert!(shown.get(name).is_some(), "{name} is not shown");
    }
}

#[test]
fn a_variable_that_is_not_there_keeps_the_service_from_starting_and_says_so() {
    let home = TestHome::new("[services.web]\ncommand = ['echo', '${NOT_THERE}']\n");
    let said = home.fails(1, &["up"]);
    assert!(said.contains("`NOT_THERE` is not set"), "{said}");
}

#[test]
fn secrets_are_masked_wherever_text_is_shown_and_stay_what_they_are_on_the_disk_and_in_the_service() {
    let home = TestHome::new(
        r#"
        [services.web]
        command = "echo key $API_KEY, code $CODE, plain $PLAIN, local $LOCAL_TOKEN; exec sleep 600"
        tty = false
        env = { API_KEY = "k3y-0f-web", CODE = { value = "open sesame", secret = true }, PLAIN = "nothing" }
        "#,
    );
    home.write(".env", "LOCAL_TOKEN=t0ken-of-env\n");
    home.ok(&["up"]);
    let masked = "key ********, code ********, plain nothing, local ********";
    wait::until("the line is logged", || (home.log_lines("web") == [masked]).then_some(()));
    assert!(home.ok(&["logs", "--grep", "plain", "web"]).contains(masked));
    assert!(home.ok(&["logs", "--raw", "web"]).contains(masked));
    assert!(home.ok(&["logs", "--raw", "--reveal", "web"]).contains("key k3y-0f-web, code open sesame"));
    assert!(home.ok(&["logs", "--reveal", "web"]).contains("local t0ken-of-env"));
    home.ok(&["daemon", "restart"]);
    assert_eq!(home.log_lines("web"), [masked], "a new daemon knows them too");
    home.ok(&["down"]);
    assert_eq!(home.log_lines("web"), [masked], "a log outlives its service");
}

#[test]
fn secrets_are_masked_on_captured_screens_in_the_words_of_probes_and_in_the_last_lines_of_what_failed() {
    let home = TestHome::new(
        r#"
        [env]
        API_KEY = "k3y-0f-all-0f-us"
        [services.web]
        command = "printf '%074d%s\\n' 0 $API_KEY; printf '\\033[31mkey %s\\033[m\\n' $API_KEY; exec sleep 600"
        health = { command = "echo no $API_KEY; exit 1", interval = "20ms", start_period = "0s" }
        [services.crash]
        command = "echo lost $API_KEY; exit 3"
        "#,
    );
    let said = home.fails(1, &["up"]);
    assert!(said.contains("│ lost ********") && said.contains("unhealthy: no ********"), "{said}");
    wait::until("the screen shows it", || home.ok(&["capture", "web"]).contains("key ********").then_some(()));
    for shown in [
        home.ok(&["capture", "web"]),
        home.ok(&["capture", "web", "--ansi", "--history", "100"]),
        home.ok(&["capture", "web", "--json"]),
        home.ok(&["explain", "--json"]),
        home.ok(&["status"]),
        home.run(&["up", "crash", "--json"]).out,
        fs::read_to_string(home.state().join("daemon.log")).expect("the daemon's log"),
    ] {
        assert!(!shown.contains("k3y") && !shown.contains("0f-us"), "{shown}");
    }
    assert!(home.ok(&["explain"]).contains("lost ********"));
    let wrapped = home.json(&["capture", "web", "--json"]);
    let columns = wrapped["columns"].as_u64().expect("columns");
    assert!((75..90).contains(&columns), "the first line wraps in the middle of the secret: {wrapped}");
}

#[test]
fn a_procfile_is_said_as_a_locald_toml_that_runs_the_same() {
    let home = TestHome::empty();
    home.write("Procfile", "# both\nweb: exec python3 -m http.server --bind 127.0.0.1 $PORT\njobs: exec sleep 600\n");
    assert!(home.run(&["up"]).err.contains("locald init --from Procfile"));
    home.ok(&["init", "--from", "Procfile", "--yes"]);
    let written = fs::read_to_string(home.project().join("locald.toml")).expect("a locald.toml");
    assert!(written.starts_with("#:schema .locald/schema.json\n\n# both\n[services.web]\n"), "{written}");
    let schema = fs::read(home.project().join(".locald/schema.json")).expect("a schema");
    let schema: serde_json::Value = serde_json::from_slice(&schema).expect("JSON");
    assert!(schema["properties"]["services"].is_object());
    assert_eq!(home.json(&["config", "show", "--json", "jobs"])[0]["value"], "worker");
    home.ok(&["up"]);
    assert_eq!(home.service("web")["state"], "ready");
    home.write("locald.toml", "# mine\n");
    home.fails(1, &["init", "--from", "Procfile", "--yes"]);
    assert_eq!(fs::read_to_string(home.project().join("locald.toml")).expect("a locald.toml"), "# mine\n");
    home.ok(&["init", "--from", "Procfile", "--yes", "--force"]);
    home.write("Procfile", "no colon\n");
    assert!(home.fails(3, &["init", "--from", "Procfile", "--force", "--yes"]).contains("Procfile:1:1"));
}
