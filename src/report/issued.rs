//! `issued.json`: what a close came to, as the archive keeps it beside the close's record. A later correction is held
//! against it, whatever a newer version would compute.

use serde::{Deserialize, Serialize};

use crate::billing::close::{Issued, IssuedEntry, IssuedKind};
use crate::billing::ledger::Ledger;
use crate::billing::money::{Amount, Currency, Minor};

use super::json::pretty;

/// The schema of the file.
const SCHEMA: &str = "subledger/issued/v1";

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    currency: String,
    /// The invoice, in major units as all amounts here.
    invoice: String,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    kind: String,
    id: String,
    name: String,
    cost: String,
    margin: String,
}

/// The file's bytes.
pub fn issued_json(ledger: &Ledger) -> Vec<u8> {
    let currency = ledger.charges.currency;
    let entry = |entry: IssuedEntry| Entry {
        kind: entry.kind.as_str().to_owned(),
        id: entry.id,
        name: entry.name,
        cost: currency.format(entry.cost),
        margin: currency.format(entry.margin),
    };
    pretty(&File {
        schema: SCHEMA.to_owned(),
        currency: currency.code().to_owned(),
        invoice: currency.format(ledger.charges.pooled.minor),
        entries: Issued::of(&ledger.charges).entries.into_iter().map(entry).collect(),
    })
}

/// Reads the file: what was issued, and the invoice; nothing if it is not one of this version.
pub fn read_issued(bytes: &[u8]) -> Option<(Issued, Minor)> {
    let file: File = serde_json::from_slice(bytes).ok().filter(|file: &File| file.schema == SCHEMA)?;
    let currency = Currency::parse(&file.currency)?;
    let minor = |text: &str| {
        let amount = Amount::parse(text).ok()?.exact();
        currency.is_whole(amount).then(|| currency.round(amount))
    };
    let entry = |entry: Entry| {
        let (cost, margin) = (minor(&entry.cost)?, minor(&entry.margin)?);
        Some(IssuedEntry { kind: IssuedKind::parse(&entry.kind)?, id: entry.id, name: entry.name, cost, margin })
    };
    let entries = file.entries.into_iter().map(entry).collect::<Option<_>>()?;
    Some((Issued { entries }, minor(&file.invoice)?))
}
