//! Paging: forward, back and by the older name, everything is seen once, whatever a page holds.

use std::fmt::Write as _;

use serde_json::Value;
use subledger::simulator::world::{Seek, World};

use super::bench::{Bench, noon};
use super::operations::{BOOTSTRAP, Operation};
use super::walk::{problems_of_body, problems_of_headers};
use super::wire::{Connection, Request};

/// A cursor for a query, with every byte percent-encoded: what cannot be misread cannot be forgotten.
pub(crate) fn encoded(cursor: &str) -> String {
    cursor.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}");
        text
    })
}

/// A list that is read page by page over one connection.
struct List {
    operation: &'static Operation,
    request: Request,
    connection: Connection,
}

/// What a page says.
struct Page {
    ids: Vec<String>,
    has_more: bool,
    next: Option<String>,
    previous: Option<String>,
}

impl List {
    fn of(bench: &Bench, name: &str) -> Self {
        Self { operation: Operation::named(name), request: bench.request(name), connection: bench.connect() }
    }

    fn page(&mut self, query: &str) -> Page {
        let answer = self.connection.ask(&self.request.clone().query(query));
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let problems = [problems_of_body(self.operation, &answer), problems_of_headers(&answer, false, false)].concat();
        assert!(problems.is_empty(), "{query}: {problems:?}");
        let body = answer.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let rows = body["data"].as_array().expect("rows");
        let pagination = &body["pagination"];
        Page {
            ids: rows.iter().filter_map(|row| text(&row["id"])).collect(),
            has_more: pagination["has_more"].as_bool().expect("true or false"),
            next: text(&pagination["next_cursor"]),
            previous: text(&pagination["previous_cursor"]),
        }
    }

    /// All pages from the first to the last, by this parameter.
    fn forward(&mut self, parameter: &str, limit: usize) -> Vec<Page> {
        let mut pages = vec![self.page(&format!("limit={limit}"))];
        while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
            assert!(pages.last().is_some_and(|page| page.has_more), "a cursor to nowhere");
            pages.push(self.page(&format!("limit={limit}&{parameter}={}", encoded(&next))));
        }
        assert!(pages.last().is_some_and(|page| !page.has_more), "more, and no cursor to it");
        pages
    }

    /// All pages before the one that a cursor is of, the nearest first.
    fn back(&mut self, from: Option<String>, limit: usize) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut previous = from;
        while let Some(cursor) = previous.take() {
            let page = self.page(&format!("before={}&limit={limit}", encoded(&cursor)));
            assert!(page.has_more && page.next.is_some(), "where one came from is still there");
            previous.clone_from(&page.previous);
            pages.push(page);
        }
        pages
    }

    /// Walks in every direction, with this many on a page.
    fn walk(&mut self, all: &[String], limit: usize) {
        let lengths = |pages: &[Page]| pages.iter().map(|page| page.ids.len()).collect::<Vec<_>>();
        let pages = self.forward("after", limit);
        let ids: Vec<_> = pages.iter().flat_map(|page| page.ids.clone()).collect();
        assert_eq!(ids, all, "forward, {limit} on a page");
        assert_eq!(pages.len(), all.len().div_ceil(limit).max(1), "{:?}", lengths(&pages));
        assert_eq!(pages[0].previous, None, "nothing is before the first page");

        let ids: Vec<_> = self.forward("cursor", limit).into_iter().flat_map(|page| page.ids).collect();
        assert_eq!(ids, all, "by the older name, {limit} on a page");

        let last = pages.last().expect("a page");
        let mut back = self.back(last.previous.clone(), limit);
        back.reverse();
        let ids: Vec<_> = back.iter().flat_map(|page| page.ids.clone()).chain(last.ids.clone()).collect();
        assert_eq!(ids, all, "back from the last page, {limit} on a page: {:?}", lengths(&back));

        // to and fro over one border leads to where one was
        if let Some(next) = pages[0].next.clone() {
            let second = self.page(&format!("limit={limit}&after={}", encoded(&next)));
            let first =
                self.page(&format!("limit={limit}&before={}", encoded(&second.previous.expect("a page before"))));
            assert_eq!((first.ids, first.previous), (pages[0].ids.clone(), None));
        }
    }
}

#[test]
fn the_list_of_accounts_covers_everything_once_in_every_direction() {
    for count in [0, 1, 3, 250] {
        let bench = Bench::of(World::seeded(5, count, noon()));
        let all: Vec<String> = bench.simulator.with_world(|world| {
            world.page(Seek::Start, usize::MAX).items.iter().map(|account| account.id.to_string()).collect()
        });
        let limits: &[usize] = if count > 3 { &[7, 25, 50, 99, 100] } else { &[1, 2, 3, 100] };
        for limit in limits {
            List::of(&bench, "listSubAccounts").walk(&all, *limit);
        }
    }
}

#[test]
fn the_list_of_keys_covers_everything_once_in_every_direction() {
    let bench = Bench::new();
    let mut list = List::of(&bench, "listSubAccountAPIKeys");
    let mut all = vec![bench.ids.key.clone()];
    for number in 1..12 {
        let body = BOOTSTRAP.replace("Bootstrap", &number.to_string());
        all.push(bench.ask(&bench.request("createSubAccountAPIKey").json(body)).text("id"));
    }
    let mut listed = list.page("limit=100").ids;
    for limit in [1, 4, 11, 12, 100] {
        list.walk(&listed.clone(), limit);
    }
    // all were made in one second, so their order is nobody's business
    listed.sort();
    all.sort();
    assert_eq!(listed, all);

    for key in &all {
        let ids = super::operations::Ids { key: key.clone(), ..bench.ids.clone() };
        let request = Operation::named("deleteSubAccountAPIKey").request(&ids).key(crate::support::KEY);
        assert_eq!(bench.ask(&request).status, 200);
    }
    list.walk(&[], 100);
}

#[test]
fn a_limit_of_a_hundred_is_what_one_gets_without_any() {
    let bench = Bench::of(World::seeded(5, 250, noon()));
    assert_eq!(bench.get("").body, bench.get("?limit=100").body);
    assert_eq!(bench.get("").json()["data"].as_array().map(Vec::len), Some(100));
}

#[test]
fn two_directions_at_once_are_refused() {
    let bench = Bench::new();
    let cursor = encoded(&bench.get("?limit=1").json()["pagination"]["next_cursor"].to_string().replace('"', ""));
    for query in ["after=C&before=C", "before=C&after=C", "cursor=C&before=C"] {
        let answer = bench.get(&format!("?{}", query.replace('C', &cursor)));
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
    }
}

#[test]
fn a_cursor_is_understood_percent_encoded_and_only_so() {
    let bench = Bench::new();
    let page = bench.get("?limit=2").json();
    let cursor = page["pagination"]["next_cursor"].as_str().expect("a second page");
    let form = cursor.replace('+', "%2b").replace('&', "%26").replace('=', "%3d");
    let whole = bench.get(&format!("?limit=2&after={}", encoded(cursor)));
    assert_eq!(bench.get(&format!("?limit=2&after={form}")).body, whole.body, "in small letters, where needed");
    assert_eq!(bench.get(&format!("?limit=2&after={cursor}")).status, 400, "as it came");
    let twice = encoded(&encoded(cursor));
    assert_eq!(bench.get(&format!("?limit=2&after={twice}")).status, 400, "twice");
}

#[test]
fn a_row_that_goes_while_one_pages_hides_and_repeats_nobody_else() {
    let bench = Bench::of(World::seeded(5, 30, noon()));
    let mut list = List::of(&bench, "listSubAccounts");
    let all: Vec<String> = list.page("limit=100").ids;
    let first = list.page("limit=10");
    // the one that the cursor stands on
    let ids = super::operations::Ids { sub_account: first.ids[9].clone(), ..bench.ids.clone() };
    let gone = Operation::named("deleteSubAccount").request(&ids).key(crate::support::KEY);
    assert_eq!(bench.ask(&gone).status, 200);
    let second = list.page(&format!("limit=10&after={}", encoded(&first.next.expect("a second page"))));
    assert_eq!(second.ids, all[10..20]);
}
