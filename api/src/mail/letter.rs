//! The e-mails that the service writes.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::limits::WEBHOOK_FAILING_DAYS;
use serde::{Deserialize, Serialize};

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
        match self {
            Self::Activation { to: _, account_kind, account_name, token, expires_at } => words(&Parts {
                subject: format!("Activate {} on TeamMate Portal", one_line(account_name)),
                intro: invitation(account_kind, account_name),
                link: Some(Link {
                    button: "Activate the account",
                    address: format!("{public_url}/activate#token={token}"),
                    until: expires_at,
                }),
                last: "If you did not expect this, ignore it: without you the account stays inactive.",
            }),
            Self::Invitation { to: _, account_kind, account_name, role, token, expires_at } => words(&Parts {
                subject: format!("Join {} on TeamMate Portal", one_line(account_name)),
                intro: format!(
                    "You are invited to the {account_kind} {account_name} on TeamMate Portal, as its {role}. Choose a password to join."
                ),
                link: Some(Link {
                    button: "Choose a password",
                    address: format!("{public_url}/activate#token={token}"),
                    until: expires_at,
                }),
                last: "If you did not expect this, ignore it: without you nothing happens.",
            }),
            Self::EmailChange { to, account_name, token, expires_at } => words(&Parts {
                subject: "Confirm your new address for TeamMate Portal".to_owned(),
                intro: format!("{to} is to be the address by which {account_name} is signed in to on TeamMate Portal."),
                link: Some(Link {
                    button: "Confirm the address",
                    address: format!("{public_url}/confirm-email#token={token}"),
                    until: expires_at,
                }),
                last: "If you did not expect this, ignore it: without you nothing changes.",
            }),
            Self::EmailChangeNotice { to, account_name, new } => words(&Parts {
                subject: "Your address for TeamMate Portal is to change".to_owned(),
                intro: format!(
                    "Somebody asked for {to} to be replaced by {new} for {account_name} on TeamMate Portal. That happens once it \
                     is confirmed from the new address."
                ),
                link: None,
                last: "If it was not you, tell whoever provides TeamMate Portal to you at once.",
            }),
            Self::PasswordReset { to: _, account_name, token, expires_at } => words(&Parts {
                subject: "Set a new password for TeamMate Portal".to_owned(),
                intro: format!(
                    "Somebody asked for a new password for your sign-in to {account_name} on TeamMate Portal."
                ),
                link: Some(Link {
                    button: "Set a new password",
                    address: format!("{public_url}/reset-password#token={token}"),
                    until: expires_at,
                }),
                last: "If it was not you, ignore this: your password stays as it is.",
            }),
            Self::SecondFactor { to: _, account_name, notice } => second_factor(account_name, *notice),
            Self::WebhookDisabled { to: _, account_name, url, gone } => words(&Parts {
                subject: format!("A webhook of {} was switched off", one_line(account_name)),
                intro: format!(
                    "TeamMate Portal no longer sends events of {account_name} to {url}, because {}.",
                    if *gone {
                        "the receiver answered that it is gone (410)".to_owned()
                    } else {
                        format!("it has taken nothing for {WEBHOOK_FAILING_DAYS} days")
                    }
                ),
                link: None,
                last: "When the receiver works again, switch the webhook on (PATCH /webhooks/{id} with \"enabled\": true) \
                       and have what it missed sent again (POST /webhooks/{id}/replay). Its deliveries show what went wrong.",
            }),
        }
    }
}

fn second_factor(account_name: &str, notice: SecondFactorNotice) -> Words {
    let (subject, what) = match notice {
        SecondFactorNotice::Enabled => (
            "Your second factor for TeamMate Portal is on",
            "takes a code of your authenticator app from now on, or one of your recovery codes",
        ),
        SecondFactorNotice::Disabled => (
            "Your second factor for TeamMate Portal is off",
            "takes your password alone from now on: the second factor was switched off with a code of it",
        ),
        SecondFactorNotice::Reset => (
            "Your second factor for TeamMate Portal was taken away",
            "takes your password alone from now on: an owner, or whoever operates the service, has taken your second factor away",
        ),
        SecondFactorNotice::WrongCodes => (
            "Somebody tries to sign in as you on TeamMate Portal",
            "was tried several times with your password, or from a session of yours, and with wrong codes. None of them worked",
        ),
    };
    words(&Parts {
        subject: subject.to_owned(),
        intro: format!("Signing in to {account_name} on TeamMate Portal {what}."),
        link: None,
        last: "If it was not you, set a new password at once, and tell whoever provides TeamMate Portal to you.",
    })
}

fn invitation(account_kind: &str, account_name: &str) -> String {
    if account_kind == Tier::Enterprise.noun() {
        // Whoever connects the tenant with the session border controllers needs that role in Microsoft 365.
        return format!(
            "{account_name} has been set up on TeamMate Portal to be connected with Microsoft Teams, and you are \
             invited as its Microsoft Global Administrator. Choose a password to activate the account."
        );
    }
    format!(
        "{account_name} has been set up as a {account_kind} on TeamMate Portal, and you are its owner. Choose a \
         password to activate the account."
    )
}

struct Parts<'a> {
    subject: String,
    intro: String,
    link: Option<Link<'a>>,
    last: &'a str,
}

struct Link<'a> {
    button: &'a str,
    address: String,
    until: &'a DateTime<Utc>,
}

fn words(parts: &Parts<'_>) -> Words {
    let Parts { subject, intro, link, last } = parts;
    let (link_text, link_html) = link.as_ref().map_or_else(Default::default, in_words);
    let text = format!("Hello,\n\n{intro}\n\n{link_text}{last}\n\nTeamMate Portal\n");
    let (title, intro, last) = (escape(subject), escape(intro), escape(last));
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body style=\"margin:0;padding:24px;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif;color:#1d2330\">\
         <div style=\"max-width:520px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px\">\
         <p>Hello,</p><p>{intro}</p>{link_html}<p style=\"color:#566072\">{last}</p>\
         <p style=\"color:#566072\">TeamMate Portal</p></div></body></html>"
    );
    Words { subject: subject.clone(), text, html }
}

/// A link as plain text and as HTML.
fn in_words(link: &Link<'_>) -> (String, String) {
    let Link { button, address, until } = link;
    let until = format!("The link works once, until {} UTC.", until.format("%-d %B %Y, %H:%M"));
    let text = format!("{button}:\n{address}\n\n{until}\n\n");
    let address = escape(address);
    let html = format!(
        "<p style=\"margin:32px 0\"><a href=\"{address}\" style=\"background:#3b3fb6;color:#ffffff;padding:12px 20px;\
         border-radius:6px;text-decoration:none;display:inline-block\">{button}</a></p><p>{until}</p>\
         <p style=\"color:#566072;font-size:13px\">If the button does not work, open this address:<br>{address}</p>"
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
