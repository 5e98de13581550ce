//! What every page has around its body: the head, the stylesheet, and the policy that lets nothing else in.

use std::sync::LazyLock;

use crate::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A stylesheet, and the policy that allows it by its hash and nothing beside it.
pub(super) struct Style {
    pub(super) css: String,
    pub(super) policy: String,
}

impl Style {
    fn new(parts: &[&str]) -> Self {
        let css = parts.concat();
        let hash = STANDARD.encode(sha256::raw(css.as_bytes()));
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        Self { css, policy }
    }
}

/// The style of a customer's statement.
pub(super) static STATEMENT: LazyLock<Style> = LazyLock::new(|| Style::new(&[include_str!("page.css")]));
/// The style of the page of the pool: the same, and what only that page has.
pub(super) static REPORT: LazyLock<Style> =
    LazyLock::new(|| Style::new(&[include_str!("page.css"), include_str!("report.css")]));

/// A whole page.
pub(super) fn page(style: &Style, title: &str, class: &str, body: &Markup) -> Vec<u8> {
    let page = html! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(style.policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                // as it is: a stylesheet with a character escaped would have another hash
                style { (PreEscaped(&style.css)) }
            }
            body class=(class) { (body) }
        }
    };
    page.into_string().into_bytes()
}
