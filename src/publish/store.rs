//! The object store that an archive or a mirror is on, by its URL: its settings, its credentials, and how long it is tried.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme, RetryConfig};
use url::Url;

/// How long a store is tried before it is taken for away. What it does not take goes to the spool, so that a night need not
/// wait for it.
pub const STORE_PATIENCE: Duration = Duration::from_mins(1);
/// Requests for one and the same thing; the time decides before that.
const ATTEMPT_COUNT_MAX: usize = 20;

/// How to reach an object store. Values are never shown.
#[derive(Clone)]
pub struct StoreOptions {
    /// Its own settings and credentials, by their usual names in lower case.
    pub settings: Vec<(String, String)>,
    /// How long one request is tried.
    pub patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { settings: Vec::new(), patience: STORE_PATIENCE }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.settings.iter().map(|(name, _)| name).collect();
        f.debug_struct("StoreOptions").field("settings", &names).field("patience", &self.patience).finish()
    }
}

/// The settings of a builder that knows them by name; what it does not know is another store's.
macro_rules! built {
    ($builder:ty, $url:expr, $options:expr) => {{
        let retry =
            RetryConfig { retry_timeout: $options.patience, max_retries: ATTEMPT_COUNT_MAX, ..RetryConfig::default() };
        let builder = <$builder>::new().with_url($url.as_str()).with_retry(retry);
        let builder = $options.settings.iter().fold(builder, |builder, (name, value)| match name.parse() {
            Ok(name) => builder.with_config(name, value),
            Err(_) => builder,
        });
        Arc::new(builder.build()?)
    }};
}

/// The folder of a location that is local: a path, or a `file://` URL. Nothing for one in an object store.
pub fn local_folder(location: &str) -> Option<PathBuf> {
    match location.split_once("://") {
        Some(("file", _)) => Url::parse(location).ok()?.to_file_path().ok(),
        Some(_) => None,
        None => Some(PathBuf::from(location)),
    }
}

/// The store of a URL, and the path in it that the URL names.
///
/// # Errors
///
/// The store's own, and one for an address with a password, which every failed request would show.
pub fn connect(url: &Url, options: &StoreOptions) -> object_store::Result<(Arc<dyn ObjectStore>, Path)> {
    // the store's own HTTP client finds its cryptography here; that it was installed before is as good
    let _ = rustls::crypto::ring::default_provider().install_default();
    // theirs show the whole address
    let refused = |problem: &str| object_store::Error::Generic { store: "subledger", source: problem.into() };
    if url.password().is_some() {
        return Err(refused("there is a password in the address; credentials come from the environment"));
    }
    let (scheme, path) = ObjectStoreScheme::parse(url).map_err(|_| refused("there is no such kind of store"))?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => built!(AmazonS3Builder, url, options),
        ObjectStoreScheme::GoogleCloudStorage => built!(GoogleCloudStorageBuilder, url, options),
        ObjectStoreScheme::MicrosoftAzure => built!(MicrosoftAzureBuilder, url, options),
        _ => object_store::parse_url(url)?.0.into(),
    };
    Ok((store, path))
}
