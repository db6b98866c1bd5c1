//! One service played through by a controller that does what each test says.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use locald_config::{Backoff, Condition, Restart};
use tokio::sync::mpsc;

use super::memory::{Rest, Wanted};
use super::*;
use crate::health::{Finding, Run, Source, Verdict, Watch};
use crate::supervisor::addresses::Conflict;
use crate::supervisor::blocker::Outlook;
use crate::supervisor::controller::{Ended, Inherited, RunEvent, Waiting};
use crate::supervisor::definition::tests::plain;
use crate::supervisor::fingerprint::Fingerprint;
use crate::supervisor::state::{AfterStop, Order, Step};

/// As long as a run is looked at for failing right after its start.
const SETTLE: Duration = Duration::from_millis(250);

/// What a controller was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Begin,
    End,
}

/// A controller that does what a test says, when it says so.
struct Scripted {
    asked: Arc<Mutex<Vec<Did>>>,
    events: mpsc::Receiver<RunEvent>,
    inherited: Option<Inherited>,
    last_run: u64,
}

impl ServiceController for Scripted {
    fn begin(&mut self, _: &Definition) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Did::Begin);
        self.last_run += 1;
        self.last_run
    }

    fn end(&mut self, _: &Definition) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Did::End);
    }

    fn event(&mut self) -> Waiting<'_, RunEvent> {
        Box::pin(async {
            match self.events.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            }
        })
    }

    fn inherited(&self) -> Option<Inherited> {
        self.inherited.clone()
    }

    fn last_run(&self) -> u64 {
        self.last_run
    }
}

/// A doctor that finds what a test says; without findings, the service is well while it runs.
struct Told(Mutex<Option<mpsc::Receiver<Finding>>>);

impl Doctor for Told {
    fn watch(&self, _: &Definition, run: Run) -> Watch {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(findings) => Watch::of_findings(run.number, findings),
            None => Watch::of_nothing(run.number),
        }
    }
}

/// A service whose controller a test plays.
struct Stage {
    handle: Handle,
    asked: Arc<Mutex<Vec<Did>>>,
    events: mpsc::Sender<RunEvent>,
    findings: mpsc::Sender<Finding>,
    remembered: Arc<Mutex<Remembered>>,
}

/// What is different from a plain service that depends on nobody.
struct Cast {
    remembered: Remembered,
    inherited: Option<Inherited>,
    definition: Definition,
    turns: Turns,
    is_asked: bool,
}

impl Default for Cast {
    fn default() -> Self {
        Self {
            remembered: Remembered::default(),
            inherited: None,
            definition: plain("web"),
            turns: Turns::Free,
            is_asked: false,
        }
    }
}

impl Stage {
    fn set(cast: Cast) -> Self {
        let Cast { remembered, inherited, definition, turns, is_asked } = cast;
        let ((events, queue), (findings, found)) = (mpsc::channel(8), mpsc::channel(8));
        let asked = Arc::default();
        let last_run = u64::from(inherited.is_some());
        let controller = Scripted { asked: Arc::clone(&asked), events: queue, inherited, last_run };
        let kept = Arc::new(Mutex::new(remembered.clone()));
        let memory = {
            let kept = kept.clone();
            Box::new(move |remembered: &Remembered| {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = remembered.clone();
            })
        };
        let parts = ServiceParts {
            kind: "exec",
            controller: Box::new(controller),
            definition,
            remembered,
            memory,
            doctor: Box::new(Told(Mutex::new(is_asked.then_some(found)))),
            imprint: Box::new(|_| Some(Fingerprint::of_sum(1))),
            turns,
        };
        let handle = Task::new(parts).spawn("demo:web".to_owned());
        Self { handle, asked, events, findings, remembered: kept }
    }

    fn new(remembered: Remembered, inherited: Option<Inherited>) -> Self {
        Self::set(Cast { remembered, inherited, ..Cast::default() })
    }

    fn fresh() -> Self {
        Self::set(Cast::default())
    }

    /// One that is started again when it fails.
    fn restarting(limit: u32) -> Self {
        let backoff = Backoff { limit: Some(limit), ..Backoff::default() };
        let definition = Definition { restart: Restart::OnFailure, backoff, ..plain("web") };
        Self::set(Cast { definition, ..Cast::default() })
    }

    /// Asks for something, and returns once the task has taken note of it.
    async fn ask(&self, what: Asked) -> tokio::task::JoinHandle<Change> {
        let wish = self.handle.ask(what).await.unwrap();
        let asking = tokio::spawn(async { wish.done().await.unwrap() });
        tokio::task::yield_now().await;
        asking
    }

    /// Tells it that files have changed; says whether it takes a restart.
    async fn redefine(&self, definition: Definition, sum: u64) -> bool {
        let (is_another, wait) = oneshot::channel();
        let prints = Some([Fingerprint::of_sum(sum); 2]);
        let redefine = Request::Redefine { definition: Box::new(definition), prints, is_another };
        self.handle.requests.send(redefine).await.unwrap();
        wait.await.unwrap()
    }

    async fn tell(&self, event: RunEvent) {
        self.events.send(event).await.unwrap();
    }

    async fn find(&self, verdict: Verdict) {
        self.findings.send(Finding { verdict, probed: None }).await.unwrap();
    }

    async fn advise(&self, advice: Advice) {
        self.handle.requests.send(Request::Advise(advice)).await.unwrap();
    }

    async fn wait_for(&self, state: State) {
        let mut view = self.handle.view.clone();
        view.wait_for(|view| view.state == state).await.unwrap();
    }

    async fn wait_for_word(&self, word: &str) -> View {
        let mut view = self.handle.view.clone();
        view.wait_for(|view| view.state.shown().word() == word).await.unwrap().clone()
    }

    fn asked(&self) -> Vec<Did> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the next daemon would be told.
    fn remembered(&self) -> Remembered {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn ready(pid: u32) -> State {
    State::Ready { pid, source: Source::Runs }
}

fn stopping(order: Order, then: AfterStop) -> State {
    State::Stopping { order, then }
}

fn started(pid: u32) -> RunEvent {
    RunEvent::Started { pid, since: 1 }
}

fn end(exit: Exit) -> Ended {
    Ended { exit, since: 1, killed: Vec::new(), left: Vec::new(), last_lines: Vec::new(), conflict: None }
}

fn ended(exit: Exit) -> RunEvent {
    RunEvent::Ended(Ended { killed: vec!["helper".to_owned()], ..end(exit) })
}

#[tokio::test(start_paused = true)]
async fn whoever_starts_a_service_learns_of_it_once_it_has_settled() {
    let stage = Stage::fresh();
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 7 });
    let again = stage.ask(Asked::Start).await;
    assert_eq!(again.await.unwrap(), Change::AlreadyRunning { pid: 7 });
    assert_eq!(stage.asked(), [Did::Begin]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_right_after_its_start_has_failed_to_start() {
    let stage = Stage::fresh();
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.tell(ended(Exit::Code(127))).await;
    let reason = "exited with code 127 right after it was started".to_owned();
    assert_eq!(asking.await.unwrap(), Change::Failed { reason });
    stage.wait_for(State::Exited).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_done_at_once_has_started_well() {
    let stage = Stage::fresh();
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.tell(ended(Exit::Code(0))).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 7 });
}

#[tokio::test(start_paused = true)]
async fn stopping_returns_only_once_nothing_is_left_and_tells_what_was_killed() {
    let stage = Stage::fresh();
    stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.wait_for(ready(7)).await;
    let asking = stage.ask(Asked::Stop).await;
    assert!(!asking.is_finished());
    stage.tell(ended(Exit::Signal(15))).await;
    let killed = vec!["helper".to_owned()];
    assert_eq!(asking.await.unwrap(), Change::Stopped { exit: Exit::Signal(15), killed, left: Vec::new() });
    assert_eq!(stage.asked(), [Did::Begin, Did::End]);
}

#[tokio::test(start_paused = true)]
async fn stopping_what_does_not_run_says_so() {
    let stage = Stage::fresh();
    let asking = stage.ask(Asked::Stop).await;
    assert_eq!(asking.await.unwrap(), Change::WasNotRunning);
    assert_eq!(stage.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_answered_by_the_new_run() {
    let stage = Stage::fresh();
    stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.wait_for(ready(7)).await;
    let asking = stage.ask(Asked::Restart).await;
    stage.tell(ended(Exit::Signal(15))).await;
    stage.tell(started(8)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 8 });
    assert_eq!(stage.handle.view.borrow().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_is_overtaken_by_a_stop_tells_both() {
    let stage = Stage::fresh();
    stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.wait_for(ready(7)).await;
    let restarting = stage.ask(Asked::Restart).await;
    let stopping = stage.ask(Asked::Stop).await;
    stage.tell(ended(Exit::Code(0))).await;
    assert_eq!(restarting.await.unwrap(), Change::Failed { reason: "it was stopped meanwhile".to_owned() });
    assert!(matches!(stopping.await.unwrap(), Change::Stopped { .. }));
    stage.wait_for(State::Stopped).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_overtaken_by_a_start_is_answered() {
    let stage = Stage::fresh();
    let starting = stage.ask(Asked::Start).await;
    let stopping = stage.ask(Asked::Stop).await;
    let again = stage.ask(Asked::Start).await;
    assert_eq!(stopping.await.unwrap(), Change::Failed { reason: "it was started again meanwhile".to_owned() });
    stage.tell(started(7)).await;
    assert_eq!(starting.await.unwrap(), Change::Started { pid: 7 });
    assert_eq!(again.await.unwrap(), Change::Started { pid: 7 });
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_what_then_fails_to_start_is_answered() {
    let stage = Stage::fresh();
    let starting = stage.ask(Asked::Start).await;
    let stopping = stage.ask(Asked::Stop).await;
    stage.tell(RunEvent::StartFailed { reason: "no such file".to_owned() }).await;
    assert_eq!(starting.await.unwrap(), Change::Failed { reason: "no such file".to_owned() });
    assert_eq!(stopping.await.unwrap(), Change::WasNotRunning);
}

#[tokio::test(start_paused = true)]
async fn a_restart_while_it_starts_is_answered_by_the_second_run() {
    let stage = Stage::fresh();
    stage.ask(Asked::Start).await;
    let restarting = stage.ask(Asked::Restart).await;
    stage.tell(started(7)).await;
    tokio::time::sleep(SETTLE * 2).await;
    assert!(!restarting.is_finished(), "the first run is on its way out");
    stage.tell(ended(Exit::Signal(15))).await;
    stage.tell(started(8)).await;
    assert_eq!(restarting.await.unwrap(), Change::Started { pid: 8 });
}

fn remember(wanted: Wanted, run: u64) -> Remembered {
    Remembered { wanted, run, ..Remembered::default() }
}

fn end_of(exit: Exit) -> Inherited {
    Inherited::Ended(end(exit))
}

#[tokio::test(start_paused = true)]
async fn a_run_that_an_earlier_daemon_began_is_taken_up_as_it_was_wanted() {
    let alive = || Some(Inherited::Alive { pid: 9, since: 5 });
    let cases: [(Wanted, State, &[Did]); 3] = [
        (Wanted::Running, ready(9), &[]),
        // The order may have been lost with the daemon that gave it.
        (Wanted::Stopped, stopping(Order::Given, AfterStop::Stay), &[Did::End]),
        (Wanted::Restarted, stopping(Order::Given, AfterStop::Start), &[Did::End]),
    ];
    for (wanted, expected, asked) in cases {
        let stage = Stage::new(remember(wanted, 1), alive());
        stage.wait_for(expected).await;
        assert_eq!(stage.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_an_earlier_daemon_ordered_is_waited_for_and_not_ordered_again() {
    let stage = Stage::new(remember(Wanted::Running, 1), Some(Inherited::Starting));
    stage.tell(started(12)).await;
    stage.wait_for(ready(12)).await;
    assert_eq!(stage.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_order_was_lost_with_an_earlier_daemon_is_ordered_again() {
    let stage = Stage::new(remember(Wanted::Running, 2), Some(end_of(Exit::Code(0))));
    stage.tell(started(12)).await;
    stage.wait_for(ready(12)).await;
    assert_eq!(stage.asked(), [Did::Begin]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ended_by_itself_is_not_started_by_a_new_daemon() {
    let ended = Remembered { ended: 1, exit: Some(Exit::Code(3)), ..remember(Wanted::Running, 1) };
    for inherited in [Some(end_of(Exit::Code(3))), None] {
        let stage = Stage::new(ended.clone(), inherited);
        stage.wait_for(State::Exited).await;
        assert_eq!(stage.handle.view.borrow().exit, Some(Exit::Code(3)));
        assert_eq!(stage.asked(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_whose_middle_the_daemon_died_is_carried_through() {
    let stage = Stage::new(remember(Wanted::Restarted, 1), Some(end_of(Exit::Signal(15))));
    stage.tell(started(12)).await;
    stage.wait_for(ready(12)).await;
    assert_eq!(stage.asked(), [Did::Begin]);
}

#[tokio::test(start_paused = true)]
async fn whoever_starts_a_service_that_is_asked_learns_of_it_once_it_is_well() {
    let stage = Stage::set(Cast { is_asked: true, ..Cast::default() });
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.find(Verdict::NotYet("connection refused".to_owned())).await;
    stage.wait_for(State::Starting { pid: 7, found: Some("connection refused".to_owned()) }).await;
    tokio::time::sleep(SETTLE * 9).await;
    assert!(!asking.is_finished());
    stage.find(Verdict::Well(Source::Http)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 7 });
    assert_eq!(stage.remembered().well, Some((1, Source::Http)));
    stage.find(Verdict::Unwell("answered 500".to_owned())).await;
    stage.wait_for(State::Unhealthy { pid: 7, reason: "answered 500".to_owned() }).await;
    assert_eq!(stage.asked(), [Did::Begin]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_never_well_is_told_to_whoever_started_it() {
    let stage = Stage::set(Cast { is_asked: true, ..Cast::default() });
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.find(Verdict::Unwell("answered 500".to_owned())).await;
    let reason = "it runs, but is unhealthy: answered 500".to_owned();
    assert_eq!(asking.await.unwrap(), Change::Failed { reason });
}

#[tokio::test(start_paused = true)]
async fn whoever_is_patient_is_told_once_it_is_well_or_will_not_be_by_itself() {
    let stage = Stage::restarting(2);
    let (brief, patient) = (stage.ask(Asked::Start).await, stage.ask(Asked::StartPatiently).await);
    stage.tell(started(1)).await;
    stage.tell(ended(Exit::Code(4))).await;
    stage.wait_for_word("backoff").await;
    assert!(matches!(brief.await.unwrap(), Change::Failed { .. }) && !patient.is_finished());
    stage.wait_for_word("starting").await;
    stage.tell(started(2)).await;
    assert_eq!(patient.await.unwrap(), Change::Started { pid: 2 });
    let stage = Stage::restarting(1);
    let patient = stage.ask(Asked::StartPatiently).await;
    for run in 1..=2 {
        stage.wait_for_word("starting").await;
        stage.tell(started(run)).await;
        stage.tell(ended(Exit::Code(4))).await;
        stage.wait_for_word(if run == 1 { "backoff" } else { "crash-loop" }).await;
    }
    assert!(matches!(patient.await.unwrap(), Change::Failed { .. }));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_patient_waits_for_one_that_is_unhealthy_to_recover() {
    let stage = Stage::set(Cast { is_asked: true, ..Cast::default() });
    let first = stage.ask(Asked::StartPatiently).await;
    stage.tell(started(7)).await;
    stage.find(Verdict::Unwell("answered 500".to_owned())).await;
    stage.wait_for_word("unhealthy").await;
    let later = stage.ask(Asked::StartPatiently).await;
    assert!(!first.is_finished() && !later.is_finished());
    stage.find(Verdict::Well(Source::Http)).await;
    assert_eq!((first.await.unwrap(), later.await.unwrap()), (Change::Started { pid: 7 }, Change::Started { pid: 7 }));
}

#[tokio::test(start_paused = true)]
async fn a_service_begins_and_ends_only_in_its_turn() {
    let stage = Stage::set(Cast { turns: Turns::OfProject, ..Cast::default() });
    let starting = stage.ask(Asked::Start).await;
    let blocker = Blocker {
        service: "db".to_owned(),
        condition: Condition::Healthy,
        found: "starting".to_owned(),
        outlook: Outlook::Open,
        patience: None,
    };
    stage.advise(Advice::Hold(vec![blocker.clone()])).await;
    let mut view = stage.handle.view.clone();
    let reason = view.wait_for(|view| view.state.reason(None).is_some()).await.unwrap().state.reason(None);
    assert_eq!((reason.as_deref(), stage.asked()), (Some("waiting for db (starting)"), vec![]));
    stage.advise(Advice::Turn(Step::End)).await;
    stage.advise(Advice::Turn(Step::Begin)).await;
    stage.wait_for_word("starting").await;
    stage.tell(started(7)).await;
    assert_eq!(starting.await.unwrap(), Change::Started { pid: 7 });
    let stopping = stage.ask(Asked::Stop).await;
    stage.wait_for_word("stopping").await;
    assert_eq!(stage.asked(), [Did::Begin]);
    stage.advise(Advice::Turn(Step::End)).await;
    stage.wait_for(super::tests::stopping(Order::Given, AfterStop::Stay)).await;
    stage.tell(ended(Exit::Signal(15))).await;
    assert!(matches!(stopping.await.unwrap(), Change::Stopped { .. }));
    assert_eq!(stage.asked(), [Did::Begin, Did::End]);
}

#[tokio::test(start_paused = true)]
async fn whoever_starts_what_cannot_go_on_is_told_why_and_it_begins_once_it_can() {
    let stage = Stage::set(Cast { turns: Turns::OfProject, ..Cast::default() });
    let starting = stage.ask(Asked::Start).await;
    let blocker = Blocker {
        service: "db".to_owned(),
        condition: Condition::Healthy,
        found: "exited with code 1".to_owned(),
        outlook: Outlook::Hopeless,
        patience: Some(Duration::from_secs(30)),
    };
    stage.advise(Advice::Hold(vec![blocker])).await;
    let reason = "waiting for db (exited with code 1)".to_owned();
    assert_eq!(starting.await.unwrap(), Change::Waiting { reason });
    // Nobody comes to its help in time.
    let reason = "waited 30 s for db (exited with code 1)".to_owned();
    stage.wait_for(State::Failed { reason }).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_is_started_again_after_a_pause_until_it_is_given_up() {
    let stage = Stage::restarting(2);
    let asking = stage.ask(Asked::Start).await;
    for run in 1..=3 {
        stage.wait_for_word("starting").await;
        stage.tell(started(run)).await;
        stage.tell(ended(Exit::Code(4))).await;
        let word = if run == 3 { "crash-loop" } else { "backoff" };
        let view = stage.wait_for_word(word).await;
        assert_eq!(view.history.len(), run as usize);
        if run == 1 {
            assert!(matches!(stage.remembered().rest, Rest::Backoff { .. }));
            assert_eq!(view.state.reason(view.exit).as_deref(), Some("exited with code 4; it is started again"));
        }
    }
    // Whoever started it did not wait for the next run.
    let reason = "exited with code 4 right after it was started".to_owned();
    assert_eq!(asking.await.unwrap(), Change::Failed { reason });
    let view = stage.handle.view.borrow().clone();
    let reason = "exited with code 4; given up after 2 restarts in a row";
    assert_eq!((view.state.reason(view.exit).as_deref(), view.restarts), (Some(reason), 2));
    assert_eq!(stage.asked(), [Did::Begin; 3]);
    // A person may have mended it.
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(9)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 9 });
}

#[tokio::test(start_paused = true)]
async fn stopping_a_service_in_its_pause_ends_the_pause() {
    let stage = Stage::restarting(9);
    stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.tell(ended(Exit::Signal(11))).await;
    stage.wait_for_word("backoff").await;
    let stopping = stage.ask(Asked::Stop).await;
    assert_eq!(stopping.await.unwrap(), Change::WasNotRunning);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(stage.asked(), [Did::Begin]);
}

#[tokio::test(start_paused = true)]
async fn what_a_new_daemon_remembers_of_a_service_at_rest_is_where_it_goes_on() {
    let rest = |rest, exit| Remembered { ended: 1, exit: Some(exit), rest, ..remember(Wanted::Running, 1) };
    let cases = [
        (rest(Rest::Ended, Exit::Code(0)), "completed"),
        (rest(Rest::Ended, Exit::Code(2)), "exited"),
        (rest(Rest::CrashLoop { restarts: 4 }, Exit::Code(2)), "crash-loop"),
        (rest(Rest::Failed { reason: "no such file".to_owned() }, Exit::Code(2)), "failed"),
    ];
    for (remembered, word) in cases {
        let stage = Stage::new(remembered, Some(end_of(Exit::Code(2))));
        stage.wait_for_word(word).await;
        assert_eq!(stage.asked(), [], "{word}");
    }
    // These go on by themselves.
    for remembered in [rest(Rest::Waiting, Exit::Code(2)), rest(Rest::Backoff { until: 1 }, Exit::Code(2))] {
        let stage = Stage::new(remembered, Some(end_of(Exit::Code(2))));
        stage.wait_for_word("starting").await;
        stage.tell(started(12)).await;
        stage.wait_for(ready(12)).await;
        assert_eq!(stage.asked(), [Did::Begin]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_no_daemon_saw_is_followed_by_a_restart_if_the_policy_says_so() {
    let definition = Definition { restart: Restart::OnFailure, ..plain("web") };
    let inherited = Some(end_of(Exit::Code(2)));
    let stage = Stage::set(Cast { remembered: remember(Wanted::Running, 1), inherited, definition, ..Cast::default() });
    stage.wait_for_word("starting").await;
    stage.tell(started(12)).await;
    stage.wait_for(ready(12)).await;
    assert_eq!(stage.handle.view.borrow().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_well_is_so_for_the_next_daemon_without_being_asked() {
    let remembered = Remembered { well: Some((1, Source::Port)), ..remember(Wanted::Running, 1) };
    let inherited = Some(Inherited::Alive { pid: 9, since: 5 });
    let stage = Stage::set(Cast { remembered, inherited, is_asked: true, ..Cast::default() });
    stage.wait_for(State::Ready { pid: 9, source: Source::Port }).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_port_was_taken_is_started_once_more_with_another() {
    let taken = || {
        let conflict =
            Conflict { port: 20_000, name: None, owner: Some("node (pid 5)".to_owned()), instead: Some(20_001) };
        RunEvent::Ended(Ended { conflict: Some(conflict), ..end(Exit::Code(1)) })
    };
    let stage = Stage::fresh();
    let asking = stage.ask(Asked::Start).await;
    stage.tell(started(7)).await;
    stage.tell(taken()).await;
    let mut view = stage.handle.view.clone();
    let note = view.wait_for(|view| view.port_note.is_some()).await.unwrap().port_note.clone();
    assert_eq!(note.as_deref(), Some("port 20000 is in use by node (pid 5); it has port 20001 instead"));
    stage.tell(started(8)).await;
    stage.tell(taken()).await;
    let reason = "exited with code 1 right after it was started: port 20000 is in use by node (pid 5)".to_owned();
    assert_eq!(asking.await.unwrap(), Change::Failed { reason });
    stage.wait_for(State::Exited).await;
    assert_eq!(stage.asked(), [Did::Begin; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_made_from_something_else_now_takes_a_restart_unless_it_was_stopped_or_is_done() {
    let stage = Stage::fresh();
    assert!(!stage.redefine(plain("web"), 2).await, "nobody has asked it to run");
    let started = stage.ask(Asked::Start).await;
    stage.tell(RunEvent::Started { pid: 7, since: 1 }).await;
    started.await.unwrap();
    assert!(!stage.redefine(plain("web"), 1).await);
    assert!(stage.redefine(plain("web"), 2).await);
    assert!(stage.redefine(plain("web"), 2).await, "until it was restarted");
    assert!(!stage.redefine(plain("web"), 1).await, "or is what it was");
    let _stopped = stage.ask(Asked::Stop).await;
    assert!(!stage.redefine(plain("web"), 2).await);
    let renewed = stage.ask(Asked::Renew).await;
    assert_eq!(renewed.await.unwrap(), Change::WasNotRunning, "somebody has stopped it meanwhile");
}

#[tokio::test(start_paused = true)]
async fn one_that_failed_is_tried_again_when_it_is_made_from_something_else() {
    let stage = Stage::fresh();
    let started = stage.ask(Asked::Start).await;
    stage.tell(RunEvent::StartFailed { reason: "no such file".to_owned() }).await;
    started.await.unwrap();
    assert!(!stage.redefine(plain("web"), 1).await);
    assert!(stage.redefine(plain("web"), 2).await);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_waits_for_a_request_starts_with_it_and_waits_again_once_it_is_to_rest() {
    let stage = Stage::fresh();
    assert_eq!(stage.ask(Asked::Await).await.await.unwrap(), Change::Idle);
    stage.wait_for(State::Idle).await;
    assert_eq!(stage.asked(), []);
    let demanded = stage.ask(Asked::Demand).await;
    stage.tell(RunEvent::Started { pid: 7, since: 1 }).await;
    assert_eq!(demanded.await.unwrap(), Change::Started { pid: 7 });
    assert_eq!(stage.ask(Asked::Await).await.await.unwrap(), Change::AlreadyRunning { pid: 7 }, "it is not stopped");

    stage.ask(Asked::Rest).await;
    stage.wait_for_word("stopping").await;
    assert_eq!(stage.asked(), [Did::Begin, Did::End]);
    // A request that comes now is for the next run.
    let demanded = stage.ask(Asked::Demand).await;
    stage.tell(RunEvent::Ended(end(Exit::Signal(15)))).await;
    stage.tell(RunEvent::Started { pid: 8, since: 2 }).await;
    assert_eq!(demanded.await.unwrap(), Change::Started { pid: 8 });
    stage.ask(Asked::Rest).await;
    stage.tell(RunEvent::Ended(end(Exit::Signal(15)))).await;
    stage.wait_for(State::Idle).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_starts_nothing_that_somebody_has_stopped_or_that_came_to_grief() {
    let stage = Stage::fresh();
    stage.ask(Asked::Await).await;
    assert_eq!(stage.ask(Asked::Stop).await.await.unwrap(), Change::WasNotRunning);
    assert_eq!(stage.ask(Asked::Demand).await.await.unwrap(), Change::WasNotRunning);
    stage.wait_for(State::Stopped).await;
    stage.ask(Asked::Await).await;
    stage.ask(Asked::Demand).await;
    stage.tell(RunEvent::StartFailed { reason: "gone".to_owned() }).await;
    stage.wait_for_word("failed").await;
    assert_eq!(stage.ask(Asked::Demand).await.await.unwrap(), Change::WasNotRunning);
    assert_eq!(stage.asked(), [Did::Begin]);
    // While it ends for want of requests, somebody may want it to stay so.
    let stage = Stage::fresh();
    let started = stage.ask(Asked::Start).await;
    stage.tell(RunEvent::Started { pid: 7, since: 1 }).await;
    started.await.unwrap();
    stage.ask(Asked::Rest).await;
    stage.ask(Asked::Stop).await;
    stage.tell(RunEvent::Ended(end(Exit::Signal(15)))).await;
    stage.wait_for(State::Stopped).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_daemon_goes_on_waiting_for_a_request() {
    let stage = Stage::fresh();
    stage.ask(Asked::Await).await;
    let stage = Stage::new(stage.remembered(), None);
    stage.wait_for(State::Idle).await;
    // One that was to rest when its daemon died ends, and waits.
    let stage = Stage::new(stage.remembered(), Some(Inherited::Alive { pid: 7, since: 1 }));
    stage.wait_for(State::Stopping { order: Order::Given, then: AfterStop::Rest }).await;
    stage.tell(RunEvent::Ended(end(Exit::Signal(15)))).await;
    stage.wait_for(State::Idle).await;
    assert_eq!(Stage::new(stage.remembered(), None).handle.view.borrow().state, State::Idle);
}
