//! Who attests whom: of two files that do not agree, which one was changed.
//!
//! A manifest or record has up to three kinds of witnesses: its seal, the captures or the close that follow it, and the
//! closes that were made of it. One that nobody agrees with was changed; where word stands against word, both are named.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Told;
use crate::archive::seal::{Compared, Seal, compared};

/// A manifest or a record of a close as it is, and what it says of others.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    /// What is in doubt with it, itself first: the name of a capture, `close r2 of 2026-10-01`.
    pub(super) affected: Vec<String>,
    /// Its path, for people.
    pub(super) path: String,
    /// The path of its seal, for people.
    pub(super) seal_path: String,
    /// SHA-256 of its bytes as they are.
    pub(super) sha256: String,
    /// What its seal says.
    pub(super) seal: Seal,
    /// What it says of others.
    pub(super) claims: Vec<Claim>,
}

/// A hash that a manifest or record names for another.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The other's path, for people.
    pub(super) path: String,
    /// The hash.
    pub(super) sha256: String,
}

/// What others say of one file.
#[derive(Default)]
struct Votes<'w> {
    /// They name the hash that it has.
    equal: Vec<&'w Witness>,
    /// They named it once: the hash in them was changed.
    changed: Vec<&'w Witness>,
    /// They name another hash.
    other: Vec<&'w Witness>,
}

impl Witness {
    /// What people call it, in a sentence.
    fn called(&self) -> String {
        match self.affected.first() {
            Some(label) if label.starts_with("close ") => label.clone(),
            label => format!("capture `{}`", label.map_or("", String::as_str)),
        }
    }
}

/// All that is known of who attests whom.
struct Hearing<'w> {
    witnesses: &'w [Witness],
    votes: BTreeMap<&'w str, Votes<'w>>,
    none: Votes<'w>,
}

/// Tells which of the files were changed, and gives their paths. A seal or a link that was changed is told of as well.
pub(super) fn judge(witnesses: &[Witness], told: &mut Told) -> BTreeSet<String> {
    let hearing = Hearing::new(witnesses);
    let mut changed = BTreeSet::new();
    for witness in witnesses {
        hearing.seal(witness, told);
        hearing.links(witness, told, &mut changed);
    }
    changed
}

impl<'w> Hearing<'w> {
    fn new(witnesses: &'w [Witness]) -> Self {
        let by_path: BTreeMap<&str, &Witness> =
            witnesses.iter().map(|witness| (witness.path.as_str(), witness)).collect();
        let mut votes: BTreeMap<&str, Votes<'_>> = BTreeMap::new();
        for voter in witnesses {
            for claim in voter.claims.iter().filter(|claim| claim.path != voter.path) {
                let Some(of) = by_path.get(claim.path.as_str()) else { continue };
                let votes = votes.entry(&of.path).or_default();
                match compared(&claim.sha256, &of.sha256) {
                    Compared::Equal => votes.equal.push(voter),
                    Compared::Changed => votes.changed.push(voter),
                    Compared::Other => votes.other.push(voter),
                }
            }
        }
        Self { witnesses, votes, none: Votes::default() }
    }

    fn votes(&self, of: &Witness) -> &Votes<'w> {
        self.votes.get(of.path.as_str()).unwrap_or(&self.none)
    }

    /// Whether somebody says that the file is as it was.
    fn is_supported(&self, witness: &Witness) -> bool {
        witness.seal == Seal::Holds || !self.votes(witness).equal.is_empty()
    }

    /// Whether its seal says that it was changed, and nobody says otherwise.
    fn is_refuted(&self, witness: &Witness) -> bool {
        witness.seal == Seal::Other && self.votes(witness).equal.is_empty()
    }

    /// Tells what is wrong with a seal itself, or that it is not there.
    fn seal(&self, witness: &Witness, told: &mut Told) {
        let equal = &self.votes(witness).equal;
        match &witness.seal {
            Seal::Broken(problem) => told.problem(&witness.seal_path, problem, &witness.affected[..1]),
            Seal::Other if !equal.is_empty() => {
                let problem = format!("it is the seal of other bytes than those that {}", attest(equal));
                told.problem(&witness.seal_path, problem, &witness.affected[..1]);
            }
            Seal::Absent if equal.is_empty() => {
                told.note(&witness.seal_path, "there is no seal, and nothing else attests what it would seal");
            }
            Seal::Absent => {
                told.note(&witness.seal_path, format!("there is no seal; {} what it would seal", attest(equal)));
            }
            Seal::Holds | Seal::Other => {}
        }
    }

    /// Tells whether the file was changed, or a link to it.
    fn links(&self, witness: &'w Witness, told: &mut Told, changed: &mut BTreeSet<String>) {
        let votes = self.votes(witness);
        for voter in &votes.changed {
            let problem = format!("the hash that it names for {} was changed", witness.called());
            told.problem(&voter.path, problem, &voter.affected);
            changed.insert(voter.path.clone());
        }
        let credible: Vec<&Witness> = votes.other.iter().copied().filter(|voter| !self.is_refuted(voter)).collect();
        let supported: Vec<&Witness> = credible.iter().copied().filter(|voter| self.is_supported(voter)).collect();
        let is_refuted = self.is_refuted(witness);
        if is_refuted || (!self.is_supported(witness) && !supported.is_empty()) {
            let against = if is_refuted { &credible } else { &supported };
            let sayers = is_refuted.then(|| "its seal".to_owned()).into_iter();
            let sayers = sayers.chain(against.iter().map(|voter| voter.called()));
            let says: Vec<String> = sayers.map(|sayer| format!("what {sayer} says")).collect();
            let problem = format!("it is not {}{}", says.join(", nor "), self.unattested_without(witness));
            told.problem(&witness.path, problem, &witness.affected);
            changed.insert(witness.path.clone());
            return;
        }
        for voter in credible {
            let affected = [&witness.affected[..], &voter.affected].concat();
            let problem = |of: String| format!("{of}: one of the two was changed");
            told.problem(&witness.path, problem(format!("{} names another hash for it", voter.called())), &affected);
            let names = format!("it names another hash for {} than that has", witness.called());
            told.problem(&voter.path, problem(names), &affected);
        }
    }

    /// What nothing attests any more once this witness cannot be believed.
    fn unattested_without(&self, witness: &Witness) -> String {
        let left_alone = |of: &&Witness| {
            let others = self.votes(of).equal.iter().any(|voter| voter.path != witness.path);
            of.seal != Seal::Holds && !others
        };
        let claimed = |of: &&Witness| witness.claims.iter().any(|claim| claim.path == of.path);
        let alone: Vec<&Witness> = self.witnesses.iter().filter(claimed).filter(left_alone).collect();
        if alone.is_empty() { String::new() } else { format!(", and nothing else attests {}", called(&alone)) }
    }
}

fn called(witnesses: &[&Witness]) -> String {
    witnesses.iter().map(|witness| witness.called()).collect::<Vec<_>>().join(" and ")
}

/// Those who attest something, with the verb: `capture `…` attests`, `… and close r1 of 2026-10-01 attest`.
fn attest(witnesses: &[&Witness]) -> String {
    format!("{} {}", called(witnesses), if witnesses.len() == 1 { "attests" } else { "attest" })
}
