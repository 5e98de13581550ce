//! Answers that are not as they should be: who is charged, and what is found in which order.

use super::*;

#[test]
fn two_usage_lines_of_one_account_are_one_customer() {
    let mut ledger_books =
        books(&[(0, "0".to_owned()), (0, "0".to_owned()), (1, "1".to_owned()), (1, "1".to_owned())], (2, "2"));
    let first = ledger_books.usage.sub_accounts[0].account_id;
    ledger_books.usage.sub_accounts[1].account_id = first;
    assert_eq!(charges(&ledger_books, &Terms::default()).statements().len(), 1);
}

/// The name of the first line is the customer's, wherever the second one's would stand.
#[test]
fn two_usage_lines_of_other_names_are_one_statement_under_the_first() {
    let figures: Vec<(i64, String)> = [0, 0, 1, 1, 1].map(|messages| (messages, messages.to_string())).to_vec();
    let mut books = books(&figures, (3, "3"));
    let [zeta, alpha, mike] = books.usage.sub_accounts.as_mut_slice() else { panic!("three lines") };
    alpha.account_id = zeta.account_id;
    (zeta.name, alpha.name, mike.name) = ("zeta".into(), "alpha".into(), "mike".into());
    let fee = Pricing { monthly_fee: amount("1").exact(), minimum_charge: amount("9").exact(), ..Pricing::default() };
    for pricing in [Pricing::default(), fee] {
        let charges = charges(&books, &Terms { pricing, ..Terms::default() });
        let statements: Vec<_> = charges.statements().collect();
        let names: Vec<&str> = statements.iter().map(|statement| statement.payer.name()).collect();
        assert_eq!(names, ["mike", "zeta"]);
        let lines = charges.lines_of(&statements[1]).iter().filter(|line| line.kind == LineKind::SubAccount);
        assert_eq!(lines.map(|line| line.name.as_ref()).collect::<Vec<_>>(), ["zeta", "alpha"]);
        assert_eq!(statements[1].payer.id(), books.usage.sub_accounts[0].account_id.to_string());
    }
}

/// Findings of one code come in the order of the checks: the invoice's currency before the configured one.
#[test]
fn a_currency_that_nobody_expects_is_found_twice_in_order() {
    let mut books = books(&[(1, "1".to_owned()), (0, "0".to_owned())], (1, "1"));
    books.usage.currency = Currency::parse("usd").unwrap();
    let euro = Currency::parse("eur");
    let entry = InvoiceEntry { currency: euro, ..InvoiceEntry::of(amount("1")) };
    let invoices = BTreeMap::from([(books.usage.period.start.date_naive(), entry)]);
    let ledger = draw_up(books, Terms { invoices, expected_currency: euro, ..Terms::default() });
    let found = ledger.findings.listed.iter().filter(|finding| finding.code == Code::Currency);
    let found: Vec<&str> = found.map(|finding| finding.message.as_str()).collect();
    assert_eq!(found, ["the invoice is in another currency than the usage", "the currency is not the configured one"]);
}
