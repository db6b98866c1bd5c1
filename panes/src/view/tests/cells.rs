//! How cells of programs, and links, are painted.

use locald_api::{Cells, Link, Row, Run, Style as WireStyle, Underline};
use ratatui::style::Modifier;

use super::*;
use crate::backend::ExtrasBackend;
use crate::screen::Screen;

fn cells(area: Rect, runs: Vec<Cells>, columns: u16) -> Vec<String> {
    let row =
        Row { runs: runs.into_iter().map(|cells| Run::new(WireStyle::default(), cells)).collect(), ..Row::default() };
    let mut screen = Screen::default();
    screen.merge(PaneFrame { changed: vec![(0, row)], ..frame(1, (columns, 1), &[]) });
    let mut buffer = Buffer::empty(area);
    pane::paint_screen(&screen, area, Depth::True, &mut buffer, &mut Extras::new(true));
    buffer.content.iter().map(|cell| cell.symbol().to_owned()).collect()
}

#[test]
fn wide_cells_take_two_columns_and_one_cut_in_half_is_left_blank() {
    let runs = || vec![Cells::Narrow("a".into()), Cells::Wide("世界".into())];
    assert_eq!(cells(Rect::new(0, 0, 5, 1), runs(), 5), ["a", "世", " ", "界", " "]);
    assert_eq!(cells(Rect::new(0, 0, 4, 1), runs(), 5), ["a", "世", " ", " "]);
}

#[test]
fn cells_that_the_terminal_would_act_on_or_misplace_are_replaced() {
    let runs = vec![
        Cells::Narrow("\u{1b}\u{301}世b".into()),
        Cells::Cluster { width: 1, text: "e\u{301}".into() },
        Cells::Cluster { width: 1, text: "x\u{7}".into() },
        Cells::Wide("n".into()),
    ];
    let shown = cells(Rect::new(0, 0, 8, 1), runs, 8);
    assert_eq!(shown, ["\u{fffd}", "\u{fffd}", "\u{fffd}", "b", "e\u{301}", "x", "\u{fffd}", " "]);
}

#[test]
fn a_row_longer_than_its_screen_is_cut_at_the_screens_edge() {
    assert_eq!(cells(Rect::new(0, 0, 4, 1), vec![Cells::Narrow("abcdef".into())], 2), ["a", "b", " ", " "]);
}

#[test]
fn attributes_and_colours_are_those_of_the_program() {
    let style = WireStyle {
        foreground: locald_api::Color::Indexed(9),
        background: locald_api::Color::Rgb(1, 2, 3),
        attributes: WireStyle::BOLD | WireStyle::INVERSE | WireStyle::STRIKETHROUGH,
        underline_color: locald_api::Color::Indexed(3),
        ..WireStyle::default()
    };
    let row = Row { runs: vec![Run::new(style, Cells::Narrow("x".into()))], ..Row::default() };
    let mut screen = Screen::default();
    screen.merge(PaneFrame { changed: vec![(0, row)], ..frame(1, (1, 1), &[]) });
    let area = Rect::new(0, 0, 1, 1);
    let mut buffer = Buffer::empty(area);
    pane::paint_screen(&screen, area, Depth::True, &mut buffer, &mut Extras::new(true));
    let cell = &buffer[(0, 0)];
    assert_eq!(cell.fg, ratatui::style::Color::Indexed(9));
    assert_eq!(cell.bg, ratatui::style::Color::Rgb(1, 2, 3));
    assert_eq!(cell.modifier, Modifier::BOLD | Modifier::REVERSED | Modifier::CROSSED_OUT);
    assert_eq!(cell.underline_color, ratatui::style::Color::Indexed(3));
}

/// What is written to the outer terminal to show all of this.
fn written(model: &Model) -> String {
    let (mut bytes, extras) = (Vec::new(), std::rc::Rc::new(std::cell::RefCell::new(Extras::new(true))));
    let viewport = ratatui::TerminalOptions {
        viewport: ratatui::Viewport::Fixed(Rect::new(0, 0, model.size.width, model.size.height)),
    };
    let backend = ExtrasBackend::new(&mut bytes, extras.clone());
    let mut terminal = Terminal::with_options(backend, viewport).unwrap();
    terminal.draw(|frame| drop(view(model, frame, &mut extras.borrow_mut()))).unwrap();
    drop(terminal);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn links_and_underlines_of_programs_reach_the_outer_terminal() {
    let mut model = showing(web_and_worker(), USUAL);
    let link = Link { number: 7, url: "http://localhost:3000/a".into() };
    let curly = WireStyle {
        attributes: WireStyle::UNDERLINE,
        underline: Underline::Curly,
        underline_color: locald_api::Color::Indexed(1),
        ..WireStyle::default()
    };
    let plain = |text: &str| Run::new(WireStyle::default(), Cells::Narrow(text.into()));
    let linked = Run { link: Some(link), ..plain("here") };
    let runs = vec![plain("see "), linked, plain(" or "), Run::new(curly, Cells::Narrow("mistaek".into()))];
    let row = Row { runs, ..Row::default() };
    let _ = update(&mut model, Msg::Frame(PaneFrame { changed: vec![(0, row)], ..frame(1, (53, 22), &[]) }));
    let text = written(&model);
    let place = text.find("\x1b]8;id=1;http://localhost:3000/a\x1b\\").expect("a link");
    let end = text[place..].find("\x1b]8;;\x1b\\").expect("its end") + place;
    assert!(text[place..end].contains("here") && !text[place..end].contains("see"), "{text:?}");
    let place = text.find("\x1b[4:3m").expect("an underline");
    assert!(text[place..].contains("\x1b[58;5;1mmistaek"), "{text:?}");
    // Looking back shows the same.
    let _ = press(&mut model, "C-b [");
    let past = written(&model);
    assert!(past.contains("\x1b]8;id=1;http://localhost:3000/a\x1b\\") && past.contains("\x1b[4:3m"), "{past:?}");
}

#[test]
fn addresses_of_services_are_links_even_where_they_are_cut() {
    for model in [running(USUAL), stage::overview(USUAL), stage::overview(LARGE)] {
        let text = written(&model);
        assert!(text.contains(";https://shop.localhost\x1b\\"), "{text:?}");
    }
}

#[test]
fn what_is_laid_over_a_link_is_none() {
    let model = after(running(LARGE), "?");
    let (buffer, _) = painted(&model);
    let overlay = model.overlay.as_ref().expect("help").lay(model.size, &model.keymap, &[]).0;
    assert!(overlay.positions().all(|place| Extras::number(&buffer[place]) == 0));
}
