//! The e-mails that the service writes.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::limits::WEBHOOK_FAILING_DAYS;
use serde::{Deserialize, Serialize};

use super::texts::{ENGLISH, Text, Texts, fill};

/// An e-mail, before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Invites to activate an account (R3).
    Activation {
        /// The canonical address that it goes to.
        to: String,
        /// What the account is, such as "reseller".
        account_kind: String,
        /// The account's name.
        account_name: String,
        /// The single-use token of the link.
        token: String,
        /// Until when the link works.
        expires_at: DateTime<Utc>,
    },
    /// Invites a member to join an account (R9).
    Invitation {
        /// The canonical address that it goes to.
        to: String,
        /// What the account is, such as "reseller".
        account_kind: String,
        /// The account's name.
        account_name: String,
        /// What the member may do.
        role: String,
        /// The single-use token of the link.
        token: String,
        /// Until when the link works.
        expires_at: DateTime<Utc>,
    },
    /// Confirms that somebody reads e-mail at a new address (R1).
    EmailChange {
        /// The canonical address that it goes to: the new one.
        to: String,
        /// The account's name.
        account_name: String,
        /// The single-use token of the link.
        token: String,
        /// Until when the link works.
        expires_at: DateTime<Utc>,
    },
    /// Tells the old address that it is to become another one.
    EmailChangeNotice {
        /// The canonical address that it goes to: the old one.
        to: String,
        /// The account's name.
        account_name: String,
        /// The new address.
        new: String,
    },
    /// Lets a member set a new password.
    PasswordReset {
        /// The canonical address that it goes to.
        to: String,
        /// The account's name.
        account_name: String,
        /// The single-use token of the link.
        token: String,
        /// Until when the link works.
        expires_at: DateTime<Utc>,
    },
    /// Tells a member what became of its second factor.
    SecondFactor {
        /// The address that it goes to.
        to: String,
        /// The account's name.
        account_name: String,
        /// What.
        notice: SecondFactorNotice,
    },
    /// Tells an owner that the service has stopped sending to a webhook.
    WebhookDisabled {
        /// The canonical address that it goes to.
        to: String,
        /// The account's name.
        account_name: String,
        /// Where the webhook is.
        url: String,
        /// Whether the receiver said that it wants no more, instead of taking nothing for days.
        gone: bool,
    },
}

/// What became of a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorNotice {
    /// The member switched it on.
    Enabled,
    /// The member switched it off.
    Disabled,
    /// Somebody else took it away.
    Reset,
    /// Somebody who has the password gave wrong codes.
    WrongCodes,
}

/// An e-mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl Letter {
    /// The address that it goes to.
    #[must_use]
    pub fn to(&self) -> &str {
        match self {
            Self::Activation { to, .. }
            | Self::Invitation { to, .. }
            | Self::EmailChange { to, .. }
            | Self::EmailChangeNotice { to, .. }
            | Self::PasswordReset { to, .. }
            | Self::SecondFactor { to, .. }
            | Self::WebhookDisabled { to, .. } => to,
        }
    }

    /// Puts it into words, with links on a base address.
    #[must_use]
    pub fn words(&self, public_url: &str) -> Words {
        let texts = &ENGLISH;
        let link = |path: &str, token: &str| format!("{public_url}/{path}#token={token}");
        match self {
            Self::Activation { to: _, account_kind, account_name, token, expires_at } => {
                let is_enterprise = account_kind == Tier::Enterprise.noun();
                let text = if is_enterprise { &texts.activation_of_enterprise } else { &texts.activation };
                let values = [("kind", account_kind.as_str()), ("account", account_name)];
                words(texts, text, &values, Some((link("activate", token), expires_at)))
            }
            Self::Invitation { to: _, account_kind, account_name, role, token, expires_at } => {
                let values = [("kind", account_kind.as_str()), ("account", account_name), ("role", role)];
                words(texts, &texts.invitation, &values, Some((link("activate", token), expires_at)))
            }
            Self::EmailChange { to, account_name, token, expires_at } => {
                let values = [("to", to.as_str()), ("account", account_name)];
                words(texts, &texts.email_change, &values, Some((link("confirm-email", token), expires_at)))
            }
            Self::EmailChangeNotice { to, account_name, new } => {
                let values = [("to", to.as_str()), ("account", account_name), ("new", new)];
                words(texts, &texts.email_change_notice, &values, None)
            }
            Self::PasswordReset { to: _, account_name, token, expires_at } => {
                let values = [("account", account_name.as_str())];
                words(texts, &texts.password_reset, &values, Some((link("reset-password", token), expires_at)))
            }
            Self::SecondFactor { to: _, account_name, notice } => {
                let text = match notice {
                    SecondFactorNotice::Enabled => &texts.second_factor_enabled,
                    SecondFactorNotice::Disabled => &texts.second_factor_disabled,
                    SecondFactorNotice::Reset => &texts.second_factor_reset,
                    SecondFactorNotice::WrongCodes => &texts.wrong_codes,
                };
                words(texts, text, &[("account", account_name.as_str())], None)
            }
            Self::WebhookDisabled { to: _, account_name, url, gone } => {
                let text = if *gone { &texts.webhook_gone } else { &texts.webhook_failing };
                let days = WEBHOOK_FAILING_DAYS.to_string();
                words(texts, text, &[("account", account_name.as_str()), ("url", url), ("days", &days)], None)
            }
        }
    }
}

/// The words of a language for a letter, with what is to be put in, and its link with until when that works.
fn words(texts: &Texts, text: &Text, values: &[(&str, &str)], link: Option<(String, &DateTime<Utc>)>) -> Words {
    let subject = one_line(&fill(text.subject, values));
    let (intro, last) = (fill(text.intro, values), text.last);
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

/// A link as plain text and as HTML. What the HTML shows as an address is where it leads.
fn in_words(texts: &Texts, button: &str, (address, until): &(String, &DateTime<Utc>)) -> (String, String) {
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it stands in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_t_change_what_an_e_mail_is() {
        let letter = Letter::Activation {
            to: "ann@example.com".to_owned(),
            account_kind: "reseller".to_owned(),
            account_name: "<script>alert(1)</script> & Söhne".to_owned(),
            token: "abc".to_owned(),
            expires_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        };
        let words = letter.words("https://portal.example");
        assert!(words.text.contains("https://portal.example/activate#token=abc"));
        assert!(words.html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne"));
        assert!(!words.html.contains("<script>"));
        assert!(words.text.contains("until 15 January 2027, 08:00 UTC"));
    }
}
