//! `locald setup helper`: puts a copy of the helper where only root can change it, and takes it away again.

use std::path::Path;
use std::{fs, io};

use locald_helper::{AUDIT_LOG, INSTALLED, Version, check_path};
use locald_machine::{Call, Change, InstalledHelper};

use super::{enter, strike};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::helper::{self, Consent, Way};
use crate::ui::Ui;

/// Copies a program for root, with programs of the system, and puts it in its place in one step.
const INSTALL: &str = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; install -D -o root -g root -m 0755 \"$1\" \"$2.new\" && mv -fT \"$2.new\" \"$2\"";

pub(crate) fn install(context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let source = beside_us()?;
    let (source, place) = (Path::new(&source), Path::new(INSTALLED));
    match helper::version_of(source) {
        Some(version) if version == Version::ours() => {}
        _ => {
            let message = format!("{} is not the helper of this release", source.display());
            return Err(
                CommandError::new(ExitKind::Failed, message).hint("install locald anew, with all of its programs")
            );
        }
    }
    if is_same(source, place) && check_path(place).is_ok() {
        return Ok(ui.note(&format!("{INSTALLED} is there already, and of this release"))?);
    }
    let change = Change::Helper(InstalledHelper { place: place.to_owned() });
    enter(&change, context)?;
    let source = source.to_string_lossy();
    if let Err(error) = as_root("/bin/sh", &["-c", INSTALL, "sh", &source, INSTALLED]) {
        if !place.exists() {
            strike(&change, context)?;
        }
        return Err(error);
    }
    check_path(place).map_err(|why| {
        CommandError::new(ExitKind::Failed, format!("the helper was installed, and will not be run as root: {why}"))
            .hint("once nobody but root can write there, it is")
    })?;
    if !is_same(Path::new(&*source), place) {
        return Err(CommandError::new(ExitKind::Failed, format!("{INSTALLED} is not what was to be installed")));
    }
    writeln!(ui.status(), "Installed {INSTALLED} ({})", Version::ours())?;
    Ok(ui.note("`locald setup ports` has URLs without a port; `locald setup hosts` has every program find the names")?)
}

/// Takes the helper away. Its record of what it has done stays, for whoever wants to look.
pub(crate) fn undo(helper: &InstalledHelper) -> Result<Option<String>, CommandError> {
    if fs::symlink_metadata(&helper.place).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    as_root("/bin/rm", &["-f", "--", &helper.place.to_string_lossy()])?;
    let has_record = Path::new(AUDIT_LOG).exists();
    Ok(has_record.then(|| format!("what it did is recorded in {AUDIT_LOG}, which stays")))
}

/// The helper that came with this executable.
fn beside_us() -> Result<String, CommandError> {
    let failed = |why: String| CommandError::new(ExitKind::Failed, why);
    let ours = std::env::current_exe().map_err(|error| failed(format!("this program cannot be found: {error}")))?;
    let path = ours.with_file_name("locald-helper");
    if !path.is_file() {
        return Err(
            failed(format!("there is no {}", path.display())).hint("install locald anew, with all of its programs")
        );
    }
    let text = path.into_os_string().into_string();
    text.map_err(|path| failed(format!("{} has a name that is not UTF-8", path.display())))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

/// Runs a program of the system, given by its path, as root: not every sudo knows better than the user's PATH what to run by a name.
/// Where nobody can be asked for that, says what to type.
fn as_root(program: &str, arguments: &[&str]) -> Result<(), CommandError> {
    let way = Way::find(Consent::Given);
    let typed = Call::new(program, arguments).by_root(true).to_string();
    let ended = way.command(program).args(arguments).status();
    let failed = |message: &str| CommandError::new(ExitKind::Failed, message).hint(format!("this does it: {typed}"));
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(_) if way == Way::Silently => Err(failed("this needs root, and there is no terminal to ask on")),
        Ok(_) => Err(failed("root has not done it")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(failed("this needs root, and there is no sudo")),
        Err(error) => Err(failed(&format!("this needs root: {error}"))),
    }
}
