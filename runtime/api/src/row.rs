//! A row of a screen or of history as runs of cells, and its binary form.
//!
//! Links are told once per frame, in a table that runs point into. Whoever reads gets each run with its link, so that rows can be
//! kept, moved and dropped without a table of their own.

use std::sync::Arc;

use bytes::BufMut;
use serde::{Deserialize, Serialize};

use crate::Style;
use crate::frame::DecodeError;
use crate::varint::{Input, put, put_text};

/// One row of cells, from the left; what is missing at its end is blank in the default style.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The runs, side by side.
    pub runs: Vec<Run>,
    /// Whether its text goes on in the next row, because it was too long for this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrapped: bool,
}

/// Neighbouring cells of one style and one link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How they look.
    pub style: Style,
    /// What they hold.
    pub cells: Cells,
    /// Where they lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// What cells hold. The daemon's emulator alone decides how wide a cell is, so that all clients agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cells {
    /// Each `char` is a cell one column wide.
    Narrow(String),
    /// Each `char` is a cell two columns wide.
    Wide(String),
    /// One cell of several `char`s.
    Cluster {
        /// Columns: 1 or 2.
        width: u8,
        /// Its text.
        text: String,
    },
}

/// A hyperlink (OSC 8). Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, String)", into = "(u32, String)")]
pub struct Link {
    /// The same for all cells of one link of a service's screen, and for no other link of it.
    pub number: u32,
    /// Where it leads, as the program said: nothing about it has been checked.
    pub url: Arc<str>,
}

impl Row {
    /// The row's text, with trailing blanks.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.cells.text()).collect()
    }
}

impl Run {
    /// Cells that lead nowhere.
    pub fn new(style: Style, cells: Cells) -> Self {
        Self { style, cells, link: None }
    }
}

impl Cells {
    /// The cells' text.
    pub fn text(&self) -> &str {
        match self {
            Self::Narrow(text) | Self::Wide(text) | Self::Cluster { text, .. } => text,
        }
    }
}

impl From<(u32, String)> for Link {
    fn from((number, url): (u32, String)) -> Self {
        Self { number, url: url.into() }
    }
}

impl From<Link> for (u32, String) {
    fn from(link: Link) -> Self {
        (link.number, link.url.as_ref().to_owned())
    }
}

/// The links of one frame, in the order of their first use.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut links = Self::default();
        for link in rows.flat_map(|row| &row.runs).filter_map(|run| run.link.as_ref()) {
            if links.place(link).is_none() {
                links.0.push(link.clone());
            }
        }
        links
    }

    fn place(&self, link: &Link) -> Option<usize> {
        self.0.iter().position(|known| known == link)
    }

    pub(crate) fn encode(&self, out: &mut impl BufMut) {
        put(out, self.0.len() as u64);
        for link in &self.0 {
            put(out, u64::from(link.number));
            put_text(out, &link.url);
        }
    }

    pub(crate) fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let mut links = Vec::new();
        for _ in 0..input.number()? {
            let number = u32::try_from(input.number()?).map_err(|_| DecodeError::Number)?;
            links.push(Link { number, url: input.text()?.into() });
        }
        Ok(Self(links))
    }
}

/// What stands in a run's first number beside the kind of its cells.
const OWN_UNDERLINE: u64 = 8;
const LINKED: u64 = 16;
const KIND: u64 = 7;

impl Row {
    pub(crate) fn encode(&self, links: &Links, out: &mut impl BufMut) {
        // The lowest bit says whether it is wrapped.
        put(out, (self.runs.len() as u64) << 1 | u64::from(self.wrapped));
        for run in &self.runs {
            run.encode(links, out);
        }
    }

    pub(crate) fn decode(input: &mut Input<'_>, links: &Links) -> Result<Self, DecodeError> {
        let mut runs = Vec::new();
        let first = input.number()?;
        for _ in 0..first >> 1 {
            runs.push(Run::decode(input, links)?);
        }
        Ok(Self { runs, wrapped: first & 1 == 1 })
    }
}

impl Run {
    fn encode(&self, links: &Links, out: &mut impl BufMut) {
        let (kind, text) = match &self.cells {
            Cells::Narrow(text) => (0, text),
            Cells::Wide(text) => (1, text),
            Cells::Cluster { width, text } => (2 + u64::from(*width == 2), text),
        };
        let link = self.link.as_ref().and_then(|link| links.place(link));
        let underline = if self.style.has_own_underline() { OWN_UNDERLINE } else { 0 };
        put(out, kind | underline | if link.is_some() { LINKED } else { 0 });
        self.style.encode(out);
        if let Some(place) = link {
            put(out, place as u64);
        }
        put_text(out, text);
    }

    fn decode(input: &mut Input<'_>, links: &Links) -> Result<Self, DecodeError> {
        let first = input.number()?;
        let style = Style::decode(input, first & OWN_UNDERLINE != 0)?;
        let link = if first & LINKED != 0 {
            let place = usize::try_from(input.number()?).map_err(|_| DecodeError::Number)?;
            Some(links.0.get(place).ok_or(DecodeError::Number)?.clone())
        } else {
            None
        };
        let text = input.text()?.to_owned();
        let cells = match first & KIND {
            0 => Cells::Narrow(text),
            1 => Cells::Wide(text),
            kind @ (2 | 3) => Cells::Cluster { width: kind as u8 - 1, text },
            _ => return Err(DecodeError::Number),
        };
        Ok(Self { style, cells, link })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::style::tests::style;

    prop_compose! {
        fn run()(
            style in style(),
            cells in prop_oneof![
                ".{0,12}".prop_map(Cells::Narrow),
                ".{0,12}".prop_map(Cells::Wide),
                (1u8..=2, ".{1,4}").prop_map(|(width, text)| Cells::Cluster { width, text })
            ],
            link in proptest::option::of((0u32..4, "[a-z:/]{0,12}")),
        ) -> Run {
            Run { style, cells, link: link.map(Link::from) }
        }
    }

    prop_compose! {
        pub(crate) fn row()(runs in proptest::collection::vec(run(), 0..4), wrapped in any::<bool>()) -> Row {
            Row { runs, wrapped }
        }
    }

    proptest! {
        #[test]
        fn a_row_reads_back_from_json_as_it_was(row in row()) {
            let text = serde_json::to_string(&row).unwrap();
            prop_assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
        }
    }

    #[test]
    fn a_link_is_told_once_however_many_cells_it_has() {
        let link = Link { number: 7, url: "http://localhost:3000/".repeat(20).into() };
        let run = Run { link: Some(link), ..Run::new(Style::default(), Cells::Narrow("x".into())) };
        let rows = [10, 10].map(|count| Row { runs: vec![run.clone(); count], wrapped: false });
        let links = Links::of(rows.iter());
        let mut out = Vec::new();
        links.encode(&mut out);
        for row in &rows {
            row.encode(&links, &mut out);
        }
        assert!(out.len() < 22 * 20 + 200, "{}", out.len());
    }
}
