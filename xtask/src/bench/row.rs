//! One line of a result: ours, the peers', and what we claim of ours.

use std::fmt;

/// A figure of ours beside those of the peers.
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    pub(super) ours: f64,
    /// By name, in the order of their columns.
    pub(super) peers: Vec<(&'static str, f64)>,
    pub(super) claim: Claim,
}

/// What we claim of a figure.
pub(super) enum Claim {
    AtMost(f64),
    /// At most so much more than the first peer.
    AtMostMore(f64),
    /// At least so many times the first peer.
    AtLeastTimes(f64),
    /// At least so many times each of these peers.
    AtLeastTimesOf(&'static [(&'static str, f64)]),
    Nothing,
}

/// Whether a claim is true.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Missed,
    /// The peer that it speaks of is not installed.
    NoPeer,
    /// Nothing is claimed.
    None,
}

impl Row {
    pub(super) fn verdict(&self) -> Verdict {
        let peer = self.peers.first().map(|(_, peer)| *peer);
        let named = |name: &str| self.peers.iter().find(|(peer, _)| *peer == name).map(|(_, figure)| *figure);
        let holds = match (&self.claim, peer) {
            (Claim::Nothing, _) => return Verdict::None,
            (Claim::AtMost(limit), _) => self.ours <= *limit,
            (Claim::AtMostMore(more), Some(peer)) => self.ours <= peer + more,
            (Claim::AtLeastTimes(times), Some(peer)) => self.ours >= peer * times,
            (Claim::AtLeastTimesOf(each), Some(_)) => {
                // One that is not installed says nothing.
                each.iter().all(|(name, times)| named(name).is_none_or(|peer| self.ours >= peer * times))
            }
            (Claim::AtMostMore(_) | Claim::AtLeastTimesOf(_) | Claim::AtLeastTimes(_), None) => return Verdict::NoPeer,
        };
        if holds { Verdict::Holds } else { Verdict::Missed }
    }

    fn json(&self) -> serde_json::Value {
        let peers: serde_json::Map<_, _> =
            self.peers.iter().map(|(name, figure)| ((*name).to_owned(), (*figure).into())).collect();
        serde_json::json!({
            "what": self.what, "unit": self.unit, "locald": self.ours, "peers": peers,
            "claim": self.claim.to_string(), "verdict": self.verdict().to_string(),
        })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::AtMostMore(more) => write!(f, "at most {more} more"),
            Self::AtLeastTimes(times) => write!(f, "at least {times} times"),
            Self::AtLeastTimesOf(each) => {
                let each: Vec<String> = each.iter().map(|(name, times)| format!("{times} times {name}")).collect();
                write!(f, "at least {}", each.join(", "))
            }
            Self::Nothing => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Missed => "MISSED",
            Self::NoPeer => "no peer",
            Self::None => "",
        })
    }
}

/// Prints the rows as a table; the ratio is of ours to the first peer.
pub(super) fn print(rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.peers) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let heads: Vec<String> = names.iter().map(|name| format!(" {name:>10}")).collect();
    println!("{:<58} {:>10}{} {:>7}  claim", "", "locald", heads.concat(), "ratio");
    for row in rows {
        let figure = |name: &&str| row.peers.iter().find(|(peer, _)| peer == name).map(|(_, figure)| *figure);
        let cell = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"));
        let peers: Vec<String> = names.iter().map(|name| format!(" {:>10}", cell(figure(name)))).collect();
        let first = row.peers.first().filter(|(_, peer)| *peer > 0.0);
        let ratio = cell(first.map(|(_, peer)| row.ours / peer));
        let (what, claim) = (format!("{} [{}]", row.what, row.unit), format!("{} {}", row.claim, row.verdict()));
        println!("{what:<58} {:>10.2}{} {ratio:>7}  {}", row.ours, peers.concat(), claim.trim());
    }
}

/// Prints the rows as JSON, for other programs.
pub(super) fn print_json(rows: &[Row]) {
    let rows: Vec<_> = rows.iter().map(Row::json).collect();
    println!("{:#}", serde_json::Value::from(rows));
}
