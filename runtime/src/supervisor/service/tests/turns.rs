//! Services whose turn it is not yet.

use super::*;

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
