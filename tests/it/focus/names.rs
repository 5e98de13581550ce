//! Names as they were sent, files where readers look for them, and what is said about them.

use subledger::billing::terms::Terms;

use super::{changed, files_of, ledger, only, parquet, rows, text};
use crate::support::PARENT;
use crate::support::look::json;

#[test]
fn hostile_names_stay_as_they_are() {
    let names = [
        "=HYPERLINK(\"http://example.com\";\"a\")",
        "+1",
        "-2",
        "@SUM(A1)",
        "'quoted",
        "a,\"b\"",
        " ",
        "00123",
        "2024-01-01",
        "\u{202e}gnp.exe",
        "客户 😀",
        "NULL",
        "<script>alert(1)</script>",
    ];
    for name in names {
        let ledger = changed("vendor-example", |ledger| ledger.books.usage.sub_accounts[0].name = name.into());
        let files = files_of(&ledger, Some(name));
        let rows = rows(&files);
        let of_account: Vec<_> = rows.iter().filter(|row| row["x_AllocationRowType"] == "sub_account").collect();
        assert_eq!(of_account[0]["SubAccountName"], name);
        // nobody's name is none, and FOCUS has no empty texts
        let shown = if name.trim().is_empty() { "" } else { name };
        assert!(rows.iter().all(|row| row["BillingAccountName"] == shown), "{name}");
        parquet::assert_same(&ledger, &files);
        for path in files.keys() {
            assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.=".contains(&byte)), "{path}");
        }
    }
}

#[test]
fn a_period_that_is_no_month_has_a_folder_by_its_first_day() {
    let ledger = changed("vendor-example", |ledger| {
        let period = &mut ledger.books.usage.period;
        period.start = "2024-01-10T00:00:00.500Z".parse().expect("a time");
        period.end = "2024-02-10T00:00:00Z".parse().expect("a time");
    });
    let files = files_of(&ledger, None);
    let name = format!("billing_period=2024-01-10/ahasend-focus-{PARENT}");
    assert_eq!(only(&files, "csv/", "").0, format!("csv/{name}.csv"));
    assert_eq!(only(&files, "parquet/", "").0, format!("parquet/{name}.parquet"));
    let rows = rows(&files);
    assert_eq!(
        (&*rows[0]["BillingPeriodStart"], &*rows[0]["ChargePeriodEnd"]),
        ("2024-01-10T00:00:00Z", "2024-02-10T00:00:00Z")
    );
    parquet::assert_same(&ledger, &files);
}

#[test]
fn metadata_leads_from_each_file_to_its_schema() {
    let files = files_of(&ledger("month", Terms::default()), None);
    let rows = rows(&files);
    for format in ["csv", "parquet"] {
        let reference = json(&text(&files, "metadata/billing_period=2026-10/", &format!("-{format}.json")));
        let (path, bytes) = only(&files, &format!("{format}/"), "");
        let location = &reference["data_location"][0];
        assert_eq!(location["filepath"], path);
        assert_eq!((&location["total_bytes"], &location["total_rows"]), (&bytes.len().into(), &rows.len().into()));
        let id = reference["SchemaId"].as_str().expect("an id");
        let schema = json(&text(&files, &format!("metadata/schema-{id}"), ".json"));
        assert_eq!(schema["SchemaId"], id);
        let columns = schema["ColumnDefinition"].as_array().expect("columns");
        let header = text(&files, "csv/", ".csv");
        let header: Vec<&str> = header.lines().next().expect("a header").split(',').collect();
        assert_eq!(
            columns.iter().map(|column| column["ColumnName"].as_str().expect("a name")).collect::<Vec<_>>(),
            header
        );
        let (of_focus, own): (Vec<&str>, Vec<&str>) = header.iter().partition(|name| !name.starts_with("x_"));
        assert!(of_focus.is_sorted() && own.is_sorted() && [of_focus, own].concat() == header);
    }
}

/// Readers keep a schema by its id and its date. Whoever changes the columns gives them another date, and both a line here.
#[test]
fn other_columns_are_another_schema_of_another_date() {
    let files = files_of(&ledger("vendor-example", Terms::default()), None);
    let schema = json(&text(&files, "metadata/schema-", ".json"));
    assert_eq!(
        [&schema["CreationDate"], &schema["SchemaId"]],
        ["2026-11-21T00:00:00Z", "eda9baff-607b-8e6b-aabb-e793fdc0fbd4"]
    );
}
