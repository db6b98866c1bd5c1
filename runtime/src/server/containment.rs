//! What is told of the means by which services are ended.

use std::fs;
use std::path::Path;

use locald_keeper::containment::Containment;

/// The means of the keeper, as clients are told of them.
pub(super) fn told(containment: Option<&Containment>) -> locald_api::Containment {
    match containment {
        Some(Containment::Groups(path)) => {
            let limits = limits(path);
            let missing = limits.is_empty().then(|| "no controller can be had for limits".to_owned());
            locald_api::Containment { control_group: Some(path.to_string_lossy().into_owned()), limits, missing }
        }
        Some(Containment::Reapers { missing }) => {
            locald_api::Containment { missing: Some(missing.clone()), ..locald_api::Containment::default() }
        }
        None => locald_api::Containment::default(),
    }
}

/// The controllers that the group was given by the one above it. Whoever ends processes needs none.
fn limits(group: &Path) -> Vec<String> {
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    controllers.split_whitespace().map(str::to_owned).collect()
}

/// The control group of a process, if it is below `home`: in the hierarchy, as the process's own file has it.
pub(super) fn of_process(pid: u32, home: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let group = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    let name = Path::new(home).file_name()?.to_str()?;
    group.split('/').any(|part| part == name).then(|| group.to_owned())
}
