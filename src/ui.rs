//! Where commands write: data to one stream, everything said about it to the other.

use std::io::{self, BufWriter, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

use crate::paint::Paint;

/// The two streams and what is known of them. Tests put buffers in their place.
pub(crate) struct Ui {
    data: Box<dyn Write>,
    status: Box<dyn Write>,
    /// Colours for standard output.
    pub(crate) data_paint: Paint,
    /// Colours for standard error.
    pub(crate) status_paint: Paint,
    /// Standard output's columns; `None` where nobody looks, so that nothing is cut.
    pub(crate) data_columns: Option<usize>,
    /// Standard error as a screen on which lines can be painted over.
    pub(crate) status_screen: Option<Screen>,
}

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Its columns.
    pub(crate) columns: usize,
    /// Its rows.
    pub(crate) rows: usize,
}

impl Ui {
    /// The process's own streams.
    pub(crate) fn of_process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let may_colour = !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let prints_links = std::env::var_os("TERM").is_some_and(|term| term == "linux");
        let paint = |is_terminal| {
            let paint = Paint::new(may_colour && is_terminal);
            if prints_links { paint.without_links() } else { paint }
        };
        let data_screen = screen(&stdout);
        let status_screen = screen(&stderr);
        Self {
            data_paint: paint(stdout.is_terminal()),
            status_paint: paint(stderr.is_terminal()),
            data_columns: data_screen.map(|screen| screen.columns),
            status_screen: status_screen.filter(|_| std::env::var_os("TERM").is_some_and(|term| term != "dumb")),
            data: Box::new(BufWriter::new(stdout)),
            status: Box::new(Forgiving(stderr)),
        }
    }

    /// What was asked for.
    pub(crate) fn data(&mut self) -> &mut dyn Write {
        &mut *self.data
    }

    /// What is said about it. Data written before comes out before. Of the process's own stream every write succeeds.
    pub(crate) fn status(&mut self) -> &mut dyn Write {
        // A failure here comes back at the next write of data or at the last flush.
        let _ = self.data.flush();
        &mut *self.status
    }

    /// Brings out all data.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// A remark that is neither data nor an error.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        let text = self.status_paint.dim(text);
        writeln!(self.status(), "{text}")
    }

    /// Something that is wrong although the command did its work.
    pub(crate) fn warn(&mut self, text: &str) -> io::Result<()> {
        let label = self.status_paint.yellow_bold("warning:");
        writeln!(self.status(), "{label} {}", crate::paint::plain(text))
    }

    /// `value` as data: JSON on one line.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.data, value)?;
        self.data.write_all(b"\n")
    }
}

/// Loses what cannot be written. A remark that nobody gets must neither end a command nor become its outcome.
struct Forgiving<W>(W);

impl<W: Write> Write for Forgiving<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The whole of it or nothing, here: the caller must not try again what is lost.
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// A variable that is there and not empty, as <https://no-color.org> defines it.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn screen(stream: &(impl IsTerminal + std::os::fd::AsFd)) -> Option<Screen> {
    if !stream.is_terminal() {
        return None;
    }
    let size = tcgetwinsize(stream).ok()?;
    // Serial lines and some emulators say 0: they do not know.
    let known = |cells: u16, usual| if cells == 0 { usual } else { usize::from(cells) };
    Some(Screen { columns: known(size.ws_col, 80), rows: known(size.ws_row, 24) })
}

#[cfg(test)]
pub(crate) mod fake {
    //! A [`Ui`] that remembers what was written.

    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// What a test reads back.
    #[derive(Clone, Default)]
    pub(crate) struct Written {
        data: Rc<RefCell<Vec<u8>>>,
        status: Rc<RefCell<Vec<u8>>>,
    }

    struct Buffer(Rc<RefCell<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        pub(crate) fn data(&self) -> String {
            String::from_utf8_lossy(&self.data.borrow()).into_owned()
        }

        pub(crate) fn status(&self) -> String {
            String::from_utf8_lossy(&self.status.borrow()).into_owned()
        }
    }

    /// Neither colours nor terminals.
    pub(crate) fn ui() -> (Ui, Written) {
        let written = Written::default();
        let ui = Ui {
            data: Box::new(Buffer(written.data.clone())),
            status: Box::new(Buffer(written.status.clone())),
            data_paint: Paint::new(false),
            status_paint: Paint::new(false),
            data_columns: None,
            status_screen: None,
        };
        (ui, written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn only_data_that_nobody_reads_ends_a_command() {
        let (mut ui, _) = fake::ui();
        (ui.data, ui.status) = (Box::new(Closed), Box::new(Forgiving(Closed)));
        ui.warn("the disk is full").unwrap();
        ui.note("nothing was running").unwrap();
        ui.status().flush().unwrap();
        assert_eq!(ui.data().write_all(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
