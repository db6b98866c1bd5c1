//! `locald try`: a command runs as it would without us, and becomes a service if that is wanted.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use rustix::process::Signal;

use crate::answering;
use crate::fake;
use crate::home::{TestHome, signal};
use crate::named::{curl, site};
use crate::screen::Screen;
use crate::wait;

fn manifest(home: &TestHome) -> String {
    fs::read_to_string(home.project().join("locald.toml")).unwrap_or_default()
}

#[test]
fn a_command_that_is_tried_ends_try_as_it_ends() {
    let home = TestHome::empty();
    assert_eq!(home.run(&["try", "exit 7"]).code, 7);
    assert_eq!(home.run(&["try", "kill -TERM $$"]).code, 128 + 15);
    assert_eq!(home.run(&["try", "--", "no-such-program", "x"]).code, 127);
    let said = home.run(&["try", "--", "printf", "<%s>", "a b", "$HOME"]);
    assert_eq!((said.code, said.out.as_str()), (0, "<a b><$HOME>"));
    assert_eq!(said.err, "", "nobody is asked where there is no terminal");
    assert!(!home.project().join("locald.toml").exists());
}

#[test]
fn what_ends_try_from_outside_reaches_the_command() {
    let home = TestHome::empty();
    let ready = home.project().join("ready");
    let mut command = home.command(&["try", "trap 'exit 9' TERM; touch ready; while :; do sleep 0.05; done"]);
    let mut child = command.spawn().expect("locald can be started");
    wait::until("the command runs", || ready.exists().then_some(()));
    signal(child.id().cast_signed(), Signal::TERM);
    assert_eq!(child.wait().expect("a child").code(), Some(9));
}

#[test]
fn a_command_that_did_well_is_saved_by_a_single_key_as_it_was_said() {
    let home = TestHome::new("# mine\n[services.it]\ncommand = \"exec sleep 1000\"\n");
    let mut screen = Screen::open(&home, &["try", "echo \"a  b\""], 100, 12);
    screen.wait_for("Save it as the service `echo`? [Y/n]");
    screen.send("\r");
    screen.wait_for("`echo` is in locald.toml now");
    assert!(screen.wait_for_end().success());
    let expected =
        "# mine\n[services.it]\ncommand = \"exec sleep 1000\"\n\n[services.echo]\ncommand = \"echo \\\"a  b\\\"\"\n";
    assert_eq!(manifest(&home), expected);
    let mut screen = Screen::open(&home, &["try", "echo other"], 100, 12);
    screen.wait_for("Save it as the service `echo-2`? [Y/n]");
    screen.send("n\r");
    assert!(screen.wait_for_end().success());
    assert_eq!(manifest(&home), expected);
}

#[test]
fn a_command_that_listens_elsewhere_than_it_was_told_is_offered_with_its_port() {
    let home = TestHome::empty();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let line = format!("PORT={port}; export PORT; {}", answering::command_line());
    let mut screen = Screen::open(&home, &["try", &line], 160, 12);
    screen.wait_for(&format!("it listens on port {port}, whatever $PORT says"));
    screen.send("\x03");
    screen.wait_for(&format!("Save it as the service `web` with `port = {port}`? [Y/n]"));
    screen.send("y\r");
    screen.wait_for("`web` is in locald.toml now");
    assert_eq!(screen.wait_for_end().exit_code(), 130);
    assert!(manifest(&home).ends_with(&format!("port = {port}\n")), "{}", manifest(&home));
}

#[test]
fn what_was_saved_without_a_question_comes_up_and_answers_at_its_name() {
    let home = TestHome::empty();
    let program = fake::service();
    // It ends by itself: what is saved is what was said, and not how it went.
    let line = format!("test -n \"$LOCALD_SERVICE\" || exit 3; exec '{program}' mirror");
    let said = home.run(&["run", "--save", "--name", "shop", &line]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("`shop` is in locald.toml now"), "{said:?}");
    home.ok(&["up"]);
    home.wait_for_state("shop", "ready");
    let answered = curl(&[&site(&home, "shop")]);
    assert!(answered.starts_with("GET / HTTP/1.1") && answered.ends_with("200"), "{answered}");
}
