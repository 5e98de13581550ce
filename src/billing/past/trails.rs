//! The trails of all sub accounts, ordered by account id, for walks beside whatever has the same order.

use uuid::Uuid;

use super::Trail;

/// One trail for each account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trails(Vec<(Uuid, Trail)>);

impl Trails {
    /// The trail of an account.
    pub fn get(&self, id: Uuid) -> Option<&Trail> {
        let position = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get(position).map(|(_, trail)| trail)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &Trail)> {
        self.0.iter().map(|(id, trail)| (*id, trail))
    }

    /// A walk that finds the trails of ascending ids, without a search for each.
    pub fn walk(&self) -> Walk<'_> {
        Walk(&self.0, None)
    }

    pub(super) fn retain(&mut self, is_kept: impl Fn(&Trail) -> bool) {
        self.0.retain(|(_, trail)| is_kept(trail));
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Trail> {
        self.0.iter_mut().map(|(_, trail)| trail)
    }

    /// Takes all of them out, to be put back by [`Trails::push`].
    pub(super) fn take(&mut self) -> std::iter::Peekable<std::vec::IntoIter<(Uuid, Trail)>> {
        std::mem::take(&mut self.0).into_iter().peekable()
    }

    /// Makes room for more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.0.reserve_exact(count);
    }

    /// Adds the trail of an account whose id comes after all others.
    pub(super) fn push(&mut self, id: Uuid, trail: Trail) {
        debug_assert!(self.0.last().is_none_or(|(last, _)| *last < id), "trails are ordered by id");
        self.0.push((id, trail));
    }
}

/// What of the trails is ahead, and the last id that was asked for.
#[derive(Debug)]
pub struct Walk<'t>(&'t [(Uuid, Trail)], Option<Uuid>);

impl<'t> Walk<'t> {
    /// The trail of an account whose id is not below the last one that was asked for.
    pub fn find(&mut self, id: Uuid) -> Option<&'t Trail> {
        debug_assert!(self.1.replace(id).is_none_or(|last| last <= id), "ids ascend");
        let before = self.0.iter().take_while(|(other, _)| *other < id).count();
        self.0 = self.0.get(before..).unwrap_or_default();
        self.0.first().filter(|(other, _)| *other == id).map(|(_, trail)| trail)
    }
}
