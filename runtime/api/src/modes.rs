//! What a program has switched on in its terminal, as far as a client must know it.

use serde::{Deserialize, Serialize};

/// What the program has switched on. A client asks these to know what is the program's and what is its own, such as the mouse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modes(pub u16);

impl Modes {
    /// The alternate screen is shown, which has no history.
    pub const ALTERNATE_SCREEN: Self = Self(1);
    /// Pasted text is bracketed.
    pub const BRACKETED_PASTE: Self = Self(2);
    /// The program wants the mouse: its buttons and its wheel.
    pub const MOUSE: Self = Self(4);
    /// It also wants to know where the mouse goes while a button is held.
    pub const MOUSE_DRAG: Self = Self(8);
    /// It also wants to know where the mouse goes without a button.
    pub const MOUSE_MOTION: Self = Self(16);
    /// The program is told when its pane gains and loses the focus.
    pub const FOCUS: Self = Self(32);
    /// On the alternate screen the wheel is the program's as cursor keys, where it does not want the mouse.
    pub const ALTERNATE_SCROLL: Self = Self(64);

    /// Where the flags of the kitty keyboard protocol begin.
    const KEYBOARD: u32 = 8;

    /// Whether all modes of `other` are on.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These modes, and `other` if `on`.
    #[must_use]
    pub fn with(self, other: Self, on: bool) -> Self {
        if on { Self(self.0 | other.0) } else { self }
    }

    /// Whether a turn of the wheel goes to the program.
    pub fn takes_wheel(self) -> bool {
        self.contains(Self::MOUSE) || self.contains(Self::ALTERNATE_SCREEN) && self.contains(Self::ALTERNATE_SCROLL)
    }

    /// The five flags of the kitty keyboard protocol that the program has set.
    pub fn keyboard(self) -> u8 {
        (self.0 >> Self::KEYBOARD) as u8
    }

    /// These modes with those flags.
    #[must_use]
    pub fn with_keyboard(self, flags: u8) -> Self {
        Self(self.0 & ((1 << Self::KEYBOARD) - 1) | u16::from(flags) << Self::KEYBOARD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_is_the_programs_when_it_wants_the_mouse_or_fills_the_screen() {
        let on_alternate = Modes::default().with(Modes::ALTERNATE_SCREEN, true);
        assert!(Modes::MOUSE.takes_wheel());
        assert!(on_alternate.with(Modes::ALTERNATE_SCROLL, true).takes_wheel());
        assert!(!on_alternate.takes_wheel() && !Modes::ALTERNATE_SCROLL.takes_wheel());
    }

    #[test]
    fn keyboard_flags_stand_beside_the_other_modes() {
        let modes = Modes::default().with(Modes::MOUSE, true).with_keyboard(31).with_keyboard(5);
        assert_eq!((modes.keyboard(), modes.contains(Modes::MOUSE), modes.contains(Modes::FOCUS)), (5, true, false));
    }
}
