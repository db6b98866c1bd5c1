//! The files that make a configuration, laid over each other: the user's own, the workspace's, the project's and the personal one.
//!
//! Files above the project say nothing of services but what holds for one of a name where there is one: a service is made
//! by the project's own files alone.

use std::collections::BTreeMap;
use std::fmt;

use crate::fault::Invalid;
use crate::keys::{Key, MANIFEST, USER, WORKSPACE_FILE};
use crate::package::{self, Manager};
use crate::procfile;
use crate::reader::Reader;
use crate::source::Source;
use crate::tree::{Entry, Node, Table, Value};

/// Which kind of file says something; a later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The user's `config.toml`.
    Global,
    /// A `locald.workspace.toml`.
    Workspace,
    /// The project's `locald.toml`, its Procfile, or its `package.json`.
    Project,
    /// The `locald.local.toml` beside it.
    Personal,
}

/// How the text of a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Toml,
    Procfile,
    Package(Manager),
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) layer: Layer,
    pub(crate) form: Form,
    pub(crate) source: Source,
}

/// What the files say together.
pub(crate) struct Merged {
    /// Everything but what upper files say of services that are not there.
    pub(crate) table: Table,
    /// What they say of those, so that its faults are found.
    pub(crate) unused: Vec<Entry>,
}

impl Layer {
    /// Its name in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Workspace => "workspace",
            Self::Project => "project",
            Self::Personal => "personal",
        }
    }

    /// What a file of it may hold.
    fn keys(self) -> &'static [Key] {
        match self {
            Self::Global => USER,
            Self::Workspace => WORKSPACE_FILE,
            Self::Project | Self::Personal => MANIFEST,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the files and merges them. They come in the order of their layers, the outermost workspace first.
pub(crate) fn merge(reader: &mut Reader, inputs: &[Input]) -> Merged {
    let mut merged = Table::default();
    let mut templates: BTreeMap<String, Entry> = BTreeMap::new();
    for input in inputs {
        let mut table = read(reader, input);
        if let Some(entry) = table.take("defaults") {
            add_templates(reader, &entry, &mut templates);
        }
        merged = merged.under(table);
    }
    apply(&mut merged, &mut templates);
    Merged { table: merged, unused: templates.into_values().collect() }
}

fn read(reader: &mut Reader, input: &Input) -> Table {
    let root = match input.form {
        Form::Toml => reader.toml(&input.source),
        Form::Procfile => procfile::read(reader, &input.source),
        Form::Package(manager) => package::read(reader, &input.source, manager),
    };
    let Value::Table(mut table) = root.value else { return Table::default() };
    let is_above = matches!(input.layer, Layer::Global | Layer::Workspace);
    if let Some(entry) = is_above.then(|| table.take("services")).flatten() {
        let invalid = Invalid::new("`services` stand in a project's own file", "makes no service here");
        let help = "write `[defaults.services.NAME]` for what holds where a project has that service";
        reader.fault(entry.key_place, invalid.with_help(help));
    }
    let file = input.source.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    reader.check_keys(&table, &file, input.layer.keys());
    table
}

fn add_templates(reader: &mut Reader, entry: &Entry, templates: &mut BTreeMap<String, Entry>) {
    let Some(table) = reader.table(entry) else { return };
    reader.check_keys(table, "`defaults`", crate::keys::DEFAULTS);
    let services = table.get("services").and_then(|entry| reader.table(entry));
    for entry in services.into_iter().flat_map(Table::iter) {
        let upper = entry.clone();
        let node = match templates.remove(&entry.key) {
            Some(lower) => lower.node.under(upper.node),
            None => upper.node,
        };
        templates.insert(entry.key.clone(), Entry { node, ..upper });
    }
}

/// Puts each template under the service of its name, and takes it away where there is one.
fn apply(merged: &mut Table, templates: &mut BTreeMap<String, Entry>) {
    let Some(Value::Table(services)) = merged.get_mut("services").map(|entry| &mut entry.node.value) else { return };
    for service in services.iter_mut() {
        // A service that is no table is a fault, which must not be hidden by what lies under it.
        let is_table = matches!(service.node.value, Value::Table(_));
        let Some(template) = templates.remove(&service.key).filter(|_| is_table) else { continue };
        let place = service.node.place;
        let own = std::mem::replace(&mut service.node, Node::new(Value::Boolean(false), place));
        service.node = template.node.under(own);
        service.node.place = place;
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
