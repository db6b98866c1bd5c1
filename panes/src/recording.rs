//! A recording of everything that happened to a workspace: JSON, one line for what it began with, and one per message.
//!
//! What is recorded is what `update` takes in, so that replaying it shows the same screens. It holds whatever was typed and shown.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use locald_api::Role;
use ratatui::layout::Size;
use serde::{Deserialize, Serialize};

use crate::keymap::Keymap;
use crate::model::{Focus, Model};
use crate::msg::Msg;
use crate::options::{Options, Wanted};
use crate::theme::{Appearance, Depth};

/// A recording that has grown so large is ended.
const LONGEST: u64 = 256 << 20;
/// The longest line that is read, in bytes: more than any message has.
const LONGEST_LINE: u64 = 64 << 20;
/// What a recording says it is. Whoever changes what messages hold counts on.
const FORMAT: u32 = 1;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It cannot be read.
    #[error("the recording cannot be read")]
    Io(#[from] io::Error),
    /// A line of it is none of a recording.
    #[error("line {line} is no line of a recording")]
    Line {
        /// Which, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It is of another release.
    #[error("the recording is of locald {release}, which recorded in another way")]
    Foreign {
        /// The release that recorded it.
        release: String,
    },
    /// There is nothing in it.
    #[error("the recording is empty")]
    Empty,
}

/// What a workspace began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    format: u32,
    release: String,
    size: Size,
    project: Option<String>,
    focus: Option<Wanted>,
    attach: bool,
    #[serde(default)]
    role: Role,
    starting: bool,
    keymap: Keymap,
}

/// A message, and when it came.
#[derive(Debug, Serialize, Deserialize)]
struct Line<M> {
    /// Milliseconds since the beginning.
    at: u64,
    msg: M,
}

/// Writes a recording. One that fails or is full ends; the workspace goes on.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: Option<File>,
    begun: Instant,
    written: u64,
}

impl Recorder {
    /// Begins a new file that only its user can read.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { file: Some(file), begun: Instant::now(), written: 0 })
    }

    /// Records what a workspace begins with.
    pub(crate) fn begin(&mut self, model: &Model) {
        self.put(&Head {
            format: FORMAT,
            release: env!("CARGO_PKG_VERSION").into(),
            size: model.size,
            project: model.project.clone(),
            focus: model.wanted.clone(),
            attach: model.focus == Focus::Pane,
            role: model.role,
            starting: model.starting,
            keymap: model.keymap.clone(),
        });
    }

    /// Records what happened to it.
    pub(crate) fn note(&mut self, msg: &Msg) {
        if self.file.is_some() {
            let at = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.put(&Line { at, msg });
        }
    }

    fn put(&mut self, line: &impl Serialize) {
        let Some(file) = &mut self.file else { return };
        let Ok(mut bytes) = serde_json::to_vec(line) else { return };
        bytes.push(b'\n');
        self.written += bytes.len() as u64;
        // A line is written at once and in one piece, so that a crash leaves all that came before it.
        if self.written > LONGEST || file.write_all(&bytes).is_err() {
            self.file = None;
        }
    }
}

/// Reads a recording, message by message.
pub(crate) struct Recording<R> {
    source: R,
    line: usize,
    head: Head,
}

impl<R: BufRead> Recording<R> {
    pub(crate) fn open(mut source: R) -> Result<Self, RecordingError> {
        #[derive(Deserialize)]
        struct Made {
            format: u32,
            release: String,
        }
        let text = next_line(&mut source)?.ok_or(RecordingError::Empty)?;
        let fault = |source| RecordingError::Line { line: 1, source };
        let Made { format, release } = serde_json::from_slice(&text).map_err(fault)?;
        if format != FORMAT {
            return Err(RecordingError::Foreign { release });
        }
        let head = serde_json::from_slice(&text).map_err(fault)?;
        Ok(Self { source, line: 1, head })
    }

    /// The model as it was in the beginning.
    pub(crate) fn model(&self) -> Model {
        let head = self.head.clone();
        let options = Options {
            project: head.project,
            focus: head.focus,
            attach: head.attach,
            role: head.role,
            ..Options::default()
        };
        let theme = options.theme.theme(Appearance::default(), Depth::from_env());
        let mut model = Model::new(options, head.size, theme);
        model.starting = head.starting;
        model.keymap = head.keymap;
        model
    }

    /// The next message, and how long after the beginning it came.
    pub(crate) fn next(&mut self) -> Result<Option<(Duration, Msg)>, RecordingError> {
        let Some(text) = next_line(&mut self.source)? else { return Ok(None) };
        self.line += 1;
        match serde_json::from_slice(&text) {
            Ok(Line { at, msg }) => Ok(Some((Duration::from_millis(at), msg))),
            // What was being written when the workspace was killed.
            Err(_) if !text.ends_with(b"\n") => Ok(None),
            Err(source) => Err(RecordingError::Line { line: self.line, source }),
        }
    }
}

/// The next line with its end; `None` behind the last.
fn next_line(source: &mut impl BufRead) -> Result<Option<Vec<u8>>, RecordingError> {
    let mut text = Vec::new();
    io::Read::take(source, LONGEST_LINE).read_until(b'\n', &mut text)?;
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::screen::tests::any_frame;
    use crate::testing::{press, showing, web_and_worker};
    use crate::update::update;

    fn head() -> String {
        let path = tempfile::tempdir().unwrap();
        let path = path.path().join("recording");
        Recorder::create(&path).unwrap().begin(&showing(web_and_worker(), (80, 24)));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_recording_can_be_read_by_its_user_alone_and_overwrites_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        Recorder::create(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Recorder::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_fault_in_a_recording_is_told_with_its_line_and_a_torn_end_is_none() {
        let line = |text: &str| {
            let mut recording = Recording::open(io::Cursor::new(head() + text)).map_err(|error| error.to_string())?;
            recording.next().map(|msg| msg.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(line(""), Ok(false));
        assert_eq!(line("{\"at\":3,\"msg\":\"Connected\"}\n"), Ok(true));
        assert_eq!(line("{\"at\":3,\"msg\":\"Conn"), Ok(false));
        assert_eq!(line("nonsense\n"), Err("line 2 is no line of a recording".into()));
        let open = |text: &str| Recording::open(io::Cursor::new(text.to_owned())).map(|_| ()).unwrap_err().to_string();
        assert_eq!(open(""), "the recording is empty");
        assert_eq!(open("{}\n"), "line 1 is no line of a recording");
        assert_eq!(
            open("{\"format\":99,\"release\":\"9.0\"}\n"),
            "the recording is of locald 9.0, which recorded in another way"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn frames_are_recorded_as_they_are(frame in any_frame()) {
            let line = serde_json::to_string(&Line { at: 0, msg: &Msg::Frame(frame.clone()) }).unwrap();
            let Line { msg: Msg::Frame(read), .. } = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
            prop_assert_eq!(read, frame);
        }
    }

    #[test]
    fn what_is_replayed_ends_where_the_recorded_workspace_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        let mut recorder = Recorder::create(&path).unwrap();
        let mut model = crate::testing::model(Options::default(), (80, 24));
        recorder.begin(&model);
        let keys = ["j", "Enter", "C-b", "["].map(|key| Msg::Key(key.into()));
        let told = [Msg::Connected, Msg::Workspace(Box::new(web_and_worker()))];
        for msg in told.into_iter().chain(keys) {
            recorder.note(&msg);
            let _ = update(&mut model, msg);
        }
        let mut recording = Recording::open(io::BufReader::new(File::open(path).unwrap())).unwrap();
        let mut replayed = recording.model();
        while let Some((_, msg)) = recording.next().unwrap() {
            let _ = update(&mut replayed, msg);
        }
        assert_eq!(
            format!("{:?}", (&replayed.selected, replayed.focus)),
            format!("{:?}", (&model.selected, model.focus))
        );
        assert_eq!(replayed.notice, model.notice);
        let _ = press(&mut replayed, "C-b");
    }
}
