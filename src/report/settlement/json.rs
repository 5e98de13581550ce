//! A close for programs.

use serde::Serialize;

use crate::billing::close::Close;

use super::super::reconciliation_json;
use super::Sheet;

/// The schema of the result.
const SCHEMA: &str = "subledger/closing/v1";

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    exit_code: u8,
    closed: bool,
    set: Option<String>,
    revision: Option<u32>,
    capture: &'a str,
    evidence: &'a str,
    record: Option<&'a str>,
    reports: Option<&'a str>,
    accepted: Vec<Accepted<'a>>,
    in_the_way: Vec<InTheWay<'a>>,
    reconciliation: &'a serde_json::value::RawValue,
}

#[derive(Serialize)]
struct Accepted<'a> {
    what: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct InTheWay<'a> {
    what: &'static str,
    found: &'a str,
}

impl Sheet<'_> {
    /// The close as one JSON text.
    pub fn json(&self, exit_code: u8, tool: &str) -> String {
        let close = self.ledger.terms.close.as_ref();
        let accepted = close.into_iter().flat_map(|close| &close.accepted);
        let reconciliation = reconciliation_json(self.ledger, self.label, tool);
        let json = Json {
            schema: SCHEMA,
            exit_code,
            closed: self.places.record.is_some(),
            set: close.map(|close| Close::set_name(close.revision)),
            revision: close.map(|close| close.revision),
            capture: &self.ledger.books.capture.id,
            evidence: &self.places.evidence,
            record: self.places.record.as_deref(),
            reports: self.places.reports.as_deref(),
            accepted: accepted.map(|a| Accepted { what: a.what.as_str(), reason: &a.reason }).collect(),
            in_the_way: self.refused.iter().map(|(what, found)| InTheWay { what: what.as_str(), found }).collect(),
            reconciliation: &reconciliation,
        };
        serde_json::to_string(&json).unwrap_or_default()
    }
}
