//! The one way in which a world changes: a state and an event make the next state, or a refusal that changes nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::keys::{KeyChange, NewKey};
use super::volume::MESSAGES_MAX;
use super::{Mood, Removed, Status, SubAccount, Volume, World, rules};

/// What happens to a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A sub account is created, and sends this much of its own accord.
    Create(NewAccount, Volume),
    /// A sub account is changed.
    Update(Uuid, AccountChange),
    /// A sub account is soft-deleted: its usage moves into the anonymous aggregate, and nothing brings it back.
    Delete(Uuid),
    /// A sub account is suspended, with a reason.
    Suspend(Uuid, String),
    /// A sub account's suspension ends.
    Unsuspend(Uuid),
    /// A sub account gets an API key.
    CreateKey(Uuid, NewKey),
    /// An API key is changed.
    UpdateKey(Uuid, Uuid, KeyChange),
    /// An API key is deleted.
    DeleteKey(Uuid, Uuid),
    /// An account sends so many messages now, as far as its cap lets them through; the parent if none is named.
    Send(Option<Uuid>, u64),
    /// Time passes until this instant, to the microsecond; never backwards.
    Advance(DateTime<Utc>),
    /// The API is in another mood from now on.
    Mood(Mood),
}

/// What a new sub account is to be, as it was typed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its website: a domain or an address.
    pub website: String,
    /// Its cap; 0 means uncapped.
    pub monthly_credit: i64,
}

/// What is to change about a sub account; nothing for what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Another name.
    pub name: Option<String>,
    /// Another website.
    pub website: Option<String>,
    /// Another cap.
    pub monthly_credit: Option<i64>,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A sub account of this id was created.
    AccountCreated(Uuid),
    /// A key of this id was created.
    KeyCreated(Uuid),
    /// What was asked for.
    Done,
}

/// Why an event changed nothing. The text is what the API says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No listed sub account has this id.
    #[error("Sub account not found")]
    NoSuchAccount,
    /// The sub account has no such key.
    #[error("API key not found")]
    NoSuchKey,
    /// A value breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// An update that names nothing to change.
    #[error("at least one field must be provided")]
    NothingGiven,
    /// An update that leaves everything as it is.
    #[error("at least one value must differ from the current value")]
    NothingChanges,
    /// The pause is the parent's, and cannot be ended through the sub account.
    #[error("Sub account is suspended because its parent account is")]
    ParentSuspended,
}

impl World {
    /// Lets something happen.
    pub fn apply(&mut self, event: Event) -> Result<Effect, Refused> {
        match event {
            Event::Create(new, volume) => self.create(&new, volume),
            Event::Update(id, change) => self.update(id, &change),
            Event::Delete(id) => self.delete(id),
            Event::Suspend(id, reason) => self.suspend(id, &reason),
            Event::Unsuspend(id) => self.unsuspend(id),
            Event::CreateKey(account, new) => self.create_key(account, &new),
            Event::UpdateKey(account, id, change) => self.update_key(account, id, &change),
            Event::DeleteKey(account, id) => self.delete_key(account, id),
            Event::Send(account, messages) => self.send(account, messages),
            Event::Advance(to) => {
                self.advance(rules::instant(to)?);
                Ok(Effect::Done)
            }
            Event::Mood(mood) => {
                self.set_mood(mood);
                Ok(Effect::Done)
            }
        }
    }

    fn create(&mut self, new: &NewAccount, volume: Volume) -> Result<Effect, Refused> {
        let name = rules::name(&new.name)?;
        let website = rules::website(&new.website)?;
        let monthly_credit = rules::monthly_credit(new.monthly_credit)?;
        let account = SubAccount {
            id: self.new_id(),
            name,
            website,
            status: Status::Active,
            monthly_credit,
            created_at: self.now,
            domain_count: 0,
            member_count: 0,
            volume,
            tally: 0,
            tallied_at: self.now,
            last_sent_at: None,
        };
        let id = account.id;
        self.enlist(account);
        Ok(Effect::AccountCreated(id))
    }

    fn update(&mut self, id: Uuid, change: &AccountChange) -> Result<Effect, Refused> {
        let before = self.sub_account(id).ok_or(Refused::NoSuchAccount)?;
        if *change == AccountChange::default() {
            return Err(Refused::NothingGiven);
        }
        let mut account = before.clone();
        account.settle(self.now);
        let settled = account.clone();
        if let Some(name) = &change.name {
            account.name = rules::name(name)?;
        }
        if let Some(website) = &change.website {
            account.website = rules::website(website)?;
        }
        if let Some(credit) = change.monthly_credit {
            account.monthly_credit = rules::monthly_credit(credit)?;
        }
        if account == settled {
            return Err(Refused::NothingChanges);
        }
        self.enlist(account);
        Ok(Effect::Done)
    }

    fn delete(&mut self, id: Uuid) -> Result<Effect, Refused> {
        let place = self.positions.remove(&id).ok_or(Refused::NoSuchAccount)?;
        self.keys.remove(&id);
        if let Some(mut account) = self.listed.remove(&place) {
            account.settle(self.now);
            // however late somebody asks, it has sent nothing since
            account.volume = Volume::NONE;
            self.removed.push(Removed { account, at: self.now });
        }
        Ok(Effect::Done)
    }

    fn suspend(&mut self, id: Uuid, reason: &str) -> Result<Effect, Refused> {
        rules::reason(reason)?;
        self.set_status(id, Status::Suspended)
    }

    fn unsuspend(&mut self, id: Uuid) -> Result<Effect, Refused> {
        self.set_status(id, Status::Active)
    }

    /// To be suspended or active already is as good as done; a pause of the parent's is not to be touched.
    fn set_status(&mut self, id: Uuid, status: Status) -> Result<Effect, Refused> {
        let now = self.now;
        let account = self.sub_account_mut(id).ok_or(Refused::NoSuchAccount)?;
        if account.status == Status::ParentSuspended {
            return Err(Refused::ParentSuspended);
        }
        if account.status != status {
            account.settle(now);
            account.status = status;
        }
        Ok(Effect::Done)
    }

    fn send(&mut self, account: Option<Uuid>, messages: u64) -> Result<Effect, Refused> {
        let messages = rules::messages(messages)?;
        let now = self.now;
        let Some(id) = account else {
            self.parent_tally = self.parent_tally.saturating_add(messages).min(MESSAGES_MAX);
            return Ok(Effect::Done);
        };
        let account = self.sub_account_mut(id).ok_or(Refused::NoSuchAccount)?;
        if account.status != Status::Active {
            return Err(Refused::Invalid("a suspended sub account sends nothing".to_owned()));
        }
        account.settle(now);
        let before = account.tally;
        account.tally = account.capped(before.saturating_add(messages));
        if account.tally > before {
            account.last_sent_at = Some(now);
        }
        Ok(Effect::Done)
    }
}

#[cfg(test)]
mod tests;
