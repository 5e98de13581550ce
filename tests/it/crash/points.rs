//! Where a run can be hit: a call, by its name, by a path among its arguments, and by how many such calls came before.
//!
//! Threads come and go, so that no number of a call in a whole run is the same twice; what is called on one path, and in
//! which order, is. strace counts for each thread on its own: a point knows both numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::trace::Call;

/// Calls whose texts are what was read or written, and no paths.
const DATA: [&str; 7] = ["read", "write", "pread64", "pwrite64", "readv", "writev", "getdents64"];
/// Calls that change what is on disk or what of it is durable, beside opening with `O_CREAT`.
const CHANGES: [&str; 16] = [
    "mkdir",
    "mkdirat",
    "write",
    "writev",
    "pwrite64",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "rename",
    "renameat",
    "renameat2",
];
/// Changes that need no space.
const REMOVALS: [&str; 3] = ["unlink", "unlinkat", "rmdir"];
/// Calls that leave the disk as it is, and can fail.
const LOOKS: [&str; 9] =
    ["open", "openat", "read", "pread64", "getdents64", "statx", "newfstatat", "readlink", "close"];
/// Calls that a signal can interrupt.
const INTERRUPTIBLE: [&str; 8] = ["open", "openat", "read", "write", "writev", "ftruncate", "fsync", "flock"];
/// Calls that a full disk fails, without those that open: strace tells no opening from another.
const ON_A_FULL_DISK: &str = "mkdir,write,writev,pwrite64,ftruncate,fallocate,fsync,link,linkat,symlink,rename";

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The process is killed before it.
    Kill,
    /// The process is asked to end, while it is carried out.
    Terminate,
    /// The disk is full for once.
    NoSpace,
    /// The disk is full from here on.
    FullFromHere,
    /// The disk fails once.
    Io,
    /// A signal interrupts it once.
    Interrupted,
    /// The file system has no hard links; the error it says so with.
    NoLinks(&'static str),
}

impl Fault {
    /// What it is called in a summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "SIGKILL",
            Self::Terminate => "SIGTERM",
            Self::NoSpace => "ENOSPC once",
            Self::FullFromHere => "ENOSPC from there on",
            Self::Io => "EIO",
            Self::Interrupted => "EINTR",
            Self::NoLinks(_) => "no hard links",
        }
    }

    fn error(self) -> &'static str {
        match self {
            Self::NoSpace | Self::FullFromHere => "error=ENOSPC",
            Self::Io => "error=EIO",
            Self::Interrupted => "error=EINTR",
            Self::NoLinks(error) => error,
            Self::Kill => "signal=KILL",
            Self::Terminate => "signal=TERM",
        }
    }
}

/// A call that is to be hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    /// The call.
    pub(crate) name: String,
    /// The path that it is told by, as [`handles`] has it.
    pub(crate) handle: String,
    /// Which of such calls it is, counted from 1.
    pub(crate) ordinal: usize,
    /// Which of those of its own thread it was when the reference was made.
    pub(crate) of_thread: usize,
    /// What becomes of it.
    pub(crate) fault: Fault,
    /// Whether it only looks.
    pub(crate) only_looks: bool,
    /// With a disk that is full from here on: every path that is changed from here on.
    rest: Vec<String>,
}

impl Point {
    /// Options that let it happen in a run in `folder`, counting the calls of a thread up to `of_thread`.
    pub(crate) fn options(&self, folder: &Path, of_thread: usize) -> Vec<String> {
        let (names, count) = match self.fault {
            Fault::FullFromHere => (ON_A_FULL_DISK, String::new()),
            Fault::NoLinks(_) => (&*self.name, String::new()),
            _ => (&*self.name, format!(":when={of_thread}")),
        };
        let inject = format!("inject={names}:{}{count}", self.fault.error());
        let mut options = ["-s", "0", "-e", &format!("trace={names}"), "-e", &inject].map(str::to_owned).to_vec();
        // the signal of a filtered call would be lost
        let is_signal = matches!(self.fault, Fault::Kill | Fault::Terminate);
        options.extend((!is_signal).then(|| "--seccomp-bpf".to_owned()));
        let rest = self.rest.iter().map(String::as_str);
        for handle in rest.chain(self.rest.is_empty().then_some(&*self.handle)) {
            let path = handle.strip_prefix('/').map(|inside| format!("{}/{inside}", folder.display()));
            let path = path.unwrap_or_else(|| handle.to_owned());
            options.extend(["-P".to_owned(), path.trim_end_matches('/').to_owned()]);
        }
        options
    }

    /// For people.
    pub(crate) fn show(&self) -> String {
        format!("{} at {} {} of `{}`", self.fault.name(), self.name, self.ordinal, self.handle)
    }
}

/// The paths among a call's arguments that are below the folder of the run, from there on.
pub(crate) fn places(call: &Call, folder: &Path) -> Vec<String> {
    let relative = |path: &str| {
        let path = Path::new(path);
        let inside = if path.is_absolute() { path.strip_prefix(folder).ok()? } else { path };
        let inside = inside.to_str()?.trim_end_matches('/');
        Some(if inside == "." { String::new() } else { inside.to_owned() })
    };
    let mut places: Vec<String> = descriptors(call).filter_map(relative).collect();
    match (is_below_a_descriptor(call), places.first()) {
        (true, Some(above)) => places = vec![format!("{above}/{}", call.path(0)).trim_end_matches('/').to_owned()],
        (true, None) => {}
        (false, _) => places.extend(paths(call).iter().filter_map(|path| relative(path))),
    }
    places
}

/// What strace can tell the call by: a path as it was given, or the whole path of a descriptor. Those below the folder of the
/// run begin with `/` and go on from there.
fn handles(call: &Call, folder: &Path) -> Vec<String> {
    let handle = |path: &str| match Path::new(path).strip_prefix(folder) {
        Ok(inside) => Some(format!("/{}", inside.to_str()?)),
        Err(_) => (!path.starts_with('/')).then(|| path.to_owned()),
    };
    let mut handles: Vec<String> = descriptors(call).filter_map(handle).collect();
    if !is_below_a_descriptor(call) {
        handles.extend(paths(call).iter().filter_map(|path| handle(path)));
    }
    handles
}

/// The paths of a call's descriptors. What is no file has no absolute path: `pipe:[7]`.
fn descriptors(call: &Call) -> impl Iterator<Item = &str> {
    call.descriptors.iter().map(|(_, path)| &**path).filter(|path| path.starts_with('/'))
}

/// The texts that are paths.
fn paths(call: &Call) -> Vec<String> {
    let which = match &*call.name {
        name if DATA.contains(&name) => 0..0,
        "symlink" | "symlinkat" => 1..2,
        "readlink" | "readlinkat" => 0..1,
        _ => 0..2,
    };
    let texts = call.texts.iter().enumerate().filter(|(index, text)| which.contains(index) && !text.is_empty());
    texts.map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect()
}

/// Whether its path begins at a folder that is open, and not where the run is.
fn is_below_a_descriptor(call: &Call) -> bool {
    let takes_one = call.name.ends_with("at") && !call.name.starts_with("link") && call.name != "newfstatat";
    takes_one && call.arguments.starts_with(|first: char| first.is_ascii_digit()) && !call.path(0).starts_with('/')
}

/// Whether a call has changed what is on disk.
pub(crate) fn changes(call: &Call) -> bool {
    call.result.is_some() && (is_change(call) || REMOVALS.contains(&&*call.name))
}

fn is_change(call: &Call) -> bool {
    CHANGES.contains(&&*call.name) || call.name.starts_with("open") && call.arguments.contains("O_CREAT")
}

/// Every point of a run, in its order.
pub(crate) fn points(log: &[Call], folder: &Path) -> Vec<Point> {
    let mut counts: BTreeMap<(String, String), (usize, BTreeMap<u32, usize>)> = BTreeMap::new();
    // closing what was not written loses nothing; of a folder the standard library takes an error of it for a defect
    let written = log.iter().filter(|call| call.name == "write").flat_map(|call| handles(call, folder));
    let written: BTreeSet<String> = written.collect();
    let mut points = Vec::new();
    for (index, call) in log.iter().enumerate() {
        let mut here = None;
        for handle in handles(call, folder) {
            let (all, of_threads) = counts.entry((call.name.clone(), handle.clone())).or_default();
            let of_thread = of_threads.entry(call.thread).or_default();
            (*all, *of_thread) = (*all + 1, *of_thread + 1);
            here.get_or_insert((handle, *all, *of_thread));
        }
        let Some((handle, ordinal, of_thread)) = here else { continue };
        if call.name == "close" && !written.contains(&handle) {
            continue;
        }
        for fault in faults(call) {
            let rest = match fault {
                Fault::FullFromHere => changed_from(&log[index..], folder),
                _ => Vec::new(),
            };
            let (name, handle, only_looks) = (call.name.clone(), handle.clone(), !changes(call));
            points.push(Point { name, handle, ordinal, of_thread, fault, only_looks, rest });
        }
    }
    points
}

/// What can become of a call.
fn faults(call: &Call) -> Vec<Fault> {
    let name = &&*call.name;
    let mut faults = Vec::new();
    if changes(call) {
        faults.extend([Fault::Kill, Fault::Terminate]);
    }
    if changes(call) && !REMOVALS.contains(name) {
        faults.push(Fault::NoSpace);
        // opening goes on for a while on a full disk
        faults.extend((!name.starts_with("open")).then_some(Fault::FullFromHere));
    }
    if changes(call) || LOOKS.contains(name) {
        faults.push(Fault::Io);
    }
    if call.result.is_some() && INTERRUPTIBLE.contains(name) {
        faults.push(Fault::Interrupted);
    }
    if name.starts_with("link") && changes(call) {
        faults.extend(["error=EPERM", "error=EOPNOTSUPP", "error=EXDEV"].map(Fault::NoLinks));
    }
    faults
}

fn changed_from(log: &[Call], folder: &Path) -> Vec<String> {
    let mut handles: Vec<String> =
        log.iter().filter(|call| changes(call)).flat_map(|call| handles(call, folder)).collect();
    handles.sort();
    handles.dedup();
    handles
}

/// Which of the calls that a point's log tells of was hit first, counted from 1; nothing if none was.
pub(crate) fn hit(log: &str) -> Option<usize> {
    let mut begun: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = 0;
    for line in log.lines() {
        let (thread, what) = line.split_once(' ')?;
        let what = what.trim_start();
        if what.starts_with("+++ killed by SIGKILL") {
            // the one that was not carried through is the last one of its thread
            return (count > 0).then_some(count);
        }
        if what.starts_with("--- SIGTERM") {
            return begun.get(thread).copied();
        }
        if what.starts_with("+++") || what.starts_with("---") {
            continue;
        }
        if !what.starts_with("<...") {
            count += 1;
            begun.insert(thread, count);
        }
        if what.contains("(INJECTED)") {
            return begun.get(thread).copied();
        }
    }
    None
}

#[test]
fn the_call_that_was_hit_is_found_in_the_log() {
    assert_eq!(hit("7 write(1</a>, \"\"..., 2) = 2\n7 write(1</a>, \"\"..., 2) = -1 EIO (x) (INJECTED)\n"), Some(2));
    let crossed =
        "7 fsync(1</a> <unfinished ...>\n8 fsync(2</a>) = 0\n7 <... fsync resumed>) = -1 EIO (x) (INJECTED)\n";
    assert_eq!(hit(crossed), Some(1));
    assert_eq!(hit("7 fsync(1</a>) = ?\n8 +++ killed by SIGKILL +++\n"), Some(1));
    assert_eq!(hit("8 +++ killed by SIGKILL +++\n"), None);
    assert_eq!(hit("7 fsync(1</a>) = 0\n"), None);
    let asked = "7 fsync(1</a>) = 0\n8 fsync(1</a>) = 0\n7 --- SIGTERM {si_signo=SIGTERM} ---\n8 fsync(1</a>) = 0\n";
    assert_eq!(hit(asked), Some(1));
}
