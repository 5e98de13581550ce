//! Answers as nobody should send them: each form with whether it is understood, what is said of it, and what is kept.
//!
//! Three ends are possible. What is understood is in the tables to the last digit. What a capture does not need to know
//! stops the reports alone: 13, the evidence is safe. What a capture cannot do without stops the capture: 22, and the bytes
//! are kept as they came. The fine grain of each form is tested where it is read: `ahasend::wire`, `billing::money`.

mod counts;
mod currencies;
mod documents;
mod figures;
mod keys;
mod shapes;
mod shares;
mod versions;

use std::process;

use subledger::ahasend::wire::{self, Bodies};
use subledger::billing::books::{Books, CaptureRef};

use crate::support::look::{self, Rows, row, rows, unpacked};
use crate::support::{
    ACME, Answers, Home, NIGHT, PARENT, Ran, Reply, Server, base, base_usage, home, process_at, run_at,
};

/// Longest text on stderr about one bad answer: a place and a sentence, never a body.
const STDERR_BYTES_MAX: usize = 1_000;
/// Address space of a run that is to keep little: threads and the program itself take half of it.
const ADDRESS_SPACE_KIB: usize = 1_500_000;
/// A text in every usage answer that no error has a reason to repeat.
const NOTE: &str = "a share of the pooled invoice";

/// A night against one set of answers.
struct Night {
    folder: Home,
    ran: Ran,
}

impl Night {
    fn of(answers: Answers) -> Self {
        Self::against(&Server::of(answers))
    }

    /// The base case with another usage answer, which need not even be text.
    fn of_usage(usage: impl Into<Vec<u8>>) -> Self {
        let usage = usage.into();
        Self::against(&Server::start(move |asked| match asked.what() {
            "/usage" => Reply::json(usage.clone()),
            _ => base().reply(asked),
        }))
    }

    fn against(server: &Server) -> Self {
        let folder = home();
        let ran = run_at(folder.path(), server, NIGHT, &["--formats", "csv"]);
        Self { folder, ran }
    }

    /// The same with an address space of so little that no answer of a few megabytes may be kept many times over.
    fn in_memory(server: &Server) -> Self {
        let folder = home();
        let run = process_at(folder.path(), server);
        let mut shell = process::Command::new("/bin/sh");
        let binary = run.get_program().to_str().expect("UTF-8");
        shell
            .args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB} && exec '{binary}' run --now {NIGHT} --formats csv")]);
        shell.current_dir(folder.path()).env_clear();
        shell.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = shell.output().expect("a shell").into();
        Self { folder, ran }
    }

    /// It was understood: gives the rows of the chargeback table.
    #[track_caller]
    fn understood(&self, code: i32) -> Rows {
        assert_eq!(self.ran.code, code, "{}{}", self.ran.stdout, self.ran.stderr);
        assert_eq!(look::assert_sound(self.folder.path()), (1, 1));
        rows(&look::latest(self.folder.path()).join("chargeback.csv"))
    }

    /// It was archived, and only reading it back failed.
    #[track_caller]
    fn assert_safe_and_refused(&self, says: &str) {
        self.assert_refused(13, says);
        let capture = format!("archive/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z");
        assert!(self.ran.closing().starts_with(&format!("evidence: safe in {capture}; ")), "{}", self.ran.stderr);
        assert_eq!(look::assert_sound(self.folder.path()), (1, 0));
        assert!(!look::files(self.folder.path()).keys().any(|path| path.contains("/inbox/")));
    }

    /// The usage was kept as it came, and no capture was made of it.
    #[track_caller]
    fn assert_kept_and_refused(&self, usage: &[u8], says: &str) {
        self.assert_refused(22, says);
        let inbox = format!("archive/parent={PARENT}/inbox/capture=20240115T020000Z");
        let closing = format!("evidence: NOT SAFE, only a part is kept in {inbox}; ");
        assert!(self.ran.closing().starts_with(&closing), "{}", self.ran.stderr);
        let files = look::files(self.folder.path());
        assert!(unpacked(&files[&format!("{inbox}/usage.json.zst")]) == usage, "{says}");
        assert_eq!(look::assert_sound(self.folder.path()), (0, 0));
    }

    /// It was no answer to the call: nothing was kept.
    #[track_caller]
    fn assert_not_taken(&self, says: &str) {
        self.assert_refused(22, says);
        let closing = "evidence: NOT SAFE, nothing of tonight is kept; ";
        assert!(self.ran.closing().starts_with(closing), "{}", self.ran.stderr);
        assert_eq!(look::assert_sound(self.folder.path()), (0, 0));
    }

    #[track_caller]
    fn assert_refused(&self, code: i32, says: &str) {
        let stderr = &self.ran.stderr;
        assert_eq!(self.ran.code, code, "{says}: {stderr}");
        assert!(stderr.contains(says), "{says}: {stderr}");
        // what is logged of each step is short, and as often as there are steps
        let told: usize =
            stderr.lines().filter(|line| !line.contains("Z DEBUG") && !line.contains("Z  INFO")).map(str::len).sum();
        assert!(told < STDERR_BYTES_MAX && !stderr.contains(NOTE), "{stderr}");
        assert!(self.ran.stdout.is_empty() && !self.folder.path().join("reports").exists(), "{}", self.ran.stdout);
    }
}

/// The base case's usage with the value of one field replaced. `field` begins with the bucket:
/// `parent`, `sub_accounts`, `removed_sub_accounts` or `total`, a point, and the field's name.
#[track_caller]
fn with_value(field: &str, value: &str) -> String {
    let (bucket, name) = field.split_once('.').expect("a bucket and a field");
    let usage = base_usage();
    let in_bucket = usage.find(&format!("\"{bucket}\"")).expect("the bucket");
    let key = format!("\"{name}\": ");
    let start = in_bucket + usage[in_bucket..].find(&key).expect("the field") + key.len();
    let end = start + usage[start..].find([',', '}']).expect("its end");
    format!("{}{value}{}", &usage[..start], &usage[end..])
}

/// Where a field of [`with_value`] is, as errors name it.
fn pointer(field: &str) -> String {
    let (bucket, name) = field.split_once('.').expect("a bucket and a field");
    let row = if bucket == "sub_accounts" { "/0" } else { "" };
    format!("/{bucket}{row}/{name}")
}

/// The cost of the base case's sub account as the chargeback table has it.
fn cost_of_acme(rows: &Rows) -> &str {
    &row(rows, "account_id", ACME)["allocated_cost"]
}

/// What the door makes of a usage answer without lists.
fn books(usage: &str) -> Result<Books, wire::Error> {
    let capture =
        CaptureRef { id: "20240115T020000Z".into(), at: NIGHT.parse().expect("a time"), sha256: String::new() };
    let bodies = Bodies { usage: usage.as_bytes(), pages: Vec::new(), lookups: Vec::new() };
    wire::books(capture, PARENT.parse().expect("a UUID"), &bodies)
}

/// The four places of the base case's usage that hold a cost.
const COSTS: [&str; 4] = [
    "parent.allocated_cost",
    "sub_accounts.allocated_cost",
    "removed_sub_accounts.allocated_cost",
    "total.allocated_cost",
];
