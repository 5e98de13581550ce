//! Seals: what they hold, that no capture depends on them, and whether the seal or the manifest was changed.

use super::*;
use crate::archive::seal::{Compared, Seal, compared};

const NAME: &str = "capture.json";

#[test]
fn a_seal_is_what_sha256sum_writes() {
    let (_folder, archive) = archive();
    run(async {
        let committed = capture(&archive, 1).await.unwrap();
        let seal = std::fs::read_to_string(folder_of(&archive, &committed.key).join("capture.json.sha256")).unwrap();
        assert_eq!(seal, format!("{}  capture.json\n", committed.sha256));
    });
}

#[test]
fn a_capture_without_its_seal_is_as_good() {
    let (_folder, archive) = archive();
    run(async {
        let mut draft = archive.begin(at(1), &body("/usage", "{}")).await.unwrap();
        draft.link().await.unwrap();
        draft.place(at(0), at(59), 0).await.unwrap();
        // a folder where the seal belongs: it cannot be written
        let key = CaptureKey { id: "20240115T020001Z".to_owned(), period: "2024-01-15".to_owned() };
        std::fs::create_dir_all(folder_of(&archive, &key).join("capture.json.sha256")).unwrap();
        let first = draft.commit("subledger test", "http://localhost").await.unwrap();
        archive.read(&first.key).await.unwrap();
        assert!(!folder_of(&archive, &first.key).join("../../inbox/capture=20240115T020001Z").exists());

        let second = capture(&archive, 2).await.unwrap();
        std::fs::remove_file(folder_of(&archive, &second.key).join("capture.json.sha256")).unwrap();
        let third = capture(&archive, 3).await.unwrap();
        let previous = archive.read(&third.key).await.unwrap().manifest.previous.unwrap();
        assert_eq!(previous.sha256, Some(second.sha256));
    });
}

#[test]
fn every_changed_byte_of_a_seal_is_the_seals_own() {
    let manifest = sha256(b"a manifest");
    let seal = format!("{manifest}  {NAME}\n").into_bytes();
    assert_eq!(Seal::read(None, NAME, &manifest), Seal::Absent);
    assert_eq!(Seal::read(Some(&seal), NAME, &manifest), Seal::Holds);
    assert_eq!(Seal::read(Some(&seal), NAME, &sha256(b"a changed manifest")), Seal::Other);
    for position in 0..seal.len() {
        for bit in 0..8 {
            let mut bad = seal.clone();
            bad[position] ^= 1 << bit;
            assert!(matches!(Seal::read(Some(&bad), NAME, &manifest), Seal::Broken(_)), "byte {position}, bit {bit}");
        }
    }
    for length in 0..seal.len() {
        assert!(matches!(Seal::read(Some(&seal[..length]), NAME, &manifest), Seal::Broken(_)), "{length} bytes");
    }
    let twice = [&seal[..], &seal[..]].concat();
    assert!(matches!(Seal::read(Some(&twice), NAME, &manifest), Seal::Broken(_)));
}

#[test]
fn hashes_of_two_files_are_never_alike() {
    for number in 0..1_000_u32 {
        let [one, other] = [number, number + 1].map(|number| sha256(&number.to_le_bytes()));
        assert_eq!(compared(&one, &other), Compared::Other);
    }
    assert_eq!(compared("", &sha256(b"")), Compared::Other);
}
