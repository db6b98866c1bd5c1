//! What the workspace looks like: the theme that was asked for, on the command line or in the user's own `config.toml`, by name or as
//! a file, and what is wrong with it.

use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use locald_config::{Invalid, LoadError, UserConfig, Written, nearest};
use locald_panes::{Appearance, ThemeChoice, ThemeFault, ThemeFile};

use crate::paint::{self, Paint};
use crate::settings::SettingsFault;

/// What a theme can be.
pub(crate) const THEMES: &str = "themes are `auto`, `dark`, `light`, or the path of a file";

/// What the workspace looks like
#[derive(clap::Args, Debug, Clone, Default)]
pub(crate) struct LookArgs {
    /// Colours: auto, dark, light or a file
    ///
    /// `auto` asks the terminal whether its background is dark or light. A file holds a theme of your own. Without this option,
    /// the environment variable LOCALD_THEME says it, and without that `[workspace] theme` in your `config.toml`.
    #[arg(long, value_name = "THEME", env = "LOCALD_THEME", hide_env = true)]
    theme: Option<String>,
}

impl LookArgs {
    /// The theme that was asked for here, else in `config`, the user's own configuration in `file`.
    pub(crate) fn theme(&self, config: &UserConfig, file: &Path) -> Result<ThemeChoice, SettingsFault> {
        match (self.asked(), &config.theme) {
            (Some(asked), _) => builtin(asked).map_or_else(|| read(Path::new(asked)), Ok),
            (None, None) => Ok(ThemeChoice::Auto),
            (None, Some(written)) => of_config(config, written, file),
        }
    }

    /// The theme's file, where it has one of its own.
    pub(crate) fn file(&self, config: &UserConfig, file: &Path) -> Option<PathBuf> {
        let written = || config.theme.as_ref().map(|theme| theme.text.as_str());
        match self.asked() {
            Some(asked) if builtin(asked).is_none() => std::path::absolute(asked).ok(),
            Some(_) => None,
            None => written().filter(|theme| builtin(theme).is_none()).map(|theme| beside(file, theme)),
        }
    }

    fn asked(&self) -> Option<&str> {
        self.theme.as_deref().filter(|theme| !theme.is_empty())
    }
}

/// The theme that the user's `config.toml` asks for; a path in it begins where the file is.
fn of_config(config: &UserConfig, written: &Written, file: &Path) -> Result<ThemeChoice, SettingsFault> {
    let Written { text, span } = written;
    if let Some(choice) = builtin(text) {
        return Ok(choice);
    }
    let path = beside(file, text);
    if path.is_file() {
        return read(&path);
    }
    let near = nearest(text, ["auto", "dark", "light"]).map(|near| format!("did you mean `{near}`?"));
    let invalid = Invalid {
        message: format!("there is no theme `{text}`"),
        label: "neither a name nor a file".to_owned(),
        help: near.or_else(|| Some(THEMES.to_owned())),
    };
    config
        .refusal([(span.clone(), invalid)])
        .map_or(Ok(ThemeChoice::Auto), |faults| Err(SettingsFault::Config(LoadError::Faults(faults))))
}

fn beside(file: &Path, theme: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(theme)
}

/// The theme of this name, unless it is that of a file.
fn builtin(name: &str) -> Option<ThemeChoice> {
    match name {
        "auto" => Some(ThemeChoice::Auto),
        "dark" => Some(ThemeChoice::Fixed(ThemeFile::builtin(Appearance::Dark))),
        "light" => Some(ThemeChoice::Fixed(ThemeFile::builtin(Appearance::Light))),
        _ => None,
    }
}

fn read(path: &Path) -> Result<ThemeChoice, SettingsFault> {
    let path = path.to_owned();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(SettingsFault::NoTheme { path, error }),
    };
    match ThemeFile::parse(&text) {
        Ok(theme) => Ok(ThemeChoice::Fixed(theme)),
        Err(faults) => Err(SettingsFault::Theme { path, text, faults }),
    }
}

/// Draws the faults of a theme, each at its place.
pub(crate) fn draw_all(faults: &[ThemeFault], path: &Path, text: &str, paint: Paint) -> String {
    faults.iter().map(|fault| draw(fault, path, text, paint)).collect::<Vec<_>>().join("\n")
}

/// Draws a fault under the first line that it stands on.
fn draw(fault: &ThemeFault, path: &Path, text: &str, paint: Paint) -> String {
    let (number, start) = line_of(fault, text);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let span = fault.span.start - start..fault.span.end.clamp(fault.span.start, end.max(fault.span.start)) - start;
    let snippet = Snippet::source(harmless(&text[start..end]))
        .line_start(number)
        .path(paint::plain_lines(&path.display().to_string()))
        .annotation(AnnotationKind::Primary.span(span));
    let mut group = Level::ERROR.primary_title(fault.message.as_str()).element(snippet);
    if !fault.help.is_empty() {
        group = group.element(Level::HELP.message(fault.help.as_str()));
    }
    let renderer = if paint.is_on() { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Unicode);
    renderer.render(&[group]) + "\n"
}

/// The number of the line that a fault begins on, and where that line begins.
pub(crate) fn line_of(fault: &ThemeFault, text: &str) -> (usize, usize) {
    let start = text[..fault.span.start].rfind('\n').map_or(0, |at| at + 1);
    (text[..start].matches('\n').count() + 1, start)
}

/// The line with what a terminal would obey replaced, byte for byte: the marks stay in place.
fn harmless(line: &str) -> String {
    let shown = |ch: char| if ch.is_control() && ch != '\t' { if ch.is_ascii() { '?' } else { '·' } } else { ch };
    line.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(theme: &str) -> Result<ThemeChoice, SettingsFault> {
        LookArgs { theme: Some(theme.to_owned()) }.theme(&UserConfig::default(), Path::new("config.toml"))
    }

    #[test]
    fn themes_are_asked_for_by_name_or_as_a_file() {
        assert!(matches!(asked("auto").unwrap(), ThemeChoice::Auto));
        let ThemeChoice::Fixed(light) = asked("light").unwrap() else { panic!("not fixed") };
        assert_eq!(light.name(), "Light");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "name = \"Mine\"\nappearance = \"dark\"\n").unwrap();
        let ThemeChoice::Fixed(mine) = asked(path.to_str().unwrap()).unwrap() else { panic!("not fixed") };
        assert_eq!(mine.name(), "Mine");
        assert!(matches!(asked("drak"), Err(SettingsFault::NoTheme { .. })));
    }

    #[test]
    fn the_users_configuration_names_a_theme_or_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(folder.path().join("mine.toml"), "name = \"Mine\"\nappearance = \"dark\"\n").unwrap();
        let none = LookArgs { theme: None };
        let parsed = |theme: &str| {
            UserConfig::parse(Path::new("config.toml"), &format!("[workspace]\ntheme = '{theme}'\n")).unwrap()
        };
        let chosen = |theme: &str| none.theme(&parsed(theme), &file);
        assert_eq!(none.file(&parsed("light"), &file), None);
        assert_eq!(none.file(&parsed("mine.toml"), &file), Some(folder.path().join("mine.toml")));
        assert!(matches!(chosen("auto").unwrap(), ThemeChoice::Auto));
        for (theme, name) in [("light", "Light"), ("mine.toml", "Mine")] {
            let ThemeChoice::Fixed(file) = chosen(theme).unwrap() else { panic!("not fixed") };
            assert_eq!(file.name(), name);
        }
        let Err(SettingsFault::Config(LoadError::Faults(faults))) = chosen("drak") else { panic!("no fault") };
        insta::assert_snapshot!(faults.render(false), @"
        error: there is no theme `drak`
          ╭▸ config.toml:2:9
          │
        2 │ theme = 'drak'
          │         ━━━━━━ neither a name nor a file
          │
          ╰ help: did you mean `dark`?
        ");
        assert!(matches!(none.theme(&UserConfig::default(), &file).unwrap(), ThemeChoice::Auto));
    }

    #[test]
    fn faults_are_drawn_at_their_places() {
        let path = Path::new("mine.toml");
        let text = "name = \"Mine\"\nappearance = \"dark\"\n[tokens]\nok = { fg = \"gr\u{1b}een\" }\n";
        let faults = ThemeFile::parse(text).unwrap_err();
        let drawn: String = faults.iter().map(|fault| draw(fault, path, text, Paint::new(false))).collect();
        insta::assert_snapshot!(drawn, @r#"
        error: invalid basic string, expected non-double-quote visible characters, `\`
          ╭▸ mine.toml:4:16
          │
        4 │ ok = { fg = "gr?een" }
          ╰╴               ━
        "#);
    }
}
