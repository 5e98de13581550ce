//! `[report]`: the formats that report sets are made in, and what they do without.

use serde::Deserialize;

use crate::report::format::{Format, Formats, Part, Profile};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Report {
    formats: Option<Vec<FormatName>>,
    #[serde(default)]
    csv_profiles: Vec<ProfileName>,
    #[serde(default)]
    without: Vec<PartName>,
}

impl Report {
    /// The formats that are picked on the command line, else those of the file, else all; the profiles are the file's.
    pub(in crate::config) fn formats(&self, picked: Option<&[Format]>) -> Formats {
        let of_file = || self.formats.as_ref().map(|names| names.iter().map(|name| Format::from(*name)).collect());
        let formats = picked.map(<[Format]>::to_vec).or_else(of_file).unwrap_or_else(|| Format::ALL.to_vec());
        let formats = Formats::new(formats, self.csv_profiles.iter().filter_map(|name| name.profile()));
        formats.without(self.without.iter().map(|name| Part::from(*name)))
    }
}

named!(FormatName of Format: Csv Parquet Xlsx Html Focus);
named!(PartName of Part: Statements Caps Tail);
/// A form of CSV; the plain one is always there.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProfileName {
    Plain,
    Excel,
    ExcelEu,
}

impl ProfileName {
    fn profile(self) -> Option<Profile> {
        match self {
            Self::Plain => None,
            Self::Excel => Some(Profile::Excel),
            Self::ExcelEu => Some(Profile::ExcelEu),
        }
    }
}
