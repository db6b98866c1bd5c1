//! How well the proxy speaks HTTP/2, asked by `h2spec` beside nginx and Caddy: no case may be right of a peer and wrong of ours.
//!
//! No part of `h2spec` is here: it is taken from where Go's modules are when it is wanted. What it has to say of how an answer looks
//! is about the protocol alone, as all stand before one back end. It knows some cases that no server here gets right, so that what
//! counts is not a number but the difference.
#![expect(clippy::cast_precision_loss, reason = "there are some 150 cases")]

mod checker;
mod report;

use std::path::Path;

use anyhow::Result;

use self::checker::Checker;
use self::report::{Report, lost};
use super::proxy::contenders;
use super::{Claim, Row};

/// Asks all of them over TLS, and ours without it too. Says why there are no rows if the checker is not to be had.
pub(super) fn measure(executable: &Path) -> Result<Vec<Row>> {
    let checker = match Checker::find() {
        Ok(checker) => checker,
        Err(missing) => {
            eprintln!("skipped, nothing was checked: {missing:#}");
            return Ok(Vec::new());
        }
    };
    let contenders = contenders(executable)?;
    let (ours, peers) = contenders.split_first().expect("ours is always there");
    let ask = |name: &str, port: u16, is_secure: bool| {
        eprintln!("asking {name} {}", if is_secure { "over TLS" } else { "without TLS" });
        checker.ask(port, is_secure)
    };
    let secure = ask(ours.name, ours.https, true)?;
    let plain = ask(ours.name, ours.http, false)?;
    let peers = peers
        .iter()
        .map(|peer| Ok((peer.name, ask(peer.name, peer.https, true)?)))
        .collect::<Result<Vec<(&'static str, Report)>>>()?;

    let counts = |count: fn(&Report) -> usize| peers.iter().map(|(name, peer)| (*name, count(peer) as f64)).collect();
    let row = |what, ours: usize, peers, claim| Row { what, unit: "cases", ours: ours as f64, peers, claim };
    let difference = |what, is_secure: bool, ours: &Report| {
        let mut lost = lost(ours, &peers);
        // With TLS both have agreed on HTTP/2 before.
        lost.retain(|case| is_secure || !case.is_of_another_protocol());
        let way = if is_secure { "over TLS" } else { "without TLS" };
        for case in &lost {
            eprintln!("{way}: {case}");
        }
        row(what, lost.len(), Vec::new(), Claim::AtMost(0.0))
    };
    Ok(vec![
        row("HTTP/2 over TLS, right", secure.passed(), counts(Report::passed), Claim::Nothing),
        row("HTTP/2 over TLS, wrong", secure.failed(), counts(Report::failed), Claim::Nothing),
        difference("HTTP/2 over TLS, wrong and right of a peer", true, &secure),
        row("HTTP/2 without TLS, right", plain.passed(), Vec::new(), Claim::Nothing),
        row("HTTP/2 without TLS, wrong", plain.failed(), Vec::new(), Claim::Nothing),
        // Peers were only asked over TLS: what they say there is what they would say here.
        difference("HTTP/2 without TLS, wrong and right of a peer", false, &plain),
    ])
}
