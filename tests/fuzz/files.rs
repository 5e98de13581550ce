//! The archive's own files: manifest of a capture, record of a close, manifest of a report set.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use subledger::archive::{
    Archive, Body, CaptureKey, CaptureLink, CloseKey, CloseRecord, Error, InvoiceAsTyped, StoreOptions, sha256,
};
use subledger::report::{StoredSet, files_in};
use tempfile::TempDir;
use uuid::Uuid;

use super::told;

const PARENT: &str = "9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1";
const USAGE: &[u8] = include_bytes!("corpus/usage_answer/vendor-example.json");
const PAGE: &[u8] = include_bytes!("corpus/account_list/one.json");

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// A folder of one thread with one capture and one close of it, whose manifest and record are what is tried.
pub(crate) struct Scratch {
    folder: TempDir,
    archive: Archive,
    capture: CaptureKey,
    close: CloseKey,
}

/// Gives the thread's folder.
pub(crate) fn scratch<T>(work: impl FnOnce(&Scratch) -> T) -> T {
    SCRATCH.with(work)
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let location = folder.path().join("archive");
        let parent: Uuid = PARENT.parse().expect("a UUID");
        let archive = Archive::open_or_create(location.to_str().expect("UTF-8"), parent, &StoreOptions::default())
            .expect("an archive");
        let capture = now(captured(&archive));
        let close = CloseKey { period: capture.period.clone(), revision: 1 };
        let record = record(&archive, &capture);
        now(archive.put_close(record, b"{\"schema\":\"subledger/report-set/v2\"}", b"{}")).expect("a close");
        Self { folder, archive, capture, close }
    }

    /// Writes a file in the folder.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        // what the archive wrote may be read-only
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// A text without the folder's own path.
    pub(crate) fn hidden(&self, text: &str) -> String {
        text.replace(self.folder.path().to_str().expect("UTF-8"), "")
    }

    /// Puts other bytes in the place of a file of the archive, without its seal; gives it back afterwards.
    fn with<T>(&self, folder: &str, name: &str, bytes: &[u8], work: impl FnOnce() -> T) -> T {
        let path = format!("archive/parent={PARENT}/period={}/{folder}/{name}", self.capture.period);
        let (file, seal) = (self.folder.path().join(&path), self.folder.path().join(format!("{path}.sha256")));
        let before = std::fs::read(&file).expect("the archive's own file");
        let _ = std::fs::remove_file(seal);
        self.file(&path, bytes);
        let done = work();
        self.file(&path, &before);
        done
    }

    /// Whether the audit finds fault with the archive.
    fn is_faulty(&self) -> bool {
        !now(self.archive.audit(&|_| {})).expect("an archive that can be listed").problems.is_empty()
    }

    /// An error of the archive names the file at fault, and the audit knows of it.
    fn assert_told(&self, error: &Error, folder: &str) {
        assert!(matches!(error, Error::Damaged { .. } | Error::Version { .. } | Error::Store { .. }), "{error}");
        let told = told(error);
        assert!(told.contains(&format!("period={}/{folder}/", self.capture.period)), "{told}");
        assert!(self.is_faulty(), "the audit does not see: {told}");
    }
}

/// The manifest of a capture: what is accepted is the capture that was asked for, with every byte as it says.
pub(crate) fn capture_manifest(json: &[u8]) {
    scratch(|scratch| {
        let folder = format!("capture={}", scratch.capture.id);
        scratch.with(&folder, "capture.json", json, || {
            let read = || now(scratch.archive.read(&scratch.capture));
            let capture = match read() {
                Ok(capture) => capture,
                Err(error) => return scratch.assert_told(&error, &folder),
            };
            let manifest = &capture.manifest;
            assert_eq!((manifest.schema.as_str(), &manifest.capture), ("subledger/capture/v1", &scratch.capture.id));
            assert_eq!((manifest.parent_account_id.to_string().as_str(), &*capture.sha256), (PARENT, &*sha256(json)));
            let bodies: Vec<_> = manifest.objects.iter().flat_map(|object| &object.bodies).collect();
            for body in capture.pages.iter().chain([&capture.usage]) {
                assert!(bodies.iter().any(|entry| entry.bytes == body.len() && entry.sha256 == sha256(body)));
            }
            let written = serde_json::to_vec(manifest).expect("JSON");
            assert_eq!(serde_json::from_slice::<subledger::archive::Manifest>(&written).expect("itself"), *manifest);
            scratch.with(&folder, "capture.json", &written, || {
                let again = read().expect("what was read can be read again");
                assert!(again.manifest == *manifest && again.usage == capture.usage && again.pages == capture.pages);
                assert_eq!(again.lookups, capture.lookups);
            });
        });
    });
}

/// The record of a close: the same of what was issued.
pub(crate) fn close_record(json: &[u8]) {
    scratch(|scratch| {
        scratch.with("close=r1", "close.json", json, || {
            let read = || now(scratch.archive.close(&scratch.close));
            let closed = match read() {
                Ok(closed) => closed,
                Err(error) => return scratch.assert_told(&error, "close=r1"),
            };
            assert_eq!((closed.record.key(), closed.sha256.as_str()), (scratch.close.clone(), &*sha256(json)));
            assert_eq!(closed.record.schema, "subledger/close/v1");
            assert_eq!(
                (&closed.manifest[..], &closed.issued[..]),
                (&b"{\"schema\":\"subledger/report-set/v2\"}"[..], &b"{}"[..])
            );
            let written = serde_json::to_vec(&closed.record).expect("JSON");
            scratch.with("close=r1", "close.json", &written, || {
                assert_eq!(read().expect("what was read can be read again").record, closed.record);
            });
        });
    });
}

/// The manifest of a report set.
pub(crate) fn set_manifest(json: &[u8]) {
    match StoredSet::read(json) {
        Ok(set) => {
            assert_eq!(StoredSet::read(json).as_ref(), Ok(&set));
            assert_eq!(files_in(json).as_ref(), Some(&set.files));
        }
        Err(error) => drop(told(&error)),
    }
}

async fn captured(archive: &Archive) -> CaptureKey {
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    let body = |what: &str, bytes: &'static [u8]| Body {
        request: format!("/v2/accounts/{PARENT}/sub-accounts{what}"),
        status: 200,
        server_date: Some(time("2024-01-15T02:00:00Z")),
        request_id: None,
        bytes: Bytes::from_static(bytes),
    };
    let mut draft = archive.begin(time("2024-01-15T02:00:00Z"), &body("/usage", USAGE)).await.expect("a draft");
    draft.link().await.expect("a first capture");
    draft.place(time("2024-01-01T00:00:00Z"), time("2024-02-01T00:00:00Z"), 1).await.expect("a place");
    draft.page(body("?limit=100", PAGE), 1).await.expect("a page");
    draft.commit("subledger 0.1.0", "http://127.0.0.1/").await.expect("a capture").key
}

fn record(archive: &Archive, capture: &CaptureKey) -> CloseRecord {
    let read = now(archive.read(capture)).expect("a capture");
    CloseRecord {
        schema: String::new(),
        tool: "subledger 0.1.0".to_owned(),
        parent_account_id: Uuid::nil(),
        billing_period: capture.period.clone(),
        revision: 1,
        closed_at: "2024-02-02T00:00:00Z".to_owned(),
        supersedes: None,
        invoice: InvoiceAsTyped {
            number: "INV-1".to_owned(),
            amount: "80.00".to_owned(),
            tax: None,
            credit: Some("-1.00".to_owned()),
            add_on: None,
            currency: Some("USD".to_owned()),
            source: "command line".to_owned(),
        },
        accepted: Vec::new(),
        reason: None,
        capture: CaptureLink { id: capture.id.clone(), manifest_sha256: read.sha256 },
        customers_sha256: None,
        objects: Vec::new(),
    }
}

/// Runs what waits for nothing but local files: without a runtime, these are read at once.
fn now<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}
