//! What runs the nights: its files, and what is to be done before they are installed.

use uuid::Uuid;

/// What runs the nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// A systemd service and its timer.
    Systemd,
    /// A crontab.
    Cron,
    /// A workflow of GitHub Actions.
    Github,
    /// A cron job of Kubernetes.
    Kubernetes,
    /// Nothing that is written here.
    Nothing,
}

/// The account and the label of the files as they are in packaging/.
const EXAMPLE_ID: &str = "9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1";
const EXAMPLE_LABEL: &str = "acme-platform";

impl Schedule {
    /// All of them, with the words for them.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Systemd, "systemd"),
        (Self::Cron, "cron"),
        (Self::Github, "github"),
        (Self::Kubernetes, "kubernetes"),
        (Self::Nothing, "none"),
    ];

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word.trim()).map(|(schedule, _)| *schedule)
    }

    /// The files of the schedule, by their names, for an account, if it is known.
    pub(super) fn files(self, account: Option<&(Uuid, String)>) -> Vec<(&'static str, String)> {
        let files: &[(&'static str, &'static str)] = match self {
            Self::Systemd => &[
                ("subledger.service", include_str!("../../../packaging/systemd/subledger.service")),
                ("subledger.timer", include_str!("../../../packaging/systemd/subledger.timer")),
            ],
            Self::Cron => &[("subledger.cron", include_str!("../../../packaging/cron/subledger.cron"))],
            Self::Github => {
                &[(".github/workflows/subledger.yml", include_str!("../../../packaging/github/subledger.yml"))]
            }
            Self::Kubernetes => &[("cronjob.yaml", include_str!("../../../packaging/kubernetes/cronjob.yaml"))],
            Self::Nothing => &[],
        };
        let own = |text: &str| match account {
            Some((id, label)) => text.replace(EXAMPLE_ID, &id.to_string()).replace(EXAMPLE_LABEL, label),
            None => text.to_owned(),
        };
        files.iter().map(|(name, text)| (*name, own(text))).collect()
    }

    /// Where the archive is, as far as the schedule decides it.
    pub(super) fn archive(self) -> &'static str {
        match self {
            // what a runner has on its disk is gone in the morning
            Self::Github => "s3://CHANGE-THIS/subledger",
            _ => "archive",
        }
    }

    /// What is to be done before the schedule is installed, besides what its files say.
    pub(super) fn before(self) -> &'static [&'static str] {
        match self {
            Self::Systemd => &[
                "put the program where the unit looks for it: /usr/bin/subledger",
                "put the configuration and customers.csv into /etc/subledger, with `archive` and `reports` in \
                 /var/lib/subledger, the only place where the unit may write",
                "put the key into /etc/subledger/ahasend-api-key (root's alone, mode 600)",
            ],
            Self::Cron => &[
                "put the program where cron looks for it: /usr/bin or /usr/local/bin",
                "put the configuration and customers.csv into /etc/subledger, with `archive` and `reports` in \
                 /var/lib/subledger",
                "name the key's file with `key_file`: cron has no variables of this shell",
            ],
            Self::Github => &[
                "name a bucket in `archive`: what a runner has on its disk is gone in the morning",
                "set the secrets that the workflow names, in a private repository",
            ],
            Self::Kubernetes => &[
                "put your customers.csv and your terms into the ConfigMap of cronjob.yaml: its own are examples",
                "make the Secret with the key, as its head says, and name your image",
            ],
            Self::Nothing => &[],
        }
    }
}
