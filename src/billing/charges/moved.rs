//! Lines of accounts that changed hands within the period: one for each owner.

use uuid::Uuid;

use super::super::money::{Amount, Exact, Minor};
use super::super::moves::{self, Moves, Stretch};
use super::super::shares::{Division, largest_remainder};
use super::{Held, Line, Source, Volume};

/// Parts the lines by owner. The parts of a line sum to it exactly: in messages, in cost as sent, and in cents.
///
/// Returns how the cents were divided, one division for each line that was parted.
pub(super) fn part_by_owner(lines: &mut Vec<Line>, sources: &mut Vec<Source>, moves: &Moves) -> Vec<Division> {
    if moves.is_empty() {
        return Vec::new();
    }
    let mut divisions = Vec::new();
    let whole = std::mem::take(lines).into_iter().zip(std::mem::take(sources));
    // what was seen in the stretches of the account at hand, less what a line of it has had already
    let mut left: Option<(Uuid, Vec<i64>)> = None;
    for (line, source) in whole {
        let account_id = line.account_id.filter(|_| line.kind.has_customer());
        let Some((id, stretches)) = account_id.and_then(|id| Some((id, moves.get(&id)?))) else {
            lines.push(line);
            sources.push(source);
            continue;
        };
        if left.as_ref().is_none_or(|(last, _)| *last != id) {
            left = Some((id, moves::seen(stretches)));
        }
        let seen = left.as_mut().map(|(_, seen)| seen.as_mut_slice()).unwrap_or_default();
        let (parts, division) = parts(&line, stretches, seen);
        for (part, line) in parts.into_iter().enumerate() {
            if let Some(seen) = seen.get_mut(part) {
                *seen = seen.saturating_sub(line.messages.unwrap_or(0));
            }
            lines.push(line);
            sources.push(Source { moved: Some((divisions.len(), part)), ..source });
        }
        divisions.push(division);
    }
    divisions
}

fn parts(line: &Line, stretches: &[Stretch], seen: &[i64]) -> (Vec<Line>, Division) {
    let messages = moves::divide(line.messages.unwrap_or(0), seen);
    let mut volumes: Vec<i64> = messages.iter().map(|part| part.saturating_abs()).collect();
    if volumes.iter().all(|volume| *volume == 0) {
        // what no message bears is the last owner's
        volumes.iter_mut().rev().take(1).for_each(|volume| *volume = 1);
    }
    let weights = |weight: fn(i64) -> Exact| -> Vec<(usize, Exact)> {
        volumes.iter().map(|volume| weight(*volume)).enumerate().collect()
    };
    let shares = Division::of(line.share, &weights(Exact::whole)).unwrap_or_default();
    let cost = line.allocated_cost.unwrap_or(Amount::ZERO);
    let costs = largest_remainder(Minor(cost.units()), &weights(Exact::proportion)).unwrap_or_default();
    let whole = line.volume().unwrap_or(Volume::seen(line.messages.unwrap_or(0)));
    // whatever the account may have, it goes by the same stretches
    let volumes = moves::divide(whole.low, seen).into_iter().zip(moves::divide(whole.high, seen));
    let part = |((index, stretch), (low, high)): ((usize, &Stretch), (i64, i64))| {
        let is_last = index + 1 == stretches.len();
        let held = Held {
            owner: stretch.owner.clone(),
            days: stretch.days,
            from: stretch.from.clone(),
            until: stretch.until.clone(),
            is_last,
        };
        let mut part = Line {
            name: stretch.name.clone(),
            messages: messages.get(index).copied(),
            allocated_cost: line.allocated_cost.and_then(|cost| cost.of_units(costs.get(index)?.0)),
            share: shares.parts.get(index).copied().unwrap_or(Minor::ZERO),
            ..line.clone()
        };
        // how the account is now is nothing to whoever had it before
        part.set_status(line.status().filter(|_| is_last).cloned());
        part.set_volume(Volume { low, high });
        part.set_held(Some(held));
        part
    };
    (stretches.iter().enumerate().zip(volumes).map(part).collect(), shares)
}
