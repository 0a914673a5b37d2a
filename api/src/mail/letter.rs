//! The e-mails that the service sends.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::limits::{NAME_IN_SUBJECT_MAX, WEBHOOK_FAILING_DAYS};
use domain::values::email::EmailAddress;
use serde::{Deserialize, Serialize};

use super::texts::{ENGLISH, Text, Texts, fill};

/// An e-mail before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The recipient's canonical address.
    pub to: String,
    /// The name of the account that it is about.
    pub account_name: String,
    /// What it tells the recipient.
    #[serde(flatten)]
    pub news: News,
}

/// What a letter tells its recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// Invites the first member to activate an account (R3).
    Activation {
        /// The type of the account, such as "reseller".
        account_kind: String,
        /// Activates the account.
        #[serde(flatten)]
        link: SecretLink,
    },
    /// Invites a member to join an account (R9).
    Invitation {
        /// The type of the account, such as "reseller".
        account_kind: String,
        /// The member's role.
        role: String,
        /// Joins the account.
        #[serde(flatten)]
        link: SecretLink,
    },
    /// Sends a confirmation link to a new address (R1).
    EmailChange(SecretLink),
    /// Tells the old address that its owner requested a change, and lets it be stopped.
    EmailChangeNotice {
        /// Stops the change. Letters of earlier versions have none.
        #[serde(default)]
        link: Option<SecretLink>,
    },
    /// Asks the old address to agree to a change that an account above requested.
    EmailChangeConsent(SecretLink),
    /// Tells the old address about a change that an operator requested, and lets it be stopped.
    EmailChangeByOperator {
        /// Stops the change, or agrees to it.
        link: SecretLink,
        /// When the change can take effect without an answer.
        effective_from: DateTime<Utc>,
    },
    /// Lets a member set a new password.
    PasswordReset(SecretLink),
    /// Tells a member about a change of the second factor, or about an attack on it or on the password.
    SecondFactor {
        /// What happened to the second factor or the password.
        notice: SecondFactorNotice,
    },
    /// Tells an owner that a webhook was disabled.
    WebhookDisabled {
        /// The URL of the webhook.
        url: String,
        /// Whether the receiver answered 410 (Gone); otherwise deliveries have failed for days.
        gone: bool,
    },
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretLink {
    /// Its token.
    pub token: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// What happened to a second factor or a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorNotice {
    /// The member switched it on.
    Enabled,
    /// The member switched it off.
    Disabled,
    /// An owner or an operator removed it.
    Reset,
    /// Somebody with the correct password gave wrong codes.
    WrongCodes,
    /// Somebody gave many wrong passwords.
    WrongPasswords,
    /// The password was replaced, by the member or with a reset link.
    PasswordChanged,
}

/// A rendered e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The subject line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

impl Letter {
    /// Creates a letter to an address about an account.
    #[must_use]
    pub fn new(to: &EmailAddress, account_name: &str, news: News) -> Self {
        Self { to: to.canonical().to_owned(), account_name: account_name.to_owned(), news }
    }

    /// Renders the letter, with links below the public URL.
    #[must_use]
    pub fn words(&self, public_url: &str) -> Words {
        let (texts, Self { to, account_name, news }) = (&ENGLISH, self);
        let account = ("account", account_name.as_str());
        let link = |path: &str, SecretLink { token, expires_at }: &SecretLink| {
            Some((format!("{public_url}/{path}#token={token}"), *expires_at))
        };
        match news {
            News::Activation { account_kind, link: to_activate } => {
                let is_enterprise = account_kind == Tier::Enterprise.noun();
                let text = if is_enterprise { &texts.activation_of_enterprise } else { &texts.activation };
                words(texts, text, &[("kind", account_kind), account], link("activate", to_activate))
            }
            News::Invitation { account_kind, role, link: to_join } => {
                let values = [("kind", account_kind.as_str()), account, ("role", role)];
                words(texts, &texts.invitation, &values, link("activate", to_join))
            }
            News::EmailChange(to_confirm) => {
                words(texts, &texts.email_change, &[("to", to), account], link("confirm-email", to_confirm))
            }
            News::EmailChangeNotice { link: to_stop } => {
                let to_stop = to_stop.as_ref().and_then(|to_stop| link("email-change", to_stop));
                words(texts, &texts.email_change_notice, &[("to", to), account], to_stop)
            }
            News::EmailChangeConsent(to_answer) => {
                words(texts, &texts.email_change_consent, &[("to", to), account], link("email-change", to_answer))
            }
            News::EmailChangeByOperator { link: to_answer, effective_from } => {
                let from = effective_from.format(texts.instant).to_string();
                let values = [("to", to.as_str()), account, ("from", &from)];
                words(texts, &texts.email_change_by_operator, &values, link("email-change", to_answer))
            }
            News::PasswordReset(to_reset) => {
                words(texts, &texts.password_reset, &[account], link("reset-password", to_reset))
            }
            News::SecondFactor { notice } => {
                let text = match notice {
                    SecondFactorNotice::Enabled => &texts.second_factor_enabled,
                    SecondFactorNotice::Disabled => &texts.second_factor_disabled,
                    SecondFactorNotice::Reset => &texts.second_factor_reset,
                    SecondFactorNotice::WrongCodes => &texts.wrong_codes,
                    SecondFactorNotice::WrongPasswords => &texts.wrong_passwords,
                    SecondFactorNotice::PasswordChanged => &texts.password_changed,
                };
                words(texts, text, &[account], None)
            }
            News::WebhookDisabled { url, gone } => {
                let text = if *gone { &texts.webhook_gone } else { &texts.webhook_failing };
                let days = WEBHOOK_FAILING_DAYS.to_string();
                words(texts, text, &[account, ("url", url), ("days", &days)], None)
            }
        }
    }
}

/// Renders a letter in a language, with the values to fill in and its link with its expiry.
fn words(texts: &Texts, text: &Text, values: &[(&str, &str)], link: Option<(String, DateTime<Utc>)>) -> Words {
    let quoted = |limit| values.iter().map(move |(name, value)| (*name, value_in_letter(name, value, limit)));
    let filled = |template, limit| {
        let values: Vec<_> = quoted(limit).collect();
        fill(template, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    };
    let subject = one_line(&filled(text.subject, NAME_IN_SUBJECT_MAX));
    let (intro, last) = (filled(text.intro, usize::MAX), text.last);
    let Texts { language, greeting, signature, .. } = texts;
    let (link_text, link_html) = link.map_or_else(Default::default, |link| in_words(texts, text.button, &link));
    let plain = format!("{greeting}\n\n{intro}\n\n{link_text}{last}\n\n{signature}\n");
    let (title, intro, last) = (escape(&subject), escape(&intro), escape(last));
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light\"><title>{title}</title></head>\
         <body style=\"margin:0;padding:24px 12px;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif;font-size:16px;\
         line-height:1.5;color:#1d2330\"><div style=\"max-width:520px;margin:0 auto;padding:24px;background:#ffffff;\
         border-radius:8px;overflow-wrap:anywhere\"><p>{greeting}</p><p>{intro}</p>{link_html}<p style=\"color:#566072\">{last}</p>\
         <p style=\"color:#566072\">{signature}</p></div></body></html>"
    );
    Words { subject, text: plain, html }
}

/// Renders a link as plain text and as HTML. The HTML shows the full address that it leads to.
fn in_words(texts: &Texts, button: &str, (address, until): &(String, DateTime<Utc>)) -> (String, String) {
    let until = fill(texts.until, &[("until", &until.format(texts.instant).to_string())]);
    let text = format!("{button}:\n{address}\n\n{until}\n\n");
    let (address, by_hand) = (escape(address), texts.by_hand);
    let html = format!(
        "<p style=\"margin:32px 0\"><a href=\"{address}\" style=\"background:#3b3fb6;color:#ffffff;padding:12px 20px;\
         border-radius:6px;text-decoration:none;display:inline-block\">{button}</a></p><p>{until}</p>\
         <p style=\"color:#566072;font-size:14px\">{by_hand}<br>{address}</p>"
    );
    (text, html)
}

/// A value as it stands in a letter. The name of an account is somebody's own text, so it is in quotation marks, which
/// it can't close itself, and only its beginning is in a subject.
fn value_in_letter(name: &str, value: &str, limit: usize) -> String {
    if name != "account" {
        return value.to_owned();
    }
    let value = value.replace(['“', '”', '"'], "'");
    if value.chars().count() <= limit {
        return format!("\"{value}\"");
    }
    let beginning: String = value.chars().take(limit - 1).collect();
    format!("\"{}…\"", beginning.trim_end())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Escapes a text for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_t_change_what_an_e_mail_is() {
        let expires_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let link = SecretLink { token: "abc".to_owned(), expires_at };
        let news = News::Activation { account_kind: "reseller".to_owned(), link };
        let to = EmailAddress::parse("ann@example.com").unwrap();
        let letter = Letter::new(&to, "<script>alert(1)</script> & Söhne", news);
        let words = letter.words("https://portal.example");
        assert!(words.text.contains("https://portal.example/activate#token=abc"));
        assert!(words.html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne"));
        assert!(!words.html.contains("<script>"));
        assert!(words.text.contains("until 15 January 2027, 08:00 UTC"));
        assert_eq!(words.subject, "Activate \"<script>alert(1)</script> & Söhne\" on TeamMate Portal");
    }

    #[test]
    fn a_name_in_a_subject_is_quoted_and_short() {
        let subject = |name: &str| {
            let to = EmailAddress::parse("ann@example.com").unwrap();
            let link = SecretLink { token: "abc".to_owned(), expires_at: DateTime::UNIX_EPOCH };
            Letter::new(&to, name, News::EmailChangeConsent(link)).words("https://portal.example").subject
        };
        for (name, shown) in [
            ("Nordwind", "\"Nordwind\""),
            ("Win” now! “", "\"Win' now! '\""),
            ("Your invoice is overdue, pay at evil.example now", "\"Your invoice is overdue, pay at evil.ex…\""),
            ("Nord\r\nBcc: b@example.com", "\"Nord Bcc: b@example.com\""),
        ] {
            assert_eq!(subject(name), format!("Do you agree to another e-mail address for {shown}?"));
        }
    }
}
