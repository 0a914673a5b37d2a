//! The words of e-mails, in a table for each language. Names in braces are put in: see [`fill`].

/// The words of one kind of letter.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The subject line.
    pub subject: &'static str,
    /// What it is about.
    pub intro: &'static str,
    /// What the button of its link says; empty when it has none.
    pub button: &'static str,
    /// What else there is to say, such as what to do when it was not expected.
    pub last: &'static str,
}

/// All words in one language.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// The language, as an HTML document names it (BCP 47).
    pub language: &'static str,
    /// The first line.
    pub greeting: &'static str,
    /// The last line.
    pub signature: &'static str,
    /// Until when a link works: `{until}`.
    pub until: &'static str,
    /// How an instant is written, as `chrono` has it.
    pub instant: &'static str,
    /// What to do when the button does not work.
    pub by_hand: &'static str,
    /// Invites to activate an account: `{kind}`, `{account}`.
    pub activation: Text,
    /// The same for an enterprise.
    pub activation_of_enterprise: Text,
    /// Invites a member: `{kind}`, `{account}`, `{role}`.
    pub invitation: Text,
    /// Confirms a new address: `{to}`, `{account}`.
    pub email_change: Text,
    /// Tells the old address: `{to}`, `{new}`, `{account}`.
    pub email_change_notice: Text,
    /// Lets a member set a new password: `{account}`.
    pub password_reset: Text,
    /// A second factor is on: `{account}`.
    pub second_factor_enabled: Text,
    /// It is off: `{account}`.
    pub second_factor_disabled: Text,
    /// Somebody else took it away: `{account}`.
    pub second_factor_reset: Text,
    /// Somebody gave wrong codes: `{account}`.
    pub wrong_codes: Text,
    /// A webhook takes nothing: `{account}`, `{url}`, `{days}`.
    pub webhook_failing: Text,
    /// A webhook is gone: `{account}`, `{url}`.
    pub webhook_gone: Text,
}

const NOT_YOU: &str =
    "If it was not you, set a new password at once, and tell whoever provides TeamMate Portal to you.";
const WEBHOOK_AGAIN: &str = "When the receiver works again, switch the webhook on (PATCH /webhooks/{id} with \"enabled\": true) \
                             and have what it missed sent again (POST /webhooks/{id}/replay). Its deliveries show what went wrong.";

/// English.
pub const ENGLISH: Texts = Texts {
    language: "en",
    greeting: "Hello,",
    signature: "TeamMate Portal",
    until: "The link works once, until {until} UTC.",
    instant: "%-d %B %Y, %H:%M",
    by_hand: "If the button does not work, open this address:",
    activation: Text {
        subject: "Activate {account} on TeamMate Portal",
        intro: "{account} has been set up as a {kind} on TeamMate Portal, and you are its owner. Choose a password to activate the \
                account.",
        button: "Activate the account",
        last: "If you did not expect this, ignore it: without you the account stays inactive.",
    },
    // Whoever connects the tenant with the session border controllers needs that role in Microsoft 365.
    activation_of_enterprise: Text {
        subject: "Activate {account} on TeamMate Portal",
        intro: "{account} has been set up on TeamMate Portal to be connected with Microsoft Teams, and you are invited as its \
                Microsoft Global Administrator. Choose a password to activate the account.",
        button: "Activate the account",
        last: "If you did not expect this, ignore it: without you the account stays inactive.",
    },
    invitation: Text {
        subject: "Join {account} on TeamMate Portal",
        intro: "You are invited to the {kind} {account} on TeamMate Portal, as its {role}. Choose a password to join.",
        button: "Choose a password",
        last: "If you did not expect this, ignore it: without you nothing happens.",
    },
    email_change: Text {
        subject: "Confirm your new address for TeamMate Portal",
        intro: "{to} is to be the address by which {account} is signed in to on TeamMate Portal.",
        button: "Confirm the address",
        last: "If you did not expect this, ignore it: without you nothing changes.",
    },
    email_change_notice: Text {
        subject: "Your address for TeamMate Portal is to change",
        intro: "Somebody asked for {to} to be replaced by {new} for {account} on TeamMate Portal. That happens once it is confirmed \
                from the new address.",
        button: "",
        last: "If it was not you, tell whoever provides TeamMate Portal to you at once.",
    },
    password_reset: Text {
        subject: "Set a new password for TeamMate Portal",
        intro: "Somebody asked for a new password for your sign-in to {account} on TeamMate Portal.",
        button: "Set a new password",
        last: "If it was not you, ignore this: your password stays as it is.",
    },
    second_factor_enabled: Text {
        subject: "Your second factor for TeamMate Portal is on",
        intro: "Signing in to {account} on TeamMate Portal takes a code of your authenticator app from now on, or one of your recovery \
                codes.",
        button: "",
        last: NOT_YOU,
    },
    second_factor_disabled: Text {
        subject: "Your second factor for TeamMate Portal is off",
        intro: "Signing in to {account} on TeamMate Portal takes your password alone from now on: the second factor was switched off \
                with a code of it.",
        button: "",
        last: NOT_YOU,
    },
    second_factor_reset: Text {
        subject: "Your second factor for TeamMate Portal was taken away",
        intro: "Signing in to {account} on TeamMate Portal takes your password alone from now on: an owner, or whoever operates the \
                service, has taken your second factor away.",
        button: "",
        last: NOT_YOU,
    },
    wrong_codes: Text {
        subject: "Somebody tries to sign in as you on TeamMate Portal",
        intro: "Signing in to {account} on TeamMate Portal was tried several times with your password, or from a session of yours, and \
                with wrong codes. None of them worked.",
        button: "",
        last: NOT_YOU,
    },
    webhook_failing: Text {
        subject: "A webhook of {account} was switched off",
        intro: "TeamMate Portal no longer sends events of {account} to {url}, because it has taken nothing for {days} days.",
        button: "",
        last: WEBHOOK_AGAIN,
    },
    webhook_gone: Text {
        subject: "A webhook of {account} was switched off",
        intro: "TeamMate Portal no longer sends events of {account} to {url}, because the receiver answered that it is gone (410).",
        button: "",
        last: WEBHOOK_AGAIN,
    },
};

/// Puts values in the place of their names in braces. What is put in is not looked at again, and what has no value stays.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let value = after.split_once('}').and_then(|(name, behind)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, behind))
        });
        filled.push_str(before);
        if let Some((value, behind)) = value {
            filled.push_str(value);
            rest = behind;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let values = [("account", "{to} & Co"), ("to", "ann@contoso.example")];
        assert_eq!(fill("{account}: {to}, {id}, {", &values), "{to} & Co: ann@contoso.example, {id}, {");
    }
}
