//! What every emulator behind a pane can do. Callers hold a `Box<dyn Engine>` and never name the emulator.
//!
//! The one implementation today is [`VtEngine`](crate::VtEngine).

use serde::{Deserialize, Serialize};

use crate::{Cell, History, LinkId, Palette, Size};

/// A terminal emulator: fed with a program's output, read by whoever shows it.
pub trait Engine: Send {
    /// Takes the next bytes of the program's output. They may be cut anywhere, also inside a character or a sequence.
    fn feed(&mut self, bytes: &[u8]) {
        self.take_in(bytes);
        self.settle();
    }

    /// As [`feed`](Self::feed), but draws nothing before [`settle`](Self::settle), and what has scrolled off by then never.
    /// Until then nothing is to be read but the size, replies, events, modes and texts.
    fn take_in(&mut self, bytes: &[u8]);

    /// Draws what was taken in.
    fn settle(&mut self);

    /// Changes the size of the screen. The lines of the primary screen are wrapped anew, and the cursor stays on its
    /// character. What no longer fits goes to the history at the top; when there is room again, and nothing was blank below the
    /// text, the last lines come back from the history, which then ends earlier. The alternate screen is cut or extended at its
    /// right and at its bottom or, to keep the cursor, its top.
    fn resize(&mut self, size: Size);

    /// Makes the screen fresh for another program in the same pane: what the primary screen shows goes to the
    /// history, and every mode, an unfinished sequence, the title and anything not yet taken is dropped.
    fn restart(&mut self);

    /// Adds a line to the history that no program wrote. For right after a [`restart`](Self::restart), before the new program
    /// has drawn anything.
    fn remark(&mut self, text: &str);

    /// The size of the screen.
    fn size(&self) -> Size;

    /// Where the cursor is and how it looks.
    fn cursor(&self) -> Cursor;

    /// The modes that decide how input is encoded.
    fn modes(&self) -> Modes;

    /// The window title the program asked for, at most 1 KiB and without control characters.
    fn title(&self) -> &str;

    /// Visits the cells of a visible row from left to right. The widths visited add up to the columns of the screen,
    /// and nothing is visited for a row outside of it.
    fn row(&self, row: u16, visit: &mut dyn FnMut(Cell<'_>));

    /// Whether the text of a visible row goes on in the next row.
    fn row_wrapped(&self, row: u16) -> bool;

    /// What the program must be sent in answer to its queries, in the order it asked.
    fn take_replies(&mut self) -> Vec<u8>;

    /// What happened since the last call; never more than one event of a kind.
    fn take_events(&mut self) -> Vec<Event>;

    /// While mute, queries are not answered and nothing is an event: for bytes of the past that are read again.
    fn set_mute(&mut self, mute: bool);

    /// Where a hyperlink of a visible cell leads: a URL of at most 2 KiB, as the program gave it.
    fn link(&self, link: LinkId) -> Option<&str>;

    /// Whether the program is in the middle of drawing and asked not to be shown so (DECSET 2026). Nothing ends this but
    /// the program, so a caller that holds frames back does so for a moment at most.
    fn synchronized(&self) -> bool;

    /// The working directory as the program last reported it (OSC 7): a URL, empty if none was.
    fn working_directory(&self) -> &str;

    /// Changes the colours that the program is told of when it asks. One that asked to be told when they turn from dark to
    /// light or back (DECSET 2031) has a reply waiting then.
    fn set_palette(&mut self, palette: Palette);

    /// The lines that scrolled off the top of the primary screen.
    fn history(&self) -> &History;

    /// Takes the history away, and leaves one without lines whose numbers go on.
    fn take_history(&mut self) -> History;

    /// Whether this engine was made from a checkpoint and its lines go back to there: older ones can come before them.
    fn lacks_history(&self) -> bool;

    /// Puts older lines before those that came since this engine was made from a checkpoint. They are to be the history of an
    /// engine that was fed up to that checkpoint. Without effect once lines were dropped or cleared, for then there is a gap.
    fn adopt_history(&mut self, older: History);

    /// Everything there is to the engine but its history, as bytes that [`VtEngine::restore`](crate::VtEngine::restore)
    /// takes: both screens, modes, looks and links, and the numbers of lines. What waits to be taken is left out, and so is
    /// the palette. `None` in the middle of a sequence or a character; feed more and ask again.
    fn checkpoint(&mut self) -> Option<Vec<u8>>;

    /// Finds out which visible rows changed, and returns the version of the newest change.
    ///
    /// A walk over the rows that may have changed since the last call, which takes about 0.1 ms for all of 120 columns by
    /// 40 rows, and nothing if nothing was fed: call it once per frame, not once per feed. A reader remembers the returned version; a row is new to
    /// it when its [`row_version`](Self::row_version) is larger.
    fn refresh(&mut self) -> u64;

    /// The version at which a visible row last changed, as of the last [`refresh`](Self::refresh). Versions only grow;
    /// that of a row outside the screen is 0.
    fn row_version(&self, row: u16) -> u64;
}

/// The cursor of a screen. Its place is always on the screen, also when the next character will wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Counted from 0 at the top.
    pub row: u16,
    /// Counted from 0 at the left.
    pub column: u16,
    /// Whether the program wants the cursor shown.
    pub visible: bool,
    /// The form the program asked for.
    pub shape: CursorShape,
}

/// The forms of a cursor (DECSCUSR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CursorShape {
    /// As the outer terminal has it.
    #[default]
    Default,
    /// A block that blinks.
    BlinkingBlock,
    /// A block.
    SteadyBlock,
    /// An underline that blinks.
    BlinkingUnderline,
    /// An underline.
    SteadyUnderline,
    /// A vertical bar that blinks.
    BlinkingBar,
    /// A vertical bar.
    SteadyBar,
}

/// The modes of a terminal that decide how input is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent mode of the terminal")]
pub struct Modes {
    /// Cursor keys send SS3 sequences (DECCKM).
    pub application_cursor: bool,
    /// The keypad sends SS3 sequences (DECKPAM).
    pub application_keypad: bool,
    /// Pasted text is wrapped in markers (DECSET 2004).
    pub bracketed_paste: bool,
    /// The alternate screen is shown, the one full-screen programs draw on.
    pub alternate_screen: bool,
    /// Which mouse events the program wants.
    pub mouse: MouseMode,
    /// How it wants them written.
    pub mouse_encoding: MouseEncoding,
    /// The program is told when its terminal gains and loses the focus (DECSET 1004).
    pub focus: bool,
    /// The mouse wheel sends cursor keys on the alternate screen (DECSET 1007).
    pub alternate_scroll: bool,
    /// Which keys with modifiers send sequences of their own (xterm's modifyOtherKeys), from 0 to 2.
    pub modify_other_keys: u8,
    /// The flags of the kitty keyboard protocol.
    pub keyboard: u8,
}

/// Which mouse events a program wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MouseMode {
    /// None.
    #[default]
    Off,
    /// Presses (DECSET 9).
    Press,
    /// Presses and releases (DECSET 1000).
    PressRelease,
    /// Also motion while a button is held (DECSET 1002).
    ButtonMotion,
    /// Also motion without a button (DECSET 1003).
    AnyMotion,
}

/// How mouse events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MouseEncoding {
    /// One byte per coordinate.
    #[default]
    Default,
    /// One UTF-8 character per coordinate (DECSET 1005).
    Utf8,
    /// Decimal numbers (DECSET 1006).
    Sgr,
}

/// Something a program did that is not seen on its screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It rang the bell, audibly or visibly.
    Bell,
    /// It changed its title; see [`Engine::title`].
    TitleChanged,
    /// It wants text in the clipboard (OSC 52). Only the last such wish is kept.
    ClipboardSet {
        /// The text as the program sent it: base64, not decoded, at most 1 MiB.
        base64: String,
    },
    /// It changed its working directory; see [`Engine::working_directory`].
    DirectoryChanged,
    /// It wants to tell the user something (OSC 9 and 777). Each text is at most 4 KiB, without control characters.
    Notification {
        /// The title, often empty.
        title: String,
        /// The text.
        body: String,
    },
    /// How far its task is (OSC 9;4).
    Progress(Progress),
    /// Its shell reached a boundary between prompt, command and output (OSC 133).
    Command(CommandMark),
}

/// How far a task is, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is no task any more.
    None,
    /// So far.
    Percent(u8),
    /// It failed there.
    Failed(u8),
    /// Nobody knows how far.
    Unknown,
    /// It waits there.
    Paused(u8),
}

/// What begins or ends where the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandMark {
    /// The prompt begins.
    Prompt,
    /// The prompt ends, and what the user types begins.
    Input,
    /// The command's output begins.
    Output,
    /// The command ended.
    Ended {
        /// Its exit code, if the shell said so.
        code: Option<i32>,
    },
}
