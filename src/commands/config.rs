//! `locald config`: what is set, and where.

use std::path::Path;

use locald_config::{MASK, Origin, Plain, Setting, explain};
use serde_json::{Value, json};

use super::config_edit;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::plain;
use crate::ui::Ui;

/// Show the configuration, or change a value
#[derive(clap::Args, Debug)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(clap::Subcommand, Debug)]
enum ConfigCommand {
    /// Show what is set, all files together
    #[command(after_help = "Examples:\n  locald config show web --origin  What is set for `web`, and where")]
    Show {
        /// A service, or the beginning of a key such as `services.web.env`
        name: Option<String>,
        /// Say in which file and line each value stands, and what it replaces
        #[arg(long)]
        origin: bool,
        /// Print an array as JSON, with origins
        #[arg(long)]
        json: bool,
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
    },
    /// Set a value in a file, and leave the rest of the file as it is
    ///
    /// What would be a fault is not written. A project that is up takes the change up by itself.
    #[command(
        after_help = "Examples:\n  locald config set services.web.port 3000\n  locald config set services.web.command 'npm run dev' --local"
    )]
    Set {
        /// The key, such as `services.web.port`
        key: String,
        /// The value, as TOML; text needs no quotes
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        place: config_edit::Where,
    },
    /// Take a value out of a file, and leave the rest of the file as it is
    #[command(after_help = "Examples:\n  locald config unset services.web.port --dry-run")]
    Unset {
        /// The key, such as `services.web.port`
        key: String,
        #[command(flatten)]
        place: config_edit::Where,
    },
}

pub(crate) fn config(args: &ConfigArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        ConfigCommand::Set { key, value, place } => {
            config_edit::edit(key, config_edit::Edit::Set(value), place, context, ui)
        }
        ConfigCommand::Unset { key, place } => config_edit::edit(key, config_edit::Edit::Unset, place, context, ui),
        ConfigCommand::Show { name, origin, json, reveal } => {
            let project = context.required_project()?;
            let user = context.home().config_file();
            let settings = explain(project.root.as_ref(), Some(&user))
                .map_err(|error| context.config_error(error, "", ui.status_paint))?;
            let settings = select(settings, name.as_deref())?;
            let show = Show { folder: context.folder(), origin: *origin, reveal: *reveal };
            if *json {
                let list: Vec<Value> = settings.iter().map(|setting| show.json(setting)).collect();
                return Ok(ui.json(&list)?);
            }
            for setting in &settings {
                let line = show.line(setting);
                let origin = if *origin { ui.data_paint.dim(&show.origins(setting)) } else { String::new() };
                writeln!(ui.data(), "{line}{origin}")?;
            }
            if settings.is_empty() {
                ui.note("nothing is set")?;
            }
            Ok(())
        }
    }
}

/// The settings of the service of that name or, where there is none, of keys that begin so.
fn select(settings: Vec<Setting>, name: Option<&str>) -> Result<Vec<Setting>, CommandError> {
    let Some(name) = name else { return Ok(settings) };
    let of_service = |it: &&Setting| {
        it.keys.first().is_some_and(|key| key == "services") && it.keys.get(1).is_some_and(|key| key == name)
    };
    let below =
        |it: &&Setting| it.name().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let mut found: Vec<Setting> = settings.iter().filter(of_service).cloned().collect();
    if found.is_empty() {
        found = settings.iter().filter(below).cloned().collect();
    }
    if found.is_empty() {
        let services = settings.iter().filter(|it| it.keys.first().is_some_and(|key| key == "services"));
        let near = locald_config::nearest(name, services.filter_map(|it| it.keys.get(1)).map(String::as_str));
        let error = CommandError::new(ExitKind::UnknownName, format!("nothing is set for `{name}`"));
        return Err(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        });
    }
    Ok(found)
}

/// How settings are shown.
struct Show<'a> {
    folder: &'a Path,
    origin: bool,
    reveal: bool,
}

impl Show<'_> {
    fn line(&self, setting: &Setting) -> String {
        let value = if setting.is_secret && !self.reveal { MASK.to_owned() } else { setting.value.to_string() };
        plain(&format!("{} = {value}{}", setting.name(), if self.origin { "  " } else { "" })).into_owned()
    }

    fn origins(&self, setting: &Setting) -> String {
        let replaced: Vec<String> = setting.replaced.iter().map(|it| self.place(it)).collect();
        let replaced = if replaced.is_empty() { String::new() } else { format!(", replaces {}", replaced.join(", ")) };
        format!("# {} ({}){replaced}", self.place(&setting.origin), setting.origin.layer)
    }

    fn place(&self, origin: &Origin) -> String {
        let path = origin.path.strip_prefix(self.folder).unwrap_or(&origin.path);
        plain(&format!("{}:{}", path.display(), origin.line)).into_owned()
    }

    fn json(&self, setting: &Setting) -> Value {
        let is_hidden = setting.is_secret && !self.reveal;
        json!({
            "key": setting.name(),
            "value": if is_hidden { Value::from(MASK) } else { plain_json(&setting.value) },
            "secret": setting.is_secret,
            "origin": origin_json(&setting.origin),
            "replaces": setting.replaced.iter().map(origin_json).collect::<Vec<_>>(),
        })
    }
}

fn origin_json(origin: &Origin) -> Value {
    json!({
        "layer": origin.layer.as_str(),
        "path": origin.path.to_string_lossy(),
        "line": origin.line,
        "column": origin.column,
    })
}

/// A value of TOML as JSON.
pub(super) fn plain_json(value: &Plain) -> Value {
    match value {
        Plain::Text(text) | Plain::Date(text) => Value::from(text.as_str()),
        Plain::Integer(number) => Value::from(*number),
        // What JSON has no number for, such as `inf`, stays as it is written.
        Plain::Float(text) => {
            text.replace('_', "").parse::<f64>().map_or_else(|_| Value::from(text.as_str()), Value::from)
        }
        Plain::Boolean(value) => Value::from(*value),
        Plain::List(list) => list.iter().map(plain_json).collect(),
        Plain::Table(table) => table.iter().map(|(key, value)| (key.clone(), plain_json(value))).collect(),
    }
}
