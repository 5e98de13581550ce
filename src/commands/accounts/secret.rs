//! Where a one-time secret goes: prepared before it is asked for, because it is shown only once.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::SecretPlace;
use crate::failure::{Failure, Kind};
use crate::publish::secret::SecretFile;

/// A place that is ready to take a secret.
pub(super) enum Ready {
    File(SecretFile),
    Stdout,
}

/// A secret in its place, as the result shows it.
pub(super) struct Placed {
    /// Lines for people; with the secret itself alone on the first line, if stdout is its place.
    pub(super) text: String,
    /// Fields for programs.
    pub(super) json: Value,
}

impl Ready {
    /// Makes the file, or fails before anything has been asked of the API.
    pub(super) fn prepare(place: &SecretPlace) -> Result<Self, Failure> {
        let SecretPlace::File(path) = place else { return Ok(Self::Stdout) };
        let made = SecretFile::create(path).map_err(|error| {
            let doing = format!("the secret has no place, `{}` cannot be made", path.display());
            let failure = Failure::new(Kind::Usage, doing).because(error).then("nothing was done");
            failure.hint("name a file that is not there yet; one that holds something is never overwritten")
        })?;
        Ok(Self::File(made))
    }

    /// Puts the secret in its place.
    pub(super) fn keep(self, secret: &SecretString) -> Result<Placed, Failure> {
        match self {
            Self::Stdout => Ok(Placed {
                text: format!("{}\n", secret.expose_secret()),
                json: json!({ "secret_key": secret.expose_secret() }),
            }),
            Self::File(file) => {
                let path = file.path().display().to_string();
                file.keep(secret.expose_secret()).map_err(|error| {
                    Failure::new(Kind::NotPublished, format!("the secret could not be written to `{path}`"))
                        .because(error)
                        .then("run the same command again within 5 minutes, with another place for the secret")
                })?;
                Ok(Placed { text: format!("secret in {path}\n"), json: json!({ "secret_file": path }) })
            }
        }
    }
}
