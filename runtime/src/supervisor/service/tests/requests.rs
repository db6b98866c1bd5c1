//! Services that wait for a request.

use super::*;

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
