//! The daemon's own log: one file of bounded size and the one before it, readable by the user alone.
//!
//! It tells what was done and why, at level `info`; `LOCALD_LOG` asks for more. Environments, configurations and output never go in.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use locald_keeper::Home;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

const MAX_SIZE: u64 = 4 << 20;

/// Where the log is.
pub(crate) fn path(home: &Home) -> PathBuf {
    home.state_dir().join("daemon.log")
}

/// Begins to log.
pub(crate) fn start(home: &Home) -> io::Result<()> {
    let filter = EnvFilter::try_from_env("LOCALD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = RotatedLog { path: path(home), open: Mutex::new(None) };
    log.write(b"")?;
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log).try_init();
    Ok(())
}

/// A file that is moved aside when it has grown large.
struct RotatedLog {
    path: PathBuf,
    open: Mutex<Option<(File, u64)>>,
}

impl RotatedLog {
    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let full = guard.as_ref().is_some_and(|(_, size)| *size >= MAX_SIZE);
        if full {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            *guard = None;
        }
        let (file, size) = match &mut *guard {
            Some(open) => open,
            none => none.insert(open(&self.path)?),
        };
        file.write_all(line)?;
        *size += line.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

impl<'a> MakeWriter<'a> for RotatedLog {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine(self)
    }
}

struct LogLine<'a>(&'a RotatedLog);

impl Write for LogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A log that cannot be written must not stop what it tells of.
        let _ = self.0.write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_has_grown_large_is_moved_aside_and_begun_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let log = RotatedLog { path: scratch.path().join("daemon.log"), open: Mutex::new(None) };
        let line = vec![b'x'; 1 << 20];
        for _ in 0..5 {
            log.write(&line).unwrap();
        }
        let size = |name: &str| std::fs::metadata(scratch.path().join(name)).unwrap().len();
        assert_eq!((size("daemon.log.1"), size("daemon.log")), (MAX_SIZE, 1 << 20));
    }
}
