//! The power cut: carries the logged calls of a run out on a model of a disk, and looks at what is left at every one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::look::is_passing;

use super::model::{Disk, Loss, Tree, put};
use super::points::{changes, places};
use super::scene::{Left, Scene, Stage};
use super::trace::Call;
use super::verdict::{converged, differences, visible};

/// Calls on files that leave the disk as it is.
const HARMLESS: [&str; 25] = [
    "access",
    "chdir",
    "close",
    "execve",
    "faccessat",
    "faccessat2",
    "fcntl",
    "flock",
    "fstat",
    "getcwd",
    "getdents64",
    "ioctl",
    "lseek",
    "mmap",
    "statfs",
    "newfstatat",
    "open",
    "openat",
    "poll",
    "pread64",
    "read",
    "readlink",
    "readlinkat",
    "stat",
    "statx",
];

/// A disk, and how far each open file has been written.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    pub(crate) disk: Disk,
    offsets: BTreeMap<i64, usize>,
    /// Whether the run has said that it is through.
    pub(crate) is_acknowledged: bool,
}

impl Replay {
    pub(crate) fn of(disk: Disk) -> Self {
        Self { disk, offsets: BTreeMap::new(), is_acknowledged: false }
    }

    /// The same disk, for another run.
    pub(crate) fn next(&self) -> Self {
        Self::of(self.disk.clone())
    }

    /// Carries out a call of a run in `folder`.
    ///
    /// # Panics
    ///
    /// On a call on the run's files that it does not know: a model that passes over a change tells nothing.
    pub(crate) fn carry_out(&mut self, call: &Call, folder: &Path) {
        let descriptor = call.descriptors.first().map(|(number, _)| *number);
        if call.name == "write"
            && descriptor == Some(2)
            && call.texts.iter().any(|text| text.starts_with(b"evidence: safe"))
        {
            self.is_acknowledged = true;
        }
        let Some(result) = call.result else { return };
        let places = places(call, folder);
        let Some(place) = places.first() else { return };
        let written = usize::try_from(result).expect("no error");
        match &*call.name {
            "mkdir" | "mkdirat" => self.disk.mkdir(place),
            "open" | "openat" => {
                if call.arguments.contains("O_CREAT") && !self.disk.is_there(place) {
                    self.disk.create(place);
                }
                if call.arguments.contains("O_TRUNC") {
                    self.disk.truncate(place, 0);
                }
                let appends = call.arguments.contains("O_APPEND");
                self.offsets.insert(result, if appends { self.disk.length(place) } else { 0 });
            }
            "write" => {
                let offset = self.offsets.entry(descriptor.expect("a descriptor")).or_default();
                self.disk.write(place, *offset, &call.texts[0][..written]);
                *offset += written;
            }
            "lseek" => {
                self.offsets.insert(descriptor.expect("a descriptor"), written);
            }
            "ftruncate" => {
                let length = call.arguments.rsplit(", ").next().and_then(|length| length.parse().ok());
                self.disk.truncate(place, length.expect("a length"));
            }
            "fallocate" => {
                let length = call.arguments.rsplit(", ").next().and_then(|length| length.parse().ok());
                let length: usize = length.expect("a length");
                self.disk.truncate(place, length.max(self.disk.length(place)));
            }
            "fsync" | "fdatasync" => self.disk.sync(place),
            "link" | "linkat" => self.disk.link(place, &places[1]),
            "symlink" | "symlinkat" => self.disk.symlink(&call.path(0), place),
            "rename" | "renameat" | "renameat2" => self.disk.rename(place, &places[1]),
            "unlink" | "unlinkat" | "rmdir" => self.disk.remove(place),
            name => assert!(HARMLESS.contains(&name), "the model does not know what `{name}` does to {place}"),
        }
    }
}

/// What a replay came to.
#[derive(Debug, Default)]
pub(crate) struct Cuts {
    /// Calls after which the power was cut.
    pub(crate) moments: usize,
    /// States that differ from each other.
    pub(crate) states: usize,
    /// States from which the run was carried through.
    pub(crate) reruns: usize,
    /// Runs after a kill, each with the power cut after it.
    pub(crate) after_kills: usize,
    pub(crate) violations: Vec<String>,
}

/// How much of it is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    /// One of so many states is looked at; of those after the last line each is.
    pub(crate) looks: usize,
    /// One of so many states is run again.
    pub(crate) reruns: usize,
    /// One of so many kills is followed by a run and a power cut.
    pub(crate) kills: usize,
    /// And each that leaves a new name which nobody has synced.
    pub(crate) names: bool,
}

/// Cuts the power after every call of a scene, and after runs that followed on a kill.
pub(crate) fn cut(stage: &Stage, scene: &Scene, share: Share) -> Cuts {
    let mut cuts = Cuts::default();
    let mut seen = BTreeSet::new();
    let mut replay = Replay::of(Disk::of(scene.start()));
    let folder = stage.scratch.path().canonicalize().expect("a folder").join("cut");
    let mut kills = 0;
    for (index, call) in scene.log.iter().enumerate() {
        let was_acknowledged = replay.is_acknowledged;
        replay.carry_out(call, &scene.folder);
        let has_changed = changes(call) && !places(call, &scene.folder).is_empty();
        if !(has_changed || replay.is_acknowledged != was_acknowledged) {
            continue;
        }
        cuts.moments += 1;
        for loss in Loss::all(index as u64) {
            let tree = replay.disk.after(loss);
            if !seen.insert((replay.is_acknowledged, state(&tree))) {
                continue;
            }
            cuts.states += 1;
            let is_left_out = !cuts.states.is_multiple_of(share.looks) && !replay.is_acknowledged;
            if is_left_out {
                continue;
            }
            put(&tree, &folder);
            let mut problems = visible(scene, &folder);
            if replay.is_acknowledged {
                problems.extend(acknowledged(scene, &folder));
            }
            if cuts.states % share.reruns == 0 {
                cuts.reruns += 1;
                problems.extend(converged(stage, scene, &folder, false));
            }
            let show =
                |problem| format!("{}: {loss:?} after {} {}: {problem}", scene.name, index + 1, shown(call, scene));
            cuts.violations.extend(problems.into_iter().map(show));
        }
        if has_changed && !replay.is_acknowledged {
            kills += 1;
            if kills % share.kills == 0 || share.names && leaves_a_name(call, scene) {
                cuts.after_kills += 1;
                let problems = after_kill(stage, scene, &replay, &folder);
                let show =
                    |problem| format!("{}: killed after {} {}: {problem}", scene.name, index + 1, shown(call, scene));
                cuts.violations.extend(problems.into_iter().map(show));
            }
        }
    }
    assert!(replay.is_acknowledged, "{}: the log has no last line", scene.name);
    cuts
}

/// Whether there is a new name now that the next run finds, and does not make again.
fn leaves_a_name(call: &Call, scene: &Scene) -> bool {
    let is_hidden = |path: Option<&String>| path.is_none_or(|path| path.contains("/.tmp-"));
    matches!(&*call.name, "mkdir" | "rename") && !is_hidden(places(call, &scene.folder).last())
}

/// Kills the run here, runs again, and cuts the power when that run has said that it is through: what the killed one left
/// unsynced is then the next one's to sync.
fn after_kill(stage: &Stage, scene: &Scene, replay: &Replay, folder: &Path) -> Vec<String> {
    put(&replay.disk.after(Loss::Nothing), folder);
    let arguments = scene.rerun(&Left::of(folder));
    let (again, log) = stage.run_traced(folder, &arguments);
    if again.code != scene.code {
        return vec![format!("the rerun exits with {}: {}", again.code, again.stderr)];
    }
    let mut replay = replay.next();
    let mut problems = Vec::new();
    for call in &log {
        replay.carry_out(call, folder);
    }
    assert!(replay.is_acknowledged, "the log of the rerun has no last line");
    for loss in Loss::all(1) {
        put(&replay.disk.after(loss), folder);
        let lost = visible(scene, folder).into_iter().chain(acknowledged(scene, folder));
        problems.extend(lost.map(|problem| format!("run again, then {loss:?}: {problem}")));
    }
    problems
}

/// What was acknowledged and is lost.
fn acknowledged(scene: &Scene, folder: &Path) -> Vec<String> {
    let mut left = Left::of(folder);
    // what was hidden and then removed may come back hidden
    left.reports.retain(|path, _| !path.contains("/.tmp-"));
    // a report takes no capture, and so writes no seal for one
    let lost = differences(scene, &left, &|path| path.ends_with("capture.json.sha256"));
    lost.into_iter().map(|problem| format!("acknowledged, and lost: {problem}")).collect()
}

fn shown(call: &Call, scene: &Scene) -> String {
    format!("{} of {:?}", call.name, places(call, &scene.folder))
}

fn state(tree: &Tree) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    // what is in a lock names a process
    let told = tree.iter().filter(|(path, _)| !is_passing(path));
    told.for_each(|entry| entry.hash(&mut hasher));
    hasher.finish()
}
