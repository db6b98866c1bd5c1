//! Replaying a recording: as text after so many messages, or on the terminal at the pace at which it all happened.

use std::io::{self, BufRead};
use std::time::Duration;

use locald_api::CursorShape;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, EventStream};
use ratatui::style::Modifier;
use tokio::time::{Instant, sleep_until};

use crate::extras::Extras;
use crate::keyname;
use crate::model::Model;
use crate::msg::Effect;
use crate::recording::{Recording, RecordingError};
use crate::run::{Signals, Told, WorkspaceError, burst};
use crate::terminal::Outer;
use crate::update::update;
use crate::view::view;

/// The time between two paintings.
const FRAME: Duration = Duration::from_millis(16);

/// How a recording is shown on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it happened.
    Recorded,
    /// As fast as it can be painted.
    Fast,
}

/// Why a recording could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is none, or cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The terminal failed.
    #[error(transparent)]
    Terminal(#[from] WorkspaceError),
}

/// A model, and a screen of its own size that it is painted on.
struct Stage {
    model: Model,
    screen: Terminal<TestBackend>,
}

impl Stage {
    fn new(model: Model) -> Self {
        let backend = TestBackend::new(model.size.width, model.size.height);
        let Ok(screen) = Terminal::new(backend);
        Self { model, screen }
    }

    /// Takes the next message in. Says when it came, if there was one; a workspace that was left has none left.
    fn step<R: BufRead>(&mut self, recording: &mut Recording<R>) -> Result<Option<Duration>, RecordingError> {
        let Some((at, msg)) = recording.next()? else { return Ok(None) };
        let cmd = update(&mut self.model, msg);
        let left = cmd.effects.iter().any(|effect| matches!(effect, Effect::Leave(_)));
        Ok((!left).then_some(at))
    }

    fn painted(&mut self) -> &Buffer {
        let (model, size) = (&self.model, self.model.size);
        self.screen.backend_mut().resize(size.width, size.height);
        let Ok(_) = self.screen.draw(|frame| drop(view(model, frame, &mut Extras::new(false))));
        self.screen.backend().buffer()
    }
}

/// The recorded screen as text, after so many messages or all of them.
pub fn screen_after(recording: impl BufRead, messages: Option<usize>) -> Result<String, RecordingError> {
    let mut recording = Recording::open(recording)?;
    let mut stage = Stage::new(recording.model());
    for _ in 0..messages.unwrap_or(usize::MAX) {
        if stage.step(&mut recording)?.is_none() {
            break;
        }
    }
    Ok(text(stage.painted()))
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let (mut row, mut x) = (String::new(), buffer.area.left());
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += crate::text::width(symbol).max(1);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// Shows a recording on the terminal until its end, or until the user has seen enough: `q`, Escape or Ctrl-C. What is larger than
/// the terminal is cut off.
pub async fn show(recording: impl BufRead, pace: Pace) -> Result<(), ReplayError> {
    let mut recording = Recording::open(recording)?;
    let mut stage = Stage::new(recording.model());
    let mut signals = Signals::new().map_err(WorkspaceError::from)?;
    let mut outer = Outer::open().map_err(WorkspaceError::from)?;
    let mut keys = EventStream::new();
    let (begun, mut next_draw) = (Instant::now(), Instant::now());
    while let Some(at) = stage.step(&mut recording)? {
        let due = match pace {
            Pace::Recorded => begun + at,
            Pace::Fast => Instant::now(),
        };
        if due > Instant::now() || Instant::now() >= next_draw {
            paint(&mut outer, &mut stage).await.map_err(WorkspaceError::from)?;
            next_draw = Instant::now() + FRAME;
        }
        if wait(due, &mut keys, &mut signals).await.map_err(WorkspaceError::from)? {
            return Ok(());
        }
    }
    paint(&mut outer, &mut stage).await.map_err(WorkspaceError::from)?;
    // The last screen stays until a key is pressed.
    while !wait(Instant::now() + Duration::from_hours(1), &mut keys, &mut signals)
        .await
        .map_err(WorkspaceError::from)?
    {}
    Ok(())
}

async fn paint(outer: &mut Outer, stage: &mut Stage) -> io::Result<()> {
    let shown = stage.painted();
    let written = outer.draw(CursorShape::Default, |frame, _| {
        let buffer = frame.buffer_mut();
        let area = buffer.area.intersection(shown.area);
        for position in area.positions() {
            let cell = &mut buffer[position];
            *cell = shown[position].clone();
            // The numbers of its extras are those of another painting.
            cell.modifier = Modifier::from_bits_truncate(cell.modifier.bits());
        }
    })?;
    if written { outer.painted().await } else { Ok(()) }
}

/// Waits until then; says whether the user wants to leave before.
async fn wait(until: Instant, keys: &mut EventStream, signals: &mut Signals) -> io::Result<bool> {
    loop {
        tokio::select! {
            biased;
            told = signals.next() => {
                if matches!(told, Told::End(_)) {
                    return Ok(true);
                }
            }
            events = burst(keys) => {
                let names = events?.into_iter().filter_map(|event| match event {
                    Event::Key(key) => keyname::of(&key),
                    _ => None,
                });
                if names.into_iter().any(|name| ["q", "Escape", "C-c"].contains(&name.as_str())) {
                    return Ok(true);
                }
            }
            () = sleep_until(until) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{BufReader, Cursor};

    use super::*;
    use crate::msg::Msg;
    use crate::options::Options;
    use crate::recording::Recorder;
    use crate::screen::tests::frame;
    use crate::testing::{model, web_and_worker};
    use locald_api::PaneFrame;

    fn recorded(msgs: &[Msg]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        let mut recorder = Recorder::create(&path).unwrap();
        recorder.begin(&model(Options::default(), (40, 12)));
        for msg in msgs {
            recorder.note(msg);
        }
        assert!(File::open(&path).is_ok());
        fs::read(path).unwrap()
    }

    fn happened() -> Vec<u8> {
        let frame = PaneFrame { history_end: 0, ..frame(1, (27, 10), &[(0, "hello")]) };
        recorded(&[
            Msg::Connected,
            Msg::Workspace(Box::new(web_and_worker())),
            Msg::Frame(frame),
            Msg::Resize(ratatui::layout::Size::new(60, 6)),
            Msg::Key("q".into()),
            Msg::Key("?".into()),
        ])
    }

    #[test]
    fn the_screen_after_so_many_messages_is_shown_as_it_was() {
        let shown = |messages| screen_after(BufReader::new(Cursor::new(happened())), messages).unwrap();
        assert!(shown(Some(2)).contains("▸● web") && !shown(Some(2)).contains("hello"));
        assert!(shown(Some(3)).lines().any(|line| line.ends_with("│hello")), "{}", shown(Some(3)));
        assert_eq!(shown(Some(3)).lines().count(), 12);
        assert_eq!(shown(Some(4)).lines().count(), 6);
        assert!(!shown(None).contains("╭─ Keys"), "what comes after the end did not happen");
    }
}
