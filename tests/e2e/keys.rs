//! Every key that the manual names, pressed on a real terminal: what the screen shows then.
//!
//! One workspace is walked through from key to key, so each finds it as the one before has left it.

use std::collections::BTreeSet;

use crate::home::TestHome;
use crate::screen::Screen;
use crate::wait;

/// Something with a past, a shell, and something to stop.
const THREE: &str = r#"
[services.lines]
command = "for i in $(seq 1000); do echo line $i of many; done; exec cat -v"
[services.shell]
command = ["/bin/sh"]
env = { PS1 = "ready> " }
[services.third]
command = "exec sleep 1000"
"#;

/// Where a key is pressed, by the heading of its table in the manual.
const LIST: &str = "In the list of services";
const PANE: &str = "In a service, after C-b";
const PAST: &str = "While scrolling back";

/// What is seen of a key.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// This, which was not there before.
    Shows(&'static str),
    /// No longer this, which was there before.
    Hides(&'static str),
    /// The cursor, in this column and row, counted from 0.
    At(u16, u16),
    /// The program has ended.
    Ends,
}
use Then::{At, Ends, Hides, Shows};

enum Step {
    /// A key of the manual, by its place and as it is shown there; what is typed after it, to see what it did; and what is seen then.
    Key(&'static str, &'static str, &'static str, Then),
    /// On the way to the next key.
    Do(&'static str, Then),
    /// The workspace is opened again.
    Open,
}

/// A key of which it is seen at once what it did.
const fn key(place: &'static str, shown: &'static str, then: Then) -> Step {
    Step::Key(place, shown, "", then)
}

/// A key of which it is seen by what the next one does.
const fn key_then(place: &'static str, shown: &'static str, typed: &'static str, then: Then) -> Step {
    Step::Key(place, shown, typed, then)
}

const fn go(typed: &'static str, then: Then) -> Step {
    Step::Do(typed, then)
}

const TO_LIST: Step = go("\u{2}s", Shows("enter open   ? help"));
const TO_PANE: Step = go("\r", Shows("C-b s services"));
const TO_PAST: Step = go("\u{2}[", Shows("scrolled "));

const IN_THE_LIST: &[Step] = &[
    key(LIST, "↓", Shows("▸● shell")),
    key(LIST, "↑", Shows("▸● lines")),
    key(LIST, "j", Shows("▸● shell")),
    key(LIST, "k", Shows("▸● lines")),
    key(LIST, "end", Shows("▸● third")),
    key(LIST, "home", Shows("▸● lines")),
    key(LIST, "G", Shows("▸● third")),
    key(LIST, "g", Shows("▸● lines")),
    go("3", Shows("▸● third")),
    key(LIST, "1", Shows("▸● lines")),
    key(LIST, "9", Shows("there is no service number 9")),
    key(LIST, "w", Hides("last line")),
    key(LIST, "esc", Shows("last line")),
    go("w", Hides("last line")),
    // Without a list beside panes, the overview is the list.
    key(LIST, "b", Shows("last line")),
    go("b", Hides("last line")),
    key(LIST, "p", Shows("+ ready")),
    go("p", Hides("+ ready")),
    key(LIST, "m", Shows("the mouse is the terminal's own")),
    go("m", Shows("the mouse is locald's again")),
    key(LIST, "?", Shows("╭─ Keys")),
    go("?", Hides("╭─ Keys")),
    key(LIST, "pgup", Shows("scrolled ")),
    go("q", Hides("scrolled ")),
    key(LIST, "c", Shows(" shell+1  C-b s services")),
    go("exit\r", Hides("shell+1")),
    go("3", Shows("▸● third")),
    key(LIST, "r", Shows("third started, pid")),
    key(LIST, "x", Shows("third is stopped")),
    key(LIST, "s", Shows("third started, pid")),
    go("1", Shows("▸● lines")),
    key(LIST, "enter", Shows("C-b s services")),
    TO_LIST,
    key(LIST, "→", Shows("C-b s services")),
    TO_LIST,
    key(LIST, "l", Shows("C-b s services")),
    TO_LIST,
    key(LIST, "q", Ends),
    Step::Open,
    key(LIST, "d", Ends),
    Step::Open,
];

const IN_A_PANE: &[Step] = &[
    TO_PANE,
    key(PANE, "n", Shows("▸● shell")),
    key(PANE, "p", Shows("▸● lines")),
    // A single pane has the next and the previous service below and above it, and the list to its left.
    key(PANE, "↓", Shows("▸● shell")),
    key(PANE, "↑", Shows("▸● lines")),
    key(PANE, "←", Shows("enter open   ? help")),
    TO_PANE,
    key(PANE, "s", Shows("enter open   ? help")),
    TO_PANE,
    key(PANE, "esc", Shows("enter open   ? help")),
    TO_PANE,
    key(PANE, "w", Shows("last line")),
    go("\r", Hides("last line")),
    key(PANE, "9", Shows("there is no service number 9")),
    go("\u{2}3", Shows("▸● third")),
    key(PANE, "r", Shows("third started, pid")),
    key(PANE, "x", Shows("third is stopped")),
    go("\u{2}r", Shows("third started, pid")),
    key(PANE, "1", Shows("▸● lines")),
    key(PANE, "P", Shows("+ ready")),
    go("\u{2}3", Shows("▸● third")),
    go("\u{2}P", Shows("│▸third  ● ready")),
    go("\u{2}\u{1b}[D", Shows("│▸lines  ● ready")),
    key(PANE, "→", Shows("│▸third  ● ready")),
    key(PANE, "z", Shows("C-b z unzoom")),
    go("\u{2}z", Shows("│▸third  ● ready")),
    go("\u{2}P", Hides("│ lines  ● ready")),
    go("\u{2}1", Shows("▸● lines")),
    go("\u{2}P", Shows("last line")),
    go("\r", Hides("last line")),
    key(PANE, "b", Hides("▸● lines")),
    go("\u{2}b", Shows("▸● lines")),
    key(PANE, "m", Shows("the mouse is the terminal's own")),
    go("\u{2}m", Shows("the mouse is locald's again")),
    key(PANE, "?", Shows("╭─ Keys")),
    go("?", Hides("╭─ Keys")),
    key(PANE, "[", Shows("scrolled ")),
    go("q", Hides("scrolled ")),
    key(PANE, "pgup", Shows("scrolled ")),
    go("q", Hides("scrolled ")),
    key(PANE, "c", Shows(" shell+1  C-b s services")),
    go("exit\r", Hides("shell+1")),
    TO_PANE,
    key(PANE, "L", Shows("lines locked")),
    go("\u{2}!\r", Shows("│^B!\n")),
    go("\u{1b}[24~", Shows("unlocked")),
    key_then(PANE, "C-b", "typed\r", Shows("│^Btyped\n")),
    key(PANE, "d", Ends),
    Step::Open,
];

/// The pane's first cell is in column 33 of row 1, and it has 48 rows.
const IN_THE_PAST: &[Step] = &[
    TO_PANE,
    TO_PAST,
    key(PAST, "↑", Shows("scrolled 1 of")),
    key(PAST, "k", Shows("scrolled 2 of")),
    key(PAST, "↓", Shows("scrolled 1 of")),
    key(PAST, "j", Shows("scrolled 0 of")),
    key(PAST, "pgup", Shows("scrolled 47 of")),
    key(PAST, "pgdn", Shows("scrolled 0 of")),
    go("\u{1b}[5~", Shows("scrolled 47 of")),
    key(PAST, "C-f", Shows("scrolled 0 of")),
    key(PAST, "C-u", Shows("scrolled 24 of")),
    key(PAST, "C-d", Shows("scrolled 0 of")),
    key(PAST, "home", Shows("│line 1 of many\n")),
    key(PAST, "end", Shows("scrolled 0 of")),
    key(PAST, "g", Shows("│line 1 of many\n")),
    key(PAST, "G", Shows("scrolled 0 of")),
    key(PAST, "/", Shows("esc cancel")),
    go("line 50[0-9] of\r", Shows("1 of 10 ")),
    key(PAST, "n", Shows("2 of 10 ")),
    key(PAST, "N", Shows("1 of 10 ")),
    key(PAST, "?", Shows("╭─ Keys")),
    go("?", Hides("╭─ Keys")),
    go("g", Shows("│line 1 of many\n")),
    key(PAST, "v", Shows("y copy")),
    go("g", At(33, 1)),
    key_then(PAST, "space", "y", Shows("nothing is selected")),
    key_then(PAST, "V", "y", Shows("copied 14 characters")),
    key_then(PAST, "C-v", "y", Shows("copied 1 character")),
    go("v", Hides("copied 1 character")),
    key(PAST, "y", Shows("copied 1 character")),
    key(PAST, "w", At(38, 1)),
    key(PAST, "e", At(41, 1)),
    key(PAST, "b", At(40, 1)),
    key(PAST, "→", At(41, 1)),
    key(PAST, "l", At(42, 1)),
    key(PAST, "←", At(41, 1)),
    key(PAST, "h", At(40, 1)),
    key(PAST, "$", At(46, 1)),
    key(PAST, "0", At(33, 1)),
    go("$", At(46, 1)),
    key(PAST, "^", At(33, 1)),
    go("vw", At(38, 1)),
    key(PAST, "o", At(33, 1)),
    key(PAST, "esc", Hides("y copy")),
    key(PAST, "C-c", Hides("scrolled ")),
    TO_PAST,
    key(PAST, "q", Hides("scrolled ")),
    TO_PAST,
    go("v", Shows("y copy")),
    key(PAST, "enter", Hides("scrolled ")),
];

/// What a terminal sends for a key.
fn typed(shown: &str) -> String {
    let sent = match shown {
        "↑" => "\u{1b}[A",
        "↓" => "\u{1b}[B",
        "→" => "\u{1b}[C",
        "←" => "\u{1b}[D",
        "home" => "\u{1b}[H",
        "end" => "\u{1b}[F",
        "pgup" => "\u{1b}[5~",
        "pgdn" => "\u{1b}[6~",
        "enter" => "\r",
        "esc" => "\u{1b}",
        "space" => " ",
        _ => match shown.strip_prefix("C-").map(str::as_bytes) {
            Some([letter]) => return char::from(letter & 0x1f).to_string(),
            _ => shown,
        },
    };
    sent.to_owned()
}

/// All keys that the manual names, with the headings of their tables.
fn manual() -> BTreeSet<(String, String)> {
    let (page, mut heading, mut keys) = (locald_panes::manual(), "", BTreeSet::new());
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        // Signs are none.
        let is_of_keys = [LIST, PANE, PAST].contains(&heading);
        let Some(cell) = line.strip_prefix("| `").filter(|_| is_of_keys) else { continue };
        let cell = cell.split(" | ").next().expect("a first column");
        let named = cell.split(['`', ' ']).filter(|key| !key.is_empty() && *key != "to");
        keys.extend(named.map(|key| (heading.to_owned(), key.to_owned())));
    }
    keys
}

fn steps() -> impl Iterator<Item = &'static Step> {
    IN_THE_LIST.iter().chain(IN_A_PANE).chain(IN_THE_PAST)
}

fn open(home: &TestHome) -> Screen {
    let screen = Screen::open(home, &[], 200, 50);
    for shown in ["last line", "▸● lines", "● shell", "● third", "│line 1000 of many"] {
        screen.wait_for(shown);
    }
    screen
}

/// Types it, and waits until it is seen to have done what it should.
fn press(screen: &mut Screen, bytes: &str, then: Then, what: &str) {
    let is_so = |screen: &Screen| match then {
        Shows(text) => screen.text().contains(text),
        Hides(text) => !screen.text().contains(text),
        At(column, row) => screen.cursor() == (column, row),
        Ends => false,
    };
    assert!(!is_so(screen), "{what}: {then:?} is so before it is pressed:\n{}", screen.text());
    screen.send(bytes);
    if let Ends = then {
        assert!(screen.wait_for_end().success(), "{what}");
        return;
    }
    let seen = wait::asked_within(wait::PATIENCE, || is_so(screen).then_some(()));
    assert!(seen.is_some(), "{what}: {then:?} is never so:\n{}\n{:?}", screen.text(), screen.cursor());
}

#[test]
fn every_key_of_the_manual_does_on_a_terminal_what_it_says() {
    let mut home = TestHome::new(THREE);
    home.set("SHELL", "/bin/sh");
    home.ok(&["up"]);
    let mut screen = open(&home);
    for step in steps() {
        match step {
            Step::Key(place, shown, after, then) => {
                let prefix = if *place == PANE { "\u{2}" } else { "" };
                press(&mut screen, &format!("{prefix}{}{after}", typed(shown)), *then, &format!("{place}: {shown}"));
            }
            Step::Do(bytes, then) => press(&mut screen, bytes, *then, &format!("{bytes:?}")),
            Step::Open => screen = open(&home),
        }
    }
}

#[test]
fn no_key_of_the_manual_is_left_untried() {
    let tried: BTreeSet<(String, String)> = steps()
        .filter_map(|step| match step {
            Step::Key(place, shown, ..) => Some(((*place).to_owned(), (*shown).to_owned())),
            Step::Do(..) | Step::Open => None,
        })
        .collect();
    assert_eq!(tried, manual());
}
