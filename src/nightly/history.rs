//! Reading a history from the archive: the table of one capture after another, and the evidence where there is none.

mod tables;

use std::pin::pin;

use futures_util::stream::StreamExt;
use uuid::Uuid;

use self::tables::{Source, Tables, Told};
use super::Signals;
use super::past::{ordered, time_of, unreadable, usable};
use crate::archive::{Archive, CaptureKey};
use crate::billing::history::{By, Fold, History, Scope};
use crate::billing::past::Unreadable;
use crate::billing::terms::Terms;
use crate::failure::{Failure, Kind};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which days; nothing for the billing period of the last capture.
    pub scope: Option<Scope>,
    /// What figures are told apart by.
    pub by: By,
    /// Whether a difference over several days is spread over them.
    pub even_out: bool,
}

/// The history asked for, a few captures in memory at a time. Nothing if no capture is of it.
pub async fn history(
    archive: &Archive,
    asked: &Asked,
    terms: &Terms,
    signals: &Signals,
) -> Result<Option<History>, Failure> {
    let keys = ordered(archive).await?;
    let last_period = || keys.last().map(|last| Scope::Period(last.period.clone()));
    let Some(scope) = asked.scope.clone().or_else(last_period) else { return Ok(None) };
    let chosen = Chosen::of(&keys, &scope);
    if chosen.periods.is_empty() {
        return Ok(None);
    }
    let mut fold = Fold::new(asked.by, scope, asked.even_out, archive.account_id(), terms);
    // who waits for one of these must not keep the other from going on
    let (tables, earlier) = (Tables::of(archive), Tables::of(archive));
    if let Some(key) = chosen.before
        && let Ok(source) = read(archive, key, earlier.tell(key).await).await?
    {
        fold.know(&source.reading);
        source.name(&mut fold);
    }
    let nights = || chosen.periods.chunk_by(|a, b| a.period == b.period && are_of_one_day(a, b));
    let mut ahead = pin!(tables.ahead(nights().filter_map(<[CaptureKey]>::last)));
    let mut last: Option<Source> = None;
    for night in nights() {
        signals.check()?;
        let Some(told) = ahead.next().await else { break };
        if let Some(source) = see(&earlier, archive, night, told, &mut fold).await?
            && let Some(before) = last.replace(source)
            && let Some(last) = &last
        {
            // whoever is gone keeps the last name
            before.name_some(before.reading.without(&last.reading), &mut fold);
        }
    }
    // an account may have another name by now
    if let Some(last) = last.filter(|_| asked.by != By::Pool) {
        last.name(&mut fold);
    }
    let history = Failure::guard(|| Ok(fold.finish(chosen.is_over)))?;
    let unusable = || {
        Failure::new(Kind::ArchiveUnusable, "no capture of this time can be used")
            .hint("`subledger report --capture` says of each what is wrong with it")
    };
    history.map(Some).ok_or_else(unusable)
}

/// What a table says; what it does not say, the evidence does.
async fn read(archive: &Archive, key: &CaptureKey, told: Told) -> Result<Result<Source, Unreadable>, Failure> {
    match told {
        Ok(source) => Ok(Ok(source)),
        Err(problem) => Source::rebuilt(archive, key, &problem).await,
    }
}

/// Sees the last capture of a night that can be used; running totals make those before it say nothing more. `told` is what
/// the table of the last one says.
async fn see(
    tables: &Tables<'_>,
    archive: &Archive,
    night: &[CaptureKey],
    told: Told,
    fold: &mut Fold<'_>,
) -> Result<Option<Source>, Failure> {
    let mut told = Some(told);
    for key in night.iter().rev() {
        let told = match told.take() {
            Some(told) => told,
            None => tables.tell(key).await,
        };
        let mut source = match read(archive, key, told).await? {
            Ok(source) => source,
            Err(unreadable) => {
                fold.pass_over(unreadable);
                continue;
            }
        };
        if fold.is_in_doubt(&source.reading)
            && let Ok(books) = usable(archive, key).await?
        {
            source.reading = source.reading.with_idle(&books);
        }
        if let Err(unfit) = Failure::guard(|| Ok(fold.see(&source.reading)))? {
            let problem = unfit.to_string();
            tracing::warn!(capture = key.id, problem, "a capture has no place in the history");
            fold.pass_over(unreadable(key, problem));
            continue;
        }
        // an account may change hands before it is gone, and its first owner's row needs its name as well
        let nameless: Vec<Uuid> = fold.nameless().iter().copied().collect();
        source.name_some(nameless.into_iter(), fold);
        return Ok(Some(source));
    }
    Ok(None)
}

/// The captures that a scope takes.
struct Chosen<'k> {
    /// The last one before them: who was there when the first period began.
    before: Option<&'k CaptureKey>,
    /// All captures of the periods that it touches.
    periods: &'k [CaptureKey],
    /// Whether a later period is known, so that no more is to come of the last one.
    is_over: bool,
}

impl<'k> Chosen<'k> {
    /// `keys` are ordered by period and time.
    fn of(keys: &'k [CaptureKey], scope: &Scope) -> Self {
        let is_touched = |key: &CaptureKey| {
            let next = keys.get(keys.partition_point(|other| other.period <= key.period));
            scope.touches(&key.period, next.map(|next| next.period.as_str()))
        };
        let first = keys.iter().position(is_touched).unwrap_or(keys.len());
        let end = keys.iter().rposition(is_touched).map_or(first, |last| last + 1);
        let before = first.checked_sub(1).and_then(|before| keys.get(before));
        Self { before, periods: keys.get(first..end).unwrap_or_default(), is_over: end < keys.len() }
    }
}

fn are_of_one_day(a: &CaptureKey, b: &CaptureKey) -> bool {
    let day_of = |key: &CaptureKey| time_of(&key.id).map(|at| at.date_naive());
    day_of(a).is_some_and(|day| day_of(b) == Some(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::history::Days;

    fn keys() -> Vec<CaptureKey> {
        let names = [
            ("2026-09-01", "20260930T234500Z"),
            ("2026-10-01", "20261001T234500Z"),
            ("2026-10-01", "20261031T234500Z"),
            ("2026-11-01", "20261101T234500Z"),
        ];
        names.iter().map(|(period, id)| CaptureKey { id: (*id).to_owned(), period: (*period).to_owned() }).collect()
    }

    #[test]
    fn a_scope_takes_whole_periods_and_the_capture_before() {
        let keys = keys();
        let days =
            |first: &str, last: &str| Scope::Days(Days { first: first.parse().unwrap(), last: last.parse().unwrap() });
        for (scope, before, expected, is_over) in [
            (Scope::Period("2026-10-01".to_owned()), Some(0), 1..3, true),
            (Scope::Period("2026-11-01".to_owned()), Some(2), 3..4, false),
            (Scope::Period("2026-12-01".to_owned()), Some(3), 4..4, false),
            (days("2026-10-20", "2026-10-21"), Some(0), 1..3, true),
            (days("2026-10-20", "2026-11-01"), Some(0), 1..4, false),
            (days("2026-01-01", "2026-08-31"), Some(3), 4..4, false),
            (days("2026-09-30", "2027-01-01"), None, 0..4, false),
        ] {
            let chosen = Chosen::of(&keys, &scope);
            assert_eq!((chosen.periods, chosen.is_over), (&keys[expected], is_over), "{scope:?}");
            assert_eq!(chosen.before, before.map(|before| &keys[before]), "{scope:?}");
        }
    }
}
