//! Keyset paging over the listed sub accounts.
//!
//! A page starts from a place in the order, not from an offset: accounts that come and go between two pages
//! shift nothing, and the millionth page costs what the first does. Must never scan the list.

use std::collections::BTreeMap;
use std::ops::Bound;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::SubAccount;

/// A place in the list, which is ordered by creation and, within one instant, by id. Nobody needs to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The instant of creation, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// Which one of that instant.
    pub id: Uuid,
}

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// At the start of the list.
    Start,
    /// Right after this place.
    After(Position),
    /// Right before this place.
    Before(Position),
}

/// A run of neighbours in the list, always in list order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'w> {
    /// The sub accounts.
    pub items: Vec<&'w SubAccount>,
    /// Where the next page starts, also on a page that was reached backwards; `None` when nothing follows the last item.
    pub next: Option<Position>,
    /// Where the previous page ends; `None` when nothing precedes the first item.
    pub previous: Option<Position>,
}

pub(super) fn page(listed: &BTreeMap<Position, SubAccount>, seek: Seek, limit: usize) -> Page<'_> {
    let mut items: Vec<&SubAccount> = match seek {
        Seek::Start => listed.values().take(limit).collect(),
        Seek::After(place) => after(listed, place).take(limit).collect(),
        Seek::Before(place) => before(listed, place).rev().take(limit).collect(),
    };
    if matches!(seek, Seek::Before(_)) {
        items.reverse();
    }
    let first = items.first().map(|account| account.position());
    let last = items.last().map(|account| account.position());
    Page {
        items,
        next: last.filter(|&place| after(listed, place).next().is_some()),
        previous: first.filter(|&place| before(listed, place).next().is_some()),
    }
}

fn after(listed: &BTreeMap<Position, SubAccount>, place: Position) -> impl DoubleEndedIterator<Item = &SubAccount> {
    listed.range((Bound::Excluded(place), Bound::Unbounded)).map(|(_, account)| account)
}

fn before(listed: &BTreeMap<Position, SubAccount>, place: Position) -> impl DoubleEndedIterator<Item = &SubAccount> {
    listed.range(..place).map(|(_, account)| account)
}

#[cfg(test)]
mod tests {
    use super::super::{Period, World};
    use super::*;

    fn world(account_count: usize) -> World {
        let period = Period::july_2026();
        World::seeded(7, account_count, period, period.start)
    }

    /// Walks from `seek` as far as `step` leads; the pages in the order they were read.
    fn walk(world: &World, mut seek: Seek, step: fn(&Page<'_>) -> Option<Seek>) -> Vec<Vec<Uuid>> {
        let mut pages = Vec::new();
        loop {
            let page = world.page(seek, 7);
            pages.push(page.items.iter().map(|account| account.id).collect());
            match step(&page) {
                Some(further) => seek = further,
                None => return pages,
            }
        }
    }

    #[test]
    fn forward_and_back_each_cover_everything_once_and_in_order() {
        for account_count in [0, 1, 6, 7, 8, 14, 100] {
            let world = world(account_count);
            let all: Vec<Uuid> = world.listed.values().map(|account| account.id).collect();
            let forward = walk(&world, Seek::Start, |page| page.next.map(Seek::After));
            assert_eq!(forward.concat(), all, "{account_count} accounts, forward");
            assert_eq!(forward.len(), account_count.div_ceil(7).max(1), "no empty page at the end");

            // From behind the last one.
            let beyond = Position { created_at: DateTime::<Utc>::MAX_UTC, id: Uuid::max() };
            let mut back = walk(&world, Seek::Before(beyond), |page| page.previous.map(Seek::Before));
            back.reverse();
            assert_eq!(back.concat(), all, "{account_count} accounts, back");
        }
    }

    #[test]
    fn a_removal_between_two_pages_skips_and_repeats_nobody() {
        let mut world = world(20);
        let first = world.page(Seek::Start, 7);
        let next = first.next.unwrap();
        let expected: Vec<Uuid> = world.listed.values().skip(7).map(|account| account.id).collect();
        world.listed.remove(&next);
        let rest: Vec<Uuid> = world.page(Seek::After(next), 20).items.iter().map(|account| account.id).collect();
        assert_eq!(rest, expected);
    }
}
