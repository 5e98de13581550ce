//! The API's JSON exactly as sent, and the one-way door into `billing`.
//!
//! Tolerates unknown fields and remembers them, names what is missing, and never defaults an amount to zero.
//! Names are made safe to display here; the archive keeps them as they were sent.

mod accounts;
mod fields;
mod keys;

use std::cell::RefCell;
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::billing::books::{Books, CaptureRef, Lookup, SubAccount, Tally, Usage, UsageLine};
use crate::billing::money::Currency;
use crate::billing::period::Period;

pub use self::accounts::{Account, account, accounts};
pub use self::fields::Error;
use self::fields::{At, Fields, Unknown};
pub use self::keys::{ApiKey, api_key, api_keys, new_api_key};

/// Characters kept of a name for display; the API's own limit is 255.
const NAME_CHAR_COUNT_MAX: usize = 300;

/// Accounts on a page of the list, unless it is the last.
const PAGE_ROW_COUNT: usize = 100;

/// What a capture needs to know of the usage answer; amounts are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageHead {
    /// The billing period: where the capture belongs.
    pub period: Period,
    /// The sub accounts with usage, in the order sent.
    pub account_ids: Vec<Uuid>,
}

/// What the walk over a list needs to know of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageHead {
    /// The accounts or keys on the page, in the order sent.
    pub ids: Vec<Uuid>,
    /// Whether the API says that more follow.
    pub has_more: bool,
    /// Where they follow.
    pub next_cursor: Option<String>,
}

/// The bodies of one capture, as archived.
#[derive(Debug, Clone)]
pub struct Bodies<'a> {
    /// The usage answer.
    pub usage: &'a [u8],
    /// The pages of the account list, in order.
    pub pages: Vec<&'a [u8]>,
    /// The answers about single accounts; nothing for a 404.
    pub lookups: Vec<(Uuid, Option<&'a [u8]>)>,
}

/// Reads only what a capture has to know of the usage answer, so that little can stop it from being kept. Whether
/// anything else is there twice is for [`books`] to say, with the evidence safe.
pub fn usage_head(body: &[u8]) -> Result<UsageHead, Error> {
    let unknown = RefCell::<Unknown>::default();
    let mut usage = object(body, At::head("usage", &unknown))?;
    let period = read_period(&mut usage)?;
    let account_ids = usage.each("sub_accounts", |mut sub| sub.uuid("account_id"))?;
    Ok(UsageHead { period, account_ids })
}

/// Reads only what the paging loop has to know of a page of the account list.
pub fn page_head(body: &[u8]) -> Result<PageHead, Error> {
    head("account list", body)
}

/// Reads only what the paging loop has to know of a page of an account's API keys.
pub fn key_page_head(body: &[u8]) -> Result<PageHead, Error> {
    head("API key list", body)
}

fn head(label: &str, body: &[u8]) -> Result<PageHead, Error> {
    let unknown = RefCell::<Unknown>::default();
    let mut page = object(body, At::head(label, &unknown))?;
    let ids = page.each("data", |mut row| row.uuid("id"))?;
    let mut pagination = page.object("pagination")?;
    let has_more = pagination.boolean("has_more")?;
    let next_cursor = pagination.optional_text("next_cursor")?.map(std::borrow::Cow::into_owned);
    Ok(PageHead { ids, has_more, next_cursor })
}

/// The door: archived bodies become books.
pub fn books(capture: CaptureRef, account_id: Uuid, bodies: &Bodies<'_>) -> Result<Books, Error> {
    let usage = usage(bodies.usage)?;
    let mut list = List::of_pages(bodies.pages.len());
    for (number, page) in (1..).zip(&bodies.pages) {
        list.read(number, page)?;
    }
    Ok(join(capture, account_id, usage, list, [lookups(&bodies.lookups)?]))
}

/// What a part of a capture says, read on its own.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part<T> {
    value: T,
    unknown: Unknown,
}

impl<T> Part<T> {
    fn read(read: impl FnOnce(&RefCell<Unknown>) -> Result<T, Error>) -> Result<Self, Error> {
        let unknown = RefCell::<Unknown>::default();
        let value = read(&unknown)?;
        Ok(Self { value, unknown: unknown.into_inner() })
    }
}

/// The usage answer.
pub fn usage(body: &[u8]) -> Result<Part<Usage>, Error> {
    Part::read(|unknown| {
        let mut usage = read_usage(object(body, At::root("usage", unknown))?)?;
        // in order already, it is joined faster
        usage.sub_accounts.sort_by_key(|line| line.account_id);
        Ok(usage)
    })
}

/// The accounts on some pages of the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct List(Part<Vec<SubAccount>>);

impl List {
    /// A list of nothing yet, with room for the accounts on so many pages.
    pub fn of_pages(count: usize) -> Self {
        Self(Part { value: Vec::with_capacity(count.saturating_mul(PAGE_ROW_COUNT)), unknown: Unknown::default() })
    }

    /// Reads the next page; its number in the whole list is for errors.
    pub fn read(&mut self, number: usize, page: &[u8]) -> Result<(), Error> {
        let part = Part::read(|unknown| {
            let label = format!("account list, page {number}");
            let mut page = object(page, At::root(&label, unknown))?;
            let accounts = page.each("data", read_account)?;
            page.object("pagination")?.finish(&["has_more", "next_cursor", "previous_cursor"]);
            page.finish(&["object"]);
            Ok(accounts)
        })?;
        self.append(Self(part));
        Ok(())
    }

    /// Adds the pages that follow.
    pub fn append(&mut self, next: Self) {
        self.0.value.extend(next.0.value);
        self.0.unknown.go_on(next.0.unknown);
    }

    /// Puts the accounts in order: lists of which each is in order are joined faster.
    pub fn sort(&mut self) {
        self.0.value.sort_by_key(|account| account.id);
    }
}

/// The answers about single accounts.
pub fn lookups(answers: &[(Uuid, Option<&[u8]>)]) -> Result<Part<BTreeMap<Uuid, Lookup>>, Error> {
    Part::read(|unknown| {
        let mut lookups = BTreeMap::new();
        for (id, body) in answers {
            let label = format!("account {id}");
            let lookup = match body {
                Some(body) => Lookup::Found(read_account(object(body, At::root(&label, unknown))?)?),
                None => Lookup::Gone,
            };
            lookups.insert(*id, lookup);
        }
        Ok(lookups)
    })
}

/// Joins the parts of a capture.
pub fn join(
    capture: CaptureRef,
    account_id: Uuid,
    usage: Part<Usage>,
    list: List,
    lookups: impl IntoIterator<Item = Part<BTreeMap<Uuid, Lookup>>>,
) -> Books {
    let Part { value: usage, mut unknown } = usage;
    unknown.go_on(list.0.unknown);
    let mut looked_up = BTreeMap::new();
    for part in lookups {
        looked_up.extend(part.value);
        unknown.go_on(part.unknown);
    }
    Books::new(capture, account_id, usage, list.0.value, looked_up, unknown.into_sorted())
}

/// What a refusal says to people; nothing if it is not the object with a text that the API promises.
pub fn message(body: &[u8]) -> Option<String> {
    let unknown = RefCell::<Unknown>::default();
    let mut refusal = object(body, At::quiet("refusal", &unknown)).ok()?;
    let message = refusal.text("message").ok()?;
    (!message.trim().is_empty()).then(|| message.into_owned())
}

/// A text made safe for terminals, spreadsheets and pages: control characters and non-characters become visible
/// pictures, and it is at most `char_count_max` characters long.
pub fn display(text: &str, char_count_max: usize) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if text.len() <= char_count_max && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let picture = |c: char| match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    let mut shown: String = text.chars().map(picture).take(char_count_max).collect();
    if text.chars().nth(char_count_max).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// A text of the API made safe to display; the API's own limit is 255 characters.
pub(super) fn shown(text: &str) -> String {
    display(text, NAME_CHAR_COUNT_MAX)
}

fn object<'a, 'at>(body: &'a [u8], at: At<'at>) -> Result<Fields<'a, 'at>, Error> {
    let text = std::str::from_utf8(body).map_err(|_| at.error("is not UTF-8"))?;
    Fields::read(text, at)
}

fn read_period(usage: &mut Fields<'_, '_>) -> Result<Period, Error> {
    let mut period = usage.object("billing_period")?;
    let (start, end) = (period.time("start")?, period.time("end")?);
    period.finish(&[]);
    Ok(Period { start, end })
}

fn read_usage(mut usage: Fields<'_, '_>) -> Result<Usage, Error> {
    let period = read_period(&mut usage)?;
    let code = usage.text("currency")?;
    let currency = Currency::parse(&code).ok_or_else(|| {
        let shown = display(&code, 20);
        usage.at().child("currency").error(format!("is `{shown}`, which is no ISO 4217 code with minor units"))
    })?;
    let method = display(&usage.text("allocation_method")?, NAME_CHAR_COUNT_MAX);
    let note = usage.optional_text("allocation_note")?.unwrap_or_default();
    let note = display(&note, 4 * NAME_CHAR_COUNT_MAX);
    let mut parent = usage.object("parent")?;
    let parent_id = parent.uuid("account_id")?;
    let sub_accounts = usage.each("sub_accounts", read_line)?;
    let read = Usage {
        period,
        currency,
        method,
        note,
        parent_id,
        parent: read_tally(parent)?,
        sub_accounts,
        removed: read_tally(usage.object("removed_sub_accounts")?)?,
        total: read_tally(usage.object("total")?)?,
    };
    usage.finish(&[]);
    Ok(read)
}

fn read_line(mut line: Fields<'_, '_>) -> Result<UsageLine, Error> {
    let account_id = line.uuid("account_id")?;
    let name = shown_name(&line.text("name")?, account_id);
    Ok(UsageLine { account_id, name: name.into(), tally: read_tally(line)? })
}

fn read_tally(mut bucket: Fields<'_, '_>) -> Result<Tally, Error> {
    let tally = Tally { messages: bucket.integer("reception_count")?, cost: bucket.amount("allocated_cost")? };
    bucket.finish(&["account_id", "name"]);
    Ok(tally)
}

fn read_account(mut row: Fields<'_, '_>) -> Result<SubAccount, Error> {
    let account = accounts::read_entry(&mut row)?;
    row.finish(&["object", "website", "domain_count", "member_count", "last_activity_at"]);
    Ok(account)
}

fn shown_name(name: &str, id: Uuid) -> String {
    let shown = shown(name);
    if shown.trim().is_empty() { id.to_string() } else { shown }
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
