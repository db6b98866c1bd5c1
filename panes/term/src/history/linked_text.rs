//! A line on its way into a history or out of it, with where its hyperlinks lead: on a screen they are only numbers.

use serde::{Deserialize, Serialize};

use super::Line;
use crate::{LinkId, StyledText};

/// Who knows where hyperlinks lead.
pub(crate) trait Urls {
    /// Where a link leads; `None` if that is not known any more.
    fn url(&self, link: LinkId) -> Option<&str>;
}

/// A line with its links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkedText {
    pub(crate) text: StyledText,
    /// Where each link of the text leads.
    pub(crate) urls: Vec<(LinkId, String)>,
}

impl From<Line<'_>> for LinkedText {
    fn from(line: Line<'_>) -> Self {
        let mut linked = Self::default();
        for (text, style, link) in line.linked_pieces() {
            linked.text.push_linked(text, style, link.map(|(link, _)| link));
            if let Some((link, url)) = link
                && linked.url(link).is_none()
            {
                linked.urls.push((link, url.to_owned()));
            }
        }
        linked
    }
}

impl Urls for LinkedText {
    fn url(&self, link: LinkId) -> Option<&str> {
        self.urls.iter().find(|(known, _)| *known == link).map(|(_, url)| url.as_str())
    }
}
