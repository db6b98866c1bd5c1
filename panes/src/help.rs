//! All keys, by where they work, and all signs: what `?` shows, and what the manual prints.

use std::fmt::Write;

use crate::keymap::{COMMANDS, Command, Keymap, Place, SCROLL_COMMANDS};
use crate::marks;

/// A heading, and the keys below it.
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) entries: Vec<Entry>,
}

/// Keys that do the same kind of thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As they are shown; empty if the user has taken them all away.
    pub(crate) keys: Vec<String>,
    /// The commands they are on, by their names in `[keys]`.
    pub(crate) names: Vec<&'static str>,
    pub(crate) does: &'static str,
}

/// Which keys do what.
pub(crate) fn sections(keymap: &Keymap) -> Vec<Section> {
    let scrolling = SCROLL_COMMANDS.iter().map(|it| (it.name, keymap.shown_in_scrollback(it.action), it.does));
    vec![
        Section { heading: "In the list of services".into(), entries: entries(keymap, Place::List) },
        after_prefix(keymap),
        Section { heading: "While scrolling back".into(), entries: grouped(scrolling) },
        signs(),
    ]
}

/// What stands before a service's state in the list.
fn signs() -> Section {
    let sign = |sign: &str, does| Entry { keys: vec![sign.to_owned()], names: vec![], does };
    let entries = vec![
        sign(marks::OUTPUT, "has written since you looked"),
        sign(marks::BELL, "has rung the bell"),
        sign(marks::PIN, "is pinned"),
    ];
    Section { heading: "Signs in the list".into(), entries }
}

/// Which keys do what after the prefix.
pub(crate) fn after_prefix(keymap: &Keymap) -> Section {
    let heading = format!("In a service, after {}", crate::keyname::shown(&keymap.prefix));
    Section { heading, entries: entries(keymap, Place::Prefixed) }
}

fn entries(keymap: &Keymap, place: Place) -> Vec<Entry> {
    let can = |command: &&Command| match place {
        Place::List => command.is_in_list(),
        Place::Prefixed => command.is_prefixed(),
    };
    let commands = COMMANDS.iter().filter(can).map(|it| (it.name, keymap.shown_all(place, it.action), it.does));
    let digits = Entry { keys: vec!["1".into(), "to".into(), "9".into()], names: vec![], does: "select by position" };
    grouped(commands).into_iter().chain([digits]).collect()
}

/// Commands next to each other that say the same, as one.
fn grouped(commands: impl Iterator<Item = (&'static str, Vec<String>, &'static str)>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (name, keys, does) in commands {
        match entries.last_mut() {
            Some(last) if last.does == does => {
                last.keys.extend(keys);
                last.names.push(name);
            }
            _ => entries.push(Entry { keys, names: vec![name], does }),
        }
    }
    entries
}

/// The tables of keys and commands in the manual, in Markdown, as long as no configuration changes them.
pub fn manual() -> String {
    let code = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
    let mut page = String::new();
    for section in sections(&Keymap::default()) {
        let _ =
            write!(page, "\n## {}\n\n| Keys | What they do | In `[keys]` |\n| --- | --- | --- |\n", section.heading);
        for Entry { keys, names, does } in section.entries {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let _ = writeln!(page, "| {} | {does} | {} |", code(&keys).replace("`to`", "to"), code(&names));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_help_wherever_it_can_be_given() {
        let sections = sections(&Keymap::default());
        let names = |index: usize| -> Vec<&str> {
            sections[index].entries.iter().flat_map(|entry| entry.names.clone()).collect()
        };
        for command in COMMANDS {
            assert_eq!(names(0).contains(&command.name), command.is_in_list(), "{}", command.name);
            assert_eq!(names(1).contains(&command.name), command.is_prefixed(), "{}", command.name);
        }
        assert_eq!(names(2).len(), SCROLL_COMMANDS.len());
    }
}
