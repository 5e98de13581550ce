//! The operations on sub accounts and their usage. Each takes what was asked to the world and shows what it says.

use axum::http::StatusCode;
use uuid::Uuid;

use super::answer::{Answer, Outcome};
use super::conduct::Call;
use super::cursor::List;
use super::paging::ListQuery;
use super::shared::Shared;
use super::{body, input};
use crate::simulator::world::{Effect, Event, Refused, Volume, World};

pub(super) fn list(shared: &Shared, call: &Call) -> Outcome {
    let (seek, limit) = ListQuery::of(&call.uri)?.place(List::SubAccounts)?;
    let world = shared.world();
    let page = world.page(seek, limit);
    Answer::ok(&body::page(List::SubAccounts, &page, |account| body::sub_account(&world, account)))
}

/// A new one sends nothing until it is told to.
pub(super) fn create(shared: &Shared, call: &Call) -> Outcome {
    let event = Event::Create(input::new_account(&call.body)?, Volume::NONE);
    shared.change(event, |world, effect| match effect {
        Effect::AccountCreated(id) => shown(world, id, StatusCode::CREATED),
        _ => Err(Refused::NoSuchAccount.into()),
    })
}

pub(super) fn usage(shared: &Shared, _: &Call) -> Outcome {
    Answer::ok(&body::usage(&shared.world()))
}

pub(super) fn show(shared: &Shared, call: &Call) -> Outcome {
    shown(&shared.world(), call.ids.sub_account, StatusCode::OK)
}

pub(super) fn update(shared: &Shared, call: &Call) -> Outcome {
    changed(shared, call, Event::Update(call.ids.sub_account, input::account_change(&call.body)?))
}

pub(super) fn delete(shared: &Shared, call: &Call) -> Outcome {
    let event = Event::Delete(call.ids.sub_account);
    shared.change(event, |_, _| Ok(Answer::message(StatusCode::OK, "sub account deleted")))
}

pub(super) fn suspend(shared: &Shared, call: &Call) -> Outcome {
    changed(shared, call, Event::Suspend(call.ids.sub_account, input::reason(&call.body)?))
}

pub(super) fn unsuspend(shared: &Shared, call: &Call) -> Outcome {
    changed(shared, call, Event::Unsuspend(call.ids.sub_account))
}

fn changed(shared: &Shared, call: &Call, event: Event) -> Outcome {
    shared.change(event, |world, _| shown(world, call.ids.sub_account, StatusCode::OK))
}

fn shown(world: &World, id: Uuid, status: StatusCode) -> Outcome {
    let account = world.sub_account(id).ok_or(Refused::NoSuchAccount)?;
    Answer::json(status, &body::sub_account(world, account))
}
