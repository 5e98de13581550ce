//! The search for the seeded key that every test ends with: what a run said, and every file that it left, in whatever
//! container and spelling.
//!
//! A part of the key counts as well: whoever cuts a text has not kept a secret.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use subledger::report::text::shown;

use super::{KEY, tree};

/// Characters of the key in a row that are a leak: its form, `aha-sk-`, and a word are none.
const PART_LEN: usize = 24;
/// Bytes that are looked up at once. A part in any spelling holds so many at a multiple of [`STEP`].
const GRAM_LEN: usize = 8;
const STEP: usize = PART_LEN - GRAM_LEN + 1;
/// How a Zstandard frame, a ZIP archive and a Parquet file begin.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const ZIP: &[u8] = b"PK\x03\x04";
const PARQUET: &[u8] = b"PAR1";

type Gram = [u8; GRAM_LEN];

/// The key as it could be spelled, in lower case: searched is without regard to case.
struct Spelling {
    how: &'static str,
    text: Vec<u8>,
    /// Bytes in a row that are a leak.
    part_len: usize,
}

/// Every spelling of a key, and where in which of them each gram is.
pub(crate) struct Search {
    spellings: Vec<Spelling>,
    grams: HashMap<Gram, Vec<(usize, usize)>>,
    /// Whether some gram begins with these two bytes, which is cheaper to ask.
    starts: Vec<bool>,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| Search::of(KEY));

impl Search {
    fn of(key: &str) -> Self {
        let each = |spell: &dyn Fn(u8) -> String| key.bytes().map(spell).collect::<String>().into_bytes();
        let mut spellings = Vec::new();
        let mut add = |how, text: Vec<u8>, part_len| {
            spellings.push(Spelling { how, text: text.to_ascii_lowercase(), part_len });
        };
        add("as it is", key.into(), PART_LEN);
        add("hexadecimal", each(&|byte| format!("{byte:02x}")), 2 * PART_LEN);
        add("percent-encoded", each(&|byte| format!("%{byte:02x}")), 3 * PART_LEN);
        add("JSON-escaped", each(&|byte| format!("\\u{byte:04x}")), 6 * PART_LEN);
        add("UTF-16", each(&|byte| format!("{}\0", char::from(byte))), 2 * PART_LEN);
        for skipped in 0..3 {
            // whole groups of three bytes do not depend on what is around them, nor on padding
            let rest = &key.as_bytes()[skipped..];
            let groups = &rest[..rest.len() / 3 * 3];
            add("base64", BASE64_STANDARD_NO_PAD.encode(groups).into(), PART_LEN / 3 * 4);
            add("base64 for URLs", BASE64_URL_SAFE_NO_PAD.encode(groups).into(), PART_LEN / 3 * 4);
        }
        let (mut grams, mut starts) = (HashMap::<Gram, Vec<_>>::new(), vec![false; 1 << 16]);
        for (index, spelling) in spellings.iter().enumerate() {
            for (at, gram) in spelling.text.windows(GRAM_LEN).enumerate() {
                let gram: Gram = gram.try_into().expect("so many bytes");
                starts[start(gram)] = true;
                grams.entry(gram).or_default().push((index, at));
            }
        }
        Self { spellings, grams, starts }
    }

    /// How the key is spelled in these bytes, if it is there.
    fn find(&self, bytes: &[u8]) -> Option<&'static str> {
        let mut at = 0;
        while let Some(gram) = bytes.get(at..at + GRAM_LEN) {
            let mut gram: Gram = gram.try_into().expect("so many bytes");
            gram.make_ascii_lowercase();
            if self.starts[start(gram)] {
                let candidates = self.grams.get(&gram).into_iter().flatten();
                for (index, offset) in candidates {
                    let spelling = &self.spellings[*index];
                    if spelling.run_around(*offset, bytes, at) >= spelling.part_len {
                        return Some(spelling.how);
                    }
                }
            }
            at += STEP;
        }
        None
    }
}

fn start(gram: Gram) -> usize {
    usize::from(gram[0]) << 8 | usize::from(gram[1])
}

impl Spelling {
    /// How many bytes agree around a place in this spelling and one in other bytes.
    fn run_around(&self, own: usize, bytes: &[u8], at: usize) -> usize {
        let same = |(own, other): &(&u8, &u8)| own.eq_ignore_ascii_case(other);
        let after = self.text[own..].iter().zip(&bytes[at..]).take_while(same).count();
        let before = self.text[..own].iter().rev().zip(bytes[..at].iter().rev()).take_while(same).count();
        before + after
    }
}

/// How the key is spelled in a text, if it is there.
pub(crate) fn in_text(text: &[u8]) -> Option<&'static str> {
    SEARCH.find(text)
}

/// Where the key is in a file, as it is and unpacked, with how it is spelled there. Counts the bytes looked at.
fn in_file(bytes: &[u8], place: &str, looked_at: &mut usize) -> Option<String> {
    *looked_at += bytes.len();
    if let Some(how) = in_text(bytes) {
        return Some(format!("{place}, {how}"));
    }
    if bytes.starts_with(ZIP) {
        let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
        return (0..parts.len()).find_map(|index| {
            let mut part = parts.by_index(index).expect("a part");
            let name = part.name().expect("a name").into_owned();
            let mut unpacked = Vec::new();
            part.read_to_end(&mut unpacked).expect("what was packed");
            in_file(&unpacked, &format!("{place} > {name}"), looked_at)
        });
    }
    if bytes.starts_with(ZSTD) {
        return in_file(&frame(bytes)?, &format!("{place}, unpacked"), looked_at);
    }
    if bytes.starts_with(PARQUET) {
        // each page is a frame of its own, and has its texts one after the other
        let starts = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(ZSTD));
        let mut pages = starts.filter_map(|at| frame(&bytes[at..]));
        return pages.find_map(|page| in_file(&page, &format!("{place}, in a page"), looked_at));
    }
    None
}

/// The contents of the Zstandard frame that begins here; nothing if none does.
fn frame(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
    decoder.single_frame().read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}

/// What a search has found, and how much it has looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) leaks: Vec<String>,
    pub(crate) file_count: usize,
    pub(crate) byte_count: usize,
}

/// Searches every file below a folder, and their paths, but for those that may hold the key.
pub(crate) fn below(folder: &Path, may_hold: impl Fn(&str) -> bool) -> Found {
    let mut found = Found::default();
    for (path, bytes) in tree(folder).into_iter().filter(|(path, _)| !may_hold(path)) {
        found.file_count += 1;
        let in_path = in_text(path.as_bytes()).map(|how| format!("the path {path}, {how}"));
        found.leaks.extend(in_path.or_else(|| in_file(&bytes, &path, &mut found.byte_count)));
    }
    found
}

/// What was said shows no key, and nothing that a terminal or the reader of a log would act on. Tables on stdout are for
/// programs: their texts are as they were sent.
#[track_caller]
pub(crate) fn assert_harmless(stdout: &str, stderr: &str) {
    for said in [stdout, stderr] {
        assert_eq!(in_text(said.as_bytes()), None, "the key is in what was said:\n{said}");
        said.lines().for_each(assert_harmless_line);
    }
    for line in stderr.lines() {
        assert_eq!(shown(line), line, "a hidden character is in what was said");
    }
}

#[track_caller]
fn assert_harmless_line(line: &str) {
    let control = line.chars().find(|c| c.is_control() && *c != '\t');
    assert_eq!(control, None, "a control character is in what was said: {line:?}");
    // GitHub Actions runs the first at the beginning of a line, and the second anywhere
    // our own annotations are for it, and hold nothing but an escaped text
    let is_ours = ["::error", "::warning"].iter().any(|kind| line.starts_with(&format!("{kind} title=subledger ")));
    let is_run = line.trim_start().starts_with("::") && !is_ours;
    assert!(!is_run && !line.contains("##["), "a runner would run {line:?}");
}
