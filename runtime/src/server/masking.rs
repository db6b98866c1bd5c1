//! Takes secrets out of what a client is given to show: pages of logs, the text of screens, the words of programs.
//!
//! Frames of a pane and lines of its history are left as they are: they are the program's own screen, where it decides what it shows
//! to whom it talks, and a mask in the middle would tear what it has drawn.

use std::borrow::Cow;
use std::collections::BTreeMap;

use locald_api::{LogEvent, LogPage, LogStream, ServiceId};
use locald_config::Masker;

/// Masks a page of logs.
pub(super) fn page(page: &mut LogPage, masker_of: impl Fn(&ServiceId) -> Masker) {
    let mut maskers: BTreeMap<ServiceId, Masker> = BTreeMap::new();
    let mut raw: BTreeMap<(&ServiceId, u8), Vec<&mut String>> = BTreeMap::new();
    for line in &mut page.lines {
        let masker = maskers.entry(line.service.clone()).or_insert_with_key(&masker_of);
        match &mut line.event {
            LogEvent::Text { text, .. } => mask(masker, text),
            // A secret may be in several chunks, which have those of other streams between them.
            LogEvent::Raw { stream, latin1 } if !masker.is_idle() => {
                raw.entry((&line.service, number(*stream))).or_default().push(latin1);
            }
            _ => {}
        }
    }
    for ((service, _), chunks) in raw {
        let Some(masker) = maskers.get(service) else { continue };
        let byte = |ch: char| u8::try_from(ch).unwrap_or(b'?');
        let mut pieces: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.chars().map(byte).collect()).collect();
        masker.mask_pieces(&mut pieces);
        for (chunk, piece) in chunks.into_iter().zip(pieces) {
            *chunk = piece.into_iter().map(char::from).collect();
        }
    }
}

/// Masks words of a program.
pub(super) fn mask(masker: &Masker, text: &mut String) {
    if let Cow::Owned(masked) = masker.mask(text) {
        *text = masked;
    }
}

/// Masks the rows of a screen so many columns wide, which may hold SGR sequences. A line may wrap in the middle of a secret.
pub(super) fn rows(masker: &Masker, rows: &mut [String], columns: u16) {
    if masker.is_idle() {
        return;
    }
    let mut at = 0;
    while at < rows.len() {
        let wrapped = rows[at..].iter().take_while(|row| width(row) >= usize::from(columns)).count();
        let end = (at + wrapped + 1).min(rows.len());
        line(masker, &mut rows[at..end]);
        at = end;
    }
}

/// Masks the rows of one line.
fn line(masker: &Masker, rows: &mut [String]) {
    let mut text: Vec<Vec<u8>> = Vec::new();
    for row in rows.iter() {
        text.extend(pieces(row).filter(|(_, is_text)| *is_text).map(|(text, _)| text.as_bytes().to_vec()));
    }
    masker.mask_pieces(&mut text);
    let mut texts = text.into_iter();
    for row in rows {
        let mut anew = String::new();
        for (piece, is_text) in pieces(row) {
            match if is_text { texts.next() } else { None } {
                Some(text) => anew.push_str(&String::from_utf8_lossy(&text)),
                None => anew.push_str(piece),
            }
        }
        *row = anew;
    }
}

/// How many columns the row takes.
fn width(row: &str) -> usize {
    let text = pieces(row).filter(|(_, is_text)| *is_text);
    text.flat_map(|(text, _)| locald_term::clusters(text)).map(|(_, width)| usize::from(width)).sum()
}

/// The row in pieces, and whether each is text or an escape sequence that ends with a letter.
fn pieces(row: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = row;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_text = !rest.starts_with('\x1b');
        let end = if is_text {
            rest.find('\x1b')
        } else {
            rest.find(|ch: char| ch.is_ascii_alphabetic()).map(|letter| letter + 1)
        };
        let (piece, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        Some((piece, is_text))
    })
}

fn number(stream: LogStream) -> u8 {
    match stream {
        LogStream::Tty => 0,
        LogStream::Stdout => 1,
        LogStream::Stderr => 2,
    }
}

#[cfg(test)]
mod tests {
    use locald_api::{LogLine, ProjectId};
    use locald_config::Secret;

    use super::*;

    fn masker() -> Masker {
        Masker::new([Secret { value: "hunter2-hunter2", is_said: true }])
    }

    fn masked(rows_of: &[&str], columns: u16) -> Vec<String> {
        let mut shown: Vec<String> = rows_of.iter().map(ToString::to_string).collect();
        rows(&masker(), &mut shown, columns);
        shown
    }

    #[test]
    fn a_secret_is_masked_on_a_screen_also_where_its_line_wraps_and_its_colour_changes() {
        assert_eq!(masked(&["key hunter2-hunter2 ok", "$"], 80), ["key ******** ok", "$"]);
        assert_eq!(masked(&["key hun", "ter2-hu", "nter2 ok"], 7), ["key ********", "", " ok"]);
        let coloured = ["key \x1b[31mhunter2-\x1b[0;1mhunter2\x1b[m ok"];
        assert_eq!(masked(&coloured, 80), ["key \x1b[31m********\x1b[0;1m\x1b[m ok"]);
        assert_eq!(
            masked(&["hunter2", "-hunter2"], 80),
            ["hunter2", "********"],
            "two lines are not one; half is a piece"
        );
    }

    #[test]
    fn a_screen_without_secrets_is_what_it_was() {
        let shown = ["\x1b[1mall\x1b[m is well", "", "漢字漢字", "\x1b["];
        assert_eq!(masked(&shown, 8), shown);
    }

    #[test]
    fn a_secret_in_raw_chunks_is_masked_once_whatever_stands_between_them() {
        let service = ServiceId { project: ProjectId("shop-1".to_owned()), service: "web".to_owned() };
        let chunk = |stream, latin1: &str| LogLine {
            time: 0,
            service: service.clone(),
            event: LogEvent::Raw { stream, latin1: latin1.to_owned() },
        };
        let (out, err) = (LogStream::Stdout, LogStream::Stderr);
        let lines = vec![chunk(out, "a hunt"), chunk(err, "other"), chunk(out, "er2-hunter"), chunk(out, "2 \u{e4}")];
        let mut shown = LogPage { lines, cursor: String::new(), end: true };
        page(&mut shown, |_| masker());
        let texts: Vec<&str> = shown
            .lines
            .iter()
            .map(|line| match &line.event {
                LogEvent::Raw { latin1, .. } => latin1.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(texts, ["a ********", "other", "", " \u{e4}"]);
    }
}
