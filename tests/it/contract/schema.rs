//! What a JSON value may be, as data: a schema, and what is wrong with a value by it.
//!
//! Owns the check and no schema. It must never mend a value or stop at the first problem: a walk wants to hear them all.

use std::fmt;

use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use uuid::Uuid;

/// Most characters of a domain name, and of one of its labels.
const DOMAIN_CHARS_MAX: usize = 255;
const LABEL_CHARS_MAX: usize = 63;
/// How long a UUID is with its hyphens; the shorter and longer spellings that parsers know are not for JSON.
const UUID_CHARS: usize = 36;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    /// An object with these fields, and whether it may have others.
    Object(&'static [Field], Others),
    /// An array of at least so many items.
    Array(&'static Self, usize),
    /// A text of so many characters.
    Text { min: usize, max: usize },
    /// A text that is a domain name.
    Domain,
    /// A text that is a UUID with its hyphens.
    Uuid,
    /// A text that is an instant by RFC 3339, in UTC and written with `Z`.
    Instant,
    /// A whole number, written as one: `5.0` is none.
    Integer { min: i64, max: i64 },
    /// A number of any spelling.
    Number { min: f64 },
    /// `true` or `false`.
    Boolean,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// That, or `null`.
    Nullable(&'static Self),
}

/// Whether an object may have fields that its schema does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// It may: the vendor promises to add some, and a client has to bear them.
    Borne,
    /// It may not, by the vendor's own word.
    Refused,
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    name: &'static str,
    schema: Schema,
    is_required: bool,
}

/// A field that is always there.
pub(crate) const fn must(name: &'static str, schema: Schema) -> Field {
    Field { name, schema, is_required: true }
}

/// A field that may be left out; that does not make it nullable.
pub(crate) const fn may(name: &'static str, schema: Schema) -> Field {
    Field { name, schema, is_required: false }
}

/// A text of any length.
pub(crate) const TEXT: Schema = Schema::Text { min: 0, max: usize::MAX };

/// A count in 64 bits with a sign, and never below zero.
pub(crate) const COUNT: Schema = Schema::Integer { min: 0, max: i64::MAX };

impl Schema {
    /// What is wrong with a value for a client, who bears fields it does not know.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        self.all_problems(value, false)
    }

    /// What is wrong with a value for whoever sent it, who has no reason to send fields that no schema knows.
    pub(crate) fn problems_of_sender(&self, value: &Value) -> Vec<String> {
        self.all_problems(value, true)
    }

    fn all_problems(&self, value: &Value, is_closed: bool) -> Vec<String> {
        let mut problems = Problems { is_closed, found: Vec::new() };
        problems.check("$", self, value);
        problems.found
    }
}

struct Problems {
    /// Whether every object is closed, whatever its schema says.
    is_closed: bool,
    found: Vec<String>,
}

impl Problems {
    fn check(&mut self, path: &str, schema: &Schema, value: &Value) {
        let fits = match (schema, value) {
            (Schema::Nullable(_), Value::Null) | (Schema::Boolean, Value::Bool(_)) => true,
            (Schema::Nullable(inner), _) => return self.check(path, inner, value),
            (Schema::Object(fields, others), Value::Object(object)) => {
                return self.check_object(path, fields, *others, object);
            }
            (Schema::Array(inner, min), Value::Array(items)) if items.len() >= *min => {
                for (index, item) in items.iter().enumerate() {
                    self.check(&format!("{path}[{index}]"), inner, item);
                }
                return;
            }
            (Schema::Text { min, max }, Value::String(text)) => (*min..=*max).contains(&text.chars().count()),
            (Schema::Domain, Value::String(text)) => is_domain(text),
            (Schema::Uuid, Value::String(text)) => text.len() == UUID_CHARS && Uuid::try_parse(text).is_ok(),
            (Schema::Instant, Value::String(text)) => is_instant(text),
            (Schema::OneOf(texts), Value::String(text)) => texts.contains(&text.as_str()),
            (Schema::Integer { min, max }, Value::Number(number)) => {
                number.as_i64().is_some_and(|number| (*min..=*max).contains(&number))
            }
            (Schema::Number { min }, Value::Number(number)) => number.as_f64().is_some_and(|number| number >= *min),
            _ => false,
        };
        if !fits {
            self.found.push(format!("`{path}` is {value}, and should be {schema}"));
        }
    }

    fn check_object(&mut self, path: &str, fields: &[Field], others: Others, object: &Map<String, Value>) {
        for field in fields {
            match object.get(field.name) {
                Some(value) => self.check(&format!("{path}.{}", field.name), &field.schema, value),
                None if field.is_required => self.found.push(format!("`{path}.{}` is missing", field.name)),
                None => {}
            }
        }
        if self.is_closed || others == Others::Refused {
            for name in object.keys().filter(|name| fields.iter().all(|field| field.name != **name)) {
                self.found.push(format!("`{path}.{name}` is known to no schema"));
            }
        }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(..) => formatter.write_str("an object"),
            Self::Array(_, min) => write!(formatter, "an array of at least {min}"),
            Self::Text { min: 0, max: usize::MAX } => formatter.write_str("a text"),
            Self::Text { min, max } => write!(formatter, "a text of {min} to {max} characters"),
            Self::Domain => formatter.write_str("a domain name"),
            Self::Uuid => formatter.write_str("a UUID"),
            Self::Instant => formatter.write_str("an instant by RFC 3339 with `Z`"),
            Self::Integer { min, max } => write!(formatter, "a whole number from {min} to {max}"),
            Self::Number { min } => write!(formatter, "a number from {min}"),
            Self::Boolean => formatter.write_str("true or false"),
            Self::OneOf(texts) => write!(formatter, "one of {}", texts.join(", ")),
            Self::Nullable(inner) => write!(formatter, "{inner} or null"),
        }
    }
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= DOMAIN_CHARS_MAX && text.contains('.') && text.split('.').all(is_label)
}

fn is_instant(text: &str) -> bool {
    // the parser takes a space or a small letter between day and time as well
    text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok()
}

/// Reads JSON whose objects name each field once: the usual parser keeps the last of two and says nothing.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str::<Once>(text).map(|Once(value)| value).map_err(|error| format!("{error} in {text:?}"))
}

struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Once(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Once(value))) = access.next_entry::<String, _>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("the field `{name}` is there twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
