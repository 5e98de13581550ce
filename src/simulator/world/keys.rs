//! The API keys of sub accounts: what the parent may see and change of them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Effect, Placed, Position, Refused, World, rules};

/// Characters of a key after its prefix.
const SECRET_CHARS: usize = 64;
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// An API key that a sub account owns.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identity.
    pub id: Uuid,
    /// The sub account that owns it.
    pub account_id: Uuid,
    /// What people call it.
    pub label: String,
    /// Its public half.
    pub public_key: String,
    /// Its secret half; only the answer to its creation shows it.
    pub secret_key: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Blocks of addresses it may be used from; empty for all.
    pub ip_allow_list: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// One scope of a key, with the identity that the API gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its identity.
    pub id: Uuid,
    /// The scope.
    pub scope: String,
    /// When it was granted.
    pub created_at: DateTime<Utc>,
}

impl Placed for ApiKey {
    fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApiKey").field("id", &self.id).field("label", &self.label).finish_non_exhaustive()
    }
}

/// What a new key is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Where from.
    pub ip_allow_list: Vec<String>,
}

/// What is to change about a key; nothing for what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Another label.
    pub label: Option<String>,
    /// Other scopes, all of them.
    pub scopes: Option<Vec<String>>,
    /// Another allow list, all of it.
    pub ip_allow_list: Option<Vec<String>>,
}

/// The keys of one sub account, in the order of the list.
pub(super) type Keys = BTreeMap<Position, ApiKey>;

impl World {
    pub(super) fn create_key(&mut self, account: Uuid, new: &NewKey) -> Result<Effect, Refused> {
        self.sub_account(account).ok_or(Refused::NoSuchAccount)?;
        let label = rules::label(&new.label)?;
        let scopes = rules::scopes(&new.scopes)?;
        let ip_allow_list = rules::ip_allow_list(&new.ip_allow_list)?;
        let now = self.now;
        let key = ApiKey {
            id: self.new_id(),
            account_id: account,
            label,
            public_key: format!("aha-pk-{}", self.random_text(SECRET_CHARS)),
            secret_key: format!("aha-sk-{}", self.random_text(SECRET_CHARS)),
            scopes: scopes.into_iter().map(|scope| self.grant(scope)).collect(),
            ip_allow_list,
            created_at: now,
            updated_at: now,
        };
        let id = key.id;
        self.keys.entry(account).or_default().insert(key.position(), key);
        Ok(Effect::KeyCreated(id))
    }

    pub(super) fn update_key(&mut self, account: Uuid, id: Uuid, change: &KeyChange) -> Result<Effect, Refused> {
        let mut key = self.key(account, id)?.clone();
        if *change == KeyChange::default() {
            return Err(Refused::NothingGiven);
        }
        let before = key.clone();
        if let Some(label) = &change.label {
            key.label = rules::label(label)?;
        }
        if let Some(texts) = &change.ip_allow_list {
            key.ip_allow_list = rules::ip_allow_list(texts)?;
        }
        // Last, because nothing may be refused once a grant has drawn its id.
        if let Some(texts) = &change.scopes {
            let texts = rules::scopes(texts)?;
            if key.scopes.iter().map(|scope| &scope.scope).ne(&texts) {
                key.scopes = texts.into_iter().map(|scope| self.grant(scope)).collect();
            }
        }
        if key == before {
            return Err(Refused::NothingChanges);
        }
        key.updated_at = self.now;
        self.keys.entry(account).or_default().insert(key.position(), key);
        Ok(Effect::Done)
    }

    pub(super) fn delete_key(&mut self, account: Uuid, id: Uuid) -> Result<Effect, Refused> {
        let place = self.key(account, id)?.position();
        let keys = self.keys.entry(account).or_default();
        keys.remove(&place);
        if keys.is_empty() {
            self.keys.remove(&account);
        }
        Ok(Effect::Done)
    }

    /// A key of a sub account.
    pub fn key(&self, account: Uuid, id: Uuid) -> Result<&ApiKey, Refused> {
        self.sub_account(account).ok_or(Refused::NoSuchAccount)?;
        // an account has a handful of keys
        let found = self.keys.get(&account).and_then(|keys| keys.values().find(|key| key.id == id));
        found.ok_or(Refused::NoSuchKey)
    }

    /// Whether this is the secret of some sub account's key. It opens the sub account and never the parent.
    pub fn is_secret_of_sub_account(&self, secret: &str) -> bool {
        self.keys.values().flat_map(Keys::values).any(|key| key.secret_key == secret)
    }

    fn grant(&mut self, scope: String) -> Scope {
        Scope { id: self.new_id(), scope, created_at: self.now }
    }

    /// Letters and digits. The generator's own draw a `usize`, whose width is the platform's.
    fn random_text(&mut self, chars: usize) -> String {
        let mut character = || ALPHANUMERIC.get(usize::from(self.rng.u8(0..62))).copied().map_or('0', char::from);
        (0..chars).map(|_| character()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Seek};
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn new_key(label: &str) -> NewKey {
        NewKey { label: label.to_owned(), scopes: texts(&["domains:read"]), ip_allow_list: Vec::new() }
    }

    /// A world, one of its accounts, and a key of that.
    fn world() -> (World, Uuid, Uuid) {
        let mut world = World::seeded(1, 3, DateTime::UNIX_EPOCH);
        let account = world.page(Seek::Start, 1).items[0].id;
        let Ok(Effect::KeyCreated(key)) = world.apply(Event::CreateKey(account, new_key("first"))) else {
            panic!("no key")
        };
        (world, account, key)
    }

    #[test]
    fn a_key_is_created_changed_and_deleted() {
        let (mut world, account, id) = world();
        let key = world.key(account, id).unwrap().clone();
        assert_eq!((key.label.as_str(), key.account_id, key.created_at), ("first", account, world.now()));
        for (text, prefix) in [(&key.public_key, "aha-pk-"), (&key.secret_key, "aha-sk-")] {
            let rest = text.strip_prefix(prefix).unwrap();
            assert!(rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
        assert!(world.is_secret_of_sub_account(&key.secret_key));

        let change = KeyChange { label: Some("second".to_owned()), ..KeyChange::default() };
        world.apply(Event::UpdateKey(account, id, change.clone())).unwrap();
        let changed = world.key(account, id).unwrap();
        assert_eq!((changed.label.as_str(), &changed.scopes), ("second", &key.scopes));
        assert_eq!(world.apply(Event::UpdateKey(account, id, change)), Err(Refused::NothingChanges));

        world.apply(Event::DeleteKey(account, id)).unwrap();
        assert_eq!(world.key(account, id), Err(Refused::NoSuchKey));
        assert!(!world.is_secret_of_sub_account(&key.secret_key));
        assert!(world.keys.is_empty(), "an account without keys has no place among those that have some");
    }

    #[test]
    fn the_keys_of_a_deleted_account_are_gone() {
        let (mut world, account, id) = world();
        let secret = world.key(account, id).unwrap().secret_key.clone();
        world.apply(Event::Delete(account)).unwrap();
        assert_eq!(world.key(account, id), Err(Refused::NoSuchAccount));
        assert!(!world.is_secret_of_sub_account(&secret) && world.keys.is_empty());
        assert_eq!(world.key_page(account, Seek::Start, 9), Err(Refused::NoSuchAccount));
    }

    #[test]
    fn a_refused_change_grants_nothing_and_draws_nothing() {
        let (mut world, account, id) = world();
        let before = world.clone();
        let change = KeyChange {
            scopes: Some(texts(&["domains:write"])),
            ip_allow_list: Some(texts(&["everywhere"])),
            ..KeyChange::default()
        };
        assert!(world.apply(Event::UpdateKey(account, id, change)).is_err());
        assert_eq!(world.apply(Event::UpdateKey(account, id, KeyChange::default())), Err(Refused::NothingGiven));
        assert_eq!(world.apply(Event::DeleteKey(account, account)), Err(Refused::NoSuchKey));
        assert_eq!(world, before);
    }

    #[test]
    fn no_secret_is_in_a_debug_text() {
        let (world, account, id) = world();
        let key = world.key(account, id).unwrap();
        for text in
            [format!("{key:?}"), format!("{world:#?}"), format!("{:?}", world.key_page(account, Seek::Start, 9))]
        {
            assert!(text.contains("first") && !text.contains(&key.secret_key), "{text}");
            assert!(!text.contains("aha-sk-"));
        }
    }
}
