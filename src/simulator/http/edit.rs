//! Changing what an answer says while all the rest of it stays as it was sent, digit for digit.
//!
//! Must never read a number that it does not change: amounts stay text.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::cursor::{self, List};
use super::paging::ListQuery;
use crate::simulator::fault::Kind;
use crate::simulator::world::Position;

/// Neither account is in any world.
const FOREIGN_ID: &str = "0badf00d-0000-4000-8000-000000000001";
const FOREIGN_PARENT_ID: &str = "0badf00d-0000-4000-8000-000000000000";

/// The names of the rows: of a list, and of a usage.
const ROWS: [&str; 2] = ["data", "sub_accounts"];

/// The answer with one thing changed; nothing if it has no such thing.
pub(super) fn edited(kind: Kind, query: &ListQuery, body: &[u8]) -> Option<Vec<u8>> {
    let mut answer: Object = serde_json::from_slice(body).ok()?;
    match kind {
        Kind::ExtraField => {
            add_surprise(&mut answer)?;
            // a row, if there is one, gets its own
            let _ = answer.edit_rows(|rows| add_surprise(rows.first_mut()?));
        }
        Kind::MissingField => remove_required(&mut answer)?,
        Kind::RepeatedCursor => lead_back(&mut answer, query)?,
        Kind::WrongTotal => answer.edit_object("total", |total| {
            let count: u64 = total.read("reception_count")?;
            total.set("reception_count", &count.checked_add(1)?)
        })?,
        Kind::RepeatedRow => answer.edit_rows(|rows| {
            rows.push(rows.first()?.clone());
            Some(())
        })?,
        Kind::ForeignRow => answer.edit_rows(|rows| {
            let mut row = rows.first()?.clone();
            row.get("parent_account_id")?;
            row.set("id", &FOREIGN_ID)?;
            row.set("parent_account_id", &FOREIGN_PARENT_ID)?;
            rows.push(row);
            Some(())
        })?,
        _ => return None,
    }
    serde_json::to_vec(&answer).ok()
}

fn add_surprise(object: &mut Object) -> Option<()> {
    object.set("surprise", &serde_json::json!({ "nested": [1, null] }))
}

/// Takes away what hurts most where it is not missed: an amount, a cap, or what ends a list.
fn remove_required(answer: &mut Object) -> Option<()> {
    let names = ["allocated_cost", "monthly_credit", "scopes", "message"];
    let any_of = |object: &mut Object| names.iter().find_map(|name| object.remove(name));
    answer
        .edit_rows(|rows| any_of(rows.first_mut()?))
        .or_else(|| answer.edit_object("total", any_of))
        .or_else(|| answer.remove("pagination"))
        .or_else(|| any_of(answer))
}

/// Makes the page lead to itself: by the cursor that was sent, or by one from right before its first row.
fn lead_back(answer: &mut Object, query: &ListQuery) -> Option<()> {
    let own = || {
        let rows: Vec<Object> = answer.read("data")?;
        place_before(rows.first()?)
    };
    let (name, cursor) = match (query.after(), query.before()) {
        (None, Some(before)) => ("previous_cursor", before.to_owned()),
        (after, _) => ("next_cursor", after.map(str::to_owned).or_else(own)?),
    };
    answer.edit_object("pagination", |pagination| {
        pagination.set("has_more", &true)?;
        pagination.set(name, &cursor)
    })
}

fn place_before(row: &Object) -> Option<String> {
    let created_at: DateTime<Utc> = row.read("created_at")?;
    let place = Position { created_at: created_at - TimeDelta::microseconds(1), id: Uuid::max() };
    let list = match row.read::<String>("object")?.as_str() {
        "api_key" => List::Keys(row.read("account_id")?),
        _ => List::SubAccounts,
    };
    Some(cursor::encode(list, place))
}

/// A JSON object as text: its fields in their order, each value as it was written.
#[derive(Clone)]
struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    fn read<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    fn set(&mut self, name: &str, value: &impl Serialize) -> Option<()> {
        let value = to_raw_value(value).ok()?;
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Some(())
    }

    fn remove(&mut self, name: &str) -> Option<()> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        self.0.remove(index);
        Some(())
    }

    fn edit_object(&mut self, name: &str, edit: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let mut object: Self = self.read(name)?;
        edit(&mut object)?;
        self.set(name, &object)
    }

    fn edit_rows(&mut self, edit: impl FnOnce(&mut Vec<Self>) -> Option<()>) -> Option<()> {
        let name = ROWS.into_iter().find(|name| self.get(name).is_some())?;
        let mut rows: Vec<Self> = self.read(name)?;
        edit(&mut rows)?;
        self.set(name, &rows)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(kind: Kind, body: &str) -> Option<String> {
        edited(kind, &ListQuery::default(), body.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_is_not_changed_keeps_its_digits_and_its_order() {
        let usage = r#"{"z":1.10,"sub_accounts":[{"allocated_cost":0.30000000000000004,"é":1e-7}],"total":{"allocated_cost":60.0,"reception_count":7}}"#;
        let wrong = edit(Kind::WrongTotal, usage).unwrap();
        assert_eq!(wrong, usage.replace("\"reception_count\":7", "\"reception_count\":8"));
        let row = r#"{"allocated_cost":0.30000000000000004,"é":1e-7}"#;
        assert_eq!(edit(Kind::RepeatedRow, usage).unwrap(), usage.replace(row, &format!("{row},{row}")));
        assert_eq!(
            edit(Kind::MissingField, usage).unwrap(),
            usage.replace("\"allocated_cost\":0.30000000000000004,", "")
        );
    }

    #[test]
    fn without_a_place_for_the_fault_nothing_is_edited() {
        let empty_list = r#"{"object":"list","data":[],"pagination":{"has_more":false}}"#;
        for kind in [Kind::RepeatedCursor, Kind::RepeatedRow, Kind::ForeignRow, Kind::WrongTotal, Kind::Slow] {
            assert_eq!(edit(kind, empty_list), None, "{kind:?}");
        }
        assert_eq!(edit(Kind::MissingField, empty_list).unwrap(), r#"{"object":"list","data":[]}"#);
        let usage = r#"{"sub_accounts":[],"total":{"allocated_cost":0.0,"reception_count":0}}"#;
        assert_eq!(edit(Kind::RepeatedRow, usage), None);
        assert_eq!(edit(Kind::MissingField, usage).unwrap(), usage.replace("\"allocated_cost\":0.0,", ""));
        assert_eq!(edit(Kind::ExtraField, "[]"), None);
    }
}
