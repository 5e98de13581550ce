//! The core over random books: whatever the API sends and whatever the terms, no cent is lost or made.

mod broken;
mod closes;
pub(super) mod sample;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::{Books, CaptureRef, Tally, Usage, UsageLine};
use super::charges::{Charges, Line, LineKind};
use super::customers::{Customer, CustomerMap, Effective, Pricing};
use super::finding::{Code, Severity};
use super::invoice::{InvoiceEntry, Policies, Policy};
use super::ledger::Ledger;
use super::money::{Amount, Currency, Exact, Minor, RoundingRule};
use super::past::Past;
use super::period::Period;
use super::reconcile::{Seen, check, reconcile};
use super::terms::{Bearer, RemovedUsage, Terms, Weights};

pub(super) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

/// Books with the given figures; the first pair is the parent's, the second the removed bucket's.
fn books(figures: &[(i64, String)], total: (i64, &str)) -> Books {
    let tally = |(messages, cost): &(i64, String)| Tally { messages: *messages, cost: amount(cost) };
    let line = |(number, figure): (usize, &(i64, String))| UsageLine {
        account_id: Uuid::from_u128(number as u128 + 1),
        name: format!("Account {}", number % 3).into(),
        tally: tally(figure),
    };
    let period = Period { start: chrono::DateTime::UNIX_EPOCH, end: chrono::DateTime::<chrono::Utc>::MAX_UTC };
    let usage = Usage {
        period,
        currency: Currency::parse("eur").unwrap(),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: Uuid::nil(),
        parent: tally(&figures[0]),
        sub_accounts: figures[2..].iter().enumerate().map(line).collect(),
        removed: tally(&figures[1]),
        total: Tally { messages: total.0, cost: amount(total.1) },
    };
    let capture = CaptureRef { id: "19700101T000000Z".into(), at: period.start, sha256: String::new() };
    Books::new(capture, Uuid::nil(), usage, Vec::new(), BTreeMap::new(), Vec::new())
}

/// Any figures at all, most of them plausible.
fn any_figures() -> impl Strategy<Value = Vec<(i64, String)>> {
    let cost = prop_oneof![
        6 => (0_u64..100_000_000, 0_u32..13).prop_map(|(digits, scale)| format!("{digits}e-{scale}")),
        1 => Just("0".to_owned()),
        1 => (1_u64..1_000).prop_map(|digits| format!("-{digits}")),
    ];
    prop::collection::vec((0_i64..10_000_000, cost), 2..40)
}

pub(super) fn any_terms() -> impl Strategy<Value = Terms> {
    let bearer = || prop_oneof![Just(Bearer::Keep), Just(Bearer::Spread)];
    let policy = || prop_oneof![Just(Policy::Spread), Just(Policy::Keep), Just(Policy::LeaveOut)];
    let invoice = prop::option::of((-100_000_i64..10_000_000, 0_i64..10_000, -10_000_i64..=0, 0_i64..10_000));
    let owners = prop::option::of(prop::collection::vec((0_u8..5, 0_u8..5, 0_i32..40), 0..40));
    let removed = prop_oneof![Just(RemovedUsage::Attribute), Just(RemovedUsage::Keep), Just(RemovedUsage::Spread)];
    let policies = [policy(), policy(), policy(), policy()];
    let pricing = (any_pricing(), prop::bool::ANY);
    (prop::bool::ANY, bearer(), removed, invoice, owners, policies, pricing).prop_map(
        |(by_cost, parent, removed, invoice, owners, [tax, credit, add_on, rest], (pricing, is_even))| Terms {
            weights: if by_cost { Weights::AllocatedCost } else { Weights::Messages },
            parent_usage: parent,
            removed_usage: removed,
            invoices: invoice
                .map(|(total, tax, credit, add_on)| InvoiceEntry {
                    tax: cents(tax),
                    credit: cents(credit),
                    add_on: cents(add_on),
                    ..InvoiceEntry::of(cents(total))
                })
                .map(|entry| (chrono::DateTime::UNIX_EPOCH.date_naive(), entry))
                .into_iter()
                .collect(),
            customers: owners.map(|owners| map(&owners, pricing)),
            policies: Policies { tax, credit, add_on, rest },
            pricing,
            rounding: if is_even { RoundingRule::HalfEven } else { RoundingRule::HalfAwayFromZero },
            ..Terms::default()
        },
    )
}

fn cents(cents: i64) -> Amount {
    amount(&format!("{cents}e-2"))
}

fn any_pricing() -> impl Strategy<Value = Pricing> {
    let percent = prop_oneof![Just(0_i64), -10_000_i64..50_000];
    let fee = || prop_oneof![Just(0_i64), 0_i64..100_000];
    (percent, fee(), fee()).prop_map(|(percent, fee, minimum)| Pricing {
        markup_percent: Decimal::new(percent, 2),
        // finer than a cent, so that it has to be rounded
        monthly_fee: amount(&format!("{fee}e-3")).exact(),
        minimum_charge: amount(&format!("{minimum}e-3")).exact(),
    })
}

/// A map in which the n-th account goes from one owner to another on some day of the period or after it; owner 0 means that
/// nobody owns it, and each owner has pricing of its own.
fn map(owners: &[(u8, u8, i32)], pricing: Pricing) -> CustomerMap {
    let mut map = CustomerMap::default();
    for (number, (old, new, day)) in owners.iter().enumerate() {
        let (account, moved) =
            (Uuid::from_u128(number as u128 + 1), NaiveDate::from_num_days_from_ce_opt(719_163 + *day));
        let before = Effective { from: None, to: moved.and_then(|day| day.pred_opt()) };
        for (owner, days) in [(*old, before), (*new, Effective { from: moved, to: None })] {
            let percent = pricing.markup_percent + Decimal::from(owner);
            let customer = Customer {
                id: format!("c{owner}").into(),
                name: format!("Customer {}", owner % 2).into(),
                cost_center: "".into(),
                pricing: Pricing { markup_percent: percent, ..pricing },
            };
            if owner > 0 {
                map.insert(account, customer, days).unwrap();
            }
        }
    }
    map
}

fn charges(books: &Books, terms: &Terms) -> Charges {
    Ledger::draw_up(Past::default(), books.clone(), terms.clone()).charges
}

/// The ledger of the first capture ever.
fn draw_up(books: Books, terms: Terms) -> Ledger {
    Ledger::draw_up(Past::default(), books, terms)
}

/// `invoice × messages ÷ total` to `decimals`: half up, half to even, down or up.
pub(super) fn rounded_share(invoice: Exact, messages: i64, total: i64, decimals: u32, mode: u8) -> String {
    let whole = |number: i64| ethnum::I256::from(number);
    // as a fraction, so that a share that needs no rounding gets none
    let product = invoice.units() * whole(messages);
    let divisor = Exact::half_unit(decimals).times(2).units() * whole(total);
    let (down, rest) = ((product / divisor).as_i128(), product % divisor);
    let tie = (rest * whole(2)).cmp(&divisor);
    let up = match mode {
        0 => tie.is_ge(),
        1 => tie.is_gt() || (tie.is_eq() && down % 2 != 0),
        2 => false,
        _ => rest > whole(0),
    };
    super::money::format_units(down + i128::from(up), decimals)
}

fn sum(charges: &Charges, of: impl Fn(&Line) -> Minor) -> Minor {
    charges.lines.iter().map(of).sum()
}

proptest! {
    #[test]
    fn no_cent_is_lost_or_made(figures in any_figures(), terms in any_terms(), total in 0_u64..1_000_000_000) {
        let books = books(&figures, (1, &format!("{total}e-4")));
        let charges = charges(&books, &terms);
        let proof = charges.proof();
        prop_assert_eq!(sum(&charges, Line::cost) + proof.left_out, charges.pooled.minor);
        prop_assert_eq!(sum(&charges, Line::spread), Minor::ZERO);
        prop_assert_eq!(proof.difference, Minor::ZERO);
        prop_assert_eq!(proof.charge, proof.cost + proof.margin());
        prop_assert_eq!(sum(&charges, Line::charge), proof.charge);
        for statement in charges.statements() {
            let minimum = charges.currency.round_by(statement.payer.pricing().minimum_charge, terms.rounding);
            let sums = statement.sums;
            prop_assert!(minimum <= Minor::ZERO || sums.charge >= minimum, "{:?}", statement);
            prop_assert!(sums.span.low <= sums.charge && sums.charge <= sums.span.high);
        }
    }

    #[test]
    fn each_line_is_on_one_statement_or_kept(figures in any_figures(), terms in any_terms()) {
        let books = books(&figures, (1, "100"));
        let charges = charges(&books, &terms);
        let on_statements: usize = charges.statements().map(|statement| statement.lines.len()).sum();
        prop_assert_eq!(on_statements + charges.kept().count(), charges.lines.len());
        let walked: Vec<_> = charges.statements().flat_map(|statement| statement.lines.map(move |_| statement.payer)).collect();
        for start in 0..charges.lines.len() {
            let payers: Vec<_> = charges.payers(start..charges.lines.len()).collect();
            let expected = (start..charges.lines.len()).map(|line| walked.get(line).copied());
            prop_assert_eq!(payers, expected.collect::<Vec<_>>());
        }
        for line in charges.kept() {
            let owner = line.account_id.filter(|_| line.kind.has_customer()).and_then(|id| match line.held() {
                Some(held) => held.owner.clone(),
                None => terms.customer_of(id, &line.name, books.as_of()).map(std::borrow::Cow::into_owned),
            });
            prop_assert_eq!(owner, None, "what somebody owns is not kept");
        }
        for statement in charges.statements() {
            for line in charges.lines_of(&statement) {
                let Some(account) = line.account_id else {
                    prop_assert!(line.kind.is_fee(), "{:?}", line);
                    continue;
                };
                let owner = match line.held() {
                    Some(held) => held.owner.as_ref().map(|owner| owner.id.clone()),
                    None => terms.customer_of(account, &line.name, books.as_of()).map(|owner| owner.id.clone()),
                };
                prop_assert_eq!(owner.as_deref(), Some(&*statement.payer.id()));
            }
        }
        let mut ids: Vec<_> = charges.statements().map(|statement| statement.payer.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), charges.statements().len(), "a customer has one statement");
    }

    #[test]
    fn the_order_of_the_answer_does_not_matter(figures in any_figures(), terms in any_terms(), seed in any::<u64>()) {
        let ordered = books(&figures, (1, "100"));
        let mut usage = ordered.usage.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut usage.sub_accounts);
        let shuffled =
            Books::new(ordered.capture.clone(), ordered.account_id, usage, Vec::new(), BTreeMap::new(), Vec::new());
        prop_assert_eq!(draw_up(ordered, terms.clone()), draw_up(shuffled, terms));
    }

    /// A provider that rounds honestly is never accused, whichever way it rounds, whatever the volumes, and whether
    /// or not the total that it shows was rounded as well.
    #[test]
    fn honest_rounding_is_dust(
        counts in prop::collection::vec(0_i64..5_000_000, 3..40),
        invoice in (0_u64..10_000_000_000, 2_u32..7),
        decimals in 2_u32..9,
        mode in 0_u8..4,
    ) {
        let total: i64 = counts.iter().sum();
        // with no message at all there is nothing to share: a total without parts is rightly an error
        prop_assume!(total > 0);
        let invoice = amount(&format!("{}e-{}", invoice.0, invoice.1)).exact();
        let share = |messages: i64, decimals: u32| rounded_share(invoice, messages, total, decimals, mode);
        let figures: Vec<(i64, String)> = counts.iter().map(|messages| (*messages, share(*messages, decimals))).collect();
        let ledger = draw_up(books(&figures, (total, &share(total, decimals.min(4)))), Terms::default());
        let accused = ledger.findings.listed.iter().filter(|f| matches!(f.code, Code::CostSum | Code::Proportional | Code::CountSum));
        prop_assert!(accused.clone().all(|f| f.severity == Severity::Note), "{:?}", accused.collect::<Vec<_>>());
    }

    /// Nor is one that adds up the rounded shares and calls that the total.
    #[test]
    fn a_total_of_rounded_shares_is_dust(
        counts in prop::collection::vec(0_i64..5_000_000, 3..40),
        cents in 1_u64..100_000_000,
        decimals in 2_u32..7,
        mode in 0_u8..4,
    ) {
        let messages: i64 = counts.iter().sum();
        prop_assume!(messages > 0);
        let invoice = amount(&format!("{cents}e-2")).exact();
        let figures: Vec<(i64, String)> =
            counts.iter().map(|count| (*count, rounded_share(invoice, *count, messages, decimals, mode))).collect();
        let total: Exact = figures.iter().map(|(_, cost)| amount(cost).exact()).sum();
        let ledger = draw_up(books(&figures, (messages, &total.to_string())), Terms::default());
        prop_assert!(ledger.balanced(), "{:?}", ledger.findings);
    }

    /// Nor is one that computes with doubles and prints them in full, whichever way it multiplies and divides, whether
    /// its total is exact or summed, and if what was removed is the rest.
    #[test]
    #[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "this is what is simulated")]
    fn double_arithmetic_is_dust(
        counts in prop::collection::vec(0_i64..5_000_000, 3..200),
        cents in 1_u32..2_000_000_000,
        (divide_first, summed, rest) in any::<(bool, bool, bool)>(),
    ) {
        let messages: i64 = counts.iter().sum();
        prop_assume!(messages > 0);
        let (invoice, all) = (f64::from(cents) / 100.0, messages as f64);
        let share = |count: i64| if divide_first { invoice / all * count as f64 } else { invoice * count as f64 / all };
        let mut shares: Vec<f64> = counts.iter().map(|count| share(*count)).collect();
        if rest {
            shares[1] = shares.iter().enumerate().filter(|(index, _)| *index != 1).fold(invoice, |left, (_, s)| left - s);
        }
        let total = if summed { shares.iter().sum() } else { invoice };
        let figures: Vec<(i64, String)> =
            counts.iter().zip(&shares).map(|(count, share)| (*count, format!("{share:e}"))).collect();
        let ledger = draw_up(books(&figures, (messages, &format!("{total:e}"))), Terms::default());
        prop_assert!(ledger.balanced(), "{:?} {:?}", ledger.dust, ledger.findings);
    }

    /// Nor is one that makes the shares foot, as we do ourselves.
    #[test]
    fn largest_remainders_are_dust(counts in prop::collection::vec(0_i64..5_000_000, 3..40), cents in 1_i64..100_000_000) {
        let total: i64 = counts.iter().sum();
        prop_assume!(total > 0);
        let weights: Vec<(usize, Exact)> = counts.iter().map(|count| Exact::whole(*count)).enumerate().collect();
        let shares = super::shares::largest_remainder(Minor(cents.into()), &weights).unwrap();
        let figures: Vec<(i64, String)> =
            counts.iter().zip(shares).map(|(count, share)| (*count, super::money::format_units(share.0, 2))).collect();
        let ledger = draw_up(books(&figures, (total, &format!("{cents}e-2"))), Terms::default());
        prop_assert!(ledger.balanced() && ledger.dust.rounding.is_some(), "{:?}", ledger.findings);
    }

    /// Among exact shares, a line that is off by a unit of the last decimal or more is always named, and named first.
    #[test]
    fn a_wrong_line_is_always_found(counts in prop::collection::vec(1_i64..5_000_000, 4..20), line in 0_usize..100, cents in 1_i64..10_000) {
        let price = |messages: i64| format!("{}e-2", messages * 3);
        let mut figures: Vec<(i64, String)> = counts.iter().map(|messages| (*messages, price(*messages))).collect();
        let total: i64 = counts.iter().sum();
        let wrong = line % figures.len();
        figures[wrong].1 = format!("{}e-2", figures[wrong].0 * 3 + cents);
        let ledger = draw_up(books(&figures, (total, &price(total))), Terms::default());
        let has = |code| ledger.findings.listed.iter().any(|f| f.code == code && f.severity == Severity::Error);
        prop_assert!(has(Code::CostSum) && has(Code::Proportional), "{:?}", ledger.findings);
        let first = ledger.findings.listed.iter().find(|f| f.code == Code::Proportional).and_then(|f| f.difference.clone());
        prop_assert_eq!(first.map(|text| amount(&text[1..]).exact()), Some(amount(&format!("{cents}e-2")).exact()));
        prop_assert!(!ledger.balanced());
    }
}

#[test]
fn a_line_that_lost_a_cent_is_our_defect_and_found() {
    let figures = [(0, "0".to_owned()), (0, "0".to_owned()), (3, "60".to_owned()), (1, "20".to_owned())];
    let mut ledger = draw_up(books(&figures, (4, "80")), Terms::default());
    assert!(ledger.balanced());
    ledger.charges.lines[0].share = ledger.charges.lines[0].share - Minor(1);
    let past = Past::default();
    let seen = Seen { past: &past, nights: &ledger.nights, attribution: &ledger.attribution };
    let found = check(&ledger.books, &ledger.terms, &ledger.dust, &seen);
    let findings = reconcile(found, &ledger.books, &ledger.terms, &ledger.charges, &seen);
    let found = findings.listed.iter().find(|finding| finding.code == Code::Statements).unwrap();
    assert_eq!((found.severity, found.difference.as_deref()), (Severity::Error, Some("-0.01")));
}

#[test]
fn spread_usage_that_nobody_can_bear_is_kept() {
    let figures = [(4, "80".to_owned()), (0, "0".to_owned())];
    let terms = Terms { parent_usage: Bearer::Spread, ..Terms::default() };
    let charges = charges(&books(&figures, (4, "80")), &terms);
    let parent = charges.lines.iter().find(|line| line.kind == LineKind::Parent).unwrap();
    assert_eq!(parent.cost(), Minor(8_000));
}

/// "total less the rest" in doubles leaves a little less than nothing; nobody goes uncharged for it.
#[test]
fn a_residue_below_zero_is_dust() {
    let figures = [
        (1_000_000, "2000000.0".to_owned()),
        (0, "-9.313225746154785e-10".to_owned()),
        (3_000_000, "6000000.0".to_owned()),
    ];
    let ledger = draw_up(books(&figures, (4_000_000, "8000000.0")), Terms::default());
    assert!(ledger.balanced() && ledger.charges.unshareable.is_none(), "{:?}", ledger.findings);
    assert_eq!(ledger.charges.statement(0).unwrap().sums.charge, Minor(600_000_000));
}

/// No price makes a cost of nothing, and a cent that happens to make the sum foot is no largest remainder.
#[test]
fn rounding_excuses_nothing_that_it_cannot_do() {
    let accused = |figures: &[(i64, &str)], total: (i64, &str)| {
        let figures: Vec<(i64, String)> = figures.iter().map(|(n, cost)| (*n, (*cost).to_owned())).collect();
        let ledger = draw_up(books(&figures, total), Terms::default());
        ledger.findings.listed.iter().filter(|f| f.severity == Severity::Error).count() > 0
    };
    for removed in ["0.001", "0.005", "0.01", "0.02"] {
        assert!(accused(&[(1, "20.0"), (0, removed), (3, "60.0")], (4, "80.0")), "{removed}");
    }
    // 0.42, 0.41 and 0.17 cents of 1.00: by largest remainders the first one is rounded up, not the last
    assert!(!accused(&[(342, "3.42"), (341, "3.41"), (317, "3.17")], (1_000, "10.00")));
    assert!(!accused(&[(3_424, "3.43"), (3_412, "3.41"), (3_164, "3.16")], (10_000, "10.00")));
    assert!(accused(&[(3_424, "3.42"), (3_412, "3.42"), (3_164, "3.16")], (10_000, "10.00")));
}

/// In a world that rounds down, one wrong line does not drag the honest ones along.
#[test]
fn only_the_wrong_line_is_named() {
    let counts: Vec<i64> = (1..60).map(|number| number * 7_919 % 5_003 + 1).collect();
    let total: i64 = counts.iter().sum();
    let invoice = amount("2881.74").exact();
    let mut figures: Vec<(i64, String)> =
        counts.iter().map(|count| (*count, rounded_share(invoice, *count, total, 2, 2))).collect();
    figures[7].1 = Currency::parse("eur").unwrap().show(amount(&figures[7].1).exact() + amount("0.02").exact());
    let ledger = draw_up(books(&figures, (total, "2881.74")), Terms::default());
    let named: Vec<_> = ledger.findings.listed.iter().filter(|f| f.code == Code::Proportional).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!(named[0].subject.as_ref().map(|subject| subject.account_id), Some(Uuid::from_u128(6)));
}
