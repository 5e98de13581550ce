//! `subledger history`: messages and cost per day from the archive, without key and without network.

use super::selection::{nothing_there, open};
use super::{Form, Outcome};
use crate::billing::history::{Days, Scope};
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::{self, Asked, Signals};
use crate::report::history::{self, Format, Sheet};

/// Reads the history that is asked for, and renders it in one form.
pub async fn run(config: &Config, asked: &Asked, form: Form, signals: &Signals) -> Result<Outcome, Failure> {
    if let Some(Scope::Days(Days { first, last })) = asked.scope
        && first > last
    {
        return Err(Failure::new(Kind::Usage, format!("`--from {first}` is after `--to {last}`")));
    }
    let archive = open(config)?;
    let history = nightly::history(&archive, asked, &config.terms, signals).await?;
    // an empty table would say that nothing was sent
    let Some(history) = history.filter(|history| !history.slices.is_empty()) else {
        let captures = archive.captures().await.map_err(Failure::of_archive)?;
        let asked = match &asked.scope {
            None => "capture".to_owned(),
            Some(Scope::Period(period)) => format!("capture of the period {period}"),
            Some(Scope::Days(Days { first, last })) => format!("capture of the days {first} to {last}"),
        };
        return Err(nothing_there(&archive, &captures, &asked));
    };
    let label = config.label(archive.account_id());
    let next = match history.passed_over.len() {
        0 => "nothing to do".to_owned(),
        count => format!("captures could not be used ({count}), the days around them are one difference"),
    };
    let mut outcome = Outcome { closing: closing(&Evidence::Untouched, &next), ..Outcome::default() };
    Failure::guard(|| {
        match form {
            Form::Text => outcome.text = history::text(&history, &label),
            Form::Json => outcome.json = history::json(&history, &label, nightly::TOOL),
            Form::Csv => outcome.table = Some(Sheet { history, format: Format::Csv }),
            Form::Parquet => outcome.table = Some(Sheet { history, format: Format::Parquet }),
        }
        Ok(outcome)
    })
}
