//! What a pane's program does that its screen does not show, kept as the latest values and counters.

use std::mem::take;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locald_api::{Activity, CommandMark, Notification, Progress, ServiceId};
use locald_term::Event;

use super::Pane;

/// What is known beyond the screen.
#[derive(Debug, Default)]
pub(super) struct News {
    bells: u64,
    notifications: u64,
    notification: Option<Notification>,
    progress: Progress,
    commands: u64,
    command: Option<CommandMark>,
    /// What the program wants in the clipboard, until the client that it is for has taken it.
    clipboard: Option<String>,
}

impl News {
    /// Takes an event in. What it wants in the clipboard is kept only if there is somebody whom it concerns.
    fn note(&mut self, event: Event, clipboard_wanted: bool) {
        match event {
            Event::Bell => self.bells += 1,
            Event::Notification { title, body } => {
                self.notifications += 1;
                self.notification = Some(Notification { title, body });
            }
            Event::Progress(progress) => self.progress = shown_progress(progress),
            Event::Command(mark) => {
                self.commands += u64::from(matches!(mark, locald_term::CommandMark::Ended { .. }));
                self.command = Some(shown_mark(mark));
            }
            Event::ClipboardSet { base64 } if clipboard_wanted => self.clipboard = decode(&base64),
            // These are read from the emulator when they are wanted.
            Event::ClipboardSet { .. } | Event::TitleChanged | Event::DirectoryChanged => {}
        }
    }

    /// A new run begins: the last one's task and command are over.
    fn begin_run(&mut self) {
        (self.progress, self.command, self.clipboard) = (Progress::None, None, None);
    }
}

impl Pane {
    pub(super) fn note_events(&self, events: Vec<Event>) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let somebody_types = self.focused_by.load(SeqCst) > 0 && self.typist.load(SeqCst) > 0;
        for event in events {
            news.note(event, somebody_types);
        }
    }

    pub(super) fn note_new_run(&self) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).begin_run();
    }

    /// What the program has done so far.
    pub(crate) fn activity(&self) -> Activity {
        let (title, directory) = {
            let screen = self.undrawn_screen();
            (screen.engine().title().to_owned(), screen.engine().working_directory().to_owned())
        };
        let news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        Activity {
            service: self.id.clone(),
            output: self.screen_at.load(SeqCst),
            bells: news.bells,
            title,
            directory,
            notifications: news.notifications,
            notification: news.notification.clone(),
            progress: news.progress,
            commands: news.commands,
            command: news.command,
        }
    }

    /// Takes what the program wants in the clipboard, if this client is the one that typed into it last.
    pub(crate) fn take_clipboard(&self, client: u64) -> Option<(ServiceId, String)> {
        if self.typist.load(SeqCst) != client {
            return None;
        }
        let text = take(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner).clipboard);
        text.map(|text| (self.id.clone(), text))
    }

    /// Nobody's keys go to the pane any more: whoever comes next is not whom the program meant.
    pub(super) fn drop_clipboard(&self) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).clipboard = None;
    }
}

/// Text that is no text would spoil the clipboard.
fn decode(base64: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64).ok()?).ok()
}

fn shown_progress(progress: locald_term::Progress) -> Progress {
    match progress {
        locald_term::Progress::None => Progress::None,
        locald_term::Progress::Percent(percent) => Progress::Percent(percent),
        locald_term::Progress::Failed(percent) => Progress::Failed(percent),
        locald_term::Progress::Unknown => Progress::Unknown,
        locald_term::Progress::Paused(percent) => Progress::Paused(percent),
    }
}

fn shown_mark(mark: locald_term::CommandMark) -> CommandMark {
    match mark {
        locald_term::CommandMark::Prompt => CommandMark::Prompt,
        locald_term::CommandMark::Input => CommandMark::Input,
        locald_term::CommandMark::Output => CommandMark::Output,
        locald_term::CommandMark::Ended { code } => CommandMark::Ended(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: impl IntoIterator<Item = Event>) -> News {
        let mut news = News::default();
        for event in events {
            news.note(event, true);
        }
        news
    }

    #[test]
    fn of_what_happens_again_and_again_the_last_and_the_number_are_kept() {
        let told = |body: &str| Event::Notification { title: String::new(), body: body.to_owned() };
        let ended = |code| Event::Command(locald_term::CommandMark::Ended { code });
        let prompt = Event::Command(locald_term::CommandMark::Prompt);
        let news = after([Event::Bell, told("one"), Event::Bell, told("two"), ended(Some(1)), prompt, ended(None)]);
        assert_eq!((news.bells, news.notifications, news.commands), (2, 2, 2));
        assert_eq!(news.notification.unwrap().body, "two");
        assert_eq!(news.command, Some(CommandMark::Ended(None)));
    }

    #[test]
    fn only_text_gets_into_the_clipboard_and_only_while_somebody_types() {
        let wish = |base64: &str| Event::ClipboardSet { base64: base64.to_owned() };
        assert_eq!(after([wish("aGVsbG8=")]).clipboard.as_deref(), Some("hello"));
        assert_eq!(after([wish("aGVsbG8="), wish("/w==")]).clipboard, None, "that is no UTF-8");
        assert_eq!(after([wish("\x1b]0;x")]).clipboard, None);
        let mut news = News::default();
        news.note(wish("aGVsbG8="), false);
        assert_eq!(news.clipboard, None);
    }

    #[test]
    fn a_new_run_has_no_task_yet() {
        let mut news = after([Event::Progress(locald_term::Progress::Percent(50)), Event::Bell]);
        news.begin_run();
        assert_eq!((news.progress, news.bells), (Progress::None, 1));
    }
}
