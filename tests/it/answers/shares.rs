//! Totals and weights that do not suit each other: every cent is still on one line, and what cannot be shared is a finding.

use super::*;
use crate::fixtures::cases::{BETA, GAMMA, answers, usage};
use crate::support::look::findings;
use crate::support::{Home, ran, subledger};

/// A night in USD from (messages, cost) of each bucket, reported in every form; with the codes of its errors.
struct Shared {
    folder: Home,
    errors: Vec<String>,
    stdout: String,
}

type Figures = (i64, &'static str);

impl Shared {
    fn of(parent: Figures, subs: &[Figures], removed: Figures, total: Figures) -> Self {
        let names = [(ACME, "Acme"), (BETA, "Beta"), (GAMMA, "Gamma")];
        let lines: Vec<(&str, &str, i64, &str)> =
            names.iter().zip(subs).map(|((id, name), (messages, cost))| (*id, *name, *messages, *cost)).collect();
        let accounts: Vec<(&str, &str, u64)> = lines.iter().map(|(id, name, ..)| (*id, *name, 0)).collect();
        let server = Server::of(answers(usage("usd", parent, &lines, removed, total), &accounts));
        let folder = home();
        let path = folder.path().join("subledger.toml");
        let limits = std::fs::read_to_string(&path).expect("a configuration");
        let profiles = format!("report.csv_profiles = [\"excel\", \"excel-eu\"]\n{limits}");
        std::fs::write(&path, profiles).expect("a configuration");
        let night = run_at(folder.path(), &server, NIGHT, &["--output", "json"]);
        assert_eq!(look::assert_sound(folder.path()), (1, 1));
        let errors = findings(&night.stdout).into_iter().filter(|(_, severity, _)| severity == "error");
        let mut errors: Vec<String> = errors.map(|(code, ..)| code).collect();
        errors.dedup();
        assert_eq!(night.code, if errors.is_empty() { 0 } else { 10 }, "{}", night.stderr);
        Self { errors, stdout: night.stdout, folder }
    }

    /// What lines are charged with, by account or type; those with nothing are left out.
    fn charges(&self) -> Vec<(String, String)> {
        let rows = rows(&look::latest(self.folder.path()).join("chargeback.csv"));
        let name = |row: &std::collections::BTreeMap<String, String>| match row["line_type"].as_str() {
            "sub_account" => row["account_name"].clone(),
            kind => kind.to_owned(),
        };
        let charges = rows.iter().map(|row| (name(row), row["charge"].clone()));
        charges.filter(|(_, charge)| charge != "0.00").collect()
    }

    #[track_caller]
    fn assert(&self, errors: &[&str], pooled: &str, charges: &[(&str, &str)]) {
        assert_eq!(self.errors, errors, "{}", self.stdout);
        let owned = |(name, charge): &(&str, &str)| ((*name).to_owned(), (*charge).to_owned());
        assert_eq!(self.charges(), charges.iter().map(owned).collect::<Vec<_>>(), "without the zeros");
        let control = rows(&look::latest(self.folder.path()).join("control.csv"));
        for kind in ["sum", "pooled_invoice"] {
            assert_eq!(row(&control, "row_type", kind)["cost"], pooled, "{kind}");
        }
        assert_eq!(row(&control, "row_type", "difference")["cost"], "0.00");
        self.assert_no_zero_below_zero();
    }

    /// In no text of the set is there a zero with a sign.
    #[track_caller]
    fn assert_no_zero_below_zero(&self) {
        let explained = ran(subledger(self.folder.path()).args(["explain", ACME]));
        let mut texts = vec![("stdout".to_owned(), self.stdout.clone()), ("explain".to_owned(), explained.stdout)];
        for (path, bytes) in look::files(&look::latest(self.folder.path())) {
            if let Ok(text) = String::from_utf8(bytes) {
                texts.push((path, text));
            }
        }
        assert!(texts.len() > 8, "{}", texts.len());
        for (path, text) in texts {
            let found = signed_zero(&text);
            assert!(found.is_none(), "{path}: {found:?}");
        }
    }
}

/// The first `-0`, `-0.00` or `−0,00` of a text, with what is around it.
fn signed_zero(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || "-.,_".contains(c);
    text.match_indices(['-', '\u{2212}']).find_map(|(at, sign)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + sign.len()..];
        let number: &str = &rest[..rest.find(|c: char| !c.is_ascii_digit() && !".,".contains(c)).unwrap_or(rest.len())];
        let number = number.trim_end_matches(['.', ',']);
        let is_zero = number.starts_with('0') && number.chars().all(|c| "0.,".contains(c));
        let after = rest[number.len()..].chars().next();
        let stands_alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '-')
            && !after.is_some_and(|c| is_part(c) && !".,".contains(c));
        (is_zero && stands_alone).then(|| &text[at..(at + sign.len() + number.len())])
    })
}

#[test]
fn a_zero_below_zero_is_seen_in_every_spelling() {
    for text in ["-0", "a,-0.00,b", "x \u{2212}0.00 USD", "\"-0,00\"", ">-0<", "-0.", "=-0.000"] {
        assert!(signed_zero(text).is_some(), "{text}");
    }
    for text in ["2024-01-01", "-0.01", "0.00", "b0-0000-4000", "-01", "10-0", "-0a", "\u{2212}0.010", "--0"] {
        assert_eq!(signed_zero(text), None, "{text}");
    }
}

#[test]
fn totals_are_held_against_the_sum_of_their_parts() {
    let shared = |subs: &[Figures], total: Figures| Shared::of((0, "0"), subs, (0, "0"), total);
    let third = (100, "33.33");
    shared(&[(100, "20"), (300, "60")], (400, "80.00")).assert(&[], "80.00", &[("Acme", "20.00"), ("Beta", "60.00")]);
    // a cent is missing, and rounding explains it
    let charges = [("Acme", "33.34"), ("Beta", "33.33"), ("Gamma", "33.33")];
    shared(&[third, third, third], (300, "100.00")).assert(&[], "100.00", &charges);
    // noise of doubles
    shared(&[(1, "0.1"), (2, "0.2")], (3, "0.30000000000000004")).assert(
        &[],
        "0.30",
        &[("Acme", "0.10"), ("Beta", "0.20")],
    );
    // three cents are more than three lines can have lost
    let charges = [("Acme", "33.34"), ("Beta", "33.34"), ("Gamma", "33.34")];
    shared(&[third, third, third], (300, "100.02")).assert(&["cost-sum", "proportional"], "100.02", &charges);
}

#[test]
fn what_nobody_has_a_weight_for_is_a_line_of_its_own() {
    let zeros = [(0, "0"), (0, "0")];
    Shared::of((0, "0"), &zeros, (0, "0"), (0, "80.00")).assert(
        &["cost-sum", "unallocated"],
        "80.00",
        &[("unallocated", "80.00")],
    );
    Shared::of((0, "0"), &[], (0, "0"), (0, "80.00")).assert(
        &["cost-sum", "unallocated"],
        "80.00",
        &[("unallocated", "80.00")],
    );
    Shared::of((0, "0"), &[], (0, "0"), (0, "0")).assert(&[], "0.00", &[]);
    Shared::of((0, "0"), &zeros, (0, "0"), (0, "0")).assert(&[], "0.00", &[]);
}

#[test]
fn nothing_is_shared_by_less_than_nothing() {
    Shared::of((0, "0"), &[(5, "30"), (5, "-10")], (0, "0"), (10, "20")).assert(
        &["proportional", "unallocated", "negative"],
        "20.00",
        &[("unallocated", "20.00")],
    );
    Shared::of((0, "0"), &[(5, "10"), (5, "-10")], (0, "0"), (10, "0")).assert(
        &["proportional", "negative"],
        "0.00",
        &[],
    );
    // a month of credits: whose they are is for people to say
    let credits = [(300, "-60"), (0, "-0.0")];
    Shared::of((100, "-20"), &credits, (0, "-0.0"), (400, "-80.00")).assert(
        &["unallocated", "negative"],
        "-80.00",
        &[("unallocated", "-80.00")],
    );
    let dust = (1, "-0.001");
    Shared::of((0, "0"), &[dust, dust, dust], (0, "-0"), (3, "-0.003")).assert(&["negative"], "0.00", &[]);
}

/// A credit note in place of an invoice, with all of it shared: the same parts as of its absolute value, with the sign.
#[test]
fn a_total_below_zero_is_shared_like_one_above_it() {
    let invoiced = |invoice: &str| {
        let folder = home();
        let path = folder.path().join("subledger.toml");
        let limits = std::fs::read_to_string(&path).expect("a configuration");
        std::fs::write(&path, format!("allocation.rest = \"spread\"\n{limits}")).expect("a configuration");
        let ran = run_at(folder.path(), &Server::of(base()), NIGHT, &[&format!("--invoice={invoice}")]);
        // a cent more may come of the days nobody saw yet; less than the API's total cannot
        assert_eq!(ran.code, if invoice.starts_with('-') { 10 } else { 0 }, "{}", ran.stderr);
        Shared { folder, errors: Vec::new(), stdout: ran.stdout }
    };
    for (invoice, acme, parent) in [
        ("80.01", "60.01", "20.00"),
        ("-80.01", "-60.01", "-20.00"),
        ("-0.01", "-0.01", "0.00"),
        ("-0.00", "0.00", "0.00"),
    ] {
        let shared = invoiced(invoice);
        let charges =
            [("Acme Subsidiary", acme), ("parent", parent)].into_iter().filter(|(_, charge)| *charge != "0.00");
        let pooled = if invoice == "-0.00" { "0.00" } else { invoice };
        shared.assert(&[], pooled, &charges.collect::<Vec<_>>());
    }
}
