//! strace: runs the binary under it, and reads what it logs of calls on files below one folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Calls that take paths or descriptors; all of them are logged.
const TRACED: &str = "trace=%file,%desc";
/// No string is cut: what was written is a part of the log.
const STRING_BYTES_MAX: &str = "100000000";

/// A system call that has returned, or that its process did not live to see return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Call {
    /// The thread.
    pub(crate) thread: u32,
    /// When it was over, in nanoseconds.
    pub(crate) end: u128,
    /// What it is called.
    pub(crate) name: String,
    /// The descriptors among its arguments, each with the path it stood for.
    pub(crate) descriptors: Vec<(i64, String)>,
    /// The texts among its arguments: paths, and data that was written or read.
    pub(crate) texts: Vec<Vec<u8>>,
    /// Its arguments as logged, for flags and numbers.
    pub(crate) arguments: String,
    /// What it returned; nothing if that was an error.
    pub(crate) result: Option<i64>,
}

impl Call {
    /// A text as a path.
    pub(crate) fn path(&self, index: usize) -> String {
        self.texts.get(index).map_or(String::new(), |text| String::from_utf8_lossy(text).into_owned())
    }
}

/// Where strace is, if it is installed and may trace.
pub(crate) fn strace() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let program = std::env::split_paths(&folders).map(|folder| folder.join("strace")).find(|path| path.is_file())?;
    let probe = Command::new(&program).args(["-f", "-qq", "-o", "/dev/null", "true"]).output();
    probe.is_ok_and(|probe| probe.status.success()).then_some(program)
}

/// The same process under strace, with these options and its log at `log`.
pub(crate) fn traced(strace: &Path, options: &[String], log: &Path, process: &Command) -> Command {
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-y", "-o"]).arg(log).args(options);
    // strace is elsewhere: a relative path among its options is to stand for itself, and not for the whole path as well
    command.current_dir("/").args(["/usr/bin/env", "-C"]).arg(process.get_current_dir().expect("a folder to run in"));
    command.arg(process.get_program()).args(process.get_args()).env_clear();
    command.envs(process.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Options for a log that tells everything: a file for each thread, so that no line is cut by another one's.
pub(crate) fn telling_everything() -> Vec<String> {
    let times = ["--absolute-timestamps=format:unix,precision:ns", "--syscall-times=ns"];
    let options = ["-ff", "-xx", "-s", STRING_BYTES_MAX, times[0], times[1], "-e", TRACED];
    options.map(str::to_owned).to_vec()
}

/// The calls in the files that begin with `log`, in the order in which they were over.
pub(crate) fn read(log: &Path) -> Vec<Call> {
    let (folder, name) = (log.parent().expect("a folder"), log.file_name().expect("a name").to_string_lossy());
    let mut calls = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the logs") {
        let entry = entry.expect("an entry");
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(thread) = file.strip_prefix(&format!("{name}.")).and_then(|thread| thread.parse().ok()) else {
            continue;
        };
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a log")).into_owned();
        calls.extend(text.lines().filter_map(|line| Some(Call { thread, ..parsed(line)? })));
    }
    calls.sort_by_key(|call| call.end);
    calls
}

/// Reads `1700000000.000000001 write(4<\x2f…>, "\x41", 1) = 1 <0.000000005>`; nothing for signals and exits.
pub(crate) fn parsed(line: &str) -> Option<Call> {
    let (start, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once('(')?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let (arguments, result) = rest.rsplit_once(") = ").or_else(|| rest.rsplit_once(" <unfinished"))?;
    let duration = result.rsplit_once('<').map_or("0", |(_, duration)| duration.trim_end_matches('>'));
    let result = result.split([' ', '<']).next().and_then(|number| number.parse().ok()).filter(|number| *number >= 0);
    let mut call = Call {
        end: nanoseconds(start)? + nanoseconds(duration).unwrap_or_default(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        result,
        ..Call::default()
    };
    take_apart(arguments, &mut call);
    Some(call)
}

/// Finds descriptors and texts among the arguments. With `-xx` neither has a quote or a bracket in it.
fn take_apart(arguments: &str, call: &mut Call) {
    let mut rest = arguments;
    let mut before = "";
    while let Some(at) = rest.find(['"', '<']) {
        let (head, tail) = rest.split_at(at);
        let closing = if tail.starts_with('"') { '"' } else { '>' };
        let Some(length) = tail[1..].find(closing) else { return };
        let inside = decoded(&tail[1..=length]);
        if closing == '"' {
            call.texts.push(inside);
        } else {
            before = if head.is_empty() { before } else { head };
            let number = before.rsplit([' ', '[', ',']).next().and_then(|number| number.parse().ok());
            // the folder that relative paths begin at is no descriptor
            call.descriptors.extend(number.map(|number| (number, String::from_utf8_lossy(&inside).into_owned())));
        }
        rest = &tail[length + 2..];
    }
}

/// Text as `-xx` writes it, `\x41`; what is not written so is taken as it is.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = rest.strip_prefix(b"\\x").and_then(|code| code.get(..2));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &rest[4..] } else { tail };
    }
    bytes
}

fn nanoseconds(seconds: &str) -> Option<u128> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    Some(whole.parse::<u128>().ok()? * 1_000_000_000 + format!("{fraction:0<9}").parse::<u128>().ok()?)
}

#[test]
fn a_line_of_the_log_is_read() {
    let line = r#"1795880904.000000100 write(8<\x2f\x61>, "\x41\x42"..., 2) = 2 <0.000000015>"#;
    let call = parsed(line).unwrap();
    assert_eq!((call.end, &*call.name, call.result), (1_795_880_904_000_000_115, "write", Some(2)));
    assert_eq!((call.descriptors, call.texts), (vec![(8, "/a".to_owned())], vec![b"AB".to_vec()]));
    let line = r#"1.5 linkat(AT_FDCWD<\x2f>, "\x61", AT_FDCWD<\x2f>, "\x62", 0) = -1 EEXIST (File exists) <0.1>"#;
    let call = parsed(line).unwrap();
    assert_eq!((call.descriptors.len(), call.path(0), call.path(1)), (0, "a".to_owned(), "b".to_owned()));
    assert_eq!((call.result, call.end), (None, 1_600_000_000));
    let killed = parsed(r"1.5 fsync(8<\x2f\x61> <unfinished ...>").unwrap();
    assert_eq!((killed.result, killed.descriptors.len()), (None, 1));
    assert_eq!(parsed("1.5 +++ exited with 0 +++"), None);
    assert_eq!(parsed("1.5 --- SIGCHLD {si_signo=SIGCHLD} ---"), None);
}
