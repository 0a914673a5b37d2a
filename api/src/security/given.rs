//! Credentials in requests: e-mail addresses, passwords and tokens.

use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits, whole};
use domain::limits::{EMAIL_MAX, PASSWORD_MAX, PASSWORD_MIN, REFRESH_TOKEN_MAX, TOKEN_LENGTH};
use domain::values::email::EmailAddress;
use secrecy::SecretString;

use super::secret_token::SecretToken;

/// The e-mail address of a sign-in; `None` if it is malformed. A malformed address is not a fault: it gets the same
/// response as an unknown one.
#[derive(Debug)]
pub struct GivenEmail(pub Option<EmailAddress>);

impl Limited for GivenEmail {
    type Given = str;
    const LIMITS: Limits = Limits::formatted(0, EMAIL_MAX, "email");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self(EmailAddress::parse(given).ok()))
    }
}

/// The password of a sign-in. Any text is accepted.
#[derive(Debug)]
pub struct GivenPassword(pub SecretString);

impl Limited for GivenPassword {
    type Given = str;
    const LIMITS: Limits = Limits::formatted(0, PASSWORD_MAX, "password");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self(SecretString::from(given)))
    }
}

/// A new password. Whether it is strong enough is checked later, when the account is known.
#[derive(Debug)]
pub struct NewPassword(pub SecretString);

impl Limited for NewPassword {
    type Given = str;
    const LIMITS: Limits = Limits::formatted(PASSWORD_MIN, PASSWORD_MAX, "password");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self(SecretString::from(given)))
    }
}

/// The token of a link; `None` if it is malformed.
#[derive(Debug)]
pub struct LinkToken(pub Option<SecretToken>);

impl Limited for LinkToken {
    type Given = str;
    const LIMITS: Limits = Limits::text(TOKEN_LENGTH, TOKEN_LENGTH);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self(SecretToken::parse(given)))
    }
}

/// A refresh token; `None` if it is malformed. Only a text that is far too long, or contains NUL, is a fault.
#[derive(Debug)]
pub struct GivenRefreshToken(pub Option<SecretToken>);

impl Limited for GivenRefreshToken {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, REFRESH_TOKEN_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        if given.contains('\0') {
            return Err(whole(Fault::new("control_character", "Remove NUL.")));
        }
        if given.chars().count() > REFRESH_TOKEN_MAX {
            return Err(whole(Fault::new("too_long", format!("Give at most {REFRESH_TOKEN_MAX} characters."))));
        }
        Ok(Self(SecretToken::parse(given)))
    }
}
