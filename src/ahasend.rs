//! The AhaSend API's client: asks, pages, paces and retries. Captures get the raw bytes of each answer, whoever manages
//! sub accounts and their API keys gets values.
//!
//! It owns the connection, the key and every limit on talking to the API. It must never write a file, read an amount,
//! or show the key, a key that it creates, or a body in an error, a log line or `Debug` output; of a refusal it shows
//! what the server says to people. Readings may be repeated freely. A write is repeated only where its operation says
//! how that can do no harm, and one whose answer is lost never passes for one that was refused.
//!
//! Reading order: [`Client::usage`] shows a call, `ask` the life of a call, `fetch` one attempt of it, `fault` what may keep
//! an answer from coming, `refusal` what its status may say, `operation` and `retry` what may follow a failed attempt,
//! `pages` the walk over a list, `manage` the writes.

mod access;
mod call;
mod echo;
mod error;
mod failure;
mod fault;
mod fetch;
mod idempotency;
mod limits;
mod list;
mod manage;
mod operation;
mod pages;
mod refusal;
mod request;
mod retry;
#[cfg(test)]
mod tests;
mod values;
pub mod wire;

use std::error::Error as StdError;
use std::fmt;
use std::num::NonZeroU32;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

pub use self::access::SECRET_KEY_START;
pub use self::call::Call;
pub use self::error::{Class, Error};
pub use self::failure::Failure;
pub use self::fault::Fault;
pub use self::idempotency::IdempotencyKey;
pub use self::limits::Limits;
pub use self::list::{List, PageFault, PageProblem};
pub use self::manage::{Deleted, Fresh};
pub use self::operation::{Operation, Repeats};
pub use self::pages::{Page, Pages};
pub use self::retry::GiveUp;
pub use self::values::{AccountChange, KeyChange, NewAccount, NewKey};

use self::echo::Echo;
use self::request::Request;
use self::retry::Decision;

/// The sub-account API of one parent account, used with one key until one deadline.
pub struct Client {
    http: reqwest::Client,
    /// `{base}/v2/accounts/{account_id}/sub-accounts`, from which the address of every call is built.
    sub_accounts_url: Url,
    /// Kept beside the client's default headers only to recognise the key where a server echoes it.
    echo: Echo,
    /// Host and port of the proxy that requests go through, without the user name and password that it may want.
    proxy: Option<String>,
    limits: Limits,
    pace: DefaultDirectRateLimiter,
    deadline: Instant,
}

impl Client {
    /// Prepares to talk to `base_url` about `account_id`, the parent account; nothing is sent yet.
    ///
    /// `base_url` is `https`, or `http` on a loopback host; a path is kept as a prefix, and a trailing `/` or `/v2` is
    /// ignored. No call waits, retries or reads beyond `deadline`. The system's proxy settings apply, except on
    /// loopback.
    ///
    /// # Errors
    ///
    /// [`Error::BaseUrl`] and [`Error::Key`] name the rule that was broken, [`Error::Setup`] says what the machine
    /// lacks. All are of [`Class::Config`].
    pub fn new(
        base_url: Url,
        account_id: Uuid,
        key: SecretString,
        limits: Limits,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let sub_accounts_url = access::sub_accounts_url(base_url, account_id)?;
        let authorization = access::authorization(&key)?;
        let http = access::http_client(&sub_accounts_url, authorization, &limits)?;
        let echo = Echo::of(key);
        let proxy = access::proxy(&sub_accounts_url);
        if let Some(proxy) = &proxy {
            tracing::info!(proxy, "requests go through a proxy");
        }
        // Evenly spaced: with a burst allowed, the first second alone would spend the quota twice.
        let quota = Quota::per_second(limits.requests_per_second).allow_burst(NonZeroU32::MIN);
        Ok(Self { http, sub_accounts_url, echo, proxy, limits, pace: RateLimiter::direct(quota), deadline })
    }

    /// Reads the usage of the current billing period, in one answer of status 200.
    ///
    /// Ask this first: it cannot be had again after the period rolls over, and the first call of a client never
    /// waits for its turn.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], with the last attempt's failure as its source.
    pub async fn usage(&self) -> Result<Answer, Error> {
        self.ask(&Request::new(Call::Usage, self.url_of(&["usage"]))).await
    }

    /// Reads one sub account. Status 200 and 404 are both answers; 404 says that it was deleted since.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], with the last attempt's failure as its source.
    pub async fn account(&self, id: Uuid) -> Result<Answer, Error> {
        self.ask(&Request::new(Call::Account(id), self.url_of(&[&id.to_string()]))).await
    }

    /// Whether a body holds the key, plain, escaped, or in a usual encoding. Such an answer is evidence, and must not become a report.
    pub fn is_in(&self, body: &[u8]) -> bool {
        self.echo.is_in(body)
    }

    /// Starts the walk over the list of sub accounts; nothing is sent before the first [`Pages::next`].
    #[must_use]
    pub fn pages(&self) -> Pages<'_> {
        Pages::new(self, List::Accounts)
    }

    /// Makes one call: attempt after attempt, each in its turn, until an answer or a reason to stop.
    async fn ask(&self, request: &Request) -> Result<Answer, Error> {
        let call = request.call;
        let (repeats, repeatable_for) = (call.operation().repeats(), call.operation().repeatable_for());
        let begun = Instant::now();
        let (mut attempts, mut in_doubt) = (0, false);
        let (end, failure) = loop {
            if let Err(failure) = self.turn().await {
                break (GiveUp::Final, failure);
            }
            attempts += 1;
            let failure = match self.fetch(request).await {
                Ok(answer) => return Ok(Answer { attempts, ..answer }),
                Err(failure) => failure,
            };
            in_doubt = retry::in_doubt(in_doubt, &failure, repeats);
            match retry::decide(&failure, repeats, attempts, self.time_left(), fastrand::u32(..), &self.limits) {
                Decision::Again { after } if begun.elapsed().saturating_add(after) > repeatable_for => {
                    break (GiveUp::KeyForgotten, failure);
                }
                Decision::Again { after } => {
                    let cause: &(dyn StdError + Send + Sync) = &failure;
                    tracing::warn!(attempts, ?after, cause, "{call} failed and is tried again");
                    sleep(after).await;
                }
                Decision::Stop(end) => break (end, failure),
            }
        };
        Err(Error::Call { call, attempts, end, in_doubt, failure: Box::new(failure) })
    }

    /// The address of the sub accounts, or of something below them; each segment is percent-encoded as one.
    fn url_of(&self, segments: &[&str]) -> Url {
        let mut url = self.sub_accounts_url.clone();
        // Never a `cannot-be-a-base` address: `access::sub_accounts_url` admits http and https only.
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("sub_accounts_url", &self.sub_accounts_url.as_str())
            .field("limits", &self.limits)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// One usable answer, as received: complete, within the limits, and a JSON object by its first byte.
#[derive(Clone)]
pub struct Answer {
    /// Path and query as requested; never the host or the key.
    pub target: String,
    /// 200, 201 for something created, or 404 where the operation takes that as an answer.
    pub status: u16,
    /// The server's `Date`, if it sent a readable one.
    pub server_date: Option<DateTime<Utc>>,
    /// The server's `X-Request-Id`: at most 128 characters of visible ASCII.
    pub request_id: Option<String>,
    /// Whether the server says that it gave this answer before, to the same idempotency key.
    pub replayed: bool,
    /// Requests sent until it came.
    pub attempts: u32,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl fmt::Debug for Answer {
    /// Shows the body's length only: a body holds customers' data and may be hundreds of megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("target", &self.target)
            .field("status", &self.status)
            .field("server_date", &self.server_date)
            .field("request_id", &self.request_id)
            .field("replayed", &self.replayed)
            .field("attempts", &self.attempts)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
