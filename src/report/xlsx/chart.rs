//! Two charts: who is charged most, and what was sent day by day. One series each, in a colour that prints.

use rust_xlsxwriter::{
    Chart, ChartAxisCrossing, ChartFont, ChartLine, ChartSolidFill, ChartType, Color, Worksheet, XlsxError,
};

use crate::billing::money::Currency;

use super::style::INK;
use super::summary::NAME;

/// Pixels.
const WIDTH: u32 = 560;
const HEIGHT: u32 = 280;
const GRID: Color = Color::RGB(0xD8_DD_E3);
/// Days between two labels, so that a month has legible ones.
const LABEL_INTERVAL: u16 = 5;

/// The largest customers as bars, the largest on top.
pub(super) fn largest(
    sheet: &mut Worksheet,
    (row, col): (u32, u16),
    (first, last): (u32, u32),
    currency: Currency,
    from_zero: bool,
) -> Result<(), XlsxError> {
    let mut chart = plain(ChartType::Bar, "Largest customers by charge");
    let series = chart.add_series().set_name("Charge");
    series.set_categories((NAME, first, col, last, col)).set_values((NAME, first, col + 2, last, col + 2));
    series.set_gap(40).set_format(ChartSolidFill::new().set_color(INK));
    // of bars the library calls the vertical axis y: here it has the customers, and amounts are below them
    chart.y_axis().set_name("Customer").set_reverse().set_major_gridlines(false);
    chart.x_axis().set_name(format!("Charge in {}", currency.code()).as_str()).set_num_format("General");
    chart.x_axis().set_major_gridlines(true).set_major_gridlines_line(ChartLine::new().set_color(GRID));
    chart.y_axis().set_crossing(ChartAxisCrossing::Max).set_label_interval(1);
    chart.y_axis().set_font(ChartFont::new().set_size(8));
    if from_zero {
        chart.x_axis().set_min(0);
    }
    sheet.insert_chart(row, col, &chart.set_alt_text("Bars of the charges of the largest customers").clone()).map(drop)
}

/// Messages of each day as columns.
pub(super) fn daily(sheet: &mut Worksheet, (row, col): (u32, u16), (first, last): (u32, u32)) -> Result<(), XlsxError> {
    let mut chart = plain(ChartType::Column, "Messages by day");
    let series = chart.add_series().set_name("Messages");
    series.set_categories((NAME, first, 0, last, 0)).set_values((NAME, first, 1, last, 1));
    series.set_gap(40).set_format(ChartSolidFill::new().set_color(INK));
    chart.x_axis().set_name("Day (UTC); days of a gap are means").set_num_format("d mmm").set_text_axis(true);
    chart.x_axis().set_label_interval(LABEL_INTERVAL).set_tick_interval(LABEL_INTERVAL);
    chart.y_axis().set_name("Messages").set_num_format("#,##0");
    chart.y_axis().set_major_gridlines_line(ChartLine::new().set_color(GRID));
    sheet.insert_chart(row, col, &chart.set_alt_text("Columns of the messages of each day").clone()).map(drop)
}

/// A chart with a title and no legend: it has one series.
fn plain(kind: ChartType, title: &str) -> Chart {
    let mut chart = Chart::new(kind);
    chart.set_width(WIDTH).set_height(HEIGHT);
    chart.title().set_name(title).set_font(ChartFont::new().set_size(12).set_bold());
    chart.legend().set_hidden();
    chart
}
