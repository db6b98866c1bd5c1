//! Clients that sleep: they cost the daemon nothing, slow nobody, and are right again as soon as they wake.

use std::fs;
use std::process::{Child, Stdio};

use locald_api::{Input, PaneId, Request, ServiceId, View};
use rustix::process::Signal;

use crate::home::{TestHome, signal};
use crate::wait::until;
use crate::wire::{Wire, id, view};

const FIRST: PaneId = PaneId(1);
const SECOND: PaneId = PaneId(2);
const FLOOD: &str = r#"[services.flood]
command = "i=0; while :; do i=$((i+1)); echo line $i of a flood that nobody can read so fast; done"
[services.echo]
command = "stty -echo; exec cat"
"#;
/// Far more than what happens to be allocated meanwhile for other reasons, and far less than the flood.
const NOTICEABLE: u64 = 6 << 20;

/// A command of `locald` that is stopped, with its output open and unread.
struct Stopped(Child);

impl Stopped {
    fn new(home: &TestHome, arguments: &[&str]) -> Self {
        let child = home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a command");
        signal(child.id().cast_signed(), Signal::STOP);
        Self(child)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Resident bytes of a process.
fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// How many lines the flood has printed, as the client knows it.
fn printed(wire: &Wire, pane: PaneId) -> u64 {
    wire.panes.get(&pane).and_then(|shown| shown.last.as_ref()).map_or(0, |frame| frame.history_end)
}

fn flood_for(wire: &mut Wire, pane: PaneId, lines: u64) {
    let end = printed(wire, pane) + lines;
    wire.wait_until("the flood has gone on", |wire| printed(wire, pane) >= end);
}

#[test]
fn clients_that_sleep_through_a_flood_cost_nothing_slow_nobody_and_are_right_when_they_wake() {
    let home = TestHome::new(FLOOD);
    home.ok(&["up"]);
    let (flood, echo) = (id(&home, "flood"), id(&home, "echo"));
    let (mut awake, mut asleep) = (Wire::connect(&home), Wire::connect(&home));
    awake.show(view(&[&echo, &flood], (60, 10)));
    asleep.call(Request::WatchWorkspace).unwrap();
    asleep.show(View { usage: true, ..view(&[&flood], (60, 10)) });
    asleep.wait_for(FIRST, "of a flood");
    let _followers =
        [&["logs", "-f", "flood"][..], &["logs", "-f", "--grep", "9 of", "flood"]].map(|it| Stopped::new(&home, it));
    // Until history is full, it is what grows.
    awake.wait_until("old lines are dropped", |wire| {
        wire.panes.get(&SECOND).and_then(|shown| shown.last.as_ref()).is_some_and(|frame| frame.history_first > 0)
    });

    let before = resident(home.daemon_pid());
    for turn in 0..10 {
        flood_for(&mut awake, SECOND, 2000);
        type_and_see(&mut awake, &echo, turn);
    }
    let after = resident(home.daemon_pid());
    assert!(after < before + NOTICEABLE, "{before} bytes before, {after} after");

    home.ok(&["stop", "flood"]);
    let frames = asleep.panes[&FIRST].frames;
    let mut looking = Wire::connect(&home);
    looking.show(View { role: locald_api::Role::Onlooker, ..view(&[&flood], (60, 10)) });
    looking.wait_for(FIRST, "of a flood");
    let last = looking.text(FIRST);
    asleep.wait_until("who slept sees what is there now", |wire| wire.text(FIRST) == last);
    let frames = asleep.panes[&FIRST].frames - frames;
    assert!(frames <= 2, "one that was on its way, and one of what is there now; not {frames}");
}

/// Nothing but the flood's own output wakes whoever feeds the screen, whatever its pace: bursts about as large as what makes a
/// pane rest and what ends a rest, with pauses about as long as one.
#[test]
fn a_flood_of_any_pace_is_shown_to_its_end_though_nothing_else_happens() {
    let home = TestHome::new(
        r#"[services.flood]
command = "for i in $(seq 1 300); do seq 1 $((i * 37 % 2000)); seq 1 $((i % 7 * 2500)); sleep 0.00$((i % 4)); done; echo 'the end'; exec sleep 100000"
"#,
    );
    home.ok(&["up"]);
    until("the end of the flood is shown", || home.ok(&["capture", "flood"]).contains("the end").then_some(()));
}

fn type_and_see(wire: &mut Wire, echo: &ServiceId, turn: u32) {
    wire.input(echo, Input::Text(format!("typed {turn}\n")));
    wire.wait_for(FIRST, &format!("typed {turn}"));
}
