//! Publishing into temporary folders.

use super::*;

const FIRST: &str = "20240102T000000Z";

fn publish_to(home: &Path, place: Place, contents: &str) -> Result<Published, Error> {
    let mut staging = Staging::begin(home, place)?;
    staging.add("deep/file.csv", contents.as_bytes().to_vec())?;
    staging.add(MANIFEST_NAME, contents.as_bytes().to_vec())?;
    staging.ready()?.publish()
}

fn publish(home: &Path, name: &str, contents: &str) -> Published {
    publish_to(home, Place::Revised(name.to_owned()), contents).expect("a published set")
}

fn issue(home: &Path, name: &str, contents: &str) -> Result<Published, Error> {
    publish_to(home, Place::Fixed(name.to_owned()), contents)
}

/// Every folder and link of a period, by name.
fn names(home: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = fs::read_dir(home).expect("a folder").map(name).collect();
    names.sort();
    names
}

fn latest(home: &Path) -> String {
    fs::read_link(home.join(LATEST)).expect("a pointer").to_string_lossy().into_owned()
}

#[test]
fn a_set_of_many_files_is_made_durable_at_once_and_appears_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut staging = Staging::begin(folder.path(), Place::Revised(FIRST.to_owned())).unwrap();
    let paths = || (0..=SYNCED_COUNT_MAX).map(|number| format!("customers/{number}/chargeback.csv"));
    paths().for_each(|path| staging.add(&path, path.clone().into_bytes()).unwrap());
    staging.add(MANIFEST_NAME, b"m".to_vec()).unwrap();
    let published = staging.ready().unwrap().publish().unwrap();
    assert!(paths().all(|path| fs::read(published.folder.join(&path)).unwrap() == path.as_bytes()));
}

#[test]
fn a_file_that_was_written_piece_by_piece_is_compared_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let long = |last: u8| {
        let mut staging = Staging::begin(folder.path(), Place::Revised(FIRST.to_owned())).unwrap();
        let mut file = staging.begin_file("long.csv").unwrap();
        (0..200_000).for_each(|_| file.write_all(b"row").unwrap());
        file.write_all(&[last]).unwrap();
        staging.add(MANIFEST_NAME, b"m".to_vec()).unwrap();
        staging.ready().unwrap().publish().unwrap()
    };
    assert!(!long(1).unchanged);
    assert!(long(1).unchanged);
    assert_eq!(long(2).folder.file_name().unwrap(), "20240102T000000Z-r2", "the last byte differs");
}

#[test]
fn a_set_appears_whole_and_latest_points_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("label/2024-01-01");
    let published = publish(&home, "20240102T000000Z", "a");
    assert_eq!(fs::read(published.folder.join("deep/file.csv")).unwrap(), b"a");
    assert!(published.is_latest && !published.unchanged);
    assert_eq!(latest(&home), "20240102T000000Z");
}

#[test]
fn the_same_set_stays_and_another_becomes_a_revision() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), "20240102T000000Z", "a");
    assert!(publish(folder.path(), "20240102T000000Z", "a").unchanged);
    std::fs::remove_file(folder.path().join("20240102T000000Z/deep/file.csv")).unwrap();
    let mended = publish(folder.path(), "20240102T000000Z", "a");
    assert!(!mended.unchanged && mended.folder.ends_with("20240102T000000Z-r2"), "a set that lost a file is made anew");
    std::fs::write(folder.path().join("20240102T000000Z/deep/file.csv"), "a").unwrap();
    for (contents, name) in [("b", "20240102T000000Z-r3"), ("c", "20240102T000000Z-r4")] {
        assert!(publish(folder.path(), "20240102T000000Z", contents).folder.ends_with(name));
        assert_eq!(latest(folder.path()), name);
    }
    assert_eq!(fs::read(folder.path().join("20240102T000000Z/deep/file.csv")).unwrap(), b"a");
    assert!(publish(folder.path(), "20240102T000000Z", "a").is_latest);
    assert_eq!(latest(folder.path()), "20240102T000000Z", "the terms asked for last are the current ones");
}

#[test]
fn a_set_is_found_behind_one_that_was_pruned_and_a_pruned_one_comes_back_to_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    for contents in ["a", "b", "c"] {
        publish(home, FIRST, contents);
    }
    for pruned in [FIRST.to_owned(), format!("{FIRST}-r2")] {
        sets::remove(&SetFolder { path: home.join(&pruned), name: pruned }).unwrap();
    }
    let found = publish(home, FIRST, "c");
    assert!(found.unchanged && found.folder.ends_with(format!("{FIRST}-r3")));
    for (contents, name) in [("a", FIRST.to_owned()), ("b", format!("{FIRST}-r2")), ("d", format!("{FIRST}-r4"))] {
        let published = publish(home, FIRST, contents);
        assert!(!published.unchanged && published.folder.ends_with(name));
    }
}

#[test]
fn an_earlier_capture_never_becomes_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), "20240105T000000Z", "a");
    assert!(!publish(folder.path(), "20240102T000000Z", "b").is_latest);
    assert_eq!(latest(folder.path()), "20240105T000000Z");
}

#[test]
fn what_is_not_published_leaves_nothing_and_leftovers_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let mut dropped = Staging::begin(folder.path(), Place::Revised("a".to_owned())).unwrap();
    dropped.add("x", vec![1]).unwrap();
    drop(dropped);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::create_dir_all(folder.path().join(".tmp-killed/deep")).unwrap();
    publish(folder.path(), "a", "x");
    assert!(!folder.path().join(".tmp-killed").exists());
}

#[test]
fn a_final_set_is_issued_once_and_found_unchanged_after() {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), FIRST, "a");
    let issued = issue(folder.path(), "final-r1", "b").unwrap();
    assert!(issued.folder.ends_with("final-r1") && !issued.unchanged && issued.is_latest);
    fs::write(folder.path().join("final-r1/notes.txt"), "paid").unwrap();
    let again = issue(folder.path(), "final-r1", "b").unwrap();
    assert!(again.unchanged && again.is_latest && again.folder == issued.folder);
    assert_eq!(names(folder.path()), [FIRST, "final-r1", LATEST]);
}

type Harm = fn(&Path);

#[test]
fn what_is_not_as_issued_is_left_alone_and_named() {
    let harms: [(&str, Harm); 8] = [
        ("manifest.json", |set| fs::write(set.join(MANIFEST_NAME), "other").unwrap()),
        ("manifest.json", |set| fs::remove_file(set.join(MANIFEST_NAME)).unwrap()),
        ("manifest.json", |set| {
            fs::remove_file(set.join(MANIFEST_NAME)).unwrap();
            fs::create_dir(set.join(MANIFEST_NAME)).unwrap();
        }),
        ("deep/file.csv", |set| fs::write(set.join("deep/file.csv"), "B").unwrap()),
        ("deep/file.csv", |set| fs::remove_dir_all(set.join("deep")).unwrap()),
        ("manifest.json", |set| {
            fs::remove_dir_all(set).unwrap();
            // renaming a folder into the place of an empty one would succeed
            fs::create_dir(set).unwrap();
        }),
        ("manifest.json", |set| {
            fs::remove_dir_all(set).unwrap();
            fs::write(set, "a file").unwrap();
        }),
        ("manifest.json", |set| {
            fs::remove_dir_all(set).unwrap();
            std::os::unix::fs::symlink("nowhere", set).unwrap();
        }),
    ];
    for (number, (expected, harm)) in harms.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        issue(folder.path(), "final-r1", "b").unwrap();
        let set = folder.path().join("final-r1");
        harm(&set);
        let before = (set.symlink_metadata().unwrap().modified().unwrap(), names(folder.path()));
        let error = issue(folder.path(), "final-r1", "b").unwrap_err();
        assert!(
            matches!(&error, Error::NotAsIssued { folder, file, .. } if *folder == set && file == Path::new(expected))
        );
        let said = format!("`{}` is not what was issued (`{expected}` ", set.display());
        assert!(error.to_string().starts_with(&said) && error.to_string().ends_with("left alone"), "{number}: {error}");
        assert_eq!((set.symlink_metadata().unwrap().modified().unwrap(), names(folder.path())), before);
    }
}

#[test]
fn latest_leads_to_the_last_final_set_whatever_is_published_after() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    publish(home, FIRST, "a");
    assert!(issue(home, "final-r2", "final 2").unwrap().is_latest);
    assert!(!issue(home, "final-r1", "final 1").unwrap().is_latest, "a correction stays the current set");
    assert!(!publish(home, "20240103T000000Z", "later").is_latest);
    assert!(!publish(home, FIRST, "a").is_latest);
    assert!(issue(home, "final-r10", "final 10").unwrap().is_latest);
    assert!(!issue(home, "final-r2", "final 2").unwrap().is_latest);
    assert_eq!(latest(home), "final-r10");
}

#[test]
fn latest_is_found_again_when_a_killed_run_has_not_moved_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    publish(home, FIRST, "a");
    issue(home, "final-r1", "b").unwrap();
    for pointed in [Some(FIRST), Some("gone"), None] {
        fs::remove_file(home.join(LATEST)).unwrap();
        if let Some(pointed) = pointed {
            std::os::unix::fs::symlink(pointed, home.join(LATEST)).unwrap();
        }
        assert!(!publish(home, FIRST, "a").is_latest);
        assert_eq!(latest(home), "final-r1");
    }
    // a folder that only has the name of a final set is none
    fs::create_dir(home.join("final-r2")).unwrap();
    publish(home, FIRST, "c");
    assert_eq!(latest(home), "final-r1");
}

#[test]
fn latest_stays_with_a_final_set_that_cannot_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    issue(home, "final-r1", "b").unwrap();
    let manifest = home.join("final-r1").join(MANIFEST_NAME);
    fs::remove_file(&manifest).unwrap();
    // leads to itself: nobody can say what is there, whoever they are
    std::os::unix::fs::symlink(MANIFEST_NAME, &manifest).unwrap();
    assert!(!publish(home, FIRST, "a").is_latest);
    assert_eq!(latest(home), "final-r1");
}
