//! Whose usage was removed between two captures: who vanished, who came back, and by how much the removed usage grew.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::books::{Books, Known, Status};
use super::super::removed::{Gone, Interval};
use super::{Away, Past, Trail};

impl Past {
    /// Finds whose usage lines vanished since the capture before, and by how much the removed usage grew meanwhile.
    pub(super) fn see_removed(&mut self, books: &Books) {
        let before = self.same_period().map_or(0, |last| last.removed);
        let (gone, returned) = (self.vanished(books), self.returned(books));
        let after = self.captures.len();
        self.gone.extend(gone.iter().map(|gone| (gone.account_id, Away { seen: gone.seen, after })));
        if returned.is_empty() && (0..=books.usage.removed.messages).contains(&before) {
            self.add_interval(books, books.usage.removed.messages - before, gone);
        } else {
            self.join_intervals(books, before, gone, &returned);
        }
    }

    /// The removed usage grew, or somebody went: both since the capture before.
    fn add_interval(&mut self, books: &Books, growth: i64, gone: Vec<Gone>) {
        let until = books.capture.id.clone();
        match self.intervals.last_mut().filter(|last| last.is_short() && growth > 0) {
            // what lines lost late in the last interval may only now be in the removed usage
            Some(last) => last.go_on(until.to_string(), growth, gone),
            None if growth > 0 || !gone.is_empty() => {
                let from = self.last.as_ref().map(|last| last.capture.id.clone());
                self.intervals.push(Interval { from, until, growth, gone, restated: false });
            }
            None => {}
        }
    }

    /// What was removed is so no longer: only all of it together can still be held against all who are gone.
    fn join_intervals(&mut self, books: &Books, before: i64, gone: Vec<Gone>, returned: &BTreeSet<Uuid>) {
        let removed = books.usage.removed.messages;
        let back: i128 = returned.iter().filter_map(|id| books.messages_of(*id)).map(i128::from).sum();
        let is_explained = i128::from(before) - i128::from(removed) <= back;
        let from = self.last.as_ref().map(|last| last.capture.id.clone());
        let from = self.intervals.first().map_or(from, |first| first.from.clone());
        let restated = !is_explained || self.intervals.iter().any(|interval| interval.restated);
        let mut all: Vec<Gone> = self.intervals.drain(..).flat_map(|interval| interval.gone).chain(gone).collect();
        all.retain(|gone| !returned.contains(&gone.account_id));
        self.gone.retain(|id, _| !returned.contains(id));
        if removed != 0 || !all.is_empty() {
            let until = books.capture.id.clone();
            self.intervals.push(Interval { from, until, growth: removed, gone: all, restated });
        }
    }

    /// Accounts that had usage, or might send, and are not there any more; and those whose line of no usage vanished while
    /// they are paused, because that hides what they sent before.
    fn vanished(&self, books: &Books) -> Vec<Gone> {
        let at = self.last.as_ref().map(|last| last.capture.at);
        let mut known = books.known().peekable();
        let has_vanished = |(id, trail): &(Uuid, &Trail)| {
            while known.next_if(|known| known.id < *id).is_some() {}
            has_vanished(known.peek().filter(|known| known.id == *id), trail)
        };
        let gone = self.trails.iter().filter(has_vanished).filter(|(id, _)| !self.gone.contains_key(id));
        let gone = gone.map(|(id, trail)| Gone {
            account_id: id,
            name: trail.name.clone(),
            seen: trail.messages,
            rate: at.and_then(|at| trail.pace.current(at, trail.messages)),
            from: self.last.as_ref().map(|last| last.capture.id.clone()),
            until: books.capture.id.clone(),
            was_seen_in_period: self.same_period().is_some(),
        });
        gone.collect()
    }

    /// Accounts whose usage is in the removed usage no more.
    fn returned(&self, books: &Books) -> BTreeSet<Uuid> {
        let back = self.gone.iter().filter(|(id, away)| is_back(books, **id, away.seen)).map(|(id, _)| *id);
        let sending = books.usage.sub_accounts.iter().filter(|line| line.tally.messages != 0);
        let unhidden = sending.map(|line| line.account_id).filter(|id| self.was_hidden(books, *id));
        back.chain(unhidden).collect()
    }

    /// Whether an account's usage may have been hidden in the removed usage before any capture saw it.
    fn was_hidden(&self, books: &Books, id: Uuid) -> bool {
        let Some(last) = &self.last else { return false };
        if let Some(trail) = self.trails.get(id) {
            return !trail.has_line && !trail.is_active;
        }
        let created_at = books.account(id).and_then(|account| account.created_at);
        created_at.is_some_and(|at| at <= last.capture.at)
    }
}

fn has_vanished(known: Option<&Known<'_>>, trail: &Trail) -> bool {
    let has_left = match known.and_then(Known::account) {
        Some(account) => trail.has_line && account.status != Status::Active,
        // whoever was paused without a line takes nothing along
        None => trail.has_line || trail.is_active,
    };
    known.is_none_or(|known| known.lines.is_empty()) && (trail.messages != 0 || has_left)
}

/// Whether an account that was gone has a line again, or may send again without ever having had any usage.
fn is_back(books: &Books, id: Uuid, seen: i64) -> bool {
    let may_send = books.account(id).is_some_and(|account| account.status == Status::Active);
    books.messages_of(id).is_some() || (may_send && seen == 0)
}
