//! When a pane is looked at again that prints more than anybody can read. Looked at less often, it costs less for each byte; what
//! clients see of it is no other, as they get a frame in 16 ms at most.

use std::time::{Duration, Instant};

/// How long what is printed is added up.
const WINDOW: Duration = Duration::from_millis(16);
/// More than this within a window is a flood. A program that draws its whole screen anew prints less.
const FLOOD: usize = 32 * 1024;
/// How long a flood is left alone. A terminal delivers some tens of kilobytes in this time, and a journal holds far more.
const REST: Duration = Duration::from_millis(2);

/// What one pane has printed lately.
#[derive(Debug, Default)]
pub(super) struct Flood {
    window: Option<Instant>,
    bytes: usize,
    rests_until: Option<Instant>,
}

impl Flood {
    /// Notes that so much was taken from the pane.
    pub(super) fn note(&mut self, bytes: usize, now: Instant) {
        if self.window.is_none_or(|began| now.duration_since(began) >= WINDOW) {
            (self.window, self.bytes) = (Some(now), 0);
        }
        self.bytes += bytes;
        self.rests_until = (self.bytes > FLOOD).then(|| now + REST);
    }

    /// Until when the pane is left alone, if it is now.
    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.rests_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_rests_only_while_it_floods() {
        let (mut flood, t0) = (Flood::default(), Instant::now());
        let at = |millis| t0 + Duration::from_millis(millis);
        flood.note(8 * 1024, at(0));
        assert_eq!(flood.rests_until(at(0)), None, "a screen drawn anew is shown at once");
        flood.note(30 * 1024, at(1));
        assert_eq!(flood.rests_until(at(1)), Some(at(3)));
        assert_eq!(flood.rests_until(at(3)), None);
        flood.note(4 * 1024, at(20));
        assert_eq!(flood.rests_until(at(20)), None, "what was printed long ago does not count");
    }
}
