//! Captures of the past that can no longer be read: tonight goes on without them, and says which.

use std::path::{Path, PathBuf};

use crate::support::look::{self, json};
use crate::support::{NIGHT, PARENT, Ran, Server, base, home, ran, run_at, subledger};

const SECOND: &str = "20240116T020000Z";
const NIGHTS: [&str; 3] = [NIGHT, "2024-01-16T02:00:00Z", "2024-01-17T02:00:00Z"];

/// The folder of the second of three nights.
fn second(folder: &Path) -> PathBuf {
    folder.join(format!("archive/parent={PARENT}/period=2024-01-01/capture={SECOND}"))
}

/// Something that happens to the folder of a capture.
type Harm = fn(&Path);

fn flip_a_bit(path: &Path) {
    let mut bytes = std::fs::read(path).expect("an object");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("a damaged object");
}

/// The messages of the `gap` findings of a report that balances, and nothing else is found.
fn gaps(ran: &Ran) -> Vec<String> {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = json(&ran.stdout);
    let findings = result["reconciliation"]["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|finding| finding["code"] == "gap" && finding["severity"] == "warning"), "{result}");
    findings.iter().map(|finding| finding["message"].as_str().expect("a message").to_owned()).collect()
}

#[test]
fn a_damaged_capture_of_the_past_leaves_a_gap_and_stops_nothing() {
    let damages: [(&str, Harm); 4] = [
        ("a bit of the usage", |folder| flip_a_bit(&folder.join("usage.json.zst"))),
        ("a bit of the list", |folder| flip_a_bit(&folder.join("accounts-0001.json.zst"))),
        ("no usage", |folder| std::fs::remove_file(folder.join("usage.json.zst")).expect("an object")),
        ("half a manifest", |folder| std::fs::write(folder.join("capture.json"), "{\"schema\":").expect("a file")),
    ];
    for (damage, harm) in damages {
        let (folder, server) = (home(), Server::of(base()));
        for night in NIGHTS {
            assert_eq!(run_at(folder.path(), &server, night, &[]).code, 0);
        }
        harm(&second(folder.path()));

        let mut report = subledger(folder.path());
        let told = gaps(&ran(report.args(["report", "--capture", "20240117T020000Z", "--output", "json"])));
        assert_eq!(told.len(), 1, "{damage}: {told:?}");
        assert!(told[0].contains(SECOND), "{damage}: {told:?}");
        let told = gaps(&run_at(folder.path(), &server, "2024-01-18T02:00:00Z", &["--output", "json"]));
        assert!(told.len() == 1 && told[0].contains(SECOND), "{damage}: {told:?}");
        assert_eq!(look::captures(folder.path()).len(), 4);

        // the capture itself is asked for, and nothing is made up in its place
        let asked = ran(subledger(folder.path()).args(["report", "--capture", SECOND]));
        assert_eq!(asked.code, 13, "{damage}: {}", asked.stderr);
    }
}
