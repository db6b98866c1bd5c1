//! `stop_timeout`: how long a service may take to end after its stop signal, written `10s`, `500ms`, `1m` or as seconds.

use std::str::FromStr;
use std::time::Duration;

use crate::fault::{Invalid, quoted};

const MAX: Duration = Duration::from_hours(1);
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// At most an hour; ten seconds where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopTimeout(Duration);

impl StopTimeout {
    /// The time itself.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// The time for a bare number in the file.
    pub(crate) fn from_seconds(seconds: i64) -> Result<Self, Invalid> {
        let text = seconds.to_string();
        let seconds = u64::try_from(seconds).map_err(|_| invalid(&text, "must not be negative"))?;
        Self::checked(Duration::from_secs(seconds), &text)
    }

    fn checked(duration: Duration, text: &str) -> Result<Self, Invalid> {
        if duration > MAX { Err(invalid(text, "at most an hour")) } else { Ok(Self(duration)) }
    }
}

impl Default for StopTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

impl FromStr for StopTimeout {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = |label| invalid(text, label).with_help("write it like `10s`, `500ms` or `1m`");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(wrong("expected a whole number and a unit"));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let label = if unit.is_empty() { "has no unit" } else { "has no such unit" };
            return Err(wrong(label));
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*scale)).unwrap_or(u64::MAX);
        Self::checked(Duration::from_millis(millis), text)
    }
}

fn invalid(text: &str, label: &str) -> Invalid {
    Invalid::new(format!("{} is not a stop timeout", quoted(text)), label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_time() {
        for (text, millis) in [("10s", 10_000), ("500ms", 500), ("1m", 60_000), ("1h", 3_600_000), ("0s", 0)] {
            assert_eq!(text.parse::<StopTimeout>().unwrap().duration(), Duration::from_millis(millis), "{text}");
        }
        assert_eq!(StopTimeout::from_seconds(7).unwrap().duration(), Duration::from_secs(7));
    }

    #[test]
    fn more_than_an_hour_is_refused() {
        for bad in ["61m", "2h", "99999999999999999999999s", "18446744073709551615h"] {
            assert_eq!(bad.parse::<StopTimeout>().unwrap_err().label, "at most an hour", "{bad}");
        }
        assert!(StopTimeout::from_seconds(3601).is_err());
        assert!(StopTimeout::from_seconds(i64::MAX).is_err());
    }

    #[test]
    fn what_is_not_a_number_and_a_unit_is_refused() {
        for bad in ["", "s", "10", "10 s", "10sec", "1.5s", "-1s", "+1s", "١s"] {
            assert!(bad.parse::<StopTimeout>().is_err(), "{bad}");
        }
        assert!(StopTimeout::from_seconds(-1).is_err());
    }
}
