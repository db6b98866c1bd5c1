//! Numbered lines at a steady rate, so that a test can tell whether each of them arrived once and in order.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often lines are printed.
const TICK: Duration = Duration::from_millis(5);
/// The most that is written at once; a reader that stands still is caught up with in pieces of this size.
const MOST: u64 = 512;

/// Prints `NAME NUMBER` and filling up to `width` bytes, `rate` times a second. On SIGTERM: `NAME end COUNT`, and no more.
pub(crate) fn print(name: &str, rate: u64, width: usize) -> io::Result<()> {
    let asked_to_stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, asked_to_stop.clone())?;
    let (mut out, mut text, mut number) = (io::stdout(), Vec::new(), 0);
    let (mut begun, mut begun_at) = (Instant::now(), 0);
    while !asked_to_stop.load(Ordering::SeqCst) {
        let due = begun_at + u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_mul(rate) / 1000;
        if due <= number {
            thread::sleep(TICK);
            continue;
        }
        if due - number > rate {
            // Held up for a second and more: what was not printed then is not made up for.
            (begun, begun_at) = (Instant::now(), number);
        }
        text.clear();
        for _ in 0..MOST.min(due - number) {
            let start = text.len();
            write!(text, "{name} {number:010} ")?;
            text.resize((start + width).saturating_sub(1).max(text.len()), b'.');
            text.push(b'\n');
            number += 1;
        }
        write_whole(&mut out, &text)?;
    }
    write_whole(&mut out, format!("{name} end {number}\n").as_bytes())
}

fn write_whole(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    // A signal between two writes is no reason to print less.
    out.write_all(text)?;
    out.flush()
}
