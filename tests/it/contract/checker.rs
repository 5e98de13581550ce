//! The checker is worth something: it takes what is right, and refuses everything that is wrong.

use serde_json::{Value, json};

use super::bench::Bench;
use super::bodies;
use super::operations::{OPERATIONS, Operation};
use super::schema::{COUNT, Field, Others, Schema, TEXT, may, must, parse};
use super::walk::{problems_of_body, problems_of_headers};

/// An object in an array in an object.
const ROW: Schema = Schema::Object(&[must("id", COUNT)], Others::Borne);
const ROWS: Schema = Schema::Object(&[must("rows", Schema::Array(&ROW, 0))], Others::Borne);

const ID: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";

/// Whether a value passes.
fn passes(schema: &Schema, value: &Value) -> bool {
    schema.problems(value).is_empty()
}

/// Of two JSON arrays, everything in the first passes and nothing in the second does.
#[track_caller]
fn assert_tells_apart(schema: Schema, right: &Value, wrong: &Value) {
    for (values, is_right) in [(right, true), (wrong, false)] {
        for value in values.as_array().expect("values") {
            assert_eq!(passes(&schema, value), is_right, "{schema}: {value}");
            assert_eq!(schema.problems_of_sender(value).is_empty(), is_right, "{schema}: {value}");
        }
    }
}

#[test]
fn texts_are_told_apart() {
    let told = assert_tells_apart;
    told(TEXT, &json!(["", "x"]), &json!([7, null, true, [], {}]));
    told(Schema::Text { min: 1, max: 3 }, &json!(["x", "üüü"]), &json!(["", "xxxx", "üüüü", null]));
    let (long, longer) = (format!("{}.com", "a".repeat(63)), format!("{}.com", "a".repeat(64)));
    let many = "abc.".repeat(63) + "abcd";
    let wrong = json!(["acme", "https://acme.example.com", "-a.example", "a..b", "ä.example", "a.b.", longer, many, 7]);
    told(Schema::Domain, &json!(["acme.example.com", "a-1.example", long]), &wrong);
    let wrong = json!(["", "x", ID.replace('-', ""), format!("{{{ID}}}"), &ID[1..], format!("urn:uuid:{ID}"), 7, null]);
    told(Schema::Uuid, &json!([ID, ID.to_uppercase()]), &wrong);
    let wrong = json!([
        "",
        "2024-01-01",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00+00:00",
        "2024-02-30T00:00:00Z",
        "2024-01-01t00:00:00Z",
        "2024-01-01T00:00:00z",
        1_704_067_200,
        null
    ]);
    told(Schema::Instant, &json!(["2024-01-01T00:00:00Z", "2024-02-29T23:59:59.123456Z"]), &wrong);
    told(Schema::OneOf(&["a", "b"]), &json!(["a", "b"]), &json!(["A", "", "c", ["a"], null]));
}

#[test]
fn numbers_and_the_rest_are_told_apart() {
    let told = assert_tells_apart;
    told(COUNT, &json!([0, i64::MAX]), &json!([-1, 5.0, 1e3, "5", null, i64::MAX.unsigned_abs() + 1]));
    told(Schema::Integer { min: 1, max: 3 }, &json!([1, 3]), &json!([0, 4, -2]));
    told(Schema::Number { min: 0.0 }, &json!([0, 0.0, 60.25, 1e-9]), &json!([-0.01, -1, "60.0", null]));
    told(Schema::Boolean, &json!([true, false]), &json!(["true", 1, null]));
    told(Schema::Nullable(&Schema::Uuid), &json!([null, ID]), &json!(["", "null", 0]));
    told(Schema::Array(&COUNT, 0), &json!([[], [1, 2]]), &json!([[-1], [1, null], {}, null]));
    told(Schema::Array(&COUNT, 1), &json!([[1]]), &json!([[]]));
}

#[test]
fn fields_are_required_or_not_and_others_are_borne_or_not() {
    let fields: &'static [Field] = const { &[must("id", COUNT), may("name", TEXT)] };
    let (open, closed) = (Schema::Object(fields, Others::Borne), Schema::Object(fields, Others::Refused));
    for (value, bears, keeps_to_it) in [
        (json!({ "id": 1 }), true, true),
        (json!({ "id": 1, "name": "x" }), true, true),
        (json!({ "name": "x" }), false, false),
        (json!({ "id": 1, "name": null }), false, false),
        (json!({ "id": 1, "colour": "blue" }), true, false),
        (json!([1, "x"]), false, false),
        (json!(null), false, false),
    ] {
        assert_eq!((passes(&open, &value), passes(&closed, &value)), (bears, keeps_to_it), "{value}");
        assert_eq!(open.problems_of_sender(&value).is_empty(), keeps_to_it, "{value}");
    }
    let problems = ROWS.problems_of_sender(&json!({ "rows": [{ "id": 1, "x": 2 }, {}] }));
    assert_eq!(problems, ["`$.rows[0].x` is known to no schema", "`$.rows[1].id` is missing"]);
}

#[test]
fn json_names_each_field_once() {
    for good in ["null", "true", "-1", "18446744073709551615", "1.5", "\"x\"", "[1,[]]", r#"{"a":{"a":1},"b":2}"#] {
        assert_eq!(parse(good), Ok(serde_json::from_str(good).unwrap()), "{good}");
    }
    for bad in ["", "{", "{}{}", r#"{"a":1,"a":1}"#, r#"[{"a":1,"b":2,"a":3}]"#, "NaN", "1.", "'x'"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

/// Calls with the way to every field of a body, each once.
fn each_field(body: &Value, path: &str, visit: &mut impl FnMut(&str)) {
    match body {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}/{name}");
                visit(&path);
                each_field(value, &path, visit);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                each_field(first, &format!("{path}/0"), visit);
            }
        }
        _ => {}
    }
}

/// Puts a value in the place of a field, or takes the field out.
fn put(body: &Value, path: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = path.rsplit_once('/').expect("a field");
    let object = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    body
}

/// Whether a field may be absent, or null, by the vendor's word.
fn may_lack(operation: &Operation, path: &str) -> (bool, bool) {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_optional = match operation.name {
        "listSubAccounts" | "listSubAccountAPIKeys" => ["next_cursor", "previous_cursor"].contains(&name),
        _ => false,
    };
    (is_optional, ["last_activity_at", "last_used_at", "domain_id"].contains(&name))
}

#[test]
fn every_change_to_a_real_body_is_noticed() {
    for operation in &OPERATIONS {
        let bench = Bench::new();
        let request = bench.request(operation.name);
        // a list with a page behind the first has more to say
        let request = if operation.name.starts_with("list") { request.query("limit=1") } else { request };
        let body = bench.ask(&request).json();
        let schema = operation.schema(operation.success);
        assert!(schema.problems_of_sender(&body).is_empty());
        each_field(&body, "", &mut |path| {
            let (may_be_absent, may_be_null) = may_lack(operation, path);
            let is_right = |value| passes(&schema, &put(&body, path, value));
            assert_eq!(is_right(None), may_be_absent, "{}: {path} is gone", operation.name);
            assert_eq!(is_right(Some(Value::Null)), may_be_null, "{}: {path} is null", operation.name);
            let was = body.pointer(path).expect("it is there");
            for other in [json!("?"), json!(-1), json!(7.5), json!(true), json!([0]), json!({ "x": 1 })] {
                let is_alike = (was.is_string() && other.is_string()) || (was.is_boolean() && other.is_boolean());
                let is_amount = path.ends_with("/allocated_cost") && other == json!(7.5);
                if !is_alike && !is_amount {
                    assert!(!is_right(Some(other.clone())), "{}: {path} is {other}", operation.name);
                }
            }
            let extra =
                put(&body, &format!("{}/colour", path.rsplit_once('/').expect("a field").0), Some(json!("blue")));
            assert!(!schema.problems_of_sender(&extra).is_empty(), "{}: a field beside {path}", operation.name);
        });
    }
}

#[test]
fn texts_that_are_more_than_texts_are_looked_into() {
    let bench = Bench::new();
    let account = bench.shown();
    for (field, wrong) in [
        ("object", "list"),
        ("id", "x"),
        ("parent_account_id", ""),
        ("website", "https://acme.example.com"),
        ("status", "paused"),
        ("created_at", "yesterday"),
        ("last_activity_at", ""),
    ] {
        assert!(!passes(&bodies::SUB_ACCOUNT, &put(&account, &format!("/{field}"), Some(json!(wrong)))), "{field}");
    }
    let usage = bench.ask(&bench.request("getSubAccountsUsage")).json();
    for path in ["/sub_accounts/0/account_id", "/parent/account_id", "/billing_period/end", "/allocation_method"] {
        assert!(!passes(&bodies::USAGE, &put(&usage, path, Some(json!("x")))), "{path}");
    }
    let error = json!({ "message": "x", "code": 7 });
    assert!(!passes(&bodies::ERROR, &error) && passes(&bodies::DELETED, &error));
    assert!(!passes(&bodies::API_KEY, &json!({})) && !passes(&bodies::NEW_API_KEY, &json!({})));
}

#[test]
fn an_answer_that_is_spoilt_on_its_way_is_noticed() {
    for (kind, names) in [
        ("extra-field", &["listSubAccounts", "getSubAccountsUsage", "getSubAccount", "createSubAccountAPIKey"][..]),
        ("missing-field", &["listSubAccounts", "getSubAccountsUsage", "getSubAccount"]),
        ("malformed", &["listSubAccounts", "getSubAccountsUsage", "deleteSubAccount"]),
        ("content-type", &["listSubAccounts", "getSubAccountsUsage", "deleteSubAccount"]),
    ] {
        for name in names {
            let bench = Bench::new();
            bench.fault(&format!("{kind},count=1"));
            let answer = bench.ask(&bench.request(name));
            assert_eq!(answer.status, Operation::named(name).success, "{kind}");
            assert!(!problems_of_body(Operation::named(name), &answer).is_empty(), "{kind} of {name}: {}", answer.body);
            assert_eq!(problems_of_headers(&answer, false, false), [""; 0], "{kind} of {name}");
        }
    }
}
