//! The cursors of the lists: a position as opaque text that only its own list understands.
//!
//! They are hostile on purpose. `+`, `&` and `=` mean something in a query string, so whoever puts a cursor into a
//! URL without percent-encoding it is refused here and not in production.

use chrono::DateTime;
use uuid::Uuid;

use crate::simulator::world::Position;

/// Which list a cursor is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// The sub accounts.
    SubAccounts,
    /// The keys of this sub account.
    Keys(Uuid),
}

impl List {
    fn prefix(self) -> String {
        match self {
            Self::SubAccounts => "v1+".to_owned(),
            Self::Keys(account) => format!("k1+{account}&"),
        }
    }
}

/// The cursor for a position: `v1+<microseconds>&<id>=`, and for keys `k1+<sub account>&<microseconds>&<id>=`.
pub(super) fn encode(list: List, place: Position) -> String {
    format!("{}{}&{}=", list.prefix(), place.created_at.timestamp_micros(), place.id)
}

/// The position of a cursor; `None` for anything that [`encode`] did not write for this list.
pub(super) fn decode(list: List, cursor: &str) -> Option<Position> {
    let (micros, id) = cursor.strip_prefix(&list.prefix())?.strip_suffix('=')?.split_once('&')?;
    let created_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    let place = Position { created_at, id: Uuid::try_parse(id).ok()? };
    // One position has one spelling.
    (encode(list, place) == cursor).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_cursor_and_no_other_text_is_one() {
        let lists = [List::SubAccounts, List::Keys(Uuid::nil()), List::Keys(Uuid::max())];
        for (micros, list) in [-1, 0, 1_782_864_000_123_456].into_iter().zip(lists) {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let place = Position { created_at, id: Uuid::from_u128(0x2f3c) };
            for other in lists {
                assert_eq!(decode(other, &encode(list, place)), (other == list).then_some(place));
            }
        }
        let id = Uuid::nil();
        for text in ["", "v1+", "1", &format!("v1 0&{id}="), &format!("v1+00&{id}="), &format!("v1+0&{id}"), "v1+0&x="]
        {
            assert_eq!(decode(List::SubAccounts, text), None, "{text}");
        }
    }
}
