//! `[keys]` of the user's own `config.toml` as the workspace takes them, or what of it the workspace refuses, on its lines.

use std::ops::Range;

use locald_config::{Binding, Faults, Invalid, UserConfig, Written, nearest};
use locald_panes::{KeyFault, Keymap, WhyNot, Wish, command_names, key_names};

/// The keys that `config` asks for.
pub(crate) fn keymap(config: &UserConfig) -> Result<Keymap, Faults> {
    let text = |written: &Written| written.text.clone();
    let wish =
        |binding: &Binding| Wish { command: text(&binding.action), keys: binding.keys.iter().map(text).collect() };
    let wishes: Vec<Wish> = config.keys.iter().map(wish).collect();
    Keymap::with(&wishes).map_err(|refused| {
        let refused = refused.iter().map(|fault| (span(config, fault), told(&fault.why)));
        config.refusal(refused).expect("a refusal, where something was refused")
    })
}

fn span(config: &UserConfig, fault: &KeyFault) -> Range<usize> {
    let binding = &config.keys[fault.wish];
    fault.key.map_or(&binding.action, |key| &binding.keys[key]).span.clone()
}

fn told(why: &WhyNot) -> Invalid {
    let did_you_mean = |near: Option<&str>| near.map(|near| format!("did you mean `{near}`?"));
    let (label, help) = match why {
        WhyNot::UnknownCommand(name) => ("unknown", did_you_mean(nearest(name, command_names()))),
        WhyNot::UnknownKey(name) => {
            let names: Vec<String> = key_names().collect();
            let (modifiers, base) = name.split_at(name.rfind('-').map_or(0, |at| at + 1));
            let near = nearest(base, names.iter().map(String::as_str)).map(|near| format!("{modifiers}{near}"));
            ("not a key", did_you_mean(near.as_deref()))
        }
        WhyNot::Taken { .. } => ("taken", Some("each key can be on one command in a place".to_owned())),
        WhyNot::NotOne(_) => ("exactly one key", None),
        WhyNot::Typed(_) => ("typed", Some("a key with Control or Alt, or a function key, is left".to_owned())),
    };
    Invalid { message: why.to_string(), label: label.to_owned(), help }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> UserConfig {
        UserConfig::parse(Path::new("config.toml"), text).expect("no faults of its own")
    }

    #[test]
    fn keys_are_taken_as_they_are_asked_for() {
        assert!(keymap(&parse("[keys]\nprefix = 'C-a'\nzoom = ['z', 'C-z']\nstop = []\ndetach = ''\n")).is_ok());
        assert_eq!(keymap(&UserConfig::default()).unwrap(), Keymap::default());
    }

    #[test]
    fn what_is_refused_is_told_with_its_place_and_what_was_probably_meant() {
        let text = "[keys]\nzom = 'z'\nzoom = ['z', 'C-Entr']\ndetach = 'z'\nprefix = 'a'\n";
        let faults = keymap(&parse(text)).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "config.toml:2:1: there is no command `zom`",
                "config.toml:3:14: there is no key `C-Entr`",
                "config.toml:4:10: `z` is on `zoom` already",
                "config.toml:5:10: `a` has to be typed into programs",
            ]
        );
        let drawn = faults.render(false);
        for help in ["did you mean `zoom`?", "did you mean `C-Enter`?"] {
            assert!(drawn.contains(help), "{drawn}");
        }
    }
}
