//! Provenance: which evidence and which terms the figures come from.

use maud::{Markup, html};

use crate::billing::books::CaptureRef;
use crate::billing::invoice::Class;
use crate::billing::ledger::Ledger;

use super::super::SetInfo;
use super::super::text::{counted, duration};
use super::parts::{more, name, scroll, time};

/// Captures that the page shows, the last ones.
const CAPTURE_COUNT_MAX: usize = 400;

/// The evidence, the terms, and the captures to be opened.
pub(super) fn section(ledger: &Ledger, info: &SetInfo) -> Markup {
    html! {
        section id="provenance" {
            h2 { "Provenance" }
            p {
                "Everything here is computed from captures in the archive and from the terms below, and can be made "
                "again from them. " code { "manifest.json" } " has the hash of every file of this set."
            }
            dl { (evidence(ledger)) (terms(ledger, info)) }
            details {
                summary { (counted(ledger.past.captures().len(), "capture")) " of the period" }
                (scroll("Captures", &captures(ledger)))
                (more(ledger.past.captures().len().saturating_sub(CAPTURE_COUNT_MAX), "manifest.json"))
            }
        }
    }
}

fn evidence(ledger: &Ledger) -> Markup {
    let capture = &ledger.books.capture;
    let usage = &ledger.books.usage;
    html! {
        dt { "Capture" } dd { code { (capture.id) } }
        dt { "Its manifest, SHA-256" } dd { code { (capture.sha256) } }
        dt { "Earlier periods" } dd { (counted(ledger.past.before().len(), "capture")) " used" }
        @if !ledger.past.unreadable().is_empty() {
            dt { "Not readable" } dd { (counted(ledger.past.unreadable().len(), "capture")) }
        }
        dt { "Allocation method" } dd { (name(&usage.method)) }
        @if !usage.note.is_empty() { dt { "The API's note" } dd { (name(&usage.note)) } }
    }
}

fn terms(ledger: &Ledger, info: &SetInfo) -> Markup {
    let terms = &ledger.terms;
    let accepted = terms.close.iter().flat_map(|close| &close.accepted);
    html! {
        dt { "Shared by" } dd { (terms.weights.as_str()) }
        dt { "Parent account's usage" } dd { (terms.parent_usage.as_str()) }
        dt { "Removed usage" } dd { (terms.removed_usage.as_str()) ", residual by " (terms.residual.as_str()) }
        @for class in Class::ALL { dt { (class.title()) } dd { (terms.policies.of(class).as_str()) } }
        dt { "Rounding of markup" } dd { (terms.rounding.as_str()) }
        dt { "Unseen end allowed" } dd { (duration(terms.tail_max)) }
        dt { "Customer map" }
        dd {
            @match &info.customers_sha256 {
                Some(sha256) => { "SHA-256 " code { (sha256) } }
                None => "none: each sub account is a customer",
            }
        }
        @for accepted in accepted {
            dt { "Accepted, " (accepted.what) } dd { (name(&accepted.reason)) }
        }
        dt { "Made by" } dd { (info.tool) }
    }
}

fn captures(ledger: &Ledger) -> Markup {
    let hidden = ledger.past.captures().len().saturating_sub(CAPTURE_COUNT_MAX);
    let row = |capture: &CaptureRef| {
        html! { tr { th scope="row" { (time(capture.at)) } td { code { (capture.sha256) } } } }
    };
    html! {
        table {
            caption { "The oldest first." }
            thead { tr { th scope="col" { "Captured" } th scope="col" { "Manifest, SHA-256" } } }
            tbody { @for capture in &ledger.past.captures()[hidden..] { (row(capture)) } }
        }
    }
}
