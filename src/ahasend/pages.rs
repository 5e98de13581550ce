//! The walk over a list: page after page, with a guard against every way of not ending well.
//!
//! A page that breaks a guard is handed over like any other, because it is evidence; the error comes with the next
//! call. A cursor is opaque: it is sent back as a query value and never read, followed as an address, or shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use url::Url;
use uuid::Uuid;

use super::list::API_KEYS;
use super::request::Request;
use super::wire::{self, PageHead};
use super::{Answer, Client, Error, List, PageFault, PageProblem};

/// Entries asked for per page: the most the API gives.
const PAGE_LENGTH: &str = "100";

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The page as received.
    pub answer: Answer,
    /// What is on it, and how it goes on.
    pub head: PageHead,
}

/// The walk over a list. After an error, [`Pages::next`] asks for the same page again or repeats the fault; it never
/// passes for a list that has ended.
pub struct Pages<'a> {
    client: &'a Client,
    list: List,
    /// Pages handed over so far; the last one's number.
    count: u32,
    next: Next,
    /// Each cursor with the page that sent it.
    cursors: HashMap<String, u32>,
    /// Each account or key with the page it was on.
    ids: HashMap<Uuid, u32>,
}

/// What the pages so far lead to.
enum Next {
    First,
    After(String),
    End,
    Fault(PageFault),
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: &'a Client, list: List) -> Self {
        Self { client, list, count: 0, next: Next::First, cursors: HashMap::new(), ids: HashMap::new() }
    }

    /// Reads the next page, or tells with `None` that the list has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the page could not be had, [`Error::Page`] if it cannot be read, and [`Error::Paging`] if
    /// the pages handed over so far do not make one list.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let url = match &self.next {
            Next::First => self.url(None),
            Next::After(cursor) => self.url(Some(cursor)),
            Next::End => return Ok(None),
            Next::Fault(fault) => return Err(fault.clone().into()),
        };
        let (list, page) = (self.list, self.count + 1);
        let answer = self.client.ask(&Request::new(list.page(page), url)).await?;
        let head = match list {
            List::Accounts => wire::page_head(&answer.body),
            List::Keys(_) => wire::key_page_head(&answer.body),
        };
        let head = match head {
            Ok(head) => head,
            Err(source) => return Err(Error::Page { list, page, answer: Box::new(answer), source }),
        };
        let next = self.follow(page, &head);
        self.next = next.unwrap_or_else(|problem| Next::Fault(PageFault { list, page, problem }));
        self.count = page;
        Ok(Some(Page { answer, head }))
    }

    /// Finds out where `page` leads to.
    fn follow(&mut self, page: u32, head: &PageHead) -> Result<Next, PageProblem> {
        for &id in &head.ids {
            match self.ids.entry(id) {
                Entry::Occupied(first) => return Err(PageProblem::Repeated { id, first: *first.get() }),
                Entry::Vacant(vacant) => vacant.insert(page),
            };
        }
        if !head.has_more {
            return Ok(Next::End);
        }
        if head.ids.is_empty() {
            return Err(PageProblem::Empty);
        }
        let cursor = head.next_cursor.as_deref().ok_or(PageProblem::CursorMissing)?;
        let (bytes, bytes_max) = (cursor.len(), self.client.limits.cursor_bytes_max);
        if bytes == 0 {
            return Err(PageProblem::CursorEmpty);
        }
        if bytes > bytes_max {
            return Err(PageProblem::CursorTooLong { bytes, bytes_max });
        }
        if let Some(first) = self.cursors.insert(cursor.to_owned(), page) {
            return Err(PageProblem::CursorRepeated { first });
        }
        if page >= self.client.limits.page_count_max {
            return Err(PageProblem::TooMany);
        }
        Ok(Next::After(cursor.to_owned()))
    }

    fn url(&self, after: Option<&str>) -> Url {
        let mut url = match self.list {
            List::Accounts => self.client.url_of(&[]),
            List::Keys(account) => self.client.url_of(&[&account.to_string(), API_KEYS]),
        };
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", PAGE_LENGTH);
        if let Some(cursor) = after {
            query.append_pair("after", cursor);
        }
        drop(query);
        url
    }
}
