//! Names in the configuration: whose the parent account is, and what its folder of reports is called.

use super::outputs;
use super::rows;
use super::stage::configure;
use crate::support::{Home, NIGHT, Ran, Server, base, home, look, run_at};

fn night(setting: &str, value: &str) -> (Ran, Home) {
    let folder = home();
    // TOML has the escapes of JSON, and wants this one as well
    let value = serde_json::to_string(value).expect("a text").replace('\u{7f}', "\\u007f");
    configure(folder.path(), &format!("report.formats = [\"xlsx\", \"html\"]\n{setting} = {value}"));
    let night = run_at(folder.path(), &Server::of(base()), NIGHT, &[]);
    (night, folder)
}

/// Where the name is one line of what everything can show, every output has it; otherwise it is refused.
#[test]
fn the_accounts_own_name_is_shown_in_full_or_refused() {
    let (mut shown_count, mut refused_count) = (0, 0);
    for name in rows::all().iter().step_by(3) {
        let (night, folder) = night("account_name", name);
        let name = name.trim();
        let is_fit = subledger::ahasend::wire::display(name, 200) == name && !name.is_empty();
        assert_eq!(night.code, if is_fit { 0 } else { 2 }, "{name:?}: {}", night.stderr);
        if is_fit {
            let set = look::latest(folder.path());
            let page = std::fs::read_to_string(set.join("report.html")).expect("a page");
            assert!(page.contains(&format!("<bdi>{}</bdi>", super::Form::Markup.of(name))), "{name:?}");
            let manifest = look::json(&std::fs::read_to_string(set.join("manifest.json")).expect("a manifest"));
            assert_eq!(manifest["terms"]["set"]["account_name"], name);
            outputs::check_xml(&set);
            shown_count += 1;
        } else {
            assert!(night.stderr.contains("`account_name` is the name that customers know you by"), "{}", night.stderr);
            refused_count += 1;
        }
    }
    assert!(shown_count > 15 && refused_count > 5, "{shown_count}, {refused_count}");
}

/// A label is a folder: nothing that could lead elsewhere, hide, or be two things on two systems.
#[test]
fn a_label_is_plain_or_refused() {
    for name in rows::all().iter().filter(|name| !["123", "00123", "CON"].contains(&name.as_str())) {
        let is_plain = !name.is_empty()
            && name.len() <= 64
            && !name.starts_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !is_plain {
            let (night, folder) = night("label", name);
            assert_eq!(night.code, 2, "{name:?}: {}", night.stderr);
            assert!(!folder.path().join("reports").exists(), "{name:?}");
        }
    }
}
