//! What `verify` has to say, for programs.

use serde::Serialize;

use super::{Proof, Sheet};

/// The schema of the result.
const SCHEMA: &str = "subledger/verify/v1";

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    exit_code: u8,
    is_intact: bool,
    archive: &'a str,
    parent_account_id: String,
    captures: usize,
    captures_intact: usize,
    closes: usize,
    closes_intact: usize,
    objects: usize,
    bodies: usize,
    bytes: u64,
    tables: usize,
    sets: Vec<Set<'a>>,
    broken: Vec<Broken<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Set<'a> {
    period: &'a str,
    name: &'a str,
    state: Option<&'a str>,
    files: usize,
    verdict: &'static str,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct Broken<'a> {
    path: &'a str,
    problem: &'a str,
    affected: &'a [String],
}

impl Sheet<'_> {
    /// The result as one JSON text.
    pub fn json(&self, exit_code: u8) -> String {
        let sets = self.sets.iter().map(|set| {
            let (verdict, why) = match set.proof {
                Proof::Proved => ("proved", None),
                Proof::OtherVersion(why) => ("other-version", Some(why)),
                Proof::NotRebuilt(why) => ("not-rebuilt", Some(why)),
                Proof::Broken => ("broken", None),
            };
            Set { period: set.period, name: set.name, state: set.state, files: set.files, verdict, why }
        });
        let broken = self.broken.iter().map(|b| Broken { path: b.path, problem: b.problem, affected: b.affected });
        let json = Json {
            schema: SCHEMA,
            exit_code,
            is_intact: self.broken.is_empty(),
            archive: self.archive,
            parent_account_id: self.account_id.to_string(),
            captures: self.captures.0,
            captures_intact: self.captures.1,
            closes: self.closes.0,
            closes_intact: self.closes.1,
            objects: self.objects,
            bodies: self.bodies,
            bytes: self.bytes,
            tables: self.tables,
            sets: sets.collect(),
            broken: broken.collect(),
            notes: &self.notes,
        };
        serde_json::to_string(&json).unwrap_or_default()
    }
}
