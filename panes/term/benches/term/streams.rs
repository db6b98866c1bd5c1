//! What the emulators read: four kinds of usual output, and some that is made to be slow.

/// Output to be read again and again.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Whether something is claimed of it.
    pub(crate) claimed: bool,
}

pub(crate) fn usual() -> [Stream; 4] {
    [
        Stream { name: "plain", bytes: lines(), claimed: true },
        Stream { name: "log", bytes: log(), claimed: true },
        Stream { name: "redraw", bytes: redraw(), claimed: false },
        Stream { name: "wide", bytes: wide(), claimed: false },
    ]
}

/// What is slow for an emulator that is not made for it: a name, what comes once before, what is read again and again, and
/// how many bytes of that.
pub(crate) fn hostile() -> [(&'static str, &'static [u8], Vec<u8>, usize); 4] {
    const MIB: usize = 1024 * 1024;
    [
        ("a string of 1 GiB without an end", b"\x1b]2;", vec![b'a'; MIB], 1024 * MIB),
        ("nothing but repeats of 65,535 characters", b"", b"a\x1b[65535b".repeat(10_000), 10 * MIB),
        ("lines of 100,000 styles", b"", styles(), 10 * MIB),
        ("a hyperlink for each character", b"", links(), 10 * MIB),
    ]
}

/// 10,000 lines of 77 letters and digits.
pub(crate) fn lines() -> Vec<u8> {
    (0..10_000_u32)
        .flat_map(|line| format!("{line:07} {:x<69}\r\n", "the quick brown fox jumps over ").into_bytes())
        .collect()
}

/// A log with time, level and fields in colour.
fn log() -> Vec<u8> {
    let line = |number: u32| {
        let (color, level) = [(32, "INFO"), (33, "WARN"), (31, "ERROR")][number as usize % 3];
        format!(
            "\x1b[2m12:34:{:02}.{:03}\x1b[0m \x1b[{color}m{level:>5}\x1b[0m \x1b[1mhttp\x1b[0m: request \
             \x1b[38;5;{}mid\x1b[0m={number} path=/api/items/{number}\r\n",
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
        for row in 1..=40_u32 {
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

/// A line with a style for each character.
fn styles() -> Vec<u8> {
    (0..100_000_u32)
        .flat_map(|number| format!("\x1b[38;5;{};{}mx", number % 256, number % 8).into_bytes())
        .chain(*b"\r\n")
        .collect()
}

fn links() -> Vec<u8> {
    (0..50_000_u32).flat_map(|number| format!("\x1b]8;;http://{number}\x07x").into_bytes()).collect()
}
