//! Colours by the words of a column: levels of caps, and severities. The word stands beside, for print and for eyes that see
//! no difference.

use rust_xlsxwriter::{
    Color, ConditionalFormatCell, ConditionalFormatCellRule, ConditionalFormatDataBar, ConditionalFormatType, Format,
    Worksheet, XlsxError,
};

use crate::billing::finding::Severity;
use crate::billing::level::Level;

use super::column::Column;
use super::sheet::Part;
use super::style::Styles;

const BAR: Color = Color::RGB(0x9D_B7_D5);

/// Paints the columns that have levels or severities, and draws a bar behind how much of a cap is used.
pub(super) fn paint(
    sheet: &mut Worksheet,
    styles: &Styles,
    columns: &[Column<'_>],
    part: &Part,
) -> Result<(), XlsxError> {
    let (first, last) = part.span();
    for (col, column) in (0..).zip(columns) {
        for (word, format) in words(column.name, styles) {
            let rule = ConditionalFormatCellRule::EqualTo(word);
            let painted = ConditionalFormatCell::new().set_rule(rule).set_format(format);
            sheet.add_conditional_format(first, col, last, col, &painted)?;
        }
        if column.name == "cap_utilisation" {
            let bar = ConditionalFormatDataBar::new()
                .set_minimum(ConditionalFormatType::Number, 0)
                .set_maximum(ConditionalFormatType::Number, 1)
                .set_fill_color(BAR)
                .set_solid_fill(true);
            sheet.add_conditional_format(first, col, last, col, &bar)?;
        }
    }
    Ok(())
}

fn words<'s>(column: &str, styles: &'s Styles) -> Vec<(&'static str, &'s Format)> {
    match column {
        "level" | "cap_level" => vec![
            (Level::Exceeded.as_str(), &styles.bad),
            (Level::Critical.as_str(), &styles.critical),
            (Level::Near.as_str(), &styles.near),
        ],
        "severity" => vec![(Severity::Error.as_str(), &styles.bad), (Severity::Warning.as_str(), &styles.near)],
        _ => Vec::new(),
    }
}
