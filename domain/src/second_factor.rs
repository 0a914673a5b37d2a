//! The second factor of a member: codes of an authenticator app (TOTP, RFC 6238), each usable once, and recovery codes
//! in case the app is lost.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use crate::Timestamp;
use crate::fault::Fault;
use crate::limits::{
    APP_CODE_DIGITS, CODE_MAX, CODE_PAUSE_MAX_SECONDS, CODE_PAUSE_SECONDS, CODES_FREE, EARLIER_RECOVERY_CODE_LENGTH,
    RECOVERY_CODE_LENGTH,
};

/// A second-factor code as given by a member. Its `Debug` output is redacted.
#[derive(Debug, Clone)]
pub enum Code {
    /// A code of the authenticator app.
    App(SecretString),
    /// A recovery code in capital letters, without separators.
    Recovery(SecretString),
}

impl Code {
    /// Parses a code. Spaces, hyphens and the case of recovery codes are ignored.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().count() > CODE_MAX {
            return Err(Fault::new("too_long", format!("Give at most {CODE_MAX} characters.")));
        }
        let bare: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if bare.len() == APP_CODE_DIGITS && bare.bytes().all(|octet| octet.is_ascii_digit()) {
            return Ok(Self::App(SecretString::from(bare)));
        }
        let bare = bare.to_ascii_uppercase();
        // The alphabet of base32 (RFC 4648 section 6).
        let is_long_enough = matches!(bare.len(), RECOVERY_CODE_LENGTH | EARLIER_RECOVERY_CODE_LENGTH);
        if is_long_enough && bare.bytes().all(|octet| matches!(octet, b'A'..=b'Z' | b'2'..=b'7')) {
            return Ok(Self::Recovery(SecretString::from(bare)));
        }
        let detail = format!(
            "Give the {APP_CODE_DIGITS}-digit code of the authenticator app, or a recovery code of {RECOVERY_CODE_LENGTH} letters and digits."
        );
        Err(Fault::new("invalid_code", detail))
    }

    /// The code as text.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::App(text) | Self::Recovery(text) => text.expose_secret(),
        }
    }
}

/// Wrong authenticator app codes since the last correct one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrongCodes {
    /// The number of wrong codes.
    pub count: i32,
    /// When the last wrong code was given.
    pub last_at: Option<Timestamp>,
}

impl WrongCodes {
    /// How long no further app code is accepted; `None` if there is no pause at `now`.
    ///
    /// An attacker who has the password could try all six-digit codes, so the pauses double, up to 15 minutes. Recovery
    /// codes are too long to guess and never have to wait, so nobody is locked out.
    #[must_use]
    pub fn pause(self, now: Timestamp) -> Option<Duration> {
        let further = u32::try_from(self.count.checked_sub(CODES_FREE)?).ok()?;
        let seconds = (CODE_PAUSE_SECONDS << further.min(16)).min(CODE_PAUSE_MAX_SECONDS);
        let end = self.last_at? + TimeDelta::seconds(seconds);
        (end - now).to_std().ok().filter(|left| !left.is_zero())
    }

    /// The count after one more wrong code at `now`.
    #[must_use]
    pub fn and_one(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last_at: Some(now) }
    }

    /// Whether to warn the member now that somebody with the password is guessing codes. True exactly once, when the
    /// first pause begins.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        self.count == CODES_FREE
    }
}

/// Whether the code of a time step may be used, given the last step whose code was used. Each code works once; using
/// one also invalidates those of earlier steps (RFC 6238 section 5.2).
#[must_use]
pub fn is_fresh(step: i64, last_used: Option<i64>) -> bool {
    last_used.is_none_or(|last| step > last)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        for (text, expected) in [
            ("123456", Some("123456")),
            (" 123 456 ", Some("123456")),
            ("abcd-efgh-ijkl-2345", Some("ABCDEFGHIJKL2345")),
            ("ABCDEFGHIJKL2345", Some("ABCDEFGHIJKL2345")),
            ("2222-3333-4444-5555", Some("2222333344445555")),
            ("abcd-efgh-ijkl-mnop-qrst-uvwx-yz", Some("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
            ("abcd-efgh-ijkl-mnop-qrst-uvwx-y", None),
            ("abcd-efgh-ijkl-mnop-qrst-uvwx-yza", None),
            ("1 2 3 4 5 6                             ", Some("123456")),
            ("1 2 3 4 5 6                              ", None),
            ("12345", None),
            ("1234567", None),
            ("１２３４５６", None),
            ("abcd-efgh-ijkl-2341", None),
            ("", None),
        ] {
            let read = Code::parse(text);
            assert_eq!(read.as_ref().ok().map(Code::expose), expected, "{text:?}");
            if let Ok(code) = read {
                assert!(!format!("{code:?}").contains(code.expose()), "it can't be printed");
            }
        }
    }

    #[test]
    fn wrong_codes_make_the_next_one_wait_and_never_lock_out() {
        let pause = |count, now| WrongCodes { count, last_at: Some(at(0)) }.pause(at(now)).map(|left| left.as_secs());
        for (count, now, expected) in [
            (0, 0, None),
            (4, 0, None),
            (5, 0, Some(30)),
            (5, 29, Some(1)),
            (5, 30, None),
            (6, 0, Some(60)),
            (9, 0, Some(480)),
            (10, 0, Some(900)),
            (i32::MAX, 0, Some(900)),
            (i32::MAX, 900, None),
        ] {
            assert_eq!(pause(count, now), expected, "{count} wrong, {now} s later");
        }
        assert_eq!(WrongCodes::default().pause(at(0)), None);
        let alarms = (0..20).scan(WrongCodes::default(), |wrong, _| {
            *wrong = wrong.and_one(at(0));
            Some(wrong.is_alarming())
        });
        assert_eq!(alarms.filter(|alarm| *alarm).count(), 1, "the member is told once");
    }

    #[test]
    fn a_code_is_good_once() {
        assert!(is_fresh(7, None) && is_fresh(7, Some(6)));
        assert!(!is_fresh(7, Some(7)) && !is_fresh(6, Some(7)));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text: String) {
            let _ = Code::parse(&text);
        }
    }
}
