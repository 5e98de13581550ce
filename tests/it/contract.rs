//! The simulated API keeps the contract of the real one: every operation, every status, every body.
//!
//! The contract is written down here once more, from the vendor's description and not from the simulator's code, and
//! looked at from the other side of a socket. `tests/contract/run` does the same with the vendor's own file.

mod bench;
mod bodies;
mod checker;
mod habits;
mod idempotency;
mod operations;
mod paging;
mod schema;
mod walk;
mod wire;
mod worlds;

use std::collections::BTreeSet;

use operations::{OPERATIONS, UNDECLARED};
use walk::Way::{
    self, Asked, Beyond, Deleted, ForeignCursor, InProgress, KeyOfSubAccount, LeftInProgress, LongIdempotencyKey,
    Malformed, NeighboursKey, NoBody, NoKey, NoScope, NotBearer, NotGiven, OtherBody, OtherParent, OtherPath, OwnScope,
    ParentSuspended, Query, RateLimit, Replayed, Sent, SentTwice, Struck, Unknown, WrongKey,
};

/// How each status is provoked, whatever the operation is.
const EVERYWHERE: &[(u16, &[Way])] = &[
    (400, &[Malformed("account_id"), Malformed("sub_account_id"), Malformed("key_id")]),
    (401, &[NoKey, NotBearer, WrongKey, KeyOfSubAccount, OtherParent]),
    (403, &[NoScope]),
    (404, &[Unknown("sub_account_id"), Unknown("key_id"), Deleted, NeighboursKey]),
    (429, &[Struck("429"), RateLimit]),
    (500, &[Struck("500")]),
    (503, &[Struck("503")]),
];

/// How each status of one operation is provoked besides. `<n>` in a text is a letter, n times.
#[rustfmt::skip]
const OF_ITS_OWN: &[(&str, u16, &[Way])] = &[
    ("listSubAccounts", 200, &[Asked, OwnScope, Query("limit=1"), Query("limit=100"), Query("colour=blue")]),
    ("listSubAccounts", 400, &[
        Query("limit=0"), Query("limit=101"), Query("limit=-1"), Query("limit=abc"), Query("limit=1.0"),
        Query("after=x"), Query("before=x"), Query("cursor=x"),
        ForeignCursor("after"), ForeignCursor("before"), ForeignCursor("cursor"),
    ]),
    ("listSubAccounts", 404, &[NotGiven("a parent that is not the key's own is a 401")]),

    ("createSubAccount", 201, &[
        Asked, OwnScope, Replayed,
        Sent(r#"{"name":"Acme","website":"acme.example.com"}"#),
        Sent(r#"{"name":"<255>","website":"acme.example.com","monthly_credit":1000000000}"#),
        Sent(r#"{"name":" Acme ","website":"acme.example.com","colour":"blue"}"#),
        Beyond(r#"{"name":"Acme","website":"https://acme.example.com/about?us","monthly_credit":null}"#),
        Beyond(r#"{"name":" <255> ","website":"HTTP://ACME.example.com:8080"}"#),
    ]),
    ("createSubAccount", 400, &[
        NoBody, Sent(""), Sent("{"), Sent("[]"), Sent("null"), Sent("name=Acme"), Sent("{}"),
        Sent(r#"{"website":"acme.example.com"}"#), Sent(r#"{"name":null,"website":"acme.example.com"}"#),
        Sent(r#"{"name":"","website":"acme.example.com"}"#), Sent(r#"{"name":" \t ","website":"acme.example.com"}"#),
        Sent(r#"{"name":"<256>","website":"acme.example.com"}"#), Sent(r#"{"name":7,"website":"acme.example.com"}"#),
        Sent(r#"{"name":"Acme"}"#), Sent(r#"{"name":"Acme","website":""}"#), Sent(r#"{"name":"Acme","website":"acme"}"#),
        Sent(r#"{"name":"Acme","website":"ftp://acme.example.com"}"#), Sent(r#"{"name":"Acme","website":"<256>.com"}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com","monthly_credit":-1}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com","monthly_credit":1000000001}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com","monthly_credit":5.0}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com","monthly_credit":"5"}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com","monthly_credit":99999999999999999999}"#),
        Sent(r#"{"name":"Acme","website":"acme.example.com"} {}"#), LongIdempotencyKey,
    ]),
    ("createSubAccount", 404, &[NotGiven("a parent that is not the key's own is a 401")]),
    ("createSubAccount", 409, &[InProgress]),
    ("createSubAccount", 422, &[OtherBody(r#"{"name":"Acme","website":"acme.example.com"}"#), OtherPath]),

    ("getSubAccountsUsage", 200, &[Asked, OwnScope, Query("limit=0")]),
    ("getSubAccountsUsage", 404, &[NotGiven("a parent that is not the key's own is a 401")]),

    ("getSubAccount", 200, &[Asked, OwnScope]),

    ("updateSubAccount", 200, &[
        Asked, OwnScope,
        Sent(r#"{"name":"Another"}"#), Sent(r#"{"website":"another.example.com"}"#), Sent(r#"{"monthly_credit":1}"#),
        Sent(r#"{"name":null,"website":null,"monthly_credit":1000000000}"#),
        Sent(r#"{"name":"Acme Subsidiary","monthly_credit":7}"#), Sent(r#"{"name":"<255>","colour":"blue"}"#),
        Beyond(r#"{"website":"https://another.example.com/"}"#),
    ]),
    ("updateSubAccount", 400, &[
        NoBody, Sent("{}"), Sent("[]"), Sent("7"), Sent(r#"{"colour":"blue"}"#),
        Sent(r#"{"name":null,"website":null,"monthly_credit":null}"#),
        Sent(r#"{"name":"Acme Subsidiary"}"#), Sent(r#"{"name":" Acme Subsidiary "}"#),
        Sent(r#"{"website":"https://ACME.example.com/"}"#), Sent(r#"{"monthly_credit":0}"#),
        SentTwice(r#"{"name":"Another"}"#),
        Sent(r#"{"name":" "}"#), Sent(r#"{"name":"<256>"}"#), Sent(r#"{"name":["Another"]}"#),
        Sent(r#"{"website":"another"}"#), Sent(r#"{"monthly_credit":-1}"#), Sent(r#"{"monthly_credit":1000000001}"#),
        Sent(r#"{"monthly_credit":5.0}"#), Sent(r#"{"name":"Another","monthly_credit":-1}"#),
    ]),

    ("deleteSubAccount", 200, &[Asked, OwnScope, Sent("{}")]),
    ("deleteSubAccount", 404, &[SentTwice("")]),

    ("suspendSubAccount", 200, &[
        Asked, OwnScope, Sent(r#"{"reason":"<500>"}"#), Sent(r#"{"reason":"x","colour":"blue"}"#),
        SentTwice(r#"{"reason":"still"}"#),
    ]),
    ("suspendSubAccount", 400, &[
        NoBody, Sent("{}"), Sent("[]"), Sent(r#"{"reason":null}"#), Sent(r#"{"reason":""}"#),
        Sent(r#"{"reason":" "}"#), Sent(r#"{"reason":"<501>"}"#), Sent(r#"{"reason":7}"#),
    ]),
    ("suspendSubAccount", 403, &[ParentSuspended]),

    ("unsuspendSubAccount", 200, &[Asked, OwnScope, Sent(""), Sent("{}"), Sent("null"), SentTwice("{}")]),
    ("unsuspendSubAccount", 403, &[ParentSuspended]),

    ("listSubAccountAPIKeys", 200, &[Asked, OwnScope, Query("limit=1"), Query("limit=100"), Query("colour=blue")]),
    ("listSubAccountAPIKeys", 400, &[
        Query("limit=0"), Query("limit=101"), Query("limit=-1"), Query("limit=abc"), Query("after=x"),
        Query("before=x"), Query("cursor=x"), ForeignCursor("after"), ForeignCursor("before"), ForeignCursor("cursor"),
    ]),

    ("createSubAccountAPIKey", 201, &[
        Asked, OwnScope, Replayed,
        Sent(r#"{"label":"k","scopes":["domains:read"]}"#), Sent(r#"{"label":"<255>","scopes":["domains:read"]}"#),
        Sent(r#"{"label":"k","scopes":["domains:read","domains:read"],"ip_allow_list":["2001:db8::1","10.1.2.3/8"]}"#),
        Sent(r#"{"label":"k","scopes":["messages:send:{example.com}"],"ip_allow_list":[],"colour":"blue"}"#),
        Beyond(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":null}"#),
    ]),
    ("createSubAccountAPIKey", 400, &[
        NoBody, Sent("{}"), Sent("[]"), Sent("{"),
        Sent(r#"{"scopes":["domains:read"]}"#), Sent(r#"{"label":"","scopes":["domains:read"]}"#),
        Sent(r#"{"label":"<256>","scopes":["domains:read"]}"#), Sent(r#"{"label":7,"scopes":["domains:read"]}"#),
        Sent(r#"{"label":"k"}"#), Sent(r#"{"label":"k","scopes":[]}"#), Sent(r#"{"label":"k","scopes":null}"#),
        Sent(r#"{"label":"k","scopes":"domains:read"}"#), Sent(r#"{"label":"k","scopes":["nonsense"]}"#),
        Sent(r#"{"label":"k","scopes":[7]}"#), Sent(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":["x"]}"#),
        Sent(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":["0.0.0.0/0"]}"#),
        Sent(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":["::/0"]}"#),
        Sent(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":["10.0.0.1/33"]}"#),
        Sent(r#"{"label":"k","scopes":["domains:read"],"ip_allow_list":"10.0.0.1"}"#), LongIdempotencyKey,
    ]),
    ("createSubAccountAPIKey", 409, &[InProgress, LeftInProgress]),
    ("createSubAccountAPIKey", 422, &[OtherBody(r#"{"label":"k","scopes":["domains:read"]}"#), OtherPath]),

    ("getSubAccountAPIKey", 200, &[Asked, OwnScope]),

    ("updateSubAccountAPIKey", 200, &[
        Asked, OwnScope, Sent(r#"{"label":"Another"}"#), Sent(r#"{"scopes":["domains:read"]}"#),
        Sent(r#"{"ip_allow_list":[]}"#), Sent(r#"{"label":null,"scopes":null,"ip_allow_list":["10.0.0.1"]}"#),
    ]),
    ("updateSubAccountAPIKey", 400, &[
        NoBody, Sent("{}"), Sent("[]"), Sent(r#"{"label":null,"scopes":null,"ip_allow_list":null}"#),
        Sent(r#"{"label":"Bootstrap key"}"#), Sent(r#"{"scopes":["messages:send:all","domains:read"]}"#),
        Sent(r#"{"ip_allow_list":["203.0.113.9/24"]}"#), SentTwice(r#"{"label":"Another"}"#),
        Sent(r#"{"label":""}"#), Sent(r#"{"label":"<256>"}"#), Sent(r#"{"scopes":[]}"#), Sent(r#"{"scopes":[""]}"#),
        Sent(r#"{"scopes":"domains:read"}"#), Sent(r#"{"ip_allow_list":["::/0"]}"#), Sent(r#"{"ip_allow_list":[7]}"#),
    ]),

    ("deleteSubAccountAPIKey", 200, &[Asked, OwnScope]),
    ("deleteSubAccountAPIKey", 404, &[SentTwice("")]),
];

/// Both tables, one row for each way that there is.
fn rows() -> Vec<(&'static operations::Operation, u16, Way)> {
    let mut rows = Vec::new();
    for operation in &OPERATIONS {
        let everywhere = EVERYWHERE.iter().map(|(status, ways)| (*status, *ways));
        let own = OF_ITS_OWN.iter().filter(|(name, ..)| *name == operation.name);
        for (status, ways) in everywhere.chain(own.map(|(_, status, ways)| (*status, *ways))) {
            let ways = ways.iter().filter(|way| way.fits(operation));
            rows.extend(ways.map(|way| (operation, status, *way)));
        }
    }
    rows
}

#[test]
fn every_operation_gives_every_status_as_declared() {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (operation, status, way) in rows() {
        let walked = walk::walk(operation, status, way);
        if way.is_given() {
            seen.insert((operation.name, status));
        }
        problems.extend(walked.into_iter().map(|problem| format!("{} {status} by {way:?}: {problem}", operation.name)));
    }
    walk::assert_none(&problems, "the walk");
    // what the tables leave out shows here, and not as silence
    for operation in &OPERATIONS {
        for status in operation.declared().into_iter().chain(UNDECLARED) {
            let excused = rows()
                .iter()
                .any(|(other, code, way)| (other.name, *code) == (operation.name, status) && !way.is_given());
            assert_ne!(seen.contains(&(operation.name, status)), excused, "{} {status}", operation.name);
        }
    }
    let foreign = seen.iter().find(|(name, status)| {
        !operations::Operation::named(name).declared().contains(status) && !UNDECLARED.contains(status)
    });
    assert_eq!(foreign, None, "a status that is walked without being declared");
}
