//! What the overview, tiles and marks look like.

use locald_api::{ServiceUsage, Usage};

use super::*;
use crate::layout::{Arrangement, Sidebar};
use crate::testing::{activity, id};

fn four() -> Workspace {
    let mut all = workspace(vec![
        service("shop", "web", ServiceState::Ready),
        service("shop", "api", ServiceState::Ready),
        service("shop", "worker", ServiceState::Failed),
        service("shop", "db", ServiceState::Stopped),
    ]);
    all.services[0].urls = vec!["https://shop.localhost".into()];
    all.services[1].ports = vec![20002];
    all.services[1].restarts = 3;
    all.services[2].reason = Some("the program `nodee` was not found in PATH".into());
    all
}

fn usage(name: &str, cpu: Option<u32>, memory: u64, last_line: &str) -> ServiceUsage {
    let usage = Usage { cpu_permille: cpu, memory, processes: 2 };
    ServiceUsage { service: id("shop", name), usage, last_line: last_line.into() }
}

/// The same lines in each pane, behind the service's name.
fn print(model: &mut Model) {
    for watch in model.watches.clone() {
        let lines = [format!("{} has started", watch.service.service), "> ".to_owned()];
        let changed: Vec<(u16, &str)> = (0..).zip(lines.iter().map(String::as_str)).collect();
        let mut frame = frame(watch.pane.0, (watch.size.width, watch.size.height), &changed);
        frame.cursor = Cursor { row: 1, column: 2, visible: true, ..Cursor::default() };
        let _ = update(model, Msg::Frame(frame));
    }
}

pub(super) fn overview(size: (u16, u16)) -> Model {
    let mut model = showing(four(), size);
    let _ = press(&mut model, "w");
    print(&mut model);
    let measured = vec![
        usage("web", Some(3), 81 << 20, "GET /products 200 in 3 ms"),
        usage("api", Some(1250), 1600 << 20, "listening on 20002"),
    ];
    let _ = update(&mut model, Msg::Usage(measured));
    model
}

pub(super) fn tiled(size: (u16, u16), pins: &[&str]) -> Model {
    let mut all = four();
    all.pins = pins.iter().map(|name| id("shop", name)).collect();
    let mut model = showing(all, size);
    print(&mut model);
    model
}

#[test]
fn the_overview_goes_on_beside_the_list_and_shows_the_selected_pane_below() {
    insta::assert_snapshot!(screen(&overview(SMALL)), @"
     shop       │   cpu  last line
    ▸● web      │  0.3%  GET /products 200 …
     ● api      │  125%  listening on 20002
     ✗ worker   │        the program `nodee…
     ○ db       │
                │
    (5 more like this)
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&overview(USUAL)), @"
     shop                 │   cpu  memory  restarts  last line
    ▸● web          ready │  0.3%     81M            GET /products 200 in 3 ms
     ● api          ready │  125%    1.5G         3  listening on 20002
     ✗ worker      failed │                          the program `nodee` was not fo…
     ○ db         stopped │
                          │
                          │ web  ● ready ───────────────────────────────────────────
                          │web has started
                          │>
                          │
    (10 more like this)
    ──────────────────────│
     pid      4121        │
     shop.localhost       │
     services  enter open   ? help   q detach   p pin   r restart         daemon ok
    ");
    insta::assert_snapshot!(screen(&overview(LARGE)), @"
     shop                           │   cpu  memory  restarts  address                             last line
    ▸● web                    ready │  0.3%     81M            https://shop.localhost              GET /products 200 in 3 ms
     ● api                    ready │  125%    1.5G         3  :20002                              listening on 20002
     ✗ worker                failed │                                                              the program `nodee` was not found in PATH
     ○ db                   stopped │
                                    │
                                    │ web  ● ready ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                                    │web has started
                                    │>
                                    │
    (36 more like this)
    ────────────────────────────────│
     pid      4121                  │
     https://shop.localhost         │
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w panes   ↑↓ select   pgup scroll back                                                                     daemon ok
    ");
}

#[test]
fn without_room_beside_it_the_list_is_the_overview() {
    insta::assert_snapshot!(screen(&overview((28, 8))), @"
     shop
    ▸● web                ready
     ● api                ready
     ✗ worker            failed
     ○ db               stopped


     services  enter open
    ");
}

#[test]
fn pinned_panes_are_tiles_in_the_order_of_their_pins() {
    insta::assert_snapshot!(screen(&tiled(SMALL, &["api", "web"])), @"
     shop       │ api  ● ready ─────────────
    ▸● web   +  │api has started
     ● api   +  │>
     ✗ worker   │
     ○ db       │
                │
                │▸web  ● ready ─────────────
                │web has started
                │>
                │
                │
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&tiled(USUAL, &["web", "api", "worker"])), @"
     shop                 │▸web  ● ready ──────────────│ api  ● ready ──────────────
    ▸● web        + ready │web has started             │api has started
     ● api        + ready │>                           │>
     ✗ worker    + failed │                            │
     ○ db         stopped │                            │
                          │                            │
    (6 more like this)
                          │ worker  ✗ failed ───────────────────────────────────────
                          │worker has started
                          │>
                          │
    (4 more like this)
    ──────────────────────│─────────────────────────────────────────────────────────
     pid      4121        │ worker could not be started: the program `nodee` was
     shop.localhost       │ not found in PATH
     services  enter open   ? help   q detach   p unpin   r restart       daemon ok
    ");
    insta::assert_snapshot!(screen(&after(tiled(LARGE, &["web", "api", "worker", "db"]), "Enter")), @"
     shop                           │▸web  ● ready                                                                      │ api  ● ready ─────────────────────────────────────────────────────────────────────
    ▸● web                  + ready │web has started                                                                    │api has started
     ● api                  + ready │>                                                                                  │>
     ✗ worker              + failed │                                                                                   │
     ○ db                 + stopped │                                                                                   │
                                    │                                                                                   │
    (19 more like this)
                                    │ worker  ✗ failed ─────────────────────────────────────────────────────────────────│ db  ○ stopped ────────────────────────────────────────────────────────────────────
                                    │worker has started                                                                 │db has started
                                    │>                                                                                  │>
                                    │                                                                                   │
    (17 more like this)
    ────────────────────────────────│                                                                                   │
     pid      4121                  │───────────────────────────────────────────────────────────────────────────────────│───────────────────────────────────────────────────────────────────────────────────
     https://shop.localhost         │ worker could not be started: the program `nodee` was not found in PATH            │ db is stopped
     web  C-b s services   C-b d detach   C-b ? help   C-b [ scroll   C-b z zoom   C-b n next                                                                                                     daemon ok
    (cursor in column 35 of line 2)
    ");
}

#[test]
fn where_there_is_no_room_for_all_pinned_panes_it_says_how_many_there_are() {
    insta::assert_snapshot!(screen(&after(tiled(SMALL, &["web", "api", "worker", "db"]), "End")), @"
     shop       │ worker  ✗ failed ─────────
     ● web   +  │   worker could not be
     ● api   +  │   started: the program
     ✗ work… +  │   `nodee` was not found
    ▸○ db    +  │   in PATH
                │
                │▸db  ○ stopped ──── 2 of 4
                │
                │    db is stopped
                │    press s to start it
                │
     services  enter open  ? help  q detach
    ");
}

#[test]
fn a_service_that_is_not_pinned_is_shown_instead_of_the_tiles_while_it_is_selected() {
    let mut model = after(tiled(USUAL, &["web", "api"]), "End");
    print(&mut model);
    let text = screen(&model);
    assert!(text.contains("db is stopped") && !text.contains("web has started"), "{text}");
    let text = screen(&after(model, "Home"));
    assert!(text.contains("web has started") && text.contains("api has started"), "{text}");
}

#[test]
fn the_list_can_be_hidden_and_one_of_the_tiles_be_alone() {
    insta::assert_snapshot!(at_every_size(|size| after(tiled(size, &["web", "api"]), "Enter C-b b")), @"
    40x12
    ▸web  ● ready  27x5 │ api  ● ready 27x4
    web has started     │api has started
    >                   │>
                        │
    (7 more like this)
     web  C-b s services  C-b d detach
    (cursor in column 2 of line 2)

    80x24
    ▸web  ● ready                     57x11 │ api  ● ready ────────────────── 57x10
    web has started                         │api has started
    >                                       │>
                                            │
    (19 more like this)
     web  C-b s services   C-b d detach   C-b ? help   C-b [ scroll       daemon ok
    (cursor in column 2 of line 2)

    200x50
    ▸web  ● ready                                                                                 83x48 │ api  ● ready ────────────────────────────────────────────────────────────────────────────── 83x48
    web has started                                                                                     │api has started
    >                                                                                                   │>
                                                                                                        │
    (45 more like this)
     web  C-b s services   C-b d detach   C-b ? help   C-b [ scroll   C-b z zoom   C-b n next                                                                                                     daemon ok
    (cursor in column 2 of line 2)
    ");
    let model = after(tiled(USUAL, &["web", "api"]), "Enter C-b b");
    assert_eq!(model.sidebar, Sidebar::Hidden);
    let model = after(model, "C-b z");
    assert_eq!(model.arrangement, Arrangement::Zoomed);
    let text = screen(&model);
    assert!(text.contains("web has started") && !text.contains("api has started"), "{text}");
}

#[test]
fn with_the_list_hidden_the_overview_brings_it_back() {
    insta::assert_snapshot!(at_every_size(|size| after(tiled(size, &["web"]), "b")), @"
    40x12
     shop       │   cpu  last line
    ▸● web   +  │
     ● api      │
     ✗ worker   │        the program `nodee…
     ○ db       │
                │
    (5 more like this)
     services  enter open  ? help  q detach

    80x24
     shop                 │   cpu  memory  restarts  last line
    ▸● web        + ready │
     ● api          ready │                       3
     ✗ worker      failed │                          the program `nodee` was not fo…
     ○ db         stopped │
                          │
                          │ web  ● ready ───────────────────────────────────────────
                          │web has started
                          │>
                          │
    (10 more like this)
    ──────────────────────│
     pid      4121        │
     shop.localhost       │
     services  enter open   ? help   q detach   p unpin   r restart       daemon ok

    200x50
     shop                           │   cpu  memory  restarts  address                             last line
    ▸● web                  + ready │                          https://shop.localhost
     ● api                    ready │                       3  :20002
     ✗ worker                failed │                                                              the program `nodee` was not found in PATH
     ○ db                   stopped │
                                    │
                                    │ web  ● ready ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                                    │web has started
                                    │>
                                    │
    (36 more like this)
    ────────────────────────────────│
     pid      4121                  │
     https://shop.localhost         │
     services  enter open   ? help   q detach   p unpin   r restart   s start   x stop   w panes   ↑↓ select   pgup scroll back                                                                   daemon ok
    ");
}

/// Two panes are shown, of two other services there is something that was not seen.
fn with_news(size: (u16, u16)) -> Model {
    let mut model = tiled(size, &["web", "api"]);
    let all = |output, bells| ["web", "worker", "db"].map(|name| activity(name, output, bells)).to_vec();
    let _ = update(&mut model, Msg::Activity(all(1, 0)));
    let mut news = all(2, 0);
    news[1].bells = 1;
    let _ = update(&mut model, Msg::Activity(news));
    model
}

#[test]
fn what_was_not_seen_is_marked_in_the_list() {
    insta::assert_snapshot!(at_every_size(with_news), @"
    40x12
     shop       │▸web  ● ready ─────────────
    ▸● web   +  │web has started
     ● api   +  │>
     ✗ work… !  │
     ○ db    •  │
                │
                │ api  ● ready ─────────────
                │api has started
                │>
                │
                │
     services  enter open  ? help  q detach

    80x24
     shop                 │▸web  ● ready ───────────────────────────────────────────
    ▸● web        + ready │web has started
     ● api        + ready │>
     ✗ worker    ! failed │
     ○ db       • stopped │
                          │
    (6 more like this)
                          │ api  ● ready ───────────────────────────────────────────
                          │api has started
                          │>
                          │
    (4 more like this)
    ──────────────────────│
     pid      4121        │
     shop.localhost       │
     services  enter open   ? help   q detach   p unpin   r restart       daemon ok

    200x50
     shop                           │▸web  ● ready ─────────────────────────────────────────────────────────────────────│ api  ● ready ─────────────────────────────────────────────────────────────────────
    ▸● web                  + ready │web has started                                                                    │api has started
     ● api                  + ready │>                                                                                  │>
     ✗ worker              ! failed │                                                                                   │
     ○ db                 • stopped │                                                                                   │
                                    │                                                                                   │
    (40 more like this)
    ────────────────────────────────│                                                                                   │
     pid      4121                  │                                                                                   │
     https://shop.localhost         │                                                                                   │
     services  enter open   ? help   q detach   p unpin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                daemon ok
    ");
}

#[test]
fn what_was_seen_since_is_marked_no_longer() {
    let seen = at_every_size(|size| after(with_news(size), "Down Down Down"));
    let never_new = at_every_size(|size| after(tiled(size, &["web", "api"]), "End"));
    assert_eq!(seen, never_new);
}

#[test]
fn a_service_that_is_not_pinned_is_shown_alone_and_a_stopped_one_says_how_to_start_it() {
    insta::assert_snapshot!(at_every_size(|size| after(tiled(size, &["web", "api"]), "End")), @"
    40x12
     shop       │ db  ○ stopped
     ● web   +  │
     ● api   +  │
     ✗ worker   │
    ▸○ db       │
                │    db is stopped
                │    press s to start it
                │
    (3 more like this)
     services  enter open  ? help  q detach

    80x24
     shop                 │ db  ○ stopped
     ● web        + ready │
     ● api        + ready │
     ✗ worker      failed │
    ▸○ db         stopped │
                          │
    (5 more like this)
                          │                   db is stopped
                          │                   press s to start it
                          │
    (9 more like this)
     services  enter open   ? help   q detach   p pin   r restart         daemon ok

    200x50
     shop                           │ db  ○ stopped
     ● web                  + ready │
     ● api                  + ready │
     ✗ worker                failed │
    ▸○ db                   stopped │
                                    │
    (18 more like this)
                                    │                                                                          db is stopped
                                    │                                                                          press s to start it
                                    │
    (22 more like this)
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                  daemon ok
    ");
}

#[test]
fn a_terminal_that_has_become_smaller_unheard_is_left_blank_until_that_is_heard() {
    let model = tiled(LARGE, &["web", "api"]);
    let mut terminal = Terminal::new(TestBackend::new(SMALL.0, SMALL.1)).unwrap();
    terminal.draw(|frame| drop(view(&model, frame, &mut Extras::new(true)))).unwrap();
    assert!(terminal.backend().buffer().content.iter().all(|cell| cell.symbol() == " "));
}
