//! A terminal with a program in it, driven by keys and read as text: how the workspace is tested.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use crate::home::TestHome;
use crate::wait;

/// A program on a terminal of its own.
pub(crate) struct Screen {
    parser: Arc<Mutex<vt100::Parser>>,
    /// Everything the program has written.
    written: Arc<Mutex<Vec<u8>>>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Screen {
    /// Runs `locald` with these arguments on a terminal of this size.
    pub(crate) fn open(home: &TestHome, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(TestHome::executable());
        command.args(arguments);
        command.cwd(home.project());
        command.env("LOCALD_HOME", home.path());
        command.env("LOCALD_HTTP_PORT", "0");
        command.env("LOCALD_HTTPS_PORT", "0");
        command.env("TERM", "xterm-256color");
        command.env("TZ", "UTC");
        for (name, value) in home.environment() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            }
        }
        Self::run(command, columns, rows)
    }

    /// Runs any program on a terminal of this size.
    pub(crate) fn run(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let child = pair.slave.spawn_command(command).expect("a program on the terminal");
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(new_parser(columns, rows)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let reader = pair.master.try_clone_reader().expect("the terminal can be read");
        let writer = pair.master.take_writer().expect("the terminal can be written");
        let (shown, kept) = (parser.clone(), written.clone());
        thread::spawn(move || show(reader, &shown, &kept));
        Self { parser, written, master: pair.master, writer, child }
    }

    /// The screen's text, row by row, without blanks at their ends.
    pub(crate) fn text(&self) -> String {
        let parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, columns) = parser.screen().size();
        parser.screen().rows(0, columns.into()).map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    /// The cursor's column and row, counted from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        let parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        let (row, column) = parser.screen().cursor_position();
        (column, row)
    }

    /// Waits until the screen shows `text` somewhere.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_for_within(wait::PATIENCE, text);
    }

    /// As [`Self::wait_for`], for something that must be shown within `limit`.
    pub(crate) fn wait_for_within(&self, limit: Duration, text: &str) {
        let shown = |screen: &Self| screen.text().contains(text).then_some(());
        let search = std::panic::AssertUnwindSafe(|| wait::until_within(limit, text, || shown(self)));
        let found = std::panic::catch_unwind(search).is_ok();
        assert!(found, "the screen never showed {text:?}, but:\n{}", self.text());
    }

    /// Waits until the screen no longer shows `text`.
    pub(crate) fn wait_until_gone(&self, text: &str) {
        wait::until(&format!("{text:?} is gone from the screen"), || (!self.text().contains(text)).then_some(()));
    }

    /// Types these bytes.
    pub(crate) fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let mut parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        self.master.resize(size).expect("the terminal changes its size");
        let (rows, columns) = (rows.try_into().expect("rows"), columns.try_into().expect("columns"));
        parser.set_size(rows, columns);
    }

    /// Everything the program has written so far.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> i32 {
        self.child.process_id().expect("a process").cast_signed()
    }

    /// Waits until the program has ended.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait::until("the program on the terminal ends", || child.try_wait().expect("a child"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn new_parser(columns: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(rows.try_into().expect("rows"), columns.try_into().expect("columns"), 0)
}

fn show(mut reader: Box<dyn Read + Send>, parser: &Mutex<vt100::Parser>, written: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        // What is seen on the screen must be found in what was written.
        written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
        parser.lock().unwrap_or_else(PoisonError::into_inner).process(&buffer[..count]);
    }
}
