//! The operations on the API keys of a sub account. Only a creation's answer may ever hold a secret.

use axum::http::StatusCode;

use super::answer::{Answer, Outcome};
use super::conduct::Call;
use super::cursor::List;
use super::paging::ListQuery;
use super::shared::Shared;
use super::{body, input};
use crate::simulator::world::{Effect, Event, Refused};

pub(super) fn list(shared: &Shared, call: &Call) -> Outcome {
    let list = List::Keys(call.ids.sub_account);
    let (seek, limit) = ListQuery::of(&call.uri)?.place(list)?;
    let world = shared.world();
    let page = world.key_page(call.ids.sub_account, seek, limit)?;
    Answer::ok(&body::page(list, &page, body::api_key))
}

pub(super) fn create(shared: &Shared, call: &Call) -> Outcome {
    let event = Event::CreateKey(call.ids.sub_account, input::new_key(&call.body)?);
    shared.change(event, |world, effect| match effect {
        Effect::KeyCreated(id) => {
            let key = world.key(call.ids.sub_account, id)?;
            Answer::json(StatusCode::CREATED, &body::new_api_key(key))
        }
        _ => Err(Refused::NoSuchKey.into()),
    })
}

pub(super) fn show(shared: &Shared, call: &Call) -> Outcome {
    Answer::ok(&body::api_key(shared.world().key(call.ids.sub_account, call.ids.key)?))
}

pub(super) fn update(shared: &Shared, call: &Call) -> Outcome {
    let (account, id) = (call.ids.sub_account, call.ids.key);
    let event = Event::UpdateKey(account, id, input::key_change(&call.body)?);
    shared.change(event, |world, _| Answer::ok(&body::api_key(world.key(account, id)?)))
}

pub(super) fn delete(shared: &Shared, call: &Call) -> Outcome {
    let (account, id) = (call.ids.sub_account, call.ids.key);
    let label = shared.world().key(account, id)?.label.clone();
    let message = format!("api key {id} ({label}) deleted successfully");
    shared.change(Event::DeleteKey(account, id), |_, _| Ok(Answer::message(StatusCode::OK, &message)))
}
