//! Topics: what may be the matter, each told of once when it begins and once when it is over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::billing::finding::Severity;
use crate::billing::ledger::Ledger;
use crate::billing::level::AlertKind;

/// Something that is the matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Topic {
    /// What tells it from others: the same on every night that it lasts.
    pub id: String,
    /// What it is, in one line.
    pub text: String,
}

/// What is the matter, by its id.
pub type Topics = BTreeMap<String, String>;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// What is the matter now, and was not.
    pub raised: Vec<Topic>,
    /// What was the matter, and is no more.
    pub resolved: Vec<Topic>,
}

impl News {
    /// Whether nothing has.
    pub fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.resolved.is_empty()
    }
}

/// What has changed since people were told last, what is worst first.
pub fn news(before: &Topics, now: &Topics) -> News {
    let topics = |these: &Topics, is_news: &dyn Fn(&str) -> bool| {
        let new = these.iter().filter(|(id, _)| is_news(id));
        let mut topics: Vec<Topic> = new.map(|(id, text)| Topic { id: id.clone(), text: text.clone() }).collect();
        topics.sort_by_key(|topic| rank(&topic.id));
        topics
    };
    let raised = topics(now, &|id| !before.contains_key(id));
    // a cap that is at another level now is not over
    let goes_on =
        |id: &str| now.keys().any(|other| other == id || account(id).is_some_and(|a| account(other) == Some(a)));
    News { raised, resolved: topics(before, &|id| !goes_on(id)) }
}

/// The account that a topic of a cap is about.
fn account(id: &str) -> Option<&str> {
    id.strip_prefix("cap:")?.rsplit_once(':').map(|(account, _)| account)
}

/// Evidence, books and reports come first, and then caps, the highest level first.
fn rank(id: &str) -> usize {
    let level = account(id).and_then(|_| id.rsplit(':').next());
    let levels = ["exceeded", "critical", "near"];
    level.map_or(0, |level| levels.iter().position(|known| *known == level).unwrap_or(levels.len()) + 1)
}

/// What is the matter with a night that went through: findings that are errors, and caps that are used up or nearly so.
pub fn of_ledger(ledger: &Ledger) -> Topics {
    let mut topics = Topics::new();
    for finding in ledger.findings.listed.iter().filter(|finding| finding.severity == Severity::Error) {
        let code = finding.code.as_str();
        let text = || format!("the books do not balance: {code}: {}", finding.message);
        topics.entry(format!("finding:{code}")).or_insert_with(text);
    }
    // alerts are in the order of the captures, so that the last one of an account stands
    let mut caps = BTreeMap::new();
    for alert in ledger.past.alerts() {
        caps.insert(alert.account_id, alert);
    }
    for (id, alert) in caps.into_iter().filter(|(_, alert)| alert.kind == AlertKind::Reached) {
        let (level, name) = (alert.level.as_str(), &alert.name);
        let short = id.to_string().chars().take(8).collect::<String>();
        topics.insert(format!("cap:{id}:{level}"), format!("cap {level}: {name} ({short})"));
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(ids: &[&str]) -> Topics {
        ids.iter().map(|id| ((*id).to_owned(), format!("about {id}"))).collect()
    }

    #[test]
    fn each_topic_is_told_once_when_it_begins_and_once_when_it_ends() {
        let nights = [topics(&["a"]), topics(&["a", "b"]), topics(&["a", "b"]), topics(&["b"]), topics(&[])];
        let mut told = Topics::new();
        let mut all = Vec::new();
        for night in nights {
            let news = news(&told, &night);
            let ids = |topics: &[Topic]| topics.iter().map(|topic| topic.id.clone()).collect::<Vec<_>>().join(" ");
            all.push(format!("+{} -{}", ids(&news.raised), ids(&news.resolved)));
            told = night;
        }
        assert_eq!(all, ["+a -", "+b -", "+ -", "+ -a", "+ -b"]);
    }

    #[test]
    fn a_cap_that_goes_on_is_not_over_and_the_worst_comes_first() {
        let before = topics(&["cap:1:near", "cap:2:near"]);
        let now = topics(&["cap:1:exceeded", "cap:3:near", "cap:4:critical", "finding:cost-sum"]);
        let news = news(&before, &now);
        let ids = |topics: &[Topic]| topics.iter().map(|topic| topic.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&news.raised), ["finding:cost-sum", "cap:1:exceeded", "cap:4:critical", "cap:3:near"]);
        assert_eq!(ids(&news.resolved), ["cap:2:near"]);
    }
}
