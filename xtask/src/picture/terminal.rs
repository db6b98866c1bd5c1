//! A terminal with the workspace on it, for the picture.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Terminal {
    parser: Arc<Mutex<vt100::Parser>>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Kept open as long as the program runs.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts `locald` in `project`, with a home of its own.
    pub(crate) fn open(locald: &Path, home: &Path, project: &Path, columns: u16, rows: u16) -> Result<Self> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(locald);
        command.cwd(project);
        command.env("LOCALD_HOME", home);
        command.env("LOCALD_HTTP_PORT", "0");
        command.env("LOCALD_HTTPS_PORT", "0");
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let (Ok(parser_rows), Ok(parser_columns)) = (rows.try_into(), columns.try_into()) else {
            bail!("a terminal has at least one cell");
        };
        let parser = Arc::new(Mutex::new(vt100::Parser::new(parser_rows, parser_columns, 0)));
        let mut reader = pair.master.try_clone_reader()?;
        let shown = parser.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                shown.lock().unwrap_or_else(PoisonError::into_inner).process(&buffer[..count]);
            }
        });
        let writer = pair.master.take_writer()?;
        Ok(Self { parser, writer, child, _master: pair.master })
    }

    pub(crate) fn screen(&self) -> vt100::Screen {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner).screen().clone()
    }

    pub(crate) fn wait_for(&self, text: &str) -> Result<()> {
        let begun = Instant::now();
        while !self.screen().contents().contains(text) {
            if begun.elapsed() > PATIENCE {
                bail!("the screen never showed {text:?}, but:\n{}", self.screen().contents());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub(crate) fn type_keys(&mut self, keys: &str) -> Result<()> {
        self.writer.write_all(keys.as_bytes())?;
        Ok(self.writer.flush()?)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has been asked to detach; one that does not is not worth waiting for.
        thread::sleep(Duration::from_millis(200));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
