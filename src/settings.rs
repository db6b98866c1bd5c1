//! What the user has set for the workspace, in `config.toml` and in a theme's file: read at first, and again whenever that changes.

use std::io;
use std::path::{Path, PathBuf};

use locald_config::{LoadError, UserConfig};
use locald_panes::{LaterSettings, Settings, ThemeFault};
use locald_runtime::Watching;
use tokio::sync::watch;

use crate::context::Context;
use crate::error::{self, CommandError};
use crate::exit::ExitKind;
use crate::look::{self, LookArgs};
use crate::paint::Paint;
use crate::user_keys;

/// Why settings cannot be used.
#[derive(Debug)]
pub(crate) enum SettingsFault {
    /// The user's `config.toml` is wrong, or cannot be read.
    Config(LoadError),
    /// The theme's file cannot be read.
    NoTheme { path: PathBuf, error: io::Error },
    /// The theme's file is wrong.
    Theme { path: PathBuf, text: String, faults: Vec<ThemeFault> },
}

/// Reads what the user has set, in `file` and in the theme that `look` or that file asks for.
pub(crate) fn read(look: &LookArgs, file: &Path) -> Result<Settings, SettingsFault> {
    let config = UserConfig::load(file).map_err(SettingsFault::Config)?;
    let keymap = user_keys::keymap(&config).map_err(|faults| SettingsFault::Config(LoadError::Faults(faults)))?;
    Ok(Settings { keymap, theme: look.theme(&config, file)? })
}

/// Reads them again whenever they change, for as long as somebody wants to know.
pub(crate) fn follow(look: LookArgs, file: PathBuf) -> LaterSettings {
    let (news, later) = watch::channel(Err(String::new()));
    tokio::spawn(async move {
        let watching = Watching::<()>::begin();
        let mut files = Vec::new();
        loop {
            // Of a file with a fault it is not known what theme it asks for; it is the same as before, most likely.
            if let Ok(config) = UserConfig::load(&file) {
                files = [file.clone()].into_iter().chain(look.file(&config, &file)).collect();
            } else if files.is_empty() {
                files.push(file.clone());
            }
            watching.set(&(), &files);
            tokio::select! {
                () = watching.changed() => {}
                () = news.closed() => return,
            }
            let folder = file.parent().unwrap_or(Path::new(""));
            let _ = news.send(read(&look, &file).map_err(|fault| fault.in_a_line(folder)));
        }
    });
    later
}

impl SettingsFault {
    /// The fault as a command ends with it.
    pub(crate) fn told(self, context: &Context, paint: Paint) -> CommandError {
        match self {
            Self::Config(error) => context.config_error(error, "", paint),
            Self::NoTheme { .. } => {
                CommandError::new(ExitKind::Config, self.in_a_line(Path::new(""))).hint(look::THEMES)
            }
            Self::Theme { path, text, faults } => {
                let count = if faults.len() == 1 { "a fault".to_owned() } else { format!("{} faults", faults.len()) };
                CommandError::new(ExitKind::Config, format!("the theme {} has {count}", path.display()))
                    .details(look::draw_all(&faults, &path, &text, paint))
            }
        }
    }

    /// The first of what is wrong, as one line, with file names as seen from `folder`.
    fn in_a_line(self, folder: &Path) -> String {
        match self {
            Self::Config(LoadError::Faults(faults)) => {
                let faults = faults.relative_to(folder);
                let all = faults.as_slice();
                let first = all.first().map(ToString::to_string).unwrap_or_default();
                more(first, all.len() + faults.omitted())
            }
            Self::Config(error) => error::chain(&error),
            Self::NoTheme { path, error } => format!("failed to read the theme {}: {error}", path.display()),
            Self::Theme { path, text, faults } => {
                let of = |fault: &ThemeFault| {
                    let name = path.file_name().unwrap_or(path.as_os_str()).display();
                    format!("{name}:{}: {}", look::line_of(fault, &text).0, fault.message)
                };
                more(faults.first().map(of).unwrap_or_default(), faults.len())
            }
        }
    }
}

fn more(first: String, all: usize) -> String {
    if all > 1 { format!("{first} (and {} more)", all - 1) } else { first }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use locald_panes::{Keymap, ThemeChoice};

    use super::*;

    fn none() -> LookArgs {
        LookArgs::default()
    }

    async fn next(later: &mut LaterSettings) -> Result<Settings, String> {
        let changed = tokio::time::timeout(std::time::Duration::from_secs(10), later.changed()).await;
        changed.expect("in time").expect("still followed");
        later.borrow_and_update().clone()
    }

    #[tokio::test]
    async fn a_file_that_changes_is_read_again_and_so_is_the_theme_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let mut later = follow(none(), file.clone());
        // What changed before it was watched is seen, too.
        assert_eq!(next(&mut later).await.unwrap().keymap, Keymap::default());
        fs::write(&file, "[keys]\nzoom = 'Z'\n").unwrap();
        assert_ne!(next(&mut later).await.unwrap().keymap, Keymap::default());
        fs::write(&file, "[keys]\nzom = 'Z'\n").unwrap();
        let fault = next(&mut later).await.unwrap_err();
        assert_eq!(fault, "config.toml:2:1: there is no command `zom`");
        let theme = folder.path().join("mine.toml");
        fs::write(&theme, "name = \"Mine\"\nappearance = \"dark\"\n").unwrap();
        fs::write(&file, "[workspace]\ntheme = 'mine.toml'\n").unwrap();
        let named = |settings: Settings| match settings.theme {
            ThemeChoice::Fixed(theme) => theme.name().to_owned(),
            ThemeChoice::Auto => "auto".to_owned(),
        };
        assert_eq!(named(next(&mut later).await.unwrap()), "Mine");
        // The theme is watched from now on, for which it is read once more.
        assert_eq!(named(next(&mut later).await.unwrap()), "Mine");
        fs::write(&theme, "name = \"Yours\"\nappearance = \"dark\"\n").unwrap();
        assert_eq!(named(next(&mut later).await.unwrap()), "Yours");
        fs::write(&theme, "name = \"Yours\"\n").unwrap();
        assert!(next(&mut later).await.unwrap_err().starts_with("mine.toml:1: "));
    }
}
