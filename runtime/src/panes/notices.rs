//! What a service says of itself on its notify socket (sd_notify(3)), as far as it matters here.

use std::time::Duration;

/// What the current run has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notices {
    /// It is up (`READY=1`).
    pub(crate) ready: bool,
    /// It is on its way out (`STOPPING=1`).
    pub(crate) stopping: bool,
    /// How it is, in its own words (`STATUS=`).
    pub(crate) status: Option<String>,
    /// It promises a sign of life within this time, each time (`WATCHDOG_USEC=`).
    pub(crate) watchdog: Option<Duration>,
    /// Signs of life so far (`WATCHDOG=1`).
    pub(crate) signs: u64,
    /// It is not well and says so (`WATCHDOG=trigger`).
    pub(crate) calls_for_help: bool,
}

impl Notices {
    /// Takes one more into account; says whether it means anything.
    pub(super) fn note(&mut self, key: &str, value: &str) -> bool {
        match (key, value) {
            ("READY", "1") => self.ready = true,
            ("STOPPING", "1") => self.stopping = true,
            ("STATUS", text) => self.status = Some(text.to_owned()).filter(|text| !text.is_empty()),
            ("WATCHDOG", "1") => {
                self.signs += 1;
                self.calls_for_help = false;
            }
            ("WATCHDOG", "trigger") => self.calls_for_help = true,
            ("WATCHDOG_USEC", number) => {
                let micros = number.parse().ok().filter(|micros| *micros > 0);
                self.watchdog = micros.map(Duration::from_micros);
            }
            _ => return false,
        }
        true
    }

    /// What of it is to be shown.
    pub(crate) fn shown(&self) -> Option<String> {
        match (&self.status, self.stopping) {
            (Some(status), _) => Some(status.clone()),
            (None, true) => Some("it says that it is stopping".to_owned()),
            (None, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_kept_and_the_rest_means_nothing() {
        let mut notices = Notices::default();
        let said = [
            ("READY", "1"),
            ("STATUS", "warm"),
            ("WATCHDOG_USEC", "1500000"),
            ("WATCHDOG", "1"),
            ("WATCHDOG", "1"),
            ("STOPPING", "1"),
        ];
        assert!(said.into_iter().all(|(key, value)| notices.note(key, value)));
        let expected = Notices {
            ready: true,
            stopping: true,
            status: Some("warm".to_owned()),
            watchdog: Some(Duration::from_millis(1500)),
            signs: 2,
            calls_for_help: false,
        };
        assert_eq!(notices, expected);
        assert!(!notices.note("READY", "0") && !notices.note("ERRNO", "2") && !notices.note("RELOADING", "1"));
        assert!(notices.note("WATCHDOG_USEC", "much") && notices.watchdog.is_none());
        assert!(notices.note("STATUS", "") && notices.status.is_none());
        assert_eq!(notices.shown().as_deref(), Some("it says that it is stopping"));
    }
}
