//! The texts of e-mails, one table per language. Names in braces are placeholders: see [`fill`].

/// The texts of one kind of letter.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The subject line.
    pub subject: &'static str,
    /// The first paragraph: what it is about.
    pub intro: &'static str,
    /// The label of the link's button; empty if there is no link.
    pub button: &'static str,
    /// The last paragraph, such as what to do if the e-mail was not expected.
    pub last: &'static str,
}

/// All texts in one language.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// The language, as an HTML document names it (BCP 47).
    pub language: &'static str,
    /// The salutation.
    pub greeting: &'static str,
    /// The signature.
    pub signature: &'static str,
    /// When the link expires: `{until}`.
    pub until: &'static str,
    /// The date format, in the syntax of `chrono`.
    pub instant: &'static str,
    /// What to do if the button does not work.
    pub by_hand: &'static str,
    /// Invites to activate an account: `{kind}`, `{account}`.
    pub activation: Text,
    /// Invites to activate an enterprise: `{account}`.
    pub activation_of_enterprise: Text,
    /// Invites a member: `{kind}`, `{account}`, `{role}`.
    pub invitation: Text,
    /// Asks to confirm a new address: `{to}`, `{account}`.
    pub email_change: Text,
    /// Tells the old address that its owner requested a change: `{to}`, `{account}`.
    pub email_change_notice: Text,
    /// Asks the old address to agree to a change: `{to}`, `{account}`.
    pub email_change_consent: Text,
    /// Tells the old address about a change by an operator: `{to}`, `{account}`, `{from}`.
    pub email_change_by_operator: Text,
    /// Lets a member set a new password: `{account}`.
    pub password_reset: Text,
    /// The second factor was switched on: `{account}`.
    pub second_factor_enabled: Text,
    /// The second factor was switched off: `{account}`.
    pub second_factor_disabled: Text,
    /// An owner or an operator removed the second factor: `{account}`.
    pub second_factor_reset: Text,
    /// Somebody with the correct password gave wrong codes: `{account}`.
    pub wrong_codes: Text,
    /// Somebody gave many wrong passwords: `{account}`.
    pub wrong_passwords: Text,
    /// The password was replaced: `{account}`.
    pub password_changed: Text,
    /// A webhook was disabled because deliveries have failed for days: `{account}`, `{url}`, `{days}`.
    pub webhook_failing: Text,
    /// A webhook was disabled because the receiver answered 410: `{account}`, `{url}`.
    pub webhook_gone: Text,
}

const NOT_YOU: &str =
    "If this was not you, set a new password immediately and contact your provider of TeamMate Portal.";
const WEBHOOK_AGAIN: &str = "When the receiver works again, enable the webhook (PATCH /webhooks/{id} with \
                             \"enabled\": true) and have the missed events sent again (POST /webhooks/{id}/replay). \
                             The webhook's deliveries show what went wrong.";

/// The English texts.
pub const ENGLISH: Texts = Texts {
    language: "en",
    greeting: "Hello,",
    signature: "TeamMate Portal",
    until: "The link works only once, until {until} UTC.",
    instant: "%-d %B %Y, %H:%M",
    by_hand: "If the button does not work, open this address:",
    activation: Text {
        subject: "Activate {account} on TeamMate Portal",
        intro: "{account} has been set up as a {kind} on TeamMate Portal, and you are its owner. Choose a password to activate the \
                account.",
        button: "Activate the account",
        last: "If you did not expect this, ignore this e-mail. The account stays inactive until you activate it.",
    },
    // Connecting the tenant with the session border controllers requires this role in Microsoft 365.
    activation_of_enterprise: Text {
        subject: "Activate {account} on TeamMate Portal",
        intro: "{account} has been set up on TeamMate Portal to be connected with Microsoft Teams, and you are invited as its \
                Microsoft Global Administrator. Choose a password to activate the account.",
        button: "Activate the account",
        last: "If you did not expect this, ignore this e-mail. The account stays inactive until you activate it.",
    },
    invitation: Text {
        subject: "Join {account} on TeamMate Portal",
        intro: "You are invited to the {kind} {account} on TeamMate Portal, as its {role}. Choose a password to join.",
        button: "Choose a password",
        last: "If you did not expect this, ignore this e-mail. Nothing happens unless you follow the link.",
    },
    email_change: Text {
        subject: "Confirm your new e-mail address for TeamMate Portal",
        intro: "{to} is to become the e-mail address that signs in to {account} on TeamMate Portal.",
        button: "Confirm the address",
        last: "If you did not expect this, ignore this e-mail. Nothing changes unless you follow the link.",
    },
    email_change_notice: Text {
        subject: "Your e-mail address for TeamMate Portal is about to change",
        intro: "Somebody who is signed in as {to} has asked for another e-mail address for {account} on TeamMate Portal. \
                The address changes once the new one has been confirmed.",
        button: "Stop the change",
        last: "If this was not you, stop the change and reset your password immediately.",
    },
    email_change_consent: Text {
        subject: "Do you agree to another e-mail address for {account}?",
        intro: "Your provider has asked to replace {to} as the e-mail address of {account} on TeamMate Portal. Whoever has \
                the new address will sign in to the account instead of you. Nothing changes unless you agree.",
        button: "Agree or stop the change",
        last: "If you did not expect this, stop the change and ask your provider.",
    },
    email_change_by_operator: Text {
        subject: "Your e-mail address for TeamMate Portal is about to change",
        intro: "The operators of TeamMate Portal were asked to replace {to} as the e-mail address of {account}. Whoever has \
                the new address can sign in to the account instead of you from {from} UTC on, unless you stop the change.",
        button: "Agree or stop the change",
        last: "If you did not expect this, stop the change and contact your provider of TeamMate Portal immediately.",
    },
    password_reset: Text {
        subject: "Set a new password for TeamMate Portal",
        intro: "Somebody has asked to reset your password for {account} on TeamMate Portal.",
        button: "Set a new password",
        last: "If this was not you, ignore this e-mail. Your password stays the same.",
    },
    second_factor_enabled: Text {
        subject: "Your second factor for TeamMate Portal is on",
        intro: "From now on, signing in to {account} on TeamMate Portal requires a code from your authenticator app \
                or one of your recovery codes.",
        button: "",
        last: NOT_YOU,
    },
    second_factor_disabled: Text {
        subject: "Your second factor for TeamMate Portal is off",
        intro: "From now on, signing in to {account} on TeamMate Portal requires only your password: the second \
                factor was switched off with one of its codes.",
        button: "",
        last: NOT_YOU,
    },
    second_factor_reset: Text {
        subject: "Your second factor for TeamMate Portal was taken away",
        intro: "From now on, signing in to {account} on TeamMate Portal requires only your password: an owner, or an \
                operator of the service, has removed your second factor.",
        button: "",
        last: NOT_YOU,
    },
    wrong_codes: Text {
        subject: "Somebody tries to sign in as you on TeamMate Portal",
        intro: "Somebody has tried several times to sign in to {account} on TeamMate Portal with your password, or \
                from one of your sessions, but with wrong codes. None of the attempts succeeded.",
        button: "",
        last: NOT_YOU,
    },
    wrong_passwords: Text {
        subject: "Somebody is guessing your password for TeamMate Portal",
        intro: "Somebody has tried many wrong passwords to sign in to {account} on TeamMate Portal as you. Attempts are slowed \
                down, and after 100 within a day only a link by e-mail helps to sign in.",
        button: "",
        last: "If this was not you, make sure that your password is long and used nowhere else, and switch on a second factor.",
    },
    password_changed: Text {
        subject: "Your password for TeamMate Portal was changed",
        intro: "The password that signs you in to {account} on TeamMate Portal was changed. Your other sessions have ended.",
        button: "",
        last: NOT_YOU,
    },
    webhook_failing: Text {
        subject: "A webhook of {account} was switched off",
        intro: "TeamMate Portal no longer sends events of {account} to {url}, because all deliveries have failed for \
                {days} days.",
        button: "",
        last: WEBHOOK_AGAIN,
    },
    webhook_gone: Text {
        subject: "A webhook of {account} was switched off",
        intro: "TeamMate Portal no longer sends events of {account} to {url}, because the receiver answered 410 \
                (Gone).",
        button: "",
        last: WEBHOOK_AGAIN,
    },
};

/// Replaces placeholders in braces by their values. Values are not searched for placeholders, and placeholders without
/// a value are left unchanged.
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
