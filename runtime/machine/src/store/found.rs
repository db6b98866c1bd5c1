//! Which stores there are on a machine.

use super::{Kind, Store, Way, anchors, java, keychain, nss, profiles, windows};
use crate::certificate::Root;
use crate::world::{System, World};

/// The stores of these kinds that there are, for the authority. Databases come in the order of their places.
pub fn stores(kinds: &[Kind], root: &Root, world: &World<'_>) -> Vec<Store> {
    let mut found = Vec::new();
    for kind in kinds {
        match (kind, world.system) {
            (Kind::System, System::MacOs) => found.push(keychain::store(world)),
            (Kind::System, System::Linux | System::Wsl) => found.extend(anchors::find(root, world)),
            (Kind::Nss, _) => found.extend(databases(world)),
            (Kind::Windows, System::Wsl) => found.push(windows::store()),
            (Kind::Windows, System::Linux | System::MacOs) => {}
            (Kind::Java, _) => found.extend(java::find(world)),
        }
    }
    found
}

fn databases(world: &World<'_>) -> Vec<Store> {
    let system = world.at("/etc/pki/nssdb");
    let mut found: Vec<Store> = profiles::databases(world)
        .into_iter()
        .map(|place| Store { kind: Kind::Nss, as_root: place == system, made: false, way: Way::Nss, place })
        .collect();
    let legacy = profiles::legacy(world);
    let has_own = nss::is_there(&legacy) || nss::is_there(&world.user.data.join("pki/nssdb"));
    // A browser that was never started has none yet, and takes the one that it finds.
    if !has_own && profiles::has_chromium(world) {
        found.insert(0, Store { kind: Kind::Nss, place: legacy, as_root: false, made: true, way: Way::Nss });
    }
    found
}
