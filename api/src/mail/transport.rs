//! Sends e-mails to a mail server or, if none is configured, writes them to a directory.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::id::MessageId;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;
use url::{Host, Url};

use super::letter::Letter;
use crate::private;

/// Time limit for handing one message to the mail server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The destination of e-mails.
enum Way {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Directory(PathBuf),
    /// Kept in memory and not sent: for a demo.
    Memory(Mutex<Vec<Kept>>),
}

/// An e-mail that a demo keeps, to be read in the browser.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The recipient's address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The body as HTML.
    pub html: String,
}

/// Sends e-mails.
pub struct Mailer {
    way: Way,
    from: Mailbox,
    public_url: String,
}

impl Mailer {
    /// Creates a mailer that sends to the mail server at the URL or, without one, writes files to `mail/` in the data
    /// directory.
    pub fn new(
        smtp_url: Option<&SecretString>,
        data_dir: &Path,
        from: Mailbox,
        public_url: String,
    ) -> Result<Self, String> {
        let way = match smtp_url {
            None => {
                let directory = data_dir.join("mail");
                private::make_directory(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
                Way::Directory(directory)
            }
            Some(url) => {
                let url = with_tls(url.expose_secret());
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| {
                    "SMTP_URL must be an smtp:// or smtps:// URL with host, user and password".to_owned()
                })?;
                Way::Server(builder.timeout(Some(TIMEOUT)).build())
            }
        };
        Ok(Self { way, from, public_url })
    }

    /// Creates a mailer that keeps e-mails in memory instead of sending them.
    #[must_use]
    pub fn keeping(from: Mailbox, public_url: String) -> Self {
        Self { way: Way::Memory(Mutex::default()), from, public_url }
    }

    /// The kept e-mails, oldest first; `None` if this mailer sends them.
    #[must_use]
    pub fn kept(&self) -> Option<Vec<Kept>> {
        let Way::Memory(kept) = &self.way else { return None };
        Some(kept.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Sends a letter. The message id is the same in every attempt, so that a mail server can drop duplicates.
    pub async fn send(&self, id: MessageId, letter: &Letter) -> Result<(), String> {
        let words = letter.words(&self.public_url);
        let to: lettre::Address = letter.to.parse().map_err(|error| format!("recipient: {error}"))?;
        if let Way::Memory(kept) = &self.way {
            let mail = Kept { to: letter.to.clone(), subject: words.subject, html: words.html };
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            return Ok(());
        }
        let domain = self.from.email.domain();
        let message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", id.uuid())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            // Prevents automatic replies (RFC 3834).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(words.text, words.html))
            .map_err(|error| error.to_string())?;
        match &self.way {
            Way::Memory(_) => Ok(()),
            Way::Server(server) => server.send(message).await.map(drop).map_err(|error| error.to_string()),
            Way::Directory(directory) => {
                let path = directory.join(format!("{}.eml", id.uuid()));
                let draft = directory.join(format!(".{}.draft", id.uuid()));
                let written = (draft.clone(), message.formatted());
                let write = async {
                    // A draft of an attempt that was interrupted.
                    let _ = tokio::fs::remove_file(&draft).await;
                    spawn_blocking(move || private::write_new(&written.0, &written.1)).await??;
                    tokio::fs::rename(&draft, &path).await
                };
                if let Err(error) = write.await {
                    // A draft on a full disk would stand in the way of the next attempt.
                    let _ = tokio::fs::remove_file(&draft).await;
                    return Err(error.to_string());
                }
                Ok(())
            }
        }
    }
}

/// The URL of a mail server as the library takes it. To another machine, an `smtp` URL switches to TLS with a verified
/// certificate (STARTTLS), unless it says otherwise (`tls=none`).
fn with_tls(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    let tls = parsed.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match tls.as_deref() {
        None if parsed.scheme() == "smtp" && is_remote(&parsed) => {
            parsed.query_pairs_mut().append_pair("tls", "required");
        }
        Some("none") => parsed.set_query(None),
        _ => {}
    }
    parsed.to_string()
}

/// Whether e-mails go to another machine without a verified certificate.
#[must_use]
pub fn is_unverified(smtp_url: &SecretString) -> bool {
    let Ok(parsed) = Url::parse(&with_tls(smtp_url.expose_secret())) else { return false };
    let is_required = parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    is_remote(&parsed) && parsed.scheme() != "smtps" && !is_required
}

/// Whether a URL leads to another machine.
#[must_use]
pub fn is_remote(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !address.is_loopback(),
        Some(Host::Ipv6(address)) => !address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            !name.eq_ignore_ascii_case("localhost") && !loopback
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_on_another_machine_is_verified_unless_the_url_says_otherwise() {
        for (given, used, unverified) in [
            ("smtp://localhost:25", "smtp://localhost:25", false),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525", false),
            ("smtps://u:p@mail.example.com", "smtps://u:p@mail.example.com", false),
            ("smtp://mail.example.com:587", "smtp://mail.example.com:587?tls=required", false),
            ("smtp://mail.example.com?tls=required", "smtp://mail.example.com?tls=required", false),
            ("smtp://mail.example.com?tls=opportunistic", "smtp://mail.example.com?tls=opportunistic", true),
            ("smtp://mail.example.com?tls=none", "smtp://mail.example.com", true),
            ("smtp://192.0.2.1", "smtp://192.0.2.1?tls=required", false),
        ] {
            assert_eq!(with_tls(given), used, "{given}");
            assert_eq!(is_unverified(&given.into()), unverified, "{given}");
        }
    }
}
