//! Services that are started again, or made from something else.

use super::*;

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
async fn a_service_whose_port_was_taken_is_started_once_more_with_another() {
    let taken = || {
        let conflict = Conflict {
            port: 20_000,
            name: None,
            owner: Some("node (pid 5)".to_owned()),
            instead: Some(20_001),
            is_fixed: false,
        };
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
