//! Managing sub accounts: the writes, and the readings that show values instead of bytes.
//!
//! It decides what a second attempt came to where the answer to the first was lost. It must never guess that: what a
//! look at the thing does not settle stays an error, and [`Error::outcome_unknown`] says so. Whoever drops the future
//! of a write gives up knowing what came of it.

mod keys;
mod look;

use std::error::Error as StdError;

use uuid::Uuid;

use super::request::Request;
use super::values::Suspension;
use super::wire::{self, Account};
use super::{AccountChange, Call, Client, Error, Failure, GiveUp, IdempotencyKey, List, NewAccount, Pages};

/// Something created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh<T> {
    /// The thing.
    pub made: T,
    /// Whether the server had made it before under the same idempotency key, and only repeats its answer.
    pub replayed: bool,
}

/// How something came to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deleted {
    /// The server says that it just was.
    Now,
    /// An answer was lost, and at the next attempt it was gone: most likely this call deleted it.
    AlreadyGone,
}

/// A reader of answers.
type Read<T> = fn(&[u8]) -> Result<T, wire::Error>;

impl Client {
    /// Reads all sub accounts of the parent account, in the order of the list.
    ///
    /// # Errors
    ///
    /// As [`Pages::next`], and [`Error::Page`] for a page on which an entry cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.walk(List::Accounts, wire::accounts).await
    }

    /// Reads one sub account.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], of [`Class::Rejected`](super::Class::Rejected) if there is no such sub account, and
    /// [`Error::Answer`].
    pub async fn show_account(&self, id: Uuid) -> Result<Account, Error> {
        let call = Call::Account(id);
        let answer = self.ask(&Request::new(call, self.url_of(&[&id.to_string()]))).await?;
        if answer.status == 404 {
            let message = self.message_in(&answer.body);
            let failure =
                Failure::Rejected { status: answer.status, message, replayed: false, request_id: answer.request_id };
            let (attempts, failure) = (answer.attempts, Box::new(failure));
            return Err(Error::Call { call, attempts, end: GiveUp::Final, in_doubt: false, failure });
        }
        wire::account(&answer.body).map_err(|source| Error::Answer { call, source })
    }

    /// Creates a sub account, at most once for one key: a repeat with the same key and values, within 24 hours, gives
    /// the same sub account.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], and [`Error::Answer`] if it was created and cannot be shown.
    pub async fn create_account(&self, new: &NewAccount, key: &IdempotencyKey) -> Result<Fresh<Account>, Error> {
        self.create(Request::new(Call::CreateAccount, self.url_of(&[])).with(new).once(key), wire::account).await
    }

    /// Changes a sub account, and shows it as it is then.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], also for a change that changes nothing, and [`Error::Answer`] if it was changed and cannot be
    /// shown.
    pub async fn update_account(&self, id: Uuid, change: &AccountChange) -> Result<Account, Error> {
        let request = Request::new(Call::UpdateAccount(id), self.url_of(&[&id.to_string()])).with(change);
        // boxed, because the look that may be needed makes it large
        Box::pin(self.update(request, wire::account, self.show_account(id), |account| change.is_in(account))).await
    }

    /// Deletes a sub account for good: the API has no way back.
    ///
    /// # Errors
    ///
    /// [`Error::Call`]; a sub account that was not there at the first attempt is an error.
    pub async fn delete_account(&self, id: Uuid) -> Result<Deleted, Error> {
        self.delete(Request::new(Call::DeleteAccount(id), self.url_of(&[&id.to_string()]))).await
    }

    /// Stops a sub account from sending, for a reason of 1 to 500 characters. Asked once, whatever happens.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], and [`Error::Answer`] if it was suspended and cannot be shown.
    pub async fn suspend_account(&self, id: Uuid, reason: &str) -> Result<Account, Error> {
        let url = self.url_of(&[&id.to_string(), "suspend"]);
        self.read(Request::new(Call::SuspendAccount(id), url).with(&Suspension { reason }), wire::account).await
    }

    /// Lets a suspended sub account send again. Asked once, whatever happens.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], and [`Error::Answer`] if it may send again and cannot be shown.
    pub async fn unsuspend_account(&self, id: Uuid) -> Result<Account, Error> {
        let url = self.url_of(&[&id.to_string(), "unsuspend"]);
        self.read(Request::new(Call::UnsuspendAccount(id), url), wire::account).await
    }

    /// Makes a call and reads its answer.
    async fn read<T>(&self, request: Request, read: Read<T>) -> Result<T, Error> {
        let answer = self.ask(&request).await?;
        read(&answer.body).map_err(|source| Error::Answer { call: request.call, source })
    }

    async fn create<T>(&self, request: Request, read: Read<T>) -> Result<Fresh<T>, Error> {
        let answer = self.ask(&request).await?;
        let made = read(&answer.body).map_err(|source| Error::Answer { call: request.call, source })?;
        Ok(Fresh { made, replayed: answer.replayed })
    }

    /// Changes something. The API refuses a change that changes nothing, so that a repeat of one that was carried out
    /// is refused like one that is wrong: only `look`, which shows the thing, tells them apart.
    async fn update<T>(
        &self,
        request: Request,
        read: Read<T>,
        look: impl Future<Output = Result<T, Error>>,
        is_done: impl Fn(&T) -> bool,
    ) -> Result<T, Error> {
        let error = match self.read(request, read).await {
            Err(error) if error.is_second_answer(400) => error,
            done => return done,
        };
        match look.await {
            Ok(thing) if is_done(&thing) => Ok(thing),
            Ok(_) => Err(error.without_doubt()),
            Err(failed) => {
                let cause: &(dyn StdError + Send + Sync) = &failed;
                tracing::warn!(cause, "whether the change took effect cannot be seen");
                Err(error)
            }
        }
    }

    async fn delete(&self, request: Request) -> Result<Deleted, Error> {
        match self.ask(&request).await {
            Ok(_) => Ok(Deleted::Now),
            Err(error) if error.is_second_answer(404) => Ok(Deleted::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    /// Reads a list to its end.
    async fn walk<T>(&self, list: List, read: Read<Vec<T>>) -> Result<Vec<T>, Error> {
        let mut pages = Pages::new(self, list);
        let mut entries = Vec::new();
        let mut number = 0;
        while let Some(page) = pages.next().await? {
            number += 1;
            match read(&page.answer.body) {
                Ok(more) => entries.extend(more),
                Err(source) => return Err(Error::Page { list, page: number, answer: Box::new(page.answer), source }),
            }
        }
        Ok(entries)
    }
}
