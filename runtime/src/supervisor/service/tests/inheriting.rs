//! What a daemon makes of a service that an earlier one had.

use super::*;

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
