//! The overview, pinned panes and one that is alone, on a real terminal.

use crate::home::TestHome;
use crate::screen::Screen;

/// A shell, and something that writes now and then.
const TWO: &str = r#"
[services.shell]
command = ["/bin/sh"]
env = { PS1 = "ready> " }
[services.count]
command = "i=0; while i=$((i+1)); do echo tick $i; sleep 0.2; done"
"#;

/// What C-b types.
const PREFIX: &str = "\u{2}";

#[test]
fn the_overview_shows_what_each_service_uses_and_wrote_last() {
    let home = TestHome::new(TWO);
    let mut screen = Screen::open(&home, &["monitor"], 120, 30);
    screen.wait_for("memory  restarts");
    screen.wait_for("│ready>");
    // Of the one that is not selected nothing but this is known.
    screen.wait_for("  tick ");
    screen.wait_for("%");
    screen.send("j");
    screen.wait_for("count  ● ready ─");
    screen.wait_for("│tick");
    screen.send("\r");
    screen.wait_until_gone("memory  restarts");
    screen.wait_for(" count  C-b s services");
    screen.send(&format!("{PREFIX}w"));
    screen.wait_for("memory  restarts");
    screen.send("q");
    assert!(screen.wait_for_end().success());
}

#[test]
fn pinned_panes_are_side_by_side_in_every_workspace_until_they_are_unpinned() {
    let home = TestHome::new(TWO);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell");
    screen.wait_for("last line");
    screen.send("p");
    screen.wait_until_gone("last line");
    screen.wait_for("▸● shell      + ready");
    screen.send("j");
    screen.wait_for("│ count  ● ready");
    screen.wait_until_gone("│ready>");
    screen.send("p");
    // One below the other, each in its own size.
    screen.wait_for("│ shell  ● ready ─");
    screen.wait_for("│▸count  ● ready ─");
    screen.wait_for("│ready>");
    screen.wait_for("│tick");
    screen.send(&format!("\r{PREFIX}\u{1b}[A"));
    screen.wait_for(" shell  C-b s services");
    screen.send("stty size\r");
    screen.wait_for("│11 57");
    let mut other = Screen::open(&home, &[], 80, 24);
    other.wait_for("│▸shell  ● ready ─");
    other.wait_for("│ count  ● ready ─");
    screen.send(&format!("{PREFIX}z"));
    screen.wait_for("C-b z unzoom");
    screen.wait_until_gone("tick");
    screen.send(&format!("{PREFIX}z"));
    screen.wait_for("│tick");
    screen.send(&format!("{PREFIX}P"));
    other.wait_until_gone("│▸shell  ● ready ─");
    other.send("jp");
    other.wait_for("last line");
    other.wait_until_gone("count        +");
}

#[test]
fn the_list_can_be_hidden_and_is_the_overview_then() {
    let home = TestHome::new(TWO);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    screen.send(&format!("\r{PREFIX}b"));
    screen.wait_for("\nready>");
    screen.send(&format!("{PREFIX}s"));
    screen.wait_for("last line");
    screen.wait_for("▸● shell");
    screen.send("b\r");
    screen.wait_for(" shell  C-b s services");
    screen.wait_for("│ready>");
}

#[test]
fn a_shell_in_the_project_has_a_pane_until_it_ends() {
    let mut home = TestHome::new(TWO);
    home.set("SHELL", "/bin/sh");
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell");
    screen.send("c");
    screen.wait_for("shell+1  ● ready");
    screen.wait_for(" shell+1  C-b s services");
    screen.send("echo here is $(basename \"$PWD\")\r");
    screen.wait_for("│here is demo");
    screen.send("exit\r");
    screen.wait_until_gone("│here is demo");
    screen.wait_until_gone("shell+1");
}
