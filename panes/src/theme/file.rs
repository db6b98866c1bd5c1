//! A theme's file: a palette of colours, and for each token which of them it takes. Read as far as it can be read, with every
//! fault at its place.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::depth::{Depth, nearest};
use super::{TOKENS, Theme};

const DARK: &str = include_str!("../../../themes/dark.toml");
const LIGHT: &str = include_str!("../../../themes/light.toml");

/// The longest theme file that is read, in bytes.
pub(super) const LONGEST_THEME: usize = 64 << 10;

/// What can be added to a token's colours.
const ATTRIBUTES: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// The sixteen colours of a terminal by name, and its default.
const ANSI: &[(&str, Color)] = &[
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// What a background is like, and for what background a theme is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appearance {
    /// Light text on dark ground.
    #[default]
    Dark,
    /// Dark text on light ground.
    Light,
}

/// A theme as its file has it, for any number of colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    name: String,
    appearance: Appearance,
    tokens: BTreeMap<&'static str, Token>,
}

/// Something wrong at one place of a theme's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ThemeFault {
    /// The place in bytes; inside the text and on character boundaries.
    pub span: Range<usize>,
    /// What is wrong, as one line.
    pub message: String,
    /// What is allowed there; may be empty.
    pub help: String,
}

/// A colour in 24 bits, and what stands for it on a terminal of sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paint {
    pub(super) rgb: (u8, u8, u8),
    ansi: Color,
}

/// How a token looks on each kind of terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) foreground: Option<Paint>,
    pub(super) background: Option<Paint>,
    always: Modifier,
    sixteen: Modifier,
    plain: Modifier,
}

impl ThemeFile {
    /// The theme built in for such a background.
    pub fn builtin(appearance: Appearance) -> Self {
        let text = match appearance {
            Appearance::Dark => DARK,
            Appearance::Light => LIGHT,
        };
        Self::parse(text).expect("the built-in themes are whole, as a test has seen")
    }

    /// Reads a theme's file.
    ///
    /// # Errors
    /// All faults of the file, in the order of their places.
    pub fn parse(text: &str) -> Result<Self, Vec<ThemeFault>> {
        let mut reader = Reader { text, faults: Vec::new() };
        let theme = reader.theme();
        reader.faults.sort_by_key(|fault| fault.span.start);
        if reader.faults.is_empty() { Ok(theme) } else { Err(reader.faults) }
    }

    /// The name that the file says.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What background it is made for.
    pub fn appearance(&self) -> Appearance {
        self.appearance
    }

    /// The theme as it looks with so many colours. What the file leaves out is as in the theme built in for its background.
    pub(crate) fn theme(&self, depth: Depth) -> Theme {
        let inherited = if self.is_whole() { None } else { Some(Self::builtin(self.appearance)) };
        Theme::from_tokens(depth, |name| {
            let token = self.tokens.get(name).or_else(|| inherited.as_ref()?.tokens.get(name));
            token.map_or_else(Style::new, |token| token.style(depth))
        })
    }

    #[cfg(test)]
    pub(super) fn token(&self, name: &str) -> Option<&Token> {
        self.tokens.get(name)
    }

    /// Whether it says how every token looks.
    pub(super) fn is_whole(&self) -> bool {
        self.tokens.len() == TOKENS.len()
    }
}

impl Token {
    fn style(&self, depth: Depth) -> Style {
        let color = |paint: Option<Paint>| paint.and_then(|paint| paint.color(depth));
        let added = match depth {
            Depth::Plain => self.always | self.plain,
            Depth::Sixteen => self.always | self.sixteen,
            Depth::Indexed | Depth::True => self.always,
        };
        let mut style = Style::new().add_modifier(added);
        (style.fg, style.bg) = (color(self.foreground), color(self.background));
        if added.contains(Modifier::REVERSED) {
            // One look for a whole bar, whatever was written on it.
            (style.fg, style.bg) = (style.fg.or(Some(Color::Reset)), style.bg.or(Some(Color::Reset)));
        }
        if style.bg.is_some() { style.remove_modifier(Modifier::DIM) } else { style }
    }
}

impl Paint {
    fn color(self, depth: Depth) -> Option<Color> {
        let (red, green, blue) = self.rgb;
        match depth {
            Depth::Plain => None,
            Depth::Sixteen => Some(self.ansi),
            Depth::Indexed => Some(Color::Indexed(nearest(red, green, blue))),
            Depth::True => Some(Color::Rgb(red, green, blue)),
        }
    }
}

type Value<'t> = Spanned<DeValue<'t>>;

/// Colours by name; a colour that could not be read is known all the same.
type Palette = BTreeMap<String, Option<Paint>>;

/// Reads values, and collects what is wrong with them.
struct Reader<'t> {
    text: &'t str,
    faults: Vec<ThemeFault>,
}

impl<'t> Reader<'t> {
    fn theme(&mut self) -> ThemeFile {
        let mut theme = ThemeFile { name: String::new(), appearance: Appearance::default(), tokens: BTreeMap::new() };
        if self.text.len() > LONGEST_THEME {
            self.fault(0..0, format!("a theme has at most {} KiB", LONGEST_THEME >> 10), "");
            return theme;
        }
        let (root, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            for error in errors {
                self.fault(error.span().unwrap_or_default(), error.message().to_owned(), "");
            }
            return theme;
        }
        let root = root.get_ref();
        self.check_keys(root, &["name", "appearance", "palette", "tokens"]);
        if let Some(name) = self.required(root, "name").and_then(|name| self.word(name)) {
            name.clone_into(&mut theme.name);
        }
        let appearances = &[("dark", Appearance::Dark), ("light", Appearance::Light)];
        let appearance = self.required(root, "appearance").and_then(|value| self.choice(value, appearances));
        theme.appearance = appearance.unwrap_or_default();
        let palette = root.get("palette").map(|table| self.palette(table)).unwrap_or_default();
        if let Some(tokens) = root.get("tokens").and_then(|tokens| self.table(tokens)) {
            self.check_keys(tokens, TOKENS);
            for name in TOKENS {
                if let Some(token) = tokens.get(*name).and_then(|token| self.token(token, &palette)) {
                    theme.tokens.insert(name, token);
                }
            }
        }
        theme
    }

    fn palette(&mut self, value: &Value<'t>) -> Palette {
        let Some(table) = self.table(value) else { return Palette::new() };
        table.iter().map(|(name, value)| (name.get_ref().to_string(), self.palette_entry(value))).collect()
    }

    fn palette_entry(&mut self, value: &Value<'t>) -> Option<Paint> {
        let table = self.table(value)?;
        self.check_keys(table, &["rgb", "ansi"]);
        let rgb = self.inner(value, table, "rgb").and_then(|rgb| self.rgb(rgb));
        let ansi = self.inner(value, table, "ansi").and_then(|ansi| self.choice(ansi, ANSI));
        Some(Paint { rgb: rgb?, ansi: ansi? })
    }

    fn token(&mut self, value: &Value<'t>, palette: &Palette) -> Option<Token> {
        let table = self.table(value)?;
        self.check_keys(table, &["fg", "bg", "always", "sixteen", "plain"]);
        Some(Token {
            foreground: table.get("fg").and_then(|name| self.paint(name, palette)),
            background: table.get("bg").and_then(|name| self.paint(name, palette)),
            always: self.attributes(table.get("always")),
            sixteen: self.attributes(table.get("sixteen")),
            plain: self.attributes(table.get("plain")),
        })
    }

    fn paint(&mut self, value: &Value<'t>, palette: &Palette) -> Option<Paint> {
        let name = self.word(value)?;
        let known = palette.get(name);
        if known.is_none() {
            let names: Vec<&str> = palette.keys().map(String::as_str).collect();
            let message = format!("the palette has no colour {}", quoted(name));
            self.fault(value.span(), message, &format!("it has {}", list(&names)));
        }
        *known?
    }

    fn attributes(&mut self, value: Option<&Value<'t>>) -> Modifier {
        let Some(value) = value else { return Modifier::empty() };
        let DeValue::Array(names) = value.get_ref() else {
            self.fault(value.span(), "not a list".into(), "such as [\"bold\"]");
            return Modifier::empty();
        };
        names.iter().filter_map(|name| self.choice(name, ATTRIBUTES)).fold(Modifier::empty(), |all, one| all | one)
    }

    fn rgb(&mut self, value: &Value<'t>) -> Option<(u8, u8, u8)> {
        let word = self.word(value)?;
        let part = |digits: Range<usize>| u8::from_str_radix(word.get(digits)?, 16).ok();
        let is_hex = word.len() == 7 && word.starts_with('#') && word[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
        let rgb = if is_hex { Some((part(1..3)?, part(3..5)?, part(5..7)?)) } else { None };
        if rgb.is_none() {
            self.fault(value.span(), format!("{} is not a colour", quoted(word)), "such as \"#7fd1e0\"");
        }
        rgb
    }

    fn choice<T: Copy>(&mut self, value: &Value<'t>, known: &[(&str, T)]) -> Option<T> {
        let word = self.word(value)?;
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, meant)| *meant);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.fault(
                value.span(),
                format!("{} is not known here", quoted(word)),
                &format!("allowed: {}", list(&names)),
            );
        }
        found
    }

    fn word<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v str> {
        let word = value.get_ref().as_str();
        if word.is_none() {
            self.fault(value.span(), "not a text in quotes".into(), "");
        }
        word
    }

    fn table<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.fault(value.span(), "not a table".into(), "");
        }
        table
    }

    fn required<'v>(&mut self, root: &'v DeTable<'t>, key: &str) -> Option<&'v Value<'t>> {
        let value = root.get(key);
        if value.is_none() {
            self.fault(0..0, format!("`{key}` is missing"), "");
        }
        value
    }

    fn inner<'v>(&mut self, outer: &Value<'t>, table: &'v DeTable<'t>, key: &str) -> Option<&'v Value<'t>> {
        let value = table.get(key);
        if value.is_none() {
            self.fault(outer.span(), format!("`{key}` is missing"), "");
        }
        value
    }

    fn check_keys(&mut self, table: &DeTable<'t>, allowed: &[&str]) {
        for (key, _) in table.iter().filter(|(key, _)| !allowed.contains(&&**key.get_ref())) {
            let message = format!("unknown key {}", quoted(key.get_ref()));
            self.fault(key.span(), message, &format!("allowed: {}", list(allowed)));
        }
    }

    fn fault(&mut self, span: Range<usize>, message: String, help: &str) {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(span.end.clamp(start, self.text.len()));
        self.faults.push(ThemeFault { span: start..end, message, help: help.to_owned() });
    }
}

/// A text of the file's within a message.
fn quoted(text: &str) -> String {
    format!("`{}`", crate::text::fit(&crate::text::printable(text), 40))
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { crate::text::printable(&names.join(", ")) }
}
