//! A pane's emulator, and its rows in the form in which they travel to clients.

use locald_api::frame::{Cells, Color, Cursor, CursorShape, Modes, Row, Run, Style};
use locald_term::{Engine, MouseMode, Size, VtEngine};

/// The size of a screen that nobody has looked at yet.
pub(crate) const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// The emulator of one pane.
pub(crate) struct Screen {
    engine: Box<dyn Engine>,
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        Self { engine: Box::new(VtEngine::new(Size::new(rows, columns))) }
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
    }

    /// The visible rows that changed after version `seen` of the emulator, and its version now.
    pub(crate) fn changed_rows(&mut self, seen: u64) -> (Vec<(u16, Row)>, u64) {
        let version = self.engine.refresh();
        let rows = (0..self.engine.size().rows()).filter(|&row| self.engine.row_version(row) > seen);
        (rows.map(|row| (row, self.row(row))).collect(), version)
    }

    fn row(&self, number: u16) -> Row {
        let mut builder = RowBuilder::default();
        self.engine.row(number, &mut |cell| builder.push(cell.text, cell.width, style(cell.style)));
        builder.finish()
    }

    /// Lines of history from absolute number `first` on, and the number of the first one given.
    pub(crate) fn history_rows(&self, first: u64, count: usize) -> (u64, Vec<Row>) {
        let history = self.engine.history();
        let first = first.clamp(history.first(), history.end());
        let rows = history.lines(first, count).map(|line| {
            let mut builder = RowBuilder::default();
            for (text, look) in line.pieces() {
                let mut width_of = |text: &str, width| builder.push(text, width, style(look));
                for (cluster, width) in locald_term::clusters(text) {
                    width_of(cluster, width);
                }
            }
            builder.finish()
        });
        (first, rows.collect())
    }
}

/// Puts cells of one style and width together into runs.
#[derive(Default)]
struct RowBuilder {
    runs: Vec<Run>,
    /// Blank cells in the default style that have not been needed yet.
    blanks: usize,
}

impl RowBuilder {
    fn push(&mut self, text: &str, width: u8, style: Style) {
        let blank = text.is_empty() || text == " ";
        if blank && width == 1 && style == Style::default() {
            self.blanks += 1;
            return;
        }
        for _ in 0..std::mem::take(&mut self.blanks) {
            self.append(" ", 1, Style::default());
        }
        self.append(if blank { " " } else { text }, width, style);
    }

    fn append(&mut self, text: &str, width: u8, style: Style) {
        if text.chars().nth(1).is_some() {
            return self.runs.push(Run { style, cells: Cells::Cluster { width, text: text.to_owned() } });
        }
        match (self.runs.last_mut(), width) {
            (Some(Run { style: last, cells: Cells::Narrow(run) }), 1) if *last == style => run.push_str(text),
            (Some(Run { style: last, cells: Cells::Wide(run) }), 2) if *last == style => run.push_str(text),
            (_, 2) => self.runs.push(Run { style, cells: Cells::Wide(text.to_owned()) }),
            _ => self.runs.push(Run { style, cells: Cells::Narrow(text.to_owned()) }),
        }
    }

    fn finish(self) -> Row {
        Row { runs: self.runs }
    }
}

fn style(style: locald_term::Style) -> Style {
    let attributes = [
        (style.bold(), Style::BOLD),
        (style.dim(), Style::DIM),
        (style.italic(), Style::ITALIC),
        (style.underline(), Style::UNDERLINE),
        (style.inverse(), Style::INVERSE),
    ];
    let attributes = attributes.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum();
    Style { foreground: color(style.foreground), background: color(style.background), attributes }
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
            Run { style: Style::default(), cells: Cells::Narrow("a ".to_owned()) },
            Run { style: bold, cells: Cells::Narrow("bc".to_owned()) },
            Run { style: Style::default(), cells: Cells::Narrow(" ".to_owned()) },
            Run { style: Style::default(), cells: Cells::Wide("日本".to_owned()) },
        ];
        assert_eq!(rows[0], (0, Row { runs: expected.into() }));
        assert_eq!(rows[1].1, Row::default());
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
