//! `[[notify]]` and `[monitoring]`: who is told, and what watches.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::key::secret_of;
use crate::config::{Error, Monitoring, Surroundings, optional, setting};
use crate::notify::{Channel, Hook, Mail, checked_url};

/// One channel, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notify {
    kind: Kind,
    url_env: Option<String>,
    url_file: Option<String>,
    secret_env: Option<String>,
    secret_file: Option<String>,
    smtp: Option<String>,
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<String>,
    from: Option<String>,
    #[serde(default)]
    to: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Slack,
    Json,
    Email,
}

/// What watches, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MonitoringSettings {
    textfile: Option<String>,
    heartbeat_env: Option<String>,
    heartbeat_file: Option<String>,
}

/// Where secrets are looked for.
#[derive(Clone, Copy)]
pub(super) struct Places<'p> {
    pub(super) folder: &'p Path,
    pub(super) surroundings: &'p Surroundings,
}

impl Notify {
    pub(super) fn channel(&self, places: Places<'_>) -> Result<Channel, Error> {
        match self.kind {
            Kind::Slack | Kind::Json => {
                let url = places.secret("notify.url", self.url_env.as_ref(), self.url_file.as_ref())?;
                let url = url.ok_or_else(|| {
                    setting("notify", "has no `url_env` and no `url_file`: a hook's address is a secret")
                })?;
                let secret = places.secret("notify.secret", self.secret_env.as_ref(), self.secret_file.as_ref())?;
                let hook = Hook { url: checked(&url, "notify.url")?, secret };
                Ok(if self.kind == Kind::Slack { Channel::Slack(hook) } else { Channel::Json(hook) })
            }
            Kind::Email => {
                let missing = |name: &str| setting(&format!("notify.{name}"), "is missing, and email needs it");
                let server = self.smtp.clone().ok_or_else(|| missing("smtp"))?;
                let is_server = ["smtp://", "smtps://"].iter().any(|start| server.starts_with(start));
                if !is_server || server.contains('@') {
                    let problem = "is `smtps://HOST` or `smtp://HOST:587?tls=required`; the user is `user`";
                    return Err(setting("notify.smtp", problem));
                }
                let mailbox = |name: &str, text: &str| {
                    text.parse().map_err(|_| setting(&format!("notify.{name}"), "is no address, as in `a@example.com`"))
                };
                let to: Result<Vec<_>, Error> = self.to.iter().map(|to| mailbox("to", to)).collect();
                let to = to?;
                if to.is_empty() {
                    return Err(missing("to"));
                }
                let password =
                    places.secret("notify.password", self.password_env.as_ref(), self.password_file.as_ref())?;
                let from = mailbox("from", self.from.as_deref().ok_or_else(|| missing("from"))?)?;
                Ok(Channel::Email(Mail { server, user: self.user.clone(), password, from, to }))
            }
        }
    }
}

impl MonitoringSettings {
    /// What watches. `label` is that of a parent account that is watched together with others.
    pub(super) fn monitoring(&self, places: Places<'_>, label: Option<&str>) -> Monitoring {
        const HEARTBEAT: &str = "monitoring.heartbeat";
        let heartbeat = places.secret(HEARTBEAT, self.heartbeat_env.as_ref(), self.heartbeat_file.as_ref());
        let heartbeat = heartbeat.and_then(|url| {
            let own = url.map(|url| own_address(&url, label)).transpose()?;
            own.map(|url| checked(&url, HEARTBEAT)).transpose()
        });
        Monitoring {
            textfile: self.textfile.as_ref().map(|path| places.folder.join(path)),
            heartbeat: heartbeat.transpose().map(optional),
            step_summary: places.surroundings.variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        }
    }
}

impl Places<'_> {
    /// A secret in a variable or a file; nothing where neither is named.
    fn secret(
        self,
        name: &str,
        variable: Option<&String>,
        file: Option<&String>,
    ) -> Result<Option<SecretString>, Error> {
        match (variable, file) {
            (None, None) => Ok(None),
            (Some(variable), None) => {
                let problem = format!("is to be in the environment variable `{variable}`, which is not set");
                self.surroundings.secret(variable).map(Some).ok_or_else(|| setting(name, problem))
            }
            (None, Some(file)) => secret_of(&self.folder.join(file), name).map(Some),
            (Some(_), Some(_)) => Err(setting(name, "is in two places; keep the variable or the file")),
        }
    }
}

/// The address of one of several parent accounts: with one for all of them, a night that went well would cover one that did
/// not.
fn own_address(url: &SecretString, label: Option<&str>) -> Result<SecretString, Error> {
    use secrecy::ExposeSecret;
    const LABEL: &str = "{label}";
    match label {
        None => Ok(url.clone()),
        Some(label) if url.expose_secret().contains(LABEL) => Ok(url.expose_secret().replace(LABEL, label).into()),
        Some(_) => Err(setting(
            "monitoring.heartbeat",
            "is one address for several parent accounts: put `{label}` into it, or give each its own [parent.monitoring]",
        )),
    }
}

fn checked(url: &SecretString, name: &str) -> Result<SecretString, Error> {
    use secrecy::ExposeSecret;
    match checked_url(url.expose_secret()) {
        Ok(_) => Ok(url.expose_secret().trim().into()),
        Err(problem) => Err(setting(name, problem)),
    }
}
