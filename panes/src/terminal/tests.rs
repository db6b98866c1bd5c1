//! A real terminal, and a process that panics on it: this very test binary, run again with a variable set.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::*;

/// Set for the process that is to panic.
const ROLE: &str = "PANICKING_WORKSPACE";
const WORDS: &str = "an honest fault of ours";

/// Both ends of a terminal.
fn terminal() -> (File, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    tcsetwinsize(&theirs, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    (File::from(ours), theirs)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the process that panics is this one again")]
fn a_panic_gives_the_terminal_back_before_it_says_why() {
    if std::env::var_os(ROLE).is_some() {
        let mut outer = Outer::open().unwrap();
        outer.draw(CursorShape::Default, |frame, _| frame.render_widget("picture", frame.area())).unwrap();
        panic!("{WORDS}");
    }
    let (ours, theirs) = terminal();
    let before = tcgetattr(&theirs).unwrap();
    let of_terminal = || Stdio::from(theirs.try_clone().unwrap());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::tests::a_panic_gives_the_terminal_back_before_it_says_why", "--nocapture"]);
    command.env(ROLE, "1").env("TERM", "xterm-256color").env("RUST_BACKTRACE", "0");
    let mut child = command.stdin(of_terminal()).stdout(of_terminal()).stderr(of_terminal()).spawn().unwrap();
    // Its own copies would keep the terminal from ending with the child; this end keeps it from ending before it was looked at.
    drop(command);
    let (said, read) = std_mpsc::channel();
    let mut reading = ours.try_clone().unwrap();
    thread::spawn(move || {
        let (mut all, mut some) = (Vec::new(), [0; 4096]);
        while let Ok(count) = reading.read(&mut some) {
            all.extend_from_slice(&some[..count]);
        }
        let _ = said.send(all);
    });
    assert!(!child.wait().unwrap().success());
    let after = tcgetattr(&theirs).unwrap();
    drop(theirs);
    let said = String::from_utf8(read.recv_timeout(Duration::from_secs(20)).unwrap()).unwrap();
    let place = |text: &str| said.find(text).unwrap_or_else(|| panic!("no {text:?} in {said:?}"));
    let (entered, painted, left) = (place("\x1b[?1049h"), place("picture"), place("\x1b[?1049l"));
    assert!(entered < painted && painted < left && left < place(WORDS), "{said:?}");
    assert!(place("\x1b[?25h") < place(WORDS), "the cursor is shown: {said:?}");
    assert!(after.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    assert_eq!(after.local_modes, before.local_modes);
    assert_eq!((after.input_modes, after.output_modes), (before.input_modes, before.output_modes));
}
