//! The walk over the list of sub accounts: page after page, with a guard against every way of not ending well.
//!
//! A page that breaks a guard is handed over like any other, because it is evidence; the error comes with the next
//! call. A cursor is opaque: it is sent back as a query value and never read, followed as an address, or shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use url::Url;
use uuid::Uuid;

use super::wire::{self, PageHead};
use super::{Answer, Call, Client, Error, PageFault};

/// Sub accounts asked for per page: the most the API gives.
const PAGE_LENGTH: &str = "100";

/// One page of the list.
#[derive(Debug)]
pub struct Page {
    /// The page as received.
    pub answer: Answer,
    /// The accounts on it, and how it goes on.
    pub head: PageHead,
}

/// The walk over the list. After an error, [`Pages::next`] asks for the same page again or repeats the fault; it never
/// passes for a list that has ended.
pub struct Pages<'a> {
    client: &'a Client,
    /// Pages handed over so far; the last one's number.
    count: u32,
    next: Next,
    /// Each cursor with the page that sent it.
    cursors: HashMap<String, u32>,
    /// Each account with the page it was on.
    accounts: HashMap<Uuid, u32>,
}

/// What the pages so far lead to.
enum Next {
    First,
    After(String),
    End,
    Fault(PageFault),
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, count: 0, next: Next::First, cursors: HashMap::new(), accounts: HashMap::new() }
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
        let page = self.count + 1;
        let answer = self.client.ask(Call::Page(page), &url).await?;
        let head = match wire::page_head(&answer.body) {
            Ok(head) => head,
            Err(source) => return Err(Error::Page { page, answer: Box::new(answer), source }),
        };
        self.next = self.follow(page, &head).unwrap_or_else(Next::Fault);
        self.count = page;
        Ok(Some(Page { answer, head }))
    }

    /// Finds out where `page` leads to.
    fn follow(&mut self, page: u32, head: &PageHead) -> Result<Next, PageFault> {
        for &id in &head.account_ids {
            match self.accounts.entry(id) {
                Entry::Occupied(first) => return Err(PageFault::AccountRepeated { id, first: *first.get(), page }),
                Entry::Vacant(vacant) => vacant.insert(page),
            };
        }
        if !head.has_more {
            return Ok(Next::End);
        }
        if head.account_ids.is_empty() {
            return Err(PageFault::PageEmpty { page });
        }
        let cursor = head.next_cursor.as_deref().ok_or(PageFault::CursorMissing { page })?;
        let (bytes, bytes_max) = (cursor.len(), self.client.limits.cursor_bytes_max);
        if bytes == 0 {
            return Err(PageFault::CursorEmpty { page });
        }
        if bytes > bytes_max {
            return Err(PageFault::CursorTooLong { page, bytes, bytes_max });
        }
        if let Some(first) = self.cursors.insert(cursor.to_owned(), page) {
            return Err(PageFault::CursorRepeated { page, first });
        }
        if page >= self.client.limits.page_count_max {
            return Err(PageFault::TooManyPages { page });
        }
        Ok(Next::After(cursor.to_owned()))
    }

    fn url(&self, after: Option<&str>) -> Url {
        let mut url = self.client.sub_accounts_url.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", PAGE_LENGTH);
        if let Some(cursor) = after {
            query.append_pair("after", cursor);
        }
        drop(query);
        url
    }
}
