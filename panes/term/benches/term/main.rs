//! What an emulator costs: ours, the bare `vt100` crate that it is built on, and `alacritty_terminal`, in one run. Run it by
//! `cargo xtask bench term`, which also builds it as what is shipped is built.
//!
//! Figures of different runs do not compare, as the machine is never the same twice; ratios within one run do. Time is time
//! of the processor that the thread had.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

mod streams;
mod terminals;

use std::process::ExitCode;

use crate::terminals::{Kind, Terminal};

/// How much of a stream each emulator reads, and how often; the best time counts.
const BYTES: usize = 16 * 1024 * 1024;
const TIMES: usize = 5;

/// How many bytes are fed at once: as many as a terminal gives.
const PIECE: usize = 4 * 1024;

/// After how many bytes the screen is looked at. A screen that is looked at 60 times a second is at the first when its program
/// writes 4 MB per second; at the second when it writes 250 KB.
const LOOKS: [usize; 2] = [64 * 1024, 4 * 1024];

/// How fast ours is at least, beside the bare emulator.
const LEAST_RATIO: f64 = 0.8;

/// The most memory for 10,000 lines of 77 columns.
const MOST_MIB: f64 = 1.5;

/// What output that is made to be slow may take per 10 MB, and how far it may make memory grow.
const MOST_SECONDS: f64 = 1.0;
const MOST_GROWTH_MIB: f64 = 8.0;

fn main() -> ExitCode {
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let mut holds = true;
    println!("{:<28} {:>8} {:>8} {:>8} {:>7}  claim", "MB per second of CPU", "vt100", "ours", "alac.", "ratio");
    for stream in streams::usual().iter().filter(|stream| only.as_ref().is_none_or(|only| stream.name == only)) {
        for look in LOOKS {
            holds &= compare(stream, look);
        }
    }
    if only.is_none() {
        holds &= memory();
        holds &= hostile();
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads a stream with each emulator in turn.
fn compare(stream: &streams::Stream, look: usize) -> bool {
    let mut best = [f64::INFINITY; Kind::ALL.len()];
    for _ in 0..TIMES {
        for (kind, best) in Kind::ALL.iter().zip(&mut best) {
            let mut terminal = Terminal::new(*kind, 0);
            let start = cpu_seconds();
            for _ in 0..BYTES / stream.bytes.len() {
                read(&mut terminal, &stream.bytes, look);
            }
            *best = best.min(cpu_seconds() - start);
        }
    }
    let bytes = (BYTES / stream.bytes.len() * stream.bytes.len()) as f64;
    let [bare, ours, peer] = best.map(|seconds| bytes / seconds / 1e6);
    let (ratio, what) = (ours / bare, format!("{}, a look each {} KiB", stream.name, look / 1024));
    let claimed = stream.claimed && look == LOOKS[0];
    let claim = if claimed { format!("at least {LEAST_RATIO}") } else { String::new() };
    let holds = !claimed || ratio >= LEAST_RATIO;
    println!("{what:<28} {bare:>8.1} {ours:>8.1} {peer:>8.1} {ratio:>7.2}  {claim}{}", missed(holds));
    holds
}

/// Has a terminal read bytes, and draw what is seen of them now and then.
fn read(terminal: &mut Terminal, bytes: &[u8], look: usize) {
    for bytes in bytes.chunks(look) {
        bytes.chunks(PIECE).for_each(|piece| terminal.take_in(piece));
        terminal.draw();
    }
}

/// How much the process grows for each terminal that holds 10,000 lines.
fn memory() -> bool {
    const TERMINALS: usize = 8;
    let lines = streams::lines();
    println!("\n{:<28} {:>8} {:>8} {:>8}", "MiB", "vt100", "ours", "alac.");
    let mib = Kind::ALL.map(|kind| {
        let before = resident_mib();
        let terminals = (0..TERMINALS).map(|_| {
            let mut terminal = Terminal::new(kind, 10_000);
            read(&mut terminal, &lines, LOOKS[0]);
            terminal
        });
        let terminals: Vec<Terminal> = terminals.collect();
        let grown = resident_mib() - before;
        drop(terminals);
        grown / TERMINALS as f64
    });
    let holds = mib[1] <= MOST_MIB;
    println!(
        "{:<28} {:>8.2} {:>8.2} {:>8.2} {:>7}  at most {MOST_MIB}{}",
        "10,000 lines of 77 columns",
        mib[0],
        mib[1],
        mib[2],
        "",
        missed(holds)
    );
    holds
}

/// Output that is made to use up time or memory.
fn hostile() -> bool {
    println!("\n{:<44} {:>10} {:>12}", "ours, with hostile output", "s per 10 MB", "grown by MiB");
    let mut holds = true;
    for (name, start, stream, bytes) in streams::hostile() {
        let mut terminal = Terminal::new(Kind::Ours, 0);
        terminal.take_in(start);
        read(&mut terminal, &stream, LOOKS[0]);
        let (before, began) = (resident_mib(), cpu_seconds());
        for _ in 0..bytes / stream.len() {
            read(&mut terminal, &stream, LOOKS[0]);
        }
        let (seconds, grown) = ((cpu_seconds() - began) / (bytes as f64 / 1e7), resident_mib() - before);
        let fine = seconds <= MOST_SECONDS && grown <= MOST_GROWTH_MIB;
        println!("{name:<44} {seconds:>10.3} {grown:>12.2}  at most {MOST_SECONDS}, {MOST_GROWTH_MIB}{}", missed(fine));
        holds &= fine;
    }
    holds
}

fn missed(holds: bool) -> &'static str {
    if holds { "" } else { "  MISSED" }
}

/// The time this thread has had of a processor.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The memory this process holds.
fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u32>().ok()).unwrap_or(0);
    f64::from(pages) / 256.0
}
