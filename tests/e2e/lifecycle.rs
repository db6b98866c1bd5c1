//! Up, status, restart, stop, down: what every command promises.

use crate::home::{TestHome, is_alive};
use crate::screen::Screen;

const THREE: &str = r#"
[services.clock]
command = "while true; do date; sleep 1; done"
[services.shell]
command = ["/bin/sh"]
[services.pipes]
command = "echo out; echo err >&2; exec sleep 1000"
tty = false
"#;

#[test]
fn what_was_brought_up_runs_and_what_was_brought_down_is_gone() {
    let home = TestHome::new(THREE);
    home.ok(&["up"]);
    let pids = ["clock", "shell", "pipes"].map(|name| home.pid(name));
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    home.ok(&["down"]);
    assert!(pids.iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn a_pane_takes_keys_and_shows_what_they_did() {
    let home = TestHome::new(THREE);
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    // Nothing is up yet: the command says so instead of opening an empty pane.
    assert!(!screen.wait_for_end().success());
    home.ok(&["up"]);
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    screen.wait_for("shell");
    screen.send("echo $((6 * 7))\r");
    screen.wait_for("\u{2502}42");
    screen.send("\u{2}d");
    assert!(screen.wait_for_end().success());
    assert!(is_alive(home.pid("shell")));
}
