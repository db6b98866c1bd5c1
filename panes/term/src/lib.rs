//! A terminal without a window: bytes go in, a screen, replies, events and history come out, and keys become bytes.
//!
//! There is no pseudo-terminal here, no thread, no clock and no I/O. A pane feeds an [`Engine`] whatever its program
//! writes, sends the program whatever [`Engine::take_replies`] hands back, and reads rows when someone looks.

mod engine;

mod cell;
mod clusters;
mod history;
mod size;
mod style;
mod styled_text;
mod wrap;

mod damage;
mod palette;
mod vt;

mod csi;
mod scanner;

mod charsets;
mod keyboard;
mod modes;
mod pen;
mod tabs;
mod titles;
mod unread;

mod cell_text;
mod known_rows;

mod listener;
mod looks;
mod page;
mod performer;
mod reflow;
mod scrolled;
mod terminal;

mod checkpoint;

mod encode;
mod encode_extended;
mod encode_mouse;
mod key;
mod key_names;
mod paste;

mod passage;
mod text;

pub use cell::{Cell, LinkId};
pub use checkpoint::CheckpointError;
pub use clusters::clusters;
pub use encode::encode;
pub use encode_mouse::{Mouse, MouseAction, MouseButton, encode_focus, encode_mouse};
pub use engine::{CommandMark, Cursor, CursorShape, Engine, Event, Modes, MouseEncoding, MouseMode, Progress};
pub use history::{History, Line};
pub use key::{Cluster, FunctionKey, Key, KeyCode, Keypad, Modifiers, UnknownKey};
pub use palette::Palette;
pub use passage::{Passage, Passages, passages};
pub use paste::encode_paste;
pub use size::Size;
pub use style::{Attributes, Color, Style, Underline};
pub use styled_text::{Span, StyledText};
pub use text::capture;
pub use vt::VtEngine;
pub use wrap::wrap;
