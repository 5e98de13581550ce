//! The walk over the list, and each of its guards.

use uuid::Uuid;

use super::server::{Reply, Server};
use super::{PARENT, assert_keeps_secret, client, client_with, limits};
use crate::ahasend::{Class, Error, Limits, List, PageFault, PageProblem};

/// A page with one account, `id`, that goes on at `cursor`.
fn page(id: u128, cursor: &str) -> Reply {
    page_of(&[id], &format!(r#"{{"has_more":true,"next_cursor":"{cursor}"}}"#))
}

fn last_page(id: u128) -> Reply {
    page_of(&[id], r#"{"has_more":false,"next_cursor":"ignored"}"#)
}

fn page_of(ids: &[u128], pagination: &str) -> Reply {
    let rows: Vec<String> = ids.iter().map(|id| row(Uuid::from_u128(*id))).collect();
    Reply::json(200, &format!(r#"{{"object":"list","data":[{}],"pagination":{pagination}}}"#, rows.join(",")))
}

/// One sub account with all the fields that the API promises.
fn row(id: Uuid) -> String {
    format!(
        r#"{{"object":"sub_account","id":"{id}","parent_account_id":"{PARENT}","name":"Acme","website":"acme.test",
        "status":"active","monthly_credit":0,"created_at":"2024-01-01T00:00:00Z","domain_count":1,"member_count":1,
        "last_activity_at":null}}"#
    )
}

/// Pages handed over before the fault, the page that has it, and what is wrong with it.
async fn fault(limits: Limits, script: impl IntoIterator<Item = Reply>) -> (u32, u32, PageProblem) {
    let server = Server::play(script).await;
    let client = client_with(&server.base_url, limits);
    let mut pages = client.pages();
    let mut count = 0;
    loop {
        match pages.next().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => panic!("the list ended well"),
            Err(Error::Paging(fault)) => {
                let again = pages.next().await.unwrap_err();
                assert_eq!(again.to_string(), fault.to_string(), "a fault does not pass");
                assert_eq!(again.class(), Class::Unusable);
                assert_eq!(fault.list, List::Accounts);
                return (count, fault.page, fault.problem);
            }
            Err(other) => panic!("another error: {other:?}"),
        }
    }
}

#[tokio::test]
async fn pages_follow_the_cursor_and_it_arrives_percent_encoded() {
    let server = Server::play([page(1, "a&b+c/d=e%f g"), Reply::json(503, "{}"), page(2, "ü"), last_page(3)]).await;
    let client = client(&server);
    let mut pages = client.pages();
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        ids.extend(page.head.ids.iter().map(Uuid::as_u128));
    }
    assert_eq!(ids, [1, 2, 3]);
    let queries: Vec<String> =
        server.targets().iter().map(|target| target.split_once('?').unwrap().1.to_owned()).collect();
    let second = "limit=100&after=a%26b%2Bc%2Fd%3De%25f+g";
    assert_eq!(queries, ["limit=100", second, second, "limit=100&after=%C3%BC"]);
    assert!(pages.next().await.unwrap().is_none(), "a list that has ended stays ended");
}

#[tokio::test]
async fn a_cursor_seen_before_ends_the_walk() {
    let loops_at_once = fault(limits(), [page(1, "A"), page(2, "A")]).await;
    assert_eq!(loops_at_once, (2, 2, PageProblem::CursorRepeated { first: 1 }));
    let loops_later = fault(limits(), [page(1, "A"), page(2, "B"), page(3, "A")]).await;
    assert_eq!(loops_later, (3, 3, PageProblem::CursorRepeated { first: 1 }));
}

#[tokio::test]
async fn a_page_that_leads_nowhere_ends_the_walk() {
    let missing = fault(limits(), [page_of(&[1], r#"{"has_more":true}"#)]).await;
    assert_eq!(missing, (1, 1, PageProblem::CursorMissing));
    assert_eq!(fault(limits(), [page(1, "")]).await, (1, 1, PageProblem::CursorEmpty));
    let empty = page_of(&[], r#"{"has_more":true,"next_cursor":"B"}"#);
    assert_eq!(fault(limits(), [page(1, "A"), empty]).await, (2, 2, PageProblem::Empty));
}

#[tokio::test]
async fn the_limits_on_cursors_and_pages_hold() {
    let short = Limits { cursor_bytes_max: 3, ..limits() };
    let too_long = PageProblem::CursorTooLong { bytes: 4, bytes_max: 3 };
    assert_eq!(fault(short, [page(1, "abc"), page(2, "abcd")]).await, (2, 2, too_long));
    let few = Limits { page_count_max: 2, ..limits() };
    assert_eq!(fault(few, [page(1, "A"), page(2, "B")]).await, (2, 2, PageProblem::TooMany));
}

#[tokio::test]
async fn an_account_listed_twice_is_an_error_even_on_the_last_page() {
    let id = Uuid::from_u128(1);
    let twice = fault(limits(), [page(1, "A"), page(2, "B"), last_page(1)]).await;
    assert_eq!(twice, (3, 3, PageProblem::Repeated { id, first: 1 }));
    let fault = PageFault { list: List::Accounts, page: 3, problem: twice.2 };
    assert_eq!(
        fault.to_string(),
        format!("sub account `{id}` is on page 1 and again on page 3 of the sub-account list")
    );
}

#[tokio::test]
async fn a_failed_page_is_named_and_can_be_asked_for_again() {
    let server = Server::play([page(1, "A"), Reply::json(401, "{}"), Reply::json(200, "{}"), last_page(2)]).await;
    let client = client(&server);
    let mut pages = client.pages();
    pages.next().await.unwrap();
    let refused = pages.next().await.unwrap_err();
    assert_eq!(refused.to_string(), "reading page 2 of the sub-account list failed after 1 attempt");
    let unreadable = pages.next().await.unwrap_err();
    assert!(matches!(unreadable, Error::Page { page: 2, .. }), "{unreadable:?}");
    assert_eq!(unreadable.class(), Class::Unusable);
    assert_keeps_secret(&unreadable);
    assert!(pages.next().await.unwrap().is_some());
    assert!(pages.next().await.unwrap().is_none());
}
