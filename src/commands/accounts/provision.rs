//! A sub account and its first key, in two calls that can be repeated as often as it takes.
//!
//! The idempotency keys of both calls come from what is asked for, so that the same command after an interruption, even
//! after a power failure, finds the account that it made instead of making another.

use serde_json::json;
use uuid::Uuid;

use super::keys::merge;
use super::secret::Ready;
use super::show::{account_json, account_text, key_json, key_text};
use super::{Office, Provision, SecretPlace, done};
use crate::ahasend::wire::Account;
use crate::ahasend::{Class, Fresh, IdempotencyKey};
use crate::archive::sha256;
use crate::commands::Outcome;
use crate::failure::{Failure, Kind};
use crate::report::text::shown;

/// Characters of the hash that goes into an idempotency key: enough to be the only one of its kind.
const HASH_CHARS: usize = 32;

pub(super) async fn provision(office: &Office<'_>, wanted: &Provision) -> Result<Outcome, Failure> {
    let stem = stem(office.account_id, wanted);
    let (for_account, for_key) = (idempotency_key(&stem, "account")?, idempotency_key(&stem, "key")?);
    let ready = Ready::prepare(&wanted.secret)?;
    let account =
        office.write("the sub account was not created", office.client.create_account(&wanted.account, &for_account));
    let Fresh { made: account, replayed } = account.await.map_err(|failure| first_failed(failure, wanted))?;
    let resumable = |failure: Failure| second_failed(failure, &account, wanted);
    if replayed {
        check_still_there(office, &account).await.map_err(resumable)?;
    }
    let key = office.write("the key was not created", office.client.create_key(account.id, &wanted.key, &for_key));
    let Fresh { made: (key, secret), replayed: key_replayed } = key.await.map_err(resumable)?;
    let placed = ready.keep(&secret)?;
    let mut json = json!({
        "schema": "subledger/provision/v1",
        "account": account_json(&account),
        "account_replayed": replayed,
        "key": key_json(&key),
        "key_replayed": key_replayed,
    });
    merge(&mut json, placed.json);
    let next = if replayed && !key_replayed {
        "the account is that of an earlier attempt; a key that the attempt may have left is in `accounts keys list`"
    } else {
        "the secret is not shown again"
    };
    let text = match wanted.secret {
        // alone, so that it can be piped
        SecretPlace::Stdout => placed.text,
        SecretPlace::File(_) => format!("{}{}{}", account_text(&account), key_text(&key), placed.text),
    };
    Ok(done(text, json, next))
}

/// What the idempotency keys of both calls begin with: as given, else made from the account's name and website.
fn stem(parent: Uuid, wanted: &Provision) -> String {
    if let Some(given) = &wanted.idempotency_key {
        return given.to_string();
    }
    let (name, website) = (wanted.account.name.trim(), wanted.account.website.trim());
    let hash = sha256(format!("{parent}\n{name}\n{website}").as_bytes());
    format!("subledger-provision-{}", &hash[..HASH_CHARS])
}

fn idempotency_key(stem: &str, call: &str) -> Result<IdempotencyKey, Failure> {
    IdempotencyKey::parse(&format!("{stem}-{call}"))
        .map_err(|rule| Failure::new(Kind::Usage, format!("`--idempotency-key` cannot be used: {rule}")))
}

/// A stored answer shows the account as it was when it was made, which may be a day ago.
async fn check_still_there(office: &Office<'_>, account: &Account) -> Result<(), Failure> {
    match office.client.show_account(account.id).await {
        Ok(_) => Ok(()),
        Err(error) if error.class() == Class::Rejected => {
            let doing = "an earlier run of this command made the sub account, and it has been deleted since";
            let failure = Failure::new(Kind::Usage, doing).because(error);
            Err(failure.hint("give another `--idempotency-key` to make another account"))
        }
        Err(error) => Err(super::failed("the sub account that an earlier run made cannot be shown", error)),
    }
}

fn first_failed(failure: Failure, wanted: &Provision) -> Failure {
    if failure.kind == Kind::Usage {
        return failure;
    }
    let hours = super::ACCOUNT_REPLAY.num_hours();
    let hint = match wanted.idempotency_key {
        Some(_) => format!("the same command within {hours} hours goes on where this one stopped"),
        None => format!(
            "the same command, with the same name and website, within {hours} hours goes on where this one stopped"
        ),
    };
    failure.hint(format!("{hint}, and makes no second account")).then("run the same command again")
}

/// The account is there and its key is not: how to go on, by either of two ways.
fn second_failed(failure: Failure, account: &Account, wanted: &Provision) -> Failure {
    if failure.hint.is_some() && failure.kind == Kind::Usage {
        return failure;
    }
    let hours = super::ACCOUNT_REPLAY.num_hours();
    let scopes: Vec<String> = wanted.key.scopes.iter().map(|scope| format!("--scope {scope}")).collect();
    let from: Vec<String> = wanted.key.ip_allow_list.iter().map(|block| format!("--allow-ip {block}")).collect();
    let secret = match &wanted.secret {
        SecretPlace::File(path) => format!("--secret-file {}", quoted(&path.display().to_string())),
        SecretPlace::Stdout => "--secret-stdout".to_owned(),
    };
    let flags = [scopes, from, vec![secret]].concat().join(" ");
    let hint = format!(
        "sub account {} ({}) is there, and has no key of this command yet. To go on, either run the same command again \
         within {hours} hours, which makes no second account, or, at any time:\n  \
         subledger accounts keys create {} --label {} {flags}",
        account.id,
        shown(&account.name),
        account.id,
        quoted(&wanted.key.label),
    );
    failure.hint(hint).then("run the same command again, or the one in the hint")
}

/// A word of a shell command.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
