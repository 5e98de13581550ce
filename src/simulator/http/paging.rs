//! Where in a list a request wants to be: `limit`, `after`, `before`, and `cursor`.

use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;

use super::cursor::{self, List};
use super::refusal::Refusal;
use crate::simulator::world::Seek;

/// The most items a page may have, and how many it has unless told otherwise.
const PAGE_LIMIT_MAX: usize = 100;

/// The query as text: the API's own messages for bad values are better than a deserializer's.
#[derive(Default, Deserialize)]
pub(super) struct ListQuery {
    limit: Option<String>,
    after: Option<String>,
    before: Option<String>,
    /// The name of `after` in an older contract, still sent by the vendor's command-line tool.
    cursor: Option<String>,
}

impl ListQuery {
    pub(super) fn of(uri: &Uri) -> Result<Self, Refusal> {
        Query::try_from_uri(uri).map(|Query(query)| query).map_err(|_| Refusal::InvalidQuery)
    }

    /// Where a page lies, and how long it may be.
    pub(super) fn place(&self, list: List) -> Result<(Seek, usize), Refusal> {
        Ok((self.seek(list)?, self.limit()?))
    }

    pub(super) fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref().or(self.cursor.as_deref())
    }

    fn limit(&self) -> Result<usize, Refusal> {
        match self.limit.as_deref().map(str::parse) {
            None => Ok(PAGE_LIMIT_MAX),
            Some(Ok(limit)) if (1..=PAGE_LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(Refusal::LimitOutOfRange),
        }
    }

    fn seek(&self, list: List) -> Result<Seek, Refusal> {
        let place = |text: &str| cursor::decode(list, text).ok_or(Refusal::InvalidCursor);
        match (self.after(), self.before()) {
            (Some(_), Some(_)) => Err(Refusal::TwoDirections),
            (Some(after), None) => place(after).map(Seek::After),
            (None, Some(before)) => place(before).map(Seek::Before),
            (None, None) => Ok(Seek::Start),
        }
    }
}
