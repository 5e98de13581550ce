//! Paging: both ways, by every name of the cursor, and what a list refuses.

use super::*;

fn cursor(page: &Value, name: &str) -> String {
    encoded(page["pagination"][name].as_str().unwrap())
}

#[test]
fn the_list_is_walked_forward_and_back_in_three_pages() {
    let bench = Bench::new(250);
    let count = bench.world.account_count();
    assert!((201..300).contains(&count), "{count}");
    for name in ["after", "cursor"] {
        let first = bench.get("?limit=100").json();
        assert_eq!(first, bench.get("").json(), "100 is the default");
        assert_eq!(first["object"], "list");
        assert!(first["pagination"].get("previous_cursor").is_none());
        let second = bench.get(&format!("?limit=100&{name}={}", cursor(&first, "next_cursor"))).json();
        let third = bench.get(&format!("?limit=100&{name}={}", cursor(&second, "next_cursor"))).json();
        assert_eq!(third["pagination"]["has_more"], false);
        assert!(third["pagination"].get("next_cursor").is_none());
        let all = [ids(&first), ids(&second), ids(&third)].concat();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|id| bench.world.sub_account(*id).is_some()));

        let back = bench.get(&format!("?before={}", cursor(&third, "previous_cursor"))).json();
        assert_eq!(ids(&back), ids(&second));
        assert_eq!(back["pagination"]["has_more"], true, "looks forward on the way back too");
        let start = bench.get(&format!("?before={}", cursor(&back, "previous_cursor"))).json();
        assert_eq!(start, first);
    }
}

#[test]
fn the_keys_are_walked_the_same_way_and_no_cursor_fits_another_list() {
    let bench = Bench::new(1);
    let [one, other] = ["One", "Other"].map(|name| bench.create(name));
    let made: Vec<Uuid> = (0..5)
        .map(|number| {
            let body = json!({"label": format!("key {number}"), "scopes": ["messages:send:all"]});
            id(&bench.send("POST", &format!("/{one}/api-keys"), body).expect(201))
        })
        .collect();
    let keys = format!("/{one}/api-keys?limit=2");
    for name in ["after", "cursor"] {
        let first = bench.get(&keys).json();
        let second = bench.get(&format!("{keys}&{name}={}", cursor(&first, "next_cursor"))).json();
        let third = bench.get(&format!("{keys}&{name}={}", cursor(&second, "next_cursor"))).json();
        let mut all = [ids(&first), ids(&second), ids(&third)].concat();
        assert_eq!(third["pagination"]["has_more"], false);
        all.sort_unstable();
        let mut expected = made.clone();
        expected.sort_unstable();
        assert_eq!(all, expected);
        let back = bench.get(&format!("{keys}&before={}", cursor(&second, "previous_cursor"))).json();
        assert_eq!(back, first);
    }
    let of_keys = cursor(&bench.get(&keys).json(), "next_cursor");
    let of_accounts = cursor(&bench.get("?limit=1").json(), "next_cursor");
    bench.assert_refused(&format!("?after={of_keys}"), 400, "invalid cursor");
    bench.assert_refused(&format!("/{one}/api-keys?after={of_accounts}"), 400, "invalid cursor");
    bench.assert_refused(&format!("/{other}/api-keys?before={of_keys}"), 400, "invalid cursor");
}

#[test]
fn a_cursor_that_is_not_percent_encoded_is_refused() {
    let bench = Bench::new(3);
    let page = bench.get("?limit=1").json();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    bench.assert_refused(&format!("?limit=1&after={cursor}"), 400, "invalid cursor");
    assert_eq!(bench.get(&format!("?limit=1&after={}", encoded(cursor))).status, 200);
}

#[test]
fn bad_questions_are_refused_with_a_message() {
    let bench = Bench::new(3);
    for limit in ["0", "101", "-1", "ten", "", "1.0"] {
        bench.assert_refused(&format!("?limit={limit}"), 400, "limit must be between 1 and 100");
    }
    bench.assert_refused("?after=a&before=b", 400, "after and before are mutually exclusive");
    bench.assert_refused("?cursor=a&before=b", 400, "after and before are mutually exclusive");
    bench.assert_refused("?before=", 400, "invalid cursor");
    bench.assert_refused("?after=a&after=b", 400, "invalid query parameters");
    let account = bench.create("Acme");
    bench.assert_refused(&format!("/{account}/api-keys?limit=0"), 400, "limit must be between 1 and 100");
}
