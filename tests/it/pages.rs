//! The pages of a report set, from real bytes: whole, well-formed, and word for word.

use std::fmt::Write;

use subledger::archive::{Archive, StoreOptions};
use subledger::billing::ledger::Ledger;
use subledger::billing::terms::Terms;
use subledger::nightly::{Signals, reconcile};
use subledger::report::{SetInfo, render};
use tokio::runtime::Runtime;

use crate::close::Desk;
use crate::support::{PARENT, project, tree};

/// The ledgers of a fixture's captures.
fn ledgers(fixture: &str) -> Vec<Ledger> {
    let place = project().join("fixtures").join(fixture).join("archive");
    let parents = std::fs::read_dir(&place).expect("an archive");
    let mut names = parents.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let parent = names.find_map(|name| Some(name.strip_prefix("parent=")?.to_owned())).expect("a parent");
    Runtime::new().expect("a runtime").block_on(async {
        let archive =
            Archive::open(place.to_str().expect("UTF-8"), parent.parse().expect("an id"), &StoreOptions::default());
        let archive = archive.expect("the archive");
        let mut ledgers = Vec::new();
        for key in archive.captures().await.expect("captures") {
            let ledger = reconcile(&archive, &key, Terms::default(), &Signals::default()).await;
            // some fixtures are there to be refused
            ledgers.extend(ledger);
        }
        ledgers
    })
}

/// The pages of a set, by their paths.
fn pages(ledger: &Ledger) -> Vec<(String, String)> {
    let info = SetInfo { account_name: Some("Platform Ltd".to_owned()), ..SetInfo::new("test", "subledger [VERSION]") };
    let mut pages = Vec::new();
    let made = render(ledger, &info, &mut |path, bytes| {
        if path.contains(".html") {
            pages.push((path.to_owned(), String::from_utf8(bytes).expect("UTF-8")));
        }
        Ok(())
    });
    made.expect("a set");
    pages
}

/// Every element is closed in its turn; `<meta>` alone has no end.
fn assert_well_formed(path: &str, page: &str) {
    let (mut open, mut rest) = (Vec::new(), page.strip_prefix("<!DOCTYPE html>").expect("a doctype"));
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        let name = tag.split(' ').next().expect("a name");
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{path}"),
            None if name == "meta" => {}
            None => open.push(name),
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{path}: {tag}");
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("the style ends")..];
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{path}: {open:?} {rest}");
}

#[test]
fn the_pages_of_every_fixture_are_well_formed_and_hold_nothing_to_load_or_run() {
    let fixtures = std::fs::read_dir(project().join("fixtures")).expect("fixtures");
    let mut count = 0;
    for fixture in fixtures {
        let fixture = fixture.expect("an entry").file_name().into_string().expect("UTF-8");
        if let Some(ledger) = ledgers(&fixture).last() {
            for (path, page) in pages(ledger) {
                assert_well_formed(&format!("{fixture}/{path}"), &page);
                for active in ["<script", " style=", " src=", " on", "javascript:", "http://", "https://", "@import"] {
                    let tags = page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
                    let mut tags = tags.map(|tag| format!("<{tag}"));
                    assert!(!tags.any(|tag| tag.contains(active)), "{fixture}/{path}: {active}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count}");
}

#[test]
fn every_link_of_a_report_leads_to_a_statement_of_the_set() {
    let ledger = ledgers("month").pop().expect("a ledger");
    let pages = pages(&ledger);
    let (_, report) = pages.iter().find(|(path, _)| path == "report.html").expect("a report");
    let links = report.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let (inside, others): (Vec<&str>, Vec<&str>) = links.partition(|link| link.starts_with('#'));
    assert!(inside.iter().all(|link| report.contains(&format!(" id=\"{}\"", &link[1..]))), "{inside:?}");
    assert_eq!(others.len(), ledger.charges.statements().len());
    for link in others {
        assert!(pages.iter().any(|(path, _)| path == link), "{link}");
    }
}

/// A page in lines, without its stylesheet and what hashes it.
fn told(page: &str) -> String {
    let (start, end) = (page.find("<style>").expect("a style"), page.find("</style>").expect("its end"));
    let page = format!("{}<style>[STYLE]{}", &page[..start], &page[end..]);
    let (before, policy) = page.split_once("'sha256-").expect("a policy");
    let (_, after) = policy.split_once('\'').expect("its end");
    let page = format!("{before}'sha256-[HASH]'{after}");
    let hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut told = String::new();
    let blocks = ["<tr>", "<p", "<h1", "<h2", "<h3", "<div", "<li>", "<dt>", "<section", "<table", "<rect", "<meta"];
    for (index, part) in page.split('<').enumerate() {
        let tag = if index > 0 { format!("<{part}") } else { part.to_owned() };
        let tag = match tag.split_once('>') {
            Some((open, text)) if hash(text) => format!("{open}>[SHA-256]"),
            _ => tag,
        };
        let line = if blocks.iter().any(|block| tag.starts_with(block)) { "\n" } else { "" };
        write!(told, "{line}{tag}").expect("a String");
    }
    told.replace(&format!("subledger {}", env!("CARGO_PKG_VERSION")), "subledger [VERSION]")
}

#[test]
fn a_period_with_removed_accounts_in_words() {
    let ledger = ledgers("several-gone").pop().expect("a ledger");
    let pages = pages(&ledger);
    let page = |wanted: &str| &pages.iter().find(|(path, _)| path.contains(wanted)).expect("a page").1;
    insta::assert_snapshot!("page-report-removed", told(page("report.html")));
    let removed = pages.iter().find(|(_, page)| page.contains("Derived: ")).expect("a statement of removed usage");
    insta::assert_snapshot!("page-statement-removed", told(&removed.1));
}

#[test]
fn a_correction_in_words() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    desk.closed("INV-1-A", "52.00", &["--tax", "8.30", "--add-on", "2.70", "--reason", "tax was forgotten"]);
    let files = tree(&desk.set("final-r2"));
    let page = |wanted: &str| {
        let (_, bytes) = files.iter().find(|(path, _)| path.contains(wanted)).expect("a page");
        std::str::from_utf8(bytes).expect("UTF-8").replace(PARENT, "[PARENT]")
    };
    insta::assert_snapshot!("page-report-corrected", told(&page("report.html")));
    let acme = files.keys().find(|path| path.contains("acme") && path.ends_with("statement.html"));
    insta::assert_snapshot!("page-statement-corrected", told(&page(acme.expect("a statement"))));
}
