//! What of screens outlives the daemon that showed them.

use locald_api::PaneId;
use rustix::process::Signal;

use crate::home::{TestHome, signal};
use crate::wait;
use crate::wire::{Wire, id, view};

/// Much output, after which the service is silent with a line begun.
const PRINTER: &str = r#"
[services.web]
command = "seq -f 'line %.0f of a service that prints much and then nothing more' 1 8000; printf 'the \\033[31mend'; exec sleep 1000"
"#;

#[test]
fn screen_and_history_are_the_same_to_the_last_line_after_the_daemon_was_killed_or_replaced() {
    let home = TestHome::new(PRINTER);
    home.ok(&["up"]);
    let captured = || home.run(&["capture", "web", "--history", "20000", "--ansi"]).out;
    let before = wait::until("all is printed", || Some(captured()).filter(|text| text.contains("mend")));
    assert!(before.lines().count() > 8000 && before.contains("line 1 of"));
    signal(home.daemon_pid(), Signal::KILL);
    wait::until("another daemon has all of it", || (captured() == before).then_some(()));
    home.ok(&["daemon", "restart"]);
    wait::until("the next one has all of it", || (captured() == before).then_some(()));
    let lines = home.log_lines("web");
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("line ")).count(),
        8000,
        "of checkpoints the log tells nothing"
    );
}

#[test]
fn a_pane_that_is_shown_higher_by_a_new_daemon_begins_with_lines_of_before() {
    let home = TestHome::new(PRINTER);
    home.ok(&["up"]);
    wait::until("all is printed", || home.ok(&["capture", "web"]).contains("the end").then_some(()));
    signal(home.daemon_pid(), Signal::KILL);
    wait::until("another daemon answers", || (home.run(&["capture", "web"]).code == 0).then_some(()));
    let (mut wire, pane) = (Wire::connect(&home), PaneId(1));
    wire.show(view(&[&id(&home, "web")], (80, 50)));
    wire.wait_until("the pane is that high", |wire| wire.size(pane) == Some((80, 50)));
    let text = wire.text(pane);
    let first = text.lines().next().unwrap_or_default();
    assert!(first.starts_with("line 7952 of") && text.contains("the end"), "{text}");
}
