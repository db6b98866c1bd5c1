//! What things look like, by what they mean. Views name a token and never a colour.
//!
//! The built-in themes use the outer terminal's own sixteen colours and defaults, so they look right on any background;
//! what may be overlooked is faint, not grey, because some palettes have a grey that cannot be read.

use ratatui::style::{Color, Modifier, Style};

/// A style for each thing a view can say.
#[derive(Debug, Clone)]
pub(crate) struct Theme {
    /// Ordinary text.
    pub(crate) text: Style,
    /// What stands out without being a state: names, keys.
    pub(crate) accent: Style,
    /// What may be overlooked.
    pub(crate) muted: Style,
    /// Headings.
    pub(crate) heading: Style,
    /// All is well.
    pub(crate) ok: Style,
    /// On its way, or worth a look.
    pub(crate) warn: Style,
    /// Wrong.
    pub(crate) error: Style,
    /// The bar where keys go: the selected row, or the title of the pane.
    pub(crate) focus: Style,
    /// The selected row while keys go elsewhere.
    pub(crate) selection: Style,
    /// What was searched for.
    pub(crate) found: Style,
    /// The one of them that the user was led to.
    pub(crate) found_here: Style,
    /// Lines between things.
    pub(crate) border: Style,
    /// Something that has to be read now, across the whole width.
    pub(crate) banner: Style,
}

impl Theme {
    /// The theme that the environment asks for.
    pub(crate) fn from_env() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if plain { Self::plain() } else { Self::ansi() }
    }

    /// Sixteen colours.
    pub(crate) fn ansi() -> Self {
        let plain = Self::plain();
        Self {
            accent: Style::new().fg(Color::Cyan),
            ok: Style::new().fg(Color::Green),
            warn: Style::new().fg(Color::Yellow),
            error: Style::new().fg(Color::Red),
            found: Style::new().fg(Color::Black).bg(Color::Yellow),
            found_here: Style::new().fg(Color::Black).bg(Color::Magenta).add_modifier(Modifier::BOLD),
            banner: Style::new().fg(Color::Yellow).add_modifier(Modifier::REVERSED | Modifier::BOLD),
            ..plain
        }
    }

    /// No colours; what they say is also said by icons and words.
    pub(crate) fn plain() -> Self {
        let text = Style::new();
        let bold = text.add_modifier(Modifier::BOLD);
        Self {
            text,
            accent: bold,
            muted: text.add_modifier(Modifier::DIM),
            heading: bold,
            ok: text,
            warn: text,
            error: bold,
            // One look for the whole bar, whatever was written on it.
            focus: text
                .fg(Color::Reset)
                .bg(Color::Reset)
                .remove_modifier(Modifier::DIM)
                .add_modifier(Modifier::REVERSED | Modifier::BOLD),
            selection: bold,
            found: text.add_modifier(Modifier::REVERSED),
            found_here: text.add_modifier(Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED),
            border: text.add_modifier(Modifier::DIM),
            banner: text.add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }
}
