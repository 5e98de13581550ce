//! The pages against hostile names, and the check of customers' pages against pages that show somebody else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::billing::books::{Books, CaptureRef, Status, SubAccount, Tally, Usage, UsageLine};
use crate::billing::charges::Statement;
use crate::billing::customers::{Customer, CustomerMap, Effective, Pricing};
use crate::billing::ledger::Ledger;
use crate::billing::money::{Amount, Currency};
use crate::billing::past::Past;
use crate::billing::period::month_of;
use crate::billing::terms::Terms;

use super::super::privacy::{self, Content, Made};
use super::super::{Error, SetInfo};
use super::scan::{Piece, pieces};
use super::{report, statement};

/// One capture of accounts of these names, each of a customer with the same name.
pub(in crate::report) fn ledger(names: &[&str]) -> Ledger {
    let at: DateTime<Utc> = "2026-10-15T02:00:00Z".parse().unwrap();
    let tally = |messages: i64| Tally { messages, cost: Amount::parse(&format!("{messages}e-2")).unwrap() };
    let (mut map, mut sub_accounts, mut accounts) = (CustomerMap::default(), Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        let (id, name) = (Uuid::from_u128(0xA000 + index as u128), (*name).to_owned());
        let customer = format!("customer-{index:03}");
        let pricing = Pricing::default();
        let customer =
            Customer { id: customer.into(), name: name.clone().into(), cost_center: "CC & 1".into(), pricing };
        map.insert(id, customer, Effective::ALWAYS).unwrap();
        sub_accounts.push(UsageLine { account_id: id, name: name.clone().into(), tally: tally(100) });
        let (status, parent_id) = (Status::Active, Uuid::nil());
        accounts.push(SubAccount { id, parent_id, name: name.into(), status, monthly_credit: 110, created_at: None });
    }
    let usage = Usage {
        period: month_of(at),
        currency: Currency::parse("eur").unwrap(),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: Uuid::nil(),
        parent: tally(0),
        total: tally(100 * i64::try_from(names.len()).unwrap()),
        sub_accounts,
        removed: tally(0),
    };
    let capture = CaptureRef { id: "20261015T020000Z".into(), at, sha256: "ab".repeat(32) };
    let books = Books::new(capture, Uuid::nil(), usage, accounts, BTreeMap::new(), Vec::new());
    Ledger::draw_up(Past::default(), books, Terms { customers: Some(map), ..Terms::default() })
}

fn info() -> SetInfo {
    SetInfo { account_name: Some("Platform <Inc>".to_owned()), ..SetInfo::new("test", "test") }
}

/// The page of the first customer in the order of names.
fn first_page(ledger: &Ledger) -> String {
    String::from_utf8(statement(ledger, &info(), &ledger.charges.statement(0).unwrap())).unwrap()
}

/// What the check before publishing says of a page as the first customer's.
fn checked(ledger: &Ledger, page: &str) -> Result<(), String> {
    let (path, bytes) = ("statement.html".to_owned(), page.as_bytes().to_vec());
    let made = [Made { path, bytes, content: Content::Page }];
    match privacy::check(ledger, &info(), &ledger.charges.statement(0).unwrap(), &made) {
        Ok(()) => Ok(()),
        Err(Error::Leak { what, .. }) => Err(what),
        Err(other) => panic!("{other}"),
    }
}

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "a\" onload=\"alert(1)",
    "it's",
    "Söhne & Co. &amp; &lt;b&gt;",
    "</title><h1>",
    "line\u{2028}separator\u{2029}s",
    "right\u{202e}tfel",
    "Team",
    "team",
    "🚀 客户 👩‍👩‍👧",
    "null\u{0}\u{1b}[2J",
    "--><!--",
];

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let long = "x".repeat(300);
    for name in HOSTILE.into_iter().chain([&*long]) {
        let ledger = ledger(&[name]);
        let statement = first_page(&ledger);
        assert_eq!(checked(&ledger, &statement), Ok(()), "{name}");
        for page in [statement, String::from_utf8(report(&ledger, &info())).unwrap()] {
            let pieces = pieces(&page).unwrap_or_else(|text| panic!("{name}: {text}"));
            let shown = super::shown(name);
            let is_shown = |piece: &&Piece| matches!(piece, Piece::Text { text, is_name: true } if *text == shown);
            assert!(pieces.iter().filter(is_shown).count() >= 2, "{name}");
            let is_outside = |piece: &Piece| match piece {
                Piece::Text { text, is_name: false } => text.contains(&shown),
                // the slug in a path is made of what a name has of letters
                Piece::Attribute(attribute, text) => attribute != "href" && text.contains(&shown),
                _ => false,
            };
            assert!(!pieces.iter().any(is_outside), "{name} outside of a `<bdi>`");
            assert!(!page.contains(['\u{202e}', '\u{2028}', '\u{2029}', '\u{0}', '\u{1b}']), "{name}");
            let is_active = |piece: &Piece| match piece {
                Piece::Element(element) => element == "script" || element == "img",
                Piece::Attribute(attribute, _) => attribute == "style" || attribute.starts_with("on"),
                _ => false,
            };
            assert!(!pieces.iter().any(is_active), "{name}");
        }
    }
}

#[test]
fn names_that_differ_only_in_case_are_two_customers() {
    let ledger = ledger(&["Team", "team"]);
    let page = String::from_utf8(report(&ledger, &info())).unwrap();
    let links: Vec<&str> = page.split("href=\"customers/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links.len(), 2);
    assert_ne!(links[0], links[1]);
    assert!(links.iter().all(|link| link.ends_with("/statement.html")), "{links:?}");
}

#[test]
fn a_page_shows_500_customers_and_counts_the_others() {
    let names: Vec<String> = (0..503).map(|number| format!("Customer {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let page = String::from_utf8(report(&ledger(&names), &info())).unwrap();
    assert_eq!(page.matches("/statement.html\"").count(), 500);
    assert!(page.contains("3 other customers") && page.contains("all are in <code>chargeback.csv</code>"));
    assert!(page.contains("403 more; all are in <code>caps.csv</code>"));
    assert!(page.contains("Total of 503 customers"));
}

#[test]
fn every_page_has_one_style_and_the_policy_that_allows_it() {
    let ledger = ledger(&["Acme"]);
    for page in [statement(&ledger, &info(), &ledger.charges.statement(0).unwrap()), report(&ledger, &info())] {
        let page = String::from_utf8(page).unwrap();
        let (_, rest) = page.split_once("<style>").unwrap();
        let (css, rest) = rest.split_once("</style>").unwrap();
        assert!(!rest.contains("<style") && !page.contains(" style=") && !css.contains("url("));
        let digest = <sha2::Sha256 as sha2::Digest>::digest(css);
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        assert!(page.contains(&format!("content=\"{policy}\"")), "{policy}");
    }
}

#[test]
fn a_page_that_shows_anything_else_is_refused() {
    let ledger = ledger(&["Acme", "Beta & Sons"]);
    let page = first_page(&ledger);
    assert_eq!(checked(&ledger, &page), Ok(()));
    let beta = Uuid::from_u128(0xA001).to_string();
    let acme = Uuid::from_u128(0xA000).to_string();
    for (text, instead) in [
        ("<bdi>Acme</bdi>", "<bdi>Beta &amp; Sons</bdi>"),
        ("<bdi>Acme</bdi>", "<bdi>Acme Beta</bdi>"),
        ("<bdi>Acme</bdi>", "<bdi>Acm</bdi>"),
        ("<bdi>Acme</bdi>", "Acme"),
        ("customer-000", "customer-001"),
        (&*acme, &*beta),
        ("Platform &lt;Inc&gt;", "Another platform"),
        ("Total charge", "Total charge of Beta"),
        ("Total charge", "Pooled invoice"),
        ("<title>Statement,", "<title>Beta,"),
        ("aria-label=\"Charges\"", "aria-label=\"Beta\""),
        ("class=\"total\"", "class=\"beta\""),
        ("class=\"total\"", "class=\"total\" title=\"Beta\""),
        ("class=\"total\"", "class=\"total\" data-beta=\"\""),
        ("<main>", "<main><!-- Beta -->"),
        ("<main>", "<main><beta></beta>"),
        ("<main>", "<main><a href=\"../beta\"></a>"),
        ("<main>", "<main><script>1</script>"),
        ("<main>", "<main><p>A new sentence.</p>"),
        ("<main>", "<main><p>B&#101;ta</p>"),
        ("<style>", "<style>/* Beta */"),
        ("style-src 'sha256-", "style-src * 'sha256-"),
        ("</html>", "</html>Beta"),
        ("</html>", ""),
        ("<!DOCTYPE html>", "<!DOCTYPE beta>"),
    ] {
        let changed = page.replacen(text, instead, 1);
        assert_ne!(changed, page, "`{text}` is in the page");
        assert!(checked(&ledger, &changed).is_err(), "`{instead}` for `{text}`");
    }
    let other = statement(&ledger, &info(), &ledger.charges.statement(1).unwrap());
    assert!(checked(&ledger, std::str::from_utf8(&other).unwrap()).is_err());
    assert!(privacy::check(&ledger, &info(), &ledger.charges.statement(0).unwrap(), &[binary()]).is_err());
}

fn binary() -> Made<'static> {
    Made { path: "statement.html".to_owned(), bytes: vec![0xff, 0xfe], content: Content::Page }
}

#[test]
fn a_line_on_the_wrong_statement_is_refused_by_the_page_alone() {
    let ledger = ledger(&["Acme", "Beta & Sons"]);
    let first = ledger.charges.statement(0).unwrap();
    let page = statement(&ledger, &info(), &Statement { lines: 0..2, ..first });
    let page = String::from_utf8(page).unwrap();
    assert_eq!(checked(&ledger, &page), Err("`Beta & Sons`".to_owned()));
}

#[test]
fn without_a_name_nobody_is_the_issuer() {
    let ledger = ledger(&["Acme"]);
    let page = statement(&ledger, &SetInfo::new("test", "test"), &ledger.charges.statement(0).unwrap());
    let page = String::from_utf8(page).unwrap();
    assert!(!page.contains("class=\"issuer\"") && !page.contains(">test<"));
}
