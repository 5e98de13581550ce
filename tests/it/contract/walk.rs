//! One step of a walk: a status provoked on a fresh simulator, and everything that is wrong with the answer.
//!
//! Owns the ways to provoke, and the rules that hold for every answer. Which way leads to which status is the table's.

use chrono::DateTime;
use subledger::simulator::world::{Event, Mood, World};

use super::bench::{Bench, NOBODY, key_with, key_without};
use super::operations::{ACME, Ids, Operation, UNDECLARED};
use super::schema;
use super::wire::{Answer, Request};
use crate::support::KEY;

/// More requests than the rate limit lets through on a slow machine.
const FLOOD: usize = 20_000;

/// A way to provoke a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is meant, with a key that grants everything.
    Asked,
    /// As it is meant, with a key that grants just the scope.
    OwnScope,
    /// With this query.
    Query(&'static str),
    /// With this body, which is as the schema wants it if it is to succeed.
    Sent(&'static str),
    /// With this body, which is more than the schema allows.
    Beyond(&'static str),
    /// With this body, once more.
    SentTwice(&'static str),
    /// Without a body.
    NoBody,
    /// With something in the place of this id that is none.
    Malformed(&'static str),
    /// With an id that nothing has.
    Unknown(&'static str),
    /// About a sub account that was deleted.
    Deleted,
    /// About a key of another sub account.
    NeighboursKey,
    /// About a sub account whose pause is the parent's.
    ParentSuspended,
    /// With a cursor of another list in this parameter.
    ForeignCursor(&'static str),
    /// Without a key.
    NoKey,
    /// With a key in another scheme.
    NotBearer,
    /// With a key that nobody has.
    WrongKey,
    /// With the secret of the sub account's own key.
    KeyOfSubAccount,
    /// About another parent account.
    OtherParent,
    /// With a key that grants everything but the scope.
    NoScope,
    /// With an idempotency key that is too long.
    LongIdempotencyKey,
    /// For the second time with an idempotency key.
    Replayed,
    /// While a request with the same idempotency key executes.
    InProgress,
    /// After a refusal that left the idempotency key in progress.
    LeftInProgress,
    /// With an idempotency key that was used for this body.
    OtherBody(&'static str),
    /// With an idempotency key that was used for the same body elsewhere.
    OtherPath,
    /// Struck by this fault, and with or without a word on when to come back.
    Struck(&'static str),
    /// By too many requests.
    RateLimit,
    /// Not at all, and why; the status is declared for a case that the server answers otherwise.
    NotGiven(&'static str),
}

use Way::*;

/// More problems than anybody reads at once.
const PROBLEMS_SHOWN_MAX: usize = 40;

/// Fails with what was found, if anything was.
#[track_caller]
pub(crate) fn assert_none(problems: &[String], what: &str) {
    let shown: Vec<&str> = problems.iter().take(PROBLEMS_SHOWN_MAX).map(String::as_str).collect();
    assert!(problems.is_empty(), "{what}: {} problems, first\n{}\n", problems.len(), shown.join("\n"));
}

impl Way {
    /// Whether it leads anywhere.
    pub(crate) fn is_given(self) -> bool {
        !matches!(self, NotGiven(_))
    }

    /// Whether an operation can be provoked that way.
    pub(crate) fn fits(self, operation: &Operation) -> bool {
        match self {
            Malformed(parameter) | Unknown(parameter) => operation.names(parameter),
            Deleted => operation.names("sub_account_id"),
            NeighboursKey => operation.names("key_id"),
            _ => true,
        }
    }

    /// The body that the way brings, as it is sent.
    fn body(self) -> Option<String> {
        match self {
            Sent(body) | Beyond(body) | SentTwice(body) | OtherBody(body) => Some(expanded(body)),
            _ => None,
        }
    }
}

/// A text with `<n>` replaced by n letters, which take two bytes each.
fn expanded(text: &str) -> String {
    let Some((before, rest)) = text.split_once('<') else { return text.to_owned() };
    let (count, after) = rest.split_once('>').expect("`<n>`");
    before.to_owned() + &"ü".repeat(count.parse().expect("a count")) + after
}

/// Provokes a status, and says what is wrong with what comes.
pub(crate) fn walk(operation: &Operation, status: u16, way: Way) -> Vec<String> {
    if !way.is_given() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if let (Sent(_) | SentTwice(_), Some((schema, _))) = (way, operation.body)
        && status == operation.success
    {
        let body = schema::parse(&way.body().unwrap_or_default()).expect("JSON");
        problems.extend(schema.problems(&body).into_iter().map(|problem| format!("the test's own request: {problem}")));
    }
    let bench = if way == RateLimit { Bench::limited() } else { Bench::new() };
    for is_retry_told in [true, false] {
        // no other refusal depends on that mood, so one time is enough
        if !is_retry_told && !matches!(way, Struck(_) | RateLimit) {
            break;
        }
        let mood = bench.simulator.with_world(World::mood);
        bench.simulator.apply(Event::Mood(Mood { retry_after: is_retry_told, ..mood })).expect("a mood");
        let answer = provoked(&bench, operation, way);
        if answer.status != status {
            problems.push(format!("status {}, body {:.300}", answer.status, answer.body));
            continue;
        }
        problems.extend(problems_of_body(operation, &answer));
        problems.extend(problems_of_headers(&answer, way == Replayed, is_retry_told));
        let now = bench.simulator.with_world(World::now);
        let date = answer.header("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if date.is_none_or(|date| date != now) {
            problems.push(format!("the world's now is {now}, and the date {:?}", answer.header("date")));
        }
    }
    problems
}

fn provoked(bench: &Bench, operation: &Operation, way: Way) -> Answer {
    let request = bench.request(operation.name);
    let about = |ids: Ids| operation.request(&ids).key(KEY);
    let ids = bench.ids.clone();
    match way {
        OwnScope => bench.ask(&request.key(&key_with(operation.scope))),
        Query(query) => bench.ask(&request.query(query)),
        Sent(_) | Beyond(_) => bench.ask(&request.json(way.body().unwrap_or_default())),
        SentTwice(_) => {
            let request = request.json(way.body().unwrap_or_default());
            bench.ask(&request);
            bench.ask(&request)
        }
        NoBody => bench.ask(&request.without_body()),
        Malformed(parameter) => bench.ask(&about(with_id(ids, parameter, "not-an-id"))),
        Unknown(parameter) => bench.ask(&about(with_id(ids, parameter, NOBODY))),
        Deleted => {
            bench.ask(&bench.request("deleteSubAccount"));
            bench.ask(&request)
        }
        NeighboursKey => {
            let sub_account = bench.sub_account(ACME);
            bench.ask(&about(Ids { sub_account, ..ids }))
        }
        ParentSuspended => bench.ask(&about(Ids { sub_account: bench.one_that_is("parent-suspended"), ..ids })),
        ForeignCursor(parameter) => {
            let cursor = foreign_cursor(bench, operation);
            bench.ask(&request.query(&format!("{parameter}={}", super::paging::encoded(&cursor))))
        }
        NoKey => bench.ask(&request.without("Authorization")),
        NotBearer => bench.ask(&request.header("Authorization", format!("Basic {KEY}"))),
        WrongKey => bench.ask(&request.key(&key_with("nothing"))),
        KeyOfSubAccount => bench.ask(&request.key(&bench.secret)),
        OtherParent => bench.ask(&about(with_id(ids, "account_id", NOBODY))),
        NoScope => bench.ask(&request.key(&key_without(operation.scope))),
        LongIdempotencyKey => bench.ask(&request.idempotency_key(&"k".repeat(256))),
        Replayed | InProgress | LeftInProgress | OtherBody(_) | OtherPath => repeated(bench, request, way),
        RateLimit => flood(bench, &request),
        Struck(kind) => {
            bench.fault(&format!("{kind},count=1"));
            bench.ask(&request)
        }
        Asked | NotGiven(_) => bench.ask(&request),
    }
}

/// The second answer to one idempotency key.
fn repeated(bench: &Bench, request: Request, way: Way) -> Answer {
    let request = request.idempotency_key("k-1");
    let first = match way {
        InProgress => return bench.ask_twice_at_once(&request),
        LeftInProgress => {
            let refused = request.json("{}");
            bench.ask(&refused);
            return bench.ask(&refused);
        }
        OtherBody(_) => bench.ask(&request.clone().json(way.body().unwrap_or_default())),
        OtherPath => {
            let sub_account = bench.sub_account(ACME);
            let elsewhere =
                Operation::named("createSubAccountAPIKey").request(&Ids { sub_account, ..bench.ids.clone() });
            bench.ask(&request.clone().at(elsewhere.target))
        }
        _ => bench.ask(&request),
    };
    assert_eq!(first.header("idempotent-replayed"), None, "nothing to replay yet");
    let second = bench.ask(&request);
    if way == Replayed {
        assert_eq!((second.status, &second.body), (first.status, &first.body), "the same answer");
    }
    second
}

fn flood(bench: &Bench, request: &Request) -> Answer {
    let mut connection = bench.connect();
    for _ in 0..FLOOD {
        let answer = connection.ask(request);
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("{FLOOD} requests and no limit");
}

fn with_id(mut ids: Ids, parameter: &str, id: &str) -> Ids {
    let place = match parameter {
        "account_id" => &mut ids.parent,
        "sub_account_id" => &mut ids.sub_account,
        _ => &mut ids.key,
    };
    id.clone_into(place);
    ids
}

/// A cursor of the list of keys for the list of accounts, and the other way round.
fn foreign_cursor(bench: &Bench, operation: &Operation) -> String {
    bench.ask(&bench.request("createSubAccountAPIKey"));
    let other = if operation.name == "listSubAccounts" { "listSubAccountAPIKeys" } else { "listSubAccounts" };
    let page = bench.ask(&bench.request(other).query("limit=1")).json();
    page["pagination"]["next_cursor"].as_str().expect("a second page").to_owned()
}

/// What is wrong with the body of an answer, by its status.
pub(crate) fn problems_of_body(operation: &Operation, answer: &Answer) -> Vec<String> {
    let content_type = answer.header("content-type").unwrap_or_default();
    let mut problems = Vec::new();
    if content_type.split(';').next() != Some("application/json") {
        problems.push(format!("the content type is {content_type:?}"));
    }
    match schema::parse(&answer.body) {
        Ok(body) => problems.extend(operation.schema(answer.status).problems_of_sender(&body)),
        Err(error) => problems.push(error),
    }
    problems
}

/// What is wrong with the headers that clients act on.
pub(crate) fn problems_of_headers(answer: &Answer, is_replay: bool, is_retry_told: bool) -> Vec<String> {
    let mut problems = Vec::new();
    if answer.header("x-request-id").is_none_or(str::is_empty) {
        problems.push("no request id".to_owned());
    }
    let replayed = match answer.status {
        409 => Some("false"),
        _ if is_replay => Some("true"),
        _ => None,
    };
    if answer.header("idempotent-replayed") != replayed {
        problems.push(format!("`Idempotent-Replayed` is {:?}", answer.header("idempotent-replayed")));
    }
    let retry_after = answer.header("retry-after");
    // a date would be lawful elsewhere; here clients want a whole number
    let secs = retry_after.map(|text| text.parse::<u64>().unwrap_or(0));
    let is_due = match answer.status {
        409 => secs.is_some_and(|secs| secs > 0),
        429 => secs == is_retry_told.then_some(1),
        status if UNDECLARED.contains(&status) => secs != Some(0),
        _ => secs.is_none(),
    };
    if !is_due {
        problems.push(format!("`Retry-After` is {retry_after:?}"));
    }
    problems
}
