//! What `libvterm` tests itself with, as far as it asks what anybody can see: where the cursor is, and what rows say.
//!
//! The tests are scripts: what is printed since the last reset, and questions in between with their answers. Questions about its
//! own workings, and what comes after a change of size, are left out.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::case::{Case, Expected};
use super::packages;

/// The size that the scripts begin with.
const COLUMNS: u16 = 80;
const ROWS: u16 = 25;

pub(super) fn cases(dir: &Path) -> Result<Vec<Case>> {
    let folder = packages::files(dir, "vterm-sys", "0.1.0")?.join("vendor/libvterm/t");
    let mut scripts: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    scripts.retain(|script| script.path().extension().is_some_and(|extension| extension == "test"));
    scripts.sort_by_key(fs::DirEntry::file_name);
    let mut cases = Vec::new();
    for script in scripts {
        let mut reader = Script { name: script.file_name().to_string_lossy().into_owned(), ..Script::default() };
        for line in fs::read_to_string(script.path())?.lines() {
            reader.read(line.trim()).with_context(|| format!("in {}: {line}", reader.name))?;
        }
        reader.ask();
        cases.extend(reader.cases.into_iter().filter(|case| !case.expected.is_empty()));
    }
    Ok(cases)
}

/// A script that is being read.
#[derive(Default)]
struct Script {
    name: String,
    title: String,
    output: Vec<u8>,
    expected: Vec<Expected>,
    resized: bool,
    cases: Vec<Case>,
}

impl Script {
    fn read(&mut self, line: &str) -> Result<()> {
        if let Some(title) = line.strip_prefix('!') {
            title.clone_into(&mut self.title);
        } else if let Some(again) = line.strip_prefix('$') {
            let (times, line) = again.split_once(": ").context("nothing to do again")?;
            let words: Vec<&str> = times.split_whitespace().collect();
            let numbers = match words[..] {
                ["REP", times] => 1..=times.parse()?,
                ["SEQ", from, to] => from.parse()?..=to.parse::<u32>()?,
                _ => return Ok(()),
            };
            for number in numbers {
                self.read(&line.replace("\\#", &number.to_string()))?;
            }
        } else if let Some(string) = line.strip_prefix("PUSH ") {
            self.ask();
            self.output.extend(bytes(string).context("not a string")?);
        } else if line == "INIT" || line == "RESET" {
            self.ask();
            self.output.clear();
            self.resized &= line == "RESET";
        } else if line.starts_with("RESIZE ") {
            self.ask();
            self.resized = true;
        } else if let Some((question, answer)) = line.strip_prefix('?').and_then(|line| line.split_once('=')) {
            self.expected.extend(expected(question.trim(), answer.trim()));
        }
        Ok(())
    }

    /// Asks what is known of the output so far.
    fn ask(&mut self) {
        let expected = std::mem::take(&mut self.expected);
        if !self.resized {
            let says = format!("{} {} {:?}", self.name, self.title, String::from_utf8_lossy(&self.output));
            self.cases.push(Case { says, columns: COLUMNS, rows: ROWS, output: self.output.clone(), expected });
        }
    }
}

/// What a question expects, if anybody can answer it.
fn expected(question: &str, answer: &str) -> Option<Expected> {
    let (what, where_) = question.split_once(' ').unwrap_or((question, ""));
    match what {
        "cursor" => {
            let (row, column) = answer.split_once(',')?;
            Some(Expected::Cursor(row.parse().ok()?, column.parse().ok()?))
        }
        "screen_row" => Some(Expected::Row(where_.trim().parse().ok()?, String::from_utf8(bytes(answer)?).ok()?)),
        "screen_chars" => {
            let numbers: Vec<usize> = where_.split(',').map_while(|number| number.trim().parse().ok()).collect();
            let [row, 0, end, columns] = numbers[..] else { return None };
            let whole = end == row + 1 && columns >= usize::from(COLUMNS);
            let hexadecimal = |number: &str| u32::from_str_radix(number.trim().strip_prefix("0x")?, 16).ok();
            let chars = answer.split(',').filter(|number| !number.is_empty()).map(hexadecimal);
            let text = chars.map(|number| char::from_u32(number?)).collect::<Option<String>>()?;
            whole.then_some(Expected::Row(row, text))
        }
        _ => None,
    }
}

/// The bytes of a string as Perl has it, perhaps to be repeated.
fn bytes(string: &str) -> Option<Vec<u8>> {
    let (body, rest) = string.trim().strip_prefix('"')?.rsplit_once('"')?;
    let times = match rest.trim().strip_prefix('x') {
        Some(times) => times.trim().parse().ok()?,
        None => 1,
    };
    let (mut out, mut body) = (Vec::new(), body.as_bytes());
    while let [byte, after @ ..] = body {
        body = after;
        let (byte, after) = match (byte, body) {
            (b'\\', [b'x', b'{', braced @ ..]) => {
                let end = braced.iter().position(|&byte| byte == b'}')?;
                let digits = std::str::from_utf8(&braced[..end]).ok()?;
                (u8::from_str_radix(digits, 16).ok()?, &braced[end + 1..])
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit = |digit: u8| char::from(digit).to_digit(16);
                ((digit(*high)? << 4 | digit(*low)?) as u8, after)
            }
            (b'\\', [b'e', after @ ..]) => (0x1b, after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b't', after @ ..]) => (b'\t', after),
            (b'\\', [b'b', after @ ..]) => (0x08, after),
            (b'\\', [b'a', after @ ..]) => (0x07, after),
            (b'\\', [other, after @ ..]) => (*other, after),
            _ => (*byte, body),
        };
        out.push(byte);
        body = after;
    }
    Some(out.repeat(times))
}
