//! `locald config set` and `unset`: one value of a file is changed, and nothing else of it; what would be a fault is not written.

use std::path::{Path, PathBuf};
use std::{fs, io};

use locald_config::{
    Before, EditError, Edited, LoadError, MANIFEST, USER, UserConfig, check, check_user, has_secret_name, set, unset,
};

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::plain;
use crate::save::save;
use crate::ui::Ui;
use crate::user_keys;

/// The file to change.
#[derive(clap::Args, Debug)]
pub(crate) struct Where {
    /// Change `locald.local.toml`, which is yours alone
    #[arg(long, conflicts_with = "user")]
    local: bool,
    /// Change your own `config.toml`, which holds for all projects
    #[arg(long)]
    user: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is to be done with the key.
#[derive(Clone, Copy)]
pub(crate) enum Edit<'a> {
    Set(&'a str),
    Unset,
}

/// A file that may be changed.
struct Target {
    path: PathBuf,
    /// As it is shown.
    name: String,
    /// How a command that changes it back names it.
    option: &'static str,
    text: String,
}

pub(crate) fn edit(
    key: &str,
    edit: Edit<'_>,
    place: &Where,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let target = target(place, context)?;
    let keys = if place.user { USER } else { MANIFEST };
    let edited = match edit {
        Edit::Set(value) => set(&target.text, keys, key, value),
        Edit::Unset => unset(&target.text, key),
    };
    let edited = edited.map_err(|error| refused(&error, &target))?;
    if edited.text == target.text {
        return Ok(ui.note(&format!("{} says so already", target.name))?);
    }
    // The file is not touched before what it would say is known to make sense.
    let user = context.home().config_file();
    if place.user {
        let config = UserConfig::parse(&target.path, &edited.text).map_err(LoadError::Faults);
        let keys = config.and_then(|config| user_keys::keymap(&config).map_err(LoadError::Faults));
        keys.map_err(|error| context.config_error(error, "; nothing was written", ui.status_paint))?;
    }
    let checked = match context.project()? {
        Some(project) => check(project.root.as_ref(), Some(&user), &target.path, &edited.text),
        None => check_user(&target.path, &edited.text),
    };
    checked.map_err(|error| context.config_error(error, "; nothing was written", ui.status_paint))?;
    if place.dry_run {
        return Ok(ui.data().write_all(diff(&target, &edited.text).as_bytes())?);
    }
    write(&target.path, &edited.text)?;
    let what = match edit {
        Edit::Set(_) => "set",
        Edit::Unset => "took away",
    };
    writeln!(ui.status(), "{what} {} in {}", plain(key), plain(&target.name))?;
    if let Some(undo) = undo(key, &edited, &target) {
        ui.note(&undo)?;
    }
    Ok(())
}

/// Gives the project in `root` another name, in the file that is the user's alone.
pub(crate) fn rename(root: &Path, name: &str, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let place = Where { local: true, user: false, dry_run: false };
    edit("project.name", Edit::Set(name), &place, &context.at(root), ui)
}

fn target(place: &Where, context: &Context) -> Result<Target, CommandError> {
    let (path, option) = if place.user {
        (context.home().config_file(), " --user")
    } else {
        let root = PathBuf::from(context.required_project()?.root);
        let (file, option) = if place.local { ("locald.local.toml", " --local") } else { ("locald.toml", "") };
        if !place.local && !root.join(file).exists() {
            let error = CommandError::new(ExitKind::Config, format!("there is no {file} in {}", root.display()));
            return Err(
                error.hint("`locald init --from Procfile` makes one; `--local` changes your own file beside it")
            );
        }
        (root.join(file), option)
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(CommandError::new(ExitKind::Failed, format!("failed to read {}: {error}", path.display())));
        }
    };
    let folder = context.folder().canonicalize().unwrap_or_else(|_| context.folder().to_owned());
    let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
    Ok(Target { path, name, option, text })
}

fn refused(error: &EditError, target: &Target) -> CommandError {
    let kind = match error {
        EditError::Syntax => ExitKind::Config,
        EditError::Key(_) | EditError::NoTable(_) => ExitKind::Usage,
        EditError::NotSet(_) => ExitKind::UnknownName,
    };
    let refused = CommandError::new(kind, format!("{}: {error}", target.name));
    match error {
        EditError::Syntax => refused.hint("`locald config show` shows where"),
        EditError::NotSet(_) => refused.hint("`locald config show --origin` shows what is set, and where"),
        _ => refused,
    }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed =
        |error: io::Error| CommandError::new(ExitKind::Failed, format!("failed to write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    save(path, text).map_err(failed)
}

/// The command that brings back what was there; `None` where that was more than a value.
fn undo(key: &str, edited: &Edited, target: &Target) -> Option<String> {
    let is_secret = key.rsplit('.').next().is_some_and(has_secret_name);
    let (key, option) = (shell_word(key), target.option);
    match &edited.before {
        Before::Nothing => Some(format!("`locald config unset{option} {key}` takes it away again")),
        Before::Value(value) if !is_secret && !value.contains('\n') => {
            Some(format!("`locald config set{option} {key} {}` brings back what was there", shell_word(value)))
        }
        Before::Value(_) | Before::Table => None,
    }
}

/// A text as one word of a shell's line.
fn shell_word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:,=@%+".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn diff(target: &Target, text: &str) -> String {
    let diff = similar::TextDiff::from_lines(target.text.as_str(), text);
    plain_lines(&diff.unified_diff().header(&target.name, &target.name).to_string())
}

/// The same lines without what a terminal would act on.
fn plain_lines(text: &str) -> String {
    let lines = text.lines().map(|line| plain(line).into_owned() + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_is_quoted_where_it_has_to_be() {
        assert_eq!(shell_word("3000"), "3000");
        assert_eq!(shell_word("'npm start'"), r"''\''npm start'\'''");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn a_diff_shows_what_changes_and_no_escape_sequence() {
        let name = "locald.toml".to_owned();
        let target = Target { path: name.clone().into(), name, option: "", text: "a = 1\nb = 2\n".to_owned() };
        insta::assert_snapshot!(diff(&target, "a = 1\nb = \"\x1b[2J\"\n"), @r#"
        --- locald.toml
        +++ locald.toml
        @@ -1,2 +1,2 @@
         a = 1
        -b = 2
        +b = "�[2J"
        "#);
    }
}
