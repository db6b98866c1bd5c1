//! Who has which label right below the suffix. Whoever comes first keeps it, over restarts of everything, until its folder is gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::label;

/// Labels that are kept for pages of ours.
const RESERVED: [&str; 1] = ["locald-api"];

/// The labels and who has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    labels: BTreeMap<String, Claim>,
}

/// Who has a label, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    #[serde(flatten)]
    owner: Owner,
    /// The name that it was made for. Another name needs another label.
    of: String,
}

/// A project, one of its services, or a port of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) root: PathBuf,
    /// `None`: the project itself.
    pub(super) service: Option<String>,
    /// One of the service's ports that has a name; `None`: the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<String>,
}

impl Claims {
    /// The label of `owner`: the one that it has for this name, else the one that is wanted or, where somebody has that, one like it.
    pub(super) fn claim(&mut self, owner: &Owner, of: &str, wanted: &str) -> String {
        let own = self.labels.iter().find(|(_, claim)| claim.owner == *owner);
        match own.map(|(label, claim)| (label.clone(), claim.of == of)) {
            Some((label, true)) => return label,
            Some((label, false)) => drop(self.labels.remove(&label)),
            None => {}
        }
        let is_free = |label: &String| !RESERVED.contains(&label.as_str()) && !self.labels.contains_key(label);
        let who = format!("{}\0{}", owner.root.display(), owner.service.as_deref().unwrap_or_default());
        let who = owner.port.iter().fold(who, |who, port| format!("{who}\0{port}"));
        let like_it = (0..).map(|attempt: u32| match attempt {
            0 => wanted.to_owned(),
            1 => label::with_hash(wanted, &who),
            more => label::with_hash(wanted, &format!("{who}\0{more}")),
        });
        let mut like_it = like_it.filter(is_free);
        // There are more of them than claims.
        let label = like_it.next().unwrap_or_else(|| wanted.to_owned());
        drop(like_it);
        self.labels.insert(label.clone(), Claim { owner: owner.clone(), of: of.to_owned() });
        label
    }

    /// Gives up the labels of owners that this is not true of.
    pub(super) fn retain(&mut self, keep: impl Fn(&Owner) -> bool) {
        self.labels.retain(|_, claim| keep(&claim.owner));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn owner(root: &str, service: Option<&str>) -> Owner {
        Owner { root: root.into(), service: service.map(str::to_owned), port: None }
    }

    #[test]
    fn who_comes_first_keeps_a_label_and_the_next_has_one_like_it_for_good() {
        let mut claims = Claims::default();
        let (one, two) = (owner("/one", None), owner("/two", None));
        assert_eq!(claims.claim(&one, "shop", "shop"), "shop");
        let second = claims.claim(&two, "shop", "shop");
        assert!(second.starts_with("shop-") && second.len() == "shop-".len() + 8, "{second}");
        let text = serde_json::to_string(&claims).unwrap();
        let mut read: Claims = serde_json::from_str(&text).unwrap();
        assert_eq!(read, claims);
        assert_eq!(read.claim(&two, "shop", "shop"), second, "also when the first is gone by then");
        read.retain(|owner| owner != &one && owner != &two);
        assert_eq!(read.claim(&two, "shop", "shop"), "shop");
    }

    #[test]
    fn another_name_gives_the_earlier_label_up() {
        let mut claims = Claims::default();
        assert_eq!(claims.claim(&owner("/one", None), "shop", "shop-branch"), "shop-branch");
        assert_eq!(claims.claim(&owner("/one", None), "shop", "shop-other"), "shop-branch", "the first branch stays");
        assert_eq!(claims.claim(&owner("/one", None), "store", "store"), "store");
        assert_eq!(claims.claim(&owner("/two", None), "shop", "shop-branch"), "shop-branch");
    }

    #[test]
    fn a_label_of_ours_is_nobodys() {
        let label = Claims::default().claim(&owner("/one", None), "locald-api", "locald-api");
        assert!(label.starts_with("locald-api-"), "{label}");
    }

    proptest! {
        #[test]
        fn no_two_owners_share_a_label(wanted in proptest::collection::vec(("[ab]{1,2}", 0..4usize, any::<bool>()), 0..30)) {
            let mut claims = Claims::default();
            let mut given = BTreeMap::new();
            for (name, root, of_service) in wanted {
                let owner = owner(&format!("/{root}"), of_service.then_some("web"));
                let label = claims.claim(&owner, &name, &name);
                given.insert(format!("{owner:?}"), label);
            }
            let distinct: BTreeSet<&String> = given.values().collect();
            prop_assert_eq!(distinct.len(), given.len());
        }
    }
}
