//! `[report]`: the formats that report sets are made in.

use serde::Deserialize;

use crate::report::format::{Format, Formats, Profile};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Report {
    formats: Option<Vec<FormatName>>,
    #[serde(default)]
    csv_profiles: Vec<ProfileName>,
}

impl Report {
    /// The formats that are picked on the command line, else those of the file, else all; the profiles are the file's.
    pub(in crate::config) fn formats(&self, picked: Option<&[Format]>) -> Formats {
        let of_file = || self.formats.as_ref().map(|names| names.iter().map(|name| Format::from(*name)).collect());
        let formats = picked.map(<[Format]>::to_vec).or_else(of_file).unwrap_or_else(|| Format::ALL.to_vec());
        Formats::new(formats, self.csv_profiles.iter().filter_map(|name| name.profile()))
    }
}

named!(FormatName of Format: Csv Parquet Xlsx Html Focus);
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
