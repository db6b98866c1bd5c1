//! A screen as SVG: a rectangle for each stretch of background, a text for each stretch of one look.
//!
//! Every text states its length, so that columns stay columns whatever font the reader has.

use std::fmt::Write;

use super::palette::{self, BACKGROUND, FOREGROUND, FRAME};

const CELL_WIDTH: u32 = 9;
const CELL_HEIGHT: u32 = 19;
const BASELINE: u32 = 14;
const MARGIN: u32 = 14;

/// How cells look; neighbours that look alike are drawn together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    ink: String,
    paper: String,
    /// The rest, as attributes of a text.
    attributes: String,
}

/// Cells side by side that look alike.
struct Stretch {
    look: Look,
    column: u16,
    columns: u16,
    text: String,
}

pub(crate) fn of_screen(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (u16::from(rows), u16::from(columns));
    let width = u32::from(columns) * CELL_WIDTH + 2 * MARGIN;
    let height = u32::from(rows) * CELL_HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <title>The workspace of locald</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\" stroke=\"{FRAME}\"/>\n"
    );
    for row in 0..rows {
        for stretch in stretches(screen, row, columns) {
            draw(&mut svg, row, &stretch);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn stretches(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<Stretch> {
    let cursor = (!screen.hide_cursor()).then(|| screen.cursor_position());
    let mut stretches: Vec<Stretch> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        if cell.is_wide_continuation() {
            continue;
        }
        let under_cursor = cursor.is_some_and(|(at_row, at_column)| (at_row, at_column) == (row, column));
        let look = look(cell, under_cursor);
        let wide = if cell.is_wide() { 2 } else { 1 };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match stretches.last_mut() {
            Some(last) if last.look == look && wide == 1 && !wide_ends(last) => {
                last.columns += 1;
                last.text.push_str(text);
            }
            _ => stretches.push(Stretch { look, column, columns: wide, text: text.to_owned() }),
        }
    }
    stretches
}

/// A wide cell stands alone, because its characters and its columns are not the same in number.
fn wide_ends(stretch: &Stretch) -> bool {
    stretch.columns == 2 && stretch.text.chars().count() == 1
}

fn look(cell: &vt100::Cell, under_cursor: bool) -> Look {
    let ink = palette::color(cell.fgcolor(), FOREGROUND);
    let paper = palette::color(cell.bgcolor(), BACKGROUND);
    let upright = cell.inverse() == under_cursor;
    let (ink, paper) = if upright { (ink, paper) } else { (paper, ink) };
    let attributes = [
        (cell.bold(), " font-weight=\"bold\""),
        (cell.dim(), " opacity=\"0.6\""),
        (cell.italic(), " font-style=\"italic\""),
        (cell.underline(), " text-decoration=\"underline\""),
    ];
    let attributes = attributes.into_iter().filter(|(on, _)| *on).map(|(_, attribute)| attribute).collect();
    Look { ink, paper, attributes }
}

fn draw(svg: &mut String, row: u16, stretch: &Stretch) {
    let x = MARGIN + u32::from(stretch.column) * CELL_WIDTH;
    let y = MARGIN + u32::from(row) * CELL_HEIGHT;
    let (look, width) = (&stretch.look, u32::from(stretch.columns) * CELL_WIDTH);
    // Writing to a string does not fail.
    if look.paper != BACKGROUND {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>",
            look.paper
        );
    }
    // Blanks at the ends are left out, because not every reader keeps them.
    let shown = stretch.text.trim();
    if shown.is_empty() {
        return;
    }
    let blanks = |text: &str| u32::try_from(stretch.text.len() - text.len()).unwrap_or(0) * CELL_WIDTH;
    let x = x + blanks(stretch.text.trim_start());
    let length = width - blanks(stretch.text.trim_start()) - blanks(stretch.text.trim_end());
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" fill=\"{}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{}>{}</text>",
        y + BASELINE,
        look.ink,
        look.attributes,
        escaped(shown)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg_of(bytes: &str) -> String {
        let mut parser = vt100::Parser::new(1.try_into().unwrap(), 12.try_into().unwrap(), 0);
        parser.process(b"\x1b[?25l");
        parser.process(bytes.as_bytes());
        of_screen(parser.screen())
    }

    #[test]
    fn neighbours_of_one_look_are_one_text_and_characters_of_markup_are_escaped() {
        let svg = svg_of("\x1b[1ma<b\x1b[m & c");
        assert!(svg.contains("font-weight=\"bold\">a&lt;b</text>"), "{svg}");
        assert_eq!(svg.matches("<text").count(), 2);
        assert!(svg.contains("&amp; c</text>"), "{svg}");
    }

    #[test]
    fn a_wide_character_keeps_the_columns_after_it_in_place() {
        let svg = svg_of("日x");
        assert!(svg.contains(&format!("x=\"{}\"", MARGIN + 2 * CELL_WIDTH)), "{svg}");
        assert!(svg.contains("textLength=\"18\""), "{svg}");
    }

    #[test]
    fn colours_and_reversed_cells_become_ink_and_paper() {
        let svg = svg_of("\x1b[31mred\x1b[m \x1b[7;38;5;16mx");
        assert!(svg.contains("fill=\"#ef6b73\""), "{svg}");
        assert!(svg.contains("height=\"19\" fill=\"#000000\""), "{svg}");
    }
}
