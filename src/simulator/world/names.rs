//! Company names and websites for a seeded world, believable for the most part.
//!
//! Owns the difficult ones too: names that break a careless CSV, HTML page, file name, join or spreadsheet.
//! Must never name a real domain: every website is below one of the domains reserved for examples.

use std::fmt::Write as _;

/// One company in this many has a difficult name.
const DIFFICULT_EVERY: usize = 7;

/// Names that break things, each with the domain label that its owner would have chosen.
const DIFFICULT: [(&str, &str); 22] = [
    // Separators and quotes of CSV, in both of its European dialects.
    ("Smith, Jones & Partners LLP", "smith-jones"),
    ("The \"Quiet\" Room", "quiet-room"),
    ("Paper; Pens; Post", "paper-pens-post"),
    ("O'Brien's Bakery", "obriens-bakery"),
    // What a spreadsheet would run as a formula.
    ("=SUM Accounting", "sum-accounting"),
    ("+Plus Delivery", "plus-delivery"),
    ("-Minus Studio", "minus-studio"),
    ("@Corner Market", "corner-market"),
    // Letters beyond ASCII.
    ("Müller & Söhne GmbH", "mueller-soehne"),
    ("Żółty Żagiel sp. z o.o.", "zolty-zagiel"),
    ("株式会社さくら商事", "sakura-shoji"),
    ("북극성 미디어", "polaris-media"),
    ("شركة النور", "alnoor"),
    // The same name twice, and names that only look or compare the same: only the id tells them apart.
    ("Northgate Trading", "northgate"),
    ("Northgate Trading", "northgate-trading"),
    ("Bluebird Media", "bluebird"),
    ("BLUEBIRD MEDIA", "bluebird-media"),
    ("Café Noir", "cafe-noir"),
    ("Cafe\u{301} Noir", "noir-cafe"),
    // Markup, a path separator, and a number that must stay text.
    ("<b>Bold</b> Print", "bold-print"),
    ("24/7 Towing", "towing-247"),
    ("007", "double-o-seven"),
];

const STEMS: [&str; 32] = [
    "Alder", "Amber", "Anchor", "Aspen", "Beacon", "Birch", "Cedar", "Cobalt", "Copper", "Coral", "Crane", "Delta",
    "Ember", "Falcon", "Fjord", "Garnet", "Granite", "Harbour", "Hazel", "Heron", "Indigo", "Juniper", "Lantern",
    "Linden", "Maple", "Meadow", "Meridian", "Orchard", "Pioneer", "Quarry", "Rowan", "Willow",
];

const TRADES: [&str; 24] = [
    "Analytics",
    "Books",
    "Clinics",
    "Coffee",
    "Cycles",
    "Design",
    "Energy",
    "Events",
    "Fashion",
    "Finance",
    "Fitness",
    "Foods",
    "Games",
    "Gardens",
    "Hotels",
    "Insurance",
    "Kitchens",
    "Logistics",
    "Optics",
    "Outdoor",
    "Pharmacy",
    "Software",
    "Tickets",
    "Travel",
];

const FORMS: [&str; 7] = ["Ltd", "GmbH", "Inc.", "B.V.", "AB", "SAS", "Group"];

const ZONES: [&str; 3] = ["example.com", "example.org", "example.net"];

/// How many ordinary names there are before a number is needed to tell them apart.
const ORDINARY_COUNT: usize = STEMS.len() * TRADES.len() * FORMS.len();

/// Coprime to `ORDINARY_COUNT`, so that steps of this size reach every combination before any repeats.
const STRIDE: usize = 2_531;

/// A company's name and its website, a bare domain.
pub(super) struct Company {
    pub(super) name: String,
    pub(super) website: String,
}

/// The company at this place of the sequence that begins at `offset`. Ordinary names never repeat.
pub(super) fn company(index: usize, offset: usize) -> Company {
    let zone = ZONES[index % ZONES.len()];
    if index % DIFFICULT_EVERY == DIFFICULT_EVERY - 1
        && let Some((name, label)) = DIFFICULT.get(index / DIFFICULT_EVERY)
    {
        return Company { name: (*name).to_owned(), website: format!("{label}.{zone}") };
    }
    let pick = (offset % ORDINARY_COUNT + index % ORDINARY_COUNT * STRIDE) % ORDINARY_COUNT;
    let stem = STEMS[pick % STEMS.len()];
    let trade = TRADES[pick / STEMS.len() % TRADES.len()];
    let form = FORMS[pick / STEMS.len() / TRADES.len()];
    let mut name = format!("{stem} {trade} {form}");
    let mut label = format!("{stem}-{trade}").to_lowercase();
    let round = index / ORDINARY_COUNT;
    if round > 0 {
        // Writing to a string cannot fail.
        let _ = write!(name, " {}", round + 1);
        let _ = write!(label, "-{}", round + 1);
    }
    Company { name, website: format!("{label}.{zone}") }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ordinary_names_never_repeat_and_every_difficult_one_comes_early() {
        let names: Vec<String> = (0..20_000).map(|index| company(index, 99).name).collect();
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len() - 1, "only one name is there twice, and on purpose");
        assert!(DIFFICULT.iter().all(|(name, _)| names[..250].iter().any(|found| found == name)));
    }

    #[test]
    fn websites_are_bare_domains_for_examples() {
        for index in 0..20_000 {
            let website = company(index, 0).website;
            let (label, zone) = website.split_once('.').unwrap();
            assert!(ZONES.contains(&zone), "{website}");
            assert!(label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{website}");
        }
    }
}
