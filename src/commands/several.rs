//! The same command for several parent accounts, side by side. Each has a result of its own, and none waits for another.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Outcome;
use crate::failure::{Effect, Evidence, Failure, causes};
use crate::nightly::TOOL;
use crate::report::text::counted;

/// Parent accounts at once: each has connections and a list of accounts of its own.
const PARENT_COUNT_MAX: usize = 8;

/// Exit codes, the least serious first: where another run does the work there is nothing to do.
const SERIOUSNESS: [u8; 14] = [0, 75, 11, 14, 10, 12, 13, 15, 2, 1, 20, 21, 22, 23];

/// What became of one parent account.
#[derive(Debug)]
pub struct Each {
    /// Its label.
    pub label: String,
    /// Its result.
    pub result: Result<Outcome, Failure>,
}

impl Each {
    /// The same with a failure changed, if it is one.
    #[must_use]
    pub fn map_err(self, change: impl FnOnce(Failure) -> Failure) -> Self {
        Self { result: self.result.map_err(change), ..self }
    }

    /// Whether it left its own evidence; where another run holds the lock, that one does.
    fn is_safe(&self) -> bool {
        self.result.as_ref().map_or_else(|failure| matches!(failure.evidence, Evidence::Safe(_)), |_| true)
    }

    fn exit_code(&self) -> u8 {
        match &self.result {
            Ok(outcome) => outcome.exit_code,
            Err(failure) => failure.kind.exit_code(),
        }
    }

    /// Whether tonight's evidence is lost unless somebody acts.
    fn is_unsafe(&self) -> bool {
        let is_lost = |failure: &Failure| matches!(failure.evidence, Evidence::Missing | Evidence::Partial(_));
        self.result.as_ref().is_err_and(is_lost)
    }

    /// What comes first when it is asked what is worst: evidence that is lost, then what the exit code says.
    fn seriousness(&self) -> (bool, usize) {
        let code = self.exit_code();
        let place = SERIOUSNESS.iter().position(|known| *known == code);
        (self.is_unsafe(), place.unwrap_or(usize::from(code)))
    }

    fn told(&self) -> String {
        let told = match &self.result {
            Ok(outcome) => outcome.closing.clone(),
            Err(failure) => failure.report(),
        };
        told.lines().map(|line| format!("{}: {line}", self.label)).collect::<Vec<_>>().join("\n")
    }

    fn entry(&self) -> Value {
        let exit_code = self.exit_code();
        match &self.result {
            Ok(outcome) => {
                let result = RawValue::from_string(outcome.json.clone()).ok();
                json!({ "label": self.label, "exit_code": exit_code, "result": result, "evidence": outcome.closing })
            }
            Err(failure) => json!({ "label": self.label, "exit_code": exit_code, "failure": failure_json(failure) }),
        }
    }
}

/// A failure for programs.
pub fn failure_json(failure: &Failure) -> Value {
    json!({
        "schema": "subledger/failure/v1",
        "exit_code": failure.kind.exit_code(),
        "error": failure.doing,
        "causes": causes(failure),
        "hint": failure.hint,
        "evidence": failure.closing(),
        "outcome": failure.effect.map(Effect::as_str),
    })
}

/// Does the work of each parent account, a few at a time, and gives what became of them in the order of the labels. A defect
/// that one of them meets is its own.
pub fn side_by_side(labels: &[String], work: &(dyn Fn(&str) -> Result<Outcome, Failure> + Sync)) -> Vec<Each> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((place, label)) = at(labels, next.fetch_add(1, Ordering::Relaxed)) {
            let result = Failure::guard(|| work(label));
            done.push((place, Each { label: label.clone(), result }));
        }
        done
    };
    let mut done: Vec<(usize, Each)> = thread::scope(|scope| {
        let count = labels.len().min(PARENT_COUNT_MAX);
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, each)| each).collect()
}

fn at(labels: &[String], place: usize) -> Option<(usize, &String)> {
    Some((place, labels.get(place)?))
}

/// One result of all of them: the exit code is the most serious one.
pub fn joined(each: &[Each], is_capture: bool) -> Outcome {
    let worst = each.iter().max_by_key(|each| each.seriousness());
    let exit_code = worst.map_or(0, Each::exit_code);
    let text = each.iter().map(|each| match &each.result {
        Ok(outcome) => format!("== {}\n{}", each.label, outcome.text),
        Err(failure) => format!("== {}\nfailed    {}\n", each.label, failure.doing),
    });
    let text = text.collect::<Vec<_>>().join("\n");
    let parents: Vec<Value> = each.iter().map(Each::entry).collect();
    let json = json!({ "schema": "subledger/parents/v1", "tool": TOOL, "exit_code": exit_code, "parents": parents });
    let mut closing: Vec<String> = each.iter().map(Each::told).collect();
    closing.push(last_line(each, is_capture));
    let for_runner = each.iter().flat_map(|each| match &each.result {
        Ok(outcome) => outcome.for_runner.as_slice(),
        Err(failure) => failure.for_runner(),
    });
    let for_runner = for_runner.cloned().collect();
    let (json, closing) = (json.to_string(), closing.join("\n"));
    Outcome { exit_code, text, json, closing, for_runner, ..Outcome::default() }
}

/// The last line on stderr: for whom the evidence is safe, and whose part above is to be read.
fn last_line(each: &[Each], is_capture: bool) -> String {
    let named = |each: &[&Each]| {
        let named: Vec<String> = each.iter().map(|each| format!("{} ({})", each.label, each.exit_code())).collect();
        named.join(", ")
    };
    let lost: Vec<&Each> = each.iter().filter(|each| each.is_unsafe()).collect();
    let to_read: Vec<&Each> = each.iter().filter(|each| !each.is_unsafe() && each.exit_code() != 0).collect();
    let accounts = counted(each.len(), "parent account");
    let next =
        if to_read.is_empty() { "nothing else to do".to_owned() } else { format!("read above of {}", named(&to_read)) };
    let safe_count = each.iter().filter(|each| each.is_safe()).count();
    match lost.as_slice() {
        [] if is_capture && safe_count == each.len() => {
            format!("evidence: safe for {accounts}; {}", next.replace("nothing else", "nothing"))
        }
        [] if is_capture => format!("evidence: safe for {safe_count} of {accounts}; {next}"),
        [] => format!("evidence: untouched; {}", next.replace("nothing else", "nothing")),
        lost => format!(
            "evidence: NOT SAFE for {} of {accounts}: {}; mend what is said of each and run again before the billing \
             period closes{}",
            lost.len(),
            named(lost),
            if to_read.is_empty() { String::new() } else { format!("; {next}") }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Kind, closing};

    fn ended(label: &str, exit_code: u8) -> Each {
        let closing = closing(&Evidence::Safe("archive".to_owned()), "nothing to do");
        let text = format!("summary of {label}\n");
        let json = format!("{{\"of\":\"{label}\"}}");
        Each { label: label.to_owned(), result: Ok(Outcome { exit_code, text, json, closing, ..Outcome::default() }) }
    }

    fn failed(label: &str, kind: Kind, evidence: Evidence) -> Each {
        Each { label: label.to_owned(), result: Err(Failure::new(kind, "it failed").with_evidence(evidence)) }
    }

    #[test]
    fn the_exit_code_is_the_most_serious_one() {
        let safe = || Evidence::Safe("archive".to_owned());
        for (each, expected) in [
            (vec![ended("a", 0), ended("b", 11), ended("c", 10)], 10),
            (vec![failed("a", Kind::Refused, Evidence::Missing), ended("b", 10)], 21),
            (
                vec![failed("a", Kind::Unreachable, Evidence::Missing), failed("b", Kind::Refused, Evidence::Missing)],
                21,
            ),
            (vec![failed("a", Kind::Usage, Evidence::Missing), failed("b", Kind::Bug, safe())], 2),
            (vec![failed("a", Kind::Interrupted(15), Evidence::Missing), ended("b", 0)], 143),
            (vec![], 0),
        ] {
            assert_eq!(joined(&each, true).exit_code, expected, "{each:?}");
        }
    }

    #[test]
    fn each_says_what_is_its_own_and_the_last_line_sums_up() {
        let each = [ended("eur", 0), failed("usd", Kind::Refused, Evidence::Missing), ended("gbp", 10)];
        let joined = joined(&each, true);
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, {
            insta::assert_snapshot!("several", [joined.text, joined.closing, joined.json].join("\n"));
        });
        assert!(last_line(&each[..1], true).starts_with("evidence: safe for 1 parent account; nothing to do"));
        assert!(last_line(&each[2..], false).starts_with("evidence: untouched; read above of gbp (10)"));
    }

    #[test]
    fn all_are_done_in_the_order_of_the_labels_whatever_happens_to_one() {
        let labels: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let each = side_by_side(&labels, &|label| match label {
            "7" => panic!("a defect"),
            "8" => Err(Failure::new(Kind::Refused, "refused")),
            label => Ok(Outcome { text: label.to_owned(), ..Outcome::default() }),
        });
        assert!(each.iter().map(|each| &each.label).eq(&labels));
        let codes: Vec<u8> = each[6..10].iter().map(Each::exit_code).collect();
        assert_eq!(codes, [0, 1, 21, 0]);
        // a defect says nothing of the evidence, and must not pass for a night that went through
        assert!(last_line(&each, true).starts_with("evidence: safe for 28 of 30 parent accounts; read above of 7 (1)"));
        let told: Vec<Each> =
            each.into_iter().map(|each| each.map_err(|failure| failure.with_evidence(Evidence::Missing))).collect();
        assert!(last_line(&told, true).starts_with("evidence: NOT SAFE for 2 of 30 parent accounts: 7 (1), 8 (21)"));
    }
}
