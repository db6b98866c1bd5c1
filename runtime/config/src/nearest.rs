//! The word somebody probably meant.
//!
//! Used for keys, values, service names and commands alike; what is done with the answer is up to the caller.

/// Longer words are never compared: nobody mistypes them by a letter or two.
const MAX_LENGTH: usize = 64;

/// The candidate that differs from `word` by at most a third of its letters (one, for short words), ignoring case.
///
/// A letter too many, too few or wrong and two letters swapped each count as one. The first of equally near candidates
/// is chosen.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = letters(word)?;
    let allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&word, &letters(candidate)?), candidate)))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn letters(word: &str) -> Option<Vec<char>> {
    let short_enough = word.chars().nth(MAX_LENGTH).is_none();
    short_enough.then(|| word.chars().flat_map(char::to_lowercase).collect())
}

/// The optimal string alignment distance, by three rows of its table.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, l) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, r) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(l != r);
            let mut best = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && left[row - 1] == *r && right[column - 1] == *l;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["command", "cwd", "env", "stop_signal", "stop_timeout"];

    #[test]
    fn a_word_mistyped_by_a_letter_or_two_is_found() {
        for (typed, meant) in [
            ("comand", "command"),
            ("Command", "command"),
            ("cmomand", "command"),
            ("stop-signal", "stop_signal"),
            ("stoptimeout", "stop_timeout"),
            ("wcd", "cwd"),
            ("envs", "env"),
        ] {
            assert_eq!(nearest(typed, KEYS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_word_unlike_all_others_has_no_nearest() {
        for typed in ["", "x", "restart", "depends_on", &"c".repeat(10_000)] {
            assert_eq!(nearest(typed, KEYS), None, "{typed}");
        }
    }

    #[test]
    fn distance_counts_edits() {
        let between = |l: &str, r: &str| distance(&letters(l).unwrap(), &letters(r).unwrap());
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("abc", "abc"), 0);
        assert_eq!(between("abc", "acb"), 1);
        assert_eq!(between("kitten", "sitting"), 3);
    }

    proptest::proptest! {
        #[test]
        fn every_short_word_is_nearest_to_itself(word in "[a-zA-Z_]{2,20}") {
            assert_eq!(nearest(&word, ["zzzzzzzzzzzzzzzzzzzzzz", word.as_str()]), Some(word.as_str()));
        }
    }
}
