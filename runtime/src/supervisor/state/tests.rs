//! Every pair of state and event.

use std::fmt::Write;

use locald_config::{Backoff, Condition, Restart};

use super::*;
use crate::supervisor::blocker::Outlook;

fn restarts(policy: Restart) -> Restarts {
    Restarts::new(policy, Backoff { limit: Some(1), ..Backoff::default() }, 0)
}

fn blocker(patience: Option<Duration>) -> Blocker {
    let (service, found) = ("db".to_owned(), "starting".to_owned());
    Blocker { service, condition: Condition::Healthy, found, outlook: Outlook::Open, patience }
}

/// Every state, with all that a later state may depend on.
fn states(now: Instant) -> Vec<State> {
    let mut states = vec![State::Stopped, State::Idle];
    states.push(State::Waiting { since: now, on: vec![blocker(None)] });
    states.extend([AfterLaunch::Stay, AfterLaunch::Stop, AfterLaunch::Restart].map(|then| State::Launching { then }));
    states.push(State::Starting { pid: 7, found: None });
    states.push(State::Ready { pid: 7, source: Source::Runs });
    states.push(State::Unhealthy { pid: 7, reason: "sad".to_owned() });
    for order in [Order::Held, Order::Given] {
        let recover = AfterStop::Recover { reason: "sad".to_owned() };
        states.extend(
            [AfterStop::Stay, AfterStop::Start, AfterStop::Rest, recover].map(|then| State::Stopping { order, then }),
        );
    }
    states.extend([State::Exited, State::Completed, State::Backoff { until: now }]);
    states.extend([State::CrashLoop { restarts: 5 }, State::Failed { reason: "bad".to_owned() }]);
    states
}

fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("start", Event::Start),
        ("stop", Event::Stop),
        ("restart", Event::Restart),
        ("rest", Event::Rest),
        ("turn to begin", Event::Turn(Step::Begin)),
        ("turn to end", Event::Turn(Step::End)),
        ("blocked", Event::Blocked(Vec::new())),
        ("launched", Event::Launched { pid: 8 }),
        ("cannot launch", Event::LaunchFailed { reason: "gone".to_owned() }),
        ("exits with 0", Event::Ended(Exit::Code(0))),
        ("is killed", Event::Ended(Exit::Signal(9))),
        ("displaced", Event::Displaced),
        ("well", Event::Healthy(Source::Http)),
        ("not yet", Event::NotYet("refused".to_owned())),
        ("unwell", Event::Unhealthy("worse".to_owned())),
        ("sick", Event::Sick("worse".to_owned())),
        ("tick", Event::Tick),
    ]
}

fn name(state: &State, now: Instant) -> String {
    match state {
        State::Waiting { on, .. } if on.is_empty() => "waiting".to_owned(),
        State::Waiting { .. } => "waiting for db".to_owned(),
        State::Launching { then } => format!("launching, then {then:?}").to_lowercase(),
        State::Starting { found, .. } => format!("starting{}", found.as_ref().map_or("", |_| " (refused)")),
        State::Ready { source, .. } => format!("ready ({source:?})").to_lowercase(),
        State::Unhealthy { reason, .. } => format!("unhealthy ({reason})"),
        State::Stopping { order, then } => {
            let then = match then {
                AfterStop::Stay => "stay",
                AfterStop::Start => "start",
                AfterStop::Rest => "rest",
                AfterStop::Recover { .. } => "recover",
            };
            format!("stopping {}, then {then}", if *order == Order::Held { "in its turn" } else { "now" })
        }
        State::Backoff { until } => format!("backoff{}", if *until > now { " until later" } else { "" }),
        State::Failed { reason } => format!("failed ({reason})"),
        other => other.shown().word().to_owned(),
    }
}

/// What each event makes of each state; events that change nothing are left out.
fn table(policy: Restart) -> String {
    let now = Instant::now();
    let mut table = String::new();
    for state in states(now) {
        let _ = writeln!(table, "{}", name(&state, now));
        for (event_name, event) in events() {
            let mut next = state.clone();
            let effect = next.on(event, now, &mut restarts(policy));
            let what = match effect {
                Effect::None => "",
                Effect::Begin => " + begin",
                Effect::End => " + end",
            };
            if next != state || effect != Effect::None {
                let _ = writeln!(table, "    {event_name}: {}{what}", name(&next, now));
            }
        }
    }
    table
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is whole in one place")]
fn every_event_in_every_state_leads_where_the_table_says() {
    insta::assert_snapshot!(table(Restart::No), @"
    stopped
        start: waiting
        restart: waiting
        rest: idle
    idle
        start: waiting
        stop: stopped
        restart: waiting
    waiting for db
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
        turn to begin: launching, then stay + begin
        blocked: waiting
    launching, then stay
        stop: launching, then stop
        restart: launching, then restart
        launched: starting
        cannot launch: failed (gone)
        exits with 0: completed
        is killed: exited
        displaced: waiting
    launching, then stop
        start: launching, then stay
        restart: launching, then restart
        launched: stopping in its turn, then stay
        cannot launch: stopped
        exits with 0: stopped
        is killed: stopped
    launching, then restart
        start: launching, then stay
        stop: launching, then stop
        launched: stopping in its turn, then start
        cannot launch: waiting
        exits with 0: waiting
        is killed: waiting
    starting
        stop: stopping in its turn, then stay
        restart: stopping in its turn, then start
        rest: stopping in its turn, then rest
        exits with 0: completed
        is killed: exited
        displaced: waiting
        well: ready (http)
        not yet: starting (refused)
        unwell: unhealthy (worse)
        sick: stopping now, then recover + end
    ready (runs)
        stop: stopping in its turn, then stay
        restart: stopping in its turn, then start
        rest: stopping in its turn, then rest
        exits with 0: completed
        is killed: exited
        displaced: waiting
        well: ready (http)
        unwell: unhealthy (worse)
        sick: stopping now, then recover + end
    unhealthy (sad)
        stop: stopping in its turn, then stay
        restart: stopping in its turn, then start
        rest: stopping in its turn, then rest
        exits with 0: completed
        is killed: exited
        displaced: waiting
        well: ready (http)
        unwell: unhealthy (worse)
        sick: stopping now, then recover + end
    stopping in its turn, then stay
        start: stopping in its turn, then start
        restart: stopping in its turn, then start
        rest: stopping in its turn, then rest
        turn to end: stopping now, then stay + end
        exits with 0: stopped
        is killed: stopped
    stopping in its turn, then start
        stop: stopping in its turn, then stay
        turn to end: stopping now, then start + end
        exits with 0: waiting
        is killed: waiting
    stopping in its turn, then rest
        start: stopping in its turn, then start
        stop: stopping in its turn, then stay
        restart: stopping in its turn, then start
        turn to end: stopping now, then rest + end
        exits with 0: idle
        is killed: idle
    stopping in its turn, then recover
        start: stopping in its turn, then start
        stop: stopping in its turn, then stay
        restart: stopping in its turn, then start
        turn to end: stopping now, then recover + end
        exits with 0: backoff until later
        is killed: backoff until later
    stopping now, then stay
        start: stopping now, then start
        restart: stopping now, then start
        rest: stopping now, then rest
        exits with 0: stopped
        is killed: stopped
    stopping now, then start
        stop: stopping now, then stay
        exits with 0: waiting
        is killed: waiting
    stopping now, then rest
        start: stopping now, then start
        stop: stopping now, then stay
        restart: stopping now, then start
        exits with 0: idle
        is killed: idle
    stopping now, then recover
        start: stopping now, then start
        stop: stopping now, then stay
        restart: stopping now, then start
        exits with 0: backoff until later
        is killed: backoff until later
    exited
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
    completed
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
    backoff
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
        tick: waiting
    crash-loop
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
    failed (bad)
        start: waiting
        stop: stopped
        restart: waiting
        rest: idle
    ");
}

#[test]
fn a_policy_changes_what_follows_an_end_and_nothing_else() {
    let (without, with) = (table(Restart::No), table(Restart::Always));
    let differ: Vec<&str> =
        without.lines().zip(with.lines()).filter(|(one, other)| one != other).map(|(_, other)| other).collect();
    insta::assert_snapshot!(differ.join("\n"), @"
    exits with 0: backoff until later
    is killed: backoff until later
    exits with 0: backoff until later
    is killed: backoff until later
    exits with 0: backoff until later
    is killed: backoff until later
    exits with 0: backoff until later
    is killed: backoff until later
    ");
}

#[test]
fn a_pause_lasts_until_its_end_and_the_limit_ends_in_a_crash_loop() {
    let (t0, mut restarts) = (Instant::now(), restarts(Restart::OnFailure));
    let mut state = State::Ready { pid: 7, source: Source::Runs };
    assert_eq!(state.on(Event::Ended(Exit::Code(1)), t0, &mut restarts), Effect::None);
    let until = state.deadline().unwrap();
    let _ = state.on(Event::Tick, until - Duration::from_millis(1), &mut restarts);
    assert_eq!(state, State::Backoff { until });
    let _ = state.on(Event::Tick, until, &mut restarts);
    assert_eq!(state.on(Event::Turn(Step::Begin), until, &mut restarts), Effect::Begin);
    let _ = state.on(Event::Ended(Exit::Code(1)), until, &mut restarts);
    assert_eq!(state, State::CrashLoop { restarts: 1 });
}

#[test]
fn patience_ends_in_a_failure_that_names_who_was_waited_for() {
    let (t0, mut restarts) = (Instant::now(), restarts(Restart::No));
    let patient = blocker(Some(Duration::from_secs(5)));
    let mut state = State::Waiting { since: t0, on: vec![blocker(None), patient] };
    assert_eq!(state.deadline(), Some(t0 + Duration::from_secs(5)));
    let _ = state.on(Event::Tick, t0 + Duration::from_secs(5), &mut restarts);
    assert_eq!(state, State::Failed { reason: "waited 5 s for db (starting)".to_owned() });
}
