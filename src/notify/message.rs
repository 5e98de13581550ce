//! One message, in the words of each channel. What to do comes first.

use serde::Serialize;

use super::topics::{News, Topic};

/// Most things listed in one message; the rest is counted.
const LISTED_COUNT_MAX: usize = 20;

/// What is told of a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The label of the parent account.
    pub label: String,
    /// What is new, and what is over.
    pub news: News,
    /// The exit code of the run.
    pub exit_code: u8,
    /// Whether the evidence is safe, and what to do: the run's last line.
    pub closing: String,
    /// When the run began.
    pub at: String,
}

#[derive(Serialize)]
struct Json<'m> {
    schema: &'static str,
    label: &'m str,
    title: String,
    #[serde(rename = "do")]
    todo: &'m str,
    exit_code: u8,
    raised: &'m [Topic],
    resolved: &'m [Topic],
    at: &'m str,
}

impl Message {
    /// One line that says whose night it was and what is the matter.
    pub fn title(&self) -> String {
        let Self { label, news, .. } = self;
        match (news.raised.as_slice(), news.resolved.as_slice()) {
            ([], []) => format!("{label}: nothing new"),
            ([], [only]) => format!("{label}: resolved: {}", only.text),
            ([], resolved) => format!("{label}: {} things resolved", resolved.len()),
            ([only], _) => format!("{label}: {}", only.text),
            ([first, rest @ ..], _) => format!("{label}: {} (and {} more)", first.text, rest.len()),
        }
    }

    /// For people: what to do, then what is new, then what is over.
    pub fn text(&self) -> String {
        let mut lines = vec![self.closing.clone(), String::new()];
        lines.extend(listed(&self.news.raised, "NEW      "));
        lines.extend(listed(&self.news.resolved, "RESOLVED "));
        lines.extend([String::new(), format!("exit code {}, run of {}", self.exit_code, self.at)]);
        lines.join("\n")
    }

    /// For Slack, and what understands the same.
    pub(super) fn slack(&self) -> String {
        // the three characters that Slack gives a meaning
        let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text = format!("*{}*\n```{}```", plain(&self.title()), plain(&self.text()).replace("```", "'''"));
        serde_json::json!({ "text": text }).to_string()
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let json = Json {
            schema: "subledger/notification/v1",
            label: &self.label,
            title: self.title(),
            todo: &self.closing,
            exit_code: self.exit_code,
            raised: &self.news.raised,
            resolved: &self.news.resolved,
            at: &self.at,
        };
        // only maps with non-text keys can fail to become JSON, and there is none
        serde_json::to_string(&json).unwrap_or_default()
    }
}

fn listed(topics: &[Topic], mark: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        topics.iter().take(LISTED_COUNT_MAX).map(|topic| format!("{mark} {}", topic.text)).collect();
    if topics.len() > LISTED_COUNT_MAX {
        lines.push(format!("{mark} and {} more", topics.len() - LISTED_COUNT_MAX));
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::notify) fn message() -> Message {
        let topic = |id: &str, text: &str| Topic { id: id.to_owned(), text: text.to_owned() };
        let raised = vec![
            topic("finding:cost-sum", "the books do not balance: cost-sum"),
            topic("cap:1:exceeded", "cap exceeded: Acme <Ltd> & Co."),
        ];
        let resolved = vec![topic("capture", "the API is unreachable")];
        Message {
            label: "eur".to_owned(),
            news: News { raised, resolved },
            exit_code: 10,
            closing: "evidence: safe in archive/x; read the findings before statements go out".to_owned(),
            at: "2026-10-31T23:45:00Z".to_owned(),
        }
    }

    #[test]
    fn every_channel_leads_with_what_to_do() {
        let message = message();
        let told = [message.title(), message.text(), message.slack(), message.json()].join("\n\n");
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, {
            insta::assert_snapshot!("message", told);
        });
    }

    #[test]
    fn many_things_are_counted() {
        let mut message = message();
        message.news.raised =
            (0..30).map(|number| Topic { id: number.to_string(), text: format!("cap {number}") }).collect();
        let text = message.text();
        assert!(text.contains("NEW       and 10 more") && text.lines().count() < 30, "{text}");
        assert_eq!(message.title(), "eur: cap 0 (and 29 more)");
    }
}
