//! What clients of the control socket see of panes, and what programs get of their clients.

use locald_api::{
    Attention, Color, Input, Modes, Mouse, MouseAction, MouseButton, PaneId, Request, Role, Style, Target, Underline,
    View,
};

use crate::home::TestHome;
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
