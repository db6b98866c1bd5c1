//! Turns in small projects, and in random ones against a world in which anything may happen.

use locald_config::{Backoff, Restart};
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::health::Source;
use crate::supervisor::backoff::Restarts;
use crate::supervisor::state::{AfterStop, Effect, Event};

const RUNS: Source = Source::Runs;

fn need(on: usize, condition: Condition) -> Need {
    Need { on, condition, patience: None }
}

fn graph(needs: Vec<Vec<Need>>) -> Graph {
    Graph::new((0..needs.len()).map(|place| format!("s{place}")).collect(), needs)
}

fn seen(state: State) -> Seen {
    Seen { state, exit: None }
}

fn waiting() -> Seen {
    seen(State::Waiting { since: Instant::now(), on: Vec::new() })
}

fn ready() -> Seen {
    seen(State::Ready { pid: 1, source: RUNS })
}

fn held() -> Seen {
    seen(State::Stopping { order: Order::Held, then: AfterStop::Stay })
}

/// What the second of two services is told, that depends on the first.
fn told(condition: Condition, first: Seen, second: Seen) -> Advice {
    graph(vec![vec![], vec![need(0, condition)]]).advise(&[first, second]).remove(1)
}

fn words(advice: &Advice) -> String {
    match advice {
        Advice::Hold(on) | Advice::Without(on) => on.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Advice::Turn(_) => "turn".to_owned(),
        Advice::Nothing => String::new(),
    }
}

#[test]
fn each_condition_is_met_by_the_states_that_it_names_and_no_others() {
    use Condition::{Completed, CompletedOk, Healthy, Started};
    let exited = Seen { state: State::Exited, exit: Some(Exit::Code(3)) };
    let starting = seen(State::Starting { pid: 1, found: None });
    let unhealthy = seen(State::Unhealthy { pid: 1, reason: "connection refused".to_owned() });
    let cases: [(Seen, [(Condition, &str); 4]); 6] = [
        (
            seen(State::Stopped),
            [
                (Started, "s0 (stopped)"),
                (Healthy, "s0 (stopped)"),
                (Completed, "s0 to end (stopped)"),
                (CompletedOk, "s0 to complete (stopped)"),
            ],
        ),
        (
            starting,
            [
                (Started, "turn"),
                (Healthy, "s0 (starting)"),
                (Completed, "s0 to end (starting)"),
                (CompletedOk, "s0 to complete (starting)"),
            ],
        ),
        (
            ready(),
            [
                (Started, "turn"),
                (Healthy, "turn"),
                (Completed, "s0 to end (ready)"),
                (CompletedOk, "s0 to complete (ready)"),
            ],
        ),
        (
            unhealthy,
            [
                (Started, "turn"),
                (Healthy, "s0 (unhealthy: connection refused)"),
                (Completed, "s0 to end (unhealthy: connection refused)"),
                (CompletedOk, "s0 to complete (unhealthy: connection refused)"),
            ],
        ),
        (
            exited,
            [
                (Started, "s0 (exited with code 3)"),
                (Healthy, "s0 (exited with code 3)"),
                (Completed, "turn"),
                (CompletedOk, "s0 to complete (exited with code 3)"),
            ],
        ),
        (seen(State::Completed), [(Started, "turn"), (Healthy, "turn"), (Completed, "turn"), (CompletedOk, "turn")]),
    ];
    for (first, expected) in cases {
        for (condition, words_of_it) in expected {
            assert_eq!(words(&told(condition, first.clone(), waiting())), words_of_it, "{condition:?} {first:?}");
        }
    }
}

#[test]
fn whoever_waits_for_one_that_waits_is_told_for_whom() {
    let chain = graph(vec![vec![], vec![need(0, Condition::Healthy)], vec![need(1, Condition::Healthy)]]);
    let exited = Seen { state: State::Exited, exit: Some(Exit::Signal(9)) };
    let Advice::Hold(on) = chain.advise(&[exited.clone(), waiting(), waiting()]).remove(1) else { panic!() };
    assert_eq!(on[0].outlook, Outlook::Hopeless);
    let middle = seen(State::Waiting { since: Instant::now(), on });
    let Advice::Hold(on) = chain.advise(&[exited, middle, waiting()]).remove(2) else { panic!() };
    assert_eq!(on[0].to_string(), "s1 (waiting for s0)");
    assert_ne!(on[0].outlook, Outlook::Open, "nothing moves unless somebody does something about s0");
}

#[test]
fn those_who_depend_on_a_service_end_before_it() {
    assert_eq!(told(Condition::Started, held(), held()), Advice::Turn(Step::End));
    let pair = graph(vec![vec![], vec![need(0, Condition::Started)]]);
    assert_eq!(pair.advise(&[held(), held()])[0], Advice::Nothing);
    let given = seen(State::Stopping { order: Order::Given, then: AfterStop::Stay });
    assert_eq!(pair.advise(&[held(), given])[0], Advice::Nothing);
    assert_eq!(pair.advise(&[held(), seen(State::Stopped)])[0], Advice::Turn(Step::End));
}

#[test]
fn one_that_is_stopped_alone_leaves_the_others_running_and_they_know() {
    let pair = graph(vec![vec![], vec![need(0, Condition::Healthy)]]);
    assert_eq!(pair.advise(&[held(), ready()])[0], Advice::Turn(Step::End));
    assert_eq!(words(&pair.advise(&[seen(State::Stopped), ready()])[1]), "s0 (stopped)");
    let job = graph(vec![vec![], vec![need(0, Condition::CompletedOk)]]);
    assert_eq!(words(&job.advise(&[seen(State::Stopped), ready()])[1]), "", "a job needs not to be there any more");
}

#[test]
fn what_a_service_depends_on_comes_before_it() {
    let graph = graph(vec![
        vec![need(2, Condition::Started), need(1, Condition::Started)],
        vec![need(2, Condition::Started)],
        vec![],
        vec![],
    ]);
    assert_eq!(graph.with_needs(&[0]), [2, 1, 0]);
    assert_eq!(graph.with_needs(&[3, 1]), [3, 2, 1]);
}

/// A project and its world: at most one process for each service, and whatever may become of it.
struct World {
    graph: Graph,
    services: Vec<(State, Option<Exit>, Restarts)>,
    processes: Vec<Process>,
    now: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    None,
    Beginning,
    Runs,
    /// It was asked to end.
    Ends,
}

/// Something that may happen next to a service.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Start,
    Stop,
    Restart,
    Begins,
    CannotBegin,
    Ends(bool),
    IsWell,
    IsNotWell,
    IsSick,
    TimePasses,
}

impl World {
    fn new(graph: Graph, policy: Restart) -> Self {
        let count = graph.names.len();
        let restarts = Restarts::new(policy, Backoff { limit: Some(3), ..Backoff::default() }, 1);
        Self {
            graph,
            services: vec![(State::Stopped, None, restarts); count],
            processes: vec![Process::None; count],
            now: Instant::now(),
        }
    }

    fn apply(&mut self, place: usize, event: Event) {
        let (state, _, restarts) = &mut self.services[place];
        match state.on(event, self.now, restarts) {
            Effect::None => {}
            Effect::Begin => {
                assert_eq!(self.processes[place], Process::None, "there is one run at a time");
                self.processes[place] = Process::Beginning;
            }
            Effect::End => {
                assert_eq!(self.processes[place], Process::Runs, "only what runs is ended");
                self.processes[place] = Process::Ends;
            }
        }
    }

    /// Lets something happen, if it can.
    fn happen(&mut self, place: usize, happening: Happening) {
        let process = self.processes[place];
        match (happening, process) {
            (Happening::Start, _) => {
                for place in self.graph.with_needs(&[place]) {
                    self.apply(place, Event::Start);
                }
            }
            (Happening::Stop, _) => self.apply(place, Event::Stop),
            (Happening::Restart, _) => self.apply(place, Event::Restart),
            (Happening::Begins, Process::Beginning) => {
                self.processes[place] = Process::Runs;
                self.apply(place, Event::Launched { pid: 1 });
            }
            (Happening::CannotBegin, Process::Beginning) => {
                self.processes[place] = Process::None;
                self.apply(place, Event::LaunchFailed { reason: "no such file".to_owned() });
            }
            (Happening::Ends(well), Process::Runs | Process::Ends) => {
                self.processes[place] = Process::None;
                let exit = Exit::Code(i32::from(!well));
                self.services[place].1 = Some(exit);
                self.apply(place, Event::Ended(exit));
            }
            (Happening::IsWell, Process::Runs) => self.apply(place, Event::Healthy(RUNS)),
            (Happening::IsNotWell, Process::Runs) => self.apply(place, Event::Unhealthy("sad".to_owned())),
            (Happening::IsSick, Process::Runs) => self.apply(place, Event::Sick("sad".to_owned())),
            (Happening::TimePasses, _) => {
                self.now += Duration::from_secs(31);
                for place in 0..self.services.len() {
                    self.apply(place, Event::Tick);
                }
            }
            _ => {}
        }
    }

    fn seen(&self) -> Vec<Seen> {
        self.services.iter().map(|(state, exit, _)| Seen { state: state.clone(), exit: *exit }).collect()
    }

    /// Gives turns until nobody has one, and checks each when it is given.
    fn settle(&mut self) {
        for _ in 0..=self.services.len() * 4 {
            let advice = self.graph.advise(&self.seen());
            let before = self.seen();
            for (place, advice) in advice.into_iter().enumerate() {
                match advice {
                    Advice::Turn(step) => {
                        self.check_turn(place);
                        self.apply(place, Event::Turn(step));
                    }
                    Advice::Hold(on) => {
                        assert!(!on.is_empty(), "there is always a reason");
                        self.apply(place, Event::Blocked(on));
                    }
                    Advice::Without(_) | Advice::Nothing => {}
                }
            }
            if before == self.seen() {
                return;
            }
        }
        panic!("turns are given for ever: {:?}", self.seen());
    }

    /// Written apart from what is tested: what has to be so when a turn is given.
    fn check_turn(&self, place: usize) {
        match &self.services[place].0 {
            State::Waiting { .. } => {
                for need in &self.graph.needs[place] {
                    let word = self.services[need.on].0.shown().word();
                    let allowed: &[&str] = match need.condition {
                        Condition::Started => &["starting", "ready", "unhealthy", "completed"],
                        Condition::Healthy => &["ready", "completed"],
                        Condition::Completed => &["completed", "exited", "crash-loop"],
                        Condition::CompletedOk => &["completed"],
                    };
                    assert!(allowed.contains(&word), "s{place} begins while s{} is {word}", need.on);
                    let there = self.processes[need.on] != Process::None;
                    assert_eq!(there, !["completed", "exited", "crash-loop"].contains(&word));
                }
            }
            State::Stopping { .. } => {
                for (other, needs) in self.graph.needs.iter().enumerate() {
                    let word = self.services[other].0.shown().word();
                    let depends = needs.iter().any(|need| need.on == place);
                    assert!(!(depends && word == "stopping"), "s{place} ends before s{other}");
                }
            }
            other => panic!("nobody in {other:?} has a turn"),
        }
    }

    /// From now on everything goes well, and everybody is stopped or well in the end, or can say what is stuck.
    fn go_well(&mut self) {
        for _ in 0..self.services.len() * 8 {
            self.settle();
            for place in 0..self.services.len() {
                match self.processes[place] {
                    Process::None => {}
                    Process::Beginning => self.happen(place, Happening::Begins),
                    Process::Ends => self.happen(place, Happening::Ends(true)),
                    Process::Runs => {
                        let job = self.graph.needs.iter().flatten().any(|need| {
                            need.on == place && matches!(need.condition, Condition::Completed | Condition::CompletedOk)
                        });
                        let what = if job { Happening::Ends(true) } else { Happening::IsWell };
                        self.happen(place, what);
                    }
                }
            }
            self.happen(0, Happening::TimePasses);
        }
        self.settle();
        for (place, (state, ..)) in self.services.iter().enumerate() {
            match state {
                State::Waiting { on, .. } => {
                    assert!(
                        on.iter().any(|blocker| blocker.outlook != Outlook::Open),
                        "s{place} waits for nothing: {on:?}"
                    );
                }
                State::Launching { .. } | State::Stopping { .. } | State::Unhealthy { .. } | State::Starting { .. } => {
                    panic!("s{place} stands still though all goes well: {state:?}");
                }
                _ => {}
            }
        }
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        Just(Condition::Started),
        Just(Condition::Healthy),
        Just(Condition::Completed),
        Just(Condition::CompletedOk)
    ]
}

/// Up to seven services, each depending on some of those before it.
fn any_graph() -> impl Strategy<Value = Graph> {
    (1usize..8).prop_flat_map(|count| {
        let needs: Vec<_> = (0..count)
            .map(|place| {
                proptest::collection::btree_map(0..place.max(1), condition(), 0..3).prop_map(move |needs| {
                    let before = needs.into_iter().filter(|(on, _)| *on < place);
                    before.map(|(on, condition)| need(on, condition)).collect::<Vec<_>>()
                })
            })
            .collect();
        needs.prop_map(graph)
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => Just(Happening::Start),
        2 => Just(Happening::Stop),
        2 => Just(Happening::Restart),
        6 => Just(Happening::Begins),
        1 => Just(Happening::CannotBegin),
        3 => any::<bool>().prop_map(Happening::Ends),
        6 => Just(Happening::IsWell),
        1 => Just(Happening::IsNotWell),
        1 => Just(Happening::IsSick),
        2 => Just(Happening::TimePasses),
    ]
}

fn policy() -> impl Strategy<Value = Restart> {
    prop_oneof![Just(Restart::No), Just(Restart::OnFailure), Just(Restart::Always)]
}

proptest! {
    /// Whatever happens in whatever order: nobody begins before what it depends on is as far as it has to be, nobody ends before
    /// those who depend on it, nobody waits without a reason, and once all goes well nobody stands still.
    #[test]
    fn turns_are_right_in_any_project_whatever_happens(
        (graph, happenings) in any_graph().prop_flat_map(|graph| {
            let places = 0..graph.names.len();
            (Just(graph), proptest::collection::vec((places, happening()), 0..80))
        }),
        policy in policy(),
    ) {
        let mut world = World::new(graph, policy);
        for (place, happening) in happenings {
            world.happen(place, happening);
            world.settle();
        }
        world.go_well();
    }
}
