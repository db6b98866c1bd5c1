//! Takes secret values out of text that is shown.
//!
//! Where a line was cut, a secret may stand in two pieces; each piece is masked that holds half of it or more.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::secret::MASK;

/// Shorter values are never masked: they would be found everywhere.
const MIN_SAID: usize = 4;
/// The same for values that are secret by their names alone.
const MIN_GUESSED: usize = 8;

/// A value that must not be shown, and how it is known to be one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret<'a> {
    /// The value.
    pub value: &'a str,
    /// Whether somebody said so, or only its name.
    pub is_said: bool,
}

/// Masks a set of secrets. The default masks nothing. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Masker(Option<Arc<Secrets>>);

struct Secrets {
    /// Finds whole secrets.
    whole: AhoCorasick,
    values: Vec<String>,
}

impl Masker {
    /// Masks these values, and each line of those that have several.
    ///
    /// A value that is short is left out, and so is one that is secret by its name alone and an ordinary word: to mask
    /// every `postgres` in a log would hide the log and no secret.
    pub fn new<'a>(secrets: impl IntoIterator<Item = Secret<'a>>) -> Self {
        let mut values: Vec<String> = secrets
            .into_iter()
            .flat_map(|secret| secret.value.lines().map(move |line| Secret { value: line.trim(), ..secret }))
            .filter(|secret| is_worth_masking(*secret))
            .map(|secret| secret.value.to_owned())
            .collect();
        values.sort();
        values.dedup();
        if values.is_empty() {
            return Self::default();
        }
        let whole = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values);
        // Secrets that are too many to be built into one automaton are not masked; an environment is far from that.
        Self(whole.ok().map(|whole| Arc::new(Secrets { whole, values })))
    }

    /// Whether there is nothing to mask.
    pub fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// The line, or a piece of one, without secrets.
    pub fn mask<'t>(&self, line: &'t str) -> Cow<'t, str> {
        let found = self.find(line.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut pieces = [line.as_bytes().to_vec()];
        take_out(&found, &mut pieces);
        let [masked] = pieces;
        // A secret is whole characters, so what is around it is too.
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// Masks text that lies in pieces, as output does that was read bit by bit, or a line that wraps: a secret may begin in one piece
    /// and end in another. The mask stands where it began.
    pub fn mask_pieces(&self, pieces: &mut [Vec<u8>]) {
        if self.0.is_some() {
            take_out(&self.find(&pieces.concat()), pieces);
        }
    }

    /// Where secrets stand in the text, and what its beginning and its end have of one. In order, and without overlaps.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(secrets) = &self.0 else { return Vec::new() };
        let (head, tail) = (secrets.head(text), secrets.tail(text));
        let mut found: Vec<Range<usize>> = secrets.whole.find_iter(text).map(|hit| hit.range()).collect();
        found.extend([0..head, tail..text.len()].into_iter().filter(|piece| !piece.is_empty()));
        found.sort_by_key(|stretch| stretch.start);
        // A piece at either end may be part of a whole one.
        found.dedup_by(|next, stretch| {
            let overlaps = next.start < stretch.end;
            stretch.end = if overlaps { stretch.end.max(next.end) } else { stretch.end };
            overlaps
        });
        found
    }
}

impl Secrets {
    /// How much of the text's beginning is the end of a secret.
    fn head(&self, text: &[u8]) -> usize {
        let cut = |secret: &String| ends(secret).find(|end| text.starts_with(end)).map_or(0, <[u8]>::len);
        self.values.iter().map(cut).max().unwrap_or_default()
    }

    /// Where a secret begins that the text's end cuts.
    fn tail(&self, text: &[u8]) -> usize {
        let cut = |secret: &String| beginnings(secret).find(|begin| text.ends_with(begin)).map_or(0, <[u8]>::len);
        text.len() - self.values.iter().map(cut).max().unwrap_or_default()
    }
}

/// Puts a mask in the place of each stretch of the text that the pieces are together.
fn take_out(stretches: &[Range<usize>], pieces: &mut [Vec<u8>]) {
    let mut begins = 0;
    for piece in pieces {
        let ends = begins + piece.len();
        let here = stretches.iter().filter(|stretch| stretch.start < ends && stretch.end > begins);
        let mut kept = Vec::new();
        let mut at = begins;
        for stretch in here {
            kept.extend_from_slice(&piece[at - begins..stretch.start.max(at) - begins]);
            if stretch.start >= begins {
                kept.extend_from_slice(MASK.as_bytes());
            }
            at = stretch.end.min(ends);
        }
        if at > begins {
            kept.extend_from_slice(&piece[at - begins..]);
            *piece = kept;
        }
        begins = ends;
    }
}

/// What a cut leaves of a secret at its end, the longest first, down to half of it.
fn ends(secret: &str) -> impl Iterator<Item = &[u8]> {
    let half = secret.len() - secret.len().div_ceil(2);
    (1..=half).map(|at| &secret.as_bytes()[at..])
}

/// The same at its beginning.
fn beginnings(secret: &str) -> impl Iterator<Item = &[u8]> {
    let half = secret.len().div_ceil(2);
    (half..secret.len()).rev().map(|at| &secret.as_bytes()[..at])
}

fn is_worth_masking(secret: Secret<'_>) -> bool {
    let Secret { value, is_said } = secret;
    if is_said {
        return value.len() >= MIN_SAID;
    }
    let is_word = value.chars().all(|ch| ch.is_ascii_lowercase()) && value.len() < 2 * MIN_GUESSED;
    let is_number = value.chars().all(|ch| ch.is_ascii_digit()) && value.len() < 2 * MIN_GUESSED;
    value.len() >= MIN_GUESSED && !is_word && !is_number
}

impl PartialEq for Masker {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().map(|secrets| &secrets.values) == other.0.as_ref().map(|secrets| &secrets.values)
    }
}

impl Eq for Masker {}

/// Says how many secrets there are, and none of them.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.0.as_ref().map_or(0, |secrets| secrets.values.len());
        f.debug_struct("Masker").field("secrets", &secrets).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(values: &[&str]) -> Masker {
        Masker::new(values.iter().map(|value| Secret { value, is_said: true }))
    }

    #[test]
    fn whole_secrets_are_masked_wherever_they_stand_the_longest_first() {
        let masker = said(&["hunter2", "hunter2-extended", "geheim"]);
        for (line, masked) in [
            ("nothing here", "nothing here"),
            ("token=hunter2", "token=********"),
            ("hunter2 and geheim", "******** and ********"),
            ("xhunter2-extendedx", "x********x"),
            ("hunter2hunter2", "****************"),
            ("", ""),
        ] {
            assert_eq!(masker.mask(line), masked, "{line}");
        }
    }

    #[test]
    fn what_is_short_is_left_alone_and_so_is_a_word_that_only_its_name_makes_a_secret() {
        let guessed = |value: &str| {
            let masker = Masker::new([Secret { value, is_said: false }]);
            masker.mask(value) != value
        };
        for value in ["", "1", "postgres", "password", "12345678", "Short1"] {
            assert!(!guessed(value), "{value}");
        }
        for value in ["ghp_16C7e42F292c", "correct-horse", "p4ssw0rd", "thisisalongsecretvalue"] {
            assert!(guessed(value), "{value}");
        }
        assert_eq!(said(&["postgres", "1"]).mask("1 postgres"), "1 ********");
    }

    #[test]
    fn each_line_of_a_secret_of_several_is_masked() {
        let masker = said(&["-----BEGIN-----\nMIIEpAIBAAKC\nAQEA\n-----END-----"]);
        assert_eq!(masker.mask("MIIEpAIBAAKC"), MASK);
    }

    #[test]
    fn nothing_of_a_secret_is_told_by_its_masker() {
        assert_eq!(format!("{:?}", said(&["hunter2"])), "Masker { secrets: 1, .. }");
    }

    proptest! {
        #[test]
        fn no_secret_is_left_in_any_text(
            secrets in prop::collection::vec("[a-zä0-9]{4,12}", 1..5),
            pieces in prop::collection::vec((any::<prop::sample::Index>(), "[ -~ä]{0,6}"), 0..8),
        ) {
            let masker = said(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
            let text = pieces.iter().fold(String::new(), |text, (at, between)| text + at.get(&secrets).as_str() + between);
            let masked = masker.mask(&text).into_owned();
            for secret in &secrets {
                prop_assert!(!masked.contains(secret), "{secret} in {masked}, of {text}");
            }
        }

        #[test]
        fn a_secret_that_is_cut_shows_less_than_half_of_itself_in_either_piece(
            (before, secret, after) in ("[ -~]{0,8}", "[A-Z]{6,12}", "[ -~]{0,8}"),
            cut in any::<prop::sample::Index>(),
        ) {
            let (before, after) = (before.to_lowercase(), after.to_lowercase());
            let masker = said(&[&secret]);
            let at = cut.index(secret.len() - 1) + 1;
            let (left, right) = (format!("{before}{}", &secret[..at]), format!("{}{after}", &secret[at..]));
            let shown = |text: &str| masker.mask(text).chars().filter(char::is_ascii_uppercase).count();
            prop_assert!(2 * shown(&left) < secret.len() + 1 && 2 * shown(&right) < secret.len() + 1);
            prop_assert!(shown(&left) + shown(&right) < secret.len());
        }

        #[test]
        fn a_secret_in_text_that_lies_in_pieces_is_masked_once_and_nothing_else_is_lost(
            (before, secret, after) in ("[ -~]{0,8}", "[A-ZÄ]{4,12}", "[ -~]{0,8}"),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let (before, after) = (before.to_lowercase(), after.to_lowercase());
            let text = format!("{before}{secret}{after}").into_bytes();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
            places.sort_unstable();
            let mut pieces: Vec<Vec<u8>> = places.windows(2).map(|cut| text[cut[0]..cut[1]].to_vec()).collect();
            said(&[&secret]).mask_pieces(&mut pieces);
            prop_assert_eq!(String::from_utf8(pieces.concat()).unwrap(), format!("{before}{MASK}{after}"));
        }

        #[test]
        fn text_without_secrets_is_what_it_was(text in "[ -~ä\\u{1b}]{0,60}") {
            prop_assert_eq!(&said(&["ÄÖÜÄÖÜ"]).mask(&text), &text);
        }
    }
}
