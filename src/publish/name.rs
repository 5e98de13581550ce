//! What the name of a set says of it, and which of two sets is the current one.
//!
//! A provisional set is named after its capture, `20240115T020000Z`, and its revision, `…-r2`; a final one `final-r1`.

use std::fmt;

/// What names of final sets begin with.
const FINAL: &str = "final-";

/// The name of a report set, taken apart. Ordered from the oldest set to the newest, all provisional ones before final ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetName<'a> {
    /// A set that is named after the capture that it is about.
    Provisional {
        /// The capture, `20240115T020000Z`.
        capture: &'a str,
        /// From 1; the first is not written.
        revision: u32,
    },
    /// A set that closed its period, or corrected one that did.
    Final {
        /// From 1.
        revision: u32,
    },
}

impl<'a> SetName<'a> {
    /// Takes a name apart; nothing if no set of ours has it.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (stem, revision) = match name.rsplit_once("-r") {
            Some((stem, revision)) => (stem, revision.parse().ok()?),
            None => (name, 1),
        };
        let parsed = match stem {
            "final" => Self::Final { revision },
            capture if is_capture(capture) => Self::Provisional { capture, revision },
            _ => return None,
        };
        // what we would write otherwise, such as `final-r01`, is somebody else's
        (revision > 0 && parsed.to_string() == name).then_some(parsed)
    }

    /// Whether this set is the current one, whichever of the two was asked for last: a later capture's, a final one, a
    /// later final one. Within one capture the set asked for last is.
    fn outranks(self, other: Option<Self>) -> bool {
        match (self, other) {
            (_, None) => true,
            (Self::Provisional { capture, .. }, Some(Self::Provisional { capture: other, .. })) => capture > other,
            (this, Some(other)) => this > other,
        }
    }
}

impl fmt::Display for SetName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provisional { capture, revision: 1 } => f.write_str(capture),
            Self::Provisional { capture, revision } => write!(f, "{capture}-r{revision}"),
            Self::Final { revision } => write!(f, "{FINAL}r{revision}"),
        }
    }
}

/// Whether a folder claims to be a final set, whatever follows in its name.
pub fn claims_to_be_final(name: &str) -> bool {
    name.starts_with(FINAL)
}

/// The set that the pointer to the current one leads to once `published` is in its place, of all sets that are `there`
/// and the one that it leads to now.
pub(super) fn current<'a>(published: &'a str, pointed: Option<&'a str>, there: &'a [String]) -> &'a str {
    let of_published = SetName::parse(published);
    let higher = there.iter().filter_map(|name| Some((SetName::parse(name)?, name.as_str())));
    let Some((highest, name)) = higher.filter(|(name, _)| name.outranks(of_published)).max() else {
        return published;
    };
    // of one capture's revisions the pointer knows which was asked for last
    let stays = |pointed: &&str| {
        let known = SetName::parse(pointed);
        known.is_some() && !highest.outranks(known) && there.iter().any(|name| name == pointed)
    };
    pointed.filter(stays).unwrap_or(name)
}

/// The set that the pointer has to lead to instead, if it does not lead to a current one.
pub fn overdue<'a>(pointed: Option<&str>, there: &'a [String]) -> Option<&'a str> {
    let known = pointed.filter(|pointed| there.iter().any(|name| name == pointed)).and_then(SetName::parse);
    let sets = there.iter().filter_map(|name| Some((SetName::parse(name)?, name.as_str())));
    sets.filter(|(name, _)| name.outranks(known)).max().map(|(_, name)| name)
}

/// Whether a text has the form `20240115T020000Z`.
fn is_capture(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts.is_some_and(|(date, time)| date.len() == 8 && time.len() == 6 && digits(date) && digits(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_write_are_names_of_sets() {
        for name in ["20240115T020000Z", "20240115T020000Z-r2", "20240115T020000Z-r10", "final-r1", "final-r12"] {
            assert_eq!(SetName::parse(name).map(|parsed| parsed.to_string()).as_deref(), Some(name));
        }
        for name in [
            "",
            "final",
            "final-",
            "final-r",
            "final-r0",
            "final-r01",
            "final-r+1",
            "final-r1-r2",
            "final-r99999999999",
            "Final-r1",
            "20240115T020000Z-r1",
            "20240115T020000Z-r0",
            "20240115T020000Z-copy",
            "20240115T020000",
            "2024011xT020000Z",
            "-r2",
            "latest",
            "notes",
        ] {
            assert_eq!(SetName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn sets_are_in_the_order_of_captures_revisions_and_closing() {
        let names = [
            "20240115T020000Z",
            "20240115T020000Z-r2",
            "20240115T020000Z-r10",
            "20240116T020000Z",
            "final-r1",
            "final-r2",
            "final-r10",
        ];
        let parsed = names.map(|name| SetName::parse(name).unwrap());
        assert!(parsed.is_sorted());
    }

    #[test]
    fn the_current_set_is_found_whatever_is_published_last() {
        let (first, second, slip) = ("20240115T020000Z", "20240116T020000Z", "20240116T020000Z-r2");
        for (published, pointed, there, expected) in [
            // nothing else
            (first, None, vec![first], first),
            // later captures win, and within one capture what was asked for last
            (second, Some(first), vec![first, second], second),
            (first, Some(second), vec![first, second], second),
            (slip, Some(second), vec![first, second, slip], slip),
            (second, Some(slip), vec![first, second, slip], second),
            (first, Some(second), vec![first, second, slip], second),
            (first, Some(slip), vec![first, second, slip], slip),
            // final sets win over provisional ones, and the last of them over all
            ("final-r1", Some(second), vec![second, "final-r1"], "final-r1"),
            (second, Some("final-r1"), vec![second, "final-r1"], "final-r1"),
            ("final-r2", Some("final-r1"), vec!["final-r1", "final-r2"], "final-r2"),
            ("final-r1", Some("final-r2"), vec!["final-r1", "final-r2"], "final-r2"),
            ("final-r10", Some("final-r2"), vec!["final-r10", "final-r2"], "final-r10"),
            ("final-r2", Some("final-r10"), vec!["final-r10", "final-r2"], "final-r10"),
            // a pointer that a killed run left behind, that is lost, or that leads nowhere
            (first, Some(first), vec![first, "final-r1", "final-r2"], "final-r2"),
            (first, None, vec![first, second, slip], slip),
            (first, Some("20240117T020000Z"), vec![first, second], second),
            // what is not ours counts for nothing
            (first, Some("zzz"), vec![first, "final-r01", "zzz"], first),
        ] {
            let there: Vec<String> = there.into_iter().map(str::to_owned).collect();
            assert_eq!(current(published, pointed, &there), expected, "{published}, {pointed:?}, {there:?}");
        }
    }
}
