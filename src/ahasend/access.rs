//! The way to the server: which address and which key are accepted, and the connection they are used on.
//!
//! It must never show the key, and never quote a base URL: a refused one may hold a password.

use std::net::Ipv6Addr;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};
use uuid::Uuid;

use super::{Error, Limits};

/// What every secret key of the API begins with.
pub const SECRET_KEY_START: &str = "aha-sk-";
/// Longest key in bytes. The API's keys have 71; a whole file pasted by mistake is longer.
const KEY_BYTES_MAX: usize = 512;

/// How the client names itself to the server.
const USER_AGENT: &str = concat!("subledger/", env!("CARGO_PKG_VERSION"));

/// The address below which all sub accounts of `account_id` live.
pub(super) fn sub_accounts_url(mut base: Url, account_id: Uuid) -> Result<Url, Error> {
    check_base_url(&base).map_err(|rule| Error::BaseUrl { rule })?;
    let path = base.path().trim_end_matches('/');
    let prefix = path.strip_suffix("/v2").unwrap_or(path).trim_end_matches('/');
    let path = format!("{prefix}/v2/accounts/{account_id}/sub-accounts");
    base.set_path(&path);
    Ok(base)
}

fn check_base_url(base: &Url) -> Result<(), &'static str> {
    match base.scheme() {
        "https" => {}
        "http" if is_loopback(base) => {}
        "http" => return Err("`http` is for loopback hosts only, use `https`"),
        _ => return Err("it must begin with `https://`"),
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("it must not hold a user name or password");
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err("it must not hold a query or fragment");
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// The `Authorization` header for `key`, marked so that no `Debug` output shows it.
pub(super) fn authorization(key: &SecretString) -> Result<HeaderValue, Error> {
    let key = key.expose_secret();
    check_key(key).map_err(|rule| Error::Key { rule })?;
    let mut header =
        HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| Error::Key { rule: "it must fit into a header" })?;
    header.set_sensitive(true);
    Ok(header)
}

fn check_key(key: &str) -> Result<(), &'static str> {
    const PREFIX: &[u8] = b"Bearer ";
    let key = key.as_bytes();
    if key.is_empty() {
        return Err("it must not be empty");
    }
    if key.len() > KEY_BYTES_MAX {
        return Err("it must have at most 512 bytes");
    }
    if key.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
        return Err("it must not begin with `Bearer `, which is added when it is sent");
    }
    if key.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`')) {
        return Err("it must not hold quotes");
    }
    if !key.iter().all(u8::is_ascii_graphic) {
        return Err("it must hold visible ASCII characters only: no space, no line break");
    }
    Ok(())
}

/// Host and port of the proxy that the HTTP client asks for connections to `url`. It may need a password to be asked,
/// which is not in here.
pub(super) fn proxy(url: &Url) -> Option<String> {
    let url: hyper::Uri = url.as_str().parse().ok().filter(|_| !is_loopback(url))?;
    // the very rules that the HTTP client goes by
    let proxy = Matcher::from_system().intercept(&url)?;
    let authority = proxy.uri().authority()?.as_str();
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned())
}

/// A connection pool that sends `authorization` with every request and adds nothing of its own:
/// no redirects, no decompression, no retries, no `Referer`.
pub(super) fn http_client(url: &Url, authorization: HeaderValue, limits: &Limits) -> Result<reqwest::Client, Error> {
    // An error says that the process has its provider already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, authorization),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ]);
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(limits.connect_timeout)
        .read_timeout(limits.read_timeout);
    if is_loopback(url) {
        // Through a proxy, a plain-text key meant for this machine would leave it.
        builder = builder.no_proxy();
    }
    builder = if url.scheme() == "https" {
        builder.https_only(true)
    } else {
        // No TLS, so a machine without trust anchors will do.
        builder.tls_certs_only([])
    };
    builder.build().map_err(|source| Error::Setup { source: source.without_url() })
}
