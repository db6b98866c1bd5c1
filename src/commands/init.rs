//! `locald init`: a `locald.toml` that says what a Procfile or a `package.json` says, to go on from.

use std::path::{Path, PathBuf};
use std::{fs, io};

use locald_config::{manifest_of_package, manifest_of_procfile, parse_manifest};

use super::schema;
use crate::confirm::confirm;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::save::save;
use crate::ui::Ui;

const MANIFEST: &str = "locald.toml";

/// Write a `locald.toml` for what is there
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald init                      Say in a locald.toml what the Procfile or the package.json says\n  locald init --from Procfile      Say in a locald.toml what the Procfile says\n  locald init --from package.json  The same of what its `dev` script is"
)]
pub(crate) struct InitArgs {
    /// The Procfile or `package.json` to begin with; else the one that is there
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Write without showing and asking
    #[arg(long, short)]
    yes: bool,
    /// Replace a `locald.toml` that is there
    #[arg(long)]
    force: bool,
}

/// Where editors find the schema, from the project's folder: below a folder that keeps itself out of the repository.
const SCHEMA: &str = ".locald/schema.json";

pub(crate) fn init(args: &InitArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let root = context.folder();
    let path = root.join(MANIFEST);
    if path.exists() && !args.force {
        let error = CommandError::new(ExitKind::Failed, format!("there is a {MANIFEST} already; nothing was written"));
        return Err(error.hint("`--force` replaces it"));
    }
    let found = || ["Procfile", "package.json"].map(PathBuf::from).into_iter().find(|file| root.join(file).is_file());
    let Some(said) = args.from.clone().or_else(found) else {
        let error = CommandError::new(ExitKind::Failed, "there is neither a Procfile nor a package.json to begin with");
        return Err(error.hint(format!("`locald try --save COMMAND` runs a command and writes a {MANIFEST} with it")));
    };
    let from = root.join(&said);
    let text = fs::read_to_string(&from)
        .map_err(|error| CommandError::new(ExitKind::Failed, format!("failed to read {}: {error}", said.display())))?;
    let is_package = from.extension().is_some_and(|extension| extension == "json");
    let manifest = if is_package { manifest_of_package } else { manifest_of_procfile };
    let manifest = manifest(&from, &text, root)
        .map_err(|faults| context.config_error(faults.into(), "; nothing was written", ui.status_paint))?;
    let manifest = format!("#:schema {SCHEMA}\n\n{manifest}");
    // What we write must be what we read.
    parse_manifest(&path, &manifest, root)
        .map_err(|faults| CommandError::new(ExitKind::Internal, format!("what was made of it has faults: {faults}")))?;
    if !args.yes {
        ui.data().write_all(manifest.as_bytes())?;
        confirm(&format!("Write this as {MANIFEST}?"), ui)?;
    }
    write(&path, &manifest)?;
    write_schema(root)?;
    ui.note(&format!("wrote {MANIFEST}; it counts before the {} from now on", said.display()))?;
    Ok(())
}

fn write_schema(root: &Path) -> Result<(), CommandError> {
    let path = root.join(SCHEMA);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    write(&folder.join(".gitignore"), "*\n")?;
    write(&path, &schema::manifest())
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    save(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(ExitKind::Failed, format!("failed to write {}: {error}", path.display()))
}
