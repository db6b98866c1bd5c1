//! What the checker found, as it writes it down: the XML that JUnit reports have.
//!
//! What went wrong is not escaped there, so this is read for its tags and is not taken to be XML.

use std::fmt;

/// How one server did.
pub(super) struct Report {
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    /// A section of a specification, such as `http2/5.1.1`.
    section: String,
    says: String,
    outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// With what was expected and what came.
    Failed(String),
    /// The server is made so that there is nothing to ask.
    Skipped,
}

/// A case that we get wrong and these peers do not.
#[derive(Debug)]
pub(super) struct Lost<'a> {
    case: &'a Case,
    why: &'a str,
    peers: Vec<&'static str>,
}

impl Report {
    /// `None` if it is no report, or one without cases.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let cases: Vec<Case> = text.split("<testcase ").skip(1).map(Case::parse).collect::<Option<_>>()?;
        (!cases.is_empty()).then_some(Self { cases })
    }

    pub(super) fn passed(&self) -> usize {
        self.cases.iter().filter(|case| case.outcome == Outcome::Passed).count()
    }

    pub(super) fn failed(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Failed(_))).count()
    }

    /// The case that is the `nth` of those that are called so: names are not unique.
    fn has_passed(&self, called: &Case, nth: usize) -> bool {
        let case = self.cases.iter().filter(|case| case.is_called_as(called)).nth(nth);
        case.is_some_and(|case| case.outcome == Outcome::Passed)
    }
}

impl Case {
    /// From what follows the beginning of its tag.
    fn parse(text: &str) -> Option<Self> {
        let (tag, after) = text.split_once('>')?;
        let body = if tag.ends_with('/') { "" } else { after.split_once("</testcase>")?.0 };
        let inside = |element: &str| {
            let (_, after) = body.split_once(&format!("<{element}>"))?;
            Some(after.rsplit_once(&format!("</{element}>"))?.0.trim().to_owned())
        };
        let outcome = match inside("failure").or_else(|| inside("error")) {
            Some(why) => Outcome::Failed(why),
            None if body.contains("<skipped") => Outcome::Skipped,
            None if body.trim().is_empty() => Outcome::Passed,
            None => return None,
        };
        Some(Self { section: attribute(tag, "package")?, says: attribute(tag, "classname")?, outcome })
    }

    fn is_called_as(&self, other: &Self) -> bool {
        self.section == other.section && self.says == other.says
    }
}

/// What we get wrong and a peer does not.
pub(super) fn lost<'a>(ours: &'a Report, peers: &[(&'static str, Report)]) -> Vec<Lost<'a>> {
    let mut all = Vec::new();
    for (index, case) in ours.cases.iter().enumerate() {
        let Outcome::Failed(why) = &case.outcome else { continue };
        let nth = ours.cases[..index].iter().filter(|before| before.is_called_as(case)).count();
        let peers: Vec<_> =
            peers.iter().filter(|(_, peer)| peer.has_passed(case, nth)).map(|(name, _)| *name).collect();
        if !peers.is_empty() {
            all.push(Lost { case, why, peers });
        }
    }
    all
}

impl Lost<'_> {
    /// Whether it is the case that begins with no preface of HTTP/2. Without TLS, a port that speaks HTTP/1.1 too takes that for a request
    /// of HTTP/1.1, and refuses it in the same.
    pub(super) fn is_of_another_protocol(&self) -> bool {
        self.case.section == "http2/3.5" && self.case.says == "Sends invalid connection preface"
    }
}

impl fmt::Display for Lost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, why, peers } = self;
        let why = why.replace('\n', "\n    ");
        write!(f, "{}: {} (right of {})\n    {why}", case.section, case.says, peers.join(" and "))
    }
}

/// The value of an attribute of a tag, with its escapes resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = after.split_once('"')?;
    let escapes = [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&quot;", "\""), ("&apos;", "'")];
    let value = escapes.iter().fold(value.to_owned(), |value, (escape, means)| value.replace(escape, means));
    Some(value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: &str = "http2/5.1.1";

    fn report(cases: &[(&str, &str)]) -> Report {
        let case = |(says, body): &(&str, &str)| {
            format!("<testcase package=\"{SECTION}\" classname=\"{says}\" time=\"0.0012\">{body}</testcase>\n")
        };
        let cases: String = cases.iter().map(case).collect();
        let suite =
            format!("<testsuite name=\"5.1.1. Stream Identifiers\" package=\"{SECTION}\">\n{cases}</testsuite>");
        Report::parse(&format!("<?xml version=\"1.0\"?>\n<testsuites>{suite}</testsuites>")).unwrap()
    }

    #[test]
    fn a_case_is_right_wrong_or_left_out() {
        let report = report(&[
            ("Sends &#34;a&#34; &amp; b", ""),
            ("Sends c", "\n <error>GOAWAY Frame (Error Code: PROTOCOL_ERROR)\nTimeout <nil></error>\n"),
            ("Sends d", "<failure>Expect:\nan end\nActual:\nnone</failure>"),
            ("Sends e", "<skipped></skipped>"),
        ]);
        assert_eq!((report.passed(), report.failed(), report.cases.len()), (1, 2, 4));
        assert_eq!(report.cases[0].says, "Sends \"a\" & b");
        let why = "GOAWAY Frame (Error Code: PROTOCOL_ERROR)\nTimeout <nil>";
        assert_eq!(report.cases[1].outcome, Outcome::Failed(why.into()));
    }

    #[test]
    fn what_is_cut_short_or_empty_is_no_report() {
        assert!(Report::parse("<testsuites></testsuites>").is_none());
        assert!(Report::parse("").is_none());
        assert!(Report::parse("<testsuites><testcase package=\"a\" classname=\"b\"><error>c").is_none());
        assert!(Report::parse("<testsuites><testcase package=\"a\"></testcase>").is_none());
    }

    #[test]
    fn only_what_a_peer_gets_right_is_lost() {
        let wrong = "<error>Timeout</error>";
        let ours =
            report(&[("Sends a", wrong), ("Sends b", wrong), ("Sends c", wrong), ("Sends d", ""), ("Sends f", wrong)]);
        let nginx = report(&[("Sends a", ""), ("Sends b", wrong), ("Sends c", "<skipped></skipped>"), ("Sends d", "")]);
        let caddy = report(&[("Sends a", ""), ("Sends b", wrong), ("Sends c", wrong), ("Sends d", wrong)]);
        let peers = [("nginx", nginx), ("Caddy", caddy)];
        let lost = lost(&ours, &peers);
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert_eq!(lost[0].to_string(), "http2/5.1.1: Sends a (right of nginx and Caddy)\n    Timeout");
    }

    #[test]
    fn cases_of_one_name_are_told_apart_by_their_order() {
        let wrong = "<error>Timeout</error>";
        let ours = report(&[("Sends a", ""), ("Sends a", wrong)]);
        assert_eq!(lost(&ours, &[("nginx", report(&[("Sends a", ""), ("Sends a", wrong)]))]).len(), 0);
        assert_eq!(lost(&ours, &[("nginx", report(&[("Sends a", wrong), ("Sends a", "")]))]).len(), 1);
    }
}
