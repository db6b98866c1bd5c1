//! Whoever starts, stops or restarts a service is told what came of it.

use super::*;

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
