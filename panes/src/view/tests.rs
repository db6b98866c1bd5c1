//! What the workspace looks like.

use std::fmt::Write;

use locald_api::{Cursor, Exit, PaneFrame, PaneId, ServiceState, Workspace};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Position;

use super::*;
use crate::msg::Msg;
use crate::options::Options;
use crate::screen::tests::{any_frame, frame};
use crate::testing::{model, press, service, showing, theme, unreached, web_and_worker, workspace};
use crate::theme::Depth;
use crate::update::update;

const SMALL: (u16, u16) = (40, 12);
const USUAL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 50);

fn painted(model: &Model) -> (Buffer, Option<Position>) {
    let mut terminal = Terminal::new(TestBackend::new(model.size.width, model.size.height)).unwrap();
    terminal.draw(|frame| drop(view(model, frame, &mut Extras::new(true)))).unwrap();
    let backend = terminal.backend();
    let cursor = backend.cursor_visible().then(|| backend.cursor_position());
    (backend.buffer().clone(), cursor)
}

/// The screen as text: ends of lines trimmed, many equal lines told once.
fn screen(model: &Model) -> String {
    let (buffer, cursor) = painted(model);
    let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    let lines: Vec<String> = (0..buffer.area.height).map(line).collect();
    let mut text = String::new();
    for same in lines.chunk_by(|one, next| one == next) {
        match same {
            [line, more @ ..] if more.len() > 1 => writeln!(text, "{line}\n({} more like this)", more.len()).unwrap(),
            _ => same.iter().for_each(|line| writeln!(text, "{line}").unwrap()),
        }
    }
    if let Some(Position { x, y }) = cursor {
        writeln!(text, "(cursor in column {x} of line {y})").unwrap();
    }
    text
}

/// The screen at every size that a view must fit, each below its size.
fn at_every_size(view: impl Fn((u16, u16)) -> Model) -> String {
    let at = |size: (u16, u16)| format!("{}x{}\n{}", size.0, size.1, screen(&view(size)));
    [SMALL, USUAL, LARGE].map(at).join("\n")
}

/// The bottom line at every size.
fn bottom_lines(view: impl Fn((u16, u16)) -> Model) -> String {
    let last = |size: (u16, u16)| {
        let (buffer, _) = painted(&view(size));
        let y = buffer.area.height - 1;
        (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()
    };
    [SMALL, USUAL, LARGE].map(last).join("\n")
}

/// A frame of the pane watched first, in the pane's own size.
fn output(model: &Model, lines: &[&str]) -> PaneFrame {
    let size = model.watches[0].size;
    let changed: Vec<(u16, &str)> = (0..).zip(lines.iter().copied()).collect();
    let mut frame = frame(1, (size.width, size.height), &changed);
    let row = lines.len() as u16 - 1;
    frame.cursor = Cursor { row, column: lines[usize::from(row)].len() as u16, visible: true, ..Cursor::default() };
    frame.title = "vite".into();
    frame
}

fn running(size: (u16, u16)) -> Model {
    let mut all = web_and_worker();
    all.services[0].ports = vec![20001];
    all.services[0].urls = vec!["https://shop.localhost".into()];
    let mut model = showing(all, size);
    let frame = output(&model, &["VITE v6.0.1 ready in 212 ms", "", "> Local: http://localhost:20001/", "> "]);
    let _ = update(&mut model, Msg::Frame(frame));
    model
}

fn failed() -> Workspace {
    let mut api = service("shop", "api", ServiceState::Failed);
    api.reason = Some("the program `nodee` was not found in PATH".into());
    workspace(vec![api, service("shop", "postgres-main", ServiceState::Ready)])
}

fn exited(size: (u16, u16)) -> Model {
    let mut all = web_and_worker();
    all.services[0] = service("shop", "web", ServiceState::Exited);
    let mut model = showing(all, size);
    let frame = output(&model, &["$ node server.js", "Error: listen EADDRINUSE"]);
    let _ = update(&mut model, Msg::Frame(frame));
    model
}

fn after(mut model: Model, keys: &str) -> Model {
    let _ = press(&mut model, keys);
    model
}

fn disconnected(size: (u16, u16)) -> Model {
    let mut model = running(size);
    let _ = update(&mut model, Msg::Lost);
    model
}

fn overdue(size: (u16, u16)) -> Model {
    let mut model = disconnected(size);
    let _ = update(&mut model, Msg::ConnectFailed(unreached("the daemon failed 5 times in 60 s")));
    let _ = update(&mut model, Msg::Overdue);
    model
}

#[test]
fn two_services_run_and_keys_go_to_the_list() {
    insta::assert_snapshot!(screen(&running(SMALL)), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (5 more like this)
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&running(USUAL)), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (13 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     shop.localhost       │
     services  enter open   ? help   q detach   p pin   r restart         daemon ok
    ");
    insta::assert_snapshot!(screen(&running(LARGE)), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (39 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                  daemon ok
    ");
}

#[test]
fn keys_go_to_the_program_and_its_cursor_is_shown() {
    insta::assert_snapshot!(screen(&after(running(SMALL), "Enter")), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (5 more like this)
     web  C-b s services  C-b d detach
    (cursor in column 15 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(USUAL), "Enter")), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (13 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     shop.localhost       │
     web  C-b s services   C-b d detach   C-b ? help   C-b [ scroll       daemon ok
    (cursor in column 25 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(LARGE), "Enter")), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (39 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     web  C-b s services   C-b d detach   C-b ? help   C-b [ scroll   C-b z zoom   C-b n next                                                                                                     daemon ok
    (cursor in column 35 of line 4)
    ");
}

#[test]
fn below_thirty_columns_the_pane_is_alone() {
    insta::assert_snapshot!(screen(&after(running((28, 8)), "Enter")), @"
     web  ● ready  vite
    VITE v6.0.1 ready in 212 ms

    > Local: http://localhost:20
    >


     web  C-b s services
    (cursor in column 2 of line 4)
    ");
}

#[test]
fn after_the_prefix_it_says_what_may_follow() {
    insta::assert_snapshot!(screen(&after(running(SMALL), "Enter C-b")), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (5 more like this)
     C-b  d detach  s services  [ scroll
    (cursor in column 15 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(USUAL), "Enter C-b")), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (13 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     shop.localhost       │
     C-b  d detach   s services   [ scroll   z zoom   ? help   P pin   w overview
    (cursor in column 25 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(LARGE), "Enter C-b")), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (39 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     C-b  d detach   s services   [ scroll   z zoom   ? help   P pin   w overview   c shell   n p next, previous   r restart   x stop   C-b send it
    (cursor in column 35 of line 4)
    ");
}

#[test]
fn help_shows_all_keys() {
    insta::assert_snapshot!(screen(&after(running(SMALL), "?")), @"
    ╭─ Keys ───────────────────────────────╮
    │ In the list of services              │
    │ ↑ k ↓ j       select a service       │
    │ home g end G  first, last            │
    │ enter → l     type into the service  │
    │ p             pin its pane, or unpi… │
    │ c             a shell in the project │
    │ w esc         the overview, and back │
    │ r             restart                │
    │ s             start                  │
    ╰──────────────────────────── 9 of 58 ─╯
     help  esc close  ↑↓ scroll
    ");
    insta::assert_snapshot!(screen(&after(running(USUAL), "?")), @"
     shop            ╭─ Keys ─────────────────────────────────────╮
    ▸● web          r│ In the list of services                    │
     ● worker       r│ ↑ k ↓ j       select a service             │
                     │ home g end G  first, last                  │
                     │ enter → l     type into the service        │
                     │ p             pin its pane, or unpin it    │
                     │ c             a shell in the project       │
                     │ w esc         the overview, and back       │
                     │ r             restart                      │
                     │ s             start                        │
                     │ x             stop                         │
                     │ pgup          scroll back                  │
                     │ b             hide or show the list        │
                     │ q d           detach; all runs on          │
                     │ m             mouse off and on             │
                     │ ?             all keys                     │
                     │ 1 to 9        select by position           │
                     │                                            │
                     │ In a service, after C-b                    │
    ─────────────────│ p n           select a service             │
     pid      4121   │ s esc         back to the services         │
     port     20001  │ ← → ↑ ↓       the pane that lies there     │
     shop.localhost  ╰───────────────────────────────── 21 of 58 ─╯
     help  esc close   ↑↓ scroll                                          daemon ok
    ");
    insta::assert_snapshot!(screen(&after(running(LARGE), "?")), @"
     shop                           │ web  ● ready  vite                         ╭─ Keys ─────────────────────────────────────╮
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms                 │ In the list of services                    │
     ● worker                 ready │                                            │ ↑ k ↓ j       select a service             │
                                    │> Local: http://localhost:20001/            │ home g end G  first, last                  │
                                    │>                                           │ enter → l     type into the service        │
                                    │                                            │ p             pin its pane, or unpin it    │
                                    │                                            │ c             a shell in the project       │
                                    │                                            │ w esc         the overview, and back       │
                                    │                                            │ r             restart                      │
                                    │                                            │ s             start                        │
                                    │                                            │ x             stop                         │
                                    │                                            │ pgup          scroll back                  │
                                    │                                            │ b             hide or show the list        │
                                    │                                            │ q d           detach; all runs on          │
                                    │                                            │ m             mouse off and on             │
                                    │                                            │ ?             all keys                     │
                                    │                                            │ 1 to 9        select by position           │
                                    │                                            │                                            │
                                    │                                            │ In a service, after C-b                    │
                                    │                                            │ p n           select a service             │
                                    │                                            │ s esc         back to the services         │
                                    │                                            │ ← → ↑ ↓       the pane that lies there     │
                                    │                                            │ P             pin its pane, or unpin it    │
                                    │                                            │ c             a shell in the project       │
                                    │                                            │ w             the overview, and back       │
                                    │                                            │ r             restart                      │
                                    │                                            │ x             stop                         │
                                    │                                            │ [ pgup        scroll back                  │
                                    │                                            │ z             the pane alone, and back     │
                                    │                                            │ b             hide or show the list        │
                                    │                                            │ d             detach; all runs on          │
                                    │                                            │ L             every key to the program     │
                                    │                                            │ m             mouse off and on             │
                                    │                                            │ ?             all keys                     │
                                    │                                            │ C-b           typed into the program       │
                                    │                                            │ 1 to 9        select by position           │
                                    │                                            │                                            │
                                    │                                            │ While scrolling back                       │
                                    │                                            │ ↑ k ↓ j       by lines                     │
                                    │                                            │ pgup pgdn C-f by screens                   │
                                    │                                            │ C-u C-d       by half screens              │
                                    │                                            │ home g end G  oldest, newest               │
                                    │                                            │ /             search upwards               │
                                    │                                            │ n N           next match above, below      │
                                    │                                            │ v space       select, and no longer        │
    ────────────────────────────────│                                            │ V C-v         select lines, a block        │
     pid      4121                  │                                            │ ← h → l       the cursor left, right       │
     port     20001                 │                                            │ b w e         by words, to their ends      │
     https://shop.localhost         │                                            ╰───────────────────────────────── 47 of 58 ─╯
     help  esc close   ↑↓ scroll                                                                                                                                                                  daemon ok
    ");
}

#[test]
fn the_bar_is_where_keys_go() {
    let is_bar = |model: &Model, place| Some(painted(model).0[place].bg) == model.theme.focus.bg;
    let (list, title) = ((5, 1), (40, 0));
    let mut model = running(USUAL);
    assert!(is_bar(&model, list) && !is_bar(&model, title));
    let _ = press(&mut model, "Enter");
    assert!(!is_bar(&model, list) && is_bar(&model, title));
}

#[test]
fn without_colours_the_screen_says_the_same_and_has_none() {
    let views = [showing(failed(), USUAL), stage::overview(USUAL), stage::tiled(USUAL, &["web", "api"])];
    for mut model in views {
        let coloured = screen(&model);
        model.theme = theme(Depth::Plain);
        assert_eq!(screen(&model), coloured);
        let (buffer, _) = painted(&model);
        assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
    }
}

#[test]
fn a_long_list_scrolls_to_the_selected_service() {
    let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let all = workspace(names.iter().map(|name| service("shop", name, ServiceState::Ready)).collect());
    let text = screen(&after(showing(all, SMALL), "End"));
    assert!(text.contains("▸● s39") && !text.contains(" s0 "), "{text}");
}

proptest! {
    #[test]
    fn no_frame_and_no_size_of_terminal_panics_the_view(
        frames in proptest::collection::vec(any_frame(), 1..4), size in (0u16..60, 0u16..20), keys in "[?jrxz\\[/q]{0,3}", past in any::<bool>(),
    ) {
        let mut model = model(Options::default(), size);
        let _ = update(&mut model, Msg::Connected);
        let _ = update(&mut model, Msg::Workspace(Box::new(failed())));
        for key in std::iter::once('j').chain(keys.chars()) {
            let _ = press(&mut model, &key.to_string());
        }
        for frame in frames {
            let pane = model.watches.first().map_or(PaneId(0), |watch| watch.pane);
            let _ = update(&mut model, Msg::Frame(PaneFrame { pane, ..frame }));
        }
        let _ = press(&mut model, if past { "C-b PPage" } else { "Enter" });
        painted(&model);
        let _ = press(&mut model, "g");
        painted(&model);
        let _ = update(&mut model, Msg::Lost);
        let _ = update(&mut model, Msg::Overdue);
        painted(&model);
    }
}

mod cells;
mod past;
mod prefix;
mod stage;
mod states;
