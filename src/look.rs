//! What the workspace looks like: the theme that was asked for, by name or as a file, and what is wrong with it.

use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use locald_panes::{Appearance, ThemeChoice, ThemeFault, ThemeFile};

use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::{self, Paint};

/// What the workspace looks like
#[derive(clap::Args, Debug)]
pub(crate) struct LookArgs {
    /// Colours: auto, dark, light or a file
    ///
    /// `auto` asks the terminal whether its background is dark or light. A file holds a theme of your own. Without this option,
    /// the environment variable LOCALD_THEME says it.
    #[arg(
        long,
        value_name = "THEME",
        env = "LOCALD_THEME",
        default_value = "auto",
        hide_env = true,
        hide_default_value = true
    )]
    theme: String,
}

impl LookArgs {
    /// The theme that was asked for.
    pub(crate) fn theme(&self, paint: Paint) -> Result<ThemeChoice, CommandError> {
        match self.theme.as_str() {
            "auto" | "" => Ok(ThemeChoice::Auto),
            "dark" => Ok(ThemeChoice::Fixed(ThemeFile::builtin(Appearance::Dark))),
            "light" => Ok(ThemeChoice::Fixed(ThemeFile::builtin(Appearance::Light))),
            path => read(Path::new(path), paint).map(ThemeChoice::Fixed),
        }
    }
}

fn read(path: &Path, paint: Paint) -> Result<ThemeFile, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::new(ExitKind::Config, format!("failed to read the theme {shown}: {error}"))
            .hint("themes are `auto`, `dark`, `light`, or the path of a file")
    })?;
    ThemeFile::parse(&text).map_err(|faults| {
        let drawn: Vec<String> = faults.iter().map(|fault| draw(fault, path, &text, paint)).collect();
        let count = if faults.len() == 1 { "a fault".to_owned() } else { format!("{} faults", faults.len()) };
        CommandError::new(ExitKind::Config, format!("the theme {shown} has {count}")).details(drawn.join("\n"))
    })
}

/// Draws a fault under the first line that it stands on.
fn draw(fault: &ThemeFault, path: &Path, text: &str, paint: Paint) -> String {
    let start = text[..fault.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let number = text[..start].matches('\n').count() + 1;
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

/// The line with what a terminal would obey replaced, byte for byte: the marks stay in place.
fn harmless(line: &str) -> String {
    let shown = |ch: char| if ch.is_control() && ch != '\t' { if ch.is_ascii() { '?' } else { '·' } } else { ch };
    line.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(theme: &str) -> Result<ThemeChoice, CommandError> {
        LookArgs { theme: theme.to_owned() }.theme(Paint::new(false))
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
        assert_eq!(asked("drak").unwrap_err().exit, ExitKind::Config);
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
