//! One JSON object as its fields in order, each value still as the text that was sent.
//!
//! Reading objects this way gives what derived readers do not: duplicate keys are refused, unknown keys are seen,
//! `null` is not zero, an array never passes for an object, and a number keeps its digits.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::billing::money::Amount;

/// Unknown fields and values remembered of one capture; beyond that they are all alike.
const UNKNOWN_COUNT_MAX: usize = 100;

/// Fields of one object; the API's have ten. Memory is bounded by what is kept of an answer, and not by what it holds.
const FIELD_COUNT_MAX: usize = 1_000;

/// So many fields are compared with each other sooner than they are sorted.
const FEW_FIELDS: usize = 16;

/// What is wrong with an answer, and where.
#[derive(Debug, thiserror::Error)]
#[error("{body}: `{pointer}` {problem}")]
pub struct Error {
    /// Which answer: `usage`, `account list, page 3`.
    pub body: String,
    /// JSON pointer into it.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
    /// The JSON reader's own words, for malformed text.
    #[source]
    pub source: Option<serde_json::Error>,
}

/// Where in which answer a value stands, and what was seen there that nobody knows.
#[derive(Clone)]
pub(super) struct At<'a> {
    body: &'a str,
    /// The pointer to it, or to the array that it is a row of: rows share one.
    pointer: Rc<str>,
    row: Option<usize>,
    unknown: &'a RefCell<Unknown>,
    /// Whether an error may name fields that the answer chose.
    names_fields: bool,
    /// Whether only fields that are read have to be there once.
    is_head: bool,
}

impl<'a> At<'a> {
    pub(super) fn root(body: &'a str, unknown: &'a RefCell<Unknown>) -> Self {
        Self { body, pointer: "".into(), row: None, unknown, names_fields: true, is_head: false }
    }

    /// The root of an answer that is kept whatever else it says: what is not read of it may be there twice.
    pub(super) fn head(body: &'a str, unknown: &'a RefCell<Unknown>) -> Self {
        Self { is_head: true, ..Self::root(body, unknown) }
    }

    /// The root of an answer that may hold a secret: its errors show none of it, not even a field's name.
    pub(super) fn quiet(body: &'a str, unknown: &'a RefCell<Unknown>) -> Self {
        Self { names_fields: false, ..Self::root(body, unknown) }
    }

    pub(super) fn child(&self, key: impl fmt::Display) -> Self {
        Self { pointer: format!("{}/{key}", self.pointer()).into(), row: None, ..self.clone() }
    }

    /// A row of the array that stands here.
    fn row(&self, index: usize) -> Self {
        Self { row: Some(index), ..self.clone() }
    }

    fn pointer(&self) -> String {
        let row = self.row.map_or_else(String::new, |index| format!("/{index}"));
        format!("{}{row}", self.pointer)
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        let pointer = Some(self.pointer()).filter(|pointer| !pointer.is_empty()).unwrap_or_else(|| "/".to_owned());
        Error { body: self.body.to_owned(), pointer, problem: problem.into(), source: None }
    }

    /// The JSON reader quotes values of the wrong type, which may be anybody's secret: only its words on syntax pass.
    fn malformed(&self, source: serde_json::Error) -> Error {
        match source.classify() {
            serde_json::error::Category::Data => self.error("has the wrong type"),
            _ => Error { source: Some(source), ..self.error("is not well-formed JSON") },
        }
    }

    /// Remembers a field that this version does not know.
    fn unknown_field(&self, name: &str) {
        self.unknown(&format!("/{name}"));
    }

    /// Remembers a value that this version does not know.
    pub(super) fn unknown_value(&self, value: &str) {
        self.unknown(&format!(" = `{value}`"));
    }

    fn unknown(&self, what: &str) {
        let mut unknown = self.unknown.borrow_mut();
        if !unknown.is_full() {
            // positions do not matter: a new field in a thousand rows is one new field
            let pointer = self.pointer();
            let pointer = pointer.split('/').map(|step| match step.parse::<usize>() {
                Ok(_) => "*",
                Err(_) => step,
            });
            let pointer: Vec<&str> = pointer.collect();
            unknown.note(super::display(&format!("{}{what}", pointer.join("/")), 120));
        }
    }
}

/// Fields and values that nobody knows, as they were met.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unknown(Vec<String>);

impl Unknown {
    fn is_full(&self) -> bool {
        self.0.len() >= UNKNOWN_COUNT_MAX
    }

    fn note(&mut self, what: String) {
        if !self.is_full() && !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    /// Adds what was met after this.
    pub(super) fn go_on(&mut self, later: Self) {
        later.0.into_iter().for_each(|what| self.note(what));
    }

    /// All of them in the order of reports.
    pub(super) fn into_sorted(mut self) -> Vec<String> {
        self.0.sort();
        self.0
    }
}

/// The fields of one object.
pub(super) struct Fields<'a, 'at> {
    at: At<'at>,
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a, 'at> Fields<'a, 'at> {
    /// Reads an object; `text` must be exactly one.
    pub(super) fn read(text: &'a str, at: At<'at>) -> Result<Self, Error> {
        let Members(fields) = serde_json::from_str(text).map_err(|error| at.malformed(error))?;
        Self::checked(fields, at)
    }

    fn checked(fields: Vec<(Cow<'a, str>, &'a RawValue)>, at: At<'at>) -> Result<Self, Error> {
        if fields.len() > FIELD_COUNT_MAX {
            return Err(at.error(format!("has more than {FIELD_COUNT_MAX} fields")));
        }
        match twice(&fields).filter(|_| !at.is_head) {
            Some(_) if !at.names_fields => Err(at.error("has a field twice")),
            Some(name) => Err(at.child(super::display(name, 60)).error("is there twice")),
            None => Ok(Self { at, fields }),
        }
    }

    fn take(&mut self, key: &str) -> Result<Option<&'a RawValue>, Error> {
        let mut named = self.fields.iter().enumerate().filter(|(_, (name, _))| name == key);
        match (named.next().map(|(position, _)| position), named.next()) {
            (None, _) => Ok(None),
            (Some(position), None) => Ok(Some(self.fields.swap_remove(position).1)),
            (Some(_), Some(_)) => Err(self.at.child(key).error("is there twice")),
        }
    }

    /// A value that is there and not null.
    fn optional(&mut self, key: &str) -> Result<Option<&'a RawValue>, Error> {
        Ok(self.take(key)?.filter(|value| value.get() != "null"))
    }

    fn need(&mut self, key: &str) -> Result<&'a RawValue, Error> {
        self.take(key)?.ok_or_else(|| self.at.child(key).error("is missing"))
    }

    /// A required object.
    pub(super) fn object(&mut self, key: &str) -> Result<Self, Error> {
        let text = self.need(key)?.get();
        Fields::read(text, self.at.child(key))
    }

    /// A required array of objects, each read by `read` before the next one is looked at: what is no row ends it at once,
    /// and an answer of nothing but empty rows takes no memory.
    pub(super) fn each<T>(&mut self, key: &str, read: impl FnMut(Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let at = self.at.child(key);
        let mut rows = Rows { at: &at, read, done: Vec::new(), stopped: None };
        let text = self.need(key)?.get();
        match serde_json::Deserializer::from_str(text).deserialize_seq(&mut rows) {
            Ok(()) => Ok(rows.done),
            Err(error) => Err(rows.stopped.unwrap_or_else(|| {
                // that the whole of it is JSON was seen when its object was read: what is wrong is a row, or it is no array
                let at = if text.starts_with('[') { at.row(rows.done.len()) } else { at.clone() };
                at.malformed(error)
            })),
        }
    }

    /// An array of texts that may be missing or null, which is an empty one.
    pub(super) fn optional_texts(&mut self, key: &str) -> Result<Vec<Cow<'a, str>>, Error> {
        let Some(value) = self.optional(key)? else { return Ok(Vec::new()) };
        let texts: Vec<Text<'a>> =
            serde_json::from_str(value.get()).map_err(|error| self.at.child(key).malformed(error))?;
        Ok(texts.into_iter().map(|Text(text)| text).collect())
    }

    /// A required text.
    pub(super) fn text(&mut self, key: &str) -> Result<Cow<'a, str>, Error> {
        let value = self.need(key)?;
        self.read_text(key, value)
    }

    /// A text that may be missing or null.
    pub(super) fn optional_text(&mut self, key: &str) -> Result<Option<Cow<'a, str>>, Error> {
        let value = self.optional(key)?;
        value.map(|value| self.read_text(key, value)).transpose()
    }

    fn read_text(&self, key: &str, value: &'a RawValue) -> Result<Cow<'a, str>, Error> {
        // that it is JSON was seen when its object was read: a text without escapes is what stands between its quotes
        let quoted = value.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        if let Some(text) = quoted.filter(|text| !text.contains('\\')) {
            return Ok(Cow::Borrowed(text));
        }
        let Text(text) = serde_json::from_str(value.get()).map_err(|error| self.at.child(key).malformed(error))?;
        Ok(text)
    }

    /// A required UUID.
    pub(super) fn uuid(&mut self, key: &str) -> Result<Uuid, Error> {
        let text = self.text(key)?;
        Uuid::parse_str(&text).map_err(|_| self.at.child(key).error("is not a UUID"))
    }

    /// An RFC 3339 time that may be missing or null.
    pub(super) fn optional_time(&mut self, key: &str) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(value) = self.optional(key)? else { return Ok(None) };
        let text = self.read_text(key, value)?;
        self.read_time(key, &text).map(Some)
    }

    /// A required RFC 3339 time, with or without a fraction and in any offset.
    pub(super) fn time(&mut self, key: &str) -> Result<DateTime<Utc>, Error> {
        let text = self.text(key)?;
        self.read_time(key, &text)
    }

    fn read_time(&self, key: &str, text: &str) -> Result<DateTime<Utc>, Error> {
        let time = DateTime::parse_from_rfc3339(text);
        time.map(|time| time.to_utc()).map_err(|_| self.at.child(key).error("is not an RFC 3339 time"))
    }

    /// A required integer, written as one.
    pub(super) fn integer(&mut self, key: &str) -> Result<i64, Error> {
        let value = self.need(key)?;
        self.read_integer(key, value)
    }

    /// An integer that may be missing or null, which is not zero.
    pub(super) fn optional_integer(&mut self, key: &str) -> Result<Option<i64>, Error> {
        let value = self.optional(key)?;
        value.map(|value| self.read_integer(key, value)).transpose()
    }

    fn read_integer(&self, key: &str, value: &RawValue) -> Result<i64, Error> {
        // "+5" and "007" never get here: the JSON reader has refused them
        value.get().parse().map_err(|_| self.at.child(key).error("is not a whole number of 64 bits"))
    }

    /// A required amount; missing, null and text are errors, never zero.
    pub(super) fn amount(&mut self, key: &str) -> Result<Amount, Error> {
        let text = self.need(key)?.get();
        Amount::parse(text).map_err(|error| self.at.child(key).error(format!("is no usable amount: {error}")))
    }

    /// A required true or false.
    pub(super) fn boolean(&mut self, key: &str) -> Result<bool, Error> {
        match self.need(key)?.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.at.child(key).error("is neither true nor false")),
        }
    }

    /// Notes every field that was not taken and not among `known`.
    pub(super) fn finish(self, known: &[&str]) {
        for (name, _) in self.fields.iter().filter(|(name, _)| !known.contains(&name.as_ref())) {
            self.at.unknown_field(name);
        }
    }

    /// Where this object stands.
    pub(super) fn at(&self) -> &At<'at> {
        &self.at
    }
}

/// A JSON text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The rows of an array on their way to values.
struct Rows<'r, 'at, R, T> {
    at: &'r At<'at>,
    read: R,
    done: Vec<T>,
    /// What is wrong with the row that ended it.
    stopped: Option<Error>,
}

impl<'de, 'at, T, R: FnMut(Fields<'de, 'at>) -> Result<T, Error>> Visitor<'de> for &mut Rows<'_, 'at, R, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(Members(fields)) = rows.next_element()? {
            let row = Fields::checked(fields, self.at.row(self.done.len()));
            match row.and_then(&mut self.read) {
                Ok(row) => self.done.push(row),
                Err(error) => {
                    self.stopped = Some(error);
                    return Err(A::Error::custom("a row ends it"));
                }
            }
        }
        Ok(())
    }
}

/// The fields of an object in the order sent, those that came twice as well.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(12);
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            // the others are read as well, because an object that has no end is worse than one of too many fields
            if fields.len() <= FIELD_COUNT_MAX {
                fields.push((name, value));
            }
        }
        Ok(Members(fields))
    }
}

/// A name that more than one field has.
fn twice<'f>(fields: &'f [(Cow<'_, str>, &RawValue)]) -> Option<&'f str> {
    if fields.len() <= FEW_FIELDS {
        let mut names = fields.iter().map(|(name, _)| name.as_ref()).enumerate();
        return names.find(|(seen, name)| fields[..*seen].iter().any(|(other, _)| other == name)).map(|(_, name)| name);
    }
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
