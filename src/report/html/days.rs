//! Messages by day, as columns: whole coordinates only, and every label beside the drawing, where it keeps its size.

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::billing::days::Daily;
use crate::billing::ledger::Ledger;
use crate::billing::nights::NightState;

use super::super::text::counted;
use super::parts::{Head, count, day, heads, scroll};

/// Units of a day from left to right, and what is free beside its column.
const SLOT: i64 = 12;
const MARGIN: i64 = 2;
/// Units of the highest column.
const HEIGHT: i128 = 160;
/// Units below the axis, for the nights without a capture.
const FOOT: i128 = 10;
/// Days beyond which a drawing would show nothing.
const DAY_COUNT_MAX: i64 = 400;

/// The chart, what it means, and its figures.
pub(super) fn section(ledger: &Ledger) -> Markup {
    let missed = missed(ledger);
    html! {
        section id="days" {
            h2 { "Messages by day" }
            @if ledger.past.daily().is_empty() { p { "No day has been seen yet." } }
            @else {
                @if let Some(axis) = Axis::of(ledger) { (figure(ledger, axis, &missed)) }
                details { summary { "Figures by day" } (scroll("Messages by day", &table(ledger))) }
            }
        }
    }
}

/// The days from the left end to the right one.
#[derive(Clone, Copy)]
struct Axis {
    first: NaiveDate,
    last: NaiveDate,
    most: i64,
}

impl Axis {
    fn of(ledger: &Ledger) -> Option<Self> {
        let nights = ledger.nights.iter().map(|night| night.date);
        let dates =
            || ledger.past.daily().iter().flat_map(|daily| [daily.days.first, daily.days.last]).chain(nights.clone());
        let (first, last) = (dates().min()?, dates().max()?);
        let most = ledger.past.daily().iter().map(|daily| daily.mean()).max()?;
        let axis = Self { first, last, most: most.max(1) };
        (axis.count() <= DAY_COUNT_MAX).then_some(axis)
    }

    fn count(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// What the highest column stands for.
    fn at_most(self) -> String {
        counted(usize::try_from(self.most).unwrap_or(0), "message")
    }

    fn x(self, date: NaiveDate) -> i64 {
        (date - self.first).num_days() * SLOT + MARGIN
    }

    fn height(self, daily: Daily) -> i128 {
        i128::from(daily.mean().max(0)) * HEIGHT / i128::from(self.most)
    }
}

fn missed(ledger: &Ledger) -> Vec<NaiveDate> {
    let is_missed = |state: &NightState| matches!(state, NightState::Missed | NightState::Unreadable);
    ledger.nights.iter().filter(|night| is_missed(&night.state)).map(|night| night.date).collect()
}

fn figure(ledger: &Ledger, axis: Axis, missed: &[NaiveDate]) -> Markup {
    let has_gap = ledger.past.daily().iter().any(|daily| daily.is_gap());
    html! {
        figure {
            p class="small soft" { "The line on top stands for " (axis.at_most()) " a day." }
            (plot(ledger, axis, missed))
            div class="ends" { span { (day(axis.first)) } span { (day(axis.last)) } }
            ul class="legend" {
                li { (swatch("bar")) "messages of one day" }
                @if has_gap {
                    li { (stripes()) "several days between two captures, striped, at their mean" }
                }
                @if !missed.is_empty() {
                    li {
                        (swatch("missed")) "no capture that can be read: "
                        @for (index, date) in missed.iter().enumerate() {
                            @if index > 0 { ", " }
                            (day(*date))
                        }
                    }
                }
            }
        }
    }
}

fn plot(ledger: &Ledger, axis: Axis, missed: &[NaiveDate]) -> Markup {
    let (width, bottom) = (axis.count() * SLOT, HEIGHT + FOOT);
    html! {
        svg class="plot" viewBox={ "0 0 " (width) " " (bottom) } preserveAspectRatio="none" role="img"
            aria-labelledby="days-title days-text" {
            title id="days-title" { "Messages by day" }
            desc id="days-text" {
                "Columns from " (day(axis.first)) " to " (day(axis.last)) ", at most "
                (axis.at_most()) " a day. The figures are in the table below."
            }
            defs {
                pattern id="stripes" width="6" height="16" patternUnits="userSpaceOnUse" {
                    rect class="thin" width="6" height="16" {}
                    path class="stripe" d="M0 16L6 0" {}
                }
            }
            @for y in [0, HEIGHT / 2] {
                line class="grid" x1="0" x2=(width) y1=(y) y2=(y) vector-effect="non-scaling-stroke" {}
            }
            @for daily in ledger.past.daily() { (column(axis, *daily)) }
            @for date in missed {
                rect class="missed" x=(axis.x(*date)) y=(HEIGHT + 3) width=(SLOT - 2 * MARGIN) height="6" {}
            }
            line class="axis" x1="0" x2=(width) y1=(HEIGHT) y2=(HEIGHT) vector-effect="non-scaling-stroke" {}
        }
    }
}

fn column(axis: Axis, daily: Daily) -> Markup {
    let (height, width) = (axis.height(daily), daily.days.count() * SLOT - 2 * MARGIN);
    let fill = daily.is_gap().then_some("url(#stripes)");
    html! {
        rect class=[fill.is_none().then_some("bar")] fill=[fill] x=(axis.x(daily.days.first)) y=(HEIGHT - height)
            width=(width) height=(height) {}
    }
}

fn swatch(class: &str) -> Markup {
    html! { svg viewBox="0 0 10 8" aria-hidden="true" { rect class=(class) width="10" height="8" {} } }
}

fn stripes() -> Markup {
    html! { svg viewBox="0 0 10 8" aria-hidden="true" { rect fill="url(#stripes)" width="10" height="8" {} } }
}

fn table(ledger: &Ledger) -> Markup {
    html! {
        table {
            caption { "What all accounts together sent between two captures." }
            (heads(&[Head::Text("Days"), Head::Figure("Messages"), Head::Figure("A day")]))
            tbody {
                @for daily in ledger.past.daily() {
                    tr {
                        th scope="row" {
                            (day(daily.days.first))
                            @if daily.is_gap() {
                                " to " (day(daily.days.last))
                                div class="days" { (counted(usize::try_from(daily.days.count()).unwrap_or(0), "day")) }
                            }
                        }
                        td class="number" { (count(daily.messages)) }
                        td class="number" { (count(daily.mean())) }
                    }
                }
            }
        }
    }
}
