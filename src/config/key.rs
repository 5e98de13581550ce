//! Where the API key comes from: a variable, a file, a credential of the service manager, or a command. Never a flag.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::{Error, Surroundings};

/// The variable that holds the key unless another is named.
const VARIABLE: &str = "AHASEND_API_KEY";
/// Where systemd says that it puts credentials.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// The credential that is the key unless another is named.
const CREDENTIAL: &str = "ahasend-api-key";
/// Where containers have the key unless another place is named.
const CONTAINER_FILE: &str = "/run/secrets/ahasend_api_key";
/// More than any key has, and less than a file that was named by mistake.
const BYTES_MAX: u64 = 4_096;
/// The longest that a command may take: it may ask a vault, and must not ask a person.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a command is looked at.
const COMMAND_INTERVAL: Duration = Duration::from_millis(20);

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeySource {
    /// The variable of this name.
    Variable(String),
    /// A file.
    File(PathBuf),
    /// The credential of this name, from the service manager.
    Credential(String),
    /// What a command prints: the program and its arguments.
    Command(Vec<String>),
}

/// The key, or what it takes to get it once it is needed.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// It is known already, from the variable of this name.
    Known(SecretString, String),
    /// It is in a file.
    File(PathBuf),
    /// A command prints it.
    Command(Vec<String>),
    /// Nobody said where it is.
    Nowhere,
    /// Somebody did, and it is not there.
    Missing(String),
}

impl Key {
    /// The key that is named, else the one in the usual places. Files are in `folder` unless they say otherwise.
    pub(super) fn find(source: Option<KeySource>, folder: &Path, surroundings: &Surroundings) -> Self {
        let credentials = surroundings.variable(CREDENTIALS_VARIABLE).map(Path::new);
        match source {
            Some(KeySource::Variable(name)) => match surroundings.secret(&name) {
                Some(key) => Self::Known(key, name),
                None => Self::Missing(format!("the environment variable `{name}`, which `key_env` names, is not set")),
            },
            Some(KeySource::File(path)) => Self::File(folder.join(path)),
            Some(KeySource::Credential(name)) => match credentials {
                Some(credentials) => Self::File(credentials.join(name)),
                None => Self::Missing(format!("`key_credential` is set, and `{CREDENTIALS_VARIABLE}` is not")),
            },
            Some(KeySource::Command(words)) => Self::Command(words),
            None => {
                let usual = credentials.map(|credentials| credentials.join(CREDENTIAL));
                let usual = usual.into_iter().chain([PathBuf::from(CONTAINER_FILE)]).find(|path| path.exists());
                let known = surroundings.secret(VARIABLE).map(|key| Self::Known(key, VARIABLE.to_owned()));
                known.or(usual.map(Self::File)).unwrap_or(Self::Nowhere)
            }
        }
    }

    /// The key itself.
    pub(super) fn get(&self) -> Result<SecretString, Error> {
        match self {
            Self::Known(key, _) => Ok(key.clone()),
            Self::File(path) => read(path),
            Self::Command(words) => ask(words),
            Self::Missing(problem) => Err(wrong(problem.clone())),
            Self::Nowhere => {
                let how = "the environment variable AHASEND_API_KEY, or say `key_file` in subledger.toml (a key is never a \
                           flag)";
                Err(Error::Missing { what: "the API key", how })
            }
        }
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Known(_, name) => format!("the environment variable `{name}`"),
            Self::File(path) => format!("`{}`", path.display()),
            Self::Command(words) => format!("what `{}` prints", words.first().map_or("", String::as_str)),
            Self::Nowhere | Self::Missing(_) => "nowhere".to_owned(),
        }
    }
}

fn wrong(problem: String) -> Error {
    Error::Key { problem, source: None }
}

/// The key in a file.
fn read(path: &Path) -> Result<SecretString, Error> {
    secret_of(path, "the API key")
}

/// A secret in a file, whose last line break is the file's. `what` says what it is.
pub(super) fn secret_of(path: &Path, what: &str) -> Result<SecretString, Error> {
    let failed =
        |source| Error::Key { problem: format!("reading {what} from `{}`", path.display()), source: Some(source) };
    let file = std::fs::File::open(path).map_err(failed)?;
    warn_of_readers(path, &file);
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    key_of(bytes).map_err(|problem| wrong(format!("{what} in `{}` {problem}", path.display())))
}

/// A key that everybody on the machine can read is a key that everybody has.
fn warn_of_readers(path: &Path, file: &std::fs::File) {
    use std::os::unix::fs::PermissionsExt;
    // in a container there is nobody else, and orchestrators make such files readable
    if path.starts_with("/run/secrets") || path.starts_with("/var/run/secrets") {
        return;
    }
    if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0) {
        let path = path.display();
        tracing::warn!("everybody on this machine can read the secret in `{path}`; take that away: chmod o= {path}");
    }
}

/// The key that a command prints. What it says on stderr goes where ours goes.
fn ask(words: &[String]) -> Result<SecretString, Error> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(wrong("`key_command` names no program".to_owned()));
    };
    let failed = |source| Error::Key {
        problem: format!("running `{program}`, which `key_command` names"),
        source: Some(source),
    };
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let begun = Instant::now();
    let late = |child: &mut Child| {
        // it is ours, and it has had its time
        let _ = child.kill();
        let _ = child.wait();
        wrong(format!("`{program}`, which `key_command` names, was not done after a minute"))
    };
    // one line, on a thread of its own: whatever the command has started may hold its stdout open for ever
    let (tell, told) = channel();
    let stdout = child.stdout.take();
    thread::spawn(move || {
        let mut line = Vec::new();
        let read = stdout.map(|stdout| BufReader::new(stdout.take(BYTES_MAX + 1)).read_until(b'\n', &mut line));
        let _ = tell.send(read.transpose().map(|_| line));
    });
    let Ok(bytes) = told.recv_timeout(COMMAND_TIMEOUT) else { return Err(late(&mut child)) };
    let bytes = bytes.map_err(failed)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if begun.elapsed() > COMMAND_TIMEOUT {
            return Err(late(&mut child));
        }
        thread::sleep(COMMAND_INTERVAL);
    };
    if !status.success() {
        return Err(wrong(format!("`{program}`, which `key_command` names, failed: {status}")));
    }
    key_of(bytes).map_err(|problem| wrong(format!("what `{program}` prints as the API key {problem}")))
}

/// What was read as a key; what a key may look like is the client's to say.
fn key_of(bytes: Vec<u8>) -> Result<SecretString, &'static str> {
    if bytes.len() as u64 > BYTES_MAX {
        return Err("is too long to be one");
    }
    let text = String::from_utf8(bytes).map_err(|_| "is no text")?;
    let key = text.strip_suffix('\n').unwrap_or(&text);
    let key = key.strip_suffix('\r').unwrap_or(key);
    if key.is_empty() { Err("is empty") } else { Ok(key.into()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::super::Clock;
    use super::*;

    const KEY: &str = "aha-sk-0123456789";

    fn found(source: Option<KeySource>, folder: &Path, variables: &[(&str, &str)]) -> Result<String, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let key = Key::find(source, folder, &Surroundings::made_of(variables, Clock::System));
        key.get().map(|key| key.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    fn command(words: &[&str]) -> Result<String, String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        found(Some(KeySource::Command(words)), Path::new("."), &[])
    }

    #[test]
    fn a_key_is_found_where_it_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, format!("{KEY}\r\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(folder.path().join(CREDENTIAL), KEY).unwrap();
        let credentials = folder.path().to_str().unwrap();
        let usual = [(VARIABLE, "of the variable"), (CREDENTIALS_VARIABLE, credentials)];
        let found = |source| found(source, folder.path(), &usual).unwrap();
        assert_eq!(found(None), "of the variable", "what is set for this run comes first");
        assert_eq!(found(Some(KeySource::File("key".into()))), KEY);
        assert_eq!(found(Some(KeySource::Credential("key".to_owned()))), KEY);
        assert_eq!(found(Some(KeySource::Variable(CREDENTIALS_VARIABLE.to_owned()))), credentials);
        let without = super::tests::found(None, folder.path(), &usual[1..]);
        assert_eq!(without.unwrap(), KEY, "a credential of the usual name needs no setting");
        assert_eq!(command(&["printf", KEY]).unwrap(), KEY);
        // what it leaves running holds its stdout open, and has not ended by the time that the key is there
        let ended = folder.path().join("ended");
        let script = format!("(sleep 3; : > '{}') & printf '%s\\n' {KEY}", ended.display());
        assert_eq!(command(&["sh", "-c", &script]).unwrap(), KEY);
        assert!(!ended.exists(), "it is not waited for");
    }

    #[test]
    fn a_key_that_is_not_there_says_where_it_was_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::write(folder.path().join("long"), "k".repeat(5_000)).unwrap();
        let told = |source| found(Some(source), folder.path(), &[]).unwrap_err();
        assert!(told(KeySource::File("none".into())).starts_with("reading the API key from `"));
        assert!(told(KeySource::File("empty".into())).ends_with("is empty"));
        assert!(told(KeySource::File("long".into())).ends_with("is too long to be one"));
        assert_eq!(
            told(KeySource::Variable("OTHER".to_owned())),
            "the environment variable `OTHER`, which `key_env` names, is not set"
        );
        assert!(told(KeySource::Credential("x".to_owned())).contains("CREDENTIALS_DIRECTORY"));
        assert!(found(None, folder.path(), &[]).unwrap_err().contains("a key is never a flag"));
        assert_eq!(command(&["false"]).unwrap_err(), "`false`, which `key_command` names, failed: exit status: 1");
        assert!(command(&["no-such-program"]).unwrap_err().starts_with("running `no-such-program`"));
        assert!(command(&[]).unwrap_err().contains("names no program"));
    }
}
