//! Changing one value of a TOML file and nothing else of it: comments, order and formatting stay as somebody wrote them.
//!
//! Text in, text out. Whether what comes out makes sense is for the reader to say, see [`check`](crate::check).

use toml_edit::{DocumentMut, InlineTable, Item, Key as TomlKey, RawString, Table, TableLike, Value};

use crate::keys::{Key, Shape};

/// What an edit has made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// The value that was there, as it was written.
    pub before: Before,
}

/// What was there before an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// A value, as it was written.
    Value(String),
    /// A table with all that is in it.
    Table,
}

/// Why a text cannot be edited so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not TOML.
    #[error("the file is not TOML, so that nothing of it can be changed")]
    Syntax,
    /// The key is none.
    #[error("`{0}` is not a key")]
    Key(String),
    /// There is no such key to take away.
    #[error("`{0}` is not set")]
    NotSet(String),
    /// The key lies below a value that is no table.
    #[error("`{0}` is no table, so that nothing can be set in it")]
    NoTable(String),
}

/// Sets a key such as `services.web.port`. `value` is TOML or, where `keys` want text or it is no TOML, text.
///
/// # Errors
/// [`EditError`], and never [`EditError::NotSet`].
pub fn set(text: &str, keys: &[Key], key: &str, value: &str) -> Result<Edited, EditError> {
    let (mut document, path) = (parse(text)?, path(key)?);
    let names: Vec<&str> = path.iter().map(TomlKey::get).collect();
    let value = as_value(value, shape(keys, &names));
    let Some((last, way)) = path.split_last() else { return Err(EditError::Key(key.to_owned())) };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut is_inline = false;
    for (depth, step) in way.iter().enumerate() {
        is_inline |= table.get(step.get()).is_some_and(Item::is_inline_table);
        let item = table.entry_format(step).or_insert_with(|| new_table(is_inline));
        let no_table = || EditError::NoTable(names[..=depth].join("."));
        table = item.as_table_like_mut().ok_or_else(no_table)?;
    }
    let before = match table.get_mut(last.get()) {
        Some(Item::Value(old)) => {
            let written = written(old);
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
            Before::Value(written)
        }
        Some(other) if !other.is_none() => {
            *other = Item::Value(value);
            Before::Table
        }
        _ => {
            let mut value = value;
            if let Some(end) = is_inline.then(|| take_end(table)).flatten() {
                value.decor_mut().set_suffix(end);
            }
            table.entry_format(last).or_insert(Item::Value(value));
            Before::Nothing
        }
    };
    Ok(Edited { text: document.to_string(), before })
}

/// Takes a key away, with all that is below it.
///
/// # Errors
/// [`EditError`]: above all that it is not there.
pub fn unset(text: &str, key: &str) -> Result<Edited, EditError> {
    let (mut document, path) = (parse(text)?, path(key)?);
    let not_set = || EditError::NotSet(key.to_owned());
    let Some((last, way)) = path.split_last() else { return Err(EditError::Key(key.to_owned())) };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for step in way {
        table = table.get_mut(step.get()).and_then(Item::as_table_like_mut).ok_or_else(not_set)?;
    }
    let before = match table.remove(last.get()).ok_or_else(not_set)? {
        Item::Value(value) => Before::Value(written(&value)),
        _ => Before::Table,
    };
    Ok(Edited { text: document.to_string(), before })
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::Syntax)
}

fn path(key: &str) -> Result<Vec<TomlKey>, EditError> {
    TomlKey::parse(key).map_err(|_| EditError::Key(key.to_owned()))
}

/// A table that only leads to another gets no header of its own.
fn new_table(is_inline: bool) -> Item {
    if is_inline {
        return Item::Value(Value::InlineTable(InlineTable::new()));
    }
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// What stands between the last value of an inline table and its brace, which is taken away from the value.
fn take_end(table: &mut dyn TableLike) -> Option<RawString> {
    let (_, item) = table.iter_mut().last()?;
    let decor = item.as_value_mut()?.decor_mut();
    let end = decor.suffix()?.clone();
    decor.set_suffix("");
    Some(end)
}

fn written(value: &Value) -> String {
    // Without the comment behind it.
    value.clone().decorated("", "").to_string()
}

/// What the key of that name is to hold; `None` where no key has it, which the reader will say.
fn shape<'a>(keys: &'a [Key], names: &[&str]) -> Option<&'a Shape> {
    let (first, rest) = names.split_first()?;
    let key = keys.iter().find(|key| key.name == *first)?;
    below(&key.shape, rest)
}

fn below<'a>(shape: &'a Shape, names: &[&str]) -> Option<&'a Shape> {
    let Some((_, rest)) = names.split_first() else { return Some(shape) };
    match shape {
        Shape::Table(keys) => self::shape(keys, names),
        Shape::Map(of) => below(of, rest),
        Shape::Any(shapes) => shapes.iter().find_map(|shape| below(shape, names)),
        _ => None,
    }
}

/// What somebody has typed for a value: quotes that only TOML needs may be left out.
fn as_value(text: &str, shape: Option<&Shape>) -> Value {
    let plain = || Value::from(text);
    let Ok(value) = text.parse::<Value>() else { return plain() };
    match shape {
        Some(shape) if !fits(shape, &value) && fits(shape, &plain()) => plain(),
        _ => value,
    }
}

fn fits(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Text | Shape::Word(_) => value.is_str(),
        Shape::Boolean => value.is_bool(),
        Shape::False => value.as_bool() == Some(false),
        Shape::Integer(..) => value.is_integer(),
        Shape::Number => value.is_integer() || value.is_float(),
        Shape::Time => value.is_str() || value.is_integer(),
        Shape::List(_) => value.is_array(),
        Shape::Table(_) | Shape::Map(_) => value.is_inline_table(),
        Shape::Any(shapes) => shapes.iter().any(|shape| fits(shape, value)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::MANIFEST;

    const FILE: &str = "\
# The shop.
[services.web]   # the front
command = 'npm start' # never build
port = 3000

env = { MODE = \"fast\" }

[services.db]
command = 'postgres'
";

    fn changed(key: &str, value: &str) -> String {
        let edited = set(FILE, MANIFEST, key, value).unwrap().text;
        let lines = edited.lines().filter(|line| !FILE.lines().any(|old| old == *line));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn only_the_value_changes_and_what_stands_around_it_stays() {
        for (key, value, line) in [
            ("services.web.command", "npm run dev", "command = \"npm run dev\" # never build"),
            ("services.web.command", "['npm', 'start']", "command = ['npm', 'start'] # never build"),
            ("services.web.port", "4000", "port = 4000"),
            ("services.web.env.MODE", "slow", "env = { MODE = \"slow\" }"),
            ("services.web.env.MORE", "1", "env = { MODE = \"fast\", MORE = 1 }"),
            ("services.web.stop_timeout", "30s", "stop_timeout = \"30s\""),
            ("services.web.tty", "false", "tty = false"),
            ("services.db.command", "80", "command = \"80\""),
            ("services.db.health.http", "/up", "[services.db.health]\nhttp = \"/up\""),
            ("project.name", "1", "[project]\nname = \"1\""),
            ("services.new.command", "x y", "[services.new]\ncommand = \"x y\""),
            ("services.\"a.b\".command", "x", "[services.\"a.b\"]\ncommand = \"x\""),
        ] {
            assert_eq!(changed(key, value), line, "{key}");
        }
    }

    #[test]
    fn what_was_there_is_told() {
        let before = |key| set(FILE, MANIFEST, key, "1").unwrap().before;
        assert_eq!(before("services.web.port"), Before::Value("3000".to_owned()));
        assert_eq!(before("services.web.command"), Before::Value("'npm start'".to_owned()));
        assert_eq!(before("services.web.cwd"), Before::Nothing);
        assert_eq!(before("services.web"), Before::Table);
    }

    #[test]
    fn what_is_unset_is_gone_and_nothing_else() {
        let edited = unset(FILE, "services.web.port").unwrap();
        assert_eq!(edited.text, FILE.replace("port = 3000\n", ""));
        assert_eq!(edited.before, Before::Value("3000".to_owned()));
        let edited = unset(FILE, "services.db").unwrap();
        assert_eq!(edited.text, FILE.split("\n[services.db]").next().unwrap());
        assert_eq!(unset(FILE, "services.web.cwd"), Err(EditError::NotSet("services.web.cwd".to_owned())));
    }

    #[test]
    fn what_cannot_be_edited_says_why() {
        assert_eq!(set("a = ", MANIFEST, "a", "1"), Err(EditError::Syntax));
        assert_eq!(set(FILE, MANIFEST, "a b", "1"), Err(EditError::Key("a b".to_owned())));
        let below = set(FILE, MANIFEST, "services.web.port.low", "1");
        assert_eq!(below, Err(EditError::NoTable("services.web.port".to_owned())));
    }

    proptest! {
        #[test]
        fn what_is_set_is_there_and_setting_it_back_gives_the_old_text(value in "[ -~]{0,12}") {
            let edited = set(FILE, MANIFEST, "services.web.command", &value).unwrap();
            let Before::Value(before) = edited.before else { panic!("a value") };
            prop_assert_eq!(set(&edited.text, MANIFEST, "services.web.command", &before).unwrap().text, FILE);
        }

        #[test]
        fn any_text_and_key_are_edited_or_refused(text in ".{0,80}", key in ".{0,12}", value in ".{0,12}") {
            if let Ok(edited) = set(&text, MANIFEST, &key, &value) {
                prop_assert!(parse(&edited.text).is_ok());
            }
            let _ = unset(&text, &key);
        }
    }
}
