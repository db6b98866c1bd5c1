//! How fast the engine reads four kinds of output, and two that are made to be slow, beside the bare emulator without scrollback; in one run, because only
//! numbers of one run compare. `cargo run --release -p locald-term --example throughput [MiB [STREAM]]`.

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use locald_term::{Engine, Size, VtEngine};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
const CHUNK: usize = 32 * 1024;

fn main() {
    let mebibytes = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(32);
    println!("{:>10}  {:>8}  {:>8}  ratio   MB/s at {ROWS}x{COLUMNS}, {CHUNK} bytes at a time", "", "vt100", "locald");
    let only = std::env::args().nth(2);
    let streams = [("plain", plain()), ("log", log()), ("redraw", redraw()), ("wide", wide()), ("styles", styles())];
    for (name, stream) in streams.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        let repeats = mebibytes * 1024 * 1024 / stream.len();
        let (mut bare, mut ours) = (Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            bare = bare.min(run_bare(&stream, repeats));
            ours = ours.min(run_ours(&stream, repeats));
        }
        let bytes = u32::try_from(stream.len() * repeats).unwrap_or(u32::MAX);
        let rate = |time: Duration| f64::from(bytes) / time.as_secs_f64() / 1e6;
        println!("{name:>10}  {:8.1}  {:8.1}  {:5.2}", rate(bare), rate(ours), rate(ours) / rate(bare));
    }
    // The bare emulator would take minutes.
    let stream = repeats();
    let times = mebibytes * 1024 * 1024 / stream.len();
    let bytes = u32::try_from(stream.len() * times).unwrap_or(u32::MAX);
    println!("{:>10}  {:>8}  {:8.1}", "repeats", "", f64::from(bytes) / run_ours(&stream, times).as_secs_f64() / 1e6);
}

fn run_bare(stream: &[u8], repeats: usize) -> Duration {
    let number = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    let mut parser = vt100::Parser::new(number(ROWS), number(COLUMNS), 0);
    timed(stream, repeats, |bytes| parser.process(bytes))
}

fn run_ours(stream: &[u8], repeats: usize) -> Duration {
    let mut engine = VtEngine::new(Size::new(ROWS, COLUMNS));
    timed(stream, repeats, |bytes| engine.feed(bytes))
}

fn timed(stream: &[u8], repeats: usize, mut feed: impl FnMut(&[u8])) -> Duration {
    let start = Instant::now();
    (0..repeats).for_each(|_| stream.chunks(CHUNK).for_each(&mut feed));
    start.elapsed()
}

/// Lines of 77 letters and digits.
fn plain() -> Vec<u8> {
    (0..10_000_u32)
        .flat_map(|line| format!("{line:07} {:x<69}\r\n", "the quick brown fox jumps over ").into_bytes())
        .collect()
}

/// A log with time, level and fields in colour.
fn log() -> Vec<u8> {
    let line = |number: u32| {
        let (color, level) = [(32, "INFO"), (33, "WARN"), (31, "ERROR")][number as usize % 3];
        format!(
            "\x1b[2m12:34:{:02}.{:03}\x1b[0m \x1b[{color}m{level:>5}\x1b[0m \x1b[1mhttp\x1b[0m: request \x1b[38;5;{}mid\x1b[0m={number} path=/api/items/{number}\r\n",
            number / 1000 % 60,
            number % 1000,
            number % 256,
        )
    };
    (0..10_000).flat_map(|number| line(number).into_bytes()).collect()
}

/// A full-screen program that draws every row again and again.
fn redraw() -> Vec<u8> {
    let mut out = b"\x1b[?1049h".to_vec();
    for frame in 0..100_u32 {
        for row in 1..=u32::from(ROWS) {
            let color = (row + frame) % 8;
            out.extend(format!("\x1b[{row};1H\x1b[3{color};4{}m{frame:5} process {row:4}\x1b[m", 7 - color).bytes());
            out.extend(format!(" {:-<80}\x1b[K", "").bytes());
        }
    }
    out
}

/// Lines of wide characters and emoji.
fn wide() -> Vec<u8> {
    (0..10_000_u32)
        .flat_map(|line| format!("{line} 日本語の文字列 한국어 텍스트 🚀🎉 中文字符 ✓ é\r\n").into_bytes())
        .collect()
}

/// Nothing but sequences that ask for as many characters as there can be.
fn repeats() -> Vec<u8> {
    b"a\x1b[65535b".repeat(1000)
}

/// A style for each character.
fn styles() -> Vec<u8> {
    (0..10_000_u32).flat_map(|number| format!("\x1b[38;5;{}mx", number % 256).into_bytes()).collect()
}
