//! What can go wrong between a client and the API, as rules: which requests, how often, with what chance.
//!
//! Owns the decision whether a fault strikes. It must never touch a request or an answer: `http` does what is decided.

#[cfg(test)]
mod tests;
mod text;

use fastrand::Rng;
use serde::Deserialize;

pub use text::BadFault;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `429`: the rate limit's refusal.
    TooManyRequests,
    /// `500`: a server error.
    ServerError,
    /// `503`: nobody there for the moment.
    Unavailable,
    /// `redirect`: a 307 to another host.
    Redirect,
    /// `slow`: the request takes its time.
    Slow,
    /// `stalled`: the request never ends.
    Stalled,
    /// `truncated`: the answer breaks off half-way through its declared length.
    Truncated,
    /// `reset`: the connection is closed without an answer.
    Reset,
    /// `content-type`: the answer says that it is HTML.
    ContentType,
    /// `malformed`: the JSON breaks off, though all of the declared length is there.
    Malformed,
    /// `extra-field`: fields that no schema knows.
    ExtraField,
    /// `missing-field`: a required field is gone.
    MissingField,
    /// `huge`: hundreds of megabytes of valid JSON.
    Huge,
    /// `repeated-cursor`: a list that leads back to where the client is.
    RepeatedCursor,
    /// `wrong-total`: a usage whose total counts one message too many.
    WrongTotal,
    /// `repeated-row`: the first row once more.
    RepeatedRow,
    /// `foreign-row`: a sub account of another parent.
    ForeignRow,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before anything is looked at: the request has no effect.
    Before,
    /// While the request executes.
    During,
    /// After the request took effect: only the answer suffers.
    After,
}

impl Kind {
    /// Every kind, by the name that rules give it.
    pub const ALL: [(&'static str, Self); 17] = [
        ("429", Self::TooManyRequests),
        ("500", Self::ServerError),
        ("503", Self::Unavailable),
        ("slow", Self::Slow),
        ("stalled", Self::Stalled),
        ("truncated", Self::Truncated),
        ("reset", Self::Reset),
        ("content-type", Self::ContentType),
        ("malformed", Self::Malformed),
        ("extra-field", Self::ExtraField),
        ("missing-field", Self::MissingField),
        ("huge", Self::Huge),
        ("repeated-cursor", Self::RepeatedCursor),
        ("wrong-total", Self::WrongTotal),
        ("repeated-row", Self::RepeatedRow),
        ("foreign-row", Self::ForeignRow),
        ("redirect", Self::Redirect),
    ];

    /// Its name in rules.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// When it strikes.
    pub fn stage(self) -> Stage {
        match self {
            Self::TooManyRequests | Self::ServerError | Self::Unavailable | Self::Redirect => Stage::Before,
            Self::Slow | Self::Stalled => Stage::During,
            _ => Stage::After,
        }
    }
}

/// A rule: which requests a fault strikes. It reads as text, `503,path=/usage,count=2`, and as a table of TOML or JSON.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "text::Raw")]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Only where path and query contain this.
    pub path: Option<String>,
    /// Only for this method.
    pub method: Option<String>,
    /// How many times before it is over; for ever if not said.
    pub count: Option<u64>,
    /// How many requests it would strike are let pass first.
    pub skip: u64,
    /// The chance with which it strikes, of a hundred.
    pub percent: u64,
    /// How long a slow request takes.
    pub millis: u64,
}

impl Fault {
    /// One that strikes every request, for ever.
    pub fn new(kind: Kind) -> Self {
        Self { kind, path: None, method: None, count: None, skip: 0, percent: 100, millis: 1_000 }
    }

    fn matches(&self, method: &str, target: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| target.contains(part))
    }
}

/// A rule and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule.
    pub fault: Fault,
    /// How often it struck.
    pub struck: u64,
    passed: u64,
}

/// All rules, in the order in which they are asked, and the chance that some of them depend on.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<Rule>,
    chance: Rng,
}

impl Faults {
    /// These rules. The same seed and the same requests meet the same faults.
    pub fn new(faults: impl IntoIterator<Item = Fault>, seed: u64) -> Self {
        let mut rules = Self { rules: Vec::new(), chance: Rng::with_seed(seed) };
        faults.into_iter().for_each(|fault| rules.add(fault));
        rules
    }

    /// One more rule, behind those that are there.
    pub fn add(&mut self, fault: Fault) {
        self.rules.push(Rule { fault, struck: 0, passed: 0 });
    }

    /// No more rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules, those that are over included.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether some rule may still strike at this stage.
    pub fn is_any_left(&self, stage: Stage) -> bool {
        self.rules.iter().any(|rule| rule.fault.kind.stage() == stage && !rule.is_over())
    }

    /// The first rule of a stage that strikes a request, and what `act` makes of it.
    ///
    /// `act` says with `None` that the fault does not fit the request; then it is as if the rule did not match. What one
    /// rule strikes, the rules behind it never see.
    pub fn strike<T>(
        &mut self,
        stage: Stage,
        method: &str,
        target: &str,
        mut act: impl FnMut(&Fault) -> Option<T>,
    ) -> Option<T> {
        for rule in &mut self.rules {
            if rule.fault.kind.stage() != stage || rule.is_over() || !rule.fault.matches(method, target) {
                continue;
            }
            let Some(done) = act(&rule.fault) else { continue };
            if rule.passed < rule.fault.skip {
                rule.passed += 1;
            } else if self.chance.u64(0..100) < rule.fault.percent {
                rule.struck += 1;
                return Some(done);
            }
        }
        None
    }
}

impl Rule {
    fn is_over(&self) -> bool {
        self.fault.count.is_some_and(|count| self.struck >= count)
    }
}
