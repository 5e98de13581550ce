//! The removed bucket's line taken apart: a line for each account that earlier captures name, and one for the rest.

use std::sync::Arc;

use super::super::grade::Grade;
use super::super::money::{Amount, Exact, Minor};
use super::super::removed::{Attribution, Gone, Part};
use super::super::shares::{Division, largest_remainder};
use super::{Line, LineKind, Source, Volume};

/// Divides the removed line by messages. The lines sum to it exactly: in messages, in cost as sent, and in cents.
///
/// Returns how the cents were divided, in the order of the lines; nothing if the line stays as it is.
pub(super) fn attribute(
    lines: &mut Vec<Line>,
    sources: &mut Vec<Source>,
    attribution: &Attribution,
) -> Option<Division> {
    let index = lines.iter().position(|line| line.kind == LineKind::Removed)?;
    let whole = &lines[index];
    let named: Vec<(&Gone, &Part)> = attribution.named().filter(|(_, part)| part.high != 0).collect();
    let messages = whole.messages.unwrap_or(0);
    let unnamed = |of: fn(&Part) -> i64| attribution.unnamed().map(of).sum::<i64>();
    let rest = Volume { low: unnamed(|part| part.low), high: unnamed(|part| part.high) };
    let unnamed = unnamed(|part| part.messages);
    if messages <= 0 || attribution.messages() != i128::from(messages) {
        return None;
    }
    let volumes = named.iter().map(|(_, part)| part.messages).chain([unnamed]);
    let weights: Vec<(usize, Exact)> = volumes.map(Exact::whole).enumerate().collect();
    let (share, cost) = (whole.share, whole.allocated_cost.unwrap_or(Amount::ZERO));
    let shares = Division::of(share, &weights).ok()?;
    let volumes = named.iter().map(|(_, part)| part.messages).chain([unnamed]);
    let proportions: Vec<(usize, Exact)> = volumes.map(Exact::proportion).enumerate().collect();
    let costs = largest_remainder(Minor(cost.units()), &proportions).ok()?;
    let mut divided: Vec<Line> = named.iter().map(|(gone, part)| named_line(gone, part)).collect();
    let mut unnamed = Line {
        messages: Some(unnamed),
        grade: Grade::Residual,
        ..Line::new(LineKind::Removed, Arc::clone(&whole.name))
    };
    unnamed.set_volume(rest);
    divided.push(unnamed);
    for ((line, share), units) in divided.iter_mut().zip(&shares.parts).zip(costs) {
        (line.share, line.allocated_cost) = (*share, cost.of_units(units.0));
    }
    // a rest of nothing has nothing to say
    divided.retain(|line| line.kind != LineKind::Removed || line.volume().is_some_and(|volume| volume.high != 0));
    let bucket = sources[index].bucket;
    let parts = (0..divided.len()).map(|part| Source { bucket, attributed: Some(part), moved: None });
    sources.splice(index..=index, parts);
    lines.splice(index..=index, divided);
    Some(shares)
}

fn named_line(gone: &Gone, part: &Part) -> Line {
    let mut line = Line {
        account_id: Some(gone.account_id),
        messages: Some(part.messages),
        grade: if part.bounded { Grade::Attributed } else { Grade::Residual },
        ..Line::new(LineKind::Attributed, Arc::clone(&gone.name))
    };
    line.set_volume(Volume { low: part.low, high: part.high });
    line
}
