//! GitHub Actions: a summary of the step, and annotations beside it.

use super::Message;

/// The summary of a night as Markdown. `text` is what stdout shows.
pub fn summary(title: &str, closing: &str, text: &str) -> String {
    // a fence that no line of the text can end
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("### {}\n\n{}\n\n{fence}text\n{}\n{fence}\n", plain(title), plain(closing), text.trim_end())
}

/// One annotation for each thing that is new, as the runner reads it from the log.
pub fn annotations(message: &Message) -> Vec<String> {
    let kind = if message.exit_code == 0 || message.exit_code == 11 { "warning" } else { "error" };
    let line =
        |text: &str| format!("::{kind} title={}::{}", property(&format!("subledger {}", message.label)), data(text));
    message.news.raised.iter().map(|topic| line(&topic.text)).collect()
}

/// A text that no Markdown is made of.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

/// The text of a command to the runner.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command to the runner.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::message;
    use super::*;

    #[test]
    fn names_of_others_give_the_runner_no_orders() {
        let mut message = message();
        message.news.raised[0].text = "a\n::set-output name=x::100 %".to_owned();
        let told = annotations(&message);
        assert_eq!(told[0], "::error title=subledger eur::a%0A::set-output name=x::100 %25");
        assert_eq!(told.len(), 2);
        let summary = summary("a [link](x) <b>", "evidence: safe", "```\nleft the fence?\n");
        assert_eq!(summary, "### a \\[link\\](x) &lt;b>\n\nevidence: safe\n\n````text\n```\nleft the fence?\n````\n");
    }
}
