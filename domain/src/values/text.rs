//! Short texts from people: names, references, reasons. They are stored exactly as given. Only texts that can't be
//! stored, or that people could not read, are refused.

use crate::fault::Fault;
use crate::limits;
use crate::values::characters::is_visible;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($check:ident, $max:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Checks the text and keeps it unchanged.
            pub fn parse(text: &str) -> Result<Self, Fault> {
                $check(text, $max).map(|()| Self(text.to_owned()))
            }

            /// The text as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text as given.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }
    )*};
}

texts! {
    /// The name of an account: 1–120 characters, at least one visible, no control characters (R4).
    AccountName(line, limits::NAME_MAX);
    /// The first or last name of a person: 1–80 characters, at least one visible, no control characters.
    PersonName(line, limits::PERSON_NAME_MAX);
    /// The display name of a member: 1–120 characters of which one is visible, no control characters (R9).
    MemberName(line, limits::NAME_MAX);
    /// An identifier in the billing system of a reseller or master reseller: any 1–255 characters except NUL (R6).
    BillingReference(verbatim, limits::BILLING_REFERENCE_MAX);
    /// The name of a trunk: 1–120 characters, at least one visible, no control characters (R13).
    TrunkName(line, limits::NAME_MAX);
    /// The name of an API client: 1–120 characters, at least one visible, no control characters (R9).
    ClientName(line, limits::NAME_MAX);
    /// The description of a webhook: 1–255 characters, at least one visible, no control characters.
    WebhookDescription(line, limits::WEBHOOK_DESCRIPTION_MAX);
    /// The location of a PBX: 1–120 characters, at least one visible, no control characters (R12).
    Location(line, limits::NAME_MAX);
    /// The SIP authentication name of a user or trunk: 1–128 characters, at least one visible, no control characters.
    AuthenticationName(line, limits::AUTHENTICATION_NAME_MAX);
    /// A free text about a user: 1–255 characters, at least one visible, no control characters (R14).
    Tag(line, limits::TAG_MAX);
    /// The reason for rejecting a support ticket: 1–500 characters, at least one visible.
    RejectionReason(paragraph, limits::REJECTION_REASON_MAX);
    /// The reason for adjusting a line of a billing report: 1–500 characters, at least one visible.
    AdjustmentReason(paragraph, limits::ADJUSTMENT_REASON_MAX);
}

fn line(text: &str, max: usize) -> Result<(), Fault> {
    if text.chars().any(char::is_control) {
        return Err(Fault::new("control_character", "Remove line breaks and other control characters."));
    }
    paragraph(text, max)
}

fn paragraph(text: &str, max: usize) -> Result<(), Fault> {
    verbatim(text, max)?;
    if !text.chars().any(is_visible) {
        return Err(Fault::new("blank", "Give at least one visible character."));
    }
    Ok(())
}

fn verbatim(text: &str, max: usize) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::new("too_short", "Give at least 1 character."));
    }
    let length = text.chars().count();
    if length > max {
        return Err(Fault::new("too_long", format!("Give at most {max} characters; these are {length}.")));
    }
    if text.contains('\0') {
        return Err(Fault::new("control_character", "Remove the NUL character."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r4_a_name_has_1_to_120_visible_characters() {
        let code = |text: &str| AccountName::parse(text).err().map(|fault| fault.code);
        let longest = "é".repeat(limits::NAME_MAX);
        for good in ["A", "Nordwind Telefonie", "نور للاتصالات", "☎️ Phones", "  kept  ", longest.as_str()]
        {
            assert_eq!(code(good), None, "{good:?}");
        }
        assert_eq!(code(""), Some("too_short"));
        for blank in [" \u{3000}", " \u{200b}", "\u{3164}\u{115f}", "\u{2800}", "\u{fe0f}", "\u{e0041}\u{e007f}"] {
            assert_eq!(code(blank), Some("blank"), "{blank:?}");
        }
        assert_eq!(code(&"é".repeat(limits::NAME_MAX + 1)), Some("too_long"));
        assert_eq!(code("a\nb"), Some("control_character"));
        assert_eq!(code("a\0b"), Some("control_character"));
    }

    proptest! {
        #[test]
        fn r6_a_billing_reference_stays_as_it_was_given(text in "[^\\x00]{1,255}") {
            let reference = BillingReference::parse(&text).expect("any 1–255 characters but NUL");
            prop_assert_eq!(reference.as_str(), text.as_str());
        }
    }
}
