//! The API's JSON: usage, list, single account, keys, and one amount.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use subledger::ahasend::wire::{self, Bodies};
use subledger::billing::books::{Books, CaptureRef, Lookup};
use subledger::billing::charges::Line;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, AmountError, Minor};
use subledger::billing::past::Past;
use subledger::billing::terms::{Bearer, Terms, Weights};
use uuid::Uuid;

use super::digits::{Figure, Verdict, judge};
use super::told;

/// A usage answer for the lists and accounts that are tried.
const USAGE: &[u8] = include_bytes!("corpus/usage_answer/vendor-example.json");
/// Longest name that is shown, in characters.
const NAME_CHAR_COUNT_MAX: usize = 300;
/// Fields that errors about API keys may name: all are ours.
const KEY_FIELDS: &str = "id account_id label public_key scopes scope ip_allow_list created_at updated_at last_used_at \
                          secret_key data pagination has_more next_cursor";

/// The answer of the usage call, from its bytes to charges.
pub(crate) fn usage_answer(body: &[u8]) {
    let head = wire::usage_head(body);
    let books = match books(body, Vec::new(), Vec::new()) {
        Ok(books) => books,
        Err(error) => {
            let told = told(&error);
            assert!(told.starts_with("usage: `/"), "{told}");
            if let Err(error) = head {
                super::told(&error);
            }
            return;
        }
    };
    let head = head.expect("what makes books has a head");
    let mut ids: Vec<Uuid> = head.account_ids;
    ids.sort();
    assert_eq!(head.period, books.usage.period);
    assert!(ids.iter().eq(books.usage.sub_accounts.iter().map(|line| &line.account_id)));
    let text = std::str::from_utf8(body).expect("it was read as text");
    Sent::of(text).assert(&books);
    assert_shown(&books);
    assert_charged(&books);
}

/// A page of the account list, as the walk, the command line and a capture read it.
pub(crate) fn account_list(page: &[u8]) {
    let (head, accounts) = (wire::page_head(page), wire::accounts(page));
    for error in [head.as_ref().err(), accounts.as_ref().err()].into_iter().flatten() {
        assert!(told(error).starts_with("account list: `/"), "{error}");
    }
    let books = match books(USAGE, vec![page], Vec::new()) {
        Ok(books) => books,
        Err(error) => return assert!(told(&error).starts_with("account list, page 1: `/"), "{error}"),
    };
    if let Ok(head) = head {
        let ids = |ids: Vec<Uuid>| {
            ids.into_iter().fold(Vec::new(), |mut ids, id| {
                ids.push(id);
                ids.sort();
                ids
            })
        };
        assert_eq!(ids(head.ids), ids(books.accounts.iter().map(|account| account.id).collect()));
    }
    for account in accounts.into_iter().flatten() {
        assert!(books.accounts.iter().any(|other| other.id == account.id && *other.name == *account.name));
    }
    assert_shown(&books);
    assert_charged(&books);
}

/// The answer about one account.
pub(crate) fn single_account(body: &[u8]) {
    let id = Uuid::from_u128(7);
    let account = wire::account(body);
    if let Err(error) = &account {
        assert!(told(error).starts_with("sub account: `/"), "{error}");
    }
    let books = match books(USAGE, Vec::new(), vec![(id, Some(body))]) {
        Ok(books) => books,
        Err(error) => {
            assert!(told(&error).starts_with(&format!("account {id}: `/")), "{error}");
            assert!(account.is_err(), "what is good enough for people is good enough for books");
            return;
        }
    };
    let Lookup::Found(found) = &books.lookups[&id] else { panic!("there was a body") };
    if let Ok(account) = account {
        let (shown, status) = ((&*account.name, account.monthly_credit), &account.status);
        assert_eq!(
            (shown, status, account.created_at),
            ((&*found.name, found.monthly_credit), &found.status, found.created_at)
        );
        assert!(account.website.chars().count() <= NAME_CHAR_COUNT_MAX && !account.website.contains(char::is_control));
    }
    assert_shown(&books);
    assert_charged(&books);
}

/// API keys, one or a page of them, and any refusal: of what may hold a secret, errors name our own fields alone.
pub(crate) fn api_keys(body: &[u8]) {
    let known: BTreeSet<&str> = KEY_FIELDS.split(' ').collect();
    let errors = [wire::api_key(body).err(), wire::api_keys(body).err(), wire::new_api_key(body).err()];
    for error in errors.into_iter().flatten() {
        let told = told(&error);
        let mut steps = error.pointer.split('/').filter(|step| !step.is_empty());
        assert!(steps.all(|step| known.contains(step) || step.parse::<usize>().is_ok()), "{told}");
        assert!(told.starts_with("API key") || told.starts_with("new API key"), "{told}");
    }
    if let Err(error) = wire::key_page_head(body) {
        assert!(told(&error).starts_with("API key list: `/"), "{error}");
    }
    if let Ok(key) = wire::api_key(body) {
        let texts = [&key.label, &key.public_key].into_iter().chain(&key.scopes).chain(&key.ip_allow_list);
        texts.for_each(|text| assert!(text.chars().count() <= NAME_CHAR_COUNT_MAX && !text.contains(char::is_control)));
    }
    let message = wire::message(body);
    assert!(message.is_none_or(|message| !message.trim().is_empty()));
}

/// One amount, taken, refused and printed exactly as school has it.
pub(crate) fn amount(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && !text.ends_with(char::is_whitespace)
        && serde_json::from_str::<&RawValue>(text).is_ok();
    let parsed = Amount::parse(text);
    if !is_number {
        return assert_eq!(parsed, Err(AmountError::Grammar), "{text}");
    }
    let amount = match (judge(text), parsed) {
        (Verdict::TooLarge, parsed) => return assert_eq!(parsed, Err(AmountError::Range), "{text}"),
        (Verdict::TooFine, parsed) => return assert_eq!(parsed, Err(AmountError::Precision), "{text}"),
        (Verdict::Kept(figure), parsed) => {
            let amount = parsed.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(Figure::printed(&amount.to_string()), figure, "{text}");
            assert_eq!(Figure::printed(&amount.exact().to_string()), figure, "{text}");
            amount
        }
    };
    let printed = amount.to_string();
    assert_eq!(Amount::parse(&printed), Ok(amount), "{text}");
    assert_eq!(amount.exact().to_string(), printed);
    assert!(amount.scale() <= 34 && amount.significant_digits() <= 28, "{text}");
    assert!(amount.scale() == 0 || !printed.ends_with('0'), "{text}");
    assert_eq!(amount.of_units(amount.units()), Some(amount));
}

fn books(usage: &[u8], pages: Vec<&[u8]>, lookups: Vec<(Uuid, Option<&[u8]>)>) -> Result<Books, wire::Error> {
    let at: DateTime<Utc> = "2024-01-15T02:00:00Z".parse().expect("a time");
    let capture = CaptureRef { id: "20240115T020000Z".into(), at, sha256: String::new() };
    let parent = "9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1".parse().expect("a UUID");
    wire::books(capture, parent, &Bodies { usage, pages, lookups })
}

/// The figures of an answer as texts, by another reader.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    parent: Bucket<'a>,
    sub_accounts: Vec<Bucket<'a>>,
    removed_sub_accounts: Bucket<'a>,
    total: Bucket<'a>,
}

#[derive(Deserialize)]
struct Bucket<'a> {
    #[serde(borrow)]
    reception_count: &'a RawValue,
    #[serde(borrow)]
    allocated_cost: &'a RawValue,
}

impl<'a> Sent<'a> {
    fn of(text: &'a str) -> Self {
        serde_json::from_str(text).expect("what makes books is JSON of this shape")
    }

    /// The books have these figures, and their sums are the sums of these.
    fn assert(&self, books: &Books) {
        let figure = |bucket: &Bucket<'_>| match judge(bucket.allocated_cost.get()) {
            Verdict::Kept(figure) => figure,
            other => panic!("{}: {other:?}", bucket.allocated_cost),
        };
        let count = |bucket: &Bucket<'_>| bucket.reception_count.get().parse::<i128>().expect("a count");
        let parts = || self.sub_accounts.iter().chain([&self.parent, &self.removed_sub_accounts]);
        assert_eq!(books.messages_sum(), parts().map(count).sum::<i128>());
        assert_eq!(Figure::printed(&books.cost_sum().to_string()), parts().map(figure).sum());
        assert_eq!(Figure::printed(&books.usage.total.cost.to_string()), figure(&self.total));
        assert_eq!(i128::from(books.usage.total.messages), count(&self.total));
        let missing = Figure::printed(&books.cost_beyond_parts().to_string());
        assert_eq!([missing, parts().map(figure).sum()].into_iter().sum::<Figure>(), figure(&self.total));
    }
}

/// Whatever the API calls its accounts and fields, it is fit to be shown.
fn assert_shown(books: &Books) {
    let names = books.usage.sub_accounts.iter().map(|line| &line.name);
    let names = names.chain(books.existing().map(|account| &account.name));
    for name in names {
        assert!(!name.trim().is_empty() && name.chars().count() <= NAME_CHAR_COUNT_MAX, "{name:?}");
        assert!(
            !name.contains(|c: char| c.is_control() || ['\u{2028}', '\u{2029}', '\u{fffe}', '\u{ffff}'].contains(&c)),
            "{name:?}"
        );
    }
    assert!(books.unknown.len() <= 100, "{} unknown fields", books.unknown.len());
    for unknown in &books.unknown {
        assert!(
            unknown.starts_with('/') && unknown.chars().count() <= 120 && !unknown.contains(char::is_control),
            "{unknown:?}"
        );
    }
}

/// Whatever the figures, no cent of the pooled invoice is lost or made, and each line is on one statement or kept.
fn assert_charged(books: &Books) {
    let spread = Terms {
        weights: Weights::Messages,
        parent_usage: Bearer::Spread,
        invoice_amount: Some(Amount::parse("-80.01").expect("an amount")),
        ..Terms::default()
    };
    for terms in [Terms::default(), spread] {
        let ledger = Ledger::draw_up(Past::default(), books.clone(), terms);
        let (charges, proof) = (&ledger.charges, ledger.charges.proof());
        assert_eq!(proof.difference, Minor::ZERO);
        let cost: Minor = charges.lines.iter().map(Line::cost).sum();
        assert_eq!(cost + proof.left_out, charges.pooled.minor);
        let on_statements: usize = charges.statements().map(|statement| statement.lines.len()).sum();
        assert_eq!(on_statements + charges.kept().count(), charges.lines.len());
        let is_ours = |code: &str| code == "statements";
        assert!(ledger.findings.listed.iter().all(|finding| !is_ours(&finding.code.to_string())));
    }
}
