//! The flags of the kitty keyboard protocol: a small stack for each of the two screens.

use serde::{Deserialize, Serialize};

/// The most entries of a stack; pushing more drops the oldest.
const DEPTH: usize = 16;

/// The flags there are.
const ALL: u8 = 0b1_1111;

/// The flags of one screen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FlagStack {
    current: u8,
    below: Vec<u8>,
}

impl FlagStack {
    /// Whether this came of the sequences that change it.
    pub(crate) fn is_possible(&self) -> bool {
        self.below.len() <= DEPTH && self.below.iter().all(|flags| flags & !ALL == 0) && self.current & !ALL == 0
    }

    /// The flags in force.
    pub(crate) fn current(&self) -> u8 {
        self.current
    }

    /// Puts new flags in force, on top of the others.
    pub(crate) fn push(&mut self, flags: u16) {
        if self.below.len() == DEPTH {
            self.below.remove(0);
        }
        self.below.push(self.current);
        self.current = known(flags);
    }

    /// Goes back `count` times; without anything to go back to, no flag is left.
    pub(crate) fn pop(&mut self, count: u16) {
        for _ in 0..usize::from(count.max(1)).min(DEPTH + 1) {
            self.current = self.below.pop().unwrap_or(0);
        }
    }

    /// Changes the flags in force: 1 replaces them, 2 adds, 3 removes.
    pub(crate) fn set(&mut self, flags: u16, how: u16) {
        match how {
            0 | 1 => self.current = known(flags),
            2 => self.current |= known(flags),
            3 => self.current &= !known(flags),
            _ => {}
        }
    }
}

fn known(flags: u16) -> u8 {
    flags as u8 & ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_pushed_changed_and_popped() {
        let mut stack = FlagStack::default();
        stack.push(1);
        stack.push(0xff);
        assert_eq!(stack.current(), ALL);
        stack.set(4, 3);
        stack.set(1, 1);
        stack.set(2, 2);
        assert_eq!(stack.current(), 3);
        stack.pop(0);
        assert_eq!(stack.current(), 1);
        (0..100).for_each(|_| stack.push(1));
        assert_eq!(stack.below.len(), DEPTH);
        stack.pop(u16::MAX);
        assert_eq!(stack.current(), 0);
    }
}
