//! The audit: nothing in an untouched archive, and the very file wherever one byte is another.

use std::collections::BTreeMap;

use super::close::record;
use super::*;
use crate::archive::audit::Problem;

/// Flips of each file: the first byte, the last, and as many between them.
const FLIPS_PER_FILE: usize = 16;
/// Single bits and all of them, in turn.
const MASKS: [u8; 5] = [0x01, 0x10, 0x20, 0x80, 0xff];

/// A capture at this second of the period that begins at this day of January, with a list of several pages.
pub(super) async fn captured(archive: &Archive, second: u32, day: u32) -> Committed {
    let start = chrono::Utc.with_ymd_and_hms(2024, 1, day, 0, 0, 0).single().expect("a day");
    let mut draft = archive.begin(at(second), &body("/usage", &format!("{{\"u\":{second}}}"))).await.expect("usage");
    draft.link().await.expect("a link");
    draft.place(start, at(59), 2).await.expect("a place");
    for page in 1..=3 {
        draft.page(body(&format!("/list?after={page}"), &format!("{{\"p\":{page}}}")), 100).await.expect("a page");
    }
    draft.lookup(Body { status: 404, ..body(&format!("/{}", Uuid::max()), "{\"message\":\"no\"}") });
    draft.commit("subledger test", "http://localhost").await.expect("a capture")
}

/// Three captures over two periods, the first of them closed and corrected, with a customer map.
pub(super) async fn filled(archive: &Archive) {
    let first = captured(archive, 1, 1).await;
    let second = captured(archive, 2, 1).await;
    captured(archive, 3, 15).await;
    let map = archive.put_customers(b"sub_account_id,customer_id\r\n").await.expect("a map");
    let issued = CloseRecord { customers_sha256: Some(map.clone()), ..record(&first, 1, None) };
    let issued = archive.put_close(issued, b"{\"set\":1}\n", b"{\"issued\":1}\n").await.expect("a close");
    let corrected = CloseRecord { customers_sha256: Some(map), ..record(&second, 2, Some(&issued)) };
    archive.put_close(corrected, b"{\"set\":2}\n", b"{\"issued\":2}\n").await.expect("a correction");
}

/// The audit without progress.
pub(super) async fn audited(archive: &Archive) -> Audit {
    archive.audit(&|_| {}).await.expect("an archive that can be listed")
}

/// Every file below the archive's folder, by path, as it was.
fn files(archive: &Archive) -> BTreeMap<String, Vec<u8>> {
    let listing = run(archive.list()).expect("a listing");
    let read = |path: String| (path.clone(), std::fs::read(&path).expect("a file"));
    listing.found.into_iter().map(|found| read(found.shown)).collect()
}

/// What is expected to be in doubt when this file is another.
fn affected(path: &str) -> Vec<&'static str> {
    let (r1, r2) = ("close r1 of 2024-01-01", "close r2 of 2024-01-01");
    let of_it = [("T020001Z", "20240115T020001Z", Some(r1)), ("T020002Z", "20240115T020002Z", Some(r2))];
    let mut affected: Vec<&str> = match path {
        _ if path.contains("/customers/") => vec![r1, r2],
        _ if path.contains("close=r1") => vec![r1],
        _ if path.contains("close=r2") => vec![r2],
        _ if path.contains("T020003Z") => vec!["20240115T020003Z"],
        _ => of_it
            .iter()
            .filter(|(id, ..)| path.contains(id))
            .flat_map(|(_, id, close)| [Some(*id), *close])
            .flatten()
            .collect(),
    };
    if path.ends_with("capture.json.sha256") {
        affected.truncate(1);
    }
    affected
}

/// The problem that names this file; no other file is named, but by a manifest or a record that was changed itself.
fn problem_of<'a>(audit: &'a Audit, path: &str, what: &str) -> &'a Problem {
    let found = audit.problems.iter().find(|problem| problem.path == path);
    let found = found.unwrap_or_else(|| panic!("{what} of {path} is not told: {:#?}", audit.problems));
    assert_eq!(found.affected, affected(path), "{what} of {path}: {found:?}");
    for other in audit.problems.iter().filter(|problem| problem.path != path) {
        assert!(
            other.problem.contains(&format!("but `{path}`, which says so, was changed itself")),
            "{what} of {path}: {other:?}"
        );
    }
    let doubted = audit.captures.iter().filter(|capture| !capture.is_intact).map(|capture| capture.key.id.clone());
    let doubted =
        doubted.chain(audit.closes.iter().filter(|close| !close.is_intact).map(|close| close.key.to_string()));
    assert!(
        doubted.clone().all(|label| found.affected.contains(&label)),
        "{what} of {path}: {:?}",
        doubted.collect::<Vec<_>>()
    );
    found
}

#[test]
fn an_untouched_archive_has_nothing_to_tell() {
    let (_folder, archive) = archive();
    run(async {
        assert_eq!(audited(&archive).await.objects, 0);
        filled(&archive).await;
        let before = archive.list().await.unwrap().found;
        let audit = audited(&archive).await;
        assert_eq!((audit.problems, audit.notes), (Vec::new(), Vec::new()));
        let ids: Vec<&str> = audit.captures.iter().map(|capture| &capture.key.id[13..15]).collect();
        assert_eq!(ids, ["01", "02", "03"]);
        assert!(audit.captures.iter().all(|capture| capture.is_intact && capture.sha256.is_some()));
        let revisions: Vec<u32> = audit.closes.iter().map(|close| close.key.revision).collect();
        assert_eq!(revisions, [1, 2]);
        assert!(audit.closes.iter().all(|close| close.is_intact && close.sha256.is_some()));
        // of each capture three objects, manifest and seal; of each close two, record and seal; one map
        assert_eq!((audit.objects, audit.bodies), (3 * 5 + 2 * 4 + 1, 3 * (1 + 3 + 1)));
        assert_eq!(archive.list().await.unwrap().found, before);
    });
    let bytes: usize = files(&archive).values().map(Vec::len).sum();
    assert_eq!(run(audited(&archive)).bytes, u64::try_from(bytes).unwrap());
}

#[test]
fn one_changed_byte_in_any_file_is_told_of_that_file() {
    let (_folder, archive) = archive();
    run(filled(&archive));
    for (path, good) in files(&archive) {
        for flip in 0..FLIPS_PER_FILE.min(good.len()) {
            let position = flip * (good.len() - 1) / (FLIPS_PER_FILE.min(good.len()) - 1);
            let mut bad = good.clone();
            bad[position] ^= MASKS[flip % MASKS.len()];
            std::fs::write(&path, bad).unwrap();
            problem_of(&run(audited(&archive)), &path, &format!("byte {position}"));
        }
        let mut longer = good.clone();
        longer.push(b'\n');
        std::fs::write(&path, longer).unwrap();
        problem_of(&run(audited(&archive)), &path, "one byte more");
        std::fs::write(&path, "").unwrap();
        problem_of(&run(audited(&archive)), &path, "no byte");
        std::fs::write(&path, good).unwrap();
    }
    assert_eq!(run(audited(&archive)).problems, []);
}

#[test]
fn every_file_that_is_gone_is_told_of_and_a_seal_is_only_noted() {
    let (_folder, archive) = archive();
    run(filled(&archive));
    for (path, good) in files(&archive) {
        std::fs::remove_file(&path).unwrap();
        let audit = run(audited(&archive));
        if path.ends_with(".sha256") {
            assert_eq!(audit.problems, [], "{path}");
            assert_eq!(audit.notes.iter().map(|note| &note.path).collect::<Vec<_>>(), [&path]);
        } else {
            let problem = problem_of(&audit, &path, "the absence");
            assert!(problem.problem.starts_with("it is not there"), "{problem:?}");
        }
        std::fs::write(&path, good).unwrap();
    }
}

#[test]
fn what_belongs_to_no_capture_is_noted() {
    let (_folder, archive) = archive();
    run(async {
        filled(&archive).await;
        let keys = archive.captures().await.unwrap();
        archive.put_derived(&keys[0], "usage.parquet", b"a table".to_vec()).await.unwrap();
        let parent = folder_of(&archive, &keys[0]).join("../..").canonicalize().unwrap();
        std::fs::write(parent.join(".lock"), "process 42").unwrap();
        assert_eq!(audited(&archive).await.notes, []);

        let mut draft = archive.begin(at(7), &body("/usage", "{}")).await.unwrap();
        draft.place(at(0), at(59), 0).await.unwrap();
        drop(draft);
        std::fs::create_dir_all(parent.join("inbox/capture=20240115T020001Z")).unwrap();
        for stray in [
            "inbox/capture=20240115T020001Z/usage.json.zst",
            "period=2024-01-01/capture=20240115T020001Z/accounts-0002.json.zst",
            "period=2024-01-01/close=r1/issued-00000000.json.zst",
            "period=2024-01-01/capture=20240115T020001Z/capture.json#1",
            "customers/readme.txt",
        ] {
            std::fs::write(parent.join(stray), "x").unwrap();
        }
        std::fs::create_dir(parent.join("period=2024-01-01/close=r3")).unwrap();
        std::fs::write(parent.join("period=2024-01-01/close=r3/issued-00000000.json.zst"), "x").unwrap();
        std::os::unix::fs::symlink("nowhere", parent.join("link")).unwrap();
        std::os::unix::fs::symlink("..", parent.join("customers/round")).unwrap();

        let audit = audited(&archive).await;
        assert_eq!(audit.problems, []);
        let below = |path: &str| path.split(&format!("parent={PARENT}/")).nth(1).unwrap_or_default().to_owned();
        let mut notes: Vec<_> = audit.notes.iter().map(|note| (below(&note.path), note.note.as_str())).collect();
        notes.retain(|(path, _)| !path.starts_with("customers/round/"));
        let expected = [
            ("customers/readme.txt", "it is nothing that subledger writes"),
            ("inbox/capture=20240115T020001Z", "a copy of usage whose capture is complete"),
            ("inbox/capture=20240115T020007Z", "the usage of a capture that was not completed"),
            ("link", "no object can have this name, or it is a link that leads nowhere"),
            (
                "period=2024-01-01/capture=20240115T020001Z/accounts-0002.json.zst",
                "its manifest does not name it: a killed run left it, or a list that was read once more",
            ),
            (
                "period=2024-01-01/capture=20240115T020001Z/capture.json#1",
                "a killed run left it half written; the next capture sweeps it away",
            ),
            (
                "period=2024-01-01/close=r1/issued-00000000.json.zst",
                "the close does not name it: an attempt that was killed or came second left it",
            ),
            (
                "period=2024-01-01/close=r3",
                "an attempt to close the period that was not completed: there is no `close.json`",
            ),
            (
                "period=2024-01-15/capture=20240115T020007Z",
                "a capture that was not completed: there is no `capture.json`",
            ),
        ];
        assert_eq!(notes, expected.map(|(path, note)| (path.to_owned(), note)));
    });
}

#[test]
fn an_archive_that_cannot_be_listed_is_no_sound_one() {
    let (folder, archive) = archive();
    std::fs::write(folder.path().join(format!("parent={PARENT}")), "no folder").unwrap();
    let error = run(archive.audit(&|_| {})).unwrap_err();
    assert!(matches!(error, Error::Store { doing: "listing", .. }), "{error}");
    assert!(run(archive.closes()).is_err());
}

#[test]
fn an_object_store_is_audited_like_a_folder() {
    let store = std::sync::Arc::new(object_store::memory::InMemory::new());
    let (root, location) = (object_store::path::Path::from("deep/prefix"), "s3://bucket/deep/prefix".to_owned());
    let archive = Archive { store: store.clone(), root, location, folder: None, account_id: PARENT, spool: None };
    run(async {
        filled(&archive).await;
        let sound = audited(&archive).await;
        assert_eq!((sound.captures.len(), sound.closes.len(), sound.objects), (3, 2, 24));
        assert_eq!((sound.problems, sound.notes), (Vec::new(), Vec::new()));
        assert_eq!(archive.captures().await.unwrap().len(), 3);
        assert_eq!(archive.closes().await.unwrap().len(), 2);

        let path = archive.capture_path(&sound.captures[2].key).join("usage.json.zst");
        object_store::ObjectStoreExt::put(&*store, &path, "changed".into()).await.unwrap();
        let changed = audited(&archive).await;
        let paths: Vec<&str> = changed.problems.iter().map(|problem| problem.path.as_str()).collect();
        let shown = format!(
            "s3://bucket/deep/prefix/parent={PARENT}/period=2024-01-15/capture=20240115T020003Z/usage.json.zst"
        );
        assert_eq!(paths, [shown]);
    });
}
