//! Metrics of the last run as a text file, for Prometheus' node exporter and whatever reads the same.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What a run leaves to be watched. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metrics {
    /// The label of the parent account.
    pub label: String,
    /// When the run began.
    pub begun_at: i64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Its exit code.
    pub exit_code: u8,
    /// Whether tonight's evidence is safe.
    pub is_safe: bool,
    /// The last capture in the archive.
    pub last_capture_at: Option<i64>,
    /// By when the next capture is needed.
    pub due_before: Option<i64>,
    /// What the books gave; nothing if there were none tonight.
    pub books: Option<Books>,
}

/// What the books of a night give.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Books {
    /// When the set was published, which `latest` leads to.
    pub published_at: i64,
    /// The currency of amounts.
    pub currency: String,
    /// Findings by severity and code.
    pub findings: BTreeMap<(String, String), usize>,
    /// What the parts of the API's total miss of it, in major units with all digits.
    pub unexplained: String,
    /// Messages of the period so far.
    pub messages: i64,
    /// The pooled invoice so far, in major units.
    pub pooled: String,
    /// Seconds between the capture and the end of the period.
    pub tail_seconds: i64,
    /// Nights of the period without a capture, between captures.
    pub missed_nights: usize,
    /// Sub accounts by the level of their caps.
    pub caps: BTreeMap<String, usize>,
    /// The highest use of any cap, in hundredths of a per cent.
    pub utilisation_max: Option<i128>,
}

/// The text of the file.
pub fn render(metrics: &Metrics) -> String {
    let mut file = File { text: String::new(), label: metrics.label.clone() };
    let Metrics { begun_at, millis, exit_code, is_safe, last_capture_at, due_before, books, .. } = metrics;
    file.gauge("run_timestamp_seconds", "When the last run began.", begun_at);
    let seconds = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    file.gauge("run_duration_seconds", "How long the last run took.", &seconds);
    file.gauge("run_exit_code", "The exit code of the last run; 20 to 29 mean that evidence is not safe.", exit_code);
    file.gauge("evidence_safe", "Whether the last run left its evidence safe.", &u8::from(*is_safe));
    if let Some(at) = last_capture_at {
        file.gauge("last_capture_timestamp_seconds", "The last capture in the archive.", at);
    }
    if let Some(before) = due_before {
        file.gauge("next_capture_due_timestamp_seconds", "By when the next capture is needed.", before);
    }
    if let Some(books) = books {
        of_books(&mut file, books);
    }
    file.text
}

fn of_books(file: &mut File, books: &Books) {
    file.gauge("last_published_timestamp_seconds", "When the current report set was published.", &books.published_at);
    let findings = books.findings.iter().map(|((severity, code), count)| {
        (format!("severity=\"{}\",code=\"{}\"", escaped(severity), escaped(code)), count.to_string())
    });
    file.family("findings", "Findings of the last run.", findings);
    let currency = format!("currency=\"{}\"", escaped(&books.currency));
    let amount = |amount: &str| [(currency.clone(), amount.to_owned())].into_iter();
    file.family("unexplained_amount", "What the parts of the API's total miss of it.", amount(&books.unexplained));
    file.family("pooled_invoice_amount", "The pooled invoice of the period so far.", amount(&books.pooled));
    file.gauge("messages", "Messages of the period so far.", &books.messages);
    file.gauge("tail_seconds", "Time between the capture and the end of the period.", &books.tail_seconds);
    file.gauge("missed_nights", "Nights of the period without a capture.", &books.missed_nights);
    let caps = books.caps.iter().map(|(level, count)| (format!("level=\"{}\"", escaped(level)), count.to_string()));
    file.family("caps", "Sub accounts by the level of their caps.", caps);
    if let Some(max) = books.utilisation_max {
        let ratio = format!("{}.{:04}", max / 10_000, max % 10_000);
        file.gauge("cap_utilisation_max_ratio", "The highest use of any cap; 1 is all of it.", &ratio);
    }
}

struct File {
    text: String,
    label: String,
}

impl File {
    fn gauge(&mut self, name: &str, help: &str, value: &impl ToString) {
        self.family(name, help, [(String::new(), value.to_string())].into_iter());
    }

    /// One metric with all its labels; none without a value.
    fn family(&mut self, name: &str, help: &str, values: impl Iterator<Item = (String, String)>) {
        let label = escaped(&self.label);
        let lines: Vec<String> = values
            .map(|(labels, value)| {
                let comma = if labels.is_empty() { "" } else { "," };
                format!("subledger_{name}{{parent=\"{label}\"{comma}{labels}}} {value}\n")
            })
            .collect();
        if !lines.is_empty() {
            // a text takes whatever it is given
            let _ =
                write!(self.text, "# HELP subledger_{name} {help}\n# TYPE subledger_{name} gauge\n{}", lines.concat());
        }
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_a_file_of_metrics() {
        let books = Books {
            published_at: 1_793_490_310,
            currency: "EUR".to_owned(),
            findings: [(("error".to_owned(), "cost-sum".to_owned()), 1)].into(),
            unexplained: "-0.000000000006".to_owned(),
            messages: 204_701_995,
            pooled: "82080.96".to_owned(),
            tail_seconds: 900,
            missed_nights: 2,
            caps: [("near".to_owned(), 3), ("exceeded".to_owned(), 1)].into(),
            utilisation_max: Some(12_345),
        };
        let metrics = Metrics {
            label: "a \"b\"".to_owned(),
            begun_at: 1_793_490_300,
            millis: 12_034,
            exit_code: 10,
            is_safe: true,
            last_capture_at: Some(1_793_490_301),
            due_before: Some(1_793_577_600),
            books: Some(books),
        };
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, {
            insta::assert_snapshot!("metrics", render(&metrics));
        });
        let failed = Metrics { books: None, last_capture_at: None, due_before: None, ..metrics };
        assert_eq!(render(&failed).lines().filter(|line| !line.starts_with('#')).count(), 4);
    }
}
