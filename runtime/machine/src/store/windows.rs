//! The user's store of Windows, seen from Linux within it (WSL). Experimental: it has never been tried on a real one.

use super::{Kind, Presence, Store, StoreError, Way, ask, failed};
use crate::certificate::Root;
use crate::tools::Call;
use crate::world::World;

const PROGRAM: &str = "certutil.exe";

pub(super) fn store() -> Store {
    Store {
        kind: Kind::Windows,
        place: r"Cert:\CurrentUser\Root".into(),
        as_root: false,
        made: false,
        way: Way::Windows,
    }
}

pub(super) fn presence(root: &Root, world: &World<'_>) -> Result<Presence, StoreError> {
    // Nothing is named by it, and what Windows makes of that is not known.
    if root.thumbprint.is_empty() {
        return Ok(Presence::Absent);
    }
    let said = ask(&call(&["-verifystore", "Root", &root.thumbprint], world)?, world)?;
    Ok(if said.success { Presence::Trusted } else { Presence::Absent })
}

/// Windows itself asks whoever sits before it.
pub(super) fn adding(root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    let translate = Call::new("wslpath", ["-w".as_ref(), root.file.as_os_str()]);
    let said = ask(&translate, world)?;
    if !said.success {
        return Err(failed(&translate, &said));
    }
    Ok(vec![call(&["-addstore", "Root", said.out.trim()], world)?])
}

pub(super) fn removing(root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    if presence(root, world)? == Presence::Absent {
        return Ok(Vec::new());
    }
    Ok(vec![call(&["-delstore", "Root", &root.thumbprint], world)?])
}

fn call(arguments: &[&str], world: &World<'_>) -> Result<Call, StoreError> {
    if !world.has(PROGRAM) {
        let how =
            "it is Windows's own, and found if `[interop] appendWindowsPath` of `/etc/wsl.conf` is not off".to_owned();
        return Err(StoreError::Missing { program: PROGRAM, how });
    }
    Ok(Call::new(PROGRAM, ["-user"].into_iter().chain(arguments.iter().copied())))
}
