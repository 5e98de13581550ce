//! Keyset paging over sub accounts and over keys.
//!
//! A page starts from a place in the order, not from an offset: accounts that come and go between two pages
//! shift nothing, and the millionth page costs what the first does. Must never scan more of the list than it shows and
//! what is hidden in between.

use std::collections::BTreeMap;
use std::ops::Bound;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Something that has a place in a list.
pub trait Placed {
    /// Its place.
    fn position(&self) -> Position;
}

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
pub struct Page<'w, T> {
    /// What is on it.
    pub items: Vec<&'w T>,
    /// Where the next page starts, also on a page that was reached backwards; `None` when nothing follows the last item.
    pub next: Option<Position>,
    /// Where the previous page ends; `None` when nothing precedes the first item.
    pub previous: Option<Position>,
}

/// One page of at most `limit` of those that are `shown`.
pub(super) fn page<'w, T: Placed>(
    list: &'w BTreeMap<Position, T>,
    shown: impl Fn(&&'w T) -> bool + Copy,
    seek: Seek,
    limit: usize,
) -> Page<'w, T> {
    let after = |place| list.range((Bound::Excluded(place), Bound::Unbounded)).map(|(_, item)| item).filter(shown);
    let before = |place| list.range(..place).map(|(_, item)| item).filter(shown);
    let mut items: Vec<&T> = match seek {
        Seek::Start => list.values().filter(shown).take(limit).collect(),
        Seek::After(place) => after(place).take(limit).collect(),
        Seek::Before(place) => before(place).rev().take(limit).collect(),
    };
    if matches!(seek, Seek::Before(_)) {
        items.reverse();
    }
    let top = items.first().map(|item| item.position());
    let bottom = items.last().map(|item| item.position());
    Page {
        items,
        next: bottom.filter(|&place| after(place).next().is_some()),
        previous: top.filter(|&place| before(place).next().is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Mood, Status, SubAccount, World};
    use super::*;

    fn world(account_count: usize) -> World {
        World::seeded(7, account_count, DateTime::from_timestamp(1_782_864_000, 0).unwrap())
    }

    /// Walks from `seek` as far as `step` leads; the pages in the order they were read.
    fn walk(world: &World, mut seek: Seek, step: fn(&Page<'_, SubAccount>) -> Option<Seek>) -> Vec<Vec<Uuid>> {
        let mut pages = Vec::new();
        loop {
            let page = world.page(seek, 7);
            pages.push(page.items.iter().map(|account| account.id).collect());
            assert!(pages.len() < 100, "a walk that does not end");
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
        world.apply(Event::Delete(next.id)).unwrap();
        let rest: Vec<Uuid> = world.page(Seek::After(next), 20).items.iter().map(|account| account.id).collect();
        assert_eq!(rest, expected);
    }

    #[test]
    fn nothing_lies_beyond_an_end_or_on_an_empty_page() {
        let world = world(3);
        let places: Vec<Position> = world.listed.keys().copied().collect();
        for seek in [Seek::Before(places[0]), Seek::After(places[2])] {
            assert_eq!(world.page(seek, 7), Page { items: Vec::new(), next: None, previous: None }, "{seek:?}");
        }
        let middle = world.page(Seek::After(places[0]), 1);
        assert_eq!(
            (middle.items[0].position(), middle.next, middle.previous),
            (places[1], Some(places[1]), Some(places[1]))
        );
    }

    #[test]
    fn suspended_accounts_are_left_out_where_the_mood_says_so() {
        let mut world = world(30);
        let all = walk(&world, Seek::Start, |page| page.next.map(Seek::After)).concat();
        for id in &all[12..] {
            // the few that are paused already refuse or stay paused
            let _ = world.apply(Event::Suspend(*id, "late".to_owned()));
        }
        world.apply(Event::Mood(Mood { list_suspended: false, ..world.mood() })).unwrap();
        let is_shown = |id: &Uuid| world.sub_account(*id).unwrap().status != Status::Suspended;
        let shown: Vec<Uuid> = all.iter().copied().filter(is_shown).collect();
        assert!(!shown.is_empty() && shown.len() < all.len());
        assert_eq!(walk(&world, Seek::Start, |page| page.next.map(Seek::After)).concat(), shown);
        let last = world.page(Seek::Start, 100);
        assert_eq!((last.next, last.previous), (None, None));
    }
}
