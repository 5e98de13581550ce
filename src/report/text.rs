//! The summary that a person reads in the morning: sums side by side, findings, caps, and where everything is.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::billing::caps::Cap;
use crate::billing::close::Close;
use crate::billing::finding::{Code, Finding, NONE, Severity};
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::{Exact, Minor, format_units};
use crate::billing::period::timestamp;
use crate::billing::rate::Band;

/// Findings written out in full; the rest is counted, and all of them are in `reconciliation.json`.
const FINDING_COUNT_MAX: usize = 8;
/// Decimals of costs in the table.
pub(super) const DECIMALS: u32 = 6;
/// Caps written out, the most used first.
const CAP_COUNT_MAX: usize = 3;

/// Where the pieces of tonight are, for the last lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The capture's folder.
    pub evidence: String,
    /// The report set.
    pub reports: String,
    /// What is to be said of it, if anything.
    pub note: Option<String>,
    /// Whether the capture is the last one that `latest` knows.
    pub is_latest: bool,
    /// The file of the set that has all caps.
    pub caps: &'static str,
}

/// The summary of a night, with a final line break.
pub fn summary(ledger: &Ledger, label: &str, places: &Places) -> String {
    let mut text = String::new();
    head(&mut text, ledger, label);
    sums(&mut text, ledger);
    removed(&mut text, ledger);
    findings(&mut text, ledger, Severity::Note);
    caps(&mut text, ledger, places.caps);
    // nothing more comes to a period that is closed
    let is_open = ledger.terms.close.is_none();
    if is_open {
        tail(&mut text, ledger);
    }
    if places.is_latest && is_open {
        let _ = writeln!(text, "next      capture {}", ledger.due);
    }
    // writing into a String cannot fail
    let _ = writeln!(text, "evidence  safe in {}", places.evidence);
    let note = places.note.as_ref().map_or(String::new(), |note| format!(" ({note})"));
    let _ = writeln!(text, "reports   {}{note}", places.reports);
    text
}

fn head(text: &mut String, ledger: &Ledger, label: &str) {
    let (books, charges) = (&ledger.books, &ledger.charges);
    let verdict = if ledger.balanced() { "balanced" } else { "NOT BALANCED" };
    let at = timestamp(books.capture.at);
    let closed = ledger.terms.close.as_ref();
    let closed = closed.map_or(String::new(), |close| format!(", closed as {}", Close::set_name(close.revision)));
    let _ = writeln!(text, "{}: {verdict}, period {}{closed}, captured {at}", shown(label), books.usage.period);
    let proof = charges.proof();
    let subs = counted(charges.charged_accounts(), "sub account");
    let customers = counted(charges.statements().len(), "customer");
    let mut parts = vec![format!("{} of the invoice", money(ledger, proof.statements))];
    for (what, amount) in [("markup", proof.markup), ("fees", proof.fee)] {
        if amount != Minor::ZERO {
            parts.push(format!("{} {what}", money(ledger, amount)));
        }
    }
    let mut kept = money(ledger, proof.kept());
    if !charges.left_out.is_empty() {
        let _ = write!(kept, "; left out {}", money(ledger, proof.left_out));
    }
    let _ = writeln!(text, "charged   {subs}, {customers}: {}; kept {kept}", parts.join(" + "));
}

/// The sums side by side: what the parts make, what the API says, what is shared, what we charge.
fn sums(text: &mut String, ledger: &Ledger) {
    let (books, charges, proof) = (&ledger.books, &ledger.charges, ledger.charges.proof());
    let (messages, total) = (books.messages_sum(), books.usage.total);
    let cost = books.cost_sum();
    // a person reads six decimals; every digit is in reconciliation.json
    let amount = |amount: Exact| grouped(&charges.currency.show(amount.readable(DECIMALS)));
    let minor = |minor| grouped(&charges.currency.format(minor));
    let invoice = if charges.pooled.entered { "invoice entered" } else { "pooled invoice" };
    let parts = if charges.left_out.is_empty() { "statements + kept" } else { "statements + kept + left out" };
    let columns = [
        ["", "messages", charges.currency.code()].map(str::to_owned),
        ["sum of parts".to_owned(), grouped(&messages.to_string()), amount(cost)],
        ["API total".to_owned(), grouped(&total.messages.to_string()), amount(total.cost.exact())],
        [
            "difference".to_owned(),
            difference(messages - i128::from(total.messages)),
            grouped(&charges.currency.show_signed((cost - total.cost.exact()).readable(2 * DECIMALS))),
        ],
        [invoice.to_owned(), String::new(), minor(charges.pooled.minor)],
        [parts.to_owned(), grouped(&proof.messages.to_string()), minor(proof.sum())],
    ];
    for row in 0..3 {
        let cells = columns.iter().enumerate().map(|(index, column)| {
            let width = column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            if index == 0 { format!("{:<width$}", column[row]) } else { format!("{:>width$}", column[row]) }
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// Whose the removed usage was, if there is any.
fn removed(text: &mut String, ledger: &Ledger) {
    let (attributed, unattributed) = ledger.attribution.split();
    if attributed == 0 && unattributed == 0 {
        return;
    }
    let accounts = ledger.attribution.named().filter(|(_, part)| part.messages != 0).count();
    let named =
        format!("{} messages of {}", grouped(&attributed.to_string()), counted(accounts, "removed sub account"));
    let unnamed = format!("{} kept without a name", grouped(&unattributed.to_string()));
    let parts = [(attributed, named), (unattributed, unnamed)].into_iter().filter(|(messages, _)| *messages != 0);
    let parts: Vec<String> = parts.map(|(_, part)| part).collect();
    let _ = writeln!(text, "removed   {}", parts.join(", "));
}

/// What is left of the period.
fn tail(text: &mut String, ledger: &Ledger) {
    let tail = &ledger.tail.tail;
    if !tail.length().is_zero() {
        let currency = ledger.charges.currency;
        let messages = band(tail.messages, |messages| messages.to_string());
        let money = |cost: Exact| grouped(&currency.format(currency.round(cost)));
        let cost = if tail.is_priced {
            band(tail.cost, |cost| currency.format(currency.round(cost)))
        } else {
            format!("{} to {}", money(tail.cost.low), money(tail.cost.high))
        };
        let (left, code) = (duration(tail.length()), currency.code());
        let _ = writeln!(text, "tail      {left} until the period ends: about {messages} messages more, {cost} {code}");
    }
}

/// An estimate with what it lies between, if that is anything else: `299 (155 to 390)`.
fn band<T: Copy + PartialEq>(band: Band<T>, digits: impl Fn(T) -> String) -> String {
    let [low, estimate, high] = [band.low, band.estimate, band.high].map(|value| grouped(&digits(value)));
    if band.low == band.high { estimate } else { format!("{estimate} ({low} to {high})") }
}

/// The findings, counted, and those up to the given severity written out.
pub(super) fn findings(text: &mut String, ledger: &Ledger, until: Severity) {
    // caps have a line of their own
    let mut rest = ledger.findings.by_severity();
    rest.retain(|finding| !finding.code.is_of_cap_use());
    let counts =
        rest.chunk_by(|a, b| a.severity == b.severity).map(|same| counted(same.len(), same[0].severity.as_str()));
    let counts: Vec<String> = counts.collect();
    let of_caps = ledger.findings.listed.len() - rest.len();
    let of_caps = (of_caps > 0).then(|| format!("{} on caps", grouped(&of_caps.to_string())));
    let line = match (counts.is_empty(), of_caps) {
        (true, None) => "none".to_owned(),
        (true, Some(of_caps)) => format!("none but {of_caps}"),
        (false, None) => counts.join(", "),
        (false, Some(of_caps)) => format!("{}, and {of_caps}", counts.join(", ")),
    };
    let _ = writeln!(text, "findings  {line}");
    let mut last = None;
    rest.retain(|finding| finding.severity <= until);
    for finding in rest.iter().take(FINDING_COUNT_MAX) {
        let _ = writeln!(text, "  {:<7} {:<12} {}", finding.severity.as_str(), finding.code, sentence(finding));
        let next_code = last.replace(finding.code) != Some(finding.code);
        if finding.severity != Severity::Note && next_code {
            let _ = writeln!(text, "  {:<20} tip: {}", "", finding.code.tip());
        }
    }
    if rest.len() > FINDING_COUNT_MAX {
        let _ = writeln!(text, "  and {} more, see reconciliation.json", rest.len() - FINDING_COUNT_MAX);
    }
}

/// One finding in one line.
pub(super) fn sentence(finding: &Finding) -> String {
    let mut line = finding.message.clone();
    if let Some(subject) = &finding.subject {
        let _ = write!(line, ": {} ({})", shown(&subject.name), subject.account_id);
    }
    line + &figures(finding, &str::to_owned)
}

/// What a finding says beside its sentence: what should be and what is, with the difference, each as it is to be written.
pub(super) fn figures(finding: &Finding, written: &dyn Fn(&str) -> String) -> String {
    let mut line = String::new();
    let (expected, actual) = (finding.expected.as_deref(), finding.actual.as_deref());
    if expected == Some(NONE) {
        let _ = write!(line, ": {}", written(actual.unwrap_or_default()));
    } else if let (Some(expected), Some(actual)) = (expected, actual.filter(|actual| *actual != NONE)) {
        let unit = finding.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let difference =
            finding.difference.as_deref().map(|difference| format!(", difference {}", written(difference)));
        let (expected, actual) = (written(expected), written(actual));
        let difference = difference.unwrap_or_default();
        let _ = if matches!(finding.code, Code::CapChanged | Code::CapLifted) {
            write!(line, "; from {expected} to {actual}{unit}")
        } else {
            write!(line, "; expected {expected}, got {actual}{difference}{unit}")
        };
    }
    line
}

fn caps(text: &mut String, ledger: &Ledger, file: &str) {
    let levels =
        Level::ALL.iter().rev().map(|level| (ledger.caps_at(*level), level.as_str())).filter(|(count, _)| *count > 0);
    let levels: Vec<String> = levels.map(|(count, level)| format!("{} {level}", grouped(&count.to_string()))).collect();
    let _ =
        writeln!(text, "caps      {}", if levels.is_empty() { "none listed".to_owned() } else { levels.join(", ") });
    let mut flagged: Vec<Cap<'_>> = ledger.caps().filter(|cap| cap.level().code().is_some()).collect();
    flagged.sort_by_key(|cap| std::cmp::Reverse(cap.utilisation()));
    for cap in flagged.iter().take(CAP_COUNT_MAX) {
        let percent = grouped(&format_units(cap.utilisation().unwrap_or(0), 2));
        let credit = grouped(&cap.account.monthly_credit.to_string());
        let (level, name) = (cap.level().as_str(), shown(&cap.account.name));
        let _ = writeln!(text, "  {level:<8} {percent:>10} % of {credit:>13}  {name}{}", outlook(ledger, cap));
    }
    if flagged.len() > CAP_COUNT_MAX {
        let _ = writeln!(text, "  and {} more, see {file}", grouped(&(flagged.len() - CAP_COUNT_MAX).to_string()));
    }
}

/// What is to be expected of a cap: when it is used up, in both readings of its month, or what is wrong with it already.
fn outlook(ledger: &Ledger, cap: &Cap<'_>) -> String {
    let is_found = |code: Code| {
        let about =
            |finding: &Finding| finding.subject.as_ref().is_some_and(|about| about.account_id == cap.account.id);
        ledger.findings.listed.iter().any(|finding| finding.code == code && about(finding))
    };
    let day = |at: DateTime<Utc>| at.format("%-d %b").to_string();
    if is_found(Code::CapStopped) {
        return format!(", no message since {}", day(cap.still_since()));
    }
    match (cap.runs_out_at().map(day), cap.runs_out_in_month_at().map(day)) {
        (Some(period), Some(month)) => format!(", runs out about {period} (by calendar month about {month})"),
        (Some(period), None) => format!(", runs out about {period}"),
        (None, Some(month)) => format!(", by calendar month runs out about {month}"),
        (None, None) => String::new(),
    }
}

fn money(ledger: &Ledger, minor: Minor) -> String {
    let currency = ledger.charges.currency;
    format!("{} {}", grouped(&currency.format(minor)), currency.code())
}

/// A name on a terminal: direction overrides and invisible characters are written out.
pub fn shown(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}'
                | '\u{3164}' | '\u{ffa0}')
    };
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A time for reading, in its two largest units: `12 d 3 h`, `15 min`.
pub fn duration(time: chrono::TimeDelta) -> String {
    let minutes = time.num_minutes();
    let parts = [(minutes / 1_440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "min")];
    let shown = parts.iter().skip_while(|(count, _)| *count == 0).take(2).filter(|(count, _)| *count > 0);
    let shown: Vec<String> = shown.map(|(count, unit)| format!("{count} {unit}")).collect();
    if shown.is_empty() { "less than a minute".to_owned() } else { shown.join(" ") }
}

/// A count with its noun: `1 finding`, `2,000 findings`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(&count.to_string()), if count == 1 { "" } else { "s" })
}

/// A difference of counts with its sign, for reading: `+1,000`.
pub(super) fn difference(count: i128) -> String {
    if count == 0 { "0".to_owned() } else { grouped(&format!("{count:+}")) }
}

/// Digits with thousands separators, for reading: `-1,234,567.89`.
pub fn grouped(digits: &str) -> String {
    let (sign, rest) = digits.split_at(usize::from(digits.starts_with(['-', '+'])));
    let (integer, fraction) =
        rest.split_once('.').map_or((rest, None), |(integer, fraction)| (integer, Some(fraction)));
    let mut grouped = String::from(sign);
    for (index, digit) in integer.chars().enumerate() {
        if index > 0 && (integer.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        let _ = write!(grouped, ".{fraction}");
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_in_threes() {
        for (digits, expected) in
            [("1", "1"), ("-1234567.8901", "-1,234,567.8901"), ("+100", "+100"), ("1000", "1,000"), ("0", "0")]
        {
            assert_eq!(grouped(digits), expected);
        }
    }

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(shown("a\u{202e}b\u{1b}[2J"), "a\\u{202e}b\\u{1b}[2J");
        assert_eq!(shown("Müller 客户 🚀"), "Müller 客户 🚀");
    }
}
