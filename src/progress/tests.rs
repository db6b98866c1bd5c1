//! What is shown of services while they start, with and without a screen.

use super::*;
use crate::sample;
use crate::ui::{Screen, fake};

const BEGAN: i64 = 1_800_000_000;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(BEGAN * 1000 + milliseconds).unwrap()
}

/// A service whose run began so many milliseconds after the start of it all, before it where that is negative.
fn service(name: &str, state: ServiceState, began: i64) -> ServiceStatus {
    ServiceStatus { started_at: Some(at(began).to_string()), ..sample::service("shop", name, state) }
}

fn workspace(services: Vec<ServiceStatus>) -> Workspace {
    Workspace { services, projects: vec![sample::project("shop")], ..Workspace::default() }
}

fn progress(wanted: &[&str]) -> Progress {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    Progress { began: at(0), ..Progress::new("/code/shop", &wanted, Elsewhere::Lines) }
}

#[test]
fn without_a_screen_each_change_is_one_line_with_the_time_that_it_took() {
    use ServiceState::{Failed, Ready, Starting};
    let (mut ui, written) = fake::ui();
    let mut progress = progress(&[]);
    for (now, states) in [(20, [Starting, Starting]), (30, [Starting, Starting]), (1240, [Ready, Starting])] {
        let services = vec![service("web", states[0], 10), service("api", states[1], 20)];
        assert_eq!(progress.show(&workspace(services), at(now), &mut ui).unwrap(), []);
    }
    let last = workspace(vec![service("web", Ready, 10), service("api", Failed, 20)]);
    assert_eq!(progress.show(&last, at(2000), &mut ui).unwrap(), [last.services[1].id.clone()]);
    assert_eq!(progress.show(&last, at(2001), &mut ui).unwrap(), [], "said once");
    progress.clear(&mut ui).unwrap();
    assert_eq!(written.status(), "web: starting\napi: starting\nweb started in 1.2 s\napi: failed\n");
}

#[test]
fn where_nothing_is_to_be_said_without_a_screen_nothing_is() {
    let (mut ui, written) = fake::ui();
    let mut progress = Progress { elsewhere: Elsewhere::Nothing, ..progress(&[]) };
    progress.show(&workspace(vec![service("web", ServiceState::Ready, 10)]), at(20), &mut ui).unwrap();
    assert_eq!(written.status(), "");
}

#[test]
fn what_ran_before_took_no_time_and_has_not_come_to_grief_now() {
    let (mut ui, _) = fake::ui();
    let mut progress = progress(&[]);
    let there = workspace(vec![
        service("web", ServiceState::Ready, -9000),
        service("job", ServiceState::Exited, -9000),
        service("new", ServiceState::Ready, 10),
    ]);
    assert_eq!(progress.show(&there, at(50), &mut ui).unwrap(), []);
    let took: Vec<_> = progress.services.iter().map(|seen| seen.took.map(in_words)).collect();
    assert_eq!(took, [None, None, Some("40 ms".to_owned())]);
}

#[test]
fn on_a_screen_the_lines_are_painted_over_and_never_wrap() {
    let (mut ui, written) = fake::ui();
    ui.status_screen = Some(Screen { columns: 12, rows: 10 });
    let mut progress = progress(&["web"]);
    let begun = workspace(vec![service("web", ServiceState::Starting, 1), service("api", ServiceState::Ready, -1)]);
    progress.show(&begun, at(2), &mut ui).unwrap();
    progress.show(&workspace(vec![service("web", ServiceState::Stopped, 1)]), at(3), &mut ui).unwrap();
    progress.clear(&mut ui).unwrap();
    let expected = "\x1b[2Kweb  starti…\n\x1b[J\x1b[1A\r\x1b[2Kweb  stopped\n\x1b[J\x1b[1A\r\x1b[J";
    assert_eq!(written.status(), expected);
}

#[test]
fn what_starts_with_a_service_is_shown_beside_it_and_stays() {
    let (mut ui, _) = fake::ui();
    let mut progress = progress(&["shop:web"]);
    let names = |progress: &Progress| -> Vec<String> {
        progress.services.iter().map(|seen| seen.status.name.clone()).collect()
    };
    let (web, idle) = (service("web", ServiceState::Waiting, 0), service("idle", ServiceState::Stopped, -5));
    let db = |state| service("db", state, 1);
    progress.show(&workspace(vec![web.clone(), db(ServiceState::Starting), idle.clone()]), at(2), &mut ui).unwrap();
    progress.show(&workspace(vec![web, db(ServiceState::Ready), idle]), at(3), &mut ui).unwrap();
    assert_eq!(names(&progress), ["web", "db"]);
    assert_eq!(progress.meant().count(), 1);
    assert!(is_called("web.2", "shop:web") && !is_called("web.x", "web") && !is_called("webber", "web"));
}

#[test]
fn other_projects_are_not_shown() {
    let (mut ui, written) = fake::ui();
    let workspace = workspace(vec![service("web", ServiceState::Ready, 1)]);
    Progress::new("/code/blog", &[], Elsewhere::Lines).show(&workspace, at(2), &mut ui).unwrap();
    assert_eq!(written.status(), "");
}

/// The block of these services after 61.5 seconds, on a screen of this size.
fn block(services: Vec<ServiceStatus>, columns: usize, rows: usize) -> String {
    let (mut ui, _) = fake::ui();
    let mut progress = progress(&[]);
    for id in progress.show(&workspace(services), at(1500), &mut ui).unwrap() {
        progress.note_lines(&id, (1..=20).map(|line| format!("line {line}\x1b")).collect());
    }
    block::lines(&progress.services, Screen { columns, rows }, at(61_500), crate::paint::Paint::new(false)).join("\n")
}

#[test]
fn all_services_stand_below_one_another_and_a_fallen_one_has_its_last_lines_under_it() {
    let url = vec!["http://127.0.0.1:20000".to_owned()];
    let why = |reason: &str| Some(reason.to_owned());
    let services = vec![
        ServiceStatus { urls: url, ..service("db", ServiceState::Ready, 100) },
        ServiceStatus { reason: why("exited with code 1"), ..service("worker", ServiceState::Exited, 100) },
        ServiceStatus { reason: why("it listens on no port yet"), ..service("api", ServiceState::Starting, 100) },
        ServiceStatus { reason: why("waiting for api (starting)"), ..service("web", ServiceState::Waiting, -9) },
    ];
    insta::assert_snapshot!(block(services, 60, 8), @"
    db      ready in 1.4 s (http://127.0.0.1:20000)
    worker  exited (exited with code 1)
      │ line 18�
      │ line 19�
      │ line 20�
    api     starting for 61 s (it listens on no port yet)
    web     waiting (waiting for api (starting))
    ");
}

#[test]
fn where_there_is_no_room_for_all_who_is_not_ready_is_shown_and_the_rest_is_counted() {
    let state = |n: usize| match n % 10 {
        7 => ServiceState::Waiting,
        3 => ServiceState::Starting,
        _ => ServiceState::Ready,
    };
    let services: Vec<_> = (0..30).map(|n| service(&format!("s{n}"), state(n), 100)).collect();
    insta::assert_snapshot!(block(services, 48, 7), @"
    s3   starting for 61 s
    s7   waiting
    s13  starting for 61 s
    s17  waiting
    s23  starting for 61 s
    … and 25 more; in all 24 ready, 3 starting, 3 w…
    ");
}

#[test]
fn no_block_is_higher_or_wider_than_its_screen() {
    for (columns, rows) in [(1, 1), (2, 2), (10, 3), (80, 4), (200, 60)] {
        let services = (0..9).map(|n| service(&format!("service-{n}"), ServiceState::Failed, 5)).collect();
        let shown = block(services, columns, rows);
        assert!(shown.lines().count() <= rows.saturating_sub(1).max(1), "{rows}: {shown}");
        assert!(shown.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= columns), "{columns}: {shown}");
    }
}

#[test]
fn times_are_told_as_exactly_as_anybody_wants_them() {
    let words = |milliseconds| in_words(SignedDuration::from_millis(milliseconds));
    assert_eq!([words(0), words(999), words(1000), words(59_949)], ["0 ms", "999 ms", "1.0 s", "59.9 s"]);
    assert_eq!([words(60_000), words(3_600_000)], ["1 min 0 s", "60 min 0 s"]);
}
