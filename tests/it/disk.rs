//! Disks that are full, short of inodes or read-only: real ones, mounted where the system lets anybody do so.
//!
//! The mounts live in a namespace of their own and go with it. Where none can be made, the tests say that they skip.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::look;
use crate::support::world::month_with_lookup;
use crate::support::{Answers, Home, KEY, NIGHT, PARENT, Ran, Server, base, home, run_at, skipped};

const NEXT_NIGHT: &str = "2024-01-16T02:00:00Z";

/// Everything that the shell needs to run the nightly job in `disk/`: `night NAME TIME` keeps what it said and left.
const PRELUDE: &str = r#"
set -u
small() { mount -t tmpfs -o "$1" none disk && cp subledger.toml disk/; }
night() {
    (cd disk && "$BINARY" run --now "$2" >"../$1.out" 2>"../$1.err"); echo $? >"$1.code"
    cp -a disk "$1"
}
fill() { head -c 64M /dev/zero >disk/filler 2>/dev/null; :; }
"#;

/// A folder with the empty folder `disk`, in which a script of the shell may mount what it likes.
struct Bench {
    folder: Home,
    server: Server,
}

impl Bench {
    fn new(answers: Answers) -> Self {
        let folder = home();
        std::fs::create_dir(folder.path().join("disk")).expect("a folder");
        Self { folder, server: Server::of(answers) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script in a mount namespace; whether there could be one.
    fn script(&self, script: &str) -> bool {
        let Some(unshare) = unshare() else {
            skipped("this system lets nobody mount a disk of their own (unshare)");
            return false;
        };
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-c", &format!("{PRELUDE}{script}")]).current_dir(self.folder.path());
        command.env("BINARY", env!("CARGO_BIN_EXE_subledger")).env("AHASEND_BASE_URL", self.server.url());
        command.env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_API_KEY", KEY).stdin(Stdio::null());
        let done = command.output().expect("unshare");
        assert!(done.status.success(), "{script}\n{}", String::from_utf8_lossy(&done.stderr));
        true
    }

    /// What a night of the script said.
    fn night(&self, name: &str) -> Ran {
        let read = |kind: &str| std::fs::read_to_string(self.path(&format!("{name}.{kind}"))).expect("a file");
        Ran { code: read("code").trim().parse().expect("a number"), stdout: read("out"), stderr: read("err") }
    }

    /// Whatever happened: what is there is whole, and the last line tells of it truthfully.
    fn assert_honest(&self, name: &str) -> (Ran, usize, usize) {
        let (night, left) = (self.night(name), self.path(name));
        let (captures, sets) = look::assert_sound(&left);
        let closing = night.closing();
        assert!([0, 2, 12, 23].contains(&night.code), "{} {}", night.code, night.stderr);
        assert_eq!(closing.starts_with("evidence: safe in "), matches!(night.code, 0 | 12), "{}", night.stderr);
        if let Some((_, place)) = closing.split_once("evidence: safe in ") {
            let (place, _) = place.split_once(';').expect("what to do next");
            assert!(left.join(place).join("capture.json").is_file(), "{closing}");
        }
        if night.code != 0 {
            assert!(names_what_is_free(&night), "{}", night.stderr);
        }
        (night, captures, sets)
    }
}

/// How this system lets somebody mount something: as root, or as root of a namespace of users.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["-m"], &["-rm"]];
    let works = |way: &&[&str]| {
        let mut command = Command::new("unshare");
        command.args(*way).args(["mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    ways.into_iter().find(works)
}

fn names_what_is_free(night: &Ran) -> bool {
    night.stderr.contains("bytes are free, and no inode")
        || (night.stderr.contains(" bytes and ") && night.stderr.contains(" files are free"))
        // the lock is the first thing that is written
        || (night.code == 2 && night.stderr.contains("No space left on device"))
}

/// A run on each of these disks, and one more when there is room.
fn ladder(sizes: impl Iterator<Item = String>) -> Vec<i32> {
    let mut codes = Vec::new();
    for size in sizes {
        let bench = Bench::new(month_with_lookup(5));
        let roomy = "mount -o remount,size=64M,nr_inodes=4096 disk";
        if !bench.script(&format!("small {size} || exit 1\nnight tight {NIGHT}\n{roomy}\nnight roomy {NEXT_NIGHT}\n")) {
            return codes;
        }
        let (tight, captures, sets) = bench.assert_honest("tight");
        assert_eq!((captures, sets), (usize::from(tight.code != 23 && tight.code != 2), usize::from(tight.code == 0)));
        let (roomy, after, _) = bench.assert_honest("roomy");
        assert_eq!((roomy.code, after), (0, captures + 1), "{}", roomy.stderr);
        codes.push(tight.code);
    }
    for code in [0, 12, 23] {
        assert!(codes.contains(&code), "no disk led to {code}: {codes:?}");
    }
    codes
}

#[test]
fn a_disk_that_is_full_at_any_point_tears_nothing_and_the_next_run_succeeds() {
    let kibibytes = [4, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 1024];
    ladder(kibibytes.iter().map(|size| format!("size={size}k")));
}

#[test]
fn a_disk_without_inodes_is_a_full_disk_and_the_message_says_which() {
    ladder((4..60).step_by(4).chain([200]).map(|inodes| format!("size=16M,nr_inodes={inodes}")));
}

#[test]
fn a_full_disk_has_room_for_tonights_evidence_by_its_reserve() {
    for has_reserve in [true, false] {
        // its reports take more than the reserve
        let bench = Bench::new(month_with_lookup(102));
        let without = if has_reserve { "" } else { "rm disk/archive/parent=*/.reserve\n" };
        let nights =
            format!("small size=8M || exit 1\nnight first {NIGHT}\n{without}fill\nnight second {NEXT_NIGHT}\n");
        if !bench.script(&nights) {
            return;
        }
        let (first, ..) = bench.assert_honest("first");
        assert_eq!(first.code, 0, "{}", first.stderr);
        assert_eq!(first.stderr.lines().count(), 1, "a roomy disk is nothing to talk about: {}", first.stderr);
        let reserve = |night: &str| bench.path(night).join(format!("archive/parent={PARENT}/.reserve"));
        assert_eq!(std::fs::metadata(reserve("first")).expect("a reserve").len(), 1 << 20);
        let (second, captures, sets) = bench.assert_honest("second");
        assert!(!reserve("second").exists());
        assert_eq!(sets, 1, "the set of the first night");
        if has_reserve {
            assert_eq!((second.code, captures), (12, 2), "{}", second.stderr);
            assert!(second.stderr.contains("its reserve is given up for tonight's evidence"), "{}", second.stderr);
            assert!(second.stderr.contains("has no room for a reserve"), "{}", second.stderr);
        } else {
            assert_eq!((second.code, captures), (23, 1), "{}", second.stderr);
            assert!(second.stderr.contains("may be too full for tonight's evidence"), "{}", second.stderr);
        }
    }
}

#[test]
fn a_reserve_that_cannot_grow_stays_and_does_its_work() {
    let bench = Bench::new(month_with_lookup(5));
    // smaller than is wanted, as after nights that have grown, and no room for a larger one
    let shrunk = "R=$(echo disk/archive/parent=*/.reserve)\nhead -c 900000 /dev/zero >\"$R\"\nfill\ntruncate -s -200K disk/filler\n";
    let full = format!("fill\nnight third {}\n", "2024-01-17T02:00:00Z");
    let nights = format!("small size=8M || exit 1\nnight first {NIGHT}\n{shrunk}night second {NEXT_NIGHT}\n{full}");
    if !bench.script(&nights) {
        return;
    }
    let (second, captures, _) = bench.assert_honest("second");
    assert_eq!((captures, second.stderr.contains("has no room for a reserve")), (2, true), "{}", second.stderr);
    let reserve = bench.path("second").join(format!("archive/parent={PARENT}/.reserve"));
    assert_eq!(std::fs::metadata(reserve).expect("the reserve").len(), 900_000);
    let (third, captures, _) = bench.assert_honest("third");
    assert_eq!(captures, 3, "{}", third.stderr);
    assert!(third.stderr.contains("its reserve is given up"), "{}", third.stderr);
}

#[test]
fn a_disk_that_cannot_be_written_is_told_before_anything_is_asked_of_the_api() {
    let bench = Bench::new(base());
    let read_only = "mount -o remount,ro disk";
    let script = format!("small size=8M || exit 1\nnight first {NIGHT}\n{read_only}\nnight second {NEXT_NIGHT}\n");
    if !bench.script(&script) {
        return;
    }
    assert_eq!(bench.night("first").code, 0, "{}", bench.night("first").stderr);
    let second = bench.night("second");
    assert_eq!((second.code, second.closing().contains("nothing of tonight is kept")), (2, true), "{}", second.stderr);
    assert!(second.stderr.contains("Read-only file system"), "{}", second.stderr);
    assert_eq!(bench.server.log().len(), 2, "usage and list of the first night");
    assert_eq!(look::assert_sound(&bench.path("second")), (1, 1));
}

#[test]
fn an_archive_that_is_no_folder_or_leads_nowhere_is_told_before_anything_is_asked_of_the_api() {
    for (what, target) in [("file", None), ("link to nowhere", Some("not/there")), ("link to itself", Some("archive"))]
    {
        let (folder, server) = (home(), Server::of(base()));
        let place = folder.path().join("archive");
        match target {
            None => std::fs::write(place, "something else").expect("a file"),
            Some(target) => symlink(target, place).expect("a link"),
        }
        let night = run_at(folder.path(), &server, NIGHT, &[]);
        assert_eq!(night.code, 2, "{what}: {}", night.stderr);
        assert!(night.stderr.contains("archive"), "{what}: {}", night.stderr);
        assert_eq!(server.log().len(), 0, "{what}");
    }
    // one that leads to a folder is as good as the folder
    let (folder, server) = (home(), Server::of(base()));
    std::fs::create_dir(folder.path().join("elsewhere")).expect("a folder");
    symlink("elsewhere", folder.path().join("archive")).expect("a link");
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert!(folder.path().join(format!("elsewhere/parent={PARENT}")).is_dir());
}
