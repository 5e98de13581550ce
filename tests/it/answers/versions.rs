//! Evidence of other versions: an older one is read as ever, a newer one is told from damage and left alone.

use std::path::{Path, PathBuf};

use subledger::archive::sha256;

use super::*;
use crate::support::look::json;
use crate::support::{Home, ran, subledger, subledger_at, tree};

const NEXT_NIGHT: &str = "2024-01-16T02:00:00Z";

fn capture_of(folder: &Path) -> PathBuf {
    folder.join(format!("archive/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z"))
}

/// Writes the manifest of the first night anew, with its seal, as another version would have written it.
fn rewritten(folder: &Path, change: impl Fn(&str) -> String) -> String {
    let path = capture_of(folder).join("capture.json");
    let manifest = std::fs::read_to_string(&path).expect("a manifest");
    let other = change(&manifest);
    assert_ne!(manifest, other);
    for (path, text) in [
        (path.clone(), other.clone()),
        (path.with_extension("json.sha256"), format!("{}  capture.json\n", sha256(other.as_bytes()))),
    ] {
        // evidence is read-only
        std::fs::remove_file(&path).expect("a file");
        std::fs::write(&path, text).expect("a file");
    }
    sha256(other.as_bytes())
}

fn captured() -> Home {
    let folder = home();
    let capture = ran(subledger_at(folder.path(), &Server::of(base())).args(["capture", "--now", NIGHT]));
    assert_eq!(capture.code, 0, "{}", capture.stderr);
    folder
}

/// A capture of a version before this one, with a field that this one does not know, makes the reports that it always made;
/// they say which version made them, of which bytes, and making them again changes nothing.
#[test]
fn an_old_capture_makes_the_reports_that_a_new_one_makes() {
    let (old, new) = (captured(), captured());
    let this = format!("subledger {}", env!("CARGO_PKG_VERSION"));
    let sha256 = rewritten(old.path(), |manifest| {
        let manifest = manifest.replace(&this, "subledger 0.0.1");
        manifest.replacen("\"counts\"", "\"retired\": {\"field\": 1},\n  \"counts\"", 1)
    });
    let sets = [&old, &new].map(|folder| {
        let report = ran(subledger(folder.path()).arg("report"));
        assert_eq!(report.code, 0, "{}", report.stderr);
        look::files(&look::latest(folder.path()))
    });
    let manifest = json(std::str::from_utf8(&sets[0]["manifest.json"]).expect("UTF-8"));
    assert_eq!(manifest["tool"], this);
    assert!(manifest.to_string().contains(&sha256), "{manifest}");
    for file in ["chargeback.csv", "control.csv", "caps.csv", "chargeback.parquet"] {
        assert!(sets[0][file] == sets[1][file], "{file}");
    }
    let before = look::files(old.path());
    let again = ran(subledger(old.path()).args(["report", "--output", "json"]));
    assert_eq!((again.code, &json(&again.stdout)["reports_unchanged"]), (0, &true.into()), "{}", again.stderr);
    assert!(look::files(old.path()) == before);
    let verified = ran(subledger(old.path()).arg("verify"));
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

/// After a rollback of the program: whatever reads the capture says that it is too old for it, and touches nothing.
#[test]
fn a_capture_of_a_newer_version_is_told_from_damage_and_nothing_is_touched() {
    let folder = captured();
    rewritten(folder.path(), |manifest| manifest.replace("subledger/capture/v1", "subledger/capture/v2"));
    let before = look::files(folder.path());
    let close = [
        "close",
        "--period",
        "2024-01-01",
        "--invoice-number",
        "1",
        "--amount",
        "80.00",
        "--now",
        "2024-02-02T00:00:00Z",
    ];
    for arguments in [&["report"][..], &["report", "--capture", "20240115T020000Z"], &["explain", ACME], &close] {
        let refused = ran(subledger(folder.path()).args(arguments));
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        let says = "capture.json` has the schema `subledger/capture/v2`, which this version does not know";
        assert!(refused.stderr.contains(says), "{arguments:?}: {}", refused.stderr);
        assert!(
            refused.stderr.contains("use the version of subledger that wrote it, or a newer one"),
            "{}",
            refused.stderr
        );
        assert!(look::files(folder.path()) == before, "{arguments:?}");
    }
    let verified = ran(subledger(folder.path()).arg("verify"));
    assert_eq!(verified.code, 13, "{}", verified.stdout);
    assert!(
        verified.stdout.contains("this version does not know its schema `subledger/capture/v2`"),
        "{}",
        verified.stdout
    );
    assert!(look::files(folder.path()) == before);
}

/// Nor does it cost a night: the next capture is taken, linked by hash to the bytes of the other, and says that it was not read.
#[test]
fn a_capture_of_a_newer_version_does_not_keep_the_next_night_out() {
    let folder = captured();
    let newer = rewritten(folder.path(), |manifest| manifest.replace("subledger/capture/v1", "subledger/capture/v2"));
    let before = tree(&capture_of(folder.path()));
    let night = run_at(folder.path(), &Server::of(base()), NEXT_NIGHT, &["--formats", "csv"]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
    assert!(night.stdout.contains("subledger/capture/v2"), "{}", night.stdout);
    assert!(tree(&capture_of(folder.path())) == before);
    let captures = look::captures(folder.path());
    let (_, manifest) = captures.iter().find(|(path, _)| path.contains("20240116T020000Z")).expect("a capture");
    let previous = &json(std::str::from_utf8(manifest).expect("UTF-8"))["previous"];
    assert_eq!((&previous["capture"], &previous["sha256"]), (&"20240115T020000Z".into(), &newer.into()));
}
