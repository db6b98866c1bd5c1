//! What the workspace looks like on a real terminal: its theme, and what it asks the terminal for that.

use crate::home::TestHome;
use crate::screen::Screen;
use crate::wait;

const SHELL: &str = "[services.shell]\ncommand = [\"/bin/sh\"]\nenv = { PS1 = \"ready> \" }\n";

fn wait_for_written(screen: &Screen, bytes: &str) {
    wait::until(&format!("{bytes:?} is written"), || {
        screen.written().windows(bytes.len()).any(|written| written == bytes.as_bytes()).then_some(())
    });
}

#[test]
fn the_terminal_says_whether_it_is_light_and_whatever_it_says_is_not_taken_for_keys() {
    let home = TestHome::new(SHELL);
    home.ok(&["up"]);
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    wait_for_written(&screen, "\u{1b}]11;?\u{1b}\\");
    screen.wait_for("│ready>");
    // The bar of the dark theme, then that of the light one, on a terminal of 256 colours.
    wait_for_written(&screen, "48;5;116");
    screen.send("\u{1b}]11;rgb:fafa/fafa/fafa\u{1b}\\echo typed $((40 + 2))\r");
    screen.wait_for("│typed 42");
    wait_for_written(&screen, "48;5;24");
    assert!(!screen.text().contains("rgb"), "{}", screen.text());
}

#[test]
fn a_theme_that_was_asked_for_is_not_changed_by_the_terminal_and_faults_are_said_before_the_screen_is_taken() {
    let home = TestHome::new(SHELL);
    let mut screen = Screen::open(&home, &["--theme", "light"], 80, 24);
    screen.wait_for("│ready>");
    wait_for_written(&screen, "48;5;24");
    assert!(!screen.written().windows(4).any(|bytes| bytes == b"]11;"), "the terminal is not asked");
    screen.send("q");
    assert!(screen.wait_for_end().success());
    std::fs::write(home.project().join("mine.toml"), "name = \"Mine\"\nappearance = \"drak\"\n").expect("a file");
    let mut screen = Screen::open(&home, &["--theme", "mine.toml"], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 3);
    screen.wait_for("mine.toml:2:14");
    screen.wait_for("allowed: dark, light");
}

#[test]
fn links_and_underlines_of_programs_reach_the_terminal() {
    let home = TestHome::new(
        r"[services.web]
command = '''printf '\033[4:3;58:5:2mx\033[m \033]8;;http://localhost:3000/a\033\\link\033]8;;\033\\ end\n'; exec sleep 1000'''
",
    );
    let screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("x link end");
    wait_for_written(&screen, ";http://localhost:3000/a\u{1b}\\");
    wait_for_written(&screen, "\u{1b}[4:3m");
    wait_for_written(&screen, "\u{1b}[58;5;2m");
    let count = |part: &str| String::from_utf8_lossy(&screen.written()).matches(part).count();
    wait::until("every link has an end", || (count("\u{1b}]8;id=") == count("\u{1b}]8;;\u{1b}")).then_some(()));
}

#[test]
fn the_theme_is_that_of_the_users_configuration_unless_another_is_asked_for() {
    let home = TestHome::new(SHELL);
    home.ok(&["up"]);
    std::fs::create_dir_all(home.path().join("config")).expect("a folder");
    let config = home.path().join("config/config.toml");
    std::fs::write(&config, "[workspace]\ntheme = \"light\"\n").expect("a file");
    let screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    screen.wait_for("│ready>");
    wait_for_written(&screen, "48;5;24");
    drop(screen);
    let screen = Screen::open(&home, &["attach", "shell", "--theme", "dark"], 80, 24);
    screen.wait_for("│ready>");
    wait_for_written(&screen, "48;5;116");
    drop(screen);
    std::fs::write(&config, "[workspace]\ntheme = \"lihgt\"\n").expect("a file");
    let mut screen = Screen::open(&home, &["attach", "shell"], 80, 24);
    assert_eq!(screen.wait_for_end().exit_code(), 3);
    screen.wait_for("config.toml:2:9");
    screen.wait_for("did you mean `light`?");
}

#[test]
fn changed_keys_and_a_changed_theme_are_taken_up_by_an_open_workspace_and_a_broken_file_is_told_and_changes_nothing() {
    let home = TestHome::new(SHELL);
    home.ok(&["up"]);
    let config = home.path().join("config/config.toml");
    let mut screen = Screen::open(&home, &["attach", "shell"], 100, 24);
    screen.wait_for("│ready>");
    // The folder was not there when it was opened.
    std::fs::create_dir_all(home.path().join("config")).expect("a folder");
    std::fs::write(&config, "[keys]\nprefix = 'C-a'\n[workspace]\ntheme = 'light'\n").expect("a file");
    screen.wait_for("took up the changed configuration");
    wait_for_written(&screen, "48;5;24");
    screen.send("\u{1}z");
    screen.wait_for("C-a z unzoom");
    std::fs::write(&config, "[keys]\nzom = 'Z'\n").expect("a file");
    screen.wait_for("config.toml:2:1: there is no command `zom`; what it said before stays in force");
    screen.send("\u{1}z");
    screen.wait_until_gone("C-a z unzoom");
    screen.wait_for("! ");
    std::fs::remove_file(&config).expect("a file");
    screen.wait_for("took up the changed configuration");
    screen.send("\u{2}z");
    screen.wait_for("C-b z unzoom");
}
