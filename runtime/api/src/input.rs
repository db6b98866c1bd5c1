//! What a person does to a pane with keyboard and mouse.

use serde::{Deserialize, Serialize};

/// What a person types into a pane, or does there with the mouse. The daemon encodes it for the modes that the pane's program has
/// set, and drops what the program did not ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Keys by tmux's names: `a`, `C-c`, `M-Left`, `S-Tab`, `F5`, `Space`; with all modifiers held, such as `C-M-S-Enter`.
    Keys(Vec<String>),
    /// Text from a clipboard; bracketed when the program asked for that.
    Paste(String),
    /// Text as it is, each character a key without a modifier.
    Text(String),
    /// Something that happened with the mouse. The wheel becomes cursor keys where
    /// [`Modes::ALTERNATE_SCROLL`](crate::Modes::ALTERNATE_SCROLL) says so.
    Mouse(Mouse),
}

/// Something that happened with the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mouse {
    /// What happened.
    pub action: MouseAction,
    /// The row of the program's screen, from 0. One beyond the screen counts as its last.
    pub row: u16,
    /// The column, likewise.
    pub column: u16,
    /// What was held on the keyboard.
    #[serde(default)]
    pub modifiers: Modifiers,
}

/// What can happen with a mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MouseAction {
    /// A button went down, or the wheel turned a notch.
    Press(MouseButton),
    /// A button came up.
    Release(MouseButton),
    /// It moved, perhaps with a button held.
    Motion(Option<MouseButton>),
}

/// The buttons of a mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum MouseButton {
    Left,
    Middle,
    Right,
    WheelUp,
    WheelDown,
    WheelLeft,
    WheelRight,
    Back,
    Forward,
}

/// Modifiers held with the mouse: a sum of the constants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modifiers(pub u8);

impl Modifiers {
    /// Shift.
    pub const SHIFT: Self = Self(1);
    /// Alt, or Meta.
    pub const ALT: Self = Self(2);
    /// Control.
    pub const CONTROL: Self = Self(4);

    /// Whether all of `others` are held.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// These, and `others` if `held`.
    #[must_use]
    pub fn with(self, others: Self, held: bool) -> Self {
        if held { Self(self.0 | others.0) } else { self }
    }
}
