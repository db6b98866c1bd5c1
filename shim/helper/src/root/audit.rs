//! The record of what was done as root: a line for each act, in the system's log where one listens, else in a file of root's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;

/// Where the system's log listens (syslog(3)): journald, or a syslog daemon.
const SYSTEM_LOG: &str = "/dev/log";
/// The file where nothing listens, such as in a container.
pub const AUDIT_LOG: &str = "/var/log/locald-helper.log";
/// Facility `authpriv` (10), severity `notice` (5), as RFC 3164 §4.1.1 makes one number of them.
const PRIORITY: u8 = 10 * 8 + 5;
/// How long a log that does not listen is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest line, in octets (RFC 3164 §4.1).
const MAX_LINE: usize = 900;

/// Where lines go.
pub(super) enum Audit {
    System(UnixDatagram),
    File(File),
}

impl Audit {
    pub(super) fn open() -> io::Result<Self> {
        let system = UnixDatagram::unbound().and_then(|socket| {
            socket.connect(SYSTEM_LOG)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Ok(socket)
        });
        if let Ok(socket) = system {
            return Ok(Self::System(socket));
        }
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(AUDIT_LOG)?;
        let found = file.metadata()?;
        if !found.is_file() || found.uid() != 0 || found.permissions().mode() & 0o022 != 0 {
            return Err(io::Error::other(format!("{AUDIT_LOG} is not a file of root's alone")));
        }
        Ok(Self::File(file))
    }

    /// Writes a line.
    pub(super) fn record(&self, text: &str) -> io::Result<()> {
        let text: String = text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect();
        let pid = std::process::id();
        let mut line = match self {
            Self::System(_) => format!("<{PRIORITY}>locald-helper[{pid}]: {text}"),
            Self::File(_) => format!("{} locald-helper[{pid}]: {text}", utc(SystemTime::now())),
        };
        let mut end = line.len().min(MAX_LINE);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        match self {
            Self::System(socket) => socket.send(line.as_bytes()).map(drop),
            Self::File(file) => {
                line.push('\n');
                (&*file).write_all(line.as_bytes())
            }
        }
    }
}

impl std::fmt::Display for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System(_) => write!(f, "the system's log ({SYSTEM_LOG})"),
            Self::File(_) => f.write_str(AUDIT_LOG),
        }
    }
}

/// A time as RFC 3339 writes it, in UTC.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years from March, in eras of 400 years, which all have 146097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + later;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        let at = |seconds| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn a_line_stays_one_line() {
        let mut file = tempfile::tempfile().unwrap();
        let audit = Audit::File(file.try_clone().unwrap());
        audit.record("a\nb\x1b[2J").unwrap();
        audit.record(&"é".repeat(2000)).unwrap();
        let mut text = String::new();
        io::Seek::rewind(&mut file).unwrap();
        io::Read::read_to_string(&mut file, &mut text).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().next().unwrap().ends_with(": a b [2J"));
    }
}
