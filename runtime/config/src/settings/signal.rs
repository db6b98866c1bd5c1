//! `stop_signal`: the signal that asks a service to end, by name or by number.
//!
//! Numbers differ between systems and, on Linux, between a few processors; the tables say which ones we know.

use std::fmt;
use std::str::FromStr;

use crate::fault::{Invalid, quoted};
use crate::nearest::nearest;

/// Signals 1 to 31 in order, without their `SIG`.
#[cfg(not(target_os = "macos"))]
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// Signals 1 to 31 in order, without their `SIG`.
#[cfg(target_os = "macos")]
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM",
    "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO",
    "USR1", "USR2",
];

#[cfg(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"))]
compile_error!("this processor numbers its signals differently");

/// One of the signals 1 to 31 of this system; `SIGTERM` where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StopSignal(u8);

impl StopSignal {
    /// What `kill` is given.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// The name without `SIG`, such as `TERM`.
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0) - 1]
    }

    /// The signal for a bare number in the file.
    pub(crate) fn from_number(number: i64) -> Result<Self, Invalid> {
        let known = u8::try_from(number).ok().filter(|number| (1..=31).contains(number));
        known.map(Self).ok_or_else(|| Invalid::new(format!("`{number}` is not a signal"), "must be from 1 to 31"))
    }

    fn from_bare_name(name: &str) -> Option<Self> {
        let index = NAMES.iter().position(|known| *known == name)?;
        u8::try_from(index + 1).ok().map(Self)
    }
}

impl Default for StopSignal {
    fn default() -> Self {
        Self(15) // SIGTERM, on every system
    }
}

impl FromStr for StopSignal {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Some(signal) = Self::from_bare_name(bare) {
            return Ok(signal);
        }
        let invalid = Invalid::new(format!("{} is not a signal", quoted(text)), "unknown signal");
        Err(match nearest(bare, NAMES) {
            Some(name) => invalid.with_help(format!("did you mean `SIG{name}`?")),
            None => invalid.with_help("common ones: `SIGTERM`, `SIGINT`, `SIGQUIT`, `SIGHUP` and `SIGKILL`"),
        })
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::Signal;

    use super::*;

    #[test]
    fn a_signal_is_known_by_name_in_any_case_and_by_number() {
        for text in ["SIGTERM", "TERM", "term", "sigterm"] {
            assert_eq!(text.parse::<StopSignal>().unwrap(), StopSignal::default(), "{text}");
        }
        assert_eq!(StopSignal::from_number(2).unwrap().to_string(), "SIGINT");
        for number in [0, 32, -1, i64::MAX, i64::MIN, 256 + 15] {
            assert!(StopSignal::from_number(number).is_err(), "{number}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_this_system() {
        for (name, signal) in [
            ("HUP", Signal::HUP),
            ("INT", Signal::INT),
            ("QUIT", Signal::QUIT),
            ("KILL", Signal::KILL),
            ("BUS", Signal::BUS),
            ("SYS", Signal::SYS),
            ("USR1", Signal::USR1),
            ("USR2", Signal::USR2),
            ("CHLD", Signal::CHILD),
            ("CONT", Signal::CONT),
            ("STOP", Signal::STOP),
            ("TSTP", Signal::TSTP),
            ("URG", Signal::URG),
            ("IO", Signal::IO),
            ("WINCH", Signal::WINCH),
            ("PIPE", Signal::PIPE),
        ] {
            assert_eq!(name.parse::<StopSignal>().unwrap().number(), signal.as_raw(), "{name}");
        }
    }

    #[test]
    fn a_mistyped_signal_is_answered_with_the_nearest() {
        let help = |text: &str| text.parse::<StopSignal>().unwrap_err().help.unwrap();
        assert_eq!(help("SIGTREM"), "did you mean `SIGTERM`?");
        assert_eq!(help("SIGINTT"), "did you mean `SIGINT`?");
        assert!(help("gracefully").starts_with("common ones"));
        assert!("SIG".parse::<StopSignal>().is_err());
    }
}
