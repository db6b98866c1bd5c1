//! The workspace on a real terminal: what it shows, what its keys do, and how it gives the terminal back.

use std::fs;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::Signal;
use rustix::termios::LocalModes;

use crate::home::{TestHome, is_alive, signal};
use crate::screen::Screen;
use crate::wait;

/// A shell, a counter, and something that fails at once.
const THREE: &str = r#"
[services.shell]
command = ["/bin/sh"]
env = { PS1 = "ready> " }
[services.count]
command = "i=0; while i=$((i+1)); do echo tick $i; sleep 0.2; done"
[services.broken]
command = ["no-such-program"]
"#;

const SHELL: &str = "[services.shell]\ncommand = [\"/bin/sh\"]\nenv = { PS1 = \"ready> \" }\n";

/// What C-b types.
const PREFIX: &str = "\u{2}";

/// Runs `locald` from a shell that writes down the terminal's settings before and after, and the process's number and end.
fn open_from_shell(home: &TestHome) -> Screen {
    let script =
        "stty -g > before; sh -c 'echo $$ > number; exec \"$0\"' \"$0\"; echo ended with $?; stty -g > after; exec cat";
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", script]);
    command.arg(TestHome::executable());
    command.cwd(home.project());
    command.env("LOCALD_HOME", home.path());
    command.env("LOCALD_HTTP_PORT", "0");
    command.env("LOCALD_HTTPS_PORT", "0");
    command.env("TERM", "xterm-256color");
    Screen::run(command, 80, 24)
}

fn read(home: &TestHome, file: &str) -> String {
    wait::until(&format!("{file} is written"), || {
        fs::read_to_string(home.project().join(file)).ok().filter(|text| text.ends_with('\n'))
    })
}

/// Checks that the terminal is as it was before a workspace that ended with this code.
fn check_restored(home: &TestHome, screen: &Screen, code: u8, what: &str) {
    screen.wait_for(&format!("ended with {code}"));
    assert_eq!(read(home, "after"), read(home, "before"), "{what}: the terminal's settings");
    let written = screen.written();
    let last = |sequence: &str| {
        let at = written.windows(sequence.len()).rposition(|bytes| bytes == sequence.as_bytes());
        at.unwrap_or_else(|| panic!("{what}: never wrote {sequence:?}"))
    };
    assert!(last("\u{1b}[?1049l") > last("\u{1b}[?1049h"), "{what}: the other screen is left");
    assert!(last("\u{1b}[?25h") > last("\u{1b}[?25l"), "{what}: the cursor is shown");
    for (mode, name) in
        [(2004, "pastes are plain"), (1004, "the focus is not told"), (1000, "the mouse is the terminal's")]
    {
        let (on, off) = (format!("\u{1b}[?{mode}h"), format!("\u{1b}[?{mode}l"));
        assert!(last(&off) > last(&on), "{what}: {name}");
    }
    // The keyboard's flags belong to the screen that they were pushed on.
    let (pushed, popped) = (last("\u{1b}[>5u"), last("\u{1b}[<1u"));
    assert!(last("\u{1b}[?1049h") < pushed && popped < last("\u{1b}[?1049l"), "{what}: the keyboard is as it was");
    assert!(!screen.text().contains("services  enter"), "{what}: nothing of it is left:\n{}", screen.text());
}

#[test]
fn it_starts_the_project_and_shows_its_services_and_a_live_pane() {
    let home = TestHome::new(THREE);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell        ready");
    screen.wait_for("● count        ready");
    screen.wait_for("✗ broken      failed");
    screen.wait_for("│ready>");
    screen.send("j");
    screen.wait_for("▸● count");
    screen.wait_for("│tick 3");
    assert!(is_alive(home.pid("shell")));
}

#[test]
fn what_is_typed_into_a_pane_reaches_its_program_and_what_is_pasted_too() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    screen.send("\r");
    screen.wait_for("C-b s services");
    screen.send("echo $((6 * 7))q?x\r");
    screen.wait_for("│42q?x");
    screen.send("\u{1b}[200~echo pasted $((2 * 4))\u{1b}[201~\r");
    screen.wait_for("│pasted 8");
    screen.send("cat -v\r\u{1b}[A\u{1b}OP\r");
    screen.wait_for("│^[[A^[OP");
    assert!(is_alive(home.pid("shell")), "keys of the list do nothing in a pane");
}

#[test]
fn a_bell_in_a_pane_that_nobody_looks_at_is_marked_in_the_list_until_somebody_looks() {
    let ringer = "[services.ringer]\ncommand = \"while read -r line; do printf '\\\\a%s' \\\"$line\\\"; done\"\n";
    let home = TestHome::new(&format!("{SHELL}{ringer}"));
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell        ready");
    home.ok(&["send-keys", "ringer", "ding", "Enter"]);
    screen.wait_for("● ringer     ! ready");
    screen.send("j");
    screen.wait_for("▸● ringer       ready");
}

#[test]
fn keys_of_the_list_select_open_restart_stop_start_and_detach() {
    let home = TestHome::new(THREE);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("▸● shell        ready");
    // What came of bringing the project up is said late, and would hide what is said of the keys.
    screen.wait_for("broken could not be started");
    screen.send("j");
    screen.wait_for("▸● count");
    screen.send("k");
    screen.wait_for("▸● shell");
    screen.send("\u{1b}[B");
    screen.wait_for("▸● count");
    screen.send("1");
    screen.wait_for("▸● shell");
    let pid = home.pid("shell");
    screen.send("r");
    screen.wait_for("shell started, pid");
    assert!(!is_alive(pid) && home.pid("shell") != pid);
    screen.wait_for(&format!("pid      {}", home.pid("shell")));
    let pid = home.pid("shell");
    screen.send("x");
    screen.wait_for("shell stopped");
    screen.wait_for("shell is stopped");
    screen.wait_for("press s to start it");
    assert!(!is_alive(pid));
    screen.send("s");
    screen.wait_for("▸● shell        ready");
    screen.wait_for("shell started, pid");
    screen.send("s");
    screen.wait_for("shell was running already");
    screen.send("?");
    screen.wait_for("In the list of services");
    screen.send("?");
    screen.wait_until_gone("In the list of services");
    screen.send("\r");
    screen.wait_for("C-b s services");
    screen.send(&format!("{PREFIX}s"));
    screen.wait_for("enter open");
    screen.send("q");
    assert!(screen.wait_for_end().success());
    screen.wait_for("detached; the services keep running");
    assert!(is_alive(home.pid("shell")) && is_alive(home.pid("count")));
}

#[test]
fn after_the_prefix_keys_go_to_the_workspace_and_the_prefix_twice_to_the_program() {
    let home = TestHome::new(THREE);
    home.run(&["up"]);
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    screen.wait_for("│ready>");
    screen.send(&format!("{PREFIX}n"));
    screen.wait_for("▸● count");
    screen.send(&format!("{PREFIX}p"));
    screen.wait_for("▸● shell");
    screen.send("cat -v\r");
    screen.wait_for("cat -v");
    screen.send(&format!("a{PREFIX}{PREFIX}b\r"));
    screen.wait_for("│a^Bb");
    screen.send(PREFIX);
    screen.wait_for("d detach");
    screen.send("y");
    screen.wait_for("C-b y does nothing; C-b ? shows all keys");
    let pid = home.pid("shell");
    screen.send(&format!("{PREFIX}r"));
    screen.wait_for("shell started, pid");
    assert_ne!(home.pid("shell"), pid);
    screen.send(&format!("{PREFIX}x"));
    screen.wait_for("shell is stopped");
    screen.send("lost");
    screen.wait_for("shell is not running: press C-b r to start it");
    screen.send(&format!("{PREFIX}d"));
    assert!(screen.wait_for_end().success());
}

#[test]
fn a_small_terminal_shows_all_that_matters_and_programs_follow_every_resize() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &[], 40, 12);
    screen.wait_for("▸● shell");
    screen.wait_for("│ready>");
    screen.send("\r");
    let mut sizes = Vec::new();
    for (columns, rows) in [(40, 12), (200, 50), (80, 24), (1, 1), (5, 3), (120, 30)] {
        screen.resize(columns, rows);
        if columns < 40 {
            continue;
        }
        let size = wait::until(&format!("the pane fits {columns}x{rows}"), || {
            let capture = home.json(&["capture", "shell", "--json"]);
            let size = (capture["columns"].as_u64()?, capture["rows"].as_u64()?);
            (size.0 < columns.into() && size.0 > u64::from(columns) / 2 && size.1 == u64::from(rows) - 2)
                .then_some(size)
        });
        screen.send("clear; stty size\r");
        screen.wait_for(&format!("│{} {}", size.1, size.0));
        sizes.push(size);
    }
    assert_eq!(sizes.len(), 4);
    screen.resize(40, 12);
    screen.send("\u{2}?");
    screen.wait_for("╭─ Keys");
    screen.send("q");
    screen.wait_until_gone("╭─ Keys");
    screen.send("\u{2}d");
    assert!(screen.wait_for_end().success());
}

#[test]
fn keys_typed_at_the_moment_of_a_resize_are_not_held_back() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    for round in 0..30 {
        screen.resize(80 + round % 2, 24);
        screen.send("?");
        screen.wait_for("In the list of services");
        screen.resize(90 + round % 2, 24);
        screen.send("?");
        screen.wait_until_gone("In the list of services");
    }
}

#[test]
fn a_fixed_size_stays_whatever_the_terminal() {
    let home = TestHome::new(&SHELL.replace("env =", "size = \"80x25\"\nenv ="));
    let mut screen = Screen::open(&home, &[], 60, 14);
    screen.wait_for("ready>");
    screen.send("\rstty size\r");
    screen.wait_for("│25 80");
    screen.resize(150, 60);
    screen.wait_for("80x25");
    screen.send("clear; echo again; stty size\r");
    screen.wait_for("│again");
    screen.wait_for("│25 80");
    let capture = home.json(&["capture", "shell", "--json"]);
    assert_eq!((&capture["columns"], &capture["rows"]), (&80.into(), &25.into()));
}

#[test]
fn the_terminal_is_given_back_as_it_was_after_leaving_by_keys() {
    let home = TestHome::new(SHELL);
    for keys in ["q", "d", "\u{2}d"] {
        let mut screen = open_from_shell(&home);
        screen.wait_for("│ready>");
        screen.send(keys);
        check_restored(&home, &screen, 0, &format!("{keys:?}"));
    }
}

#[test]
fn the_terminal_is_given_back_as_it_was_after_a_signal() {
    let home = TestHome::new(SHELL);
    let numbers = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::ALARM, Signal::IO];
    for number in numbers {
        let code = u8::try_from(128 + number.as_raw()).expect("a small number");
        fs::remove_file(home.project().join("number")).ok();
        let screen = open_from_shell(&home);
        screen.wait_for("│ready>");
        signal(read(&home, "number").trim().parse().expect("a process number"), number);
        check_restored(&home, &screen, code, &format!("{number:?}"));
        assert!(screen.text().contains("the services keep running"), "{}", screen.text());
    }
    assert!(is_alive(home.pid("shell")));
}

#[test]
fn the_terminal_is_given_back_while_stopped_and_taken_again_after() {
    let home = TestHome::new(SHELL);
    let mut screen = open_from_shell(&home);
    let number = read(&home, "number").trim().parse().expect("a process number");
    let line_by_line = || {
        let tty = fs::File::open(format!("/proc/{number}/fd/0")).expect("its terminal");
        rustix::termios::tcgetattr(tty).expect("its settings").local_modes.contains(LocalModes::ICANON)
    };
    for stop in [Signal::TSTP, Signal::STOP] {
        screen.wait_for("│ready>");
        assert!(!line_by_line());
        signal(number, stop);
        wait::until("it is stopped", || {
            let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
            stat.rsplit(')').next()?.trim_start().starts_with('T').then_some(())
        });
        if stop == Signal::TSTP {
            assert!(line_by_line());
            screen.wait_until_gone("│ready>");
        }
        signal(number, Signal::CONT);
        screen.wait_for("│ready>");
        wait::until("keys are read one by one again", || (!line_by_line()).then_some(()));
    }
    screen.send("q");
    check_restored(&home, &screen, 0, "it was stopped");
}

#[test]
fn the_terminal_is_given_back_as_it_was_after_the_end_of_the_daemon() {
    let home = TestHome::new(SHELL);
    let mut screen = open_from_shell(&home);
    screen.wait_for("│ready>");
    let (daemon, keeper) = (home.daemon_pid(), home.keeper_pid());
    signal(keeper, Signal::KILL);
    wait::until("the daemon ends with its keeper", || (!is_alive(daemon)).then_some(()));
    screen.wait_for("✗ no daemon");
    screen.send("q");
    check_restored(&home, &screen, 5, "the keeper was killed");
}

#[test]
fn a_killed_daemon_is_replaced_within_two_seconds_and_the_screen_is_the_same() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    screen.send("\recho before $((1 + 1)); printf '\\033[31mred\\033[0m\\n'\r");
    screen.wait_for("│before 2");
    screen.wait_for("│red");
    let before = home.ok(&["capture", "shell", "--ansi"]);
    let pid = home.pid("shell");
    for round in 0..3 {
        let daemon = home.daemon_pid();
        signal(daemon, Signal::KILL);
        wait::until_within(Duration::from_secs(2), "typing works again", || {
            // What is typed while there is no daemon is not sent, and said so: a person would type it again.
            screen.send(&format!("echo round {round}$((6 * 7))\r"));
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_millis(200) {
                if screen.text().contains(&format!("│round {round}42")) {
                    return Some(());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            None
        });
        screen.wait_until_gone("daemon lost");
        assert_ne!(home.daemon_pid(), daemon);
        assert!(screen.text().contains("│before 2") && screen.text().contains("│red"), "{}", screen.text());
        let after = home.ok(&["capture", "shell", "--ansi"]);
        let kept = before.lines().count() - 1;
        assert_eq!(after.lines().take(kept).collect::<Vec<_>>(), before.lines().take(kept).collect::<Vec<_>>());
        assert_eq!(home.pid("shell"), pid);
    }
}

#[test]
fn a_shutdown_is_said_and_leaving_is_all_that_is_left() {
    let home = TestHome::new(SHELL);
    let mut screen = open_from_shell(&home);
    screen.wait_for("│ready>");
    let shell = home.pid("shell");
    home.ok(&["shutdown"]);
    screen.wait_for("the daemon is not running");
    screen.wait_for("✗ no daemon");
    assert!(!is_alive(shell));
    screen.send("r");
    screen.wait_for("not done: there is no connection to the daemon");
    screen.send("q");
    check_restored(&home, &screen, 5, "a shutdown");
    assert!(home.run(&["status"]).err.contains("no daemon runs"), "the workspace brought nothing back");
}

#[test]
fn a_workspace_finds_a_project_that_is_brought_up_again_after_a_shutdown() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│ready>");
    home.ok(&["shutdown"]);
    screen.wait_for("✗ no daemon");
    home.ok(&["up"]);
    screen.wait_for("daemon ok");
    // Until it is known to run, nothing is typed into it.
    screen.wait_for("▸● shell        ready");
    screen.send("\recho back $((1 + 1))\r");
    screen.wait_for("│back 2");
}

#[test]
fn a_service_that_failed_says_why_and_what_to_do() {
    let home = TestHome::new(
        "[services.broken]\ncommand = [\"no-such-program\"]\n[services.crash]\ncommand = \"echo some words; exit 3\"\n",
    );
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("broken could not be started: `no-such-program` is not in PATH");
    screen.wait_for("once that is mended, press r to try again");
    screen.send("j");
    screen.wait_for("│some words");
    screen.wait_for("crash exited with code 3");
    screen.wait_for("press r to restart it");
    screen.send("r");
    screen.wait_for("crash could not be started: exited with code 3 right after");
}

#[test]
fn a_folder_without_a_project_gets_a_message_and_no_workspace() {
    let home = TestHome::empty();
    let mut screen = Screen::open(&home, &[], 80, 24);
    assert!(screen.wait_for_end().success());
    screen.wait_for("No project in");
    screen.wait_for("[services.web]");
    assert!(!home.state().exists());
}

#[test]
fn opening_a_project_that_is_up_starts_what_is_new_and_leaves_alone_what_was_stopped_or_is_done() {
    let config = format!("{SHELL}[services.job]\ncommand = \"echo done\"\n");
    let home = TestHome::new(&config);
    home.ok(&["up"]);
    home.wait_for_state("job", "completed");
    home.ok(&["stop", "shell"]);
    home.write("locald.toml", &format!("{config}[services.new]\ncommand = \"echo I am new; sleep 1000\"\n"));
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("● new          ready");
    screen.wait_for("▸○ shell      stopped");
    screen.wait_for("✓ job      completed");
    screen.send("q");
    assert!(screen.wait_for_end().success());
    assert_eq!(home.service("job")["restarts"], 0);
    // `up` means all of it.
    home.ok(&["up"]);
    assert_eq!(home.service("shell")["state"], "ready");
}

#[test]
fn outside_of_projects_it_shows_whatever_runs() {
    let home = TestHome::new(SHELL);
    home.ok(&["up"]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = CommandBuilder::new(TestHome::executable());
    command.cwd(elsewhere.path());
    command.env("LOCALD_HOME", home.path());
    command.env("LOCALD_HTTP_PORT", "0");
    command.env("LOCALD_HTTPS_PORT", "0");
    let mut screen = Screen::run(command, 80, 24);
    screen.wait_for("│ready>");
    screen.send("q");
    assert!(screen.wait_for_end().success());
}

#[test]
fn faults_of_the_configuration_are_shown_before_the_screen_is_taken() {
    let home = TestHome::new("[services.web]\ncomand = \"true\"\n");
    let mut screen = Screen::open(&home, &[], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 3);
    screen.wait_for("did you mean `command`?");
    assert!(!String::from_utf8_lossy(&screen.written()).contains("\u{1b}[?1049h"));
    assert!(!home.state().exists());
}

#[test]
fn attaching_needs_a_service_that_is_there() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 5);
    screen.wait_for("the daemon is not running");
    home.ok(&["up"]);
    let mut screen = Screen::open(&home, &["attach", "shel"], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 4);
    screen.wait_for("did you mean `shell`?");
    let mut screen = Screen::open(&home, &["attach", "demo:shell"], 80, 24);
    screen.wait_for("│ready>");
    screen.send("echo $((6 * 7))\r");
    screen.wait_for("│42");
}

#[test]
fn two_workspaces_show_the_same_pane() {
    let home = TestHome::new(SHELL);
    let mut one = Screen::open(&home, &[], 80, 24);
    one.wait_for("│ready>");
    let mut other = Screen::open(&home, &["attach", "shell"], 100, 30);
    other.wait_for("│ready>");
    other.send("echo seen by $((1 + 1))\r");
    one.wait_for("│seen by 2");
    one.send("\recho and back $((1 + 2))\r");
    other.wait_for("│and back 3");
}

#[test]
fn what_scrolled_away_is_read_searched_and_left_for_the_live_screen() {
    let home = TestHome::new(
        "[services.lines]\ncommand = \"for i in $(seq 1000); do echo line $i; done; read word; echo got $word; sleep 1000\"\n",
    );
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│line 1000");
    screen.send("\r");
    screen.wait_for("C-b s services");
    screen.send(&format!("{PREFIX}["));
    screen.wait_for("scrolled 0 of 979 lines");
    screen.send("\u{1b}[H");
    screen.wait_for("scrolled 979 of 979 lines");
    screen.wait_for("│line 1\n");
    screen.wait_for("│line 22\n");
    screen.send("/LINE 500\r");
    screen.wait_for("nothing matches `LINE 500`");
    screen.send("/(li\r");
    screen.wait_for("unclosed group");
    screen.send("\u{7f}\u{7f}\u{7f}[l]ine 50+$\r");
    screen.wait_for("past the oldest line, on from the newest");
    screen.wait_for("│line 500\n");
    screen.send("n");
    screen.wait_for("2 of 2");
    screen.wait_for("│line 50\n");
    screen.send("N");
    screen.wait_for("1 of 2");
    screen.wait_for("│line 500\n");
    screen.wait_until_gone("│line 1\n");
    home.ok(&["send-keys", "lines", "word", "Enter"]);
    screen.wait_for("new output");
    assert!(screen.text().contains("│line 500\n"), "output moves nothing:\n{}", screen.text());
    screen.send("/no such words\r");
    screen.wait_for("nothing matches `no such words`");
    screen.send("q");
    screen.wait_for("│line 1000");
    screen.wait_for("│got word");
    screen.wait_until_gone("scrolled");
    screen.send(&format!("{PREFIX}z"));
    screen.wait_for("C-b z unzoom");
    screen.wait_until_gone("▸● lines");
    screen.wait_for("\nline 1000");
    screen.send(&format!("{PREFIX}z"));
    screen.wait_for("▸● lines");
}

#[test]
fn what_a_service_printed_in_another_run_is_divided_from_what_it_prints_now() {
    let home = TestHome::new("[services.web]\ncommand = \"echo begun; exec sleep 1000\"\n");
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("│begun");
    screen.send("r");
    screen.wait_for("web started");
    screen.send("\r\u{2}[g");
    screen.wait_for("── run 2, from 20");
    let text = screen.text();
    let divider = text.find("── run 2").expect("the line between them");
    assert!(text.find("begun") < Some(divider) && text.rfind("begun") > Some(divider), "{text}");
    // The next daemon shows the same.
    let shown = || home.ok(&["capture", "web", "--history", "10"]);
    let before = shown();
    home.ok(&["daemon", "restart"]);
    wait::until("its history is back", || (shown() == before).then_some(()));
    assert!(before.contains("── run 2, from 20"), "{before}");
}
