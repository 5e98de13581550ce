//! Customer maps that can be read, and the words for those that cannot.

use chrono::{DateTime, Utc};

use super::*;
use crate::billing::cap_plan::WantedCaps;
use crate::billing::money::Exact;

const ID: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";
const OTHER: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn id(text: &str) -> Uuid {
    text.parse().expect("an id")
}

fn pricing(markup: i64, fee: i64, minimum: i64) -> Pricing {
    Pricing { markup_percent: markup.into(), monthly_fee: Exact::whole(fee), minimum_charge: Exact::whole(minimum) }
}

/// What is said of a map with this header and these rows.
fn refused(header: &str, rows: &str) -> String {
    read(format!("{header}\n{rows}\n").as_bytes(), Pricing::default()).expect_err("a mistake").to_string()
}

#[test]
fn several_sub_accounts_make_one_customer() {
    let text = format!(
        "\u{feff}customer_id,sub_account_id,customer_name,cost_center,markup_percent\r\nacme,{ID},Acme,C1,12.50\nacme, {OTHER} ,Acme,C1,12.5\n"
    );
    let customers = read(text.as_bytes(), Pricing::default()).unwrap();
    assert!(customers.caps.is_empty());
    assert_eq!(customers.map.rows().count(), 2);
    let owner = customers.map.owner(id(OTHER), DateTime::UNIX_EPOCH).unwrap();
    assert_eq!((owner.id.as_ref(), owner.pricing.markup_percent.to_string()), ("acme", "12.5".to_owned()));
    assert_eq!(parse_customers(text.as_bytes(), Pricing::default()), Ok(customers.map));
}

#[test]
fn an_empty_price_is_the_default_and_zero_is_none() {
    let header = "sub_account_id,customer_id,customer_name,markup_percent,monthly_fee,minimum_charge";
    let text = format!("{header}\n{ID},a,A,,,\n{OTHER},b,,0,0,0.00\n{ID_OF_THIRD},c,C,-5,20.00,25\n");
    let map = parse_customers(text.as_bytes(), pricing(5, 10, 15)).unwrap();
    let of = |account: &str| map.owner(id(account), DateTime::UNIX_EPOCH).unwrap().clone();
    assert_eq!(of(ID).pricing, pricing(5, 10, 15));
    assert_eq!((of(OTHER).pricing, of(OTHER).name.as_ref()), (Pricing::default(), "b"));
    assert_eq!(of(ID_OF_THIRD).pricing, pricing(-5, 20, 25));
    // without the columns all of it is the default
    let text = format!("sub_account_id,customer_id,customer_name\n{ID},a,A\n");
    let map = parse_customers(text.as_bytes(), pricing(5, 10, 15)).unwrap();
    assert_eq!(map.owner(id(ID), DateTime::UNIX_EPOCH).unwrap().pricing, pricing(5, 10, 15));
}

const ID_OF_THIRD: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3c";

#[test]
fn a_sub_account_changes_hands_and_a_customer_its_price_from_a_day_on() {
    let header = "sub_account_id,customer_id,customer_name,markup_percent,effective_from,effective_to";
    let rows = format!(
        "{ID},a,A,5,,2026-10-14\n{ID},b,B,,2026-10-15,2026-10-31\n{ID},a,A Ltd,7,2026-11-02,\n{OTHER},b,B,,,\n"
    );
    let map = parse_customers(format!("{header}\n{rows}").as_bytes(), Pricing::default()).unwrap();
    let owner = |time: &str| map.owner(id(ID), at(time)).map(|customer| customer.name.as_ref());
    assert_eq!(owner("2026-10-14T23:59:59Z"), Some("A"));
    assert_eq!(owner("2026-10-15T00:00:00Z"), Some("B"));
    assert_eq!(owner("2026-10-31T23:59:59Z"), Some("B"), "the last day is included");
    assert_eq!(owner("2026-11-01T12:00:00Z"), None);
    assert_eq!(owner("2026-11-02T00:00:00Z"), Some("A Ltd"));
}

#[test]
fn caps_are_wanted_on_the_days_of_their_rows() {
    let header = "sub_account_id,customer_id,customer_name,monthly_credit,effective_from,effective_to";
    let rows = format!(
        "{ID},a,A,50000,,2026-10-14\n{ID},b,B,0,2026-10-15,\n{OTHER},a,A,,,2026-10-31\n{OTHER},b,B,7,2026-11-01,\n"
    );
    let caps = read(format!("{header}\n{rows}").as_bytes(), Pricing::default()).unwrap().caps;
    let wanted = |caps: &[(&str, i64)]| caps.iter().map(|(account, cap)| (id(account), *cap)).collect::<WantedCaps>();
    assert_eq!(caps.at(at("2026-10-14T23:59:59Z")), wanted(&[(ID, 50_000)]));
    assert_eq!(caps.at(at("2026-10-15T00:00:00Z")), wanted(&[(ID, 0)]));
    assert_eq!(caps.at(at("2026-11-01T00:00:00Z")), wanted(&[(ID, 0), (OTHER, 7)]));
}

#[test]
fn what_is_wrong_with_a_cell_is_named_with_line_and_column() {
    let header = "sub_account_id,customer_id,customer_name,cost_center,markup_percent,monthly_fee,minimum_charge,effective_from,effective_to,monthly_credit";
    let long = "x".repeat(301);
    for (row, expected) in [
        ("nope,a,A,,,,,,,", "`sub_account_id`: is not a UUID"),
        (",a,A,,,,,,,", "`sub_account_id`: is empty"),
        ("ID,,A,,,,,,,", "`customer_id`: is empty"),
        (
            "ID,LONG,A,,,,,,,",
            "`customer_id`: is longer than 300 characters or has control characters; shorten or clean it",
        ),
        (
            "ID,a,\"A\nB\",,,,,,,",
            "`customer_name`: is longer than 300 characters or has control characters; shorten or clean it",
        ),
        (
            "ID,a,A,\u{7},,,,,,",
            "`cost_center`: is longer than 300 characters or has control characters; shorten or clean it",
        ),
        ("ID,a,A,,ten,,,,,", "`markup_percent`: is not a plain decimal such as 12.5"),
        ("ID,a,A,,-101,,,,,", "`markup_percent`: must be from -100 to 1000, with at most 4 decimals"),
        (
            "ID,a,A,,,\"20,00\",,,,",
            "`monthly_fee`: has a decimal comma; write it like 1234.50, with a point, and nothing between thousands",
        ),
        ("ID,a,A,,,-1,,,,", "`monthly_fee`: must be from 0 to 1000000000"),
        ("ID,a,A,,,,1000000000.01,,,", "`minimum_charge`: must be from 0 to 1000000000"),
        (
            "ID,a,A,,,,,15.10.2026,,",
            "`effective_from`: is no date such as 2026-10-15, year first; format the cell as text if a spreadsheet changes it",
        ),
        (
            "ID,a,A,,,,,,2026-10-32,",
            "`effective_to`: is no date such as 2026-10-15, year first; format the cell as text if a spreadsheet changes it",
        ),
        (
            "ID,a,A,,,,,2026-10-15,2026-10-14,",
            "`effective_to`: is before `effective_from`; it is the last day of the row, that day included",
        ),
        ("ID,a,A,,,,,,,5.0", "`monthly_credit`: must be a whole number of messages from 0 (uncapped) to 1000000000"),
    ] {
        let row = row.replace("ID", ID).replace("LONG", &long);
        assert_eq!(refused(header, &row), format!("line 2, column {expected}"));
    }
    assert!(refused("sub_account_id,customer_id", "").starts_with("line 1, column `customer_name`: is missing"));
    assert!(
        refused("sub_account_id,price", "").starts_with("line 1, column `price`: is not known; the columns are sub_")
    );
}

#[test]
fn rows_that_contradict_each_other_are_both_named() {
    let days = "let the days of the two not overlap (`effective_from`, `effective_to`)";
    let header = "sub_account_id,customer_id,customer_name,cost_center,markup_percent,monthly_fee,minimum_charge,effective_from,effective_to";
    let twice = format!("`sub_account_id`: is mapped in line 2 already; delete one of the rows, or {days}");
    let differs =
        |column: &str| format!("`{column}`: is another one for customer `a` in line 2; make them the same, or {days}");
    for (rows, expected) in [
        ("ID,a,A,,,,,,\n\nID,b,B,,,,,,", format!("line 4, column {twice}")),
        ("ID,a,A,,,,,,\nID,a,A,,,,,,", format!("line 3, column {twice}")),
        ("ID,a,A,,,,,,2026-10-15\nID,b,B,,,,,2026-10-15,", format!("line 3, column {twice}")),
        ("ID,a,A,,,,,2026-10-01,\nID,b,B,,,,,2027-01-01,2027-12-31", format!("line 3, column {twice}")),
        ("ID,a,A,,,,,,\nOTHER,a,B,,,,,,", format!("line 3, column {}", differs("customer_name"))),
        ("ID,a,A,,,,,,\nOTHER,a,A,C1,,,,,", format!("line 3, column {}", differs("cost_center"))),
        ("ID,a,A,,,,,,\nOTHER,a,A,,5,,,,", format!("line 3, column {}", differs("markup_percent"))),
        ("ID,a,A,,,,,,\nOTHER,a,A,,,5,,,", format!("line 3, column {}", differs("monthly_fee"))),
        ("ID,a,A,,,,,,\nOTHER,a,A,,,,5,,", format!("line 3, column {}", differs("minimum_charge"))),
        ("ID,a,A,,,,,,2026-10-15\nOTHER,a,A,,5,,,2026-10-15,", format!("line 3, column {}", differs("markup_percent"))),
        // a mistake further down is told once this one is mended
        ("ID,a,A,,,,,,\nID,b,B,,,,,,\nnope,,,,,,,,", format!("line 3, column {twice}")),
    ] {
        let rows = rows.replace("ID", ID).replace("OTHER", OTHER);
        assert_eq!(refused(header, &rows), expected);
    }
}
