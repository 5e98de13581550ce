//! A pruning as people and programs read it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{PeriodSets, Pruned};
use crate::nightly::TOOL;
use crate::publish::sets::SetFolder;
use crate::report::text::{grouped, shown};

/// The schema; it changes when a field changes its meaning or goes away.
const SCHEMA: &str = "subledger/prune/v1";

/// A line for each period, then the sum.
pub(super) fn text(pruned: &Pruned<'_>) -> String {
    let mut text = String::new();
    let folder = shown(&pruned.folder.display().to_string());
    if pruned.periods.is_empty() {
        let _ = writeln!(text, "there are no report sets in {folder}: nothing to prune");
        return text;
    }
    let is_dry = pruned.asked.is_dry;
    let line = |text: &mut String, name: &str, kept: usize, going: usize, bytes: u64| {
        let (removed, freed) = if is_dry { ("would go", "") } else { ("removed", " freed") };
        let [kept, going] = [kept, going].map(|count| grouped(&count.to_string()));
        let _ =
            writeln!(text, "{name:<10}  {kept} kept, {going} {removed}, {} bytes{freed}", grouped(&bytes.to_string()));
    };
    let _ = writeln!(text, "provisional report sets in {folder}");
    for period in &pruned.periods {
        line(&mut text, &period.period, period.kept.len(), period.going.len(), period.bytes());
        for (set, _) in period.going.iter().filter(|_| is_dry) {
            let _ = writeln!(text, "            would go: {}", shown(&set.name));
        }
        for (set, why) in &period.left_alone {
            let _ = writeln!(text, "            left alone: {} ({why})", shown(&set.name));
        }
    }
    let sum = |part: fn(&PeriodSets) -> usize| pruned.periods.iter().map(part).sum();
    let bytes = pruned.periods.iter().map(PeriodSets::bytes).sum();
    line(&mut text, "sum", sum(|period| period.kept.len()), sum(|period| period.going.len()), bytes);
    if pruned.going().next().is_some() {
        let _ = writeln!(
            text,
            "the archive is untouched: while its period is open, `subledger report --capture NAME` makes such a set again, on the same terms byte for byte"
        );
    }
    text
}

/// The same for programs; in a dry run `removed` is what would go.
pub(super) fn json(pruned: &Pruned<'_>) -> Value {
    let name = |set: &SetFolder| set.name.clone();
    let periods = pruned.periods.iter().map(|period| {
        let removed = period.going.iter().map(|(set, bytes)| json!({ "name": set.name, "bytes": bytes }));
        let left_alone = period.left_alone.iter().map(|(set, why)| json!({ "name": set.name, "why": why }));
        json!({
            "period": period.period,
            "kept": period.kept.iter().map(name).collect::<Vec<_>>(),
            "removed": removed.collect::<Vec<_>>(),
            "left_alone": left_alone.collect::<Vec<_>>(),
            "bytes": period.bytes(),
        })
    });
    json!({
        "schema": SCHEMA,
        "exit_code": 0,
        "tool": TOOL,
        "label": pruned.label,
        "folder": pruned.folder.display().to_string(),
        "dry_run": pruned.asked.is_dry,
        "keep_provisional": pruned.asked.keep_provisional,
        "periods": periods.collect::<Vec<_>>(),
        "removed": pruned.going().count(),
        "bytes": pruned.periods.iter().map(PeriodSets::bytes).sum::<u64>(),
    })
}
