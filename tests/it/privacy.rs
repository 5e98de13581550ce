//! A customer's file shows nobody else, and a set that would is not published.

use subledger::archive::{Archive, StoreOptions};
use subledger::billing::charges::Line;
use subledger::billing::customers::{Customer, CustomerMap, Effective, Pricing};
use subledger::billing::ledger::Ledger;
use subledger::billing::terms::Terms;
use subledger::report::{Error, SetInfo, render};

use crate::support::{ACME, PARENT, project};

/// Two customers of one sub account each.
fn ledger() -> Ledger {
    let archive = project().join("fixtures/spread/archive");
    let mut map = CustomerMap::default();
    for (account, id) in [(ACME, "acme"), ("3a4d6e3b-0af9-4da2-b6a5-8aaa1d9d2e4b", "beta")] {
        let (id, name) = (id.to_owned(), format!("{id} & Sons"));
        let pricing = Pricing { markup_percent: 5.into(), ..Pricing::default() };
        let customer = Customer { id: id.into(), name: name.into(), cost_center: "".into(), pricing };
        map.insert(account.parse().expect("an id"), customer, Effective::ALWAYS).expect("a new account");
    }
    let terms = Terms { customers: Some(map), ..Terms::default() };
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let archive =
            Archive::open(archive.to_str().expect("UTF-8"), PARENT.parse().expect("an id"), &StoreOptions::default());
        let archive = archive.expect("the archive");
        let key = archive.captures().await.expect("captures").remove(0);
        subledger::nightly::reconcile(&archive, &key, terms, &subledger::nightly::Signals::default())
            .await
            .expect("a ledger")
    })
}

/// The files of a set, or the reason why there is none.
fn files(ledger: &Ledger) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut files = Vec::new();
    let info = SetInfo::new("test", "test");
    render(ledger, &info, &mut |path, bytes| {
        files.push((path.to_owned(), bytes));
        Ok(())
    })?;
    Ok(files)
}

/// What must not be in the file of the customer with this id.
fn foreign(ledger: &Ledger, customer: &str) -> Vec<String> {
    let others = ledger.charges.statements().filter(|statement| !statement.payer.has_id(customer));
    let of = |line: &Line| [line.name.to_string(), line.account_id.map(|id| id.to_string()).unwrap_or_default()];
    let lines = others.clone().flat_map(|statement| ledger.charges.lines_of(&statement).iter().flat_map(of));
    lines.chain(others.map(|statement| statement.payer.name().to_owned())).collect()
}

#[test]
fn a_customers_files_hold_nobody_else_and_no_cost() {
    let ledger = ledger();
    let files = files(&ledger).expect("a set");
    for statement in ledger.charges.statements() {
        let id = &*statement.payer.id();
        let own: Vec<_> = files.iter().filter(|(path, _)| path.starts_with(&format!("customers/{id}"))).collect();
        assert_eq!(own.len(), 3, "CSV, Parquet and the page");
        for (path, bytes) in own {
            // Parquet compresses its pages; its texts were read back by the check that let it pass
            let text = String::from_utf8_lossy(bytes);
            for name in foreign(&ledger, id) {
                assert!(!text.contains(&name), "{path} shows {name}");
            }
            for column in ["markup", "cost,", "share", "allocated_cost"] {
                assert!(!text.contains(column), "{path} shows {column}");
            }
        }
    }
}

#[test]
fn a_line_on_the_wrong_statement_stops_the_set() {
    let mut ledger = ledger();
    ledger.charges.lines[0] = ledger.charges.lines[1].clone();
    let error = files(&ledger).expect_err("a leak");
    assert!(matches!(&error, Error::Leak { file, .. } if file.starts_with("customers/acme")), "{error}");
}

#[test]
fn a_line_of_another_account_stops_the_set() {
    let mut ledger = ledger();
    ledger.charges.lines[0].account_id = ledger.charges.lines[1].account_id;
    assert!(matches!(files(&ledger), Err(Error::Leak { .. })));
}
