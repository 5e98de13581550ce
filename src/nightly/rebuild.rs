//! Report sets made again from what their manifests name: the same captures, the same terms, the same customer map.

use std::collections::BTreeMap;

use super::past::{is_lasting, unreadable, usable};
use crate::archive::{Archive, CaptureKey};
use crate::archive::{CloseKey, Closed};
use crate::billing::books::Books;
use crate::billing::close::Superseded;
use crate::billing::ledger::Ledger;
use crate::billing::past::Past;
use crate::billing::terms::Terms;
use crate::config;
use crate::failure::Failure;
use crate::report::{SetInfo, StoredSet, read_issued};

/// Makes sets again, one after the other. What captures tell is kept from one set to the next, as long as the next goes on
/// where the last one ended.
#[derive(Debug)]
pub struct Rebuilder<'a> {
    archive: &'a Archive,
    keys: BTreeMap<String, CaptureKey>,
    fold: Option<Fold>,
}

/// What the captures so far tell, on one set of terms.
#[derive(Debug)]
struct Fold {
    terms: Terms,
    seen: Vec<(String, String)>,
    past: Past,
}

/// Why a set cannot be made again; a sentence for people.
pub type Missing = String;

impl<'a> Rebuilder<'a> {
    /// Looks at which captures there are.
    pub async fn of(archive: &'a Archive) -> Result<Self, Failure> {
        let keys = archive.captures().await.map_err(Failure::of_archive)?;
        let keys = keys.into_iter().map(|key| (key.id.clone(), key)).collect();
        Ok(Self { archive, keys, fold: None })
    }

    /// The ledger that a set was made from, or what is missing for it.
    pub async fn ledger(&mut self, set: &StoredSet) -> Result<Result<Ledger, Missing>, Failure> {
        let terms = match self.terms(set).await? {
            Ok(terms) => terms,
            Err(missing) => return Ok(Err(missing)),
        };
        let Some(((last, sha256), earlier)) = set.captures.split_last() else {
            return Ok(Err("its manifest names no capture".to_owned()));
        };
        let wanted: Vec<(String, String)> = set.captures_before.iter().chain(earlier).cloned().collect();
        let goes_on = |fold: &Fold| fold.terms == folding(&terms) && wanted.starts_with(&fold.seen);
        let begun = || Fold { terms: folding(&terms), seen: Vec::new(), past: Past::default() };
        let mut fold = self.fold.take().filter(goes_on).unwrap_or_else(begun);
        for (id, sha256) in &wanted[fold.seen.len()..] {
            let books = match self.books(id, sha256).await? {
                Ok(books) => books,
                Err(missing) => return Ok(Err(missing)),
            };
            fold.see(&books, &terms)?;
        }
        let books = match self.books(last, sha256).await? {
            Ok(books) => books,
            Err(missing) => return Ok(Err(missing)),
        };
        let mut past = fold.past.clone();
        for id in &set.unreadable {
            match self.unreadable(id).await? {
                Ok(problem) => past.note_unreadable(problem),
                Err(missing) => return Ok(Err(missing)),
            }
        }
        let ledger = Failure::guard(|| Ok(Ledger::draw_up(past, books, terms)))?;
        fold.see(&ledger.books, &ledger.terms)?;
        self.fold = Some(fold);
        Ok(Ok(ledger))
    }

    /// The terms with what the manifest has only the hashes of.
    async fn terms(&self, set: &StoredSet) -> Result<Result<Terms, Missing>, Failure> {
        let mut terms = set.terms.clone();
        if let Some(sha256) = &set.customers_sha256 {
            let csv = match self.archive.customers(sha256).await {
                Ok(Some(csv)) => csv,
                Ok(None) => return Ok(Err(format!("the customer map of the hash {sha256} is not in the archive"))),
                Err(error) if is_lasting(&error) => {
                    return Ok(Err(format!("its customer map cannot be read: {error}")));
                }
                Err(error) => return Err(Failure::of_archive(error)),
            };
            match config::parse_customers(&csv, terms.pricing) {
                Ok(map) => terms.customers = Some(map),
                Err(error) => return Ok(Err(format!("its customer map cannot be read: {error}"))),
            }
        }
        let Some(superseded) = terms.close.as_mut().and_then(|close| close.supersedes.as_mut()) else {
            return Ok(Ok(terms));
        };
        let key = CloseKey { period: set.period.clone(), revision: superseded.revision };
        let closed = match self.archive.close(&key).await {
            Ok(closed) if closed.sha256 == superseded.sha256 => closed,
            Ok(_) => return Ok(Err(format!("`{}` is not the close that it corrects", self.archive.shown_close(&key)))),
            Err(error) if is_lasting(&error) => {
                return Ok(Err(format!("the close that it corrects cannot be read: {error}")));
            }
            Err(error) => return Err(Failure::of_archive(error)),
        };
        match self::superseded(&closed) {
            Some(read) => *superseded = read,
            None => return Ok(Err("what was issued before is of a version that this one does not know".to_owned())),
        }
        Ok(Ok(terms))
    }

    async fn books(&self, id: &str, sha256: &str) -> Result<Result<Books, Missing>, Failure> {
        let Some(key) = self.keys.get(id) else { return Ok(Err(format!("capture `{id}` is not in the archive"))) };
        Ok(match usable(self.archive, key).await? {
            Ok(books) if books.capture.sha256 == sha256 => Ok(books),
            Ok(_) => Err(format!("the manifest of capture `{id}` is not the one that it was made from")),
            Err(unreadable) => Err(format!("capture `{id}` cannot be read: {}", unreadable.problem)),
        })
    }

    /// A capture that could not be read, and still cannot.
    async fn unreadable(&self, id: &str) -> Result<Result<crate::billing::past::Unreadable, Missing>, Failure> {
        let Some(key) = self.keys.get(id) else { return Ok(Err(format!("capture `{id}` is not in the archive"))) };
        Ok(match usable(self.archive, key).await? {
            Ok(_) => Err(format!("capture `{id}` can be read now, and could not when it was made")),
            Err(problem) => Ok(unreadable(key, problem.problem)),
        })
    }
}

impl Fold {
    fn see(&mut self, books: &Books, terms: &Terms) -> Result<(), Failure> {
        self.seen.push((books.capture.id.to_string(), books.capture.sha256.clone()));
        Failure::guard(|| {
            self.past.see(books, terms);
            Ok(())
        })
    }
}

/// The terms that decide what captures tell: all but the invoice and the close.
fn folding(terms: &Terms) -> Terms {
    Terms { invoices: BTreeMap::new(), invoice_amount: None, close: None, ..terms.clone() }
}

/// What a close issued, for the correction that takes its place; nothing if this version cannot read it.
pub(super) fn superseded(closed: &Closed) -> Option<Superseded> {
    let (issued, invoice) = read_issued(&closed.issued)?;
    let (revision, invoice_number) = (closed.record.revision, closed.record.invoice.number.clone());
    Some(Superseded { revision, invoice_number, sha256: closed.sha256.clone(), invoice, issued })
}

/// What a set said about itself when it was made, so that it does so again.
pub fn info(set: &StoredSet) -> SetInfo {
    SetInfo {
        label: set.label.clone(),
        tool: set.tool.clone(),
        customers_sha256: set.customers_sha256.clone(),
        account_name: set.account_name.clone(),
        formats: set.formats.clone(),
    }
}
