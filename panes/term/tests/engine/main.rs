//! Bytes in, screen, replies, events and history out.

mod damage;
mod events;
mod looks;
mod replies;
mod resizing;
mod screen;
mod scrolled_off;

use locald_term::{
    Attributes, Color, CommandMark, CursorShape, Engine, Event, MouseEncoding, MouseMode, Progress, Size, Style,
    Underline, VtEngine, capture,
};

fn engine(rows: u16, columns: u16, bytes: &[u8]) -> VtEngine {
    let mut engine = VtEngine::new(Size::new(rows, columns));
    engine.feed(bytes);
    engine
}

/// A row as its cells: `[a][日=][ ]`, where `=` marks the second column.
fn cells(engine: &dyn Engine, row: u16) -> String {
    let mut out = String::new();
    engine.row(row, &mut |cell| {
        out.push('[');
        out.push_str(cell.text);
        out.push_str(if cell.width == 2 { "=]" } else { "]" });
    });
    out
}

fn styles(engine: &dyn Engine, row: u16) -> Vec<Style> {
    let mut styles = Vec::new();
    engine.row(row, &mut |cell| styles.push(cell.style));
    styles
}

fn history(engine: &dyn Engine) -> Vec<&str> {
    engine.history().lines(0, usize::MAX).map(|line| line.text()).collect()
}

fn numbered(lines: u32) -> Vec<u8> {
    (0..lines).flat_map(|line| format!("line {line}\r\n").into_bytes()).collect()
}
