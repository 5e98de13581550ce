//! `subledger archive`: keeps the archive's tables few, without key and without network.

use serde_json::json;

use super::Outcome;
use super::progress::Spinner;
use super::selection::open;
use crate::config::Config;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly::{self, Compacted, Compaction, Signals, TOOL};
use crate::report::text::{counted, grouped};

/// Makes one table of each closed period.
pub async fn compact(config: &Config, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let spinner = Spinner::start(show_progress);
    let done = nightly::compact(&archive, signals, &|message| spinner.tell(message)).await?;
    drop(spinner);
    let left_alone = done.iter().filter(|period| matches!(period.outcome, Compaction::LeftAlone(_))).count();
    let next = match (done.len(), left_alone) {
        (0, _) => "no period is closed, there is nothing to compact".to_owned(),
        (_, 0) => "the evidence is as it was, nothing to do".to_owned(),
        (_, count) => format!("the evidence is as it was; {} left alone, see why", counted(count, "period")),
    };
    let text = done.iter().map(line).collect();
    let periods: Vec<_> = done.iter().map(entry).collect();
    let json = json!({ "schema": "subledger/compaction/v1", "tool": TOOL, "periods": periods }).to_string();
    Ok(Outcome { text, json, closing: closing(&Evidence::Untouched, &next), ..Outcome::default() })
}

fn line(done: &Compacted) -> String {
    let Compacted { period, captures, removed, path, bytes, outcome } = done;
    let captures = counted(*captures, "capture");
    match outcome {
        Compaction::Made => {
            let (bytes, removed) = (grouped(&bytes.to_string()), counted(*removed, "table"));
            format!(
                "{period}  {captures} in one table of {bytes} bytes, for {removed} of their own\n            {path}\n"
            )
        }
        Compaction::Unchanged if *removed > 0 => {
            format!("{period}  {captures}: in one table already, {} of their own removed\n", counted(*removed, "table"))
        }
        Compaction::Unchanged => format!("{period}  {captures}: in one table already\n"),
        Compaction::LeftAlone(why) => format!("{period}  {captures}: left alone, {why}\n"),
    }
}

fn entry(done: &Compacted) -> serde_json::Value {
    let (outcome, reason) = match &done.outcome {
        Compaction::Made => ("made", None),
        Compaction::Unchanged => ("unchanged", None),
        Compaction::LeftAlone(why) => ("left_alone", Some(why)),
    };
    json!({
        "period": done.period,
        "captures": done.captures,
        "tables_removed": done.removed,
        "path": done.path,
        "bytes": done.bytes,
        "outcome": outcome,
        "reason": reason,
    })
}
