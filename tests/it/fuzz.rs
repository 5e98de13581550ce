//! Every parser of outside bytes against its corpus, and against what mutations make of that.
//!
//! A mutation changes what a parser sees as one thing: a token, a number, a stretch of bytes, the seam of two files.
//! `PROPTEST_CASES` says how many are tried of each; an input that fails is printed, to be put into the corpus.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::support::project;
use targets::{TARGETS, Target};

/// Mutations of each corpus, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 300;
/// Changes to one input.
const CHANGE_COUNT_MAX: usize = 4;
/// Longest input, in bytes: tokens repeated a thousandfold twice would be larger than any memory.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// Tokens that parsers have stumbled over.
const TOKENS: [&str; 44] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "-0.0",
    "-1",
    "1.0",
    "1e3",
    "1e400",
    "-1e400",
    "1e-400",
    "0e999999999999",
    "999999999999999.9999999999999",
    "1000000000000000",
    "7922816251426433759354395033.55",
    "0.1234567890123456789012345678",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "NaN",
    "01",
    ".5",
    "1_000",
    "{\"$serde_json::private::Number\":\"42\"}",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"=1+1\"",
    "\u{feff}",
    "\u{202e}",
    "\0",
    "\r\n",
    "\"",
    ",",
    ":",
    "[[[[[[[[",
    "}}}}",
    "2024-02-30",
    "9999-12-31",
    "2024-01-01T24:00:00Z",
    "00000000-0000-0000-0000-000000000000",
];

/// One change of an input; positions are taken by their remainder.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte.
    Byte(usize, u8),
    /// A stretch less.
    Cut(usize, usize),
    /// A stretch again, elsewhere.
    Copy(usize, usize, usize),
    /// A token in the place of a token.
    Token(usize, usize),
    /// A token in front of a token.
    Insert(usize, usize),
    /// A token of this input in the place of another.
    Swap(usize, usize),
    /// The digits of a number changed.
    Number(usize, String),
    /// A token many times.
    Repeat(usize, usize),
    /// The rest of the other input from here on.
    Splice(usize, usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    let at = any::<usize>;
    prop_oneof![
        2 => (at(), any::<u8>()).prop_map(|(position, byte)| Change::Byte(position, byte)),
        2 => (at(), 1..40_usize).prop_map(|(position, length)| Change::Cut(position, length)),
        1 => (at(), at(), 1..80_usize).prop_map(|(from, to, length)| Change::Copy(from, to, length)),
        4 => (at(), 0..TOKENS.len()).prop_map(|(position, token)| Change::Token(position, token)),
        1 => (at(), 0..TOKENS.len()).prop_map(|(position, token)| Change::Insert(position, token)),
        2 => (at(), at()).prop_map(|(position, other)| Change::Swap(position, other)),
        4 => (at(), "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,36})?([eE][+-]?[0-9]{1,3})?").prop_map(|(position, number)| Change::Number(position, number)),
        1 => (at(), 2..200_usize).prop_map(|(position, times)| Change::Repeat(position, times)),
        1 => (at(), at()).prop_map(|(position, other)| Change::Splice(position, other)),
    ]
}

/// Where each token of a text begins and ends: a quoted text, a run of letters and digits, or any other byte.
fn tokens(bytes: &[u8]) -> Vec<(usize, usize)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    let (mut tokens, mut start) = (Vec::new(), 0);
    while start < bytes.len() {
        let rest = &bytes[start..];
        let length = match rest[0] {
            b'"' => rest[1..].iter().position(|byte| *byte == b'"').map_or(1, |end| end + 2),
            byte if is_word(byte) => rest.iter().take_while(|byte| is_word(**byte)).count(),
            _ => 1,
        };
        if !rest[0].is_ascii_whitespace() {
            tokens.push((start, start + length));
        }
        start += length;
    }
    tokens
}

fn change(input: &[u8], other: &[u8], change: &Change) -> Vec<u8> {
    let tokens = tokens(input);
    let at = |position: usize| position % input.len().max(1);
    let stretch = |position: usize, length: usize| (at(position), (at(position) + length).min(input.len()));
    let token = |position: usize| tokens.get(position % tokens.len().max(1)).copied().unwrap_or_default();
    let number = |position: usize| {
        let is_number =
            |(start, end): &(usize, usize)| input[*start..*end].iter().any(u8::is_ascii_digit) && input[*start] != b'"';
        let numbers: Vec<_> = tokens.iter().copied().filter(is_number).collect();
        numbers.get(position % numbers.len().max(1)).copied().unwrap_or_default()
    };
    let replaced = |(start, end): (usize, usize), with: &[u8]| [&input[..start], with, &input[end..]].concat();
    match change {
        Change::Byte(position, byte) => replaced(stretch(*position, 1), &[*byte]),
        Change::Cut(position, length) => replaced(stretch(*position, *length), b""),
        Change::Copy(from, to, length) => {
            let (start, end) = stretch(*from, *length);
            replaced((at(*to), at(*to)), &input[start..end])
        }
        Change::Token(position, with) => replaced(token(*position), TOKENS[*with].as_bytes()),
        Change::Insert(position, with) => replaced((token(*position).0, token(*position).0), TOKENS[*with].as_bytes()),
        Change::Swap(position, other) => {
            let (start, end) = token(*other);
            replaced(token(*position), &input[start..end])
        }
        Change::Number(position, with) => replaced(number(*position), with.as_bytes()),
        Change::Repeat(position, times) => {
            let (start, end) = token(*position);
            replaced((start, end), &input[start..end].repeat(*times))
        }
        Change::Splice(position, from) => [&input[..at(*position)], &other[from % other.len().max(1)..]].concat(),
    }
}

fn folder(name: &str) -> PathBuf {
    project().join("tests/fuzz/corpus").join(name)
}

/// The inputs of a target by their names.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(name)).unwrap_or_else(|error| panic!("the corpus of {name}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut inputs: Vec<(String, Vec<u8>)> =
        paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect();
    inputs.sort();
    inputs
}

/// Gives an input to a target; what it holds against it is told with the input.
fn tried(target: Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| target(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

fn mutated(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = corpus(name);
    for (path, input) in &corpus {
        if let Err(problem) = tried(target, input) {
            panic!("{path}: {problem}");
        }
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    let changes = prop::collection::vec(any_change(), 1..=CHANGE_COUNT_MAX);
    let strategy = (0..inputs.len(), 0..inputs.len(), changes).prop_map(|(one, other, changes)| {
        changes.iter().fold(inputs[one].clone(), |input, step| {
            let mut input = change(&input, &inputs[other], step);
            input.truncate(INPUT_BYTES_MAX);
            input
        })
    });
    let is_told = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = if is_told { config } else { Config { cases: CASES, ..config } };
    let run = TestRunner::new(config).run(&strategy, |input| tried(target, &input).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(problem, input)) = run {
        panic!("{problem}\nput this below {}:\n{}", folder(name).display(), input.escape_ascii());
    }
}

macro_rules! every_target {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                mutated(stringify!($name));
            }
        )+

        #[test]
        fn every_target_has_a_test_and_a_corpus() {
            assert_eq!(TARGETS.map(|(name, _)| name).to_vec(), [$(stringify!($name)),+]);
            for (name, _) in TARGETS {
                assert!(corpus(name).len() >= 4, "{name}");
            }
        }
    };
}

every_target! {
    usage_answer account_list single_account api_keys amount customers invoices configuration capture_manifest close_record
    set_manifest
}
