//! That the search finds what it is for: the key in every container and spelling, a part of it, and whatever a test leaves.

use std::io::{Cursor, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ExitStatus, Output};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use subledger::report::parquet;
use subledger::report::table::{Cells, Spec, Table};

use crate::support::{KEY, Ran, home, leaks};

/// The key in other bytes, in every way in which somebody could write it.
fn spelled() -> Vec<Vec<u8>> {
    let each = |spell: &dyn Fn(u8) -> String| KEY.bytes().map(spell).collect::<String>();
    let mut spelled = vec![
        KEY.to_owned(),
        KEY.to_uppercase(),
        each(&|byte| format!("{byte:02x}")),
        each(&|byte| format!("{byte:02X}")),
        each(&|byte| format!("%{byte:02x}")),
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("\\u{byte:04x}")),
        each(&|byte| format!("\\u{byte:04X}")),
    ];
    for before in ["", "?", "??", "Authorization: Bearer "] {
        for after in ["", "~", "~~"] {
            let text = format!("{before}{KEY}{after}");
            spelled.push(BASE64_STANDARD.encode(&text));
            spelled.push(BASE64_URL_SAFE.encode(&text));
            spelled.push(BASE64_URL_SAFE_NO_PAD.encode(&text));
        }
    }
    let mut spelled: Vec<Vec<u8>> = spelled.into_iter().map(String::into_bytes).collect();
    spelled.push(KEY.encode_utf16().flat_map(u16::to_le_bytes).collect());
    spelled.push(KEY.encode_utf16().flat_map(u16::to_be_bytes).collect());
    spelled
}

/// Something long that has nothing to do with the key.
fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|at| b"0123456789abcdef-,\"{}"[at * at % 21]).collect()
}

#[test]
fn the_key_is_found_in_every_spelling_and_wherever_it_is() {
    for spelled in spelled() {
        for before in 0..40 {
            let text = [noise(before), spelled.clone(), noise(1_000)].concat();
            assert!(leaks::in_text(&text).is_some(), "{}", String::from_utf8_lossy(&text));
        }
    }
    assert_eq!(leaks::in_text(&noise(100_000)), None);
    assert_eq!(leaks::in_text(b""), None);
}

#[test]
fn a_part_of_the_key_is_found_and_its_form_is_none() {
    for at in 0..KEY.len() - 24 {
        for before in 0..20 {
            let text = [noise(before), KEY.as_bytes()[at..at + 24].to_vec()].concat();
            assert!(leaks::in_text(&text).is_some(), "{}", String::from_utf8_lossy(&text));
        }
    }
    assert_eq!(leaks::in_text(&KEY.as_bytes()[..23]), None);
    assert_eq!(leaks::in_text(format!("aha-sk-{}", "0123456789abcdef".repeat(4)).as_bytes()), None);
}

fn zipped(name: &str, text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
    zip.write_all(text.as_bytes()).expect("a file");
    zip.finish().expect("a zip").into_inner()
}

fn workbook(text: &str) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "customer").expect("a cell").write_string(1, 0, text).expect("a cell");
    workbook.save_to_buffer().expect("a workbook")
}

/// A Parquet file as reports have it, with so many other texts; where there are few, its writer makes a dictionary of them.
fn table(text: &str, others: usize) -> Vec<u8> {
    let mut cells: Vec<_> = (0..others).map(|other| Some(format!("Customer {other}").into())).collect();
    cells.insert(others / 2, Some(text.into()));
    let table = Table { columns: vec![(Spec::new("customer_name", "", ""), Cells::Text(cells))] };
    parquet::bytes("t", &table).expect("a table")
}

#[test]
fn the_key_is_found_in_every_container() {
    let folder = home();
    let many = |between: &str| (0..200).map(|at| format!("{at}{between}")).collect::<Vec<_>>().concat();
    // far from the edges, and in the middle of what compresses well
    let text = format!("{}{KEY}{}", many(" a "), many(" b "));
    let files = [
        ("plain.log", text.clone().into_bytes()),
        ("base64.log", BASE64_STANDARD.encode(&text).into_bytes()),
        ("body.json.zst", zstd::encode_all(text.as_bytes(), 3).expect("a body")),
        ("book.xlsx", workbook(&text)),
        ("any.zip", zipped("a", &text)),
        ("name.zip", zipped(KEY, "")),
        ("few.parquet", table(KEY, 3)),
        ("many.parquet", table(KEY, 5_000)),
        // between the others, so that it is neither of the two that the statistics show
        ("within.parquet", table(&format!("Customer 2 {text}"), 50)),
        ("nested.zst", zstd::encode_all(&workbook(KEY)[..], 3).expect("a body")),
        (KEY, Vec::new()),
    ];
    for (name, bytes) in &files {
        let is_packed = ["body.json.zst", "book.xlsx", "any.zip", "within.parquet", "nested.zst"].contains(name);
        assert!(!is_packed || leaks::in_text(bytes).is_none(), "{name} shows whether packed files are opened");
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    std::os::unix::fs::symlink(format!("/{KEY}"), folder.path().join("link")).expect("a link");
    let found = leaks::below(folder.path(), |_| false);
    for name in files.iter().map(|(name, _)| *name).chain(["link"]) {
        assert!(found.leaks.iter().any(|leak| leak.contains(name)), "{name}: {:?}", found.leaks);
    }
    assert_eq!((found.leaks.len(), found.file_count), (files.len() + 1, files.len() + 2));
    folder.may_hold_the_key(|_| true);
}

#[test]
fn other_texts_in_the_same_containers_are_no_leaks() {
    let folder = home();
    let other = KEY.replace("7c1f0e5b", "00000000").replace("9d3a7f0e", "11111111").replace("1f5e9c3b", "22222222");
    for (name, bytes) in [("a.xlsx", workbook(&other)), ("a.parquet", table(&other, 9)), ("a.log", other.into_bytes())]
    {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
}

/// Whether work fails its test.
fn fails(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_test_that_leaves_the_key_fails() {
    let leaves = |path: &str, bytes: Vec<u8>| {
        fails(|| {
            let folder = home();
            folder.may_hold_the_key(|path| path == "kept");
            std::fs::write(folder.path().join(path), bytes).expect("a file");
        })
    };
    assert!(leaves("chargeback.xlsx", workbook(KEY)));
    assert!(!leaves("chargeback.xlsx", workbook("Acme")));
    assert!(!leaves("kept", KEY.into()));
}

#[test]
fn a_run_that_says_the_key_or_what_a_log_would_act_on_fails_its_test() {
    let says = |stdout: &str, stderr: &str| {
        let output = Output { status: ExitStatus::from_raw(0), stdout: stdout.into(), stderr: stderr.into() };
        fails(|| drop(Ran::from(output)))
    };
    assert!(!says("id\tname\r\n", "evidence: untouched\n"));
    assert!(says(KEY, "") && says("", KEY) && says("", &BASE64_STANDARD.encode(KEY)));
    for harm in ["\u{1b}[2J", "a\rb", "\u{7}", "\u{9b}", "::error::x", "a\n  ::add-mask::x", "a ##[error]x", "\u{202e}"]
    {
        assert!(says(harm, "") || harm == "\u{202e}", "{harm:?}");
        assert!(says("", harm), "{harm:?}");
    }
}
