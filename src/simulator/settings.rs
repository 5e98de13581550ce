//! How a simulated API is served: where, to whom, at what pace, and with what faults.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::fault::Fault;

/// The scope that grants all others.
const ALL: &str = "*";

/// The scopes that the operations on sub accounts and their keys ask for, and the one that grants them all.
pub const SCOPES: [&str; 9] = [
    "sub-accounts:read",
    "sub-accounts:write",
    "sub-accounts:delete",
    "sub-accounts:suspend",
    "sub-accounts:usage",
    "sub-account-api-keys:read",
    "sub-account-api-keys:write",
    "sub-account-api-keys:delete",
    ALL,
];

/// A key of the parent account.
#[derive(Clone, PartialEq, Eq)]
pub struct ParentKey {
    /// What opens the API; never shown.
    pub secret: String,
    /// What it opens.
    pub scopes: Vec<String>,
}

impl ParentKey {
    /// A key that may do everything.
    pub fn all_powerful(secret: String) -> Self {
        Self { secret, scopes: vec![ALL.to_owned()] }
    }

    pub(super) fn grants(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope || granted == ALL)
    }
}

impl fmt::Debug for ParentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ParentKey").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// A scope that some operation asks for, or the one for all.
pub fn parse_scope(text: &str) -> Result<String, String> {
    let text = text.trim();
    let problem = || format!("`{}` is none of {}", text.escape_debug(), SCOPES.join(", "));
    if SCOPES.contains(&text) { Ok(text.to_owned()) } else { Err(problem()) }
}

/// How a world is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen; port 0 is any that is free.
    pub address: SocketAddr,
    /// The keys of the parent account.
    pub keys: Vec<ParentKey>,
    /// World seconds per real second: 0 stands still.
    pub pace: u32,
    /// Whether more than 100 requests a second are refused.
    pub rate_limit: bool,
    /// Whether the control endpoints answer to other machines.
    pub control_from_anywhere: bool,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// The chance of faults, and the secrets of keys that are added later.
    pub seed: u64,
}

impl Settings {
    /// A free loopback port and one key for everything; time stands still, and nothing goes wrong or is limited.
    pub fn with_key(secret: String) -> Self {
        Self {
            // loopback, because the key travels without TLS
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            keys: vec![ParentKey::all_powerful(secret)],
            pace: 0,
            rate_limit: false,
            control_from_anywhere: false,
            faults: Vec::new(),
            seed: 0,
        }
    }
}

/// A secret in the shape of the real ones.
pub(super) fn new_secret(chance: &mut fastrand::Rng) -> String {
    const CHARS: usize = 64;
    let random: String = (0..CHARS).map(|_| chance.alphanumeric()).collect();
    format!("aha-sk-{random}")
}

/// The parent's key of a seeded simulation: the same seed, the same key.
pub fn seeded_secret(seed: u64) -> String {
    // the world draws from the same seed, and the two must not draw alike
    new_secret(&mut fastrand::Rng::with_seed(seed ^ 0x7375_626c_6564_6765))
}
