//! Each thing that can happen to a world, and what it refuses.

use chrono::TimeDelta;

use super::super::Seek;
use super::*;

fn october() -> DateTime<Utc> {
    "2026-10-01T00:00:00Z".parse().unwrap()
}

/// A world without a life of its own, and an account in it with this cap that sends about a thousand messages a day.
fn world(cap: i64) -> (World, Uuid) {
    let mut world = World::seeded(1, 0, october() + TimeDelta::days(2));
    let volume = Volume { daily_mean: 1_000, growth_per_mille: 0, since: october().date_naive(), seed: 7 };
    let Ok(Effect::AccountCreated(id)) = world.apply(Event::Create(new_account("Acme", cap), volume)) else {
        panic!("no account")
    };
    (world, id)
}

fn new_account(name: &str, cap: i64) -> NewAccount {
    NewAccount { name: name.to_owned(), website: "https://Acme.example.com/".to_owned(), monthly_credit: cap }
}

fn new_cap(id: Uuid, cap: i64) -> Event {
    Event::Update(id, AccountChange { monthly_credit: Some(cap), ..AccountChange::default() })
}

fn pass(world: &mut World, days: i64) {
    for _ in 0..days {
        world.apply(Event::Advance(world.now() + TimeDelta::days(1))).unwrap();
        // what the roll-over plans is not what these tests are about
        world.due.clear();
    }
}

fn messages(world: &World, id: Uuid) -> u64 {
    world.sub_account(id).unwrap().messages(world.now())
}

#[test]
fn an_account_begins_in_the_middle_of_a_period_with_nothing_sent() {
    let (mut world, id) = world(0);
    let account = world.sub_account(id).unwrap();
    assert_eq!((account.name.as_str(), account.website.as_str()), ("Acme", "acme.example.com"));
    assert_eq!(
        (account.created_at, account.status, account.last_activity_at(world.now())),
        (world.now(), Status::Active, None)
    );
    assert_eq!(messages(&world, id), 0);
    pass(&mut world, 5);
    assert!((3_500..6_500).contains(&messages(&world, id)));
    let last = world.sub_account(id).unwrap().last_activity_at(world.now()).unwrap();
    assert!(last < world.now() && last > world.now() - TimeDelta::minutes(5), "{last}");
}

#[test]
fn a_cap_stops_an_account_until_it_is_raised_or_the_next_period_begins() {
    let (mut world, id) = world(5_000);
    pass(&mut world, 10);
    assert_eq!(messages(&world, id), 5_000);
    let stopped = world.sub_account(id).unwrap().last_activity_at(world.now()).unwrap();
    assert!(stopped < october() + TimeDelta::days(9), "{stopped}");
    world.apply(Event::Send(Some(id), 9)).unwrap();
    assert_eq!(messages(&world, id), 5_000, "a cap holds against whoever sends");
    assert_eq!(world.sub_account(id).unwrap().last_activity_at(world.now()), Some(stopped));

    world.apply(new_cap(id, 5_500)).unwrap();
    pass(&mut world, 3);
    assert_eq!(messages(&world, id), 5_500);
    world.apply(new_cap(id, 2_000)).unwrap();
    pass(&mut world, 3);
    assert_eq!(messages(&world, id), 5_500, "what was sent stays sent");

    pass(&mut world, 14);
    assert_eq!(world.period().start, october() + TimeDelta::days(31));
    assert!((500..2_000).contains(&messages(&world, id)), "{}", messages(&world, id));
    pass(&mut world, 10);
    assert_eq!(messages(&world, id), 2_000);
}

#[test]
fn a_pause_lasts_over_the_end_of_the_period_and_no_longer_than_itself() {
    let (mut world, id) = world(0);
    pass(&mut world, 5);
    let sent = messages(&world, id);
    world.apply(Event::Suspend(id, "late".to_owned())).unwrap();
    let paused = world.clone();
    pass(&mut world, 1);
    let before = world.clone();
    world.apply(Event::Suspend(id, "very late".to_owned())).unwrap();
    assert_eq!(world, before, "to be suspended already is as good as done");
    pass(&mut world, 19);
    assert_eq!(messages(&world, id), sent);
    assert!(matches!(world.apply(Event::Send(Some(id), 1)), Err(Refused::Invalid(_))));
    pass(&mut world, 10);
    assert_eq!(messages(&world, id), 0);
    let last = world.sub_account(id).unwrap().last_activity_at(world.now()).unwrap();
    assert!(last < paused.now());
    world.apply(Event::Unsuspend(id)).unwrap();
    assert_eq!(messages(&world, id), 0, "nothing is made up for");
    pass(&mut world, 3);
    assert!((2_000..4_500).contains(&messages(&world, id)));
}

#[test]
fn a_pause_that_was_to_end_in_the_next_period_ends_there() {
    let (mut world, id) = world(0);
    let until = world.period().end + TimeDelta::days(2);
    world.apply(Event::Suspend(id, "late".to_owned())).unwrap();
    world.due.insert((until, 0), Event::Unsuspend(id));
    world.apply(Event::Advance(until - TimeDelta::seconds(1))).unwrap();
    assert_eq!(world.sub_account(id).unwrap().status, Status::Suspended);
    world.apply(Event::Advance(until)).unwrap();
    assert_eq!(world.sub_account(id).unwrap().status, Status::Active);
}

#[test]
fn a_deleted_account_leaves_its_sum_and_nothing_else() {
    let (mut world, id) = world(0);
    pass(&mut world, 5);
    let sent = messages(&world, id);
    world.apply(Event::Delete(id)).unwrap();
    assert_eq!((world.sub_account(id), world.account_count(), world.positions.len()), (None, 0, 0));
    assert_eq!((world.usage().removed.reception_count, world.usage().sub_accounts.len()), (sent, 0));
    pass(&mut world, 5);
    assert_eq!(world.usage().removed.reception_count, sent);
    let removed = &world.removed_sub_accounts()[0];
    assert_eq!((removed.account.id, removed.account.messages(world.now())), (id, sent), "however late one asks");
    assert_eq!(world.apply(Event::Delete(id)), Err(Refused::NoSuchAccount));
    pass(&mut world, 20);
    assert_eq!((world.usage().removed.reception_count, world.removed.len()), (0, 0));
}

#[test]
fn the_usage_of_paused_accounts_is_where_the_mood_puts_it() {
    let (mut world, id) = world(0);
    pass(&mut world, 5);
    world.apply(Event::Suspend(id, "late".to_owned())).unwrap();
    let sent = messages(&world, id);
    let figures = |world: &World| (world.usage().sub_accounts.len(), world.usage().removed.reception_count);
    assert_eq!(figures(&world), (1, 0));
    world.apply(Event::Mood(Mood { suspended_usage: false, ..world.mood() })).unwrap();
    assert_eq!(figures(&world), (0, sent));
    let usage = world.usage();
    assert_eq!(usage.total.reception_count, usage.parent.reception_count + sent);
    pass(&mut world, 26);
    world.apply(Event::Mood(Mood::default())).unwrap();
    assert_eq!(figures(&world), (1, 0), "without messages too");
    world.apply(Event::Mood(Mood { zero_usage: false, ..world.mood() })).unwrap();
    assert_eq!(figures(&world), (0, 0));
}

#[test]
fn a_pause_of_the_parents_is_not_to_be_touched() {
    let (mut world, id) = world(0);
    world.sub_account_mut(id).unwrap().status = Status::ParentSuspended;
    let before = world.clone();
    for event in [Event::Suspend(id, "late".to_owned()), Event::Unsuspend(id)] {
        assert_eq!(world.apply(event), Err(Refused::ParentSuspended));
    }
    assert_eq!(world, before);
    pass(&mut world, 60);
    assert_eq!(messages(&world, id), 0);
    world.apply(Event::Delete(id)).unwrap();
}

#[test]
fn an_update_must_change_something() {
    let (mut world, id) = world(7);
    let before = world.clone();
    assert_eq!(world.apply(Event::Update(id, AccountChange::default())), Err(Refused::NothingGiven));
    assert_eq!(world.apply(new_cap(id, 7)), Err(Refused::NothingChanges));
    let same = AccountChange { website: Some("acme.example.com.".to_owned()), ..AccountChange::default() };
    assert_eq!(world.apply(Event::Update(id, same)), Err(Refused::NothingChanges));
    let half = AccountChange { name: Some("New".to_owned()), monthly_credit: Some(-1), ..AccountChange::default() };
    assert!(world.apply(Event::Update(id, half)).is_err());
    assert_eq!(world.apply(new_cap(Uuid::nil(), 8)), Err(Refused::NoSuchAccount));
    assert_eq!(world, before);
}

#[test]
fn no_flood_is_too_large_to_add_up() {
    let (mut world, id) = world(0);
    for account in [None, Some(id)] {
        assert!(world.apply(Event::Send(account, u64::MAX)).is_err());
        for _ in 0..3 {
            world.apply(Event::Send(account, MESSAGES_MAX)).unwrap();
        }
    }
    let flood = Volume { daily_mean: u64::MAX, growth_per_mille: i64::MAX, ..Volume::NONE };
    world.apply(Event::Create(new_account("Flood", 1_000_000_000), flood)).unwrap();
    world.apply(Event::Create(new_account("Deluge", 0), flood)).unwrap();
    world.apply(Event::Advance(world.now() + TimeDelta::days(3))).unwrap();
    assert_eq!(world.usage().total.reception_count, 3 * MESSAGES_MAX + 1_000_000_000);
    assert!(world.page(Seek::Start, 9).items.iter().all(|account| account.last_activity_at(world.now()).is_some()));
    // and life goes on
    world.apply(Event::Advance(world.now() + TimeDelta::days(90))).unwrap();
}
