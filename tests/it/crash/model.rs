//! A model of a disk and of what a power cut leaves of it.
//!
//! As POSIX has it, and no kinder: the data of a file is durable once the file was synced, a name once its folder was,
//! and neither brings the other along. A real file system keeps more, and seldom on purpose.

use std::collections::BTreeMap;
use std::path::Path;

/// A file, folder or link by its number.
type Number = usize;
/// The root's.
const ROOT: Number = 0;

/// What the power cut does to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
    /// All of it is gone: names, and data.
    Unsynced,
    /// Every name is there; data is as [`Tear`] says.
    Data(Tear),
    /// Nothing is gone, as when a process is killed.
    Nothing,
    /// Of each folder's changes some first ones are there, and each file's data is gone, torn or there: by this seed.
    Chance(u64),
}

/// How data is torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tear {
    /// The file is empty.
    Empty,
    /// Its first half is there.
    Half,
    /// It has its length, and only zeros.
    Zeros,
}

impl Loss {
    /// Every kind, with two seeds.
    pub(crate) fn all(seed: u64) -> [Self; 7] {
        let torn = [Tear::Empty, Tear::Half, Tear::Zeros].map(Self::Data);
        [Self::Unsynced, torn[0], torn[1], torn[2], Self::Nothing, Self::Chance(2 * seed), Self::Chance(2 * seed + 1)]
    }
}

/// What is at a path after a power cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Entry {
    Folder,
    File(Vec<u8>),
    Link(String),
}

/// Everything below the root, by path.
pub(crate) type Tree = BTreeMap<String, Entry>;

type Names = BTreeMap<String, Number>;
/// A change of a folder: each name, and what it stands for from then on. A renaming is one change of two names.
type Change = Vec<(String, Option<Number>)>;

#[derive(Debug, Clone)]
enum Node {
    Folder { now: Names, synced: Names, since: Vec<Change> },
    File { now: Vec<u8>, synced: Vec<u8> },
    Link(String),
}

/// A disk on which calls are carried out.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
}

impl Disk {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { nodes: vec![Node::Folder { now: Names::new(), synced: Names::new(), since: Vec::new() }] }
    }

    /// One with everything that is in a folder, all of it durable.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut disk = Self::new();
        disk.take_in(folder, "");
        disk
    }

    fn take_in(&mut self, folder: &Path, inside: &str) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{inside}/{}", entry.file_name().to_string_lossy());
            if let Ok(target) = std::fs::read_link(entry.path()) {
                self.symlink(&target.to_string_lossy(), &path);
            } else if entry.path().is_dir() {
                self.mkdir(&path);
                self.take_in(&entry.path(), &path);
            } else {
                self.create(&path);
                self.write(&path, 0, &std::fs::read(entry.path()).expect("a file"));
                self.sync(&path);
            }
        }
        self.sync(inside);
    }

    pub(crate) fn mkdir(&mut self, path: &str) {
        self.add(path, Node::Folder { now: Names::new(), synced: Names::new(), since: Vec::new() });
    }

    pub(crate) fn create(&mut self, path: &str) {
        self.add(path, Node::File { now: Vec::new(), synced: Vec::new() });
    }

    pub(crate) fn symlink(&mut self, target: &str, path: &str) {
        self.add(path, Node::Link(target.to_owned()));
    }

    pub(crate) fn link(&mut self, from: &str, to: &str) {
        let node = self.at(from).unwrap_or_else(|| panic!("{from} is linked and not there"));
        self.change(to, vec![(last(to), Some(node))]);
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let node = self.at(from).unwrap_or_else(|| panic!("{from} is renamed and not there"));
        if above(from) == above(to) {
            self.change(to, vec![(last(from), None), (last(to), Some(node))]);
        } else {
            self.change(to, vec![(last(to), Some(node))]);
            self.change(from, vec![(last(from), None)]);
        }
    }

    /// Takes a name away, of a file, a link or a folder.
    pub(crate) fn remove(&mut self, path: &str) {
        self.change(path, vec![(last(path), None)]);
    }

    pub(crate) fn write(&mut self, path: &str, offset: usize, data: &[u8]) {
        let file = self.file(path);
        let end = offset + data.len();
        file.resize(file.len().max(end), 0);
        file[offset..end].copy_from_slice(data);
    }

    pub(crate) fn truncate(&mut self, path: &str, length: usize) {
        self.file(path).resize(length, 0);
    }

    /// Makes a file's data or a folder's names durable.
    pub(crate) fn sync(&mut self, path: &str) {
        let node = self.at(path).unwrap_or_else(|| panic!("{path} is synced and not there"));
        match &mut self.nodes[node] {
            Node::Folder { now, synced, since } => {
                synced.clone_from(now);
                since.clear();
            }
            Node::File { now, synced } => synced.clone_from(now),
            Node::Link(_) => {}
        }
    }

    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.at(path).is_some()
    }

    pub(crate) fn length(&self, path: &str) -> usize {
        match self.at(path).map(|node| &self.nodes[node]) {
            Some(Node::File { now, .. }) => now.len(),
            _ => 0,
        }
    }

    /// What is there after a power cut.
    pub(crate) fn after(&self, loss: Loss) -> Tree {
        let mut random = fastrand::Rng::with_seed(if let Loss::Chance(seed) = loss { seed } else { 0 });
        // a file with two names has one content
        let mut contents = BTreeMap::new();
        for (number, node) in self.nodes.iter().enumerate() {
            if let Node::File { now, synced } = node {
                contents.insert(number, content(now, synced, loss, &mut random));
            }
        }
        let mut tree = Tree::new();
        let mut waiting = vec![(String::new(), ROOT)];
        while let Some((path, number)) = waiting.pop() {
            let entry = match &self.nodes[number] {
                Node::Folder { now, synced, since } => {
                    let names = match loss {
                        Loss::Unsynced => synced.clone(),
                        Loss::Data(_) | Loss::Nothing => now.clone(),
                        Loss::Chance(_) => changed(synced, &since[..random.usize(0..=since.len())]),
                    };
                    waiting.extend(names.into_iter().map(|(name, number)| (format!("{path}/{name}"), number)));
                    Entry::Folder
                }
                Node::File { .. } => Entry::File(contents[&number].clone()),
                Node::Link(target) => Entry::Link(target.clone()),
            };
            tree.insert(path, entry);
        }
        tree
    }

    fn at(&self, path: &str) -> Option<Number> {
        path.split('/').filter(|part| !part.is_empty()).try_fold(ROOT, |number, part| match &self.nodes[number] {
            Node::Folder { now, .. } => now.get(part).copied(),
            _ => None,
        })
    }

    fn add(&mut self, path: &str, node: Node) {
        self.nodes.push(node);
        self.change(path, vec![(last(path), Some(self.nodes.len() - 1))]);
    }

    /// Changes the folder that a path is in.
    fn change(&mut self, path: &str, change: Change) {
        let folder = self.at(above(path)).unwrap_or_else(|| panic!("the folder of {path} is not there"));
        let Node::Folder { now, since, .. } = &mut self.nodes[folder] else { panic!("{path} is in no folder") };
        *now = changed(now, std::slice::from_ref(&change));
        since.push(change);
    }

    fn file(&mut self, path: &str) -> &mut Vec<u8> {
        let node = self.at(path).unwrap_or_else(|| panic!("{path} is written and not there"));
        let Node::File { now, .. } = &mut self.nodes[node] else { panic!("{path} is written and no file") };
        now
    }
}

fn changed(names: &Names, changes: &[Change]) -> Names {
    let mut names = names.clone();
    for (name, node) in changes.iter().flatten() {
        match node {
            Some(node) => names.insert(name.clone(), *node),
            None => names.remove(name),
        };
    }
    names
}

fn content(now: &[u8], synced: &[u8], loss: Loss, random: &mut fastrand::Rng) -> Vec<u8> {
    let tear = match loss {
        _ if now == synced => return now.to_owned(),
        Loss::Unsynced => return synced.to_owned(),
        Loss::Nothing => return now.to_owned(),
        Loss::Data(tear) => tear,
        Loss::Chance(_) => match random.u8(..5) {
            0 => return synced.to_owned(),
            1 => return now.to_owned(),
            2 => Tear::Empty,
            3 => Tear::Half,
            _ => Tear::Zeros,
        },
    };
    match tear {
        Tear::Empty => Vec::new(),
        Tear::Half => now[..now.len() / 2].to_owned(),
        Tear::Zeros => vec![0; now.len()],
    }
}

fn above(path: &str) -> &str {
    path.trim_start_matches('/').rsplit_once('/').map_or("", |(above, _)| above)
}

fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Puts a tree on a real disk, into a folder that is empty afterwards but for it.
pub(crate) fn put(tree: &Tree, folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    for (path, entry) in tree {
        let place = folder.join(path.trim_start_matches('/'));
        match entry {
            Entry::Folder => std::fs::create_dir_all(place),
            Entry::File(bytes) => std::fs::write(place, bytes),
            Entry::Link(target) => std::os::unix::fs::symlink(target, place),
        }
        .expect("a disk for what is left");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(disk: &Disk, loss: Loss) -> Vec<(String, Entry)> {
        disk.after(loss).into_iter().filter(|(path, _)| !path.is_empty()).collect()
    }

    fn file(path: &str, text: &str) -> (String, Entry) {
        (path.to_owned(), Entry::File(text.into()))
    }

    #[test]
    fn a_file_synced_without_its_folder_loses_its_name() {
        let mut disk = Disk::new();
        disk.create("a");
        disk.write("a", 0, b"data");
        disk.sync("a");
        assert_eq!(left(&disk, Loss::Unsynced), []);
        assert_eq!(left(&disk, Loss::Data(Tear::Empty)), [file("/a", "data")]);
        disk.sync("");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "data")]);
    }

    #[test]
    fn a_folder_synced_without_its_file_keeps_an_empty_one() {
        let mut disk = Disk::new();
        disk.create("a");
        disk.write("a", 0, b"data");
        disk.sync("");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "")]);
        assert_eq!(left(&disk, Loss::Data(Tear::Half)), [file("/a", "da")]);
        assert_eq!(left(&disk, Loss::Data(Tear::Zeros)), [file("/a", "\0\0\0\0")]);
        assert_eq!(left(&disk, Loss::Nothing), [file("/a", "data")]);
    }

    #[test]
    fn a_renaming_without_a_sync_gives_an_empty_file_or_the_old_one() {
        let mut disk = Disk::new();
        disk.create("a");
        disk.write("a", 0, b"old");
        disk.sync("a");
        disk.sync("");
        disk.create("b");
        disk.write("b", 0, b"new");
        disk.rename("b", "a");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "old")]);
        assert_eq!(left(&disk, Loss::Data(Tear::Empty)), [file("/a", "")]);
        disk.sync("a");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "old")], "the new name is not durable yet");
        disk.sync("");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "new")]);
    }

    #[test]
    fn a_tree_is_lost_with_the_name_of_its_topmost_folder() {
        let mut disk = Disk::new();
        disk.mkdir("a");
        disk.mkdir("a/b");
        disk.create("a/b/c");
        for path in ["a/b/c", "a/b", "a"] {
            disk.sync(path);
        }
        assert_eq!(left(&disk, Loss::Unsynced), []);
        disk.sync("");
        assert_eq!(left(&disk, Loss::Unsynced).len(), 3);
    }

    #[test]
    fn two_names_have_one_content_and_a_removed_name_comes_back_until_the_folder_is_synced() {
        let mut disk = Disk::new();
        disk.create("a#1");
        disk.link("a#1", "a");
        disk.write("a#1", 0, b"x");
        disk.sync("a");
        disk.sync("");
        disk.remove("a#1");
        assert_eq!(left(&disk, Loss::Unsynced), [file("/a", "x"), file("/a#1", "x")]);
        assert_eq!(left(&disk, Loss::Nothing), [file("/a", "x")]);
    }

    #[test]
    fn by_chance_a_folder_has_the_first_of_its_changes() {
        let mut disk = Disk::new();
        for name in ["1", "2", "3"] {
            disk.symlink("x", name);
        }
        let counts: Vec<usize> = (0..50).map(|seed| left(&disk, Loss::Chance(seed)).len()).collect();
        for count in 0..=3 {
            assert!(counts.contains(&count), "{count} of three names, in some state");
        }
        for seed in 0..50 {
            let names: Vec<String> = left(&disk, Loss::Chance(seed)).into_iter().map(|(path, _)| path).collect();
            assert_eq!(names, ["/1", "/2", "/3"][..names.len()], "a later name without an earlier one");
        }
    }
}
