//! After publishing: the mirror of the report sets. They can be made again, so that what cannot be copied is only logged,
//! and made up for by the next run.

use uuid::Uuid;

use super::Signals;
use crate::config::Config;
use crate::failure::{Failure, in_one_line};
use crate::publish::mirror::{Mirror, MirrorError, Mirrored};

/// Copies every report set of the account that the mirror does not have, if there is a mirror.
pub async fn mirror(config: &Config, account_id: Uuid, signals: &Signals) {
    let Some(location) = &config.storage.mirror else { return };
    let label = &config.label(account_id);
    let copying = async { Ok(copy(config, location, label, signals).await.map_err(|error| in_one_line(&error))) };
    // whatever becomes of the copies, the night is what it is
    match Failure::guard_waiting(copying).await {
        Ok(Ok(Mirrored { sets, others })) => {
            if sets > 0 {
                tracing::info!(sets, "the mirror has what it lacked");
            }
            for set in others {
                tracing::warn!(set = %set.display(), "the mirror has another set of this name, which stays as it is");
            }
        }
        Ok(Err(problem)) => tracing::warn!(problem, "report sets were not mirrored; the next run tries again"),
        Err(failure) => tracing::warn!(%failure, "report sets were not mirrored; the next run tries again"),
    }
}

async fn copy(config: &Config, location: &str, label: &str, signals: &Signals) -> Result<Mirrored, MirrorError> {
    let mirror = Mirror::open(location, &config.storage.options)?;
    mirror.follow(&config.storage.reports.join(label), label, &|| signals.check().is_ok()).await
}
