//! Reading one capture back: its objects are checked, unfolded and understood side by side, and joined in their order.
//!
//! At most a few objects are in memory at a time, whatever the length of the list.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ahasend::wire::{self, Part};
use crate::archive::{self, Answers, Archive, CaptureKey, Opened, Stored};
use crate::billing::books::{Books, CaptureRef, Lookup, SubAccount, Usage};
use crate::failure::{Failure, Kind};

/// Why a capture could not be read.
pub(super) enum Unread {
    /// The archive could not give it.
    Archive(archive::Error),
    /// What it gave cannot be used.
    Unusable(Failure),
}

impl From<archive::Error> for Unread {
    fn from(error: archive::Error) -> Self {
        Self::Archive(error)
    }
}

/// Stored bytes from which on an object is given to a thread of its own.
const THREADED_BYTES: usize = 1 << 17;

/// Objects that are understood side by side at most, however many processors there are: each is unfolded in memory.
const TASK_COUNT_MAX: usize = 4;

/// What an object says.
enum Said {
    Usage(Box<Part<Usage>>),
    Accounts(Part<Vec<SubAccount>>),
    Lookups(Part<BTreeMap<Uuid, Lookup>>),
    Nothing,
}

/// Reads a capture.
pub(super) async fn read(archive: &Archive, key: &CaptureKey) -> Result<Books, Unread> {
    let opened = archive.open_capture(key).await?;
    let at = captured_at(key, &opened).map_err(Unread::Unusable)?;
    let mut reading = Reading { capture: key.id.clone(), tasks: JoinSet::new(), said: Vec::new() };
    let mut first_page = 1;
    for object in &opened.manifest.objects {
        let stored = archive.stored(&opened, object).await?;
        reading.begin(stored, first_page).await?;
        // numbers of pages are only for errors
        first_page += if object.name.starts_with("accounts") { object.bodies.len() } else { 0 };
    }
    let said = reading.finish().await?;
    let (mut usage, mut list, mut lookups) = (None, Vec::new(), Vec::new());
    for said in said {
        match said {
            Said::Usage(part) => usage = Some(*part),
            Said::Accounts(part) => list.push(part),
            Said::Lookups(part) => lookups.push(part),
            Said::Nothing => {}
        }
    }
    let usage = usage.ok_or_else(|| opened.without_usage())?;
    let capture = CaptureRef { id: key.id.clone().into(), at, sha256: opened.sha256 };
    let account_id = archive.account_id();
    let joined = Failure::guard(|| Ok(wire::join(capture, account_id, usage, list, lookups)));
    joined.map_err(Unread::Unusable)
}

/// Objects on their way, and what became of those that have arrived, by their places in the manifest.
struct Reading {
    capture: String,
    tasks: JoinSet<(usize, Result<Said, Unread>)>,
    said: Vec<Option<Result<Said, Unread>>>,
}

impl Reading {
    /// Begins an object, once there is room for it.
    async fn begin(&mut self, stored: Stored, first_page: usize) -> Result<(), Unread> {
        let place = self.said.len();
        self.said.push(None);
        if stored.len() < THREADED_BYTES {
            self.said[place] = Some(understand(stored, first_page, &self.capture));
            return Ok(());
        }
        while self.tasks.len() >= available_parallelism().map_or(1, NonZeroUsize::get).min(TASK_COUNT_MAX) {
            self.end_one().await?;
        }
        let capture = self.capture.clone();
        self.tasks.spawn_blocking(move || (place, understand(stored, first_page, &capture)));
        Ok(())
    }

    /// Waits for whichever is the next to arrive.
    async fn end_one(&mut self) -> Result<(), Unread> {
        let Some(ended) = self.tasks.join_next().await else { return Ok(()) };
        let (place, said) = ended.map_err(|error| match error.try_into_panic() {
            Ok(panic) => Unread::Unusable(Failure::of_panic(panic.as_ref())),
            Err(error) => Unread::Unusable(Failure::new(Kind::Bug, "reading a capture was broken off").because(error)),
        })?;
        self.said[place] = Some(said);
        Ok(())
    }

    /// What all of them say in their order, or what is wrong with the first that cannot be used.
    async fn finish(mut self) -> Result<Vec<Said>, Unread> {
        while !self.tasks.is_empty() {
            self.end_one().await?;
        }
        let is_of_archive = |said: &Option<Result<Said, Unread>>| matches!(said, Some(Err(Unread::Archive(_))));
        // what the archive cannot give comes before what cannot be understood, wherever either is
        match self.said.iter().position(is_of_archive) {
            Some(place) => self.said.swap_remove(place).into_iter().collect(),
            None => self.said.into_iter().flatten().collect(),
        }
    }
}

/// What an object says, every byte of it checked before.
fn understand(stored: Stored, first_page: usize, capture: &str) -> Result<Said, Unread> {
    let answers = stored.answers()?;
    let said = Failure::guard(|| {
        let said = match answers {
            Answers::Usage(body) => wire::usage(&body).map(|part| Said::Usage(Box::new(part))),
            Answers::Pages(pages) => wire::accounts_on(first_page, &pages).map(Said::Accounts),
            Answers::Lookups(answers) => {
                let answers: Vec<_> =
                    answers.iter().map(|answer| (answer.account_id, answer.body.as_deref())).collect();
                wire::lookups(&answers).map(Said::Lookups)
            }
            Answers::Unknown => Ok(Said::Nothing),
        };
        said.map_err(|error| Failure::of_wire(capture, error))
    });
    said.map_err(Unread::Unusable)
}

fn captured_at(key: &CaptureKey, opened: &Opened) -> Result<DateTime<Utc>, Failure> {
    let at = DateTime::parse_from_rfc3339(&opened.manifest.captured_at).map(|at| at.with_timezone(&Utc));
    at.map_err(|error| {
        Failure::new(Kind::ArchiveUnusable, format!("the manifest of `{}` cannot be used", key.id)).because(error)
    })
}
