//! The archive's promises: usage durable first, complete or not there, chained, and never wrong unnoticed.

mod audit;
mod chain;
mod close;
mod customers;
mod seal;

use chrono::TimeZone;

use super::open::without_secrets;
use super::paths::MANIFEST_NAME;
use super::*;

const PARENT: Uuid = Uuid::from_u128(0x9d0c);

fn at(second: u32) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc.with_ymd_and_hms(2024, 1, 15, 2, 0, second).unwrap()
}

fn body(request: &str, text: &str) -> Body {
    let bytes = bytes::Bytes::copy_from_slice(text.as_bytes());
    Body { request: request.to_owned(), status: 200, server_date: None, request_id: None, bytes }
}

fn archive() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = Archive::open_or_create(folder.path().to_str().expect("UTF-8"), PARENT, &StoreOptions::default())
        .expect("an archive");
    (folder, archive)
}

/// A capture's folder on disk.
fn folder_of(archive: &Archive, key: &CaptureKey) -> PathBuf {
    archive.folder().expect("a local one").join(archive.capture_path(key).as_ref())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn capture(archive: &Archive, second: u32) -> Result<Committed, Error> {
    let mut draft = archive.begin(at(second), &body("/usage", "{\"u\":1}")).await?;
    draft.link().await?;
    draft.place(at(0), at(59), 2).await?;
    draft.page(body("/list?limit=100", "{\"p\":1}"), 100).await?;
    draft.page(body("/list?limit=100&after=x", "{\"p\":2}"), 50).await?;
    let gone = Body { status: 404, ..body(&format!("/{}", Uuid::max()), "{\"message\":\"no\"}") };
    draft.lookup(gone);
    draft.commit("subledger test", "http://localhost").await
}

#[test]
fn a_capture_reads_back_as_it_was_received() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    let (captures, read) = run(async {
        let committed = capture(&archive, 1).await.unwrap();
        (archive.captures().await.unwrap(), archive.read(&committed.key).await.unwrap())
    });
    assert_eq!(captures, [CaptureKey { id: "20240115T020001Z".to_owned(), period: "2024-01-15".to_owned() }]);
    assert_eq!(&read.usage[..], b"{\"u\":1}");
    assert_eq!(read.pages, ["{\"p\":1}", "{\"p\":2}"]);
    assert_eq!(read.lookups, [StoredLookup { account_id: Uuid::max(), body: None }]);
    assert_eq!(
        read.manifest.counts,
        manifest::Counts { usage_accounts: 2, listed_accounts: 150, pages: 2, lookups: 1 }
    );
    assert!(!folder.path().join(format!("parent={PARENT}/inbox/capture=20240115T020001Z/usage.json.zst")).exists());
}

#[test]
fn manifests_form_a_chain_and_a_second_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        let first = capture(&archive, 1).await.unwrap();
        assert!(matches!(capture(&archive, 1).await, Err(Error::Taken { .. })));
        let second = capture(&archive, 2).await.unwrap();
        let previous = archive.read(&second.key).await.unwrap().manifest.previous.unwrap();
        assert_eq!((previous.capture, previous.sha256), (first.key.id, Some(first.sha256)));
    });
}

#[test]
fn a_clock_that_steps_back_does_not_fork_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        for second in [10, 5, 12] {
            capture(&archive, second).await.unwrap();
        }
        let mut previous = Vec::new();
        for key in archive.captures().await.unwrap() {
            let manifest = archive.read(&key).await.unwrap().manifest;
            previous.push((key.id[13..15].to_owned(), manifest.previous.map(|link| link.capture[13..15].to_owned())));
        }
        let linked = |a: &str, b: Option<&str>| (a.to_owned(), b.map(str::to_owned));
        assert_eq!(previous, [linked("05", Some("10")), linked("10", None), linked("12", Some("05"))]);
    });
}

#[test]
fn something_odd_instead_of_a_manifest_does_not_keep_tonight_out() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        let first = capture(&archive, 1).await.unwrap().key;
        std::fs::remove_file(folder.path().join(archive.capture_path(&first).as_ref()).join(MANIFEST_NAME)).unwrap();
        std::fs::create_dir(folder.path().join(archive.capture_path(&first).as_ref()).join(MANIFEST_NAME)).unwrap();
        let second = capture(&archive, 2).await.unwrap();
        assert_eq!(archive.captures().await.unwrap(), std::slice::from_ref(&second.key));
        assert_eq!(archive.read(&second.key).await.unwrap().manifest.previous, None);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_whose_name_is_no_text_hides_no_capture() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        for second in [1, 2] {
            let key = capture(&archive, second).await.unwrap().key;
            let beside = folder.path().join(archive.capture_path(&key).as_ref());
            std::fs::write(beside.join(std::ffi::OsStr::from_bytes(b"odd\xff")), "x").unwrap();
        }
        let third = capture(&archive, 3).await.unwrap().key;
        assert_eq!(archive.captures().await.unwrap().len(), 3);
        let previous = archive.read(&third).await.unwrap().manifest.previous.unwrap();
        assert_eq!(previous.capture, "20240115T020002Z");
    });
}

#[test]
fn a_capture_without_manifest_does_not_exist_and_its_usage_stays() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        let mut draft = archive.begin(at(1), &body("/usage", "{\"u\":1}")).await.unwrap();
        draft.place(at(0), at(59), 2).await.unwrap();
        let inbox = draft.shown_inbox();
        drop(draft);
        assert_eq!(archive.captures().await.unwrap(), []);
        assert!(std::path::Path::new(&inbox).join("usage.json.zst").exists());
        // the same second again: the same bytes go on where the crash was, other bytes must take another second
        assert!(matches!(archive.begin(at(1), &body("/usage", "{\"u\":2}")).await, Err(Error::Taken { .. })));
        capture(&archive, 1).await.unwrap();
    });
}

#[test]
fn every_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        let key = capture(&archive, 1).await.unwrap().key;
        for name in ["usage.json.zst", "accounts-0001.json.zst", "lookups.json.zst"] {
            let path = folder.path().join(archive.capture_path(&key).as_ref()).join(name);
            let good = std::fs::read(&path).unwrap();
            for position in 0..good.len() {
                let mut bad = good.clone();
                bad[position] ^= 1;
                std::fs::write(&path, bad).unwrap();
                let error = archive.read(&key).await.unwrap_err();
                assert!(error.to_string().contains(name), "{error}");
            }
            std::fs::write(&path, good).unwrap();
        }
        archive.read(&key).await.unwrap();
    });
}

/// An answer that was lost on its way is followed by the same write.
#[test]
fn an_object_that_is_there_already_is_compared_and_never_replaced() {
    let store = Arc::new(object_store::memory::InMemory::new());
    let remote = Archive {
        store,
        root: Path::default(),
        location: String::new(),
        folder: None,
        account_id: PARENT,
        spool: None,
    };
    for archive in [archive().1, remote] {
        run(async {
            let path = archive.parent_path().join("evidence");
            archive.create(&path, b"first".to_vec()).await.unwrap();
            archive.create(&path, b"first".to_vec()).await.unwrap();
            assert!(matches!(archive.create(&path, b"other".to_vec()).await, Err(Error::Conflict { .. })));
            assert_eq!(archive.fetch(&path).await.unwrap(), "first");
        });
    }
}

#[test]
fn what_a_killed_run_left_half_written_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open_or_create(folder.path().to_str().unwrap(), PARENT, &StoreOptions::default()).unwrap();
    run(async {
        let key = capture(&archive, 1).await.unwrap().key;
        let left = folder.path().join(archive.capture_path(&key).as_ref()).join("capture.json#1");
        std::fs::write(&left, "half").unwrap();
        archive.sweep();
        assert!(!left.exists());
        archive.read(&key).await.unwrap();
    });
}

#[test]
fn an_unknown_schema_is_told_from_damage() {
    let read = |text: &str| Manifest::from_bytes("m", text.as_bytes()).unwrap_err();
    assert!(matches!(read("{\"schema\":\"subledger/capture/v9\"}"), Error::Version { .. }));
    assert!(matches!(read("{\"schema\":\"subledger/capture/v1\"}"), Error::Damaged { .. }));
    assert!(matches!(read(""), Error::Damaged { .. }));
}

#[test]
fn credentials_in_a_location_are_not_shown() {
    assert_eq!(without_secrets("s3://key:secret@bucket/prefix/?token=x"), "s3://bucket/prefix");
    assert_eq!(without_secrets("archive"), "archive");
}
