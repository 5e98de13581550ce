//! Which provisional sets of a billing period have had their time: a decision over names and states, without a look at a disk.
//!
//! Whatever is not certainly a provisional set of ours stays: both its name and its manifest have to say so.

use super::name::{SetName, claims_to_be_final};

/// The state of a set that may go.
const PROVISIONAL: &str = "provisional";

/// A folder among the sets of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its name.
    pub name: &'a str,
    /// The state that its manifest tells of; nothing if it has no manifest of ours that can be read.
    pub state: Option<&'a str>,
}

/// What is to become of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A provisional set that stays.
    Kept,
    /// A provisional set that has had its time.
    Goes,
    /// Nothing that is ever removed, and why.
    LeftAlone(&'static str),
}

/// What is to become of each folder of a period, in the order given: the newest `keep` provisional sets stay, and so does the
/// one that `latest` leads to. Where that leads nowhere, at least the newest stays: it would be the current one.
pub fn fates(sets: &[Seen<'_>], latest: Option<&str>, keep: usize) -> Vec<Fate> {
    let mut provisional: Vec<SetName<'_>> = sets.iter().filter_map(|set| provisional_name(*set).ok()).collect();
    provisional.sort_by(|one, other| other.cmp(one));
    let keep = if latest.is_some() { keep } else { keep.max(1) };
    let goes = provisional.get(keep..).unwrap_or_default();
    let fate = |set: &Seen<'_>| match provisional_name(*set) {
        Err(why) => Fate::LeftAlone(why),
        Ok(name) if goes.contains(&name) && latest != Some(set.name) => Fate::Goes,
        Ok(_) => Fate::Kept,
    };
    sets.iter().map(fate).collect()
}

/// The name of a set that may go, or why none of this kind ever does.
fn provisional_name(set: Seen<'_>) -> Result<SetName<'_>, &'static str> {
    if claims_to_be_final(set.name) {
        return Err(if set.state == Some(PROVISIONAL) {
            "named as a final set, though its manifest says provisional"
        } else {
            "named as a final set"
        });
    }
    match set.state {
        None => return Err("without a manifest of a report set that can be read"),
        Some(PROVISIONAL) => {}
        Some(_) => return Err("its manifest does not say that it is provisional"),
    }
    match SetName::parse(set.name) {
        Some(name @ SetName::Provisional { .. }) => Ok(name),
        _ => Err("not named after a capture"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHTS: [&str; 5] = [
        "20240115T020000Z",
        "20240116T020000Z",
        // the order is that of revisions, not of letters
        "20240116T020000Z-r10",
        "20240116T020000Z-r9",
        "20240117T020000Z",
    ];

    /// The names of those that go, of sets that all say that they are provisional.
    fn going<'a>(names: &[&'a str], latest: Option<&str>, keep: usize) -> Vec<&'a str> {
        let sets: Vec<Seen<'_>> = names.iter().map(|name| Seen { name, state: Some(PROVISIONAL) }).collect();
        let fates = fates(&sets, latest, keep);
        names.iter().zip(fates).filter(|(_, fate)| *fate == Fate::Goes).map(|(name, _)| *name).collect()
    }

    #[test]
    fn the_newest_stay_by_capture_and_then_by_revision() {
        let latest = Some("20240117T020000Z");
        assert_eq!(going(&NIGHTS, latest, 5), [""; 0]);
        assert_eq!(going(&NIGHTS, latest, usize::MAX), [""; 0]);
        assert_eq!(going(&NIGHTS, latest, 4), [NIGHTS[0]]);
        assert_eq!(going(&NIGHTS, latest, 2), [NIGHTS[0], NIGHTS[1], NIGHTS[3]]);
        assert_eq!(going(&NIGHTS, latest, 1), NIGHTS[..4]);
        let mut backwards = NIGHTS;
        backwards.reverse();
        assert_eq!(going(&backwards, latest, 2), [NIGHTS[3], NIGHTS[1], NIGHTS[0]]);
    }

    #[test]
    fn what_latest_leads_to_stays_beside_the_newest() {
        assert_eq!(going(&NIGHTS, Some(NIGHTS[1]), 1), [NIGHTS[0], NIGHTS[2], NIGHTS[3]]);
        assert_eq!(going(&NIGHTS, Some(NIGHTS[4]), 0), NIGHTS[..4]);
        assert_eq!(going(&NIGHTS, Some("final-r1"), 0), NIGHTS);
        assert_eq!(going(&NIGHTS, None, 0), NIGHTS[..4], "a period does not lose its last set to a lost pointer");
        assert_eq!(going(&[], None, 0), [""; 0]);
    }

    #[test]
    fn what_is_not_certainly_provisional_never_goes_and_takes_no_place() {
        let odd = [
            ("final-r1", Some("final")),
            ("final-r2", Some(PROVISIONAL)),
            ("final-r3", None),
            ("final-20240115T020000Z", Some(PROVISIONAL)),
            ("20240118T020000Z", None),
            ("20240119T020000Z", Some("final")),
            ("20240120T020000Z", Some("Provisional")),
            ("20240121T020000Z-copy", Some(PROVISIONAL)),
            ("20240122T020000Z-r1", Some(PROVISIONAL)),
            ("notes", Some(PROVISIONAL)),
        ];
        let ours = [(NIGHTS[0], Some(PROVISIONAL)), (NIGHTS[4], Some(PROVISIONAL))];
        let sets = odd.iter().chain(&ours).map(|(name, state)| Seen { name, state: *state }).collect::<Vec<_>>();
        let fates = fates(&sets, Some("final-r1"), 1);
        let (left_alone, decided) = fates.split_at(odd.len());
        assert!(left_alone.iter().all(|fate| matches!(fate, Fate::LeftAlone(_))), "{left_alone:?}");
        assert_eq!(decided, [Fate::Goes, Fate::Kept]);
    }
}
