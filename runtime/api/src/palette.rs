//! The colours of a client's terminal, for programs that ask for them.

use serde::{Deserialize, Serialize};

/// The colours that programs are told of when they ask (OSC 4, 10, 11 and 12), as red, green and blue. Those of the client that
/// acted last are what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// The colour of text.
    pub foreground: [u8; 3],
    /// The colour behind it.
    pub background: [u8; 3],
    /// The colour of the cursor.
    pub cursor: [u8; 3],
    /// The first sixteen colours.
    pub ansi: [[u8; 3]; 16],
}
