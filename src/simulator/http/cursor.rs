//! The cursors of the list: a position as opaque text.
//!
//! They are hostile on purpose. `+`, `&` and `=` mean something in a query string, so whoever puts a cursor into a
//! URL without percent-encoding it is refused here and not in production.

use chrono::DateTime;
use uuid::Uuid;

use crate::simulator::world::Position;

/// The cursor for a position: `v1+<microseconds>&<id>=`.
pub(super) fn encode(place: Position) -> String {
    format!("v1+{}&{}=", place.created_at.timestamp_micros(), place.id)
}

/// The position of a cursor; `None` for anything that [`encode`] did not write.
pub(super) fn decode(cursor: &str) -> Option<Position> {
    let (micros, id) = cursor.strip_prefix("v1+")?.strip_suffix('=')?.split_once('&')?;
    let created_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    let place = Position { created_at, id: Uuid::try_parse(id).ok()? };
    // One position has one spelling.
    (encode(place) == cursor).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_cursor_and_no_other_text_is_one() {
        for micros in [-1, 0, 1_782_864_000_123_456] {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let place = Position { created_at, id: Uuid::from_u128(0x2f3c) };
            assert_eq!(decode(&encode(place)), Some(place));
        }
        let id = Uuid::nil();
        for text in ["", "v1+", "1", &format!("v1 0&{id}="), &format!("v1+00&{id}="), &format!("v1+0&{id}"), "v1+0&x="]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
