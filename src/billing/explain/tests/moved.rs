//! Explaining accounts that changed hands, other pricing from some day on, fees and minimums, and what is not shared.

use super::super::super::books::Status;
use super::super::super::charges::{Line, LineKind};
use super::super::super::customers::Pricing;
use super::super::super::invoice::{Class, InvoiceEntry, Policy};
use super::super::super::tests::sample::{self, Night, id};
use super::super::{Apart, Lacking, Parts};
use super::*;

/// The ledgers of the last two of these captures.
fn both(terms: &Terms, nights: &[Night]) -> [Ledger; 2] {
    let until = |end: usize| {
        let (last, before) = nights[..end].split_last().unwrap();
        Ledger::draw_up(sample::seen_on(terms, before.iter().cloned()), last.clone().books(), terms.clone())
    };
    [until(nights.len() - 1), until(nights.len())]
}

fn on(rows: &[(u128, &str, &str, &str)]) -> Terms {
    Terms { customers: Some(sample::map(rows)), ..Terms::default() }
}

fn changed(ledgers: &[Ledger; 2], wanted: &str) -> Change {
    let subject = Subject::find(wanted, &[&ledgers[1], &ledgers[0]]).unwrap();
    Change::between(&ledgers[0], &ledgers[1], &subject).unwrap()
}

fn explained(ledger: &Ledger, wanted: &str) -> Explained {
    Explained::of(ledger, &Subject::find(wanted, &[ledger]).unwrap())
}

fn night(day: u32, messages: i64) -> Night {
    Night::at(&format!("2024-01-{day:02}T00:00:00Z")).account(1, messages).account(2, 100)
}

/// From x to y on the 11th.
const X_TO_Y: [(u128, &str, &str, &str); 3] =
    [(1, "x", "", "2024-01-10"), (1, "y", "2024-01-11", ""), (2, "z", "", "")];

#[test]
fn a_customer_has_the_messages_of_its_own_stretches() {
    let ledgers = both(&on(&X_TO_Y), &[night(10, 100), night(11, 150), night(12, 250)]);
    let (x, y, both) = (changed(&ledgers, "x"), changed(&ledgers, "y"), changed(&ledgers, &id(1).to_string()));
    assert_eq!((x.old.seen, x.new.seen, x.parts), (150, 150, Parts::default()));
    assert_eq!((y.old.seen, y.new.seen, y.parts.own_volume), (0, 100, Minor(100)));
    assert_eq!((both.old.seen, both.new.seen, both.amount()), (150, 250, Minor(100)));
    let explained = explained(&ledgers[1], &id(1).to_string());
    let steps: Vec<_> = explained
        .steps
        .iter()
        .map(|step| {
            let moved = step.moved.unwrap();
            (
                step.line.held().unwrap().owner.as_ref().unwrap().id.as_ref(),
                moved.whole.0,
                moved.weight.to_string(),
                moved.part.0,
            )
        })
        .collect();
    assert_eq!(steps, [("x", 250, "150".to_owned(), 150), ("y", 250, "100".to_owned(), 100)]);
    assert!(explained.steps.iter().all(|step| step.sent.messages == 250), "as the API sent them");
}

#[test]
fn a_removed_account_was_seen_by_whoever_had_it() {
    let gone = Night::at("2024-01-13T00:00:00Z").account(2, 100).removed(260);
    let nights = [night(10, 100), night(11, 150), night(12, 250), gone];
    let of = |terms: &Terms, whose: &str| {
        let change = changed(&both(terms, &nights), whose);
        (change.old.seen, change.new.seen, change.new.attributed, change.parts.own_volume, change.parts.attribution)
    };
    let terms = on(&X_TO_Y);
    assert_eq!(of(&terms, "x"), (150, 150, 0, Minor(0), Minor(0)));
    assert_eq!(of(&terms, "y"), (100, 100, 10, Minor(0), Minor(10)));
    // where it is kept, both are found, and each has lost what was seen of it
    let terms = Terms { removed_usage: RemovedUsage::Keep, ..terms };
    assert_eq!(of(&terms, "x"), (150, 150, -150, Minor(0), Minor(-150)));
    assert_eq!(of(&terms, "y"), (100, 100, -100, Minor(0), Minor(-100)));
    let [_, ledger] = both(&terms, &nights);
    let uncharged = |whose: &str| {
        explained(&ledger, whose).uncharged.iter().map(|gone| (gone.account.seen, gone.own)).collect::<Vec<_>>()
    };
    assert_eq!((uncharged("x"), uncharged("y"), uncharged("z")), (vec![(250, 150)], vec![(250, 100)], vec![]));
}

#[test]
fn each_message_has_the_markup_of_its_time() {
    let rows = [(1, "x+10", "", "2024-01-10"), (1, "x+50", "2024-01-11", ""), (2, "z", "", "")];
    let ledgers = both(&on(&rows), &[night(10, 1_000), night(11, 2_000), night(12, 4_000)]);
    let change = changed(&ledgers, "x");
    assert_eq!((change.old.charge, change.new.charge), (Minor(2_200), Minor(2_200 + 3_000)));
    assert_eq!(change.parts, Parts { own_volume: Minor(3_000), ..Parts::default() });
    assert_eq!(change.markups, [10.into(), 50.into()]);
    let subject = Subject::find("x", &[&ledgers[1]]).unwrap();
    let markup = |ledger| subject.markup_percent(ledger);
    assert_eq!((markup(&ledgers[0]), markup(&ledgers[1])), (None, None));
}

/// A customer of account 1 with a fee of 2.00 and a minimum of 25.00, and one of an account that is idle with a fee of 3.00.
fn with_fees() -> Terms {
    let mut map = CustomerMap::default();
    let pricing = |fee: &str, minimum: &str| {
        let [monthly_fee, minimum_charge] = [fee, minimum].map(|text| amount(text).exact());
        Pricing { monthly_fee, minimum_charge, ..Pricing::default() }
    };
    for (account, name, pricing) in [(1, "busy", pricing("2", "25")), (3, "idle", pricing("3", "0"))] {
        let (name, cost_center) = (name.to_owned(), String::new());
        map.insert(
            id(account),
            Customer { id: name.clone().into(), name: name.into(), cost_center: cost_center.into(), pricing },
            Effective::ALWAYS,
        )
        .unwrap();
    }
    Terms { customers: Some(map), ..Terms::default() }
}

#[test]
fn fees_and_minimums_are_a_part_of_their_own() {
    let nights = [night(10, 1_000), night(11, 1_930), night(12, 2_500)].map(|night| night.listed(3, Status::Active, 0));
    let ledgers = both(&with_fees(), &nights);
    let change = changed(&ledgers, "busy");
    // 19.30 of usage and 2.00 of fee lack 3.70, and 25.00 of usage lack nothing
    assert_eq!((change.old.charge, change.new.charge), (Minor(2_500), Minor(2_700)));
    assert_eq!(change.parts, Parts { own_volume: Minor(570), fees: Minor(-370), ..Parts::default() });
    assert_eq!((change.old.line_count, change.main_cause()), (1, Some(Cause::OwnVolume)));
    let fees = |whose: &str| {
        let fees = explained(&ledgers[0], whose).fees;
        fees.into_iter().map(|fee| (fee.line.kind, fee.line.charge().0, fee.lacking)).collect::<Vec<_>>()
    };
    let lacking = Lacking { minimum: Minor(2_500), charged: Minor(2_130) };
    assert_eq!(fees("busy"), [(LineKind::Fee, 200, None), (LineKind::Minimum, 370, Some(lacking))]);
    // whoever has a fee and nothing else is found, and explained
    assert_eq!(fees("idle"), [(LineKind::Fee, 300, None)]);
    let idle = changed(&ledgers, "idle");
    assert_eq!((idle.old.charge, idle.new.charge, idle.main_cause()), (Minor(300), Minor(300), None));
    // a fee is of the customer, not of its account
    let subject = Subject::find(&id(1).to_string(), &[&ledgers[1]]).unwrap();
    assert!(Explained::of(&ledgers[1], &subject).fees.is_empty());
    // a fee alone may move the charge: nothing was sent, and yet the minimum is due
    let first = Night::at("2024-01-10T00:00:00Z").account(2, 5);
    let change = changed(&both(&with_fees(), &[first, night(11, 0)]), "busy");
    assert_eq!(
        (change.amount(), change.parts.fees, change.main_cause()),
        (Minor(2_500), Minor(2_500), Some(Cause::Fees))
    );
}

#[test]
fn classes_that_are_kept_or_left_out_are_apart() {
    let entry = InvoiceEntry { tax: amount("19"), credit: amount("-3"), ..InvoiceEntry::of(amount("119")) };
    let start = "2024-01-01".parse().unwrap();
    let terms = Terms { invoices: [(start, entry)].into_iter().collect(), ..Terms::default() };
    // at the end nothing is left for a tail: 2.00 of the API's total, 19.00 of tax, -3.00 of credit, and 101.00 of a rest
    let nights = [
        night(11, 80),
        Night::at("2024-02-01T00:00:00Z")
            .period("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")
            .account(1, 100)
            .account(2, 100),
    ];
    let ledgers = both(&terms, &nights);
    let told = explained(&ledgers[1], "Account 1");
    let expected = [
        Apart { class: Class::Tax, amount: Minor(1_900), policy: Policy::LeaveOut },
        Apart { class: Class::Rest, amount: Minor(10_100), policy: Policy::Keep },
    ];
    assert_eq!((told.apart.as_slice(), told.shared), (&expected[..], Minor(-100)));
    let change = changed(&ledgers, "Account 1");
    assert_eq!((change.new.price.apart, change.new.price.shared), (Minor(12_000), Minor(-100)));
    let is_of_it = |line: &&Line| line.account_id == Some(id(1));
    assert_eq!(ledgers[1].charges.lines.iter().find(is_of_it).map(Line::cost), Some(Minor(-50)));
}
