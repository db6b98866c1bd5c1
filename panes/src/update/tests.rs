//! What the workspace promises to do.

use locald_api::{
    CallError, Change, ClientMessage, Failure, FailureKind, Input, PaneId, Request, Response, Role, ServiceChange,
    ServiceState, ServiceStatus, Target, View, WatchedPane,
};
use ratatui::layout::Size;

use super::*;
use crate::model::{Connection, Focus, Level, Prefix};
use crate::msg::{Effect, Purpose, Verb};
use crate::options::{Options, Outcome, Wanted};
use crate::overlay::Content;
use crate::reconnect::Unreached;
use crate::screen::tests::frame;
use crate::testing::{id, model, press, service, showing, unreached, web_and_worker, workspace};

const SIZE: (u16, u16) = (80, 24);

fn typed(service: &str, keys: &[&str]) -> Effect {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Effect::Send(ClientMessage::Input { service: id("shop", service), input: Input::Keys(keys) })
}

fn asked(verb: Verb, name: &str) -> Effect {
    let target = Target { root: None, names: vec![format!("shop-1f:{name}")] };
    let request = match verb {
        Verb::Start => Request::Start(target),
        Verb::Stop => Request::Stop(target),
        Verb::Restart => Request::Restart(target),
    };
    Effect::Call { request: Box::new(request), purpose: Purpose::Act { verb, service: name.into() } }
}

fn viewed(pane: u32, name: &str, size: (u16, u16)) -> Effect {
    let pane =
        WatchedPane { pane: PaneId(pane), service: id("shop", name), columns: size.0, rows: size.1, focused: true };
    Effect::Send(ClientMessage::View(View { panes: vec![pane], ..View::default() }))
}

fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| &notice.text)
}

fn selected(model: &Model) -> &str {
    model.selected.as_ref().map_or("", |id| &id.service)
}

fn tell(model: &mut Model, workspace: locald_api::Workspace) -> Cmd {
    update(model, Msg::Workspace(Box::new(workspace)))
}

fn answer(model: &mut Model, purpose: Purpose, result: Result<Response, CallError>) {
    let _ = update(model, Msg::Answered { purpose, result });
}

#[test]
fn a_fault_of_a_file_is_told_once_and_no_longer_when_it_is_mended() {
    let mut model = showing(web_and_worker(), SIZE);
    let mut broken = web_and_worker();
    broken.projects[0].faults = vec!["locald.toml:3:1: unknown key `prot`".to_owned()];
    let _ = tell(&mut model, broken.clone());
    assert_eq!(notice(&model), "locald.toml:3:1: unknown key `prot`; what it said before stays in force");
    assert_eq!(model.troubles(), ["shop: locald.toml:3:1: unknown key `prot`"]);
    let _ = press(&mut model, "j");
    let _ = tell(&mut model, broken.clone());
    assert_eq!(notice(&model), "", "a key was pressed since");
    broken.projects[0].faults = vec!["locald.toml:4:1: unknown key `x`".to_owned()];
    let _ = tell(&mut model, broken);
    assert!(notice(&model).starts_with("locald.toml:4:1"));
    let _ = tell(&mut model, web_and_worker());
    assert_eq!((notice(&model), model.troubles().len()), ("", 0));
}

#[test]
fn once_connected_it_watches_the_workspace_and_asks_what_the_caller_wants_in_that_order() {
    let initial =
        Request::Up { root: "/code/shop".into(), services: vec![], environment: vec![], only_new: true, wait: false };
    let mut model = model(Options { initial: Some(initial.clone()), ..Options::default() }, SIZE);
    let cmd = update(&mut model, Msg::Connected);
    let call = |request, purpose| Effect::Call { request: Box::new(request), purpose };
    assert_eq!(cmd.effects, [call(Request::WatchWorkspace, Purpose::Watch), call(initial, Purpose::Initial)]);
    let _ = update(&mut model, Msg::Lost);
    let again = update(&mut model, Msg::Connected);
    assert_eq!(again.effects, [call(Request::WatchWorkspace, Purpose::Watch)], "the caller's wish is asked once");
}

#[test]
fn the_first_snapshot_selects_the_first_service_and_watches_its_pane() {
    let mut model = model(Options::default(), SIZE);
    let _ = update(&mut model, Msg::Connected);
    let cmd = tell(&mut model, web_and_worker());
    assert_eq!(cmd.effects, [viewed(1, "web", (57, 22))]);
    assert!(cmd.redraw);
}

#[test]
fn a_snapshot_that_changes_no_pane_sends_nothing() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(tell(&mut model, web_and_worker()).effects, []);
}

#[test]
fn selecting_another_service_watches_its_pane_under_a_new_number() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(press(&mut model, "j").effects, [viewed(2, "worker", (57, 22))]);
    assert_eq!(press(&mut model, "Up").effects, [viewed(3, "web", (57, 22))]);
    assert_eq!(press(&mut model, "k").effects, [], "above the first there is nothing");
    assert_eq!(press(&mut model, "2").effects, [viewed(4, "worker", (57, 22))]);
    assert_eq!(press(&mut model, "Home").effects, [viewed(5, "web", (57, 22))]);
    let _ = press(&mut model, "7");
    assert_eq!((selected(&model), notice(&model)), ("web", "there is no service number 7"));
}

#[test]
fn a_resize_is_told_for_the_same_pane_and_only_if_the_pane_changes() {
    let mut model = showing(web_and_worker(), SIZE);
    let resize = |model: &mut Model, width, height| update(model, Msg::Resize(Size::new(width, height))).effects;
    assert_eq!(resize(&mut model, 80, 30), [viewed(1, "web", (57, 28))]);
    assert_eq!(resize(&mut model, 80, 30), []);
    assert_eq!(resize(&mut model, 0, 0), [Effect::Send(ClientMessage::View(View::default()))]);
}

#[test]
fn services_of_the_users_own_project_come_first() {
    let options = Options { project: Some("/code/shop".into()), ..Options::default() };
    let mut model = model(options, SIZE);
    let _ = update(&mut model, Msg::Connected);
    let (ready, all) = (ServiceState::Ready, |names: &[&str]| names.join(" "));
    let _ = tell(&mut model, workspace(vec![service("blog", "app", ready)]));
    assert_eq!(selected(&model), "app");
    let both =
        workspace(vec![service("blog", "app", ready), service("shop", "web", ready), service("shop", "db", ready)]);
    let _ = tell(&mut model, both);
    let names: Vec<_> = model.services().iter().map(|service| service.name.as_str()).collect();
    assert_eq!(all(&names), "web db app");
    assert_eq!(selected(&model), "web", "nobody had chosen the other project's service");
}

#[test]
fn a_selection_the_user_made_stays_whatever_else_comes() {
    let mut model = showing(workspace(vec![service("shop", "web", ServiceState::Ready)]), SIZE);
    let _ = press(&mut model, "Enter");
    let _ = tell(
        &mut model,
        workspace(vec![service("a", "first", ServiceState::Ready), service("shop", "web", ServiceState::Ready)]),
    );
    assert_eq!((selected(&model), model.focus), ("web", Focus::Pane));
}

#[test]
fn a_selected_service_that_goes_leaves_the_selection_in_its_place() {
    let three =
        |names: &[&str]| workspace(names.iter().map(|name| service("shop", name, ServiceState::Ready)).collect());
    let mut model = showing(three(&["a", "b", "c"]), SIZE);
    let _ = press(&mut model, "j");
    let _ = tell(&mut model, three(&["a", "c"]));
    assert_eq!(selected(&model), "c");
    let _ = tell(&mut model, three(&["a"]));
    assert_eq!(selected(&model), "a");
    let _ = press(&mut model, "Enter");
    let _ = tell(&mut model, three(&[]));
    assert_eq!((selected(&model), model.focus), ("", Focus::Services));
    assert!(model.screens.is_empty());
}

#[test]
fn attaching_waits_for_the_wanted_service_and_goes_into_its_pane() {
    for wanted in [Wanted::Name("worker".into()), Wanted::Name("shop:worker".into()), Wanted::Id(id("shop", "worker"))]
    {
        let options = Options { focus: Some(wanted), attach: true, ..Options::default() };
        let mut model = model(options, SIZE);
        let _ = update(&mut model, Msg::Connected);
        let cmd = tell(&mut model, web_and_worker());
        assert_eq!(cmd.effects, [viewed(1, "worker", (57, 22))], "the first service is not even asked for");
        assert_eq!(press(&mut model, "a").effects, [typed("worker", &["a"])]);
    }
}

#[test]
fn a_wanted_service_that_never_comes_is_said_and_keys_go_to_the_list() {
    let initial =
        Request::Up { root: "/code/shop".into(), services: vec![], environment: vec![], only_new: true, wait: false };
    let options = Options {
        focus: Some(Wanted::Name("wrker".into())),
        attach: true,
        initial: Some(initial),
        ..Options::default()
    };
    let mut model = model(options, SIZE);
    let _ = update(&mut model, Msg::Connected);
    let _ = tell(&mut model, workspace(vec![]));
    assert_eq!((notice(&model), model.focus), ("", Focus::Pane), "it may still come");
    let _ = tell(&mut model, web_and_worker());
    answer(&mut model, Purpose::Initial, Ok(Response::Changes(vec![])));
    assert_eq!((notice(&model), model.focus), ("there is no service wrker", Focus::Services));
}

#[test]
fn in_a_pane_every_key_but_the_prefix_goes_to_the_program() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "Enter");
    let cmd = press(&mut model, "q j ? C-c Escape Up");
    assert_eq!(cmd.effects, [typed("web", &["q", "j", "?", "C-c", "Escape", "Up"])]);
    assert!(!cmd.redraw, "typing alone changes nothing until the program answers");
}

#[test]
fn the_prefix_twice_sends_the_prefix_once() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "Enter");
    assert_eq!(press(&mut model, "C-b").effects, []);
    assert_eq!(model.prefix, Prefix::Pressed);
    assert_eq!(press(&mut model, "C-b").effects, [typed("web", &["C-b"])]);
    assert_eq!(model.prefix, Prefix::No);
}

#[test]
fn after_the_prefix_keys_are_commands() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "Enter");
    assert_eq!(press(&mut model, "C-b n").effects, [viewed(2, "worker", (57, 22))]);
    assert_eq!(model.focus, Focus::Pane, "the next service is typed into as well");
    assert_eq!(press(&mut model, "C-b p").effects, [viewed(3, "web", (57, 22))]);
    assert_eq!(press(&mut model, "C-b r").effects, [asked(Verb::Restart, "web")]);
    assert_eq!(press(&mut model, "C-b x").effects, [asked(Verb::Stop, "web")]);
    assert_eq!(press(&mut model, "C-b d").effects, [Effect::Leave(Outcome::Detached)]);
    for back in ["C-b s", "C-b Escape", "C-b Left"] {
        model.focus = Focus::Pane;
        assert_eq!(press(&mut model, back).effects, []);
        assert_eq!(model.focus, Focus::Services, "{back}");
    }
}

#[test]
fn an_unknown_key_after_the_prefix_is_said_and_not_sent() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "Enter");
    assert_eq!(press(&mut model, "C-b y").effects, []);
    assert_eq!(notice(&model), "C-b y does nothing; C-b ? shows all keys");
    let _ = press(&mut model, "a");
    assert_eq!(notice(&model), "", "the next key clears what was said");
}

#[test]
fn in_the_list_keys_act_on_the_selected_service() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(press(&mut model, "r").effects, [asked(Verb::Restart, "web")]);
    assert_eq!(notice(&model), "restarting web …");
    assert_eq!(press(&mut model, "s").effects, [asked(Verb::Start, "web")]);
    assert_eq!(press(&mut model, "x").effects, [asked(Verb::Stop, "web")]);
    assert_eq!(press(&mut model, "q").effects, [Effect::Leave(Outcome::Detached)]);
    assert_eq!(press(&mut model, "C-c").effects, []);
    assert_eq!(notice(&model), "press q to detach; services keep running");
}

#[test]
fn the_daemon_decides_whether_keys_reach_a_program_and_what_to_do_otherwise_is_said() {
    let mut model = showing(workspace(vec![service("shop", "web", ServiceState::Exited)]), SIZE);
    let _ = press(&mut model, "Enter");
    assert_eq!(press(&mut model, "a").effects, [typed("web", &["a"])], "it may run by now");
    let failure = Failure::new(FailureKind::NotRunning, "`web` does not read what is typed");
    let not_typed = || Msg::NotTyped { service: id("shop", "web"), failure: failure.clone() };
    let _ = update(&mut model, not_typed());
    assert_eq!(notice(&model), "web is not running: press C-b r to start it");
    let _ = tell(&mut model, workspace(vec![service("shop", "web", ServiceState::Ready)]));
    let _ = update(&mut model, not_typed());
    assert_eq!(notice(&model), "not sent: `web` does not read what is typed");
}

#[test]
fn a_paste_goes_to_the_program_as_one_piece() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(update(&mut model, Msg::Paste("x\ny".into())).effects, []);
    assert_eq!(notice(&model), "a paste goes to a service: open one first");
    let _ = press(&mut model, "Enter");
    let pasted = ClientMessage::Input { service: id("shop", "web"), input: Input::Paste("x\ny".into()) };
    assert_eq!(update(&mut model, Msg::Paste("x\ny".into())).effects, [Effect::Send(pasted)]);
}

#[test]
fn the_longest_paste_fits_a_message_however_it_is_escaped_and_a_longer_one_is_refused() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "Enter");
    let Effect::Send(longest) = update(&mut model, Msg::Paste("\u{1}".repeat(512 << 10))).effects.remove(0) else {
        panic!("it was not sent");
    };
    assert!(locald_api::wire::control(&longest).len() <= locald_api::wire::MAX_FROM_CLIENT);
    assert_eq!(update(&mut model, Msg::Paste("x".repeat((512 << 10) + 1))).effects, []);
    assert_eq!(notice(&model), "the paste is longer than 512 KiB");
}

#[test]
fn a_frame_is_acknowledged_once_it_is_painted_and_not_before() {
    let mut model = showing(web_and_worker(), SIZE);
    let cmd = update(&mut model, Msg::Frame(frame(1, (57, 22), &[(0, "hello")])));
    assert_eq!(cmd, Cmd::redraw());
    let ack = Effect::Send(ClientMessage::Ack { pane: PaneId(1), sequence: 1 });
    assert_eq!(update(&mut model, Msg::Painted).effects, [ack]);
    assert_eq!(update(&mut model, Msg::Painted).effects, []);
}

#[test]
fn a_frame_of_a_pane_no_longer_shown_changes_nothing() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "j");
    assert_eq!(update(&mut model, Msg::Frame(frame(1, (57, 22), &[(0, "late")]))), Cmd::none());
    assert!(model.screens.is_empty());
}

#[test]
fn switching_back_shows_the_last_screen_at_once() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Frame(frame(1, (57, 22), &[(0, "hello")])));
    let _ = press(&mut model, "j");
    assert!(model.selected_screen().is_none());
    let _ = press(&mut model, "k");
    assert_eq!(model.selected_screen().unwrap().rows[0].text(), "hello");
}

#[test]
fn a_lost_daemon_leaves_the_screens_and_is_watched_again_once_it_is_back() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Frame(frame(1, (57, 22), &[(0, "hello")])));
    assert_eq!(update(&mut model, Msg::Lost), Cmd::redraw());
    assert!(model.selected_screen().is_some());
    let watching = Effect::Call { request: Box::new(Request::WatchWorkspace), purpose: Purpose::Watch };
    assert_eq!(update(&mut model, Msg::Connected).effects, [watching, viewed(2, "web", (57, 22))]);
}

#[test]
fn without_a_daemon_nothing_is_sent_and_it_says_so() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Lost);
    assert_eq!(press(&mut model, "r").effects, []);
    assert_eq!(notice(&model), "not done: there is no connection to the daemon");
    let _ = press(&mut model, "Enter");
    assert_eq!(press(&mut model, "a").effects, []);
    assert_eq!(notice(&model), "not sent: there is no connection to the daemon");
    let _ = update(&mut model, Msg::Connected);
    assert_eq!(notice(&model), "", "what was said is no longer true");
    let _ = update(&mut model, Msg::Lost);
    assert_eq!(press(&mut model, "C-b n").effects, [], "the selection moves all the same");
    assert_eq!(selected(&model), "worker");
}

#[test]
fn leaving_while_the_daemon_is_gone_says_why_it_is() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Lost);
    let _ = update(&mut model, Msg::ConnectFailed(unreached("the keeper gave up")));
    let quit = Outcome::Quit { reason: "the keeper gave up".into() };
    assert_eq!(press(&mut model, "q").effects, [Effect::Leave(quit)]);
}

#[test]
fn why_the_daemon_cannot_be_reached_is_shown_only_when_it_is_overdue() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Lost);
    assert!(!update(&mut model, Msg::ConnectFailed(unreached("refused"))).redraw);
    assert!(update(&mut model, Msg::Overdue).redraw);
    assert!(!update(&mut model, Msg::ConnectFailed(unreached("refused"))).redraw, "the same again is no news");
    assert!(update(&mut model, Msg::ConnectFailed(unreached("no such file"))).redraw);
    let _ = update(&mut model, Msg::Connected);
    assert_eq!(model.connection, Connection::Up);
    assert!(!update(&mut model, Msg::Overdue).redraw, "a timer that came too late");
}

#[test]
fn that_no_daemon_is_on_its_way_is_shown_at_once() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Lost);
    let _ = update(&mut model, Msg::ConnectFailed(unreached("not running")));
    let gone = || Msg::ConnectFailed(Unreached { gone: true, ..unreached("not running") });
    assert!(update(&mut model, gone()).redraw);
    assert!(matches!(&model.connection, Connection::Lost { overdue: true, .. }));
    assert!(!update(&mut model, gone()).redraw, "the same again is no news");
}

#[test]
fn a_failure_with_details_is_laid_over_the_screen_until_it_is_closed() {
    let mut model = showing(workspace(vec![]), SIZE);
    let details = "locald.toml:3\n\tport = \u{1b}[31m\"x\"\n".repeat(30);
    let failure = Failure::new(FailureKind::Config, "the configuration has 30 faults")
        .hint("run `locald check`")
        .details(details);
    answer(&mut model, Purpose::Initial, Err(failure.into()));
    assert_eq!(notice(&model), "the configuration has 30 faults: run `locald check`");
    let Some(Content::Details { lines, .. }) = model.overlay.as_ref().map(|overlay| &overlay.content) else {
        panic!("no details are shown");
    };
    assert_eq!(lines[1], "    port = [31m\"x\"");
    let top = |model: &Model| model.overlay.as_ref().map(|overlay| overlay.top);
    let _ = press(&mut model, "j j k");
    assert_eq!(top(&model), Some(1));
    let _ = press(&mut model, "End Down Down");
    let end = top(&model).unwrap();
    assert!(end > 20 && end < 62, "{end}");
    assert_eq!(press(&mut model, "q").effects, [], "q closes it and does not detach");
    assert_eq!(top(&model), None);
}

#[test]
fn what_became_of_a_request_is_said() {
    let change = |name: &str, change| ServiceChange { service: id("shop", name), project: "shop".into(), change };
    let failed = |name| change(name, Change::Failed { reason: "no such file: nod".into() });
    let act = || Purpose::Act { verb: Verb::Restart, service: "web".into() };
    let mut model = showing(web_and_worker(), SIZE);
    let started = change("web", Change::Started { pid: 77 });
    answer(&mut model, act(), Ok(Response::Changes(vec![started.clone()])));
    assert_eq!(notice(&model), "web started, pid 77");
    answer(&mut model, act(), Ok(Response::Changes(vec![failed("web")])));
    assert_eq!(notice(&model), "web could not be started: no such file: nod");
    answer(&mut model, Purpose::Initial, Ok(Response::Changes(vec![failed("db"), started, failed("web")])));
    assert_eq!(notice(&model), "db could not be started: no such file: nod (and 1 more)");
    assert_eq!(model.notice.as_ref().unwrap().level, Level::Error);
    answer(&mut model, act(), Err(CallError::Lost));
    assert_eq!(notice(&model), "the daemon was lost before it answered");
}

#[test]
fn help_scrolls_and_swallows_keys_that_would_act() {
    let mut model = showing(web_and_worker(), (40, 12));
    let _ = press(&mut model, "?");
    assert_eq!(press(&mut model, "r x NPage").effects, []);
    assert!(model.overlay.as_ref().unwrap().top > 0);
    let _ = update(&mut model, Msg::Resize(Size::new(200, 70)));
    assert_eq!(model.overlay.as_ref().unwrap().top, 0, "on a large screen all of it is there");
    let _ = press(&mut model, "Escape");
    assert_eq!(model.overlay, None);
}

#[test]
fn a_workspace_that_only_looks_sends_no_keys_and_asks_for_nothing() {
    let mut model = model(Options { role: Role::Onlooker, attach: true, ..Options::default() }, SIZE);
    let _ = update(&mut model, Msg::Connected);
    let cmd = update(&mut model, Msg::Workspace(Box::new(web_and_worker())));
    let looks =
        |effect: &Effect| matches!(effect, Effect::Send(ClientMessage::View(view)) if view.role == Role::Onlooker);
    assert!(cmd.effects.iter().any(looks), "{cmd:?}");
    for keys in ["a", "C-b r"] {
        assert!(press(&mut model, keys).effects.is_empty());
        assert!(model.notice.as_ref().is_some_and(|notice| notice.text.contains("only looks on")));
    }
}

#[test]
fn a_shell_is_opened_in_the_selected_project_and_gets_the_keys() {
    let mut model = showing(web_and_worker(), SIZE);
    let cmd = press(&mut model, "c");
    let asks = |effect: &Effect| matches!(effect, Effect::Call { request, purpose: Purpose::Shell } if matches!(**request, Request::OpenShell { .. }));
    assert!(cmd.effects.iter().any(asks), "{cmd:?}");
    let shell = id("shop", "shell+1");
    let mut workspace = web_and_worker();
    let listed = ServiceStatus { id: shell.clone(), name: "shell+1".into(), ..workspace.services[0].clone() };
    workspace.services.push(listed);
    let _ = update(&mut model, Msg::Workspace(Box::new(workspace)));
    assert_ne!(model.selected.as_ref(), Some(&shell));
    let opened = Msg::Answered { purpose: Purpose::Shell, result: Ok(Response::Opened(shell.clone())) };
    let _ = update(&mut model, opened);
    assert_eq!((model.selected, model.focus), (Some(shell), Focus::Pane));
}

#[test]
fn once_a_shell_has_ended_what_was_shown_before_it_is_and_keys_go_to_no_other_program() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "j");
    let _ = press(&mut model, "c");
    let shell = id("shop", "shell+1");
    let _ = update(&mut model, Msg::Answered { purpose: Purpose::Shell, result: Ok(Response::Opened(shell.clone())) });
    let mut with_shell = web_and_worker();
    with_shell.services.push(ServiceStatus { id: shell.clone(), ..with_shell.services[0].clone() });
    let _ = tell(&mut model, with_shell);
    let _ = press(&mut model, "e x i t");
    assert_eq!(model.selected, Some(shell));
    let _ = tell(&mut model, web_and_worker());
    assert_eq!((selected(&model), model.focus), ("worker", Focus::Services));
}

#[test]
fn pins_of_a_project_that_is_just_being_started_are_shown_once_it_is_there() {
    let mut model =
        Model::new(Options::default(), Size::new(80, 24), crate::testing::theme(crate::theme::Depth::Plain));
    let _ = update(&mut model, Msg::Connected);
    let mut pinned = web_and_worker();
    pinned.pins = vec![id("shop", "worker")];
    let _ = tell(&mut model, locald_api::Workspace { pins: pinned.pins.clone(), ..locald_api::Workspace::default() });
    assert_eq!(model.arrangement, Arrangement::Overview);
    let _ = tell(&mut model, pinned);
    assert_eq!((model.arrangement, selected(&model)), (Arrangement::Panes, "worker"));
}

#[test]
fn pins_of_other_projects_do_not_stand_before_the_project_that_was_opened() {
    let options = Options { project: Some("/code/shop".into()), ..Options::default() };
    let mut model = Model::new(options, Size::new(80, 24), crate::testing::theme(crate::theme::Depth::Plain));
    let _ = update(&mut model, Msg::Connected);
    let services = [("blog", "site"), ("shop", "web"), ("shop", "worker")];
    let mut all = workspace(services.map(|(project, name)| service(project, name, ServiceState::Ready)).to_vec());
    all.pins = vec![id("blog", "site")];
    let _ = tell(&mut model, all);
    assert_eq!((model.arrangement, selected(&model)), (Arrangement::Overview, "web"));
}

#[test]
fn that_a_service_was_started_is_said_no_longer_once_it_has_ended() {
    let mut model = showing(web_and_worker(), SIZE);
    let change =
        ServiceChange { service: id("shop", "web"), project: "shop".into(), change: Change::Started { pid: 4121 } };
    let purpose = Purpose::Act { verb: Verb::Start, service: "web".into() };
    let _ = update(&mut model, Msg::Answered { purpose, result: Ok(Response::Changes(vec![change])) });
    let mut all = web_and_worker();
    all.services[1].pid = Some(4122);
    let _ = update(&mut model, Msg::Workspace(Box::new(all.clone())));
    assert_eq!(model.notice.as_ref().map(|notice| notice.text.as_str()), Some("web started, pid 4121"));
    all.services[0] = service("shop", "web", ServiceState::Exited);
    let _ = update(&mut model, Msg::Workspace(Box::new(all)));
    assert_eq!(model.notice, None);
}

#[test]
fn a_terminal_that_says_it_is_larger_than_memory_is_painted_in_part() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Resize(Size::new(u16::MAX, u16::MAX)));
    assert_eq!(model.size, Size::new(1000, 1000));
}

mod mouse;
mod past;
mod pick;
mod settings;
