//! Explaining over random worlds: what is explained is what was charged, and the parts of a change sum to it.

mod moved;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::books::{Books, CaptureRef, Tally, Usage, UsageLine};
use super::super::charges::Line;
use super::super::customers::{Customer, CustomerMap, Effective};
use super::super::ledger::Ledger;
use super::super::money::{Currency, Minor, RoundingRule};
use super::super::past::Past;
use super::super::period::Period;
use super::super::terms::{Bearer, RemovedUsage, Residual, Terms, Weights};
use super::super::tests::{amount, any_terms, rounded_share, sample};
use super::{Cause, Change, Explained, Incomparable, NotFound, Step, Subject, Why};

/// What becomes of a sub account between two captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    Comes,
}

/// A sub account: messages at the first capture, messages more until the second or until it goes, and its fate.
type Life = (i64, i64, Fate);

/// Two captures of a world in which every cost is in proportion.
#[derive(Debug, Clone)]
struct World {
    parent: [i64; 2],
    lives: Vec<Life>,
    cents: [i64; 2],
}

impl World {
    /// The books after so many days; `late` is 0 or 1.
    fn books(&self, late: usize) -> Books {
        let is_there = |fate: Fate| if late == 0 { fate != Fate::Comes } else { fate != Fate::Goes };
        let messages = |(before, more, _): Life| if late == 0 { before } else { before + more };
        let lines: Vec<(u128, i64)> = (1..)
            .zip(&self.lives)
            .filter(|(_, (.., fate))| is_there(*fate))
            .map(|(id, life)| (id, messages(*life)))
            .collect();
        let gone = self.lives.iter().filter(|(.., fate)| late == 1 && *fate == Fate::Goes);
        let removed: i64 = gone.map(|life| messages(*life)).sum();
        let total = self.parent[late] + removed + lines.iter().map(|(_, messages)| messages).sum::<i64>();
        let invoice = amount(&format!("{}e-2", self.cents[late]));
        let tally =
            |messages: i64| Tally { messages, cost: amount(&rounded_share(invoice.exact(), messages, total, 12, 0)) };
        let line = |(id, messages): &(u128, i64)| UsageLine {
            account_id: Uuid::from_u128(*id),
            name: format!("Account {id}").into(),
            tally: tally(*messages),
        };
        let start = DateTime::UNIX_EPOCH;
        let usage = Usage {
            period: Period { start, end: start + TimeDelta::days(31) },
            currency: Currency::parse("eur").unwrap(),
            method: "proportional".to_owned(),
            note: String::new(),
            parent_id: Uuid::nil(),
            parent: tally(self.parent[late]),
            sub_accounts: lines.iter().map(line).collect(),
            removed: tally(removed),
            total: Tally { messages: total, cost: invoice },
        };
        let at = start + TimeDelta::days(if late == 0 { 10 } else { 20 });
        let capture = CaptureRef { id: format!("capture {late}").into(), at, sha256: String::new() };
        Books::new(capture, Uuid::nil(), usage, Vec::new(), BTreeMap::new(), Vec::new())
    }

    /// Both ledgers on the same terms.
    fn ledgers(&self, terms: &Terms) -> [Ledger; 2] {
        let old = Ledger::draw_up(Past::default(), self.books(0), terms.clone());
        let mut past = Past::default();
        past.see(&self.books(0), terms);
        [old, Ledger::draw_up(past, self.books(1), terms.clone())]
    }
}

fn any_world() -> impl Strategy<Value = World> {
    let fate = prop_oneof![3 => Just(Fate::Stays), 1 => Just(Fate::Goes), 1 => Just(Fate::Comes)];
    let life = (0_i64..2_000_000, prop_oneof![1 => Just(0), 3 => 0_i64..1_000_000], fate);
    let lives = prop::collection::vec(life, 1..14);
    (lives, 1_i64..1_000_000, 0_i64..1_000_000, 100_i64..10_000_000, 0_i64..10_000_000).prop_map(
        |(lives, parent, more, cents, dearer)| World {
            parent: [parent, parent + more],
            lives,
            cents: [cents, cents + dearer],
        },
    )
}

fn any_residual() -> impl Strategy<Value = Residual> {
    prop_oneof![Just(Residual::Rate), Just(Residual::Keep)]
}

/// Every customer and every sub account that has a line at either capture.
fn subjects(ledgers: &[Ledger; 2]) -> Vec<Subject> {
    let both = [&ledgers[1], &ledgers[0]];
    let lines = ledgers.iter().flat_map(|ledger| &ledger.charges.lines).filter(|line| line.kind.has_customer());
    let accounts = lines.filter_map(|line| Some(line.account_id?.to_string()));
    let statements = ledgers.iter().flat_map(|ledger| ledger.charges.statements());
    let wanted: Vec<String> = accounts.chain(statements.map(|statement| statement.payer.id().into_owned())).collect();
    wanted.iter().map(|wanted| Subject::find(wanted, &both).unwrap()).collect()
}

proptest! {
    #[test]
    fn what_is_explained_is_what_was_charged(world in any_world(), terms in any_terms(), residual in any_residual()) {
        let ledgers = world.ledgers(&Terms { residual, ..terms });
        for (ledger, subject) in ledgers.iter().flat_map(|ledger| subjects(&ledgers).into_iter().map(move |s| (ledger, s))) {
            let explained = Explained::of(ledger, &subject);
            let (fees, lines): (Vec<&Line>, Vec<&Line>) = subject.lines(ledger).into_iter().partition(|line| line.kind.is_fee());
            prop_assert_eq!((explained.steps.len(), explained.fees.len()), (lines.len(), fees.len()));
            let apart: Minor = explained.apart.iter().map(|apart| apart.amount).sum();
            prop_assert_eq!(explained.shared + apart, ledger.charges.pooled.minor);
            if let Subject::Customer(_) = &subject {
                prop_assert_eq!(explained.charge, subject.statement(ledger).map_or(Minor::ZERO, |statement| statement.sums.charge));
            }
            for fee in &explained.fees {
                let lacks = fee.lacking.map(|lacking| (lacking.minimum - lacking.charged).max(Minor::ZERO));
                prop_assert_eq!(fee.line.charge(), lacks.unwrap_or(fee.line.fee()), "{:?}", fee);
            }
            for step in &explained.steps {
                retraced(ledger, step)?;
            }
        }
    }

    #[test]
    fn the_parts_sum_to_the_change(world in any_world(), terms in any_terms(), residual in any_residual()) {
        let ledgers = world.ledgers(&Terms { residual, ..terms });
        for subject in subjects(&ledgers) {
            let change = Change::between(&ledgers[0], &ledgers[1], &subject).unwrap();
            let sum: Minor = Cause::ALL.into_iter().map(|cause| change.parts.of(cause)).sum();
            prop_assert_eq!(sum, change.amount());
            let charge = |ledger: &Ledger| subject.lines(ledger).iter().map(|line| line.charge()).sum::<Minor>();
            prop_assert_eq!(change.amount(), charge(&ledgers[1]) - charge(&ledgers[0]));
            let main = change.main_cause().map_or(Minor::ZERO, |cause| change.parts.of(cause));
            let direction = change.amount().0.signum();
            prop_assert!(direction == 0 || main.0.signum() == direction, "a cause moves the charge where it went");
            if change.proportional {
                // a line is rounded as a share, in the removed bucket, among its owners, where it is spread, and as a markup
                let lines = i128::try_from(change.old.line_count + change.new.line_count).unwrap();
                let markup = change.markups.iter().map(Decimal::abs).max().unwrap_or_default();
                let most = Minor(100 * (5 * lines + 4)).percent(markup + Decimal::ONE_HUNDRED, RoundingRule::default());
                prop_assert!(100 * change.parts.rounding.0.abs() <= most.0 + 100 * lines, "{change:?}");
            }
        }
    }

    /// Without markups and spreads, rounding is a cent a line at the most, another one where it was parted, and a few for the
    /// whole.
    #[test]
    fn rounding_is_small(world in any_world(), residual in any_residual(), policy in any::<[bool; 4]>()) {
        let [by_messages, is_kept, is_gathered, is_moved] = policy;
        let terms = Terms {
            weights: if by_messages { Weights::Messages } else { Weights::AllocatedCost },
            removed_usage: if is_kept { RemovedUsage::Keep } else { RemovedUsage::Attribute },
            residual,
            customers: is_gathered.then(|| in_threes(is_moved)),
            ..Terms::default()
        };
        let ledgers = world.ledgers(&terms);
        for subject in subjects(&ledgers) {
            let change = Change::between(&ledgers[0], &ledgers[1], &subject).unwrap();
            prop_assert!(change.proportional);
            let lines = i128::try_from(change.old.line_count + change.new.line_count).unwrap();
            let count = if is_gathered && is_moved { 2 * lines } else { lines };
            prop_assert!(change.parts.rounding.0.abs() <= count + 3, "{change:?}");
        }
    }

    /// That an account is removed is no change of its volume, whoever bears what it left.
    #[test]
    fn going_is_no_change_of_volume(world in any_world(), terms in any_terms(), residual in any_residual()) {
        let ledgers = world.ledgers(&Terms { residual, ..terms });
        for (id, (.., fate)) in (1..).zip(&world.lives) {
            let wanted = Uuid::from_u128(id).to_string();
            if let (Fate::Goes, Ok(subject)) = (fate, Subject::find(&wanted, &[&ledgers[1], &ledgers[0]])) {
                let only = Subject::Account { id: Uuid::from_u128(id), name: "".into(), customer: subject.customer().cloned() };
                let change = Change::between(&ledgers[0], &ledgers[1], &only).unwrap();
                prop_assert_eq!((change.parts.own_volume, change.new.seen), (Minor::ZERO, change.old.seen));
            }
        }
    }
}

/// A line is what its steps come to.
fn retraced(ledger: &Ledger, step: &Step) -> Result<(), TestCaseError> {
    let line = &step.line;
    let piece = if step.removal.is_some() { step.attributed } else { step.share };
    let whole = piece.map_or(Minor::ZERO, |piece| piece.part);
    prop_assert_eq!(step.moved.is_some(), line.held().is_some());
    prop_assert_eq!(step.moved.map_or(whole, |moved| moved.part), line.share);
    prop_assert_eq!(step.moved.map_or(whole, |moved| moved.whole), whole, "what is parted is the account's share");
    prop_assert_eq!(step.spread.iter().map(|(_, piece)| piece.part).sum::<Minor>(), line.spread());
    let markup = line.cost().percent(markup_of(ledger, line), ledger.terms.rounding);
    prop_assert_eq!((line.charge(), line.fee()), (line.cost() + markup, Minor::ZERO));
    if let (Some(attributed), Some(share)) = (step.attributed, step.share) {
        prop_assert_eq!(attributed.whole, share.part, "what is taken apart is the removed bucket's share");
    }
    if let Some(removal) = &step.removal {
        let messages = line.messages.unwrap_or(0);
        prop_assert!(removal.part.messages == messages || (line.held().is_some() && removal.part.messages > messages));
        prop_assert_eq!(removal.growth, ledger.books.usage.removed.messages);
        prop_assert!(removal.own == removal.account.seen || line.held().is_some());
    }
    Ok(())
}

/// Three customers who share the sub accounts among them; they may exchange them between the two captures.
fn in_threes(is_moved: bool) -> CustomerMap {
    let name = |number: u128| format!("c{}", number % 3);
    let names: Vec<(u128, String, String)> = (1..20).map(|number| (number, name(number), name(number + 1))).collect();
    let rows = names.iter().flat_map(|(number, first, then)| {
        let whole = vec![(*number, first.as_str(), "", "")];
        let parted = vec![(*number, first.as_str(), "", "1970-01-12"), (*number, then.as_str(), "1970-01-13", "")];
        if is_moved { parted } else { whole }
    });
    sample::map(&rows.collect::<Vec<_>>())
}

/// The markup of whoever is charged for a line.
fn markup_of(ledger: &Ledger, line: &Line) -> Decimal {
    let customer = line.account_id.and_then(|id| ledger.terms.customer_of(id, &line.name, ledger.books.as_of()));
    let customer = match line.held() {
        Some(held) => held.owner.clone(),
        None => customer.map(std::borrow::Cow::into_owned),
    };
    customer.map_or(Decimal::ZERO, |customer| customer.pricing.markup_percent)
}

/// A parent account without usage of its own and three sub accounts: one idle, one busy, one that goes.
fn small() -> World {
    let lives = vec![(1_000, 0, Fate::Stays), (8_000, 10_000, Fate::Stays), (1_000, 100, Fate::Goes)];
    World { parent: [0, 0], lives, cents: [20_000, 20_000] }
}

fn change(world: &World, terms: &Terms, account: u128) -> Change {
    let ledgers = world.ledgers(terms);
    let wanted = Uuid::from_u128(account).to_string();
    let subject = Subject::find(&wanted, &[&ledgers[1], &ledgers[0]]).unwrap();
    Change::between(&ledgers[0], &ledgers[1], &subject).unwrap()
}

fn parts(change: &Change) -> [i128; 5] {
    Cause::ALL.map(|cause| change.parts.of(cause).0)
}

#[test]
fn an_idle_account_moves_with_the_pool_rate() {
    // 200.00 for 10,000 messages and for 20,100: 20.00 and 9.95 a thousand
    let change = change(&small(), &Terms::default(), 1);
    assert_eq!((change.old.charge, change.new.charge), (Minor(2_000), Minor(995)));
    assert_eq!(parts(&change), [0, 0, -1_005, 0, 0]);
    assert_eq!(change.main_cause(), Some(Cause::PoolRate));
    assert_eq!(change.old.price.per_thousand().to_string(), "20");
}

#[test]
fn own_volume_is_priced_at_the_old_rate() {
    let change = change(&small(), &Terms::default(), 2);
    // 10,000 more at 20.00, and 18,000 at 10.0497… less
    assert_eq!(parts(&change), [20_000, 0, -18_090, 0, 0]);
    assert_eq!(change.amount(), Minor(17_910 - 16_000));
    assert_eq!(change.main_cause(), Some(Cause::OwnVolume));
}

#[test]
fn what_a_removed_account_sent_unseen_is_attribution() {
    // 100 messages that no capture saw, at 20.00 a thousand
    assert_eq!(parts(&change(&small(), &Terms::default(), 3)), [0, 200, -1_105, 0, 0]);
    // kept, it is charged with nothing any more
    let keep = Terms { removed_usage: RemovedUsage::Keep, ..Terms::default() };
    assert_eq!(parts(&change(&small(), &keep, 3)), [0, -2_000, 0, 0, 0]);
}

#[test]
fn usage_that_is_spread_is_part_of_the_price() {
    let world = World { parent: [0, 9_900], ..small() };
    let terms = Terms { parent_usage: Bearer::Spread, ..Terms::default() };
    let change = change(&world, &terms, 1);
    // 200.00 for 30,000 messages, of which 66.00 are the parent's and are borne by 20,100
    assert_eq!(change.new.price.spread.iter().map(|spread| spread.amount).collect::<Vec<_>>(), [Minor(6_600)]);
    assert_eq!(change.new.price.per_thousand().readable(6).to_string(), "9.950249");
    assert_eq!(parts(&change), [0, 0, -1_005, 0, 0]);
}

#[test]
fn what_is_not_proportional_is_said_to_be_in_the_rounding() {
    let mut books = small().books(1);
    // the idle account's cost is 5.00 too high
    books.usage.sub_accounts[0].tally.cost = amount("14.950248756219");
    for (weights, proportional) in [(Weights::AllocatedCost, false), (Weights::Messages, true)] {
        let terms = Terms { weights, ..Terms::default() };
        let (mut past, old) = (Past::default(), Ledger::draw_up(Past::default(), small().books(0), terms.clone()));
        past.see(&small().books(0), &terms);
        let new = Ledger::draw_up(past, books.clone(), terms);
        let subject = Subject::find("Account 1", &[&new]).unwrap();
        let change = Change::between(&old, &new, &subject).unwrap();
        let sum: Minor = Cause::ALL.into_iter().map(|cause| change.parts.of(cause)).sum();
        assert_eq!((change.proportional, sum), (proportional, change.amount()));
        assert_eq!(change.parts.rounding.0.abs() > 100, !proportional);
        assert!(!Explained::of(&new, &subject).steps[0].is_proportional);
    }
}

#[test]
fn why_a_removed_account_has_its_part() {
    let why = |world: &World, residual: Residual| {
        let ledger = world.ledgers(&Terms { residual, ..Terms::default() });
        let subject = Subject::find("account 3", &[&ledger[1]]).unwrap();
        let explained = Explained::of(&ledger[1], &subject);
        explained.steps[0].removal.as_ref().unwrap().why
    };
    assert_eq!(why(&small(), Residual::Keep), Why::Only);
    let mut two = small();
    two.lives.push((500, 50, Fate::Goes));
    assert_eq!(why(&two, Residual::Rate), Why::ByRate(2));
    assert_eq!(why(&two, Residual::Keep), Why::Seen(2));
}

#[test]
fn a_name_that_means_several_is_asked_back() {
    let mut ledgers = small().ledgers(&Terms::default());
    let find = |ledgers: &[Ledger; 2], wanted: &str| Subject::find(wanted, &[&ledgers[1]]);
    assert!(
        matches!(find(&ledgers, "ACCOUNT 2"), Ok(Subject::Customer(customer)) if customer.name == "Account 2".into())
    );
    let Err(NotFound::Nobody { similar, customers, accounts }) = find(&ledgers, "Accoun") else { panic!("nobody") };
    assert_eq!((similar.len(), customers, accounts), (3, 3, 3));
    let second = ledgers[1].charges.statement(1).unwrap().lines.start;
    ledgers[1].charges.lines[second].name = "account 1".into();
    let Err(NotFound::Several { named, .. }) = find(&ledgers, "Account 1") else { panic!("two have this name") };
    assert_eq!(named.len(), 2);
}

#[test]
fn captures_that_cannot_be_compared_are_refused() {
    let [old, new] = small().ledgers(&Terms::default());
    let subject = Subject::find("Account 1", &[&new]).unwrap();
    assert_eq!(Change::between(&new, &old, &subject), Err(Incomparable::NotEarlier));
    let mut other = old.clone();
    other.books.usage.currency = Currency::parse("usd").unwrap();
    assert_eq!(Change::between(&other, &new, &subject), Err(Incomparable::Currency));
    let mut other = old;
    other.books.usage.period.start += TimeDelta::days(1);
    assert_eq!(Change::between(&other, &new, &subject), Err(Incomparable::Period));
}
