//! Telling people and programs what came of a night: one file per channel.
//!
//! A channel that is dead is logged and changes nothing: the night is what it is, whoever hears of it.

mod email;
pub mod github;
mod heartbeat;
mod message;
pub mod metrics;
mod topics;
mod webhook;

use std::time::Duration;

use url::{Host, Url};

pub use self::email::Mail;
pub use self::heartbeat::{Beat, beat};
pub use self::message::Message;
pub use self::topics::{News, Topic, Topics, news, of_ledger};
pub use self::webhook::Hook;

/// The longest that one channel may take: the night is over, and nobody waits for it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Channel {
    /// A webhook that takes what Slack's take.
    Slack(Hook),
    /// A webhook that takes our own JSON, signed.
    Json(Hook),
    /// A mail server.
    Email(Mail),
}

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other end cannot be reached, or says nothing in time.
    #[error("{channel} cannot be reached: {problem}")]
    Unreachable {
        /// Which channel, without its address, which is a secret.
        channel: &'static str,
        /// What kind of trouble it was.
        problem: String,
    },
    /// The other end does not take it.
    #[error("{channel} refused it: {problem}")]
    Refused {
        /// Which channel.
        channel: &'static str,
        /// What it said.
        problem: String,
    },
}

impl Channel {
    fn name(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Json(_) => "json",
            Self::Email(_) => "email",
        }
    }

    async fn tell(&self, message: &Message) -> Result<(), Error> {
        match self {
            Self::Slack(hook) => hook.post("slack", message.slack()).await,
            Self::Json(hook) => hook.post("json", message.json()).await,
            Self::Email(mail) => mail.send(message).await,
        }
    }
}

/// Tells all channels, side by side. Whether it arrived anywhere.
pub async fn tell(channels: &[&Channel], message: &Message) -> bool {
    let arrived = futures_util::future::join_all(channels.iter().map(|channel| arrives(channel, message))).await;
    arrived.contains(&true)
}

async fn arrives(channel: &Channel, message: &Message) -> bool {
    let late = |_| Error::Unreachable { channel: channel.name(), problem: format!("no answer after {TIMEOUT:?}") };
    let told = tokio::time::timeout(TIMEOUT, channel.tell(message)).await;
    if let Err(error) = told.map_err(late).and_then(|told| told) {
        tracing::warn!(%error, "a message did not arrive; the night is as it is");
        return false;
    }
    true
}

/// An address that may be told of our customers: encrypted, or on this machine.
pub fn checked_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "is no URL; it begins with https://")?;
    match (url.scheme(), is_loopback(&url)) {
        ("https", _) | ("http", true) => Ok(url),
        ("http", false) => Err("must begin with https://; http:// is for this machine only"),
        _ => Err("must begin with https://"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
