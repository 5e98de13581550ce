//! Checks of what is not a sum: method, currency, period, identity, and who is where.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::books::{Books, Lookup, Status};
use super::super::charges::{Charges, LineKind};
use super::super::customers::Effective;
use super::super::customers::{CustomerMap, Pricing};
use super::super::finding::{Code, Finding, NONE, Severity};
use super::super::money::TABLE_SCALE;
use super::super::period::timestamp;
use super::super::terms::Terms;

/// The only allocation method that the checks and the charges are made for.
const METHOD: &str = "proportional";

pub(super) fn method(books: &Books) -> Vec<Finding> {
    let actual = &books.usage.method;
    let finding = || Finding::new(Code::Method, Severity::Error, "the allocation method is not the known one");
    if actual == METHOD { Vec::new() } else { vec![finding().expected_actual(METHOD, actual)] }
}

pub(super) fn currency(books: &Books, terms: &Terms) -> Vec<Finding> {
    match terms.expected_currency {
        Some(expected) if expected != books.usage.currency => {
            let finding = Finding::new(Code::Currency, Severity::Error, "the currency is not the configured one");
            vec![finding.expected_actual(expected.code(), books.usage.currency.code())]
        }
        _ => Vec::new(),
    }
}

/// The period is possible and has begun. After its end the figures are as good as before it, only late: a warning.
pub(super) fn period(books: &Books) -> Vec<Finding> {
    let (period, at) = (books.usage.period, books.capture.at);
    let (severity, message) = if period.start >= period.end {
        (Severity::Error, "the billing period ends before it starts")
    } else if at < period.start {
        (Severity::Error, "the capture was taken before its billing period")
    } else if at >= period.end {
        (Severity::Warning, "the API still showed a billing period that had ended")
    } else {
        return Vec::new();
    };
    vec![Finding::new(Code::Period, severity, message).expected_actual(period, timestamp(at))]
}

/// No account twice, and everything belongs to the parent account that was asked for.
pub(super) fn identity(books: &Books) -> Vec<Finding> {
    let error = |message: &str| Finding::new(Code::Identity, Severity::Error, message);
    let mut findings = Vec::new();
    if books.usage.parent_id != books.account_id {
        let finding = error("the usage is of another parent account");
        findings.push(finding.expected_actual(books.account_id, books.usage.parent_id));
    }
    for same in books.usage.sub_accounts.chunk_by(|a, b| a.account_id == b.account_id) {
        let (id, name) = (same[0].account_id, same[0].name.as_ref());
        if same.len() > 1 {
            let finding = error("a sub account has several usage lines").about(id, name);
            findings.push(finding.expected_actual(1, same.len()));
        }
        if id == books.account_id {
            findings.push(error("the parent account is among its own sub accounts").about(id, name));
        }
    }
    for same in books.accounts.chunk_by(|a, b| a.id == b.id).filter(|same| same.len() > 1) {
        let finding = error("a sub account is listed several times").about(same[0].id, &same[0].name);
        findings.push(finding.expected_actual(1, same.len()));
    }
    let looked_up = books.lookups.values().filter_map(|lookup| match lookup {
        Lookup::Found(account) => Some(account),
        Lookup::Gone => None,
    });
    for account in books.accounts.iter().chain(looked_up).filter(|account| account.parent_id != books.account_id) {
        let finding = error("a listed account belongs to another parent account").about(account.id, &account.name);
        findings.push(finding.expected_actual(books.account_id, account.parent_id));
    }
    findings
}

pub(super) fn unlisted(books: &Books) -> impl Iterator<Item = Finding> {
    let unlisted = books.known().filter(|known| known.listed.is_empty());
    let lines = unlisted.flat_map(|known| known.lines.iter().map(move |line| (line, known.lookup)));
    lines.map(|(line, lookup)| {
        let message = match lookup {
            Some(Lookup::Found(_)) => "usage without an entry in the list, though the account exists",
            Some(Lookup::Gone) => "usage without an entry in the list: the account was deleted during the capture",
            None => "usage without an entry in the list",
        };
        let finding = Finding::new(Code::Unlisted, Severity::Warning, message).about(line.account_id, &line.name);
        finding.expected_actual("an entry in the account list", NONE)
    })
}

pub(super) fn unbilled(books: &Books) -> impl Iterator<Item = Finding> {
    let accounts = books.known().filter(|known| known.lines.is_empty()).flat_map(|known| known.listed);
    accounts.map(|account| {
        let message = match account.status {
            Status::Suspended | Status::ParentSuspended => "listed without usage: the account is suspended",
            _ if account.created_at.is_some_and(|at| books.usage.period.contains(at)) => {
                "listed without usage: created in this period"
            }
            _ => "listed without usage",
        };
        let finding = Finding::new(Code::Unbilled, Severity::Warning, message).about(account.id, &account.name);
        finding.expected_actual("a usage line", NONE)
    })
}

/// Every sub account has an owner; one that changes hands has one on every day on which it is used.
pub(super) fn unmapped(books: &Books, terms: &Terms, charges: &Charges) -> Vec<Finding> {
    let Some(map) = &terms.customers else { return Vec::new() };
    let listed = books.accounts.iter().map(|account| (account.id, account.name.as_ref()));
    let used = books.usage.sub_accounts.iter().map(|line| (line.account_id, line.name.as_ref()));
    let removed = charges.lines.iter().filter(|line| line.kind == LineKind::Attributed);
    let removed = removed.filter_map(|line| Some((line.account_id?, line.name.as_ref())));
    let accounts: BTreeMap<Uuid, &str> = removed.chain(listed).chain(used).collect();
    let moved = charges.lines.iter().filter(|line| line.held().is_some());
    let moved: BTreeSet<Uuid> = moved.filter_map(|line| line.account_id).collect();
    let is_unowned = |id: &Uuid| !moved.contains(id) && map.owner(*id, books.as_of()).is_none();
    let unowned = accounts.into_iter().filter(|(id, _)| is_unowned(id));
    let message = "no customer in the customer map owns this sub account";
    let finding = |message: String, id, name| {
        let finding = Finding::new(Code::Unmapped, terms.unmapped, message).about(id, name);
        finding.expected_actual("a customer", NONE)
    };
    let mut findings: Vec<Finding> = unowned.map(|(id, name)| finding(message.to_owned(), id, name)).collect();
    // an account with several usage lines has one finding
    let unheld: BTreeMap<(Uuid, Effective), &str> =
        charges.unheld().filter_map(|(line, days)| Some(((line.account_id?, days), line.name.as_ref()))).collect();
    findings.extend(unheld.into_iter().map(|((id, days), name)| finding(format!("{message} {days}"), id, name)));
    findings
}

pub(super) fn precision(books: &Books) -> Vec<Finding> {
    let finer = books.parts().filter(|tally| tally.cost.scale() > TABLE_SCALE).count();
    let finding = || {
        let message = "amounts have more decimals than the Parquet files carry; there they are rounded";
        Finding::new(Code::Precision, Severity::Note, message).expected_actual(0, finer)
    };
    if finer == 0 { Vec::new() } else { vec![finding().difference(format!("{finer:+}"), "amounts")] }
}

/// Fees and minimums are whole in the currency of the usage; one that is not has been rounded.
pub(super) fn fees(books: &Books, terms: &Terms) -> Vec<Finding> {
    let currency = books.usage.currency;
    let of = |who: String, pricing: &Pricing| {
        let fine =
            [pricing.monthly_fee, pricing.minimum_charge].into_iter().find(|amount| !currency.is_whole(*amount))?;
        let message = format!("a fee or minimum of {who} has more decimals than the currency, and is rounded");
        let rounded = currency.format(currency.round_by(fine, terms.rounding));
        Some(Finding::new(Code::Precision, Severity::Warning, message).expected_actual(rounded, fine))
    };
    let all = of("`[charges]`".to_owned(), &terms.pricing);
    let customers = terms.customers.iter().flat_map(CustomerMap::customers);
    let own = customers.filter(|customer| customer.pricing != terms.pricing);
    all.into_iter()
        .chain(own.filter_map(|customer| of(format!("customer `{}`", customer.id), &customer.pricing)))
        .collect()
}

pub(super) fn drift(books: &Books) -> Vec<Finding> {
    let finding =
        || Finding::new(Code::Drift, Severity::Note, "the API's answer has something that this version ignores");
    books.unknown.iter().map(|unknown| finding().expected_actual(NONE, unknown)).collect()
}
