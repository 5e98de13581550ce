//! Heartbeats: a service that expects to hear of every run, and raises the alarm when it does not.
//!
//! The addresses are those of healthchecks.io and of what speaks like it: `/start` before, and the exit code after.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::webhook::{client, without_url};

/// What is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// A run begins.
    Start,
    /// A run is over, with this exit code.
    End(u8),
}

/// Lets it be heard; that nobody hears it is logged.
pub async fn beat(url: &SecretString, beat: Beat) {
    let Some(url) = address(url.expose_secret(), beat) else { return };
    let sent = async { client()?.get(url).send().await?.error_for_status() };
    if let Err(error) = sent.await {
        tracing::warn!(problem = without_url(error), "the heartbeat was not heard; the night is as it is");
    }
}

fn address(base: &str, beat: Beat) -> Option<Url> {
    let mut url = Url::parse(base).ok()?;
    let last = match beat {
        Beat::Start => "start".to_owned(),
        Beat::End(code) => code.to_string(),
    };
    url.path_segments_mut().ok()?.pop_if_empty().push(&last);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_service() {
        for (base, beat, expected) in [
            ("https://hc-ping.com/1234", Beat::Start, "https://hc-ping.com/1234/start"),
            ("https://hc-ping.com/1234/", Beat::End(0), "https://hc-ping.com/1234/0"),
            ("https://ping.example/a?rid=5", Beat::End(21), "https://ping.example/a/21?rid=5"),
        ] {
            assert_eq!(address(base, beat).map(String::from).as_deref(), Some(expected));
        }
    }
}
