//! The world over random events: whatever happens, it adds up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

/// Something to do to whichever account is there by then.
#[derive(Clone, Debug)]
enum Act {
    Create(i64, u64),
    Rename(u8, String),
    Cap(u8, i64),
    Delete(u8),
    Suspend(u8, &'static str),
    Unsuspend(u8),
    CreateKey(u8, &'static str),
    ChangeKey(u8, &'static str, &'static str),
    DeleteKey(u8),
    Send(Option<u8>, u64),
    Advance(i64),
    Mood(bool),
    OfNobody,
}

fn any_act() -> impl Strategy<Value = Act> {
    let caps = || prop_oneof![2 => Just(0), 6 => 1_i64..20_000, 1 => any::<i64>()];
    let scopes = || prop_oneof![Just("domains:read"), Just("messages:send:all"), Just("nonsense")];
    prop_oneof![
        3 => (caps(), prop_oneof![4 => 0_u64..2_000, 1 => any::<u64>()]).prop_map(|(cap, mean)| Act::Create(cap, mean)),
        1 => (any::<u8>(), "[ a-c]{0,2}").prop_map(|(pick, name)| Act::Rename(pick, name)),
        2 => (any::<u8>(), caps()).prop_map(|(pick, cap)| Act::Cap(pick, cap)),
        2 => any::<u8>().prop_map(Act::Delete),
        3 => (any::<u8>(), prop_oneof![Just("late"), Just(" ")]).prop_map(|(pick, reason)| Act::Suspend(pick, reason)),
        2 => any::<u8>().prop_map(Act::Unsuspend),
        1 => (any::<u8>(), scopes()).prop_map(|(pick, scope)| Act::CreateKey(pick, scope)),
        1 => (any::<u8>(), scopes(), prop_oneof![Just("10.0.0.1"), Just("everywhere")])
            .prop_map(|(pick, scope, block)| Act::ChangeKey(pick, scope, block)),
        1 => any::<u8>().prop_map(Act::DeleteKey),
        2 => (prop::option::of(any::<u8>()), prop_oneof![4 => 0_u64..5_000, 1 => any::<u64>()])
            .prop_map(|(pick, messages)| Act::Send(pick, messages)),
        6 => any_step().prop_map(Act::Advance),
        1 => any::<bool>().prop_map(Act::Mood),
        1 => Just(Act::OfNobody),
    ]
}

/// Microseconds, backwards too.
fn any_step() -> impl Strategy<Value = i64> {
    const DAY: i64 = 86_400_000_000;
    prop_oneof![1 => -DAY..=0, 2 => 1..3_000_000_i64, 4 => 1..3 * DAY, 1 => 1..40 * DAY]
}

fn any_world() -> impl Strategy<Value = World> {
    (0_u64..1_000, 0_usize..25, 1_u32..=28, 0..60 * 86_400_i64).prop_map(|(seed, account_count, day, secs)| {
        let mood = Mood { billing_day: BillingDay::new(day).unwrap(), ..Mood::default() };
        // the turn of a year, and a February
        let at = "2026-12-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(secs);
        World::new(&Genesis { seed, account_count, at, plan: Plan::default(), mood })
    })
}

fn event_of(world: &World, act: Act) -> Event {
    let account = |pick: u8| world.listed.values().nth(usize::from(pick) % world.listed.len().max(1));
    let id = |pick| account(pick).map_or(Uuid::nil(), |account| account.id);
    let key = |pick| world.keys.get(&id(pick)).and_then(|keys| keys.values().next()).map_or(Uuid::nil(), |key| key.id);
    let texts = |text: &str| vec![text.to_owned()];
    match act {
        Act::Create(monthly_credit, daily_mean) => {
            let (name, website) = ("Acme".to_owned(), "acme.example.com".to_owned());
            let volume = Volume { daily_mean, since: world.period.start.date_naive(), ..Volume::NONE };
            Event::Create(NewAccount { name, website, monthly_credit }, volume)
        }
        Act::Rename(pick, name) => {
            Event::Update(id(pick), AccountChange { name: Some(name), ..AccountChange::default() })
        }
        Act::Cap(pick, cap) => {
            Event::Update(id(pick), AccountChange { monthly_credit: Some(cap), ..AccountChange::default() })
        }
        Act::Delete(pick) => Event::Delete(id(pick)),
        Act::Suspend(pick, reason) => Event::Suspend(id(pick), reason.to_owned()),
        Act::Unsuspend(pick) => Event::Unsuspend(id(pick)),
        Act::CreateKey(pick, scope) => {
            let new = NewKey { label: "key".to_owned(), scopes: texts(scope), ip_allow_list: Vec::new() };
            Event::CreateKey(id(pick), new)
        }
        Act::ChangeKey(pick, scope, block) => {
            let change = KeyChange { label: None, scopes: Some(texts(scope)), ip_allow_list: Some(texts(block)) };
            Event::UpdateKey(id(pick), key(pick), change)
        }
        Act::DeleteKey(pick) => Event::DeleteKey(id(pick), key(pick)),
        Act::Send(pick, messages) => Event::Send(pick.map(id), messages),
        Act::Advance(micros) => Event::Advance(world.now + TimeDelta::microseconds(micros)),
        Act::Mood(suspended_usage) => Event::Mood(Mood { suspended_usage, ..world.mood }),
        Act::OfNobody => Event::Delete(Uuid::max()),
    }
}

fn assert_consistent(world: &World) {
    assert!(world.period.start <= world.now && world.now < world.period.end);
    assert!(world.due.keys().all(|(at, _)| *at > world.now), "nothing is overdue");
    assert_eq!(world.positions.len(), world.listed.len());
    for (place, account) in &world.listed {
        assert_eq!((account.position(), world.positions.get(&account.id)), (*place, Some(place)));
        assert!(account.created_at <= account.tallied_at.max(world.period.start) && account.tallied_at <= world.now);
        assert_eq!(account.created_at.timestamp_subsec_nanos() % 1_000, 0, "a cursor carries no more");
        let last = account.last_activity_at(world.now);
        assert!(last.is_none_or(|at| account.created_at <= at && at <= world.now), "{account:?} at {}", world.now);
        assert!(last.is_some() || account.messages(world.now) == 0);
    }
    assert!(world.keys.iter().all(|(id, keys)| world.positions.contains_key(id) && !keys.is_empty()));
    for removed in &world.removed {
        assert!(world.period.start <= removed.at && removed.at <= world.now);
        assert_eq!(removed.account.messages(world.now), removed.account.tally);
    }
    let usage = world.usage();
    let lines = usage.sub_accounts.iter().map(|(_, bucket)| bucket).chain([&usage.parent, &usage.removed]);
    let counts: Vec<u64> = lines.map(|bucket| bucket.reception_count).collect();
    assert_eq!(counts.iter().sum::<u64>(), usage.total.reception_count);
    assert!(counts.iter().all(|&count| count <= usage.total.reception_count));
    assert_eq!(usage.total.allocated_cost.invoice_cents, world.plan.invoice_cents(usage.total.reception_count));
}

/// What an event may and may not do to counts within one period.
fn assert_lawful(before: &World, after: &World, event: &Event) {
    if before.period != after.period {
        return;
    }
    let removed = |world: &World| world.removed.iter().map(|removed| removed.account.tally).sum::<u64>();
    assert!(removed(before) <= removed(after));
    if before.mood.suspended_usage && after.mood.suspended_usage {
        assert!(before.usage().removed.reception_count <= after.usage().removed.reception_count);
        assert!(before.usage().total.reception_count <= after.usage().total.reception_count);
    }
    for old in before.listed.values() {
        let Some(new) = after.sub_account(old.id) else { continue };
        let (was, is) = (old.messages(before.now), new.messages(after.now));
        assert!(was <= is, "what was sent stays sent");
        assert!(old.last_activity_at(before.now) <= new.last_activity_at(after.now));
        let is_resumed = before.due.values().any(|due| *due == Event::Unsuspend(old.id));
        let was_paused = old.status != Status::Active && new.status == old.status && !is_resumed;
        assert!(!was_paused || was == is, "a paused account sends nothing");
        let is_lowered = old.monthly_credit == 0 || old.monthly_credit > new.monthly_credit || was > old.monthly_credit;
        assert!(new.monthly_credit == 0 || is <= new.monthly_credit || is_lowered, "{new:?} at {event:?}");
        let was_beyond = old.monthly_credit > 0 && was >= old.monthly_credit;
        assert!(!was_beyond || was == is || old.monthly_credit != new.monthly_credit, "a cap is where sending stops");
    }
}

/// Messages and last activity of each account at an instant, which is as much as anybody can see of them.
fn seen(world: &World, at: DateTime<Utc>) -> BTreeMap<Uuid, (u64, Option<DateTime<Utc>>)> {
    world.listed.values().map(|account| (account.id, (account.messages(at), account.last_activity_at(at)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_adds_up_and_whatever_is_refused_changes_nothing(
        mut world in any_world(), acts in prop::collection::vec(any_act(), 1..40)
    ) {
        assert_consistent(&world);
        for act in acts {
            let event = event_of(&world, act);
            let before = world.clone();
            if world.apply(event.clone()).is_ok() {
                assert_lawful(&before, &world, &event);
            } else {
                prop_assert_eq!(&world, &before);
            }
            assert_consistent(&world);
        }
    }

    #[test]
    fn many_small_steps_lead_where_a_large_one_does(
        mut world in any_world(),
        acts in prop::collection::vec(any_act(), 0..10),
        steps in prop::collection::vec(prop_oneof![1..3_000_000_i64, 1..20 * 86_400_000_000_i64], 1..20),
    ) {
        for act in acts {
            let event = event_of(&world, act);
            let _ = world.apply(event);
        }
        let mut stepping = world.clone();
        for step in &steps {
            stepping.apply(Event::Advance(stepping.now + TimeDelta::microseconds(*step))).unwrap();
        }
        world.apply(Event::Advance(world.now + TimeDelta::microseconds(steps.iter().sum()))).unwrap();
        prop_assert_eq!(&world, &stepping);
        prop_assert_eq!(world.usage(), stepping.usage());
    }

    /// Settling an account is bookkeeping: nobody can tell whether it took place.
    #[test]
    fn a_name_is_changed_without_a_trace_in_the_counts(world in any_world(), secs in 1..86_400_i64, later in 0..86_400_i64) {
        let (mut plain, mut renamed) = (world.clone(), world);
        renamed.apply(Event::Advance(renamed.now + TimeDelta::seconds(secs))).unwrap();
        let ids: Vec<Uuid> = renamed.listed.keys().map(|place| place.id).collect();
        for id in ids {
            let name = Some("Renamed".to_owned());
            renamed.apply(Event::Update(id, AccountChange { name, ..AccountChange::default() })).unwrap();
        }
        let to = renamed.now + TimeDelta::seconds(later);
        for world in [&mut plain, &mut renamed] {
            world.apply(Event::Advance(to)).unwrap();
        }
        prop_assert_eq!(seen(&plain, to), seen(&renamed, to));
        prop_assert_eq!(plain.usage().total, renamed.usage().total);
    }

    #[test]
    fn pages_cover_the_list_once_whatever_happens_between_them(
        mut world in any_world(),
        acts in prop::collection::vec(any_act(), 0..30),
        limit in 1_usize..6,
        is_forward: bool,
    ) {
        let mut acts = acts.into_iter();
        let mut there_throughout: BTreeSet<Position> = world.listed.keys().copied().collect();
        let mut there_ever = there_throughout.clone();
        let beyond = Position { created_at: DateTime::<Utc>::MAX_UTC, id: Uuid::max() };
        let mut seek = if is_forward { Seek::Start } else { Seek::Before(beyond) };
        let mut found: Vec<Position> = Vec::new();
        loop {
            let page = world.page(seek, limit);
            let places: Vec<Position> = page.items.iter().map(|account| account.position()).collect();
            prop_assert!(places.len() <= limit && places.is_sorted());
            let further = if is_forward {
                found.extend(&places);
                page.next.map(Seek::After)
            } else {
                found.extend(places.iter().rev());
                page.previous.map(Seek::Before)
            };
            prop_assert!(found.len() < 1_000, "a walk that does not end");
            match further {
                Some(further) => seek = further,
                None => break,
            }
            if let Some(act) = acts.next() {
                let event = event_of(&world, act);
                let _ = world.apply(event);
                there_throughout.retain(|place| world.listed.contains_key(place));
                there_ever.extend(world.listed.keys());
            }
        }
        let once: BTreeSet<Position> = found.iter().copied().collect();
        prop_assert_eq!(once.len(), found.len(), "nobody is there twice");
        prop_assert!(once.is_superset(&there_throughout) && once.is_subset(&there_ever));
        if !is_forward {
            found.reverse();
        }
        prop_assert!(found.is_sorted());
    }
}
