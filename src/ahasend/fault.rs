//! What kept a connection or an answer from coming about, told from the HTTP library's errors and said in plain words.
//!
//! Those errors say neither by their kind nor by their text what a reader can do; the types within them do.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use rustls::{CertificateError, Error as TlsError};

/// What stood in the way, as far as the errors tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The server's name leads to no address.
    UnknownHost,
    /// Nobody listens at the address.
    Refused,
    /// The connection was broken off by the other side.
    Reset,
    /// The connection was closed before the whole head of an answer had come.
    Closed,
    /// What came is no HTTP, or more of a head than HTTP needs.
    NotHttp,
    /// The proxy wants a user name and password, or others than it was given.
    ProxyAuth,
    /// The proxy does not connect to the server.
    ProxyRefused,
    /// The certificate is of an issuer that this machine does not know.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongHost,
    /// The certificate has expired, if this machine's clock is right.
    Expired,
    /// The certificate is not valid yet, if this machine's clock is right.
    NotYetValid,
    /// The certificate has another defect.
    Certificate,
    /// What answers does not speak TLS.
    NotTls,
    /// TLS failed otherwise.
    Tls,
    /// Something else.
    Other,
}

impl Fault {
    /// Whether it is about TLS: the server is there, and is not trusted as it is.
    pub(super) const fn is_of_tls(self) -> bool {
        match self {
            Self::UnknownIssuer
            | Self::WrongHost
            | Self::Expired
            | Self::NotYetValid
            | Self::Certificate
            | Self::NotTls
            | Self::Tls => true,
            Self::UnknownHost
            | Self::Refused
            | Self::Reset
            | Self::Closed
            | Self::NotHttp
            | Self::ProxyAuth
            | Self::ProxyRefused
            | Self::Other => false,
        }
    }

    /// Looks for the innermost cause that tells something. For the HTTP library a refused certificate is a failed
    /// connection like any other.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut found = Self::Other;
        let mut next = Some(error);
        while let Some(error) = next {
            found = Self::of_one(error).unwrap_or(found);
            // An `io::Error` leaves the error it wraps out of its own chain.
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        found
    }

    fn of_one(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<TlsError>() {
            return Some(Self::of_tls(error));
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::ConnectionRefused => Some(Self::Refused),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Some(Self::Reset),
                io::ErrorKind::UnexpectedEof => Some(Self::Closed),
                _ => None,
            };
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return match () {
                () if error.is_parse() => Some(Self::NotHttp),
                () if error.is_incomplete_message() => Some(Self::Closed),
                () => None,
            };
        }
        // These types are private to the HTTP library; what they say is all there is to tell them by.
        match error.to_string().as_str() {
            "dns error" => Some(Self::UnknownHost),
            "tunnel error: proxy authorization required" => Some(Self::ProxyAuth),
            text if text.starts_with("tunnel error: ") => Some(Self::ProxyRefused),
            _ => None,
        }
    }

    fn of_tls(error: &TlsError) -> Self {
        match error {
            TlsError::InvalidCertificate(problem) => match problem {
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongHost,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
                _ => Self::Certificate,
            },
            TlsError::InvalidMessage(_) => Self::NotTls,
            _ => Self::Tls,
        }
    }
}

impl fmt::Display for Fault {
    /// Continues the sentence "no answer came from the server: …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "its name leads to no address",
            Self::Refused => "nobody listens at its address",
            Self::Reset => "the connection was broken off",
            Self::Closed => "the connection was closed before an answer had come",
            Self::NotHttp => "what came is not HTTP as it should be",
            Self::ProxyAuth => "the proxy wants a user name and password, or others than these",
            Self::ProxyRefused => "the proxy does not connect to it",
            Self::UnknownIssuer => "its certificate is of an issuer that this machine does not know",
            Self::WrongHost => "its certificate is for another name",
            Self::Expired => "its certificate has expired, if this machine's clock is right",
            Self::NotYetValid => "its certificate is not valid yet, if this machine's clock is right",
            Self::Certificate => "its certificate cannot be used",
            Self::NotTls => "what answers does not speak TLS",
            Self::Tls => "TLS could not be agreed on",
            Self::Other => "the connection failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_errors_are_found_however_deep_io_errors_hide_them() {
        let tls = |problem| TlsError::InvalidCertificate(problem);
        let wrapped = io::Error::other(io::Error::other(tls(CertificateError::UnknownIssuer)));
        assert_eq!(Fault::of(&wrapped), Fault::UnknownIssuer);
        // the outer kind says less than what it wraps
        let expired = io::Error::new(io::ErrorKind::UnexpectedEof, tls(CertificateError::Expired));
        assert_eq!(Fault::of(&expired), Fault::Expired);
        assert_eq!(Fault::of(&tls(CertificateError::Revoked)), Fault::Certificate);
        assert_eq!(Fault::of(&TlsError::HandshakeNotComplete), Fault::Tls);
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Fault::of(&refused), Fault::Refused);
        assert_eq!(Fault::of(&io::Error::other("else")), Fault::Other);
    }
}
