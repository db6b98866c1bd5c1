//! The outer terminal: taken over, painted on, and given back as it was, however the workspace ends.
//!
//! What the terminal does not take at once is written by a thread of its own, so that one that takes nothing (a paused ssh, a pressed
//! Ctrl-S) stops the painting and nothing else: keys, signals and the daemon are still heard.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use locald_api::CursorShape;
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::cursor::{Hide, SetCursorStyle, Show};
use ratatui::crossterm::style::{ResetColor, force_color_output};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{queue, terminal};
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use tokio::sync::{Notify, mpsc};

use crate::backend::ExtrasBackend;
use crate::extras::Extras;
use crate::mouse::Reports;
use crate::reports;

/// How long a terminal that takes nothing may hold up the end.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait before a terminal in non-blocking mode is tried again. Someone else has set that mode.
const RETRY: Duration = Duration::from_millis(5);

type PanicHook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// The outer terminal while the workspace has it. Dropping it gives it back.
pub(crate) struct Outer {
    terminal: Terminal<ExtrasBackend<Pending>>,
    extras: Rc<RefCell<Extras>>,
    pending: Pending,
    writer: Writer,
    cursor_shape: CursorShape,
    mouse: Reports,
    /// What was written by the last painting.
    painting: Vec<u8>,
    restore: Restore,
    previous_hook: Arc<PanicHook>,
    panicked: Arc<Notify>,
}

/// Bytes that wait to be written in one piece.
#[derive(Clone, Default)]
struct Pending(Arc<Mutex<Vec<u8>>>);

/// The thread that writes.
struct Writer {
    jobs: std_mpsc::Sender<Job>,
    done: mpsc::Receiver<io::Result<()>>,
    busy: bool,
    tty: Arc<Mutex<Tty>>,
    /// What was painted last was taken whole.
    taken: bool,
}

/// What the thread does.
enum Job {
    /// Writes, and reports that it has.
    Paint(Vec<u8>),
    /// Takes the terminal again, with these bytes.
    Enter(Vec<u8>),
    /// Writes what is no painting.
    Say(Vec<u8>),
}

/// The terminal's descriptor, and whether it is still ours to paint on.
struct Tty {
    file: File,
    /// The same terminal in non-blocking mode, which is a mode of this opening of it and of no other; `None` where it cannot be opened
    /// again.
    prompt: Option<File>,
    ours: bool,
}

/// Gives the terminal back. Whoever comes first does it; everyone after does nothing.
#[derive(Clone)]
struct Restore(Arc<Mutex<Tty>>);

impl Outer {
    /// Takes the terminal over.
    pub(crate) fn open() -> io::Result<Self> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        // crossterm would leave out every colour, the programs' own too; the theme sees to our own.
        force_color_output(true);
        enable_raw_mode()?;
        let prompt = open_again(&file).ok();
        let tty = Arc::new(Mutex::new(Tty { file, prompt, ours: true }));
        let restore = Restore(tty.clone());
        let opened = Self::enter(&tty, restore.clone());
        if opened.is_err() {
            restore.now();
        }
        opened
    }

    fn enter(tty: &Arc<Mutex<Tty>>, restore: Restore) -> io::Result<Self> {
        lock(tty).write(&enter_bytes()?)?;
        let pending = Pending::default();
        let extras = Rc::new(RefCell::new(Extras::new(is_capable())));
        let terminal = Terminal::new(ExtrasBackend::new(pending.clone(), extras.clone()))?;
        let writer = Writer::start(tty.clone())?;
        let (previous_hook, panicked) = (Arc::new(panic::take_hook()), Arc::new(Notify::new()));
        let (previous, told, hook) = (previous_hook.clone(), panicked.clone(), restore.clone());
        panic::set_hook(Box::new(move |info| {
            hook.now();
            previous(info);
            told.notify_one();
        }));
        let cursor_shape = CursorShape::Default;
        let (mouse, painting) = (Reports::Nothing, Vec::new());
        Ok(Self { terminal, extras, pending, writer, cursor_shape, mouse, painting, restore, previous_hook, panicked })
    }

    /// Whether a person sits there.
    pub(crate) fn is_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Its size.
    pub(crate) fn size() -> io::Result<Size> {
        terminal::size().map(|(columns, rows)| Size::new(columns, rows))
    }

    /// Whether what was painted last is still being written.
    pub(crate) fn is_busy(&self) -> bool {
        self.writer.busy
    }

    /// Lets the terminal report so much of the mouse, from the next painting on.
    pub(crate) fn report_mouse(&mut self, reports: Reports) -> io::Result<()> {
        self.pending.write_all(reports::mouse(self.mouse, reports))?;
        self.mouse = reports;
        Ok(())
    }

    /// Puts `text` into the terminal's clipboard (OSC 52), if the terminal lets programs do that, at the next painting.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.pending, CopyToClipboard::to_clipboard_from(text))
    }

    /// Paints, as one synchronized update. Says whether anything is written at all. Not to be called while busy.
    pub(crate) fn draw(&mut self, shape: CursorShape, paint: impl FnOnce(&mut Frame, &mut Extras)) -> io::Result<bool> {
        let mut bytes = self.pending.take();
        queue!(self.pending, BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| paint(frame, &mut self.extras.borrow_mut()))?;
        if shape != self.cursor_shape {
            self.cursor_shape = shape;
            queue!(self.pending, cursor_style(shape))?;
        }
        queue!(self.pending, EndSynchronizedUpdate)?;
        let painting = self.pending.take();
        // A cell that was painted the last time is not painted the same again: equal paintings have none, only the same cursor.
        if bytes.is_empty() && painting == self.painting {
            return Ok(false);
        }
        bytes.extend_from_slice(&painting);
        self.painting = painting;
        self.writer.write(&bytes).map(|()| true)
    }

    /// Resolves once what was painted last has been written; never while nothing is being written.
    pub(crate) async fn painted(&mut self) -> io::Result<()> {
        if !self.writer.busy {
            std::future::pending::<()>().await;
        }
        if std::mem::take(&mut self.writer.taken) {
            self.writer.busy = false;
            return Ok(());
        }
        let result = self.writer.done.recv().await;
        self.writer.busy = false;
        result.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// Gives the terminal back for a while. What is painted meanwhile is lost.
    pub(crate) fn give_back(&self) {
        self.restore.now();
    }

    /// Takes the terminal over again, whatever has become of it, as if nothing had ever been painted on it.
    pub(crate) fn take_again(&mut self) -> io::Result<()> {
        // Whoever stopped us may have set another mode, which would not be noticed while ours is believed to be on.
        disable_raw_mode()?;
        enable_raw_mode()?;
        self.terminal = Terminal::new(ExtrasBackend::new(self.pending.clone(), self.extras.clone()))?;
        // What the former one wrote on its end.
        self.pending.take();
        self.cursor_shape = CursorShape::Default;
        self.mouse = Reports::Nothing;
        self.painting.clear();
        self.writer.enter(enter_bytes()?)
    }

    /// Writes these bytes, behind what is being painted.
    pub(crate) fn say(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.writer.send(Job::Say(bytes))
    }

    /// Resolves when something of ours has panicked, wherever. The terminal has been given back already.
    pub(crate) fn panicked(&self) -> impl Future<Output = ()> + use<> {
        let panicked = self.panicked.clone();
        async move { panicked.notified().await }
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        self.restore.now();
        // A hook cannot be set while panicking; then the process is about to end anyway.
        if !thread::panicking() {
            let previous = self.previous_hook.clone();
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

impl Restore {
    /// Gives the terminal back, or gives up after a while: a terminal that takes nothing must not keep the process alive.
    fn now(&self) {
        // First, because it works on a stuck terminal too.
        let _ = disable_raw_mode();
        let tty = self.0.clone();
        let (done, wait) = std_mpsc::channel();
        let restoring = thread::Builder::new().name("restore".into()).spawn(move || {
            let mut tty = lock(&tty);
            if std::mem::take(&mut tty.ours) {
                let _ = leave_bytes().and_then(|bytes| tty.write_out(&bytes));
            }
            let _ = done.send(());
        });
        if restoring.is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

/// Opens the terminal once more, for writing without waiting.
fn open_again(tty: &File) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let path = format!("/proc/self/fd/{}", tty.as_raw_fd());
    Ok(File::from(open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?))
}

/// Whether the terminal understands operating system commands (OSC), or at least leaves out what it does not understand.
pub(crate) fn is_capable() -> bool {
    !matches!(std::env::var("TERM").as_deref(), Err(_) | Ok("linux" | "dumb"))
}

fn enter_bytes() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen)?;
    bytes.extend_from_slice(reports::ASK);
    queue!(bytes, Clear(ClearType::All), Hide)?;
    Ok(bytes)
}

fn leave_bytes() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    queue!(bytes, EndSynchronizedUpdate, ResetColor, SetCursorStyle::DefaultUserShape, Show)?;
    bytes.extend_from_slice(reports::TAKE_BACK);
    queue!(bytes, LeaveAlternateScreen)?;
    Ok(bytes)
}

impl Tty {
    /// Writes, unless the terminal has been given back.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.ours { self.write_out(bytes) } else { Ok(()) }
    }

    /// Writes as much as the terminal takes at once; returns what is left. Whatever is wrong is noticed when that is written.
    fn write_promptly<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(prompt) = self.prompt.as_ref().filter(|_| self.ours) else { return bytes };
        let written = rustix::io::write(prompt, bytes).unwrap_or(0);
        &bytes[written..]
    }

    fn write_out(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(RETRY),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Writer {
    fn start(tty: Arc<Mutex<Tty>>) -> io::Result<Self> {
        let (jobs, queue) = std_mpsc::channel();
        let (report, done) = mpsc::channel(1);
        let own = tty.clone();
        thread::Builder::new().name("painter".into()).spawn(move || {
            for job in queue {
                match job {
                    Job::Paint(bytes) => {
                        let result = lock(&tty).write(&bytes);
                        if report.blocking_send(result).is_err() {
                            return;
                        }
                    }
                    Job::Enter(bytes) => {
                        let mut tty = lock(&tty);
                        tty.ours = true;
                        // A terminal that fails is noticed at the next painting.
                        let _ = tty.write(&bytes);
                    }
                    Job::Say(bytes) => {
                        let _ = lock(&tty).write(&bytes);
                    }
                }
            }
        })?;
        Ok(Self { jobs, done, busy: false, tty: own, taken: false })
    }

    /// Writes a painting. Not to be called before the last is written: only then has the thread nothing left of a painting to write.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.busy = true;
        // While something else is being written there, what is painted comes after it.
        let left = self.tty.try_lock().map_or(bytes, |tty| tty.write_promptly(bytes));
        self.taken = left.is_empty();
        if self.taken { Ok(()) } else { self.send(Job::Paint(left.to_vec())) }
    }

    fn enter(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.send(Job::Enter(bytes))
    }

    fn send(&self, job: Job) -> io::Result<()> {
        self.jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Pending {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cursor_style(shape: CursorShape) -> SetCursorStyle {
    match shape {
        CursorShape::Default => SetCursorStyle::DefaultUserShape,
        CursorShape::Block(true) => SetCursorStyle::BlinkingBlock,
        CursorShape::Block(false) => SetCursorStyle::SteadyBlock,
        CursorShape::Underline(true) => SetCursorStyle::BlinkingUnderScore,
        CursorShape::Underline(false) => SetCursorStyle::SteadyUnderScore,
        CursorShape::Bar(true) => SetCursorStyle::BlinkingBar,
        CursorShape::Bar(false) => SetCursorStyle::SteadyBar,
    }
}

#[cfg(test)]
mod tests;
