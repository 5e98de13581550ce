//! Webhooks: a POST of JSON, signed where there is a secret.

use std::error::Error as _;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};

use super::{Error, TIMEOUT};
use crate::sha256;

/// The header with the signature of the body: `sha256=` and the HMAC in hex.
const SIGNATURE: &str = "x-subledger-signature";

/// A webhook. Its address is a secret, because whoever has it can write there.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where it is.
    pub url: SecretString,
    /// What its messages are signed with.
    pub secret: Option<SecretString>,
}

impl Hook {
    pub(super) async fn post(&self, channel: &'static str, body: String) -> Result<(), Error> {
        let unreachable = |error: reqwest::Error| Error::Unreachable { channel, problem: without_url(error) };
        let client = client().map_err(unreachable)?;
        let mut request = client.post(self.url.expose_secret()).header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.secret {
            let signature = sha256::hmac_hex(secret.expose_secret().as_bytes(), body.as_bytes());
            request = request.header(SIGNATURE, format!("sha256={signature}"));
        }
        let answer = request.body(body).send().await.map_err(unreachable)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Error::Refused { channel, problem: format!("it answered {status}") }),
        }
    }
}

/// A client that follows nobody elsewhere.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    // an error says that the process has its provider already, which is all that is wanted
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("subledger/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .timeout(TIMEOUT)
        .build()
}

/// What went wrong, without the address.
pub(super) fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}
