//! What lies around a run and must make no difference, or just the one that is meant: time zone, language, umask.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::look;
use crate::support::{KEY, NIGHT, PARENT, Ran, Server, base, home, run_at, subledger_at, tree};

/// A night under a umask.
fn under(umask: &str, folder: &Path, server: &Server) -> Ran {
    let mut command = Command::new("sh");
    let script = format!("umask {umask}; exec \"$0\" run --now {NIGHT}");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_subledger")]).env_clear().current_dir(folder);
    command.env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_API_KEY", KEY).env("AHASEND_BASE_URL", server.url());
    command.output().expect("sh").into()
}

#[test]
fn time_zone_and_language_change_nothing() {
    let server = Server::of(base());
    let usual = home();
    assert_eq!(run_at(usual.path(), &server, NIGHT, &[]).code, 0);
    let usual = look::files(usual.path());
    // the night is at 02:00 UTC: yesterday in New York, at noon in Kiribati, and at an hour that Troll had twice
    for zone in ["America/New_York", "Pacific/Kiritimati", "Antarctica/Troll", "Asia/Kathmandu", "EST5EDT", "nowhere"] {
        let folder = home();
        let mut command = subledger_at(folder.path(), &server);
        command.env("TZ", zone).env("LANG", "tr_TR.UTF-8").env("LC_ALL", "de_DE.ISO-8859-1");
        let night: Ran = command.args(["run", "--now", NIGHT]).output().expect("it starts").into();
        assert_eq!(night.code, 0, "{}", night.stderr);
        assert!(look::files(folder.path()) == usual, "{zone}");
    }
}

#[test]
fn files_are_for_whom_the_umask_says() {
    for (umask, file_mode, folder_mode) in [("022", 0o644, 0o755), ("027", 0o640, 0o750), ("077", 0o600, 0o700)] {
        let folder = home();
        let night = under(umask, folder.path(), &Server::of(base()));
        assert_eq!((night.code, night.stderr.lines().count()), (0, 1), "{}", night.stderr);
        for path in tree(folder.path()).keys().filter(|path| path.contains('/')) {
            let path = folder.path().join(path);
            let mode =
                |path: &Path| std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777;
            if !path.is_symlink() {
                assert_eq!(mode(&path), file_mode, "{umask} {}", path.display());
            }
            assert_eq!(mode(path.parent().expect("a folder")), folder_mode, "{umask} {}", path.display());
        }
    }
}

#[test]
fn an_archive_that_everybody_may_change_is_warned_of() {
    let folder = home();
    let night = under("000", folder.path(), &Server::of(base()));
    assert_eq!(night.code, 0, "{}", night.stderr);
    let warned = night.stderr.matches("everybody on this machine may change the evidence").count();
    assert_eq!(warned, 2, "the archive and the account's folder: {}", night.stderr);
    assert!(night.stderr.contains("mode=\"0777\""), "{}", night.stderr);
}
