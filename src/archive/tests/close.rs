//! Closes: locked by their record, whole or not there, and never wrong unnoticed.

use super::*;
use crate::archive::close::{CaptureLink, InvoiceAsTyped, Superseded};

const MANIFEST: &[u8] = b"{\"schema\":\"subledger/report-set/v1\"}\n";
const ISSUED: &[u8] = b"{\"statements\":[]}\n";

/// The record of a close, as a command hands it over.
pub(super) fn record(of: &Committed, revision: u32, supersedes: Option<&Closed>) -> CloseRecord {
    CloseRecord {
        schema: String::new(),
        tool: "subledger test".to_owned(),
        parent_account_id: PARENT,
        billing_period: of.key.period.clone(),
        revision,
        closed_at: format!("2024-02-03T09:00:0{revision}Z"),
        supersedes: supersedes
            .map(|closed| Superseded { revision: closed.record.revision, sha256: closed.sha256.clone() }),
        invoice: InvoiceAsTyped {
            number: "2024-017".to_owned(),
            amount: "80.00".to_owned(),
            tax: Some("0".to_owned()),
            credit: None,
            add_on: None,
            currency: Some("EUR".to_owned()),
            source: "command line".to_owned(),
        },
        accepted: Vec::new(),
        reason: supersedes.map(|_| "the credit note came later".to_owned()),
        capture: CaptureLink { id: of.key.id.clone(), manifest_sha256: of.sha256.clone() },
        customers_sha256: None,
        objects: Vec::new(),
    }
}

fn key(revision: u32) -> CloseKey {
    CloseKey { period: "2024-01-15".to_owned(), revision }
}

/// The files of a close, by name.
fn files(archive: &Archive, key: &CloseKey) -> Vec<PathBuf> {
    let folder = archive.folder().expect("a local one").join(archive.close_path(key).as_ref());
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn a_close_reads_back_as_it_was_put() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        assert_eq!(archive.closes().await.unwrap(), []);
        let map = archive.put_customers(b"sub_account_id,customer_id\r\n").await.unwrap();
        let first = CloseRecord { customers_sha256: Some(map.clone()), ..record(&of, 1, None) };
        let first = archive.put_close(first, MANIFEST, ISSUED).await.unwrap();
        let second = archive.put_close(record(&of, 2, Some(&first)), MANIFEST, b"{}").await.unwrap();
        assert_eq!(archive.closes().await.unwrap(), [key(1), key(2)]);
        assert_eq!(archive.close(&key(1)).await.unwrap(), first);
        assert_eq!(archive.close(&key(2)).await.unwrap(), second);
        assert_eq!((&first.manifest[..], &first.issued[..]), (MANIFEST, ISSUED));
        assert_eq!(first.record.schema, "subledger/close/v1");
        let names: Vec<_> = files(&archive, &key(1))
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let [manifest, issued, customers] = &first.record.objects[..] else { panic!("{:?}", first.record.objects) };
        assert_eq!(names, ["close.json", "close.json.sha256", &issued.name, &manifest.name]);
        assert_eq!(manifest.name, format!("manifest-{}.json.zst", &manifest.sha256[..8]));
        assert_eq!(customers.name, format!("customers/{map}.csv.zst"));
        assert_eq!(archive.shown_close(&key(1)), files(&archive, &key(1))[0].parent().unwrap().to_str().unwrap());
        assert_eq!(key(2).to_string(), "close r2 of 2024-01-15");
    });
}

#[test]
fn the_record_says_first_what_was_closed_and_last_what_it_is_made_of() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        archive.put_close(record(&of, 1, None), MANIFEST, ISSUED).await.unwrap();
        let text = std::fs::read_to_string(&files(&archive, &key(1))[0]).unwrap();
        let fields = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next());
        let expected = "schema tool parent_account_id billing_period revision closed_at supersedes invoice accepted \
                        reason capture customers_sha256 objects";
        assert_eq!(fields.collect::<Vec<_>>().join(" "), expected);
        assert!(text.ends_with("  ]\n}\n"), "{text}");
    });
}

#[test]
fn a_revision_is_closed_once() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        let first = archive.put_close(record(&of, 1, None), MANIFEST, ISSUED).await.unwrap();
        let before = files(&archive, &key(1));
        let error = archive.put_close(record(&of, 1, None), MANIFEST, b"other").await.unwrap_err();
        assert!(matches!(&error, Error::ClosedAlready { path } if path.ends_with("close=r1/close.json")), "{error}");
        assert_eq!(files(&archive, &key(1)), before);
        // the same once more is what a lost answer asks for
        std::fs::remove_file(&before[1]).unwrap();
        assert_eq!(archive.put_close(record(&of, 1, None), MANIFEST, ISSUED).await.unwrap(), first);
        assert_eq!(files(&archive, &key(1)), before);
        let none = archive.put_close(CloseRecord { revision: 0, ..record(&of, 1, None) }, MANIFEST, ISSUED).await;
        assert!(matches!(none, Err(Error::Damaged { .. })));
    });
}

#[test]
fn of_two_who_close_at_once_one_has_closed() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        let one = archive.put_close(record(&of, 1, None), MANIFEST, b"one");
        let other = archive.put_close(record(&of, 1, None), MANIFEST, b"other");
        let (won, lost) = match futures_util::future::join(one, other).await {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => panic!("{both:?}"),
        };
        assert!(matches!(lost, Error::ClosedAlready { .. }), "{lost}");
        assert_eq!(archive.close(&key(1)).await.unwrap(), won);
        assert_eq!(super::audit::audited(&archive).await.problems, []);
    });
}

#[test]
fn what_a_killed_attempt_left_is_no_close_and_in_nobodys_way() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        archive.put_close(record(&of, 1, None), MANIFEST, b"what was to be issued then").await.unwrap();
        let written = files(&archive, &key(1));
        std::fs::remove_file(&written[0]).unwrap();
        std::fs::remove_file(&written[1]).unwrap();
        assert_eq!(archive.closes().await.unwrap(), []);
        let closed = archive.put_close(record(&of, 1, None), MANIFEST, ISSUED).await.unwrap();
        assert_eq!(archive.close(&key(1)).await.unwrap(), closed);
        assert_eq!(files(&archive, &key(1)).len(), 5);
    });
}

#[test]
fn a_close_needs_its_customer_map() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        let missing = CloseRecord { customers_sha256: Some(sha256(b"never put")), ..record(&of, 1, None) };
        let error = archive.put_close(missing, MANIFEST, ISSUED).await.unwrap_err();
        assert!(error.to_string().contains(&sha256(b"never put")), "{error}");
        assert_eq!(files(&archive, &key(1)), Vec::<PathBuf>::new());
    });
}

#[test]
fn every_changed_byte_of_a_close_is_noticed() {
    let (_folder, archive) = archive();
    run(async {
        let of = capture(&archive, 1).await.unwrap();
        archive.put_close(record(&of, 1, None), MANIFEST, ISSUED).await.unwrap();
        for path in files(&archive, &key(1)) {
            let good = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            for position in 0..good.len() {
                let mut bad = good.clone();
                bad[position] ^= 1;
                std::fs::write(&path, bad).unwrap();
                let error = archive.close(&key(1)).await.unwrap_err();
                assert!(error.to_string().contains(&format!("{name}`")), "byte {position} of {name}: {error}");
            }
            std::fs::write(&path, good).unwrap();
        }
        archive.close(&key(1)).await.unwrap();
    });
}

#[test]
fn an_unknown_schema_of_a_close_is_told_from_damage() {
    let read = |text: &str| CloseRecord::from_bytes("c", text.as_bytes()).unwrap_err();
    assert!(matches!(read("{\"schema\":\"subledger/close/v9\"}"), Error::Version { .. }));
    assert!(matches!(read("{\"schema\":\"subledger/close/v1\"}"), Error::Damaged { .. }));
}

#[test]
fn only_a_number_as_we_write_it_is_a_revision() {
    use crate::archive::paths::Place;
    let place = |folder: &str| Place::of(&["period=2024-01-15", folder, "close.json"].map(str::to_owned));
    assert!(matches!(place("close=r12"), Place::Close(CloseKey { revision: 12, .. }, _)));
    for odd in ["close=r0", "close=r01", "close=r+1", "close=1", "close=", "close"] {
        assert_eq!(place(odd), Place::Unknown, "{odd}");
    }
}
