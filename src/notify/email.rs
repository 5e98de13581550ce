//! Email through a mail server of one's own.

use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use super::{Error, Message, TIMEOUT};

const CHANNEL: &str = "email";

/// A mail server, and whom it writes to.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where the server is: `smtps://mail.example.com`, or `smtp://…:587` with STARTTLS.
    pub server: String,
    /// The user, if the server wants one.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// Who writes.
    pub from: Mailbox,
    /// Who reads.
    pub to: Vec<Mailbox>,
}

impl Mail {
    pub(super) async fn send(&self, message: &Message) -> Result<(), Error> {
        let refused = |problem: String| Error::Refused { channel: CHANNEL, problem };
        let id = format!("<{}@{}>", uuid::Uuid::from_u128(fastrand::u128(..)), self.from.email.domain());
        let mail = lettre::Message::builder().message_id(Some(id)).from(self.from.clone());
        let mut mail = mail.subject(one_line(&message.title()));
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let mail = mail.singlepart(SinglePart::plain(message.text())).map_err(|error| refused(error.to_string()))?;
        let transport = self.transport().map_err(|error| refused(error.to_string()))?;
        transport.send(mail).await.map(|_| ()).map_err(|error| {
            let problem = error.to_string();
            if error.is_permanent() || error.is_client() {
                refused(problem)
            } else {
                Error::Unreachable { channel: CHANNEL, problem }
            }
        })
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
        // an error says that the process has its provider already, which is all that is wanted
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&self.server)?.timeout(Some(TIMEOUT));
        if let (Some(user), Some(password)) = (&self.user, &self.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(builder.build())
    }
}

/// A subject is one line, whatever a customer is called.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
