//! Keyboard, mouse and clipboard through a real terminal: what reaches programs, what the workspace does itself, and what the outer
//! terminal is asked and told.

use std::fs;

use portable_pty::CommandBuilder;

use crate::home::TestHome;
use crate::screen::Screen;
use crate::wait;

const SHELL: &str = "[services.shell]\ncommand = [\"/bin/sh\"]\nenv = { PS1 = \"ready> \" }\n";

/// Asks its terminal for this, then shows in readable form what it reads.
fn shows_input(asks: &str) -> String {
    let command = format!("stty raw -echo; printf '{asks}asked\\r\\n'; exec cat -v");
    format!("[services.probe]\ncommand = [\"/bin/sh\", \"-c\", {command:?}]\n")
}

/// Opens a workspace whose keys go to the program.
fn open(home: &TestHome, asked: &str) -> Screen {
    let mut screen = Screen::open(home, &[], 80, 24);
    screen.wait_for(asked);
    screen.send("\r");
    screen.wait_for("C-b s services");
    screen
}

/// What the outer terminal has been written, as text.
fn written(screen: &Screen) -> String {
    String::from_utf8_lossy(&screen.written()).into_owned()
}

fn wait_for_written(screen: &Screen, bytes: &str) {
    wait::until(&format!("{bytes:?} is written to the terminal"), || written(screen).contains(bytes).then_some(()));
}

/// A press of the left button at this column and row, from 1, as terminals tell it (SGR, mode 1006).
fn press(column: u16, row: u16) -> String {
    format!("\u{1b}[<0;{column};{row}M")
}

fn drag(column: u16, row: u16) -> String {
    format!("\u{1b}[<32;{column};{row}M")
}

fn release(column: u16, row: u16) -> String {
    format!("\u{1b}[<0;{column};{row}m")
}

const WHEEL_UP: &str = "\u{1b}[<64;40;5M";
const WHEEL_DOWN: &str = "\u{1b}[<65;40;5M";

#[test]
fn keys_with_their_modifiers_reach_a_program_that_asks_to_tell_them_apart() {
    let home = TestHome::new(&shows_input("\\033[>1u"));
    let mut screen = open(&home, "│asked");
    assert!(written(&screen).contains("\u{1b}[>5u"), "the outer terminal is asked for the same");
    // Shift-Enter, Ctrl-Shift-x, Ctrl-Enter and Alt-Shift-comma of a terminal with the keyboard protocol.
    screen.send("\u{1b}[13;2u\u{1b}[120:88;6u\u{1b}[13;5u\u{1b}[44:60;4u.");
    screen.wait_for("│^[[13;2u^[[120;6u^[[13;5u^[[60;3u.");
}

#[test]
fn a_program_that_does_not_ask_gets_the_same_keys_as_ever() {
    let home = TestHome::new(&shows_input(""));
    let mut screen = open(&home, "│asked");
    screen.send("\u{1b}[13;2u\u{1b}[99;5u\u{1b}[44:60;4u\u{1b}[27u.");
    screen.wait_for("│^M^C^[<^[.");
}

#[test]
fn the_focus_of_the_outer_terminal_is_passed_to_a_program_that_asks_for_it() {
    let home = TestHome::new(&shows_input("\\033[?1004h"));
    let mut screen = open(&home, "│asked");
    assert!(written(&screen).contains("\u{1b}[?1004h"));
    screen.send("\u{1b}[O");
    screen.wait_for("^[[O");
    screen.send("\u{1b}[I.");
    screen.wait_for("^[[O^[[I.");
}

#[test]
fn the_mouse_goes_to_a_program_that_asks_for_it_and_starts_with_its_own_corner() {
    let home = TestHome::new(&shows_input("\\033[?1002h\\033[?1006h"));
    let mut screen = open(&home, "│asked");
    wait_for_written(&screen, "\u{1b}[?1002h\u{1b}[?1006h");
    // The pane's first cell is in column 24 of row 2.
    screen.send(&(press(24, 2) + &drag(30, 5) + &release(1, 1) + WHEEL_UP + "."));
    screen.wait_for("^[[<0;1;1M^[[<32;7;4M^[[<0;1;1m");
    screen.wait_for("^[[<64;17;4M.");
}

#[test]
fn the_wheel_scrolls_a_full_screen_program_by_cursor_keys_and_history_elsewhere() {
    let home = TestHome::new(&shows_input("\\033[?1049h"));
    let mut screen = open(&home, "│asked");
    screen.send(&format!("{WHEEL_DOWN}."));
    screen.wait_for("^[[B^[[B^[[B.");

    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    screen.send("i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; done\r");
    screen.wait_for("│line 60");
    screen.send(WHEEL_UP);
    screen.wait_for("scrolled 3 of");
    screen.send(&format!("{WHEEL_DOWN}{WHEEL_DOWN}"));
    screen.wait_until_gone("scrolled");
    screen.send("echo live $((40 + 2))\r");
    screen.wait_for("│live 42");
}

#[test]
fn the_mouse_selects_services_opens_panes_and_presses_the_keys_that_are_shown() {
    let home = TestHome::new(&format!("{SHELL}[services.other]\ncommand = \"exec sleep 1000\"\n"));
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell");
    screen.wait_for("● other");
    screen.send(&(press(5, 3) + &release(5, 3)));
    screen.wait_for("▸● other");
    screen.send(&(press(5, 2) + &release(5, 2)));
    screen.wait_for("▸● shell");
    screen.send(&(press(40, 10) + &release(40, 10)));
    screen.wait_for("C-b s services");
    screen.send("echo clicked $((1 + 1))\r");
    screen.wait_for("│clicked 2");
    // ` shell  C-b s services`
    screen.send(&(press(10, 24) + &release(10, 24)));
    screen.wait_for("enter open");
    // ` services  enter open   ? help`
    screen.send(&(press(26, 24) + &release(26, 24)));
    screen.wait_for("In the list of services");
}

#[test]
fn what_is_dragged_over_or_clicked_twice_is_put_into_the_outer_terminals_clipboard() {
    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    screen.send("clear; echo first words; echo second line\r");
    screen.wait_for("│second line");
    // From `words` to `second`.
    screen.send(&(press(30, 2) + &drag(29, 3) + &release(29, 3)));
    wait_for_written(&screen, &format!("\u{1b}]52;c;{}\u{1b}\\", "d29yZHMKc2Vjb25k"));
    screen.wait_for("copied 2 lines");
    screen.send(&(press(26, 2) + &release(26, 2) + &press(26, 2) + &release(26, 2)));
    wait_for_written(&screen, &format!("\u{1b}]52;c;{}\u{1b}\\", "Zmlyc3Q="));
    screen.send("echo live $((40 + 2))\r");
    screen.wait_for("│live 42");
}

#[test]
fn what_a_program_puts_into_the_clipboard_gets_to_the_outer_terminals() {
    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    screen.send("printf '\\033]52;c;aGVsbG8=\\007'\r");
    wait_for_written(&screen, "\u{1b}]52;c;aGVsbG8=");
    screen.wait_for("shell copied 5 characters");
}

#[test]
fn a_line_that_wraps_is_copied_as_one_and_history_with_it() {
    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    let long = "0123456789".repeat(7);
    screen.send(&format!("clear; echo {long}; echo end\r"));
    screen.wait_for("│end");
    screen.send("\u{2}[0kVkky");
    screen.wait_for("copied 2 lines");
    // base64 of the 70 digits, a line feed and `end`.
    let expected =
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQplbmQ=";
    assert!(written(&screen).contains(&format!("]52;c;{expected}")), "{}", screen.text());
}

#[test]
fn while_locked_even_the_prefix_is_typed_and_f12_unlocks() {
    let home = TestHome::new(&shows_input(""));
    let mut screen = open(&home, "│asked");
    screen.send("\u{2}L");
    screen.wait_for("probe locked  F12 unlock");
    screen.send("\u{2}dq.");
    screen.wait_for("│^Bdq.");
    screen.send("\u{1b}[24~");
    screen.wait_for("unlocked");
    screen.send("\u{2}d");
    assert!(screen.wait_for_end().success());
}

#[test]
fn commands_are_on_the_keys_of_the_users_configuration_and_a_mistake_is_shown_on_its_line() {
    let home = TestHome::new(SHELL);
    let folder = home.path().join("config");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), "[keys]\nprefix = \"C-a\"\nzoom = \"Z\"\nstop = []\n").expect("a file");
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    screen.send("\rcat -v\r");
    screen.wait_for("C-a s services");
    screen.send("\u{2}.\r");
    screen.wait_for("│^B.");
    screen.send("\u{1}Z");
    screen.wait_for("C-a Z unzoom");
    screen.send("\u{1}d");
    assert!(screen.wait_for_end().success());
    fs::write(folder.join("config.toml"), "[keys]\nzoom = [\"z\", \"C-Entr\"]\n").expect("a file");
    let mut screen = Screen::open(&home, &[], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 3);
    screen.wait_for("config.toml:2:14");
    screen.wait_for("did you mean `C-Enter`?");
}

#[test]
fn the_mouse_can_be_left_to_the_outer_terminal() {
    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    wait_for_written(&screen, "\u{1b}[?1000h");
    screen.send("\u{2}m");
    screen.wait_for("the mouse is the terminal's own");
    wait_for_written(&screen, "\u{1b}[?1000l");
    screen.send("\u{2}m");
    screen.wait_for("the mouse is locald's again");
}

#[test]
fn keys_that_may_follow_the_prefix_are_shown_to_somebody_who_waits() {
    let home = TestHome::new(SHELL);
    let mut screen = open(&home, "│ready>");
    screen.send("\u{2}");
    screen.wait_for("╭─ In a service, after C-b");
    screen.send("z");
    screen.wait_until_gone("╭─ In a service, after C-b");
}

fn open_recorded(home: &TestHome) -> Screen {
    let mut command = CommandBuilder::new(TestHome::executable());
    command.cwd(home.project());
    command.env("LOCALD_HOME", home.path());
    command.env("LOCALD_HTTP_PORT", "0");
    command.env("LOCALD_HTTPS_PORT", "0");
    command.env("LOCALD_RECORD", "bug.jsonl");
    Screen::run(command, 80, 24)
}

#[test]
fn a_recorded_workspace_is_shown_again_as_it_was() {
    let home = TestHome::new(SHELL);
    let mut screen = open_recorded(&home);
    screen.wait_for("│ready>");
    screen.send("\recho seen $((40 + 2))\r");
    screen.wait_for("│seen 42");
    screen.send("\u{2}d");
    assert!(screen.wait_for_end().success());
    let replayed = home.ok(&["debug", "replay", "--until", "100000", "bug.jsonl"]);
    assert!(replayed.contains("│seen 42") && replayed.contains("C-b d detach"), "{replayed}");
    assert!(!home.ok(&["debug", "replay", "--until", "1", "bug.jsonl"]).contains("seen 42"));
    let mut screen = Screen::open(&home, &["debug", "replay", "--fast", "bug.jsonl"], 80, 24);
    screen.wait_for("│seen 42");
    screen.send("q");
    assert!(screen.wait_for_end().success());
    let mut screen = open_recorded(&home);
    assert_eq!(screen.wait_for_end().exit_code(), 1, "a recording is never written over");
    screen.wait_for("failed to record into");
}
