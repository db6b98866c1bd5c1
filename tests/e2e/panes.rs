//! What clients of the control socket see of panes, and what programs get of their clients.

use std::time::Instant;

use locald_api::{
    Attention, ClientMessage, Color, CommandMark, Input, Modes, Mouse, MouseAction, MouseButton, Palette, PaneId,
    Progress, Request, Response, Role, ServiceId, Style, Target, Underline, View,
};

use rustix::process::Signal;

use crate::home::{TestHome, is_alive, signal};
use crate::screen::Screen;
use crate::wait;
use crate::wire::{Wire, id, view};

const FIRST: PaneId = PaneId(1);
const SECOND: PaneId = PaneId(2);

/// Wants mouse and focus, and prints what it reads with escapes made visible.
const CURIOUS: &str = r"[services.it]
command = '''stty raw -echo; printf '\033[?1000;1006;1004hready\r\n'; exec cat -v'''
";

#[test]
fn a_program_that_asked_for_mouse_and_focus_is_told_of_both_until_its_client_goes() {
    let home = TestHome::new(CURIOUS);
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut onlooker = Wire::connect(&home);
    onlooker.show(View { role: Role::Onlooker, ..view(&[&it], (60, 10)) });
    onlooker.wait_for(FIRST, "ready");
    let modes = onlooker.panes[&FIRST].last.as_ref().unwrap().modes;
    assert!(modes.contains(Modes::MOUSE) && modes.contains(Modes::FOCUS) && !modes.contains(Modes::MOUSE_DRAG));

    let mut client = Wire::connect(&home);
    client.show(view(&[&it], (60, 10)));
    client.wait_for(FIRST, "^[[I");
    let mouse = Mouse {
        action: MouseAction::Press(MouseButton::Left),
        row: 1,
        column: 2,
        modifiers: locald_api::Modifiers::CONTROL,
    };
    client.input(&it, Input::Mouse(mouse));
    client.wait_for(FIRST, "^[[<16;3;2M");
    client.show(View { attention: Attention::Elsewhere, ..view(&[&it], (60, 10)) });
    client.wait_for(FIRST, "^[[O");
    client.show(view(&[&it], (60, 10)));
    client.wait_for(FIRST, "^[[O^[[I");
    drop(client);
    onlooker.wait_for(FIRST, "^[[I^[[<16;3;2M^[[O^[[I^[[O");
}

#[test]
fn who_only_looks_sees_everything_and_changes_nothing() {
    let home = TestHome::new(CURIOUS);
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut onlooker = Wire::connect(&home);
    onlooker.show(View { role: Role::Onlooker, ..view(&[&it], (33, 7)) });
    onlooker.wait_for(FIRST, "ready");
    let frame = onlooker.panes[&FIRST].last.clone().unwrap();
    assert_eq!((frame.columns, frame.rows), (80, 24), "it decides no size");
    onlooker.input(&it, Input::Text("secret".into()));
    let target = Target { root: None, names: vec![it.to_string()] };
    for request in
        [Request::Stop(target.clone()), Request::SendKeys { target, input: vec![Input::Text("secret".into())] }]
    {
        let refused = onlooker.call(request).unwrap_err();
        assert!(refused.to_string().contains("only looks"), "{refused}");
    }
    home.ok(&["send-keys", "it", "x"]);
    onlooker.wait_for(FIRST, "ready\nx\n");
}

#[test]
fn all_looks_and_links_of_cells_reach_clients_and_captures() {
    let home = TestHome::new(
        r"[services.it]
command = '''printf '\033[9;4:3;58:5:2mx\033[m \033]8;;http://localhost:3000/\033\\link\033]8;;\033\\ end\n'; exec sleep 1000'''
",
    );
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut client = Wire::connect(&home);
    client.show(view(&[&it], (60, 10)));
    client.wait_for(FIRST, "x link end");
    let runs = &client.panes[&FIRST].rows[0].runs;
    let look = Style {
        attributes: Style::STRIKETHROUGH | Style::UNDERLINE,
        underline: Underline::Curly,
        underline_color: Color::Indexed(2),
        ..Style::default()
    };
    assert_eq!((runs[0].cells.text(), runs[0].style), ("x", look));
    let linked = runs.iter().find(|run| run.link.is_some()).unwrap();
    assert_eq!((linked.cells.text(), &*linked.link.as_ref().unwrap().url), ("link", "http://localhost:3000/"));
    let captured = home.ok(&["capture", "it", "--ansi"]);
    assert!(captured.starts_with("\x1b[0;4;9;4:3;58:5:2mx\x1b[m link end"), "{captured:?}");
}

#[test]
fn a_client_gets_frames_of_all_panes_it_shows_and_of_no_other() {
    let home = TestHome::new(
        r#"[services.a]
command = "echo from a; exec cat"
[services.b]
command = "echo from b; exec cat"
[services.hidden]
command = "while :; do echo hidden; sleep 0.01; done"
"#,
    );
    home.ok(&["up"]);
    let (a, b) = (id(&home, "a"), id(&home, "b"));
    let mut client = Wire::connect(&home);
    client.show(view(&[&a, &b], (40, 10)));
    client.wait_for(FIRST, "from a");
    client.wait_for(SECOND, "from b");
    client.input(&b, Input::Text("typed into b".into()));
    client.wait_for(SECOND, "typed into b");
    client.input(&a, Input::Text("typed into a".into()));
    client.wait_for(FIRST, "typed into a");
    assert_eq!(client.panes.keys().collect::<Vec<_>>(), [&FIRST, &SECOND]);
    client.show(view(&[&b], (40, 10)));
    client.wait_for(FIRST, "from b");
    assert!(!client.text(FIRST).contains("from a"));
}

/// Prints the size of its terminal, at first and whenever it changes.
const MEASURING: &str = "trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done";

#[test]
fn of_three_clients_the_one_that_acted_last_decides_the_size_and_each_sees_a_whole_screen() {
    let home = TestHome::new(&format!("[services.it]\ncommand = \"{MEASURING}\"\n"));
    home.ok(&["up"]);
    let it = id(&home, "it");
    let sizes = [(60, 20), (100, 30), (41, 11)];
    let mut clients = sizes.map(|_| Wire::connect(&home));
    for (index, size) in sizes.into_iter().enumerate() {
        clients[index].show(view(&[&it], size));
        for client in &mut clients[..=index] {
            client.wait_until("its pane has the size of who came last", |wire| wire.size(FIRST) == Some(size));
        }
    }
    clients[0].input(&it, Input::Text("x".into()));
    for client in &mut clients {
        client.wait_until("its pane has the size of who typed", |wire| wire.size(FIRST) == Some(sizes[0]));
        client.wait_for(FIRST, "20 60\n");
    }
    let [first, second, mut third] = clients;
    drop(first);
    third.wait_until("who acted before has the size", |wire| wire.size(FIRST) == Some(sizes[2]));
    drop(third);
    drop(second);
}

#[test]
fn the_smallest_and_the_largest_client_decide_where_the_configuration_says_so() {
    let service = |name: &str, size: &str| format!("[services.{name}]\ncommand = \"exec cat\"\nsize = \"{size}\"\n");
    let home =
        TestHome::new(&[service("small", "smallest"), service("large", "largest"), service("fixed", "50x5")].concat());
    home.ok(&["up"]);
    let (small, large, fixed) = (id(&home, "small"), id(&home, "large"), id(&home, "fixed"));
    let (mut one, mut other) = (Wire::connect(&home), Wire::connect(&home));
    one.show(view(&[&small, &large, &fixed], (60, 20)));
    other.show(view(&[&small, &large, &fixed], (100, 10)));
    for client in [&mut one, &mut other] {
        client.wait_until("all panes have their sizes", |wire| {
            let sizes = [1, 2, 3].map(|pane| wire.size(PaneId(pane)));
            sizes == [Some((60, 10)), Some((100, 20)), Some((50, 5))]
        });
    }
}

#[test]
fn a_storm_of_sizes_ends_with_the_last_and_most_of_it_never_reaches_the_program() {
    let home = TestHome::new(&format!("[services.it]\ncommand = \"{MEASURING}\"\n"));
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut client = Wire::connect(&home);
    let begun = Instant::now();
    for columns in 40..140 {
        client.show(view(&[&it], (columns, 100)));
    }
    client.wait_until("the last size is there", |wire| wire.size(FIRST) == Some((139, 100)));
    client.wait_for(FIRST, "100 139\n");
    let told = client.text(FIRST).lines().filter(|line| line.starts_with("100 ")).count();
    let most = begun.elapsed().as_millis() / 50 + 3;
    assert!(told as u128 <= most, "{told} of at most {most}");
}

#[test]
fn what_programs_do_beyond_their_screens_is_told_with_its_latest_value() {
    let home = TestHome::new(
        r"[services.it]
command = '''cat -v; printf '\a\033]0;titled\007\033]9;done\007\033]9;4;1;40\007\033]7;file:///tmp\007\033]133;D;3\007\a'; exec sleep 1000'''
",
    );
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut client = Wire::connect(&home);
    client.call(Request::WatchWorkspace).unwrap();
    client.wait_until("the service is told of", |wire| wire.activity.contains_key(&it));
    let before = client.activity[&it].clone();
    assert_eq!((before.bells, before.notifications, before.progress), (0, 0, Progress::None));
    client.input(&it, Input::Keys(vec!["C-d".into()]));
    client.wait_until("the command is told to have ended", |wire| wire.activity[&it].commands == 1);
    let after = client.activity[&it].clone();
    assert!(after.output > before.output && after.bells >= 1, "{after:?}");
    assert_eq!((&*after.title, &*after.directory), ("titled", "file:///tmp"));
    assert_eq!((after.notifications, after.progress), (1, Progress::Percent(40)));
    assert_eq!(after.notification.unwrap().body, "done");
    assert_eq!(after.command, Some(CommandMark::Ended(Some(3))));
}

#[test]
fn the_clipboard_is_for_the_client_that_typed() {
    let home = TestHome::new(
        r"[services.it]
command = '''stty raw -echo; printf ready; while read -r _; do printf '\033]52;c;aGVsbG8=\007told '; done'''
",
    );
    home.ok(&["up"]);
    let it = id(&home, "it");
    let (mut typing, mut other) = (Wire::connect(&home), Wire::connect(&home));
    for client in [&mut typing, &mut other] {
        client.show(view(&[&it], (60, 10)));
        client.wait_for(FIRST, "ready");
    }
    home.ok(&["send-keys", "it", "C-j"]);
    typing.wait_for(FIRST, "readytold");
    typing.input(&it, Input::Keys(vec!["C-j".into()]));
    typing.wait_for(FIRST, "readytold told");
    typing.wait_until("its clipboard is set", |wire| wire.clipboard == ["hello"]);
    other.wait_for(FIRST, "readytold told");
    other.input(&it, Input::Keys(vec!["C-j".into()]));
    other.wait_for(FIRST, "readytold told told");
    other.wait_until("its clipboard is set", |wire| wire.clipboard == ["hello"]);
    typing.wait_for(FIRST, "readytold told told");
    assert_eq!(typing.clipboard.len(), 1);
}

#[test]
fn programs_are_told_the_colours_of_the_client_that_acted_last() {
    let home = TestHome::new(
        r"[services.it]
command = '''stty raw -echo; printf '\033[?2031hready\r\n\033]11;?\007'; exec cat -v'''
",
    );
    let palette =
        |shade| Palette { foreground: [255 - shade; 3], background: [shade; 3], cursor: [0; 3], ansi: [[0; 3]; 16] };
    home.ok(&["up"]);
    let it = id(&home, "it");
    let mut dark = Wire::connect(&home);
    dark.send(ClientMessage::Palette(palette(0x11)));
    dark.show(view(&[&it], (60, 10)));
    dark.wait_for(FIRST, "^[]11;rgb:");
    let mut light = Wire::connect(&home);
    light.send(ClientMessage::Palette(palette(0xee)));
    light.show(view(&[&it], (60, 10)));
    light.wait_for(FIRST, "^[[?997;2n");
    dark.input(&it, Input::Text("x".into()));
    dark.wait_for(FIRST, "^[[?997;1n");
    home.ok(&["restart", "it"]);
    dark.wait_for(FIRST, "^[]11;rgb:1111/1111/1111");
}

#[test]
fn pins_are_shared_ordered_and_outlive_everything() {
    let home = TestHome::new("[services.a]\ncommand = \"exec cat\"\n[services.b]\ncommand = \"exec cat\"\n");
    home.ok(&["up"]);
    let (a, b) = (id(&home, "a"), id(&home, "b"));
    let (one, mut other) = (Wire::connect(&home), Wire::connect(&home));
    other.call(Request::WatchWorkspace).unwrap();
    let pinned = |wire: &Wire| wire.workspace.as_ref().map(|workspace| workspace.pins.clone()).unwrap_or_default();
    one.call(Request::Pin { service: a.clone(), place: None }).unwrap();
    one.call(Request::Pin { service: b.clone(), place: Some(0) }).unwrap();
    other.wait_until("it sees the pins of the other", |wire| pinned(wire) == [b.clone(), a.clone()]);
    let unknown = ServiceId { service: "unknown".to_owned(), ..a.clone() };
    one.call(Request::Pin { service: unknown, place: None }).unwrap_err();
    home.ok(&["shutdown"]);
    home.ok(&["up"]);
    let mut later = Wire::connect(&home);
    later.call(Request::WatchWorkspace).unwrap();
    later.wait_until("the pins are there again", |wire| pinned(wire) == [b.clone(), a.clone()]);
    later.call(Request::Unpin { service: b.clone() }).unwrap();
    later.wait_until("one is taken away", |wire| pinned(wire) == [a.clone()]);
}

#[test]
fn what_services_use_is_told_to_a_client_that_shows_it() {
    let home = TestHome::new(
        r#"[services.busy]
command = "echo working; sh -c 'while :; do :; done' & while :; do sleep 0.1; done"
[services.idle]
command = "exec sleep 1000"
"#,
    );
    home.ok(&["up"]);
    let (busy, idle) = (id(&home, "busy"), id(&home, "idle"));
    let mut client = Wire::connect(&home);
    client.show(View { usage: true, ..View::default() });
    let of = |wire: &Wire, id: &ServiceId| wire.usage.iter().find(|usage| usage.service == *id).cloned();
    client.wait_until("both are measured twice", |wire| {
        of(wire, &busy).is_some_and(|it| it.usage.cpu_permille.is_some_and(|used| used > 0))
            && of(wire, &idle).is_some_and(|it| it.usage.cpu_permille == Some(0))
    });
    let (busy, idle) = (of(&client, &busy).unwrap(), of(&client, &idle).unwrap());
    assert!(busy.usage.processes >= 2 && busy.usage.memory > 0 && busy.last_line == "working", "{busy:?}");
    assert_eq!((idle.usage.processes, &*idle.last_line), (1, ""));
}

#[test]
fn a_workspace_that_only_looks_follows_the_pane_and_types_nothing() {
    let home = TestHome::new("[services.it]\ncommand = \"echo ready; exec cat\"\nsize = \"50x9\"\n");
    home.ok(&["up"]);
    let mut screen = Screen::open(&home, &["attach", "--read-only", "it"], 80, 24);
    screen.wait_for("│ready");
    screen.send("x");
    screen.wait_for("only looks on");
    home.ok(&["send-keys", "it", "y"]);
    screen.wait_for("│y");
    assert!(!home.ok(&["capture", "it"]).contains('x'));
    screen.send("\u{2}d");
    assert!(screen.wait_for_end().success());
}

#[test]
fn a_shell_is_a_service_until_it_ends_and_survives_the_daemon() {
    let mut home = TestHome::new("[services.it]\ncommand = \"exec sleep 1000\"\nenv = { OF = \"it\" }\n");
    home.set("SHELL", "/bin/sh");
    home.set("FROM", "the shell that ran up");
    home.ok(&["up"]);
    let project = id(&home, "it").project;
    let mut client = Wire::connect(&home);
    let Ok(Response::Opened(shell)) = client.call(Request::OpenShell { project: project.clone() }) else {
        panic!("no shell");
    };
    let status = home.service(&shell.service);
    assert_eq!((&status["kind"], &status["state"]), (&"shell".into(), &"ready".into()), "{status}");
    client.show(view(&[&shell], (70, 10)));
    client.input(&shell, Input::Text("echo \"<$PWD> <$FROM>\"\n".into()));
    let folder = home.project().canonicalize().unwrap();
    client.wait_for(FIRST, "<the shell that ran up>");
    assert!(client.text(FIRST).contains(folder.file_name().unwrap().to_str().unwrap()));

    // What is said of all services does not mean it, and an `up` leaves it alone.
    home.ok(&["stop"]);
    home.ok(&["up"]);
    assert!(!home.ok(&["up"]).contains("shell"));
    let pid = home.pid(&shell.service);
    signal(home.daemon_pid(), Signal::KILL);
    let mut client = Wire::connect(&home);
    assert_eq!(home.pid(&shell.service), pid);
    let Ok(Response::Opened(other)) = client.call(Request::OpenShell { project }) else { panic!("no second shell") };
    assert_ne!(other, shell);

    client.input(&shell, Input::Text("exit\n".into()));
    let logs = |shell: &ServiceId| home.state().join("logs").join(&shell.project.0).join(&shell.service);
    client.call(Request::WatchWorkspace).unwrap();
    let is_there = |wire: &Wire, shell: &ServiceId| {
        wire.workspace.as_ref().is_none_or(|workspace| workspace.services.iter().any(|service| service.id == *shell))
    };
    client.wait_until("the shell that ended is gone", |wire| !is_there(wire, &shell));
    wait::until("so is what it printed", || (!logs(&shell).exists()).then_some(()));
    let pid = home.pid(&other.service);
    assert!(client.call(Request::CloseShell { service: shell }).is_err());
    client.call(Request::CloseShell { service: other.clone() }).unwrap();
    assert!(!is_alive(pid) && !logs(&other).exists());
}

#[test]
fn a_project_that_comes_down_takes_its_shells_along() {
    let home = TestHome::new("[services.it]\ncommand = \"exec sleep 1000\"\n");
    home.ok(&["up"]);
    let project = id(&home, "it").project;
    let client = Wire::connect(&home);
    let Ok(Response::Opened(shell)) = client.call(Request::OpenShell { project: project.clone() }) else {
        panic!("no shell");
    };
    let pid = home.pid(&shell.service);
    home.ok(&["down"]);
    assert!(!is_alive(pid));
    let refused = client.call(Request::OpenShell { project }).unwrap_err();
    assert!(refused.to_string().contains("not up"), "{refused}");
}
