//! A configuration as a whole: the project, its services, and how they hang together.
//!
//! What stands in the table of a service is read by `service_table`; how files are laid over each other is told by `layers`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::dotenv::DotEnv;
use crate::fault::Invalid;
use crate::faults::Faults;
use crate::graph;
use crate::interpolate::ProjectFacts;
use crate::keys::PROJECT;
use crate::layers::{Form, Input, Layer, Merged, merge};
use crate::name::ProjectName;
use crate::project::{MAX_SERVICES, Project};
use crate::reader::Reader;
use crate::service::Service;
use crate::service_table;
use crate::settings::env;
use crate::settings::plain_http::PlainHttp;
use crate::source::Source;
use crate::tree::{Entry, Table};

/// Reads the text of a `locald.toml`. `path` names it in faults; `root` is the folder that paths are relative to.
///
/// # Errors
/// All faults of the text, those of syntax included.
pub fn parse_manifest(path: &Path, text: &str, root: &Path) -> Result<Project, Faults> {
    let input = Input { layer: Layer::Project, form: Form::Toml, source: Source::new(path, text) };
    parse(&[input], path, root)
}

/// Reads the files of one project; `path` is the project's own.
pub(crate) fn parse(inputs: &[Input], path: &Path, root: &Path) -> Result<Project, Faults> {
    let mut reader = Reader::default();
    let merged = merge(&mut reader, inputs);
    let project = read(&mut reader, &merged, path, root);
    reader.finish(project)
}

/// Makes a project of what the files say together. What is missing or wrong is left out and reported.
pub(crate) fn read(reader: &mut Reader, merged: &Merged, path: &Path, root: &Path) -> Project {
    let table = &merged.table;
    let said = table.get("project").and_then(|entry| project(reader, entry)).unwrap_or_default();
    let name = said.name.unwrap_or_else(|| ProjectName::of_folder(root));
    reader.project = ProjectFacts { root: root.to_path_buf(), name: name.to_string() };
    let env = reader.setting(table, "env", env::read).unwrap_or_default();
    for reference in std::mem::take(&mut reader.references) {
        let invalid = Invalid::new("variables of all services cannot refer to one of them", "a service's");
        reader.fault(reference.place, invalid.with_help("write it in the `env` of the services that need it"));
    }
    let services = table.get("services").and_then(|entry| reader.table(entry));
    let services = services.map(|table| read_services(reader, table, root)).unwrap_or_default();
    for entry in &merged.unused {
        service_table::check_template(reader, entry, root);
    }
    Project {
        name,
        keep_env: said.keep_env.unwrap_or(false),
        ca_env: said.ca_env.unwrap_or(false),
        http: said.http.unwrap_or_default(),
        root: root.to_path_buf(),
        source: path.to_path_buf(),
        files: Vec::new(),
        env,
        services,
        dotenv: DotEnv::default(),
    }
}

/// What is said of the project itself.
#[derive(Default)]
struct Said {
    name: Option<ProjectName>,
    keep_env: Option<bool>,
    ca_env: Option<bool>,
    http: Option<PlainHttp>,
}

fn project(reader: &mut Reader, entry: &Entry) -> Option<Said> {
    let table = reader.table(entry)?;
    reader.check_keys(table, "`project`", PROJECT);
    Some(Said {
        name: reader.setting(table, "name", Reader::parsed),
        keep_env: reader.setting(table, "keep_env", Reader::boolean),
        ca_env: reader.setting(table, "ca_env", Reader::boolean),
        http: reader.setting(table, "http", Reader::parsed),
    })
}

fn read_services(reader: &mut Reader, table: &Table, root: &Path) -> Vec<Service> {
    if let Some(first_too_many) = table.iter().nth(MAX_SERVICES) {
        let message = format!("{} services, at most {MAX_SERVICES} are allowed", table.iter().len());
        reader.fault(first_too_many.key_place, Invalid::new(message, "one too many"));
    }
    let known: BTreeSet<&str> = table.iter().map(|entry| entry.key.as_str()).collect();
    let (mut services, mut wanted, mut references) = (Vec::new(), BTreeMap::new(), Vec::new());
    for entry in table.iter().take(MAX_SERVICES) {
        if let Some(read) = service_table::read(reader, entry, root) {
            wanted.insert(read.name, read.wanted);
            references.extend(read.references);
            services.extend(read.service);
        }
    }
    graph::connect(reader, &mut services, &wanted, &known);
    graph::check_ports(reader, &services, &references);
    services
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
