//! What things look like, by what they mean. Views name a token and never a colour.
//!
//! A theme is a file: the two built in lie in `themes/`, and a user may write others. What colours the outer terminal has is
//! its own matter, see `depth`; every theme works with all of them, with sixteen, and with none.

mod depth;
mod file;

pub(crate) use depth::Depth;
pub use file::{Appearance, ThemeFault, ThemeFile};

use ratatui::style::Style;

/// Declares the tokens once: the fields of a theme, and their names in its file.
macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A style for each thing a view can say.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct Theme {
            /// The colours that the outer terminal has.
            pub(crate) depth: Depth,
            $($(#[$doc])* pub(crate) $name: Style,)*
        }

        /// The names of all tokens.
        pub(crate) const TOKENS: &[&str] = &[$(stringify!($name),)*];

        impl Theme {
            /// Asks for the style of each token by its name.
            fn from_tokens(depth: Depth, style: impl Fn(&'static str) -> Style) -> Self {
                Self { depth, $($name: style(stringify!($name)),)* }
            }
        }
    };
}

tokens! {
    /// Ordinary text.
    text,
    /// What stands out without being a state: names, keys.
    accent,
    /// What may be overlooked.
    muted,
    /// Headings.
    heading,
    /// All is well.
    ok,
    /// On its way, or worth a look.
    warn,
    /// Wrong.
    error,
    /// The bar where keys go: the selected row, or the title of the pane.
    focus,
    /// The selected row while keys go elsewhere.
    selection,
    /// What was searched for.
    found,
    /// The one of them that the user was led to.
    found_here,
    /// Text that is selected to be copied.
    chosen,
    /// Lines between things.
    border,
    /// Something that has to be read now, across the whole width.
    banner,
}

/// Which theme a workspace wears.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ThemeChoice {
    /// The dark one or the light one, by the background of the outer terminal.
    #[default]
    Auto,
    /// This one.
    Fixed(ThemeFile),
}

impl ThemeChoice {
    /// What is worn on a background of this appearance.
    pub(crate) fn theme(&self, background: Appearance, depth: Depth) -> Theme {
        match self {
            Self::Auto => ThemeFile::builtin(background).theme(depth),
            Self::Fixed(file) => file.theme(depth),
        }
    }

    /// Whether it matters what background there is.
    pub(crate) fn follows_background(&self) -> bool {
        matches!(self, Self::Auto)
    }
}

#[cfg(test)]
mod tests;
