//! `locald schema`: what the configuration may hold, as a JSON Schema for editors.

use locald_config::{Key, MANIFEST, Shape, USER, WORKSPACE_FILE};
use serde_json::{Map, Value, json};

use crate::error::CommandError;
use crate::ui::Ui;

/// Print the JSON Schema of a `locald.toml`
///
/// An editor that knows TOML completes and checks a `locald.toml` whose first line is `#:schema PATH`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald schema > schema.json  Save it for an editor\n  locald schema --user         That of the user's config.toml"
)]
pub(crate) struct SchemaArgs {
    /// That of the user's `config.toml`
    #[arg(long, conflicts_with = "workspace")]
    user: bool,
    /// That of a `locald.workspace.toml`
    #[arg(long)]
    workspace: bool,
}

pub(crate) fn schema(args: &SchemaArgs, ui: &mut Ui) -> Result<(), CommandError> {
    let document = match (args.user, args.workspace) {
        (true, _) => document("locald's config.toml", USER),
        (_, true) => document("locald.workspace.toml", WORKSPACE_FILE),
        _ => manifest(),
    };
    Ok(ui.data().write_all(document.as_bytes())?)
}

/// The schema of a `locald.toml`, as text.
pub(crate) fn manifest() -> String {
    document("locald.toml", MANIFEST)
}

fn document(title: &str, keys: &[Key]) -> String {
    let mut schema = table(keys);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(title));
    format!("{:#}\n", Value::Object(schema))
}

/// A table of known keys, in which those that begin with `x-` are free.
fn table(keys: &[Key]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut schema = shape(&key.shape);
            schema.insert("description".to_owned(), json!(key.about));
            (key.name.to_owned(), Value::Object(schema))
        })
        .collect();
    object(json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
    }))
}

fn shape(shape_of: &Shape) -> Map<String, Value> {
    let inner = |inner: &Shape| Value::Object(shape(inner));
    match shape_of {
        Shape::Text => object(json!({ "type": "string" })),
        Shape::Boolean => object(json!({ "type": "boolean" })),
        Shape::False => object(json!({ "const": false })),
        Shape::Integer(least, most) => object(json!({ "type": "integer", "minimum": least, "maximum": most })),
        Shape::Number => object(json!({ "type": "number" })),
        Shape::Time => object(json!({
            "anyOf": [{ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }, { "type": "integer", "minimum": 0 }],
        })),
        Shape::Word(words) => object(json!({ "enum": words() })),
        Shape::List(item) => object(json!({ "type": "array", "items": inner(item) })),
        Shape::Table(keys) => table(keys),
        Shape::Map(value) => object(json!({ "type": "object", "additionalProperties": inner(value) })),
        Shape::Any(shapes) => object(json!({ "anyOf": shapes.iter().map(inner).collect::<Vec<_>>() })),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("const".to_owned(), other)]),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use locald_config::Setting;

    use super::*;
    use crate::commands::config::plain_json;

    /// Whether the schema takes the value: all of JSON Schema that ours uses.
    fn takes(schema: &Value, value: &Value) -> bool {
        let is_type = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            other => panic!("the type {other}"),
        };
        schema.as_object().expect("a schema").iter().all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "title" | "description" | "patternProperties" | "properties" => true,
            "type" => is_type(rule.as_str().unwrap()),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "pattern" => {
                value.as_str().is_none_or(|text| regex::Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|inner| takes(inner, value)),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| takes(rule, item))),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                object.iter().all(|(key, value)| match schema["properties"].get(key) {
                    Some(inner) => takes(inner, value),
                    None if key.starts_with("x-") && !schema["patternProperties"].is_null() => true,
                    None => rule.as_bool().unwrap_or_else(|| takes(rule, value)),
                })
            }),
            other => panic!("the keyword {other}"),
        })
    }

    /// What is set in the project in `folder`, as one object.
    fn object_of(folder: &Path) -> Value {
        let mut root = json!({});
        for Setting { keys, value, .. } in locald_config::explain(folder, None).unwrap() {
            let mut at = &mut root;
            for key in keys {
                at = at.as_object_mut().unwrap().entry(key).or_insert_with(|| json!({}));
            }
            *at = plain_json(&value);
        }
        root
    }

    fn accepts(text: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("locald.toml"), text).unwrap();
        takes(&serde_json::from_str(&manifest()).unwrap(), &object_of(folder.path()))
    }

    #[test]
    fn every_example_is_taken_by_the_schema() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(root.join("docs/reference/configuration.md")).unwrap();
        let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let blocks: Vec<&str> = blocks.filter(|block| block.contains("[services")).collect();
        assert!(blocks.len() > 5, "the examples are not found");
        for block in blocks {
            assert!(accepts(block), "{block}");
        }
        let examples = std::fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path());
        for folder in examples.filter(|path| path.join("locald.toml").is_file()) {
            let schema = serde_json::from_str(&manifest()).unwrap();
            assert!(takes(&schema, &object_of(&folder)), "{}", folder.display());
        }
    }

    #[test]
    fn what_the_schema_refuses_is_refused() {
        let schema: Value = serde_json::from_str(&manifest()).unwrap();
        let service = |keys: Value| json!({ "services": { "web": keys } });
        assert!(takes(&schema, &service(json!({ "command": "x", "port": 80, "x-note": [] }))));
        for wrong in [
            json!({ "comand": "x" }),
            json!({ "port": "80" }),
            json!({ "port": 65_536 }),
            json!({ "type": "docker" }),
            json!({ "health": true }),
            json!({ "health": { "htpp": "/" } }),
            json!({ "stop_timeout": "10 seconds" }),
            json!({ "depends_on": [1] }),
            json!({ "env": { "A": [] } }),
        ] {
            assert!(!takes(&schema, &service(wrong.clone())), "{wrong}");
        }
        assert!(!takes(&schema, &json!({ "service": {} })));
    }

    #[test]
    fn each_file_has_its_own_schema() {
        let keys = |text: &str| {
            let schema: Value = serde_json::from_str(text).unwrap();
            schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(&manifest()), ["env", "project", "services"]);
        assert_eq!(keys(&document("", USER)), ["defaults", "env", "keys", "proxy", "workspace"]);
        assert_eq!(keys(&document("", WORKSPACE_FILE)), ["defaults", "env"]);
    }
}
