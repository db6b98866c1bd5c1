//! A pane's emulator, and its rows in the form in which they travel to clients.

use locald_api::{Cells, Color, Cursor, CursorShape, Link, Modes, Row, Run, Style, Underline};
use locald_term::{Attributes, Engine, MouseMode, Size, VtEngine};

/// The size of a screen that nobody has looked at yet.
pub(crate) const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// The most characters of a line that is shown apart from its screen.
const LONGEST_LINE: usize = 200;

/// The emulator of one pane.
pub(crate) struct Screen {
    engine: Box<dyn Engine>,
    /// The journal's offset up to which it has been fed.
    at: u64,
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        Self::restored(VtEngine::new(Size::new(rows, columns)))
    }

    /// A screen that an engine has already.
    pub(super) fn restored(engine: VtEngine) -> Self {
        Self { engine: Box::new(engine), at: 0 }
    }

    /// The journal's offset up to which it has been fed.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn set_at(&mut self, at: u64) {
        self.at = at;
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    pub(crate) fn engine_mut(&mut self) -> &mut dyn Engine {
        &mut *self.engine
    }

    pub(crate) fn size(&self) -> Size {
        self.engine.size()
    }

    /// Changes the size; says whether it was another.
    pub(crate) fn resize(&mut self, size: Size) -> bool {
        let other = self.engine.size() != size;
        if other {
            self.engine.resize(size);
        }
        other
    }

    /// The cursor as it travels.
    pub(crate) fn cursor(&self) -> Cursor {
        let cursor = self.engine.cursor();
        Cursor { row: cursor.row, column: cursor.column, visible: cursor.visible, shape: shape(cursor.shape) }
    }

    /// The modes as they travel.
    pub(crate) fn modes(&self) -> Modes {
        let modes = self.engine.modes();
        Modes::default()
            .with(Modes::ALTERNATE_SCREEN, modes.alternate_screen)
            .with(Modes::BRACKETED_PASTE, modes.bracketed_paste)
            .with(Modes::MOUSE, modes.mouse != MouseMode::Off)
            .with(Modes::MOUSE_DRAG, matches!(modes.mouse, MouseMode::ButtonMotion | MouseMode::AnyMotion))
            .with(Modes::MOUSE_MOTION, modes.mouse == MouseMode::AnyMotion)
            .with(Modes::FOCUS, modes.focus)
            .with(Modes::ALTERNATE_SCROLL, modes.alternate_scroll)
            .with_keyboard(modes.keyboard)
    }

    /// The visible rows that changed after version `seen` of the emulator, and its version now.
    pub(crate) fn changed_rows(&mut self, seen: u64) -> (Vec<(u16, Row)>, u64) {
        let version = self.engine.refresh();
        let rows = (0..self.engine.size().rows()).filter(|&row| self.engine.row_version(row) > seen);
        (rows.map(|row| (row, self.row(row))).collect(), version)
    }

    fn row(&self, number: u16) -> Row {
        let mut builder = RowBuilder::default();
        self.engine.row(number, &mut |cell| {
            builder.link = cell.link.and_then(|id| match builder.link.take() {
                Some(link) if link.number == id.number() => Some(link),
                _ => self.engine.link(id).map(|url| Link { number: id.number(), url: url.into() }),
            });
            builder.push(cell.text, cell.width, style(cell.style));
        });
        builder.finish(self.engine.row_wrapped(number))
    }

    /// The text of the last row that is not blank, cut where it is long.
    pub(crate) fn last_line(&self) -> String {
        let rows = (0..self.engine.size().rows()).rev().map(|row| self.row(row).text());
        let line = rows.map(|text| text.trim().to_owned()).find(|text| !text.is_empty()).unwrap_or_default();
        line.chars().take(LONGEST_LINE).collect()
    }

    /// Lines of history from absolute number `first` on, and the number of the first one given.
    pub(crate) fn history_rows(&self, first: u64, count: usize) -> (u64, Vec<Row>) {
        let history = self.engine.history();
        let first = first.clamp(history.first(), history.end());
        let rows = history.lines(first, count).map(|line| {
            let mut builder = RowBuilder::default();
            for (text, look, link) in line.linked_pieces() {
                builder.link = link.map(|(id, url)| Link { number: id.number(), url: url.into() });
                let mut width_of = |text: &str, width| builder.push(text, width, style(look));
                for (cluster, width) in locald_term::clusters(text) {
                    width_of(cluster, width);
                }
            }
            builder.finish(false)
        });
        (first, rows.collect())
    }
}

/// Puts cells of one style, link and width together into runs.
#[derive(Default)]
struct RowBuilder {
    runs: Vec<Run>,
    /// The link that the next cells are part of.
    link: Option<Link>,
    /// Blank cells in the default style that have not been needed yet.
    blanks: usize,
}

impl RowBuilder {
    fn push(&mut self, text: &str, width: u8, style: Style) {
        let blank = text.is_empty() || text == " ";
        if blank && width == 1 && style == Style::default() && self.link.is_none() {
            self.blanks += 1;
            return;
        }
        for _ in 0..std::mem::take(&mut self.blanks) {
            self.append(" ", 1, Style::default(), None);
        }
        self.append(if blank { " " } else { text }, width, style, self.link.clone());
    }

    fn append(&mut self, text: &str, width: u8, style: Style, link: Option<Link>) {
        if text.chars().nth(1).is_some() {
            return self.runs.push(Run { style, cells: Cells::Cluster { width, text: text.to_owned() }, link });
        }
        let last = self.runs.last_mut().filter(|run| run.style == style && run.link == link);
        match (last.map(|run| &mut run.cells), width) {
            (Some(Cells::Narrow(run)), 1) | (Some(Cells::Wide(run)), 2) => run.push_str(text),
            (_, 2) => self.runs.push(Run { style, cells: Cells::Wide(text.to_owned()), link }),
            _ => self.runs.push(Run { style, cells: Cells::Narrow(text.to_owned()), link }),
        }
    }

    /// The blanks at the end of a wrapped row are part of what goes on in the next.
    fn finish(mut self, wrapped: bool) -> Row {
        let blanks = if wrapped { std::mem::take(&mut self.blanks) } else { 0 };
        for _ in 0..blanks {
            self.append(" ", 1, Style::default(), None);
        }
        Row { runs: self.runs, wrapped }
    }
}

fn style(style: locald_term::Style) -> Style {
    let attributes = [
        (Attributes::BOLD, Style::BOLD),
        (Attributes::DIM, Style::DIM),
        (Attributes::ITALIC, Style::ITALIC),
        (Attributes::UNDERLINE, Style::UNDERLINE),
        (Attributes::INVERSE, Style::INVERSE),
        (Attributes::STRIKETHROUGH, Style::STRIKETHROUGH),
        (Attributes::BLINK, Style::BLINK),
        (Attributes::HIDDEN, Style::HIDDEN),
    ];
    let on = attributes.iter().filter(|(attribute, _)| style.attributes.contains(*attribute));
    Style {
        foreground: color(style.foreground),
        background: color(style.background),
        attributes: on.map(|(_, bit)| bit).sum(),
        underline: underline(style.underline),
        underline_color: color(style.underline_color),
    }
}

fn underline(underline: locald_term::Underline) -> Underline {
    match underline {
        locald_term::Underline::Single => Underline::Single,
        locald_term::Underline::Double => Underline::Double,
        locald_term::Underline::Curly => Underline::Curly,
        locald_term::Underline::Dotted => Underline::Dotted,
        locald_term::Underline::Dashed => Underline::Dashed,
    }
}

fn color(color: locald_term::Color) -> Color {
    match color {
        locald_term::Color::Default => Color::Default,
        locald_term::Color::Indexed(index) => Color::Indexed(index),
        locald_term::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

fn shape(shape: locald_term::CursorShape) -> CursorShape {
    use locald_term::CursorShape as Term;
    match shape {
        Term::Default => CursorShape::Default,
        Term::BlinkingBlock => CursorShape::Block(true),
        Term::SteadyBlock => CursorShape::Block(false),
        Term::BlinkingUnderline => CursorShape::Underline(true),
        Term::SteadyUnderline => CursorShape::Underline(false),
        Term::BlinkingBar => CursorShape::Bar(true),
        Term::SteadyBar => CursorShape::Bar(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen_of(bytes: &str) -> Screen {
        let mut screen = Screen::new(10, 3);
        screen.engine_mut().feed(bytes.as_bytes());
        screen
    }

    #[test]
    fn cells_of_one_look_are_one_run_and_trailing_blanks_are_left_out() {
        let mut screen = screen_of("a \x1b[1mbc\x1b[m 日本");
        let (rows, _) = screen.changed_rows(0);
        let bold = Style { attributes: Style::BOLD, ..Style::default() };
        let expected = [
            Run::new(Style::default(), Cells::Narrow("a ".to_owned())),
            Run::new(bold, Cells::Narrow("bc".to_owned())),
            Run::new(Style::default(), Cells::Narrow(" ".to_owned())),
            Run::new(Style::default(), Cells::Wide("日本".to_owned())),
        ];
        assert_eq!(rows[0], (0, Row { runs: expected.into(), wrapped: false }));
        assert_eq!(rows[1].1, Row::default());
    }

    #[test]
    fn every_look_and_link_of_a_cell_travels() {
        let mut screen = screen_of(
            "\x1b[9;5;8;4:3;58:5:2mx\x1b[m\x1b]8;id=1;http://a/\x1b\\y \x1b]8;id=2;http://a/\x1b\\z\x1b]8;;\x1b\\!",
        );
        let (rows, _) = screen.changed_rows(0);
        let runs = &rows[0].1.runs;
        let look = Style {
            attributes: Style::STRIKETHROUGH | Style::BLINK | Style::HIDDEN | Style::UNDERLINE,
            underline: Underline::Curly,
            underline_color: Color::Indexed(2),
            ..Style::default()
        };
        assert_eq!(runs[0], Run::new(look, Cells::Narrow("x".to_owned())));
        let links: Vec<_> =
            runs.iter().map(|run| (run.cells.text(), run.link.as_ref().map(|link| &*link.url))).collect();
        assert_eq!(links, [("x", None), ("y ", Some("http://a/")), ("z", Some("http://a/")), ("!", None)]);
        let number = |run: &Run| run.link.as_ref().map(|link| link.number);
        assert_ne!(number(&runs[1]), number(&runs[2]), "they are two links to one place");
    }

    #[test]
    fn links_travel_out_of_the_history_too() {
        let screen = screen_of("a\x1b]8;;http://a/\x1b\\b\x1b]8;;\x1b\\c\r\n\n\n");
        let (_, rows) = screen.history_rows(0, 1);
        let links: Vec<_> =
            rows[0].runs.iter().map(|run| (run.cells.text(), run.link.as_ref().map(|link| &*link.url))).collect();
        assert_eq!(links, [("a", None), ("b", Some("http://a/")), ("c", None)]);
    }

    #[test]
    fn what_a_program_wants_of_mouse_focus_and_keyboard_travels() {
        let modes = |bytes: &str| screen_of(bytes).modes();
        assert!(modes("\x1b[?1000h").contains(Modes::MOUSE) && !modes("\x1b[?1000h").contains(Modes::MOUSE_DRAG));
        assert!(
            modes("\x1b[?1002h").contains(Modes::MOUSE_DRAG) && !modes("\x1b[?1002h").contains(Modes::MOUSE_MOTION)
        );
        assert!(modes("\x1b[?1003h").contains(Modes::MOUSE_MOTION));
        assert!(modes("\x1b[?1004h").contains(Modes::FOCUS));
        assert!(modes("\x1b[?1049h").takes_wheel() && !modes("\x1b[?1049h\x1b[?1007l").takes_wheel());
        assert_eq!(modes("\x1b[>5u").keyboard(), 5);
    }

    #[test]
    fn the_last_line_is_the_last_that_is_not_blank() {
        assert_eq!(screen_of("one\r\n  two  \r\n").last_line(), "two");
        assert_eq!(screen_of("").last_line(), "");
    }

    #[test]
    fn only_rows_that_changed_since_the_last_look_are_given() {
        let mut screen = screen_of("one\r\ntwo");
        let (_, seen) = screen.changed_rows(0);
        screen.engine_mut().feed(b"!");
        let (rows, _) = screen.changed_rows(seen);
        assert_eq!(
            rows.iter().map(|(number, row)| (*number, row.text())).collect::<Vec<_>>(),
            [(1, "two!".to_owned())]
        );
    }
}
