//! What a page's cursor says, as text: where each log stands, where it is to end, and when a follow began.
//!
//! A log that is not there for a while keeps its place: its project may be down and come up again.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use locald_api::{Failure, FailureKind, ServiceId};

/// Where one log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<P> {
    /// The place itself.
    pub(super) at: P,
    /// The number of the record at which to stop; a busy service would never come to an end otherwise.
    pub(super) stop: Option<u64>,
}

/// Where all logs of a query stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places<P> {
    /// When the first page of a follow was asked for, in nanoseconds since the Unix epoch.
    began: Option<u64>,
    of: Vec<(String, Place<P>)>,
}

impl<P> Places<P> {
    /// Before the first page.
    pub(super) fn begin(follow: bool) -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Self { began: follow.then(|| u64::try_from(now()).unwrap_or(u64::MAX)), of: Vec::new() }
    }

    /// When the follow began.
    pub(super) fn began(&self) -> Option<u64> {
        self.began
    }

    /// Where the log of `id` stands, if it was on a page before.
    pub(super) fn get(&self, id: &ServiceId) -> Option<&Place<P>> {
        let id = id.to_string();
        self.of.iter().find(|(known, _)| *known == id).map(|(_, place)| place)
    }

    /// Moves the log of `id`.
    pub(super) fn set(&mut self, id: &ServiceId, place: Place<P>) {
        let id = id.to_string();
        match self.of.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = place,
            None => self.of.push((id, place)),
        }
    }
}

impl<P: fmt::Display> fmt::Display for Places<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(began) = self.began {
            write!(f, "{began} ")?;
        }
        for (id, Place { at, stop }) in &self.of {
            write!(f, "{id}={at}")?;
            stop.map_or(Ok(()), |stop| write!(f, "@{stop}"))?;
            f.write_str(" ")?;
        }
        Ok(())
    }
}

impl<P: FromStr> FromStr for Places<P> {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let bad = || Failure::new(FailureKind::BadRequest, "the log cursor makes no sense");
        let mut places = Self { began: None, of: Vec::new() };
        for word in text.split_ascii_whitespace() {
            let Some((id, place)) = word.rsplit_once('=') else {
                places.began = Some(word.parse().map_err(|_| bad())?);
                continue;
            };
            let (at, stop) = place.split_once('@').map_or((place, None), |(at, stop)| (at, Some(stop)));
            let stop = stop.map(str::parse).transpose().map_err(|_| bad())?;
            places.of.push((id.to_owned(), Place { at: at.parse().map_err(|_| bad())?, stop }));
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use locald_api::ProjectId;
    use proptest::prelude::*;

    use super::*;
    use crate::logs::Cursor;

    fn id(service: &str) -> ServiceId {
        ServiceId { project: ProjectId("shop-1a2b".to_owned()), service: service.to_owned() }
    }

    proptest! {
        #[test]
        fn places_survive_being_text(began: Option<u64>, stops in prop::collection::vec(any::<Option<u64>>(), 0..5)) {
            let mut places = Places { began, of: Vec::new() };
            for (number, stop) in stops.into_iter().enumerate() {
                places.set(&id(&format!("s{number}")), Place { at: Cursor::OLDEST, stop });
            }
            prop_assert_eq!(places.to_string().parse(), Ok(places));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9a-f.=@ -]{0,80}|.{0,40}") {
            let _ = text.parse::<Places<Cursor>>();
        }
    }

    #[test]
    fn a_log_that_is_not_there_for_a_while_keeps_its_place() {
        let mut places: Places<Cursor> = "7 shop-1a2b:web=1.2.3.4@9 shop-1a2b:db=1.2.3.5 ".parse().unwrap();
        places.set(&id("db"), Place { at: Cursor::OLDEST, stop: None });
        assert_eq!(places.to_string(), "7 shop-1a2b:web=1.2.3.4@9 shop-1a2b:db=0.0.0.0 ");
    }
}
