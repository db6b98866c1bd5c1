//! Writes cells for the outer terminal: as `ratatui` does it, with the extras around them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Modifier;

use crate::extras::Extras;
use crate::layout;

/// A backend that knows the extras of the painting it writes.
pub(crate) struct ExtrasBackend<W: Write> {
    plain: CrosstermBackend<W>,
    extras: Rc<RefCell<Extras>>,
}

impl<W: Write> ExtrasBackend<W> {
    pub(crate) fn new(writer: W, extras: Rc<RefCell<Extras>>) -> Self {
        Self { plain: CrosstermBackend::new(writer), extras }
    }
}

impl<W: Write> Backend for ExtrasBackend<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let mut content = content.peekable();
        while let Some((_, _, first)) = content.peek() {
            let number = Extras::number(first);
            let run = std::iter::from_fn(|| content.next_if(|(_, _, cell)| Extras::number(cell) == number));
            if number == 0 {
                self.plain.draw(run)?;
                continue;
            }
            let extras = self.extras.borrow();
            // The plain backend would underline anew, and plainly.
            let drop = if extras.underlines(number) { Modifier::UNDERLINED } else { Modifier::empty() };
            let bare = |cell: &Cell| {
                let mut bare = cell.clone();
                bare.modifier = Modifier::from_bits_truncate(cell.modifier.bits()) - drop;
                bare
            };
            let cells: Vec<(u16, u16, Cell)> = run.map(|(x, y, cell)| (x, y, bare(cell))).collect();
            extras.open(number, &mut self.plain)?;
            self.plain.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
            extras.close(number, &mut self.plain)?;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.plain.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.plain.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.plain.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.plain.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.plain.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.plain.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.plain.size().map(layout::painted)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.plain.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.plain)
    }
}

#[cfg(test)]
mod tests {
    use locald_api::Underline;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

    #[test]
    fn what_surrounds_an_extra_is_written_as_ever() {
        let mut extras = Extras::new(true);
        let mut buffer = Buffer::with_lines(["ab cd"]);
        extras.link("http://a/", Rect::new(0, 0, 2, 1), &mut buffer);
        let curly = extras.mark(None, Underline::Curly);
        for x in [3, 4] {
            let style = Style::new().underline_color(Color::Indexed(1)).add_modifier(Modifier::UNDERLINED);
            buffer[(x, 0)].set_style(style).modifier.insert(curly);
        }
        let (mut out, extras) = (Vec::new(), Rc::new(RefCell::new(extras)));
        let blank = Buffer::with_lines(["..   "]);
        let mut backend = ExtrasBackend::new(&mut out, extras);
        backend.draw(blank.diff(&buffer).into_iter()).unwrap();
        let reset = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
        let link = format!("\x1b]8;id=1;http://a/\x1b\\\x1b[1;1Hab{reset}\x1b]8;;\x1b\\");
        let curly = format!("\x1b[4m\x1b[4:3m\x1b[1;4H\x1b[58;5;1mcd{reset}");
        assert_eq!(String::from_utf8(out).unwrap(), link + &curly);
    }

    #[test]
    fn of_a_full_screen_in_which_one_cell_changed_only_that_is_written() {
        let full = vec!["a line from edge to edge".repeat(8); 50];
        let (before, mut after) = (Buffer::with_lines(full.clone()), Buffer::with_lines(full));
        after[(70, 20)].set_char('!');
        let written = |from: &Buffer, to: &Buffer| {
            let mut out = Vec::new();
            let extras = Rc::new(RefCell::new(Extras::new(true)));
            ExtrasBackend::new(&mut out, extras).draw(from.diff(to).into_iter()).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(&before, &before), "");
        let reset = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
        assert_eq!(written(&before, &after), format!("\x1b[21;71H!{reset}"));
    }
}
