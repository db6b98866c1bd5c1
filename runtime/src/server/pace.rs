//! When the next frame of a pane may go to a client: not before the last was acknowledged, not too soon after it, and not while
//! the program is in the middle of drawing.

use tokio::time::{Duration, Instant};

/// The shortest time between two frames of the pane that has the focus: one frame of a screen at 60 Hz.
const FOCUSED: Duration = Duration::from_millis(16);
/// The same for other visible panes.
const VISIBLE: Duration = Duration::from_millis(33);
/// How long a program may ask for its drawing not to be shown (DECSET 2026).
const LONGEST_HOLD: Duration = Duration::from_millis(150);

/// The pace of one pane for one client.
#[derive(Debug)]
pub(super) struct Pace {
    sequence: u64,
    /// The frame that the client has not acknowledged yet.
    unacknowledged: Option<u64>,
    due: Instant,
    /// Since when the program has been in the middle of drawing each time that was looked at.
    held_since: Option<Instant>,
}

/// Whether a frame may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    At(Instant),
    /// Once the client has acknowledged the last.
    Acknowledged,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { sequence: 0, unacknowledged: None, due: now, held_since: None }
    }

    /// Whether a frame may be made, as far as the client is concerned.
    pub(super) fn turn(&self, now: Instant) -> Turn {
        match self.unacknowledged {
            Some(_) => Turn::Acknowledged,
            None if self.due > now => Turn::At(self.due),
            None => Turn::Now,
        }
    }

    /// Whether it may be made as far as the program is concerned, which is in the middle of drawing or is not.
    pub(super) fn hold(&mut self, drawing: bool, now: Instant) -> Turn {
        if !drawing {
            self.held_since = None;
            return Turn::Now;
        }
        let end = *self.held_since.get_or_insert(now) + LONGEST_HOLD;
        if now < end { Turn::At(end) } else { Turn::Now }
    }

    /// A frame is made; gives its number.
    pub(super) fn sent(&mut self, focused: bool, now: Instant) -> u64 {
        self.sequence += 1;
        self.unacknowledged = Some(self.sequence);
        self.due = now + if focused { FOCUSED } else { VISIBLE };
        self.sequence
    }

    /// The client has painted a frame.
    pub(super) fn acknowledge(&mut self, sequence: u64) {
        self.unacknowledged.take_if(|waiting| *waiting <= sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_change_goes_at_once_and_the_next_when_acknowledged_and_due() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.turn(start), Turn::Now);
        assert_eq!(pace.sent(true, start), 1);
        assert_eq!(pace.turn(start + 1000 * MS), Turn::Acknowledged);
        pace.acknowledge(0);
        assert_eq!(pace.turn(start + 1000 * MS), Turn::Acknowledged, "an older frame is not this one");
        pace.acknowledge(1);
        assert_eq!(pace.turn(start + MS), Turn::At(start + FOCUSED));
        assert_eq!(pace.turn(start + FOCUSED), Turn::Now);
    }

    #[test]
    fn a_pane_without_the_focus_has_half_the_frames() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.sent(false, start);
        pace.acknowledge(1);
        assert_eq!(pace.turn(start + FOCUSED), Turn::At(start + VISIBLE));
    }

    #[test]
    fn a_program_that_draws_is_waited_for_but_not_for_ever() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let end = start + LONGEST_HOLD;
        assert_eq!(pace.hold(true, start), Turn::At(end));
        assert_eq!(pace.hold(true, start + 100 * MS), Turn::At(end));
        assert_eq!(pace.hold(false, start + 120 * MS), Turn::Now);
        let again = start + 130 * MS;
        assert_eq!(pace.hold(true, again), Turn::At(again + LONGEST_HOLD));
        assert_eq!(pace.hold(true, again + LONGEST_HOLD), Turn::Now);
        assert_eq!(pace.hold(true, again + 2 * LONGEST_HOLD), Turn::Now, "it has forgotten to end its drawing");
    }
}
