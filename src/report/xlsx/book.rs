//! The workbook in the making: its properties, its sheets in order, and how each of them is printed.

use rust_xlsxwriter::{DocProperties, Workbook, Worksheet, XlsxError};

use crate::billing::close::Close;
use crate::billing::ledger::Ledger;
use crate::billing::money::Currency;
use crate::report::SetInfo;
use crate::report::text::shown;

use super::cell::instant;
use super::style::Styles;

/// Rows of a sheet in the file format.
pub(super) const ROW_COUNT_MAX: usize = 1_048_576;
/// Characters of a name in heads of pages and in properties, which have little room.
const NAME_CHAR_COUNT_MAX: usize = 80;
/// A4, as the file format numbers it.
const PAPER: u8 = 9;

/// What every sheet needs.
pub(super) struct Book {
    pub(super) workbook: Workbook,
    pub(super) styles: Styles,
    pub(super) currency: Currency,
    /// Rows that a sheet may have.
    pub(super) row_count_max: usize,
    /// The set's name and period, for the head of each page.
    page_head: (String, String),
}

impl Book {
    pub(super) fn new(ledger: &Ledger, info: &SetInfo, row_count_max: usize) -> Self {
        let (who, period) = (short(info.owner(), NAME_CHAR_COUNT_MAX), ledger.books.usage.period.to_string());
        let mut workbook = Workbook::new();
        let company = info.account_name.as_ref().map(|name| short(name, NAME_CHAR_COUNT_MAX)).unwrap_or_default();
        let mut properties = DocProperties::new()
            .set_title(format!("Chargeback {period}"))
            .set_subject(format!("{who}, {}", state(ledger)))
            .set_author(&info.tool)
            .set_company(company);
        // the library would ask the clock
        if let Some(at) = instant(ledger.books.capture.at) {
            properties = properties.set_creation_datetime(&at);
        }
        workbook.set_properties(&properties);
        let page_head = (who, format!("{period} (UTC), {}", state(ledger)));
        Self { page_head, ..Self::of(workbook, ledger.charges.currency, row_count_max) }
    }

    /// A book without a name.
    pub(super) fn of(workbook: Workbook, currency: Currency, row_count_max: usize) -> Self {
        let styles = Styles::new(currency);
        Self { workbook, styles, currency, row_count_max, page_head: (String::new(), String::new()) }
    }

    /// A sheet after the others, ready to be printed; its name is one of ours.
    pub(super) fn add(&mut self, name: &str) -> Result<&mut Worksheet, XlsxError> {
        let (who, period) = (escaped(&self.page_head.0), escaped(&self.page_head.1));
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_landscape().set_paper_size(PAPER).set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.4, 0.4, 0.75, 0.6, 0.3, 0.3);
        sheet.set_header(format!("&L&\"-,Bold\"{name}&C{who}&R{period}"));
        sheet.set_footer("&CPage &P of &N");
        Ok(sheet)
    }

    /// The sheet that was added under this name, to write into it once others are known.
    pub(super) fn sheet(&mut self, name: &str) -> Result<(&mut Worksheet, &Styles), XlsxError> {
        Ok((self.workbook.worksheet_from_name(name)?, &self.styles))
    }
}

/// What the set is, in a few words.
pub(super) fn state(ledger: &Ledger) -> String {
    let state = ledger.state().as_str();
    ledger
        .terms
        .close
        .as_ref()
        .map_or(state.to_owned(), |Close { revision, .. }| format!("{state}, revision {revision}"))
}

/// The first characters of a name, hidden ones written out.
pub(super) fn short(name: &str, char_count_max: usize) -> String {
    let shown = shown(name);
    if shown.chars().count() <= char_count_max {
        return shown;
    }
    shown.chars().take(char_count_max.saturating_sub(1)).chain(['…']).collect()
}

/// A text in the head of a page, where `&` begins a command.
fn escaped(text: &str) -> String {
    // the library turns `&[Page]` and its like into commands
    text.replace('[', "(").replace('&', "&&")
}
