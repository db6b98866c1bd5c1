//! Output on its way to an emulator, gathered into large pieces: what comes and scrolls off again within one piece costs the
//! emulator little, as nobody could have seen it.

use locald_keeper::Stream;

use super::Screen;

/// Output that the emulator has not been fed yet.
#[derive(Default)]
pub(super) struct Gathered(Vec<u8>);

impl Gathered {
    /// Adds output. Without a terminal in between, a newline alone must also return to the first column.
    pub(super) fn add(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Tty {
            return self.0.extend_from_slice(bytes);
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    self.0.extend_from_slice(line);
                    self.0.extend_from_slice(b"\r\n");
                }
                None => self.0.extend_from_slice(line),
            }
        }
    }

    /// Feeds what was gathered, which is drawn once somebody looks. Due before anything else happens to the screen, and before
    /// anybody looks at it.
    pub(super) fn feed(&mut self, screen: &mut Screen) {
        if !self.0.is_empty() {
            screen.engine_mut().take_in(&self.0);
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_from_pipes_begin_in_the_first_column_wherever_they_are_cut() {
        let mut gathered = Gathered::default();
        for (stream, bytes) in [
            (Stream::Stdout, &b"one\ntw"[..]),
            (Stream::Stderr, b"o\n"),
            (Stream::Stdout, b"\n"),
            (Stream::Tty, b"raw\n"),
        ] {
            gathered.add(stream, bytes);
        }
        assert_eq!(gathered.0, b"one\r\ntwo\r\n\r\nraw\n");
    }

    #[test]
    fn what_was_fed_is_not_fed_again() {
        let (mut gathered, mut screen) = (Gathered::default(), Screen::new(10, 2));
        gathered.add(Stream::Tty, b"x");
        gathered.feed(&mut screen);
        gathered.feed(&mut screen);
        screen.engine_mut().settle();
        assert_eq!(screen.cursor().column, 1);
    }
}
