//! Regular expressions that clients send: bounded, linear in the text, and refused with the place of the fault.

use locald_api::{Failure, FailureKind};
use regex::{Regex, RegexBuilder};

/// How much memory a regular expression may take.
const SIZE: usize = 1 << 20;

/// Makes sense of a pattern of at most `longest` bytes.
pub(crate) fn compile(pattern: &str, ignore_case: bool, longest: usize) -> Result<Regex, Failure> {
    let refused = |what: String| Failure::new(FailureKind::BadRequest, what);
    if pattern.len() > longest {
        return Err(refused(format!("a regular expression of more than {longest} bytes")));
    }
    let error = match RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(SIZE).build() {
        Ok(regex) => return Ok(regex),
        Err(regex::Error::CompiledTooBig(_)) => {
            return Err(refused(format!("`{pattern}` is too large a regular expression")));
        }
        Err(error) => error,
    };
    let place = fault(pattern).map_or(String::new(), |fault| format!(": {fault}"));
    Err(refused(format!("`{pattern}` is not a regular expression{place}")).details(error.to_string()))
}

/// What is wrong with a pattern, and where.
fn fault(pattern: &str) -> Option<String> {
    let (kind, span) = match regex_syntax::parse(pattern).err()? {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), *error.span()),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), *error.span()),
        _ => return None,
    };
    Some(format!("{kind} at character {}", span.start.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_its_place() {
        let failure = compile("ab(c", false, 100).expect_err("not closed");
        assert_eq!(failure.message, "`ab(c` is not a regular expression: unclosed group at character 3");
        assert_eq!(failure.kind, FailureKind::BadRequest);
        assert!(failure.details.is_some_and(|details| details.contains('^')));
    }

    #[test]
    fn what_is_too_large_is_called_so() {
        assert!(compile(r"(\w{1000}){1000}", false, 100).expect_err("too large").message.contains("too large"));
        assert!(compile(&"x".repeat(101), false, 100).expect_err("too long").message.contains("more than 100 bytes"));
    }

    #[test]
    fn case_is_kept_or_not_as_asked() {
        assert!(compile("é", true, 100).expect("a pattern").is_match("É"));
        assert!(!compile("é", false, 100).expect("a pattern").is_match("É"));
    }
}
