//! Caps: how much of each is used, the flagged ones first.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::billing::caps::Cap;
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::format_units;

use super::super::format::Formats;
use super::super::text::{counted, grouped};
use super::parts::{Head, count, day, heads, more, name, scroll};

/// Caps that the page shows.
const CAP_COUNT_MAX: usize = 100;
/// Tenths of a per cent that the bars are long: what goes beyond is cut.
const LENGTH: i128 = 1_200;

/// The flagged caps, and the others to be opened.
pub(super) fn section(ledger: &Ledger, formats: &Formats) -> Markup {
    let mut caps = ledger.caps_by_use();
    caps.retain(|cap| cap.level() != Level::Uncapped);
    let uncapped = ledger.caps_at(Level::Uncapped);
    let shown = &caps[..caps.len().min(CAP_COUNT_MAX)];
    let (flagged, clear) = shown.split_at(shown.partition_point(|cap| cap.level().code().is_some()));
    html! {
        section id="caps" {
            h2 { "Caps" }
            @if flagged.is_empty() { p { "No cap is near its end." } }
            @else { (scroll("Flagged caps", &table(ledger, flagged))) }
            @if !clear.is_empty() {
                details class="more" {
                    summary { (count(clear.len())) " caps below the near level" }
                    (scroll("Caps below the near level", &table(ledger, clear)))
                }
            }
            (more(caps.len() - shown.len(), formats.file_of_caps()))
            @if uncapped > 0 { p class="small soft" { "Without a cap: " (counted(uncapped, "sub account")) "." } }
        }
    }
}

fn table(ledger: &Ledger, caps: &[Cap<'_>]) -> Markup {
    html! {
        table {
            caption { "Messages against the cap. The marks on a bar are the near and the critical level, and the cap." }
            (heads(&[
                Head::Text("Sub account"), Head::Text("Level"), Head::Text("Use"), Head::Figure("Used"),
                Head::Figure("Messages"), Head::Figure("Cap"), Head::Text("Runs out about"),
            ]))
            tbody { @for cap in caps { (row(ledger, cap)) } }
        }
    }
}

fn row(ledger: &Ledger, cap: &Cap<'_>) -> Markup {
    let pill = match cap.level() {
        Level::Exceeded | Level::Critical => "pill bad",
        Level::Near => "pill warn",
        Level::Clear | Level::Uncapped => "pill plain",
    };
    html! {
        tr {
            th scope="row" { (name(&cap.account.name)) div class="id" { (cap.account.id) } }
            td { span class=(pill) { (cap.level().as_str()) } }
            td class="wide" { (bar(ledger, cap)) }
            td class="number" { (grouped(&format_units(cap.utilisation().unwrap_or(0), 2))) " %" }
            td class="number" { @if let Some(messages) = cap.messages { (count(messages)) } }
            td class="number" { (count(cap.account.monthly_credit)) }
            td { (runs_out(cap)) }
        }
    }
}

/// When a cap is used up, in both readings of its month.
fn runs_out(cap: &Cap<'_>) -> Markup {
    html! {
        @if let Some(at) = cap.runs_out_at() { (day(at.date_naive())) }
        @if let Some(at) = cap.runs_out_in_month_at() {
            div class="days" { "by calendar month " (day(at.date_naive())) }
        }
    }
}

fn bar(ledger: &Ledger, cap: &Cap<'_>) -> Markup {
    let thresholds = ledger.terms.thresholds_of(cap.account.id, ledger.books.as_of());
    let used = (cap.utilisation().unwrap_or(0) / 10).clamp(0, LENGTH);
    let marks = [thresholds.near, thresholds.critical, thresholds.exceeded].map(tenths);
    html! {
        svg class="strip" viewBox={ "0 0 " (LENGTH) " 10" } preserveAspectRatio="none" aria-hidden="true" {
            rect class="track" x="0" y="0" width="1000" height="10" {}
            rect class={ "bar " (cap.level().as_str()) } x="0" y="2" width=(used) height="6" {}
            @for mark in marks { rect class="mark" x=(mark) y="0" width="6" height="10" {} }
        }
    }
}

/// A percentage in tenths, within the bar.
fn tenths(percent: Decimal) -> i128 {
    let mut percent = percent;
    percent.rescale(1);
    percent.mantissa().clamp(0, LENGTH)
}
