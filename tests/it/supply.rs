//! What the program is made of, as far as that can be told without other tools; `tests/supply/run` tells the rest.

use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

use toml::Table;

use crate::support::{project, skipped};

fn table(name: &str) -> Table {
    read_to_string(project().join(name)).expect("a file").parse().expect("TOML")
}

#[test]
fn every_package_comes_from_the_registry_with_its_hash() {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages");
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let text = |key: &str| package.get(key).and_then(|value| value.as_str());
        let name = text("name").expect("a name");
        if name != env!("CARGO_PKG_NAME") {
            assert_eq!(text("source"), Some("registry+https://github.com/rust-lang/crates.io-index"), "{name}");
            assert_eq!(text("checksum").map(str::len), Some(64), "{name}");
        }
    }
}

#[test]
fn the_lock_file_is_part_of_the_project() {
    let mut git = Command::new("git");
    let listed = git.args(["ls-files", "--", "Cargo.lock"]).current_dir(project()).output();
    match listed {
        Ok(listed) if listed.status.success() => assert_eq!(listed.stdout, b"Cargo.lock\n"),
        _ => skipped("this is no checkout of git"),
    }
}

/// One crate that asked for it would change, for all, how numbers are parsed.
#[test]
fn numbers_of_arbitrary_precision_are_off() {
    assert!(serde_json::from_str::<serde_json::Value>("1e400").is_err());
    let amount = serde_json::from_str::<serde_json::Value>("0.1234567890123456789").expect("a number");
    assert_eq!(amount.to_string(), "0.12345678901234568", "not the digits as sent, which are read as raw text");
}

#[test]
fn no_code_of_ours_is_unsafe() {
    let manifest = table("Cargo.toml");
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    assert!(!project().join("build.rs").exists() && manifest["package"].get("build").is_none());
    for (path, bytes) in crate::support::tree(&project().join("src")) {
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(!text.contains("allow(unsafe_code)"), "{path}");
        assert!(
            Path::new(&path).extension().is_some_and(|extension| extension == "rs" || extension == "css"),
            "{path}"
        );
    }
}

#[test]
fn dependencies_are_versions_of_the_registry_and_there_is_one_tls() {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages").iter();
    let others: Vec<&str> = packages.filter_map(|package| package["name"].as_str()).collect();
    for other in ["openssl", "openssl-sys", "native-tls", "schannel-sys"] {
        assert!(!others.contains(&other), "{other}");
    }
    let manifest = table("Cargo.toml");
    for (name, dependency) in manifest["dependencies"].as_table().expect("dependencies") {
        let version = dependency.as_str().or_else(|| dependency.get("version").and_then(|version| version.as_str()));
        let version = version.unwrap_or_default();
        let is_version = version.starts_with(|first: char| first.is_ascii_digit());
        assert!(is_version, "{name} wants `{version}`: no wildcard, path or repository");
    }
}
