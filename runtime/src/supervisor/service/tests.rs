//! One service played through by a controller that does what each test says.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::supervisor::controller::Waiting;

/// What a controller was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Begin,
    End,
}

/// A controller that does what a test says, when it says so.
struct Scripted {
    asked: Arc<Mutex<Vec<Asked>>>,
    events: mpsc::Receiver<RunEvent>,
    inherited: Option<Inherited>,
    last_run: u64,
}

impl ServiceController for Scripted {
    fn begin(&mut self, _: &Definition) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Asked::Begin);
        self.last_run += 1;
        self.last_run
    }

    fn end(&mut self, _: &Definition) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Asked::End);
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

/// A service whose controller a test plays.
struct Stage {
    handle: Handle,
    asked: Arc<Mutex<Vec<Asked>>>,
    events: mpsc::Sender<RunEvent>,
}

impl Stage {
    fn new(remembered: Remembered, inherited: Option<Inherited>) -> Self {
        let (events, queue) = mpsc::channel(8);
        let asked = Arc::default();
        let last_run = u64::from(inherited.is_some());
        let controller = Scripted { asked: Arc::clone(&asked), events: queue, inherited, last_run };
        let task = Task::new(Box::new(controller), definition(), remembered, Box::new(|_| {}));
        Self { handle: task.spawn("demo:web".to_owned()), asked, events }
    }

    fn fresh() -> Self {
        Self::new(Remembered::default(), None)
    }

    /// Asks for something on the side, and returns once the task has taken note of it.
    async fn ask(&self, request: fn(oneshot::Sender<Change>) -> Request) -> tokio::task::JoinHandle<Change> {
        let handle = self.handle.clone();
        let (taken, wait) = oneshot::channel();
        let asking = tokio::spawn(async move {
            let (done, answer) = oneshot::channel();
            handle.requests.send(request(done)).await.unwrap();
            let _ = taken.send(());
            answer.await.unwrap()
        });
        wait.await.unwrap();
        tokio::task::yield_now().await;
        asking
    }

    async fn tell(&self, event: RunEvent) {
        self.events.send(event).await.unwrap();
    }

    async fn wait_for(&self, state: State) {
        let mut view = self.handle.view.clone();
        view.wait_for(|view| view.state == state).await.unwrap();
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn definition() -> Definition {
    Definition {
        name: "web".to_owned(),
        arguments: vec!["true".to_owned()],
        directory: PathBuf::from("/"),
        shared: Vec::new(),
        environment: Vec::new(),
        terminal: true,
        size: None,
        stop_signal: 15,
        stop_timeout: Duration::from_secs(10),
        leave_escaped: false,
    }
}

fn started(pid: u32) -> RunEvent {
    RunEvent::Started { pid, since: 1 }
}

fn ended(exit: Exit) -> RunEvent {
    RunEvent::Ended(Ended { exit, since: 1, killed: vec!["helper".to_owned()], left: Vec::new() })
}

#[tokio::test(start_paused = true)]
async fn whoever_starts_a_service_learns_of_it_once_it_has_settled() {
    let stage = Stage::fresh();
    let asking = stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 7 });
    let again = stage.ask(|done| Request::Start { done }).await;
    assert_eq!(again.await.unwrap(), Change::AlreadyRunning { pid: 7 });
    assert_eq!(stage.asked(), [Asked::Begin]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_right_after_its_start_has_failed_to_start() {
    let stage = Stage::fresh();
    let asking = stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    stage.tell(ended(Exit::Code(127))).await;
    let reason = "exited with code 127 right after it was started".to_owned();
    assert_eq!(asking.await.unwrap(), Change::Failed { reason });
    stage.wait_for(State::Exited).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_done_at_once_has_started_well() {
    let stage = Stage::fresh();
    let asking = stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    stage.tell(ended(Exit::Code(0))).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 7 });
}

#[tokio::test(start_paused = true)]
async fn stopping_returns_only_once_nothing_is_left_and_tells_what_was_killed() {
    let stage = Stage::fresh();
    stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    stage.wait_for(State::Ready { pid: 7 }).await;
    let asking = stage.ask(|done| Request::Stop { done }).await;
    assert!(!asking.is_finished());
    stage.tell(ended(Exit::Signal(15))).await;
    let killed = vec!["helper".to_owned()];
    assert_eq!(asking.await.unwrap(), Change::Stopped { exit: Exit::Signal(15), killed, left: Vec::new() });
    assert_eq!(stage.asked(), [Asked::Begin, Asked::End]);
}

#[tokio::test(start_paused = true)]
async fn stopping_what_does_not_run_says_so() {
    let stage = Stage::fresh();
    let asking = stage.ask(|done| Request::Stop { done }).await;
    assert_eq!(asking.await.unwrap(), Change::WasNotRunning);
    assert_eq!(stage.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_answered_by_the_new_run() {
    let stage = Stage::fresh();
    stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    stage.wait_for(State::Ready { pid: 7 }).await;
    let asking = stage.ask(|done| Request::Restart { done }).await;
    stage.tell(ended(Exit::Signal(15))).await;
    stage.tell(started(8)).await;
    assert_eq!(asking.await.unwrap(), Change::Started { pid: 8 });
    assert_eq!(stage.handle.view.borrow().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_is_overtaken_by_a_stop_tells_both() {
    let stage = Stage::fresh();
    stage.ask(|done| Request::Start { done }).await;
    stage.tell(started(7)).await;
    stage.wait_for(State::Ready { pid: 7 }).await;
    let restarting = stage.ask(|done| Request::Restart { done }).await;
    let stopping = stage.ask(|done| Request::Stop { done }).await;
    stage.tell(ended(Exit::Code(0))).await;
    assert_eq!(restarting.await.unwrap(), Change::Failed { reason: "it was stopped meanwhile".to_owned() });
    assert!(matches!(stopping.await.unwrap(), Change::Stopped { .. }));
    stage.wait_for(State::Stopped).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_overtaken_by_a_start_is_answered() {
    let stage = Stage::fresh();
    let starting = stage.ask(|done| Request::Start { done }).await;
    let stopping = stage.ask(|done| Request::Stop { done }).await;
    let again = stage.ask(|done| Request::Start { done }).await;
    assert_eq!(stopping.await.unwrap(), Change::Failed { reason: "it was started again meanwhile".to_owned() });
    stage.tell(started(7)).await;
    assert_eq!(starting.await.unwrap(), Change::Started { pid: 7 });
    assert_eq!(again.await.unwrap(), Change::Started { pid: 7 });
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_what_then_fails_to_start_is_answered() {
    let stage = Stage::fresh();
    let starting = stage.ask(|done| Request::Start { done }).await;
    let stopping = stage.ask(|done| Request::Stop { done }).await;
    stage.tell(RunEvent::StartFailed { reason: "no such file".to_owned() }).await;
    assert_eq!(starting.await.unwrap(), Change::Failed { reason: "no such file".to_owned() });
    assert_eq!(stopping.await.unwrap(), Change::WasNotRunning);
}

#[tokio::test(start_paused = true)]
async fn a_restart_while_it_starts_is_answered_by_the_second_run() {
    let stage = Stage::fresh();
    stage.ask(|done| Request::Start { done }).await;
    let restarting = stage.ask(|done| Request::Restart { done }).await;
    stage.tell(started(7)).await;
    tokio::time::sleep(SETTLE * 2).await;
    assert!(!restarting.is_finished(), "the first run is on its way out");
    stage.tell(ended(Exit::Signal(15))).await;
    stage.tell(started(8)).await;
    assert_eq!(restarting.await.unwrap(), Change::Started { pid: 8 });
}

fn remember(wanted: Wanted, run: u64) -> Remembered {
    Remembered { wanted, run, ended: 0, exit: None, restarts: 0 }
}

fn end_of(exit: Exit) -> Inherited {
    Inherited::Ended(Ended { exit, since: 1, killed: Vec::new(), left: Vec::new() })
}

#[tokio::test(start_paused = true)]
async fn a_run_that_an_earlier_daemon_began_is_taken_up_as_it_was_wanted() {
    let alive = || Some(Inherited::Alive { pid: 9, since: 5 });
    let cases: [(Wanted, State, &[Asked]); 3] = [
        (Wanted::Running, State::Ready { pid: 9 }, &[]),
        // The order may have been lost with the daemon that gave it.
        (Wanted::Stopped, State::Stopping { then: AfterStop::Stay }, &[Asked::End]),
        (Wanted::Restarted, State::Stopping { then: AfterStop::Start }, &[Asked::End]),
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
    stage.wait_for(State::Ready { pid: 12 }).await;
    assert_eq!(stage.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_order_was_lost_with_an_earlier_daemon_is_ordered_again() {
    let stage = Stage::new(remember(Wanted::Running, 2), Some(end_of(Exit::Code(0))));
    stage.tell(started(12)).await;
    stage.wait_for(State::Ready { pid: 12 }).await;
    assert_eq!(stage.asked(), [Asked::Begin]);
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
    stage.wait_for(State::Ready { pid: 12 }).await;
    assert_eq!(stage.asked(), [Asked::Begin]);
}
