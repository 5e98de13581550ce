//! Where a one-time secret goes: prepared before it is asked for, because it is shown only once.

use std::io::Write as _;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{SecretPlace, done};
use crate::commands::Outcome;
use crate::failure::{Effect, Failure, Kind};
use crate::publish::secret::SecretFile;

/// A place that is ready to take a secret.
pub(super) enum Ready {
    File(SecretFile),
    Stdout,
}

/// A result that goes along with a secret.
pub(super) struct Told {
    /// What people read.
    pub(super) text: String,
    /// What programs read, without the secret.
    pub(super) json: Value,
    /// The last line on stderr.
    pub(super) next: String,
    /// What to do if the secret does not arrive.
    pub(super) if_lost: String,
}

impl Ready {
    /// Makes the file, or fails before anything has been asked of the API.
    pub(super) fn prepare(place: &SecretPlace) -> Result<Self, Failure> {
        let SecretPlace::File(path) = place else { return Ok(Self::Stdout) };
        let made = SecretFile::create(path).map_err(|error| {
            let doing = format!("the secret has no place, `{}` cannot be made", path.display());
            let failure = Failure::new(Kind::Usage, doing).because(error).then("nothing was done");
            let hint =
                "name a file that is not there yet, in a folder that is; what holds something is never overwritten";
            failure.hint(hint).came_to(Effect::NotDone)
        })?;
        Ok(Self::File(made))
    }

    /// Puts the secret in its place, and tells the rest.
    pub(super) fn keep(self, secret: &SecretString, told: Told) -> Result<Outcome, Failure> {
        let Told { text, mut json, next, if_lost } = told;
        match self {
            Self::Stdout => {
                // the secret is alone on stdout, so that it can be piped
                let _ = write!(std::io::stderr(), "{text}");
                merge(&mut json, json!({ "secret_key": secret.expose_secret() }));
                let outcome = done(format!("{}\n", secret.expose_secret()), json, &next);
                Ok(Outcome { if_lost: Some(if_lost), ..outcome })
            }
            Self::File(file) => {
                let path = file.path().display().to_string();
                file.keep(secret.expose_secret()).map_err(|error| {
                    let doing = format!("the key was created, but its secret could not be written to `{path}`");
                    let failure = Failure::new(Kind::NotPublished, doing).because(error).came_to(Effect::Done);
                    failure.hint(if_lost).then("do what the hint says")
                })?;
                merge(&mut json, json!({ "secret_file": path }));
                Ok(done(format!("{text}secret in {path}\n"), json, &next))
            }
        }
    }
}

/// Adds the fields of one object to another.
fn merge(into: &mut Value, fields: Value) {
    if let (Some(into), Value::Object(fields)) = (into.as_object_mut(), fields) {
        into.extend(fields);
    }
}
