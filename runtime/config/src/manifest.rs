//! `locald.toml` as a whole: the project, its services, and how they hang together.
//!
//! What stands in the table of a service is read by `service_table`; how TOML is read stands in `reader`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::de::DeTable;

use crate::dotenv::DotEnv;
use crate::fault::Invalid;
use crate::faults::Faults;
use crate::graph;
use crate::keys::{MANIFEST, PROJECT};
use crate::name::ProjectName;
use crate::project::{MAX_SERVICES, Project};
use crate::reader::{Entry, Reader, entries, find};
use crate::service::Service;
use crate::service_table;
use crate::source::Source;

/// Reads the text of a `locald.toml`. `path` names it in faults; `root` is the folder that paths are relative to.
///
/// # Errors
/// All faults of the text, those of syntax included.
pub fn parse_manifest(path: &Path, text: &str, root: &Path) -> Result<Project, Faults> {
    let source = Source::new(path, text);
    let (mut reader, document) = Reader::new(&source);
    let table = document.get_ref();
    reader.check_keys(table, "locald.toml", MANIFEST);
    let name = find(table, "project").and_then(|entry| project_name(&mut reader, entry));
    let services = find(table, "services").and_then(|entry| reader.table(entry));
    let services = services.map(|table| read_services(&mut reader, table, root)).unwrap_or_default();
    reader.finish(Project {
        name: name.unwrap_or_else(|| ProjectName::of_folder(root)),
        root: root.to_path_buf(),
        source: path.to_path_buf(),
        services,
        dotenv: DotEnv::default(),
    })
}

fn project_name(reader: &mut Reader, entry: Entry<'_>) -> Option<ProjectName> {
    let table = reader.table(entry)?;
    reader.check_keys(table, "`project`", PROJECT);
    reader.parsed(find(table, "name")?)
}

fn read_services(reader: &mut Reader, table: &DeTable<'_>, root: &Path) -> Vec<Service> {
    let entries = entries(table);
    if let Some(first_too_many) = entries.get(MAX_SERVICES) {
        let message = format!("{} services, at most {MAX_SERVICES} are allowed", entries.len());
        reader.fault(first_too_many.key_span(), Invalid::new(message, "one too many"));
    }
    let known: BTreeSet<&str> = entries.iter().map(Entry::key).collect();
    let (mut services, mut wanted) = (Vec::new(), BTreeMap::new());
    for entry in entries.into_iter().take(MAX_SERVICES) {
        if let Some((service, dependencies)) = service_table::read(reader, entry, root) {
            wanted.insert(service.name.clone(), dependencies);
            services.push(service);
        }
    }
    graph::connect(reader, &mut services, &wanted, &known);
    services
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
