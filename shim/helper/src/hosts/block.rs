//! The block as text: where it is, what it says, and the file with another one in its place, or none.

use crate::name::HostName;

/// What the first line of a block begins with; the user's number and a remark follow.
const BEGIN: &str = "# BEGIN locald, user ";
/// What its last line begins with.
const END: &str = "# END locald, user ";
/// The remark of a block that stands behind a line which had no end of its own: that end was given to it, and goes with the block.
const COMPLETED: &str = " (the line above had no end)";

/// A block that cannot be told from what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// The line on which it begins, from 1.
    pub line: usize,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the block of locald on line {} has no end; remove it by hand", self.line)
    }
}

impl std::error::Error for Damaged {}

/// A user's block in a file.
struct Found {
    /// Where it begins, and the end of the line above if that was given with it.
    start: usize,
    /// Where its first line begins.
    mark: usize,
    /// Where what follows it begins.
    end: usize,
    /// How its lines end.
    is_dos: bool,
}

/// The names that `user` has in a hosts file, each once, in order.
pub fn names_of(text: &[u8], user: u32) -> Result<Vec<HostName>, Damaged> {
    let Some(found) = find(text, user)? else { return Ok(Vec::new()) };
    let block = String::from_utf8_lossy(&text[found.mark..found.end]);
    let names = block.lines().filter(|line| !line.starts_with('#'));
    let mut names: Vec<HostName> =
        names.filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse().ok()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The file with these names as the block of `user`: in the place of the one that is there, else at the end. Without names there is
/// no block.
pub(super) fn with_names(text: &[u8], user: u32, names: &[HostName]) -> Result<Vec<u8>, Damaged> {
    let found = find(text, user)?;
    if names.is_empty() {
        return Ok(match found {
            Some(found) => without(text, &found),
            None => text.to_vec(),
        });
    }
    // What the block was begun with stays, as it may itself be the first line that has an end.
    let is_dos = found.as_ref().map_or_else(|| is_dos(text), |found| found.is_dos);
    let line_end = if is_dos { "\r\n" } else { "\n" };
    let (before, after, is_completed) = match &found {
        Some(found) => (&text[..found.start], &text[found.end..], found.start < found.mark),
        None => (text, &b""[..], text.last().is_some_and(|last| *last != b'\n')),
    };
    let block = render(user, names, line_end, is_completed);
    let joint = if is_completed { line_end } else { "" };
    Ok([before, joint.as_bytes(), block.as_bytes(), after].concat())
}

fn without(text: &[u8], found: &Found) -> Vec<u8> {
    let (before, after) = (&text[..found.start], &text[found.end..]);
    // Somebody has written behind the block since: the line above needs its end now.
    let joint = if after.is_empty() { &b""[..] } else { &text[found.start..found.mark] };
    [before, joint, after].concat()
}

fn render(user: u32, names: &[HostName], line_end: &str, is_completed: bool) -> String {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    let remark = if is_completed { COMPLETED } else { "" };
    let mut lines = vec![format!("{BEGIN}{user}{remark}")];
    // Both families: a program that asks for one alone finds it.
    lines.extend(names.iter().flat_map(|name| [format!("127.0.0.1 {name}"), format!("::1 {name}")]));
    lines.push(format!("{END}{user}"));
    lines.iter().fold(String::new(), |text, line| text + line + line_end)
}

/// Whether lines end as on DOS: the first one says.
fn is_dos(text: &[u8]) -> bool {
    let first = text.iter().position(|byte| *byte == b'\n');
    first.is_some_and(|at| at > 0 && text[at - 1] == b'\r')
}

fn find(text: &[u8], user: u32) -> Result<Option<Found>, Damaged> {
    let (begin, completed, end_mark) =
        (format!("{BEGIN}{user}"), format!("{BEGIN}{user}{COMPLETED}"), format!("{END}{user}"));
    let mut open: Option<(usize, usize, bool)> = None;
    let mut at = 0;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let bare = line.trim_ascii_end();
        let next = at + line.len();
        let begins = bare == begin.as_bytes() || bare == completed.as_bytes();
        match open {
            None if begins => open = Some((number + 1, at, bare == completed.as_bytes())),
            // Another begins before this one has ended.
            Some((line, ..)) if begins => return Err(Damaged { line }),
            Some((_, mark, is_completed)) if bare == end_mark.as_bytes() => {
                let is_dos = is_dos(&text[mark..next]);
                let joint = match &text[..mark] {
                    [.., b'\r', b'\n'] if is_completed && is_dos => 2,
                    [.., b'\n'] if is_completed => 1,
                    _ => 0,
                };
                return Ok(Some(Found { start: mark - joint, mark, end: next, is_dos }));
            }
            _ => {}
        }
        at = next;
    }
    open.map_or(Ok(None), |(line, ..)| Err(Damaged { line }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> Vec<HostName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn with(text: &str, user: u32, list: &[&str]) -> String {
        String::from_utf8(with_names(text.as_bytes(), user, &names(list)).unwrap()).unwrap()
    }

    const USUAL: &str = "127.0.0.1 localhost\n::1 localhost\n";

    #[test]
    fn a_block_stands_at_the_end_with_both_families_and_each_user_has_one() {
        let once = with(USUAL, 1000, &["shop.localhost", "api.shop.localhost", "shop.localhost"]);
        let block = "# BEGIN locald, user 1000\n127.0.0.1 api.shop.localhost\n::1 api.shop.localhost\n\
            127.0.0.1 shop.localhost\n::1 shop.localhost\n# END locald, user 1000\n";
        assert_eq!(once, format!("{USUAL}{block}"));
        let both = with(&once, 100, &["x.localhost"]);
        assert_eq!(names_of(both.as_bytes(), 1000).unwrap(), names(&["api.shop.localhost", "shop.localhost"]));
        assert_eq!(names_of(both.as_bytes(), 100).unwrap(), names(&["x.localhost"]));
        assert_eq!(names_of(both.as_bytes(), 0).unwrap(), []);
        assert_eq!(with(&with(&both, 1000, &[]), 100, &[]), USUAL);
    }

    #[test]
    fn a_block_keeps_its_place_when_it_changes() {
        let text = format!("{}10.0.0.1 printer\n", with(USUAL, 1000, &["a.localhost"]));
        let changed = with(&text, 1000, &["b.localhost"]);
        assert_eq!(changed, text.replace("a.localhost", "b.localhost"));
    }

    #[test]
    fn a_last_line_without_an_end_is_as_it_was_once_the_block_is_gone() {
        for text in ["127.0.0.1 localhost", "x\r\n127.0.0.1 localhost", "a\nb"] {
            let once = with(text, 0, &["a.localhost"]);
            assert!(once.contains(COMPLETED), "{once:?}");
            let twice = with(&once, 0, &["b.localhost"]);
            assert_eq!(with(&twice, 0, &[]), text);
            // What somebody has written behind it meanwhile does not end up on that line.
            let more = format!("{twice}10.0.0.1 printer\n");
            let end = if text.contains('\r') { "\r\n" } else { "\n" };
            assert_eq!(with(&more, 0, &[]), format!("{text}{end}10.0.0.1 printer\n"));
        }
    }

    #[test]
    fn lines_end_as_those_of_the_file_do() {
        let once = with("127.0.0.1 localhost\r\n", 7, &["a.localhost"]);
        assert_eq!(once.matches('\n').count(), once.matches("\r\n").count());
    }

    #[test]
    fn a_block_that_was_damaged_by_hand_is_left_alone() {
        let whole = with(USUAL, 1000, &["a.localhost"]);
        let broken = whole.replace("# END locald, user 1000\n", "");
        assert_eq!(with_names(broken.as_bytes(), 1000, &[]), Err(Damaged { line: 3 }));
        let doubled = format!("{broken}{whole}");
        assert_eq!(with_names(doubled.as_bytes(), 1000, &names(&["b.localhost"])), Err(Damaged { line: 3 }));
        assert!(with_names(broken.as_bytes(), 100, &[]).is_ok(), "another user's is no concern of ours");
    }

    fn any_name() -> impl Strategy<Value = HostName> {
        "[a-z0-9]{1,9}(\\.[a-z]{1,5})?\\.(localhost|test)".prop_map(|name| name.parse().unwrap())
    }

    /// Lines of all sorts, ended in all ways, the last one perhaps not at all.
    fn any_file() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just(b"127.0.0.1 localhost".to_vec()),
            Just(b"# a comment".to_vec()),
            Just(b"\xff\xfe\0".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ];
        let end = proptest::sample::select(vec!["\n", "\r\n", "\r", "\n\n", ""]);
        proptest::collection::vec((line, end), 0..8)
            .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [&line, end.as_bytes()].concat()).collect())
    }

    proptest! {
        #[test]
        fn whatever_the_file_was_it_is_the_same_once_the_block_is_gone(
            file in any_file(),
            rounds in proptest::collection::vec((0u32..3, proptest::collection::vec(any_name(), 0..5)), 1..6),
        ) {
            let mut text = file.clone();
            for (user, names) in &rounds {
                let once = with_names(&text, *user, names).unwrap();
                prop_assert_eq!(&with_names(&once, *user, names).unwrap(), &once, "twice is as once");
                let mut sorted = names.clone();
                sorted.sort();
                sorted.dedup();
                prop_assert_eq!(names_of(&once, *user).unwrap(), sorted);
                prop_assert!(once.starts_with(&file), "what was there before stays before");
                text = once;
            }
            // In any order: the last line's missing end belongs to whichever block stands behind it.
            for user in [1, 0, 2] {
                text = with_names(&text, user, &[]).unwrap();
            }
            let grown = [&file[..], b"\n"].concat();
            prop_assert!(text == file || text == grown || text == [&file[..], b"\r\n"].concat(), "{:?}", text);
            if rounds.iter().all(|(user, _)| *user == rounds[0].0) {
                prop_assert_eq!(text, file, "with one user the file is the same to the octet");
            }
        }

        #[test]
        fn arbitrary_marks_never_panic_and_never_lose_what_is_outside(
            lines in proptest::collection::vec(prop_oneof![
                Just(format!("{BEGIN}1")), Just(format!("{BEGIN}1{COMPLETED}")), Just(format!("{END}1")), Just("x".to_owned()), Just(String::new()),
            ], 0..8),
            ended in any::<bool>(), name in any_name(),
        ) {
            let mut text = lines.join("\n");
            if ended { text.push('\n'); }
            if let Ok(changed) = with_names(text.as_bytes(), 1, &[name]) {
                let marks = |text: &[u8], mark: &str| String::from_utf8_lossy(text).lines().filter(|line| *line == mark).count();
                prop_assert!(marks(&changed, "x") <= marks(text.as_bytes(), "x"));
                let _ = with_names(&changed, 1, &[]);
            }
        }
    }
}
