//! What people write: customer map, invoices, configuration.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Days, NaiveDate};
use subledger::billing::customers::{Customer, CustomerMap, Effective, Pricing};
use subledger::billing::money::Amount;
use subledger::config::{Clock, Config, Overrides, Surroundings, parse_customers};
use uuid::Uuid;

use super::digits::{Figure, Verdict, judge};
use super::files::{Scratch, scratch};
use super::told;

/// A customer map: nobody is owned twice on one day, and what was read can be written and read again.
pub(crate) fn customers(csv: &[u8]) {
    let map = match parse_customers(csv, Pricing::default()) {
        Ok(map) => map,
        Err(error) => return assert_has_place(&told(&error)),
    };
    let rows: Vec<(Uuid, Effective, &Customer)> = map.rows().collect();
    let mut of_account: BTreeMap<Uuid, Vec<(Effective, &Customer)>> = BTreeMap::new();
    for (account, days, customer) in &rows {
        of_account.entry(*account).or_default().push((*days, customer));
        assert!(!days.is_reversed(), "{days}");
    }
    for (account, rows) in of_account {
        // on either side of every day on which anything can change
        let edges = rows.iter().flat_map(|(days, _)| [days.from, days.to]).flatten();
        let near = |day: NaiveDate| [day.checked_sub_days(Days::new(1)), Some(day), day.checked_add_days(Days::new(1))];
        for day in edges.flat_map(near).flatten().chain(NaiveDate::from_ymd_opt(2024, 1, 15)) {
            let has = |days: &Effective| days.from.is_none_or(|from| from <= day) && days.to.is_none_or(|to| day <= to);
            let owners: Vec<&Customer> = rows.iter().filter(|(days, _)| has(days)).map(|(_, owner)| *owner).collect();
            assert!(owners.len() <= 1, "{account} is owned twice on {day}");
            let noon = day.and_hms_opt(12, 0, 0).expect("noon").and_utc();
            assert_eq!(map.owner(account, noon), owners.first().copied());
        }
    }
    let again = parse_customers(&written(&map), Pricing::default()).expect("what was read can be read again");
    assert!(again.rows().eq(rows), "{again:?}");
}

fn written(map: &CustomerMap) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = "sub_account_id,customer_id,customer_name,cost_center,markup_percent,monthly_fee,minimum_charge,effective_from,effective_to";
    writer.write_record(header.split(',')).expect("memory");
    for (account, days, customer) in map.rows() {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let Customer { id, name, cost_center, pricing } = customer.clone();
        let Pricing { markup_percent, monthly_fee, minimum_charge } = pricing;
        let prices = [markup_percent.to_string(), monthly_fee.to_string(), minimum_charge.to_string()];
        let [markup, fee, minimum] = prices;
        let (id, name, cost_center) = (id.to_string(), name.to_string(), cost_center.to_string());
        let row = [account.to_string(), id, name, cost_center, markup, fee, minimum, day(days.from), day(days.to)];
        writer.write_record(row).expect("memory");
    }
    writer.into_inner().expect("memory")
}

/// The table of invoices: each amount is what was typed.
pub(crate) fn invoices(csv: &[u8]) {
    scratch(|scratch| {
        let overrides = Overrides {
            config: Some(scratch.file("empty.toml", b"")),
            invoices: Some(scratch.file("invoices.csv", csv)),
            without_customers: true,
            ..Overrides::default()
        };
        match load(scratch, &overrides) {
            Err(told) => assert_has_place(&told),
            Ok(config) => assert_invoices(&config),
        }
    });
}

/// `subledger.toml`: read twice it says the same, and an error shows nothing that somebody may have put there by mistake.
pub(crate) fn configuration(toml: &[u8]) {
    scratch(|scratch| {
        let overrides = Overrides {
            config: Some(scratch.file("subledger.toml", toml)),
            without_customers: true,
            without_invoices: true,
            ..Overrides::default()
        };
        let config = match load(scratch, &overrides) {
            Ok(config) => config,
            Err(told) => return assert_shows_no_value(toml, &told),
        };
        let again = load(scratch, &overrides).expect("it was read before");
        assert_eq!(format!("{config:?}"), format!("{again:?}"));
        assert_invoices(&config);
        let label = config.label(Uuid::nil());
        assert_eq!(
            Path::new(&label).file_name().and_then(|name| name.to_str()),
            Some(&*label),
            "a label is one folder"
        );
        for levels in config.terms.customer_thresholds.values().chain([&config.terms.thresholds]) {
            assert!(levels.near <= levels.critical && levels.critical <= levels.exceeded, "{levels:?}");
        }
    });
}

/// Loads, or gives the error without the folder that it was made in.
fn load(scratch: &Scratch, overrides: &Overrides) -> Result<Config, String> {
    let surroundings = Surroundings::made_of([], Clock::Fixed(DateTime::UNIX_EPOCH));
    Config::load(overrides, &surroundings).map_err(|error| scratch.hidden(&told(&error)))
}

fn assert_invoices(config: &Config) {
    let (typed, read) = (&config.invoices_typed, &config.terms.invoices);
    assert!(typed.keys().eq(read.keys()));
    for (typed, read) in typed.values().zip(read.values()) {
        assert_typed(&typed.amount, read.amount);
        for (typed, read) in [(&typed.tax, read.tax), (&typed.credit, read.credit), (&typed.add_on, read.add_on)] {
            assert_typed(typed.as_deref().unwrap_or("0"), read);
        }
        assert!(!read.credit.exact().is_negative() || read.credit.to_string().starts_with('-'));
        assert!(read.credit.exact() <= Amount::ZERO.exact(), "a credit lowers an invoice");
        assert!(typed.source.contains(", line "), "{}", typed.source);
        assert!(read.number.chars().count() <= 300 && !read.number.contains(char::is_control));
        assert_eq!(typed.parse().ok().as_ref(), Some(read).filter(|read| !read.number.is_empty()));
    }
}

fn assert_typed(text: &str, read: Amount) {
    assert_eq!(judge(text.trim()), Verdict::Kept(Figure::printed(&read.to_string())), "{text}");
}

fn assert_has_place(told: &str) {
    let place = told.split_once("line ").map(|(_, rest)| rest.split([',', ':']).next().unwrap_or_default());
    assert!(place.is_some_and(|number| number.parse::<u64>().is_ok_and(|number| number > 0)), "{told}");
    assert!(told.contains("column `"), "{told}");
}

/// A text of some length is in an error only if it is a name in the file, or one of ours.
fn assert_shows_no_value(toml: &[u8], told: &str) {
    let Some(table) = std::str::from_utf8(toml).ok().and_then(|text| text.parse::<toml::Table>().ok()) else { return };
    let (mut names, mut values) = (Vec::new(), Vec::new());
    gather(&toml::Value::Table(table), &mut names, &mut values);
    for value in values.iter().filter(|value| value.chars().count() >= 12 && value.contains("aha-sk-")) {
        assert!(!told.contains(value.as_str()) || names.contains(value), "{told}");
    }
}

fn gather(value: &toml::Value, names: &mut Vec<String>, values: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => values.push(text.clone()),
        toml::Value::Array(array) => array.iter().for_each(|value| gather(value, names, values)),
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| {
            names.push(name.clone());
            gather(value, names, values);
        }),
        _ => {}
    }
}
