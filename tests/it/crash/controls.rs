//! Negative controls: what looks at faults has to see them. Each state here is wrong, and has to be found out.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::extent::stage;
use super::model::{Disk, Entry, Loss};
use super::points::{Fault, points};
use super::replay::{Replay, Share, cut};
use super::scene::{Scene, Stage};
use super::trace::{Call, parsed};
use super::verdict::said;
use crate::support::look::sets;
use crate::support::sound::soundness;
use crate::support::{NIGHT, PARENT, Ran, Server, base, home, run_at};

type Harm = fn(&Path, &Path);

fn cut_off(file: &Path) {
    let bytes = std::fs::read(file).expect("a file");
    std::fs::write(file, &bytes[..bytes.len() / 2]).expect("a file");
}

fn point_to(set: &Path, name: &str) {
    let latest = set.with_file_name("latest");
    std::fs::remove_file(&latest).expect("a link");
    symlink(name, latest).expect("a link");
}

/// Harm to the folder of a capture and to that of its report set, and a part of the complaint.
const HARMS: [(&str, Harm); 12] = [
    ("usage.json.zst is not what its manifest says", |capture, _| cut_off(&capture.join("usage.json.zst"))),
    ("usage.json.zst is named by a manifest and not there", |capture, _| {
        std::fs::remove_file(capture.join("usage.json.zst")).expect("a file");
    }),
    ("accounts-0001.json.zst is not what its manifest says", |capture, _| {
        std::fs::write(capture.join("accounts-0001.json.zst"), "of another run").expect("a file");
    }),
    ("capture.json is no JSON", |capture, _| cut_off(&capture.join("capture.json"))),
    ("capture.json is no JSON", |capture, _| std::fs::write(capture.join("capture.json"), "").expect("a file")),
    ("the seal of", |capture, _| cut_off(&capture.join("capture.json.sha256"))),
    ("latest leads to 20240115T020000Z-r2, which is not there", |_, set| point_to(set, "20240115T020000Z-r2")),
    ("the set half has no manifest", |_, set| {
        std::fs::create_dir(set.with_file_name("half")).expect("a folder");
        std::fs::copy(set.join("caps.csv"), set.with_file_name("half").join("caps.csv")).expect("a file");
        point_to(set, "half");
    }),
    ("the set 20240115T020000Z has no manifest", |_, set| cut_off(&set.join("manifest.json"))),
    ("control.csv is not what its manifest says", |_, set| cut_off(&set.join("control.csv"))),
    ("control.csv is named by a manifest and not there", |_, set| {
        std::fs::remove_file(set.join("control.csv")).expect("a file");
    }),
    ("files, and its manifest", |_, set| std::fs::write(set.join("other.csv"), "").expect("a file")),
];

#[test]
fn whatever_is_torn_is_found_out() {
    let server = Server::of(base());
    for (expected, harm) in HARMS {
        let folder = home();
        assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
        assert_eq!(soundness(folder.path()).problems, [""; 0]);
        let capture = format!("archive/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z");
        harm(&folder.path().join(capture), &sets(folder.path()).join("20240115T020000Z"));
        let problems = soundness(folder.path()).problems;
        assert!(problems.iter().any(|problem| problem.contains(expected)), "`{expected}` is not among {problems:?}");
    }
}

/// What is hidden, and what was never promised, is no complaint: a checker that always complains finds nothing out either.
#[test]
fn what_a_killed_run_may_leave_is_no_complaint() {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    let capture = folder.path().join(format!("archive/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z"));
    std::fs::remove_file(capture.join("capture.json.sha256")).expect("a seal");
    std::fs::write(capture.join("usage.parquet#1"), "half").expect("a file");
    std::fs::create_dir(capture.with_file_name("capture=20240115T020001Z")).expect("a folder");
    std::fs::write(capture.with_file_name("capture=20240115T020001Z").join("usage.json.zst"), "half").expect("a file");
    std::fs::create_dir(sets(folder.path()).join(".tmp-20240115T020001Z")).expect("a folder");
    assert_eq!(soundness(folder.path()).problems, [""; 0]);
}

/// Lines as strace writes them, of a run in `/run`.
fn replayed(lines: &[&str]) -> Replay {
    let mut replay = Replay::of(Disk::new());
    for line in lines {
        replay.carry_out(&parsed(&format!("1.0 {line} <0.1>")).expect("a call"), Path::new("/run"));
    }
    replay
}

#[test]
fn a_log_is_carried_out_call_by_call() {
    let mut lines = vec![
        r#"mkdir("a", 0777) = 0"#,
        r#"openat(AT_FDCWD<\x2f>, "/run/a/b#1", O_RDWR|O_CREAT|O_EXCL, 0666) = 5</run/a/b#1>"#,
        r#"write(5</run/a/b#1>, "\x41\x42", 2) = 2"#,
        r#"write(5</run/a/b#1>, "\x43\x44", 2) = 1"#,
        r"fsync(5</run/a/b#1>) = 0",
        r"fsync(6</run/a>) = -1 EIO (Input/output error)",
        r#"linkat(AT_FDCWD<\x2f>, "/run/a/b#1", AT_FDCWD<\x2f>, "/run/a/b", 0) = 0"#,
        r#"unlinkat(7</run/a>, "b#1", 0) = 0"#,
        r#"rename("a", "c") = 0"#,
        r#"symlink("c", "latest") = 0"#,
        r#"write(2<pipe:[7]>, "\x65\x76\x69\x64\x65\x6e\x63\x65: safe in c", 3) = 3"#,
    ];
    let replay = replayed(&lines);
    let paths = |replay: &Replay, loss| replay.disk.after(loss).into_keys().collect::<Vec<_>>();
    assert!(replay.is_acknowledged);
    assert_eq!(paths(&replay, Loss::Nothing), ["", "/c", "/c/b", "/latest"]);
    assert_eq!(replay.disk.after(Loss::Nothing)["/c/b"], Entry::File(b"ABC".to_vec()));
    assert_eq!(paths(&replay, Loss::Unsynced), [""], "a sync that failed makes nothing durable");
    lines.extend([r"fsync(6</run/c>) = 0", r"fsync(8</run>) = 0"]);
    assert_eq!(paths(&replayed(&lines), Loss::Unsynced), ["", "/c", "/c/b", "/latest"]);
}

#[test]
#[should_panic(expected = "the model does not know what `copy_file_range` does")]
fn a_call_that_the_model_does_not_know_is_not_passed_over() {
    replayed(&[r"copy_file_range(5</run/a>, NULL, 6</run/b>, NULL, 9, 0) = 9"]);
}

/// What a power cut does to the first night when these calls have not been made.
fn without(stage: &Stage, scene: &mut Scene, forgotten: impl Fn(&Call) -> bool) -> Vec<String> {
    let log = scene.log.clone();
    scene.log.retain(|call| !forgotten(call));
    let cuts = cut(stage, scene, Share { looks: 2, reruns: usize::MAX, kills: usize::MAX, names: false });
    scene.log = log;
    cuts.violations
}

#[test]
fn a_run_that_syncs_too_little_is_found_out_by_the_power_cut() {
    let Some(stage) = stage("the power cut's control") else { return };
    let mut scene = stage.first_night();
    let is_sync = |call: &Call| call.name == "fsync";
    let is_of_folder = |call: &Call| {
        let path = call.descriptors.first().map_or("", |(_, path)| path);
        is_sync(call) && !path.rsplit('/').next().unwrap_or_default().contains('.')
    };
    let names = without(&stage, &mut scene, is_of_folder);
    assert!(names.iter().any(|problem| problem.contains("acknowledged, and lost: archive/")), "{names:?}");
    let data = without(&stage, &mut scene, |call| is_sync(call) && !is_of_folder(call));
    assert!(data.iter().any(|problem| problem.contains("is not what its manifest says")), "{data:?}");
    assert!(data.iter().any(|problem| problem.contains("the audit found")), "{data:?}");
}

#[test]
fn a_run_that_says_what_is_not_so_is_found_out() {
    let Some(stage) = stage("the sweep's control") else { return };
    let scene = stage.first_night();
    let folder = stage.scratch.path().join("control");
    scene.set_up(&folder);
    let mut point = points(&scene.log, &scene.folder).remove(0);
    point.fault = Fault::NoSpace;
    let capture = scene.capture_folder().expect("a night");
    let says = |code: i32, closing: &str| {
        let ran = Ran { code, stdout: String::new(), stderr: closing.to_owned() };
        said(&scene, &point, &folder, &ran)
    };
    let missing = "evidence: NOT SAFE, nothing of tonight is kept; run again";
    assert_eq!(says(23, missing), [""; 0]);
    let safe = format!("evidence: safe in archive/{capture}; the books balance");
    let lies = [
        (scene.code, &*safe, "evidence is said to be safe that is not there"),
        (scene.code, &*safe, "capture.json is missing"),
        (23, &safe, "the exit code and the last line differ"),
        (12, missing, "the exit code and the last line differ"),
        (101, missing, "none of those documented"),
        (1, missing, "none of those documented"),
        (23, "thread 'main' panicked at", "it panicked"),
        (23, "error: no space", "does not say that evidence is missing"),
        (
            23,
            "evidence: NOT SAFE, only a part is kept in archive/nowhere; run again",
            "said to be kept that is not there",
        ),
    ];
    for (code, closing, expected) in lies {
        let problems = says(code, closing);
        assert!(problems.iter().any(|problem| problem.contains(expected)), "`{expected}` is not among {problems:?}");
    }
}
