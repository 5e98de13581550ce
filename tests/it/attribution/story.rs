//! Random stories of a simulated world whose truth is known, and what captures show of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use subledger::billing::books::{self, Books, CaptureRef, Lookup, Tally, Usage, UsageLine};
use subledger::billing::money::{Amount, Currency};
use subledger::billing::period::Period;
use subledger::simulator::world::{
    AccountChange, BillingDay, Bucket, Event, Genesis, Mood, NewAccount, Plan, Rounding, Seek, Status, SubAccount,
    Volume, World,
};
use uuid::Uuid;

/// One thing that happens; positions count those that it can happen to, again and again from the first.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// An account is created that sends so much a day, under a cap.
    Create {
        daily: u64,
        cap: i64,
    },
    /// An account is created under the name of another.
    Twin(usize),
    /// An account is deleted.
    Delete(usize),
    /// An account is deleted, and created again under its name.
    Recreate(usize),
    Suspend(usize),
    Unsuspend(usize),
    Cap(usize, i64),
    Send(usize, u64),
    /// Seconds pass.
    Advance(i64),
    Capture,
}

/// A world, and what happens to it.
#[derive(Clone, Debug)]
pub(super) struct Story {
    genesis: Genesis,
    steps: Vec<Step>,
}

/// What one capture shows, and what is true at its instant.
pub(super) struct Night {
    pub(super) books: Books,
    /// The messages of every account whose usage is in the removed bucket.
    pub(super) removed: BTreeMap<Uuid, i64>,
    /// The accounts with a usage line or an entry.
    pub(super) shown: BTreeSet<Uuid>,
    /// Those that may send.
    pub(super) active: BTreeSet<Uuid>,
    /// Those with a usage line.
    pub(super) lined: BTreeSet<Uuid>,
}

pub(super) fn any_story() -> impl Strategy<Value = Story> {
    let step = prop_oneof![
        3 => (0_u64..500, prop_oneof![Just(0_i64), 1_i64..3_000]).prop_map(|(daily, cap)| Step::Create { daily, cap }),
        1 => any::<usize>().prop_map(Step::Twin),
        4 => any::<usize>().prop_map(Step::Delete),
        1 => any::<usize>().prop_map(Step::Recreate),
        3 => any::<usize>().prop_map(Step::Suspend),
        3 => any::<usize>().prop_map(Step::Unsuspend),
        1 => (any::<usize>(), 0_i64..3_000).prop_map(|(position, cap)| Step::Cap(position, cap)),
        2 => (any::<usize>(), 1_u64..2_000).prop_map(|(position, messages)| Step::Send(position, messages)),
        11 => any_time().prop_map(Step::Advance),
        10 => Just(Step::Capture),
    ];
    (any_genesis(), prop::collection::vec(step, 5..70)).prop_map(|(genesis, steps)| Story { genesis, steps })
}

/// Slots of one night, nights, a gap of days, a month.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![1 => 1_i64..7_200, 4 => 20_000_i64..120_000, 2 => 86_400_i64..900_000, 1 => 2_000_000_i64..3_000_000]
}

fn any_genesis() -> impl Strategy<Value = Genesis> {
    let mood = (any::<[bool; 3]>(), 0_usize..3, prop_oneof![Just(1_u32), Just(15), Just(28)]).prop_map(
        |([list_suspended, suspended_usage, zero_usage], digits, day)| Mood {
            rounding: [Rounding::Two, Rounding::Four, Rounding::Full][digits],
            billing_day: BillingDay::new(day).expect("a billing day"),
            list_suspended,
            suspended_usage,
            zero_usage,
            ..Mood::default()
        },
    );
    (any::<u64>(), 0_usize..7, 0_i64..60, mood).prop_map(|(seed, account_count, days, mood)| {
        let first: DateTime<Utc> = "2026-09-01T01:17:00Z".parse().expect("a time");
        Genesis { seed, account_count, at: first + TimeDelta::days(days), plan: Plan::default(), mood }
    })
}

impl Story {
    /// Lets it happen, and gives what each capture shows.
    pub(super) fn nights(&self) -> Vec<Night> {
        let mut world = World::new(&self.genesis);
        let mut nights: Vec<Night> = Vec::new();
        for step in &self.steps {
            if matches!(step, Step::Capture) {
                // two captures at one instant would have one name
                let last = nights.last().map(|night| night.books.capture.at);
                if last != Some(world.now()) {
                    nights.push(night(&world));
                }
            } else {
                happen(&mut world, step);
            }
        }
        nights
    }
}

fn happen(world: &mut World, step: &Step) {
    let accounts = accounts(world);
    let of = |status: Status, position: usize| {
        let some: Vec<&SubAccount> = accounts.iter().filter(|account| account.status == status).collect();
        (!some.is_empty()).then(|| some[position % some.len()].clone())
    };
    let any = |position: usize| (!accounts.is_empty()).then(|| &accounts[position % accounts.len()]);
    let seed = world.now().timestamp().unsigned_abs();
    let volume = |daily_mean| Volume { daily_mean, growth_per_mille: 0, since: world.now().date_naive(), seed };
    let new = |name: &str, monthly_credit| {
        let (name, website) = (name.to_owned(), "acme.example.com".to_owned());
        NewAccount { name, website, monthly_credit }
    };
    let create = |account: &SubAccount| Event::Create(new(&account.name, 0), volume(100));
    let events = match *step {
        Step::Create { daily, cap } => vec![Event::Create(new("Somebody", cap), volume(daily))],
        Step::Twin(position) => any(position).map(create).into_iter().collect(),
        Step::Delete(position) => any(position).map(|account| Event::Delete(account.id)).into_iter().collect(),
        Step::Recreate(position) => {
            any(position).map(|account| [Event::Delete(account.id), create(account)]).into_iter().flatten().collect()
        }
        Step::Suspend(position) => {
            let account = of(Status::Active, position);
            account.map(|account| Event::Suspend(account.id, "overdue".to_owned())).into_iter().collect()
        }
        Step::Unsuspend(position) => {
            of(Status::Suspended, position).map(|account| Event::Unsuspend(account.id)).into_iter().collect()
        }
        Step::Cap(position, cap) => {
            let change = AccountChange { monthly_credit: Some(cap), ..AccountChange::default() };
            any(position).map(|account| Event::Update(account.id, change)).into_iter().collect()
        }
        Step::Send(position, messages) => {
            let account = of(Status::Active, position).map(|account| account.id);
            vec![Event::Send(account, messages)]
        }
        Step::Advance(seconds) => vec![Event::Advance(world.now() + TimeDelta::seconds(seconds))],
        Step::Capture => Vec::new(),
    };
    for event in events {
        // a cap that is what it was is refused, and nothing happens
        let _ = world.apply(event);
    }
}

/// Every account there is, whatever the list shows.
fn accounts(world: &World) -> Vec<SubAccount> {
    let mut open = world.clone();
    open.apply(Event::Mood(Mood { list_suspended: true, ..world.mood() })).expect("a mood");
    open.page(Seek::Start, usize::MAX).items.into_iter().cloned().collect()
}

fn night(world: &World) -> Night {
    let usage = usage(world);
    let listed: Vec<books::SubAccount> =
        world.page(Seek::Start, usize::MAX).items.into_iter().map(|account| entry(world, account)).collect();
    let lined: BTreeSet<Uuid> = usage.sub_accounts.iter().map(|line| line.account_id).collect();
    let in_list: BTreeSet<Uuid> = listed.iter().map(|account| account.id).collect();
    let looked_up = lined.difference(&in_list).filter_map(|id| world.sub_account(*id));
    let lookups = looked_up.map(|account| (account.id, Lookup::Found(entry(world, account)))).collect();
    let at = world.now();
    let id = at.format("%Y%m%dT%H%M%S%.fZ").to_string();
    let capture = CaptureRef { id: id.into(), at, sha256: String::new() };
    let books = Books::new(capture, world.parent_account_id(), usage, listed, lookups, Vec::new());
    let count = |account: &SubAccount| i64::try_from(account.messages(at)).expect("a count");
    let mut removed: BTreeMap<Uuid, i64> =
        world.removed_sub_accounts().iter().map(|removed| (removed.account.id, count(&removed.account))).collect();
    if !world.mood().suspended_usage {
        let hidden = accounts(world).into_iter().filter(|account| account.status == Status::Suspended);
        removed.extend(hidden.map(|account| (account.id, count(&account))));
    }
    let shown: BTreeSet<Uuid> = lined.union(&in_list).copied().collect();
    let is_active = |id: &Uuid| world.sub_account(*id).is_some_and(|account| account.status == Status::Active);
    let active = shown.iter().copied().filter(is_active).collect();
    Night { books, removed, shown, active, lined }
}

fn usage(world: &World) -> Usage {
    let (usage, period) = (world.usage(), world.period());
    let tally = |bucket: Bucket| Tally {
        messages: i64::try_from(bucket.reception_count).expect("a count"),
        cost: Amount::parse(&bucket.allocated_cost.digits(world.mood().rounding)).expect("an amount"),
    };
    let line = |(account, bucket): &(&SubAccount, Bucket)| UsageLine {
        account_id: account.id,
        name: account.name.clone().into(),
        tally: tally(*bucket),
    };
    Usage {
        period: Period { start: period.start, end: period.end },
        currency: Currency::parse(world.plan().currency.code()).expect("a currency"),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: world.parent_account_id(),
        parent: tally(usage.parent),
        sub_accounts: usage.sub_accounts.iter().map(line).collect(),
        removed: tally(usage.removed),
        total: tally(usage.total),
    }
}

fn entry(world: &World, account: &SubAccount) -> books::SubAccount {
    books::SubAccount {
        id: account.id,
        parent_id: world.parent_account_id(),
        name: account.name.clone().into(),
        status: match account.status {
            Status::Active => books::Status::Active,
            Status::Suspended => books::Status::Suspended,
            Status::ParentSuspended => books::Status::ParentSuspended,
        },
        monthly_credit: i64::try_from(account.monthly_credit).expect("a cap"),
        created_at: Some(account.created_at),
    }
}
