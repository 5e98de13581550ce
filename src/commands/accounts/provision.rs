//! A sub account and its first key, in two calls that can be repeated as often as it takes.
//!
//! The idempotency keys of both calls come from what is asked for, so that the same command after an interruption, even
//! after a power failure, finds the account that it made instead of making another.

use serde_json::json;
use uuid::Uuid;

use super::change::{quoted, remembered};
use super::secret::{Ready, Told};
use super::show::{account_json, account_text, key_json, key_text};
use super::write::Write;
use super::{Office, Provision, SecretPlace};
use crate::ahasend::wire::Account;
use crate::ahasend::{Fresh, IdempotencyKey, NewAccount, Operation};
use crate::archive::sha256;
use crate::commands::Outcome;
use crate::failure::{Effect, Failure, Kind};
use crate::report::text::{counted, shown};

/// Characters of the hash that goes into an idempotency key: enough to be the only one of its kind.
const HASH_CHARS: usize = 32;

pub(super) async fn provision(office: &Office<'_>, wanted: &Provision) -> Result<Outcome, Failure> {
    let stem = stem(office.account_id, wanted);
    let (for_account, for_key) = (idempotency_key(&stem, "account")?, idempotency_key(&stem, "key")?);
    let ready = Ready::prepare(&wanted.secret)?;
    let write = Write { what: "creating the sub account", look: "accounts list" };
    // what makes the same idempotency key makes the same bytes
    let new = NewAccount {
        name: wanted.account.name.trim().to_owned(),
        website: wanted.account.website.trim().to_owned(),
        ..wanted.account
    };
    let account = office.write(write, office.client.create_account(&new, &for_account)).await;
    let Fresh { made: account, replayed } = account.map_err(|failure| first_failed(failure, wanted))?;
    if replayed {
        check_still_there(office, &account).await?;
    }
    let look = format!("accounts keys list {}", account.id);
    let write = Write { what: "creating the key", look: &look };
    let key = office.write(write, office.client.create_key(account.id, &wanted.key, &for_key)).await;
    let Fresh { made: (key, secret), replayed: key_replayed } =
        key.map_err(|failure| second_failed(failure, &account, wanted, &for_key))?;
    let is_second_key_likely = replayed && !key_replayed;
    let left_over = if is_second_key_likely { left_over(office, account.id, key.id).await } else { Some(Vec::new()) };
    let told = Told {
        text: format!(
            "{}{}{}",
            if replayed { "the sub account was made by an earlier attempt; as it was then:\n" } else { "" },
            account_text(&account),
            key_text(&key)
        ),
        json: json!({
            "schema": "subledger/provision/v1",
            "account": account_json(&account),
            "replayed": replayed,
            "key": key_json(&key),
            "key_replayed": key_replayed,
            "idempotency_key": stem,
            "left_over_keys": left_over,
        }),
        next: match left_over.as_deref() {
            Some([]) => "the secret is not shown again".to_owned(),
            Some(some) => format!(
                "the account has {} from earlier, whose secret may be lost: look at `subledger accounts keys list {}`",
                counted(some.len(), "more key"),
                account.id
            ),
            None => format!(
                "an interrupted attempt may have left another key: look at `subledger accounts keys list {}`",
                account.id
            ),
        },
        if_lost: format!(
            "key {} of sub account {} is live: for {} the same command with another place shows its secret once more; after \
             that, `subledger accounts keys delete {} {}`",
            key.id,
            account.id,
            remembered(Operation::CreateKey),
            account.id,
            key.id
        ),
    };
    ready.keep(&secret, told)
}

/// What the idempotency keys of both calls begin with: as given, else made from the account's name and website.
fn stem(parent: Uuid, wanted: &Provision) -> String {
    if let Some(given) = &wanted.idempotency_key {
        return given.to_string();
    }
    // the same site in another spelling must not make a second account
    let (name, host) = (wanted.account.name.trim(), wanted.account.host());
    let hash = sha256(format!("{parent}\n{name}\n{host}").as_bytes());
    format!("subledger-provision-{}", &hash[..HASH_CHARS])
}

fn idempotency_key(stem: &str, call: &str) -> Result<IdempotencyKey, Failure> {
    IdempotencyKey::parse(&format!("{stem}-{call}"))
        .map_err(|rule| Failure::new(Kind::Usage, format!("`--idempotency-key` cannot be used: {rule}")))
}

/// A stored answer shows the account as it was when it was made, which may be a day ago.
async fn check_still_there(office: &Office<'_>, account: &Account) -> Result<(), Failure> {
    let shown =
        office.ask("the sub account that an earlier run made cannot be shown", office.client.show_account(account.id));
    let Err(failure) = shown.await else { return Ok(()) };
    if failure.kind != Kind::Usage {
        return Err(failure.then("run the same command again"));
    }
    let doing = "an earlier run of this command made the sub account, and it has been deleted since";
    let failure = Failure::new(Kind::Usage, doing).because(failure).came_to(Effect::NotDone);
    Err(failure.hint("give another `--idempotency-key` to make another account"))
}

/// Keys that the account has besides the new one. That they cannot be listed, for want of a scope say, is no reason to fail.
async fn left_over(office: &Office<'_>, account: Uuid, new: Uuid) -> Option<Vec<Uuid>> {
    let keys = office.client.keys(account).await.ok()?;
    Some(keys.into_iter().map(|key| key.id).filter(|id| *id != new).collect())
}

fn first_failed(failure: Failure, wanted: &Provision) -> Failure {
    let is_settled = failure.effect == Some(Effect::NotDone) && matches!(failure.kind, Kind::Usage | Kind::Refused);
    if is_settled {
        return failure;
    }
    let same = match wanted.idempotency_key {
        Some(_) => "the same command",
        None => "the same command, with the same name and website,",
    };
    let hours = remembered(Operation::CreateAccount);
    let hint = format!("{same} goes on within {hours} where this one stopped, and makes no second account");
    failure.hint(hint).then("run the same command again")
}

/// The account is there and its key may not be: how to go on.
fn second_failed(failure: Failure, account: &Account, wanted: &Provision, for_key: &IdempotencyKey) -> Failure {
    let there = format!("sub account {} ({}) is there", account.id, shown(&account.name));
    let create = format!("subledger accounts keys create {}", account.id);
    let (effect, kind) = (failure.effect, failure.kind);
    if effect == Some(Effect::NotDone) && kind == Kind::Usage {
        // the API remembers what it refused, and the same command would meet that memory
        let hint =
            format!("{there}, without a key of this command; create it with other values:\n  {create} --scope …");
        return failure.hint(hint).then("correct what is named above, in the command of the hint");
    }
    let (minutes, hours) = (remembered(Operation::CreateKey), remembered(Operation::CreateAccount));
    let key = if effect == Some(Effect::NotDone) {
        "its key is not".to_owned()
    } else {
        format!(
            "its key may be: once {minutes} have passed, look at `subledger accounts keys list {}` before you go on",
            account.id
        )
    };
    let hint = format!(
        "{there}, {key}. Within {hours} the same command goes on and makes no second account; at any time this does, with \
         the same configuration:\n  {create} {} --idempotency-key {}",
        flags(wanted),
        quoted(for_key.as_str()),
    );
    let mend = if kind == Kind::Refused { "mend the key, then " } else { "" };
    failure.hint(hint).then(format!("{mend}run the same command again, or the one in the hint"))
}

/// The flags of `accounts keys create` that make the same key.
fn flags(wanted: &Provision) -> String {
    let mut flags = vec![format!("--label {}", quoted(&wanted.key.label))];
    flags.extend(wanted.key.scopes.iter().map(|scope| format!("--scope {}", quoted(scope))));
    flags.extend(wanted.key.ip_allow_list.iter().map(|block| format!("--allow-ip {}", quoted(block))));
    flags.push(match &wanted.secret {
        SecretPlace::File(path) => format!("--secret-file {}", quoted(&path.display().to_string())),
        SecretPlace::Stdout => "--secret-stdout".to_owned(),
    });
    flags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_survive_a_shell() {
        assert_eq!(quoted("messages:send:all"), "messages:send:all");
        assert_eq!([quoted("*"), quoted("it's"), quoted("")], ["'*'", r"'it'\''s'", "''"]);
    }
}
