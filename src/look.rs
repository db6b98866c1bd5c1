//! What the workspace looks like: the theme that was asked for, on the command line or in the user's own `config.toml`, by name or as
//! a file, and what is wrong with it.

use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use locald_config::{Invalid, LoadError, UserConfig, Written, nearest};
use locald_panes::{Appearance, ThemeChoice, ThemeFault, ThemeFile};

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::{self, Paint};
use crate::user_keys;

/// What a theme can be.
const THEMES: &str = "themes are `auto`, `dark`, `light`, or the path of a file";

/// What the workspace looks like
#[derive(clap::Args, Debug)]
pub(crate) struct LookArgs {
    /// Colours: auto, dark, light or a file
    ///
    /// `auto` asks the terminal whether its background is dark or light. A file holds a theme of your own. Without this option,
    /// the environment variable LOCALD_THEME says it, and without that `[workspace] theme` in your `config.toml`.
    #[arg(long, value_name = "THEME", env = "LOCALD_THEME", hide_env = true)]
    theme: Option<String>,
}

impl LookArgs {
    /// The theme that was asked for.
    pub(crate) fn theme(&self, context: &Context, paint: Paint) -> Result<ThemeChoice, CommandError> {
        let Some(asked) = self.theme.as_deref().filter(|theme| !theme.is_empty()) else {
            let file = context.home().config_file();
            let config = user_keys::config(context, paint)?;
            return of_config(&config, &file, paint, |error| context.config_error(error, "", paint));
        };
        builtin(asked).map_or_else(|| read(Path::new(asked), paint).map(ThemeChoice::Fixed), Ok)
    }
}

/// The theme that the user's `config.toml` asks for; a path in it begins where the file is.
fn of_config(
    config: &UserConfig,
    file: &Path,
    paint: Paint,
    told: impl Fn(LoadError) -> CommandError,
) -> Result<ThemeChoice, CommandError> {
    let Some(Written { text, span }) = &config.theme else { return Ok(ThemeChoice::Auto) };
    if let Some(choice) = builtin(text) {
        return Ok(choice);
    }
    let path = file.parent().unwrap_or(Path::new("")).join(text);
    if path.is_file() {
        return read(&path, paint).map(ThemeChoice::Fixed);
    }
    let near = nearest(text, ["auto", "dark", "light"]).map(|near| format!("did you mean `{near}`?"));
    let invalid = Invalid {
        message: format!("there is no theme `{text}`"),
        label: "neither a name nor a file".to_owned(),
        help: near.or_else(|| Some(THEMES.to_owned())),
    };
    config
        .refusal([(span.clone(), invalid)])
        .map_or(Ok(ThemeChoice::Auto), |faults| Err(told(LoadError::Faults(faults))))
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

fn read(path: &Path, paint: Paint) -> Result<ThemeFile, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::new(ExitKind::Config, format!("failed to read the theme {shown}: {error}")).hint(THEMES)
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
        builtin(theme).map_or_else(|| read(Path::new(theme), Paint::new(false)).map(ThemeChoice::Fixed), Ok)
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
    fn the_users_configuration_names_a_theme_or_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(folder.path().join("mine.toml"), "name = \"Mine\"\nappearance = \"dark\"\n").unwrap();
        let chosen = |theme: &str| {
            let config = UserConfig::parse(Path::new("config.toml"), &format!("[workspace]\ntheme = '{theme}'\n"));
            let told = |error| match error {
                LoadError::Faults(faults) => CommandError::new(ExitKind::Config, faults.render(false)),
                other => panic!("{other}"),
            };
            of_config(&config.unwrap(), &file, Paint::new(false), told)
        };
        assert!(matches!(chosen("auto").unwrap(), ThemeChoice::Auto));
        for (theme, name) in [("light", "Light"), ("mine.toml", "Mine")] {
            let ThemeChoice::Fixed(file) = chosen(theme).unwrap() else { panic!("not fixed") };
            assert_eq!(file.name(), name);
        }
        insta::assert_snapshot!(chosen("drak").unwrap_err().message, @"
        error: there is no theme `drak`
          ╭▸ config.toml:2:9
          │
        2 │ theme = 'drak'
          │         ━━━━━━ neither a name nor a file
          │
          ╰ help: did you mean `dark`?
        ");
        assert!(matches!(
            of_config(&UserConfig::default(), &file, Paint::new(false), |_| unreachable!()).unwrap(),
            ThemeChoice::Auto
        ));
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
