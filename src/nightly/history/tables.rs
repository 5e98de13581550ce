//! What the tables of captures say, and the evidence where they say nothing.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::archive::{Archive, CaptureKey};
use crate::billing::books::Books;
use crate::billing::history::{Fold, Reading};
use crate::billing::past::Unreadable;
use crate::billing::period::timestamp;
use crate::failure::{Failure, Kind, causes};
use crate::nightly::past::{time_of, unreadable, usable};
use crate::report::{UsageNames, UsageOfSeveral, UsageRows};

/// The derived table's name in a capture's folder.
const TABLE: &str = "usage.parquet";

/// Tables that are fetched and read ahead at most, however many processors there are: each is in memory.
const AHEAD_COUNT_MAX: usize = 4;

/// One capture's running totals, and where the names of its accounts are.
pub(super) struct Source {
    pub(super) reading: Reading,
    names: Names,
}

enum Names {
    Table(UsageNames),
    Books(Box<Books>),
}

/// What a table says, or why it says nothing.
pub(super) type Told = Result<Source, String>;

/// The table of all captures of a period, if there is one, or why it says nothing.
type Several = (String, Result<Option<UsageOfSeveral>, String>);

/// The tables of an archive.
pub(super) struct Tables<'a> {
    archive: &'a Archive,
    /// The one of several captures that was fetched last: each of its captures needs it.
    several: Mutex<Option<Several>>,
}

impl<'a> Tables<'a> {
    pub(super) fn of(archive: &'a Archive) -> Self {
        Self { archive, several: Mutex::new(None) }
    }

    /// What the tables of these captures say, one after another. The next ones are read meanwhile.
    pub(super) fn ahead<'t>(
        &'t self,
        keys: impl Iterator<Item = &'t CaptureKey> + 't,
    ) -> impl Stream<Item = Told> + 't {
        let count = available_parallelism().map_or(1, NonZeroUsize::get).min(AHEAD_COUNT_MAX);
        stream::iter(keys).map(|key| self.tell(key)).buffered(count)
    }

    /// What the table of a capture says.
    pub(super) async fn tell(&self, key: &CaptureKey) -> Told {
        let rows = self.rows_of(key).await?.ok_or_else(|| "there is none".to_owned())?;
        let key = key.clone();
        let told = spawn_blocking(move || read(&key, &rows)).await;
        told.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// The rows of a capture, from its own table or from that of its period.
    async fn rows_of(&self, key: &CaptureKey) -> Result<Option<UsageRows>, String> {
        let in_words = |failure| causes(&failure).join(": ");
        let own = self.archive.derived(key, TABLE).await.map_err(Failure::of_archive).map_err(in_words)?;
        if let Some(bytes) = own {
            return Ok(Some(UsageRows::of(TABLE, bytes)));
        }
        let mut several = self.several.lock().await;
        if several.as_ref().is_none_or(|(period, _)| *period != key.period) {
            let found = self.several_of(&key.period).await.map_err(in_words);
            *several = Some((key.period.clone(), found));
        }
        let Some((_, found)) = &*several else { return Ok(None) };
        let at = time_of(&key.id);
        Ok(found.clone()?.zip(at).and_then(|(several, at)| several.rows_of(at)))
    }

    async fn several_of(&self, period: &str) -> Result<Option<UsageOfSeveral>, Failure> {
        let Some(bytes) = self.archive.compacted(period).await.map_err(Failure::of_archive)? else { return Ok(None) };
        let doing = || Failure::new(Kind::ArchiveUnusable, format!("`{TABLE}` of all captures of {period}"));
        Failure::guard(|| UsageOfSeveral::of(TABLE, bytes).map(Some).map_err(|error| doing().because(error)))
    }
}

impl Source {
    /// From the evidence of a capture whose table says nothing.
    pub(super) async fn rebuilt(
        archive: &Archive,
        key: &CaptureKey,
        problem: &str,
    ) -> Result<Result<Self, Unreadable>, Failure> {
        tracing::info!(capture = key.id, problem, "rebuilding what `{TABLE}` does not tell from the evidence");
        let books = match usable(archive, key).await? {
            Ok(books) => books,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        Ok(match Reading::of(&books) {
            Ok(reading) => Ok(Self { reading, names: Names::Books(Box::new(books)) }),
            Err(error) => {
                tracing::warn!(capture = key.id, problem = %error, "a capture cannot be used");
                Err(unreadable(key, error.to_string()))
            }
        })
    }

    /// Names all its sub accounts.
    pub(super) fn name(&self, fold: &mut Fold<'_>) {
        match &self.names {
            Names::Books(books) => {
                fold.name(books.usage.sub_accounts.iter().map(|line| (line.account_id, line.name.as_ref())));
            }
            Names::Table(names) => fold.name(names.iter()),
        }
    }

    /// Names some of its sub accounts.
    pub(super) fn name_some(&self, ids: impl Iterator<Item = Uuid>, fold: &mut Fold<'_>) {
        let name = |id| match &self.names {
            Names::Books(books) => books.usage_line(id).map(|line| line.name.as_ref()),
            Names::Table(names) => names.of(id),
        };
        fold.name(ids.filter_map(|id| Some((id, name(id)?))));
    }
}

/// Reads rows. A damaged table may be anything, so that even a panic of the format's library is only a failure.
fn read(key: &CaptureKey, rows: &UsageRows) -> Told {
    let doing = || Failure::new(Kind::ArchiveUnusable, format!("`{TABLE}` of `{}`", key.id));
    let in_words = |failure| causes(&failure).join(": ");
    let (reading, names) =
        Failure::guard(|| rows.read(&key.id).map_err(|error| doing().because(error))).map_err(in_words)?;
    // the table is in no manifest: at least it must be of this capture
    let is_of_capture = time_of(&key.id).is_none_or(|at| (reading.at - at).num_seconds().abs() <= 1);
    if reading.period.name() == key.period && is_of_capture {
        Ok(Source { reading, names: Names::Table(names) })
    } else {
        let of = format!("it is of another capture, at {} in the period {}", timestamp(reading.at), reading.period);
        Err(in_words(doing().because(of)))
    }
}
