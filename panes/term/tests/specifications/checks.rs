//! Reads `checks.txt`, which explains itself.

/// What a specification says of some output.
pub(crate) struct Check {
    pub(crate) says: &'static str,
    pub(crate) output: Vec<u8>,
    /// The screen afterwards, as [`compact`] has it.
    pub(crate) screen: String,
    /// The row and the column that are reported, with a semicolon between.
    pub(crate) cursor: &'static str,
}

pub(crate) fn checks() -> impl Iterator<Item = Check> {
    let lines = include_str!("checks.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let fields: Vec<&str> = line.split(" :: ").collect();
        let [says, output, screen, cursor] = fields[..] else { panic!("not four fields: {line}") };
        let screen = String::from_utf8_lossy(&bytes(screen)).replace("{0}", "");
        Check { says, output: bytes(output), screen, cursor }
    })
}

/// The bytes that a field stands for.
fn bytes(field: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = field.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        out.push(match (byte, after) {
            (b'^', _) => 0x1b,
            (b'\\', [b'x', high, low, after @ ..]) => {
                rest = after;
                digit(*high) << 4 | digit(*low)
            }
            (b'\\', [letter, after @ ..]) => {
                rest = after;
                b"\x07\x08\t\n\x0b\x0c\r"
                    [b"abtnvfr".iter().position(|known| known == letter).expect("a control's letter")]
            }
            _ => *byte,
        });
    }
    out
}

fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8
}

/// A screen on one line: its rows divided by `|`, four blanks and more as their number, and no blanks at an end.
pub(crate) fn compact(screen: &str) -> String {
    let rows: Vec<String> = screen.lines().map(compact_row).collect();
    rows.join("|").trim_end_matches('|').to_owned()
}

fn compact_row(row: &str) -> String {
    let (mut out, mut blanks) = (String::new(), 0);
    for c in row.trim_end().chars() {
        if c == ' ' {
            blanks += 1;
            continue;
        }
        let gap = if blanks > 3 { format!("{{{blanks}}}") } else { " ".repeat(blanks) };
        out.push_str(&gap);
        out.push(c);
        blanks = 0;
    }
    out
}
