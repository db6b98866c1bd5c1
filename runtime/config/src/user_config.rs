//! A user's own `config.toml`: keys and look of the workspace, for all projects.
//!
//! Which actions, keys and themes there are is known to the workspace; it is handed what is written, with its places, and
//! hands back what it refuses.

use std::ops::Range;
use std::path::Path;

use crate::fault::Invalid;
use crate::faults::{Faults, Report};
use crate::keys::{USER, WORKSPACE};
use crate::load::{LoadError, read_user_file};
use crate::reader::Reader;
use crate::settings::proxy::Proxy;
use crate::source::Source;
use crate::tree::{Entry, Node, Value};

/// What the user set for all projects. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserConfig {
    /// Keys of the workspace, in the order of the file; each action once.
    pub keys: Vec<Binding>,
    /// The name of a theme.
    pub theme: Option<Written>,
    /// Where the proxy listens.
    pub proxy: Proxy,
    source: Source,
}

/// The keys of one action, not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The action's name.
    pub action: Written,
    /// Its keys; none at all where the action is to have none.
    pub keys: Vec<Written>,
}

/// A text of the file with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Its place in the file, in bytes.
    pub span: Range<usize>,
}

impl UserConfig {
    /// Reads the file; where there is none, nothing is set.
    ///
    /// # Errors
    /// All faults of the file, or why it cannot be read.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        match read_user_file(path)? {
            Some(text) => Ok(Self::parse(path, &text?)?),
            None => Ok(Self::default()),
        }
    }

    /// Reads the text of a `config.toml`. `path` names it in faults.
    ///
    /// # Errors
    /// All faults of the text.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Faults> {
        let source = Source::new(path, text);
        let mut reader = Reader::default();
        let root = reader.toml(&source);
        let Value::Table(table) = &root.value else { return reader.finish(Self::default()) };
        reader.check_keys(table, "config.toml", USER);
        let keys = reader.setting(table, "keys", bindings).unwrap_or_default();
        let theme = reader.setting(table, "workspace", theme);
        let folder = path.parent().unwrap_or(Path::new(""));
        let proxy =
            reader.setting(table, "proxy", |reader, entry| Proxy::read(reader, entry, folder)).unwrap_or_default();
        reader.finish(Self { keys, theme, proxy, source })
    }

    /// What is said when somebody who knows actions, keys or themes refuses what is written; `None` where nothing is refused.
    pub fn refusal(&self, refused: impl IntoIterator<Item = (Range<usize>, Invalid)>) -> Option<Faults> {
        let mut report = Report::new(&self.source);
        refused.into_iter().for_each(|(span, invalid)| report.add(span, invalid));
        report.finish(()).err()
    }
}

impl Default for UserConfig {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            theme: None,
            proxy: Proxy::default(),
            source: Source::new(Path::new("config.toml"), ""),
        }
    }
}

fn bindings(reader: &mut Reader, entry: &Entry) -> Option<Vec<Binding>> {
    let table = reader.table(entry)?;
    let binding = |entry: &Entry| {
        let action = Written { text: entry.key.clone(), span: entry.key_place.span() };
        Some(Binding { action, keys: keys(reader, entry)? })
    };
    Some(table.iter().filter_map(binding).collect())
}

/// One key as a string, or several in an array.
fn keys(reader: &mut Reader, entry: &Entry) -> Option<Vec<Written>> {
    match &entry.node.value {
        Value::Text(key) => Some(vec![Written { text: key.clone(), span: entry.node.place.span() }]),
        Value::List(list) => {
            let written = |(text, node): (&str, &Node)| Written { text: text.to_owned(), span: node.place.span() };
            Some(reader.strings(&entry.key, list).into_iter().map(written).collect())
        }
        _ => reader.wrong_type(entry, "a key such as \"C-b\", or an array of keys"),
    }
}

fn theme(reader: &mut Reader, entry: &Entry) -> Option<Written> {
    let table = reader.table(entry)?;
    reader.check_keys(table, "`workspace`", WORKSPACE);
    let entry = table.get("theme")?;
    let text = reader.string(entry)?.to_owned();
    Some(Written { text, span: entry.node.place.span() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UserConfig, Faults> {
        UserConfig::parse(Path::new("config.toml"), text)
    }

    #[test]
    fn keys_are_handed_on_as_they_are_written() {
        let text = "[keys]\nzoom = 'z'\nquit = ['q', 'C-c']\nnone = []\n[workspace]\ntheme = 'dusk'\n";
        let config = parse(text).unwrap();
        let bindings: Vec<(&str, Vec<&str>)> = config
            .keys
            .iter()
            .map(|it| (it.action.text.as_str(), it.keys.iter().map(|key| key.text.as_str()).collect()))
            .collect();
        assert_eq!(bindings, [("zoom", vec!["z"]), ("quit", vec!["q", "C-c"]), ("none", vec![])]);
        assert_eq!(config.theme.unwrap().text, "dusk");
    }

    #[test]
    fn what_the_workspace_refuses_is_drawn_on_its_line() {
        let config = parse("[keys]\nzom = 'z'\n").unwrap();
        let invalid = Invalid { message: "no such action".into(), label: "unknown".into(), help: None };
        let refused = config.refusal([(config.keys[0].action.span.clone(), invalid)]).unwrap();
        insta::assert_snapshot!(refused.render(false), @"
        error: no such action
          ╭▸ config.toml:2:1
          │
        2 │ zom = 'z'
          ╰╴━━━ unknown
        ");
        assert!(config.refusal([]).is_none());
    }

    #[test]
    fn a_file_that_is_not_there_sets_nothing_and_a_wrong_one_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(UserConfig::load(&path).unwrap(), UserConfig::default());
        std::fs::write(&path, "[keys]\nzoom = 1\n[worksapce]\n").unwrap();
        let Err(LoadError::Faults(faults)) = UserConfig::load(&path) else { panic!("faults") };
        let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "`zoom`: expected a key such as \"C-b\", or an array of keys, found an integer",
                "unknown key `worksapce` in config.toml"
            ]
        );
        assert!(faults.as_slice()[0].path.ends_with("config.toml"));
    }
}
