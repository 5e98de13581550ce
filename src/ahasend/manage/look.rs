//! Whether a change is in effect, told from the thing as the API shows it.
//!
//! The server keeps a text trimmed, the host of a website, and an address as a CIDR block; here both sides are brought
//! to one form. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use url::Url;

use crate::ahasend::wire::{Account, ApiKey, shown};
use crate::ahasend::{AccountChange, KeyChange, NewAccount};

impl AccountChange {
    /// Whether `account` has all values that were to change.
    pub(super) fn is_in(&self, account: &Account) -> bool {
        let credit = |wanted| i64::try_from(wanted).is_ok_and(|wanted| wanted == account.monthly_credit);
        self.name.as_ref().is_none_or(|wanted| shown(wanted.trim()) == account.name)
            && self.website.as_ref().is_none_or(|wanted| host(wanted) == host(&account.website))
            && self.monthly_credit.is_none_or(credit)
    }
}

impl KeyChange {
    /// Whether `key` has all values that were to change; the order within a list does not matter.
    pub(super) fn is_in(&self, key: &ApiKey) -> bool {
        self.label.as_ref().is_none_or(|wanted| shown(wanted.trim()) == shown(key.label.trim()))
            && self.scopes.as_ref().is_none_or(|wanted| scopes(wanted) == scopes(&key.scopes))
            && self.ip_allow_list.as_ref().is_none_or(|wanted| networks(wanted) == networks(&key.ip_allow_list))
    }
}

impl NewAccount {
    /// The part of the website that the API keeps, in lower case: the same for a domain and for a URL of it.
    #[must_use]
    pub fn host(&self) -> String {
        host(&self.website)
    }
}

/// The host of a website, given as a domain or as a URL; in lower case either way. What has no host is left as it is.
fn host(website: &str) -> String {
    let website = website.trim();
    let url = if website.contains("://") { website.to_owned() } else { format!("http://{website}") };
    let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| website.to_lowercase())
}

fn scopes(scopes: &[String]) -> BTreeSet<String> {
    scopes.iter().map(|scope| shown(scope.trim())).collect()
}

/// The blocks of an allow list, each once; an entry that is none stands for itself.
fn networks(entries: &[String]) -> BTreeSet<Result<(IpAddr, u32), &str>> {
    entries.iter().map(|entry| network(entry.trim()).ok_or(entry.trim())).collect()
}

/// A CIDR block without its host bits; a bare address is the block of this one address.
fn network(entry: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = entry.split_once('/').map_or((entry, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(bits), |length| length.parse().ok()).filter(|length| *length <= bits)?;
    let address = match address {
        IpAddr::V4(address) => {
            IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(bits - length).unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(bits - length).unwrap_or(0)).into())
        }
    };
    Some((address, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_website_is_its_host_in_lower_case() {
        for wanted in ["acme.test", "ACME.test", " acme.test ", "https://acme.test/a?b", "http://Acme.Test:8080"] {
            assert_eq!(host(wanted), "acme.test", "{wanted}");
        }
        assert_ne!(host("https://www.acme.test"), "acme.test");
        assert_eq!(host("Bücher.test"), "xn--bcher-kva.test");
        assert_eq!(host(""), "");
    }

    #[test]
    fn an_allow_list_is_a_set_of_blocks_without_host_bits() {
        let networks = |entries: &[&str]| {
            let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
            networks(&entries).into_iter().map(|entry| entry.map_err(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(networks(&["203.0.113.9/24", "198.51.100.7"]), networks(&["198.51.100.7/32", "203.0.113.0/24"]));
        assert_eq!(networks(&["2001:DB8:0::1/32"]), networks(&["2001:db8::/32", "2001:db8::/32"]));
        assert_eq!(networks(&["1.2.3.4/0"]), networks(&["0.0.0.0/0"]));
        assert_ne!(networks(&["203.0.113.0/24"]), networks(&["203.0.113.0/25"]));
        for entry in ["1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3", "here"] {
            assert_eq!(networks(&[entry]), [Err(entry.to_owned())]);
        }
    }
}
