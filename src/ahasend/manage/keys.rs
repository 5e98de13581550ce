//! Managing the API keys of a sub account.
//!
//! A new key's secret is handed over once, wrapped, and kept nowhere.

use secrecy::SecretString;
use uuid::Uuid;

use super::{Deleted, Fresh};
use crate::ahasend::list::API_KEYS;
use crate::ahasend::request::Request;
use crate::ahasend::wire::{self, ApiKey};
use crate::ahasend::{Call, Client, Error, IdempotencyKey, KeyChange, List, NewKey};

impl Client {
    /// Reads all API keys of a sub account, in the order of the list.
    ///
    /// # Errors
    ///
    /// As [`Pages::next`](crate::ahasend::Pages::next), and [`Error::Page`] for a page on which an entry cannot be read.
    pub async fn keys(&self, account: Uuid) -> Result<Vec<ApiKey>, Error> {
        self.walk(List::Keys(account), wire::api_keys).await
    }

    /// Reads one API key of a sub account.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], of [`Class::Rejected`](crate::ahasend::Class::Rejected) if there is no such key, and
    /// [`Error::Answer`].
    pub async fn show_key(&self, account: Uuid, id: Uuid) -> Result<ApiKey, Error> {
        self.read(self.about_key(Call::Key { account, id }, account, id), wire::api_key).await
    }

    /// Creates an API key of a sub account, at most once for one idempotency key: a repeat with the same key and
    /// values, within 5 minutes, gives the same API key with the same secret.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], and [`Error::Answer`] if it was created and its secret cannot be had.
    pub async fn create_key(
        &self,
        account: Uuid,
        new: &NewKey,
        key: &IdempotencyKey,
    ) -> Result<Fresh<(ApiKey, SecretString)>, Error> {
        let url = self.url_of(&[&account.to_string(), API_KEYS]);
        self.create(Request::new(Call::CreateKey { account }, url).with(new).once(key), wire::new_api_key).await
    }

    /// Changes an API key of a sub account, and shows it as it is then.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], also for a change that changes nothing, and [`Error::Answer`] if it was changed and cannot be
    /// shown.
    pub async fn update_key(&self, account: Uuid, id: Uuid, change: &KeyChange) -> Result<ApiKey, Error> {
        let request = self.about_key(Call::UpdateKey { account, id }, account, id).with(change);
        Box::pin(self.update(request, wire::api_key, self.show_key(account, id), |key| change.is_in(key))).await
    }

    /// Deletes an API key of a sub account for good.
    ///
    /// # Errors
    ///
    /// [`Error::Call`]; a key that was not there at the first attempt is an error.
    pub async fn delete_key(&self, account: Uuid, id: Uuid) -> Result<Deleted, Error> {
        self.delete(self.about_key(Call::DeleteKey { account, id }, account, id)).await
    }

    fn about_key(&self, call: Call, account: Uuid, id: Uuid) -> Request {
        Request::new(call, self.url_of(&[&account.to_string(), API_KEYS, &id.to_string()]))
    }
}
