//! What the API accepts: every limit on names, websites, caps, reasons, labels, scopes and addresses.
//!
//! Words are the vendor's where its documentation gives them and plausible where it does not. Must never look at the
//! world: a rule is about one value.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::volume::MESSAGES_MAX;
use super::{Refused, time};

/// Longest name, website and label, in characters.
const TEXT_CHARS_MAX: usize = 255;
/// Longest reason of a suspension, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Largest cap, in messages a month.
pub(super) const MONTHLY_CREDIT_MAX: u64 = 1_000_000_000;
/// Most entries of an IP allow list.
const IP_COUNT_MAX: usize = 100;
/// Longest label of a domain name, in bytes.
const DOMAIN_LABEL_BYTES_MAX: usize = 63;

/// The first words of the scopes that a sub account's key can have.
const SCOPE_FAMILIES: [&str; 10] = [
    "accounts",
    "api-keys",
    "domains",
    "messages",
    "routes",
    "smtp-credentials",
    "statistics-transactional",
    "suppressions",
    "webhooks",
    "members",
];

fn invalid<T>(message: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Invalid(message.into()))
}

/// A name, trimmed.
pub(super) fn name(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    match text.chars().count() {
        0 => invalid("name is required"),
        1..=TEXT_CHARS_MAX => Ok(text.to_owned()),
        _ => invalid("name must be at most 255 characters"),
    }
}

/// A website, reduced to its host: an `http` or `https` address and a bare domain are both accepted.
pub(super) fn website(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return invalid("website is required");
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return invalid("website must be at most 255 characters");
    }
    let lower = text.to_ascii_lowercase();
    let host = match lower.split_once("://") {
        Some(("http" | "https", rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { "" }
        }
        Some(_) => "",
        None => lower.as_str(),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if is_domain(host) { Ok(host.to_owned()) } else { invalid("website must be a valid domain or http(s) URL") }
}

fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=DOMAIN_LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.') && host.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A cap; 0 means uncapped.
pub(super) fn monthly_credit(credit: i64) -> Result<u64, Refused> {
    match u64::try_from(credit) {
        Ok(credit) if credit <= MONTHLY_CREDIT_MAX => Ok(credit),
        _ => invalid("monthly_credit must be between 0 and 1000000000"),
    }
}

/// How many messages an account is told to send at once.
pub(super) fn messages(count: u64) -> Result<u64, Refused> {
    if count <= MESSAGES_MAX { Ok(count) } else { invalid("messages must be at most 1000000000000") }
}

/// An instant that time is to reach, as the clock shows it.
pub(super) fn instant(to: DateTime<Utc>) -> Result<DateTime<Utc>, Refused> {
    if to <= time::latest() { Ok(time::tick(to)) } else { invalid("time ends with the year 9998") }
}

/// The reason of a suspension.
pub(super) fn reason(text: &str) -> Result<(), Refused> {
    match text.chars().count() {
        _ if text.trim().is_empty() => invalid("reason is required"),
        0..=REASON_CHARS_MAX => Ok(()),
        _ => invalid("reason must be at most 500 characters"),
    }
}

/// The label of a key.
pub(super) fn label(text: &str) -> Result<String, Refused> {
    match text.chars().count() {
        0 => invalid("label is required"),
        1..=TEXT_CHARS_MAX => Ok(text.to_owned()),
        _ => invalid("label must be at most 255 characters"),
    }
}

/// The scopes of a key; the same one twice is one.
pub(super) fn scopes(texts: &[String]) -> Result<Vec<String>, Refused> {
    if texts.is_empty() {
        return invalid("at least one scope is required");
    }
    if let Some(unknown) = texts.iter().find(|text| !is_scope(text)) {
        return invalid(format!("invalid scope: {}", unknown.escape_debug().take(80).collect::<String>()));
    }
    let mut seen = BTreeSet::new();
    Ok(texts.iter().filter(|text| seen.insert(text.as_str())).cloned().collect())
}

fn is_scope(text: &str) -> bool {
    let mut words = text.split(':');
    let family = words.next().unwrap_or_default();
    let known = SCOPE_FAMILIES.contains(&family);
    let plain = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    let count = words.clone().count();
    text == "*" || (known && (1..=2).contains(&count) && words.all(plain))
}

/// An IP allow list in its canonical form: blocks with their host bits masked, each once.
pub(super) fn ip_allow_list(texts: &[String]) -> Result<Vec<String>, Refused> {
    let mut list: Vec<String> = Vec::new();
    for text in texts {
        let Some(block) = canonical_block(text) else { return invalid("invalid ip_allow_list entry") };
        if block == "0.0.0.0/0" || block == "::/0" {
            return invalid("ip_allow_list must not allow all addresses");
        }
        if list.contains(&block) {
            continue;
        }
        if list.len() == IP_COUNT_MAX {
            return invalid("ip_allow_list must have at most 100 entries");
        }
        list.push(block);
    }
    Ok(list)
}

fn canonical_block(text: &str) -> Option<String> {
    let (address, bits) = match text.split_once('/') {
        // a number may begin with a plus sign, a prefix length may not
        Some((_, bits)) if !bits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u32>().ok()?)),
        None => (text.parse::<IpAddr>().ok()?, None),
    };
    match address {
        IpAddr::V4(address) => {
            let bits = bits.unwrap_or(32);
            let shift = 32_u32.checked_sub(bits)?;
            let mask = u32::MAX.checked_shl(shift).unwrap_or(0);
            Some(format!("{}/{bits}", std::net::Ipv4Addr::from_bits(address.to_bits() & mask)))
        }
        IpAddr::V6(address) => {
            let bits = bits.unwrap_or(128);
            let shift = 128_u32.checked_sub(bits)?;
            let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
            Some(format!("{}/{bits}", std::net::Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_become_hosts() {
        for (sent, stored) in [
            ("acme.example.com", "acme.example.com"),
            ("https://acme.example.com", "acme.example.com"),
            ("HTTP://Acme.Example.com:8080/path?query#part", "acme.example.com"),
            (" acme.example.com. ", "acme.example.com"),
        ] {
            assert_eq!(website(sent).as_deref(), Ok(stored), "{sent}");
        }
        for sent in
            ["", "acme", "ftp://acme.example.com", "acme example.com", "-acme.example.com", "https://", "1.2.3.4"]
        {
            assert!(website(sent).is_err(), "{sent}");
        }
        assert!(website(&format!("{}.example.com", "a".repeat(64))).is_err());
        assert!(website(&format!("https://a.example.com/{}", "a".repeat(255))).is_err());
    }

    #[test]
    fn limits_count_characters_after_trimming() {
        assert_eq!(name("  Müller  ").as_deref(), Ok("Müller"));
        assert!(name(" \t ").is_err());
        assert!(name(&"ü".repeat(255)).is_ok());
        assert!(name(&"ü".repeat(256)).is_err());
        assert!(reason(&"ü".repeat(500)).is_ok());
        assert!(reason(&"ü".repeat(501)).is_err());
        assert!(reason("  ").is_err());
        assert_eq!([monthly_credit(0), monthly_credit(1_000_000_000)], [Ok(0), Ok(1_000_000_000)]);
        assert!(monthly_credit(-1).is_err() && monthly_credit(1_000_000_001).is_err());
    }

    #[test]
    fn scopes_are_known_and_blocks_are_canonical() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for good in ["messages:send:all", "messages:send:{example.com}", "domains:read", "*"] {
            assert!(scopes(&texts(&[good])).is_ok(), "{good}");
        }
        for bad in ["", "messages", "sub-accounts:read", "sub-account-api-keys:write", "mail:send", "a:b:c:d"] {
            assert!(scopes(&texts(&[bad])).is_err(), "{bad}");
        }
        assert_eq!(scopes(&texts(&["domains:read", "domains:read"])).unwrap().len(), 1);
        let list = ["203.0.113.77/24", "198.51.100.7", "203.0.113.0/24", "2001:db8::1", "2001:db8::1/32"];
        let expected = ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::1/128", "2001:db8::/32"];
        assert_eq!(ip_allow_list(&texts(&list)).unwrap(), expected);
        for bad in ["0.0.0.0/0", "::/0", "1.2.3.4/0", "1.2.3.4/33", "1.2.3.4/+8", "1.2.3.4/", "1.2.3", ""] {
            assert!(ip_allow_list(&texts(&[bad])).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=100).map(|number| format!("10.0.0.{number}")).collect();
        assert!(ip_allow_list(&many).is_err() && ip_allow_list(&many[1..]).is_ok());
        let same = vec!["10.0.0.1".to_owned(); 101];
        assert_eq!(ip_allow_list(&same).unwrap().len(), 1, "what is there twice counts once");
    }

    #[test]
    fn numbers_and_instants_have_an_end() {
        assert_eq!(messages(MESSAGES_MAX), Ok(MESSAGES_MAX));
        assert!(messages(MESSAGES_MAX + 1).is_err() && messages(u64::MAX).is_err());
        assert_eq!(instant(time::latest()), Ok(time::latest()));
        assert!(instant(DateTime::<Utc>::MAX_UTC).is_err());
    }
}
