//! How cells look: formats of numbers by unit and currency, and few colours, each beside a word that says the same.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::billing::money::Currency;
use crate::report::text::DECIMALS;

/// Dark blue: heads and charts. It stays dark in print without colours.
pub(super) const INK: Color = Color::RGB(0x1F_3A_5F);
const LINE: Color = Color::RGB(0xBF_C7_D1);
const PALE: Color = Color::RGB(0xEE_F2_F7);
const QUIET: Color = Color::RGB(0x5A_64_70);

/// The formats of a workbook in one currency.
pub(super) struct Styles {
    pub(super) title: Format,
    pub(super) section: Format,
    pub(super) quiet: Format,
    pub(super) header: Format,
    pub(super) header_right: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    /// Digits that are text.
    pub(super) digits: Format,
    pub(super) count: Format,
    pub(super) plain_count: Format,
    pub(super) money: Format,
    pub(super) sum: Format,
    pub(super) sum_count: Format,
    pub(super) sum_text: Format,
    pub(super) exact: Format,
    pub(super) percent: Format,
    pub(super) instant: Format,
    pub(super) day: Format,
    pub(super) good: Format,
    pub(super) bad: Format,
    pub(super) critical: Format,
    pub(super) near: Format,
}

impl Styles {
    pub(super) fn new(currency: Currency) -> Self {
        let money = money_format(currency.decimals);
        let more = "#".repeat(DECIMALS.saturating_sub(currency.decimals) as usize);
        let point = if currency.decimals == 0 { "." } else { "" };
        let exact = format!("{}{point}{more}", fixed(currency.decimals));
        let top = || Format::new().set_align(FormatAlign::Top);
        let right = |pattern: &str| top().set_align(FormatAlign::Right).set_num_format(pattern);
        // a margin parts texts from figures before them
        let text = || top().set_align(FormatAlign::Left).set_indent(1);
        let left = |pattern: &str| text().set_num_format(pattern);
        let header = Format::new().set_bold().set_font_color(Color::White).set_background_color(INK);
        let header = header.set_align(FormatAlign::VerticalCenter).set_text_wrap();
        let foot = |format: Format| {
            format.set_bold().set_background_color(PALE).set_border_top(FormatBorder::Thin).set_border_top_color(LINE)
        };
        let loud = |ink: u32, paper: u32| {
            text().set_bold().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(paper))
        };
        Self {
            title: text().set_bold().set_font_size(16).set_font_color(INK),
            section: text().set_bold().set_font_size(12).set_font_color(INK),
            quiet: text().set_font_color(QUIET),
            header_right: header.clone().set_align(FormatAlign::Right),
            header: header.set_align(FormatAlign::Left).set_indent(1),
            text: text(),
            wrapped: text().set_text_wrap(),
            digits: right("@"),
            count: right("#,##0;[Red]-#,##0"),
            plain_count: right("0"),
            sum: foot(right(&money)),
            sum_count: foot(right("#,##0;[Red]-#,##0")),
            sum_text: foot(text()),
            money: right(&money),
            exact: right(&format!("{exact};[Red]-{exact}")),
            percent: right("0.00##%;[Red]-0.00##%"),
            instant: left("yyyy-mm-dd hh:mm:ss"),
            day: left("yyyy-mm-dd"),
            good: loud(0x0B_5D_2A, 0xD5_EE_DC),
            bad: loud(0x9C_00_06, 0xFF_C7_CE),
            critical: loud(0x8A_3B_00, 0xFF_DD_B8),
            near: loud(0x6B_52_00, 0xFF_F2_B8),
        }
    }
}

/// The pattern of money with so many decimals; what is below zero has a sign and is red.
pub(super) fn money_format(decimals: u32) -> String {
    let pattern = fixed(decimals);
    format!("{pattern};[Red]-{pattern}")
}

fn fixed(decimals: u32) -> String {
    let point = if decimals == 0 { "" } else { "." };
    format!("#,##0{point}{}", "0".repeat(decimals as usize))
}
