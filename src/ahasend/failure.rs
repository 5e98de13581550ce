//! How one attempt can fail, and how the HTTP library's errors are told apart.
//!
//! Text that came from the server is in here only bounded, safe to display, and with the key withheld.

use std::borrow::Cow;
use std::time::Duration;

use super::{Class, Fault};

/// How one attempt failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// TLS could not be set up: an unknown issuer, a wrong host, an expired certificate, a port that speaks plain HTTP.
    #[error("there is no trusted TLS connection to the server{}: {fault}", through(.proxy.as_deref()))]
    Tls {
        /// What stood in the way.
        fault: Fault,
        /// The proxy that was asked for the connection.
        proxy: Option<Box<str>>,
        /// What the HTTP library says.
        source: reqwest::Error,
    },

    /// No answer: name not found, connection refused or broken, an answer that is not HTTP.
    #[error("no answer came from the server{}: {fault}", through(.proxy.as_deref()))]
    Network {
        /// What stood in the way.
        fault: Fault,
        /// The proxy that was asked for the connection.
        proxy: Option<Box<str>>,
        /// What the HTTP library says.
        source: reqwest::Error,
    },

    /// The connect or the read timeout passed.
    #[error("the server kept silent for too long{}", through(.proxy.as_deref()))]
    Silent {
        /// The proxy that was asked for the connection.
        proxy: Option<Box<str>>,
        /// What the HTTP library says.
        source: reqwest::Error,
    },

    /// The body ended before its end.
    #[error("the answer broke off after {received_bytes} bytes")]
    Truncated {
        /// Bytes of the body received until then.
        received_bytes: u64,
        /// What the HTTP library says.
        source: reqwest::Error,
    },

    /// The attempt took longer than [`Limits::request_timeout`](super::Limits::request_timeout).
    #[error("the answer was not complete within {limit:?}")]
    Slow {
        /// Time allowed.
        limit: Duration,
    },

    /// The client's deadline passed, before or during the attempt.
    #[error("the deadline of the run has passed")]
    Deadline,

    /// Status 408, 429 or 5xx: the server may answer later.
    #[error("the server answered with status {status}{}", labelled(.request_id.as_deref()))]
    Busy {
        /// The status.
        status: u16,
        /// How long the server asks to wait, if it says so in a way that can be read.
        retry_after: Option<Duration>,
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Status 401.
    #[error(
        "the server does not accept the key (status 401{}): it is wrong, or of another account, or the account is \
         suspended",
        labelled(.request_id.as_deref())
    )]
    Unauthorized {
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Status 403.
    #[error(
        "the server refuses this to the key (status 403{}): it needs the scope `{scope}`, and where the account has \
         an IP allow list, this machine must be on it",
        labelled(.request_id.as_deref())
    )]
    Forbidden {
        /// The scope that the operation needs.
        scope: &'static str,
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Status 3xx. Redirects are never followed: the key would travel along.
    #[error(
        "the server redirects (status {status}) to {}, which is not followed",
        quoted(.host.as_deref(), "an unnamed host")
    )]
    Redirect {
        /// The status.
        status: u16,
        /// The host redirected to, if `Location` names one.
        host: Option<String>,
    },

    /// Status 409 with the two headers that say so: the same request, by its idempotency key, is being carried out.
    #[error(
        "the server is still carrying out the same request (status 409{}) and asks to wait {} seconds",
        labelled(.request_id.as_deref()),
        .retry_after.as_secs()
    )]
    InProgress {
        /// How long the server asks to wait.
        retry_after: Duration,
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Status 422 for something to be created.
    #[error(
        "the idempotency key was used before with other values (status 422{}): something else needs another key",
        labelled(.request_id.as_deref())
    )]
    KeyReused {
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Status 400, 404, 409 or 422: what was sent, or what it was sent about, will not do.
    #[error(
        "the server rejects this (status {status}{}){}{}",
        labelled(.request_id.as_deref()),
        if *.replayed { ", as it did before with the same idempotency key" } else { "" },
        said(.message.as_deref())
    )]
    Rejected {
        /// The status.
        status: u16,
        /// What the server says to people about it. It has no fixed wording, so nothing may depend on it.
        message: Option<String>,
        /// Whether it only repeats what it said to the same idempotency key before.
        replayed: bool,
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// Any other status.
    #[error(
        "the server answered with status {status}, which is no answer to this call{}",
        labelled(.request_id.as_deref())
    )]
    Status {
        /// The status.
        status: u16,
        /// The server's id of the request.
        request_id: Option<String>,
    },

    /// A `Content-Encoding`, though `identity` was asked for.
    #[error("the answer is encoded as `{encoding}`, although plain bytes were asked for")]
    Encoding {
        /// The encoding.
        encoding: String,
    },

    /// A `Content-Type` that is not JSON.
    #[error("the answer is not JSON by its content type, {}", quoted(.content_type.as_deref(), "which is missing"))]
    ContentType {
        /// The content type, if there was one.
        content_type: Option<String>,
    },

    /// A body larger than [`Limits::body_bytes_max`](super::Limits::body_bytes_max).
    #[error("the answer is larger than the {limit_bytes} bytes allowed")]
    TooLarge {
        /// Size allowed in bytes.
        limit_bytes: u64,
    },

    /// A body that does not begin like a JSON object.
    #[error("the answer is not a JSON object")]
    NotAnObject,
}

impl Failure {
    /// What the failure asks of its reader.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Tls { .. }
            | Self::Network { .. }
            | Self::Silent { .. }
            | Self::Truncated { .. }
            | Self::Slow { .. }
            | Self::Deadline
            | Self::Busy { .. }
            | Self::InProgress { .. } => Class::Unreachable,
            Self::Unauthorized { .. } | Self::Forbidden { .. } => Class::Refused,
            Self::KeyReused { .. } | Self::Rejected { .. } => Class::Rejected,
            Self::Redirect { .. }
            | Self::Status { .. }
            | Self::Encoding { .. }
            | Self::ContentType { .. }
            | Self::TooLarge { .. }
            | Self::NotAnObject => Class::Unusable,
        }
    }

    /// Whether the server may have carried out a request that failed in this way.
    pub(super) fn may_have_taken_effect(&self) -> bool {
        match self {
            // Without a connection nothing was sent.
            Self::Tls { source, .. } | Self::Network { source, .. } | Self::Silent { source, .. } => {
                !source.is_connect()
            }
            // Beyond a limit nothing is begun; a gateway says 408 and 5xx of work that may go on behind it.
            Self::Busy { status, .. } => *status != 429,
            // A success of another kind; a status of 4xx is a refusal.
            Self::Status { status, .. } => *status < 400,
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::KeyReused { .. } | Self::Rejected { .. } => {
                false
            }
            // To redirect is one way to answer work that was done; the others are answers lost, late or unreadable.
            Self::Truncated { .. }
            | Self::Slow { .. }
            | Self::Deadline
            | Self::InProgress { .. }
            | Self::Redirect { .. }
            | Self::Encoding { .. }
            | Self::ContentType { .. }
            | Self::TooLarge { .. }
            | Self::NotAnObject => true,
        }
    }

    /// Whether the server looked at the values, and at the idempotency key if there was one, and refused.
    pub(super) const fn is_of_values(&self) -> bool {
        matches!(self, Self::KeyReused { .. } | Self::Rejected { .. })
    }

    /// Sorts an error met before the head of the answer was complete; `proxy` is the one between.
    pub(super) fn before_head(error: reqwest::Error, proxy: Option<&str>) -> Self {
        let source = error.without_url();
        let (fault, proxy) = (Fault::of(&source), proxy.map(Box::from));
        match () {
            () if fault.is_of_tls() => Self::Tls { fault, proxy, source },
            () if source.is_timeout() => Self::Silent { proxy, source },
            () => Self::Network { fault, proxy, source },
        }
    }

    /// Sorts an error met within the body. Its own kind does not help: a body cut off counts as a decoding error.
    pub(super) fn within_body(error: reqwest::Error, received_bytes: u64, proxy: Option<&str>) -> Self {
        let source = error.without_url();
        if source.is_timeout() {
            Self::Silent { proxy: proxy.map(Box::from), source }
        } else {
            Self::Truncated { received_bytes, source }
        }
    }
}

fn labelled(request_id: Option<&str>) -> String {
    request_id.map(|id| format!(", request id `{id}`")).unwrap_or_default()
}

fn through(proxy: Option<&str>) -> String {
    proxy.map(|proxy| format!(", asked through the proxy `{proxy}`")).unwrap_or_default()
}

fn said(message: Option<&str>) -> String {
    message.map(|message| format!(", saying: {message}")).unwrap_or_default()
}

fn quoted<'a>(text: Option<&'a str>, otherwise: &'a str) -> Cow<'a, str> {
    text.map_or(Cow::Borrowed(otherwise), |text| Cow::Owned(format!("`{text}`")))
}
