//! Reading one capture back: its objects are checked, unfolded and understood side by side, and joined in their order.
//!
//! At most a few objects are in memory at a time, whatever the length of the list.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ahasend::wire::{self, List, Part};
use crate::archive::{self, Answers, Archive, CaptureKey, Opened, Pages, Stored};
use crate::billing::books::{Books, CaptureRef, Lookup, Usage};
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

/// Objects that are understood side by side at most, however many processors there are: what each says is in memory.
const TASK_COUNT_MAX: usize = 4;

/// What an object says.
enum Said {
    Usage(Box<Part<Usage>>),
    Accounts(List),
    Lookups(Part<BTreeMap<Uuid, Lookup>>),
    Nothing,
}

/// Reads a capture.
pub(super) async fn read(archive: &Archive, key: &CaptureKey) -> Result<Books, Unread> {
    let opened = archive.open_capture(key).await?;
    let at = captured_at(key, &opened).map_err(Unread::Unusable)?;
    let of_list = opened.manifest.objects.iter().filter(|object| object.is_of_list());
    let mut reading = Reading::of(key, of_list.map(|object| object.bodies.len()).sum());
    // numbers of pages are only for errors
    let mut first_page = 1;
    for object in &opened.manifest.objects {
        let stored = archive.stored(&opened, object).await?;
        reading.begin(stored, first_page).await?;
        first_page += if object.is_of_list() { object.bodies.len() } else { 0 };
    }
    let (list, said) = reading.finish().await?;
    let (mut usage, mut lookups) = (None, Vec::new());
    for said in said {
        match said {
            Said::Usage(part) => usage = Some(*part),
            Said::Lookups(part) => lookups.push(part),
            Said::Accounts(_) | Said::Nothing => {}
        }
    }
    let usage = usage.ok_or_else(|| opened.without_usage())?;
    let capture = CaptureRef { id: key.id.clone().into(), at, sha256: opened.sha256 };
    let account_id = archive.account_id();
    let joined = Failure::guard(|| Ok(wire::join(capture, account_id, usage, list, lookups)));
    joined.map_err(Unread::Unusable)
}

/// Objects on their way, and what became of those that have arrived.
struct Reading {
    capture: String,
    tasks: JoinSet<(usize, Result<Said, Unread>)>,
    /// By their places in the manifest.
    said: Vec<Option<Result<Said, Unread>>>,
    /// The list as far as it has arrived without a gap: what is joined early is let go early.
    list: List,
    /// Where the objects of the list are that are not in it yet.
    awaited: VecDeque<usize>,
}

impl Reading {
    fn of(key: &CaptureKey, page_count: usize) -> Self {
        Self {
            capture: key.id.clone(),
            tasks: JoinSet::new(),
            said: Vec::new(),
            list: List::of_pages(page_count),
            awaited: VecDeque::new(),
        }
    }

    /// Begins an object, once there is room for it.
    async fn begin(&mut self, stored: Stored, first_page: usize) -> Result<(), Unread> {
        let place = self.expect(stored.is_of_list());
        if stored.len() < THREADED_BYTES {
            let said = understand(stored, first_page, &self.capture);
            self.arrive(place, said);
            return Ok(());
        }
        while self.tasks.len() >= available_parallelism().map_or(1, NonZeroUsize::get).min(TASK_COUNT_MAX) {
            self.end_one().await?;
        }
        let capture = self.capture.clone();
        self.tasks.spawn_blocking(move || (place, understand(stored, first_page, &capture)));
        Ok(())
    }

    /// Makes a place for an object.
    fn expect(&mut self, is_of_list: bool) -> usize {
        let place = self.said.len();
        self.said.push(None);
        self.awaited.extend(is_of_list.then_some(place));
        place
    }

    /// Waits for whichever is the next to arrive.
    async fn end_one(&mut self) -> Result<(), Unread> {
        let Some(ended) = self.tasks.join_next().await else { return Ok(()) };
        let (place, said) = ended.map_err(|error| match error.try_into_panic() {
            Ok(panic) => Unread::Unusable(Failure::of_panic(panic.as_ref())),
            Err(error) => Unread::Unusable(Failure::new(Kind::Bug, "reading a capture was broken off").because(error)),
        })?;
        self.arrive(place, said);
        Ok(())
    }

    /// Keeps what an object says, and joins what is next in the list.
    fn arrive(&mut self, place: usize, said: Result<Said, Unread>) {
        self.said[place] = Some(said);
        while let Some(place) = self.awaited.front()
            && let Some(Ok(said)) = &mut self.said[*place]
        {
            if let Said::Accounts(next) = said {
                self.list.append(std::mem::take(next));
            }
            self.awaited.pop_front();
        }
    }

    /// The list, and what all others say in their order, or what is wrong with the first that cannot be used.
    async fn finish(mut self) -> Result<(List, Vec<Said>), Unread> {
        while !self.tasks.is_empty() {
            self.end_one().await?;
        }
        let is_of_archive = |said: &Option<Result<Said, Unread>>| matches!(said, Some(Err(Unread::Archive(_))));
        // what the archive cannot give comes before what cannot be understood, wherever either is
        let said: Result<Vec<Said>, Unread> = match self.said.iter().position(is_of_archive) {
            Some(place) => self.said.swap_remove(place).into_iter().collect(),
            None => self.said.into_iter().flatten().collect(),
        };
        let said = said?;
        debug_assert!(self.awaited.is_empty(), "all of the list has arrived");
        Ok((self.list, said))
    }
}

/// What an object says, nothing of which is believed before it is checked.
fn understand(stored: Stored, first_page: usize, capture: &str) -> Result<Said, Unread> {
    let understood = |said: Result<Said, wire::Error>| said.map_err(|error| Failure::of_wire(capture, error));
    let said = match stored.answers()? {
        Answers::Usage(body) => {
            Failure::guard(|| understood(wire::usage(&body).map(|part| Said::Usage(Box::new(part)))))
        }
        Answers::Pages(pages) => accounts(pages, first_page, capture)?.map(Said::Accounts),
        Answers::Lookups(answers) => Failure::guard(|| {
            let answers: Vec<_> = answers.iter().map(|answer| (answer.account_id, answer.body.as_deref())).collect();
            understood(wire::lookups(&answers).map(Said::Lookups))
        }),
        Answers::Unknown => Ok(Said::Nothing),
    };
    said.map_err(Unread::Unusable)
}

/// The accounts on pages of the list; what is wrong with a page is told if nothing is wrong with the object.
fn accounts(pages: Pages, first_page: usize, capture: &str) -> Result<Result<List, Failure>, archive::Error> {
    let (mut number, mut list) = (first_page, Ok(List::of_pages(pages.len())));
    pages.each(|page| {
        if let Ok(before) = &mut list {
            let read = Failure::guard(|| before.read(number, page).map_err(|error| Failure::of_wire(capture, error)));
            if let Err(failure) = read {
                list = Err(failure);
            }
        }
        number += 1;
    })?;
    list.iter_mut().for_each(List::sort);
    Ok(list)
}

fn captured_at(key: &CaptureKey, opened: &Opened) -> Result<DateTime<Utc>, Failure> {
    let at = DateTime::parse_from_rfc3339(&opened.manifest.captured_at).map(|at| at.with_timezone(&Utc));
    at.map_err(|error| {
        Failure::new(Kind::ArchiveUnusable, format!("the manifest of `{}` cannot be used", key.id)).because(error)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests look at files")]

    use super::*;
    use crate::archive::Body;
    use crate::publish::store::StoreOptions;

    /// A capture of an empty archive, of which the first page of the list cannot be understood.
    async fn capture(archive: &Archive, usage: &'static str) -> CaptureKey {
        let at = |second: i64| DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let body = |text: &'static str| Body {
            request: "/".to_owned(),
            status: 200,
            bytes: text.into(),
            server_date: None,
            request_id: None,
        };
        let mut draft = archive.begin(at(1), &body(usage)).await.unwrap();
        draft.link().await.unwrap();
        draft.place(at(0), at(59), 2).await.unwrap();
        for page in ["{\"pages\": 1}", "{\"data\": [], \"pagination\": {}}"] {
            draft.page(body(page), 0).await.unwrap();
        }
        draft.commit("subledger test", "http://localhost").await.unwrap().key
    }

    #[tokio::test]
    async fn what_the_archive_cannot_give_comes_before_what_cannot_be_understood() {
        let folder = tempfile::tempdir().unwrap();
        let archive =
            Archive::open_or_create(folder.path().to_str().unwrap(), Uuid::nil(), &StoreOptions::default()).unwrap();
        let key = capture(&archive, "[]").await;
        let Err(Unread::Unusable(failure)) = read(&archive, &key).await else { panic!("it is not understood") };
        assert!(format!("{failure:?}").contains("usage"), "the first that is not: {failure:?}");
        // the page after the one that is not understood is not the one that the manifest names
        let path = std::path::Path::new(&archive.shown_path(&key)).join("capture.json");
        let manifest = std::fs::read_to_string(&path).unwrap();
        let second = crate::sha256::hex(b"{\"data\": [], \"pagination\": {}}");
        assert!(manifest.contains(&second), "{manifest}");
        std::fs::write(&path, manifest.replace(&second, &crate::sha256::hex(b"another"))).unwrap();
        let Err(Unread::Archive(error)) = read(&archive, &key).await else { panic!("it is damaged") };
        assert!(error.to_string().contains("accounts-0001"), "{error}");
        assert!(format!("{error:?}").contains("body 2 does not match its hash"), "{error:?}");
    }

    /// Pages that list one account each, by their numbers.
    fn list(numbers: &[u128]) -> List {
        let mut list = List::default();
        for number in numbers {
            let page = format!(
                r#"{{"object": "list", "pagination": {{"has_more": false}}, "data": [{{"object": "account", "id": "{}",
                "parent_account_id": "{}", "name": "account {number}", "status": "active", "monthly_credit": 0}}]}}"#,
                Uuid::from_u128(*number),
                Uuid::nil(),
            );
            list.read(1, page.as_bytes()).unwrap();
        }
        list
    }

    #[tokio::test]
    async fn objects_of_the_list_are_joined_in_their_order_whichever_arrives_first() {
        let key = CaptureKey { id: "x".to_owned(), period: "y".to_owned() };
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 1, 4, 0, 2], [2, 4, 0, 3, 1]] {
            let mut reading = Reading::of(&key, 4);
            // something else lies between them, and one of them says nothing
            let places: Vec<usize> =
                [true, true, false, true, true].map(|is_of_list| reading.expect(is_of_list)).into();
            for arrived in order {
                let said = match arrived {
                    0 => Said::Accounts(list(&[5, 1])),
                    1 => Said::Accounts(list(&[])),
                    3 => Said::Nothing,
                    4 => Said::Accounts(list(&[2, 9])),
                    _ => Said::Lookups(wire::lookups(&[]).unwrap()),
                };
                reading.arrive(places[arrived], Ok(said));
            }
            let Ok((joined, _)) = reading.finish().await else { panic!("all of them can be used") };
            assert_eq!(joined, list(&[5, 1, 2, 9]), "{order:?}");
        }
    }
}
