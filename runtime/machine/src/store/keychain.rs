//! The user's login keychain on macOS. Experimental: it has never been tried on a real one.

use super::{Kind, Presence, Store, StoreError, Way, ask};
use crate::certificate::Root;
use crate::tools::Call;
use crate::world::World;

pub(super) fn store(world: &World<'_>) -> Store {
    let place = world.user.home.join("Library/Keychains/login.keychain-db");
    Store { kind: Kind::System, place, as_root: false, made: false, way: Way::Keychain }
}

pub(super) fn presence(store: &Store, root: &Root, world: &World<'_>) -> Result<Presence, StoreError> {
    // Nothing is named by it, and what the system makes of that is not known.
    if root.thumbprint.is_empty() {
        return Ok(Presence::Absent);
    }
    let find = ["find-certificate".as_ref(), "-a".as_ref(), "-Z".as_ref(), store.place.as_os_str()];
    let said = ask(&Call::new("security", find), world)?;
    let is_ours = |line: &str| {
        let print = line.strip_prefix("SHA-1 hash:").map(str::trim);
        print.is_some_and(|print| print.eq_ignore_ascii_case(&root.thumbprint))
    };
    if !said.out.lines().any(is_ours) {
        return Ok(Presence::Absent);
    }
    let verify = ["verify-cert".as_ref(), "-L".as_ref(), "-l".as_ref(), "-c".as_ref(), root.file.as_os_str()];
    let is_trusted = ask(&Call::new("security", verify), world)?.success;
    Ok(if is_trusted { Presence::Trusted } else { Presence::Traces })
}

/// The system itself asks whoever sits before it.
pub(super) fn adding(store: &Store, root: &Root) -> Vec<Call> {
    let keychain = store.place.as_os_str();
    let add = [
        "add-trusted-cert".as_ref(),
        "-r".as_ref(),
        "trustRoot".as_ref(),
        "-k".as_ref(),
        keychain,
        root.file.as_os_str(),
    ];
    vec![Call::new("security", add)]
}

pub(super) fn removing(store: &Store, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
    if presence(store, root, world)? == Presence::Absent {
        return Ok(Vec::new());
    }
    // `-t`: what the user has decided about it goes too.
    let delete = [
        "delete-certificate".as_ref(),
        "-t".as_ref(),
        "-Z".as_ref(),
        root.thumbprint.as_ref(),
        store.place.as_os_str(),
    ];
    Ok(vec![Call::new("security", delete)])
}
