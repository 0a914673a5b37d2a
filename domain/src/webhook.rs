//! Webhooks: where events are sent, what is sent there, and what comes of failures.

use std::net::IpAddr;

use chrono::TimeDelta;
use url::{Host, Url};

use crate::Timestamp;
use crate::event::TypePattern;
use crate::fault::{Fault, ItemFaults, distinct};
use crate::id::WebhookId;
use crate::limits::{EVENT_TYPES_MAX, WEBHOOK_FAILING_DAYS, WEBHOOK_RETRY_AFTER_MAX_SECONDS, WEBHOOK_URL_MAX};
use crate::values::public_address::is_public;
use crate::values::text::WebhookDescription;

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Reads a URL: `https`, without user and fragment, and not of a private address. Where private targets are allowed, for
    /// tests, `http` and every address do.
    pub fn parse(text: &str, private_allowed: bool) -> Result<Self, Fault> {
        let invalid = |detail| Fault::new("invalid_url", detail);
        let url = Url::parse(text).map_err(|_| invalid("Give a URL such as https://example.com/teammate."))?;
        // As it is stored and sent: what is not ASCII takes more room there.
        if url.as_str().len() > WEBHOOK_URL_MAX {
            let detail = format!("Give at most {WEBHOOK_URL_MAX} characters, as they are written in a request.");
            return Err(Fault::new("too_long", detail));
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(not_https());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("Leave user and password out: check the signature of what is sent instead."));
        }
        if url.fragment().is_some() {
            return Err(invalid("Leave out the # and what is behind it: it would not be sent."));
        }
        let target = Self(url);
        if !private_allowed {
            target.check_public()?;
        }
        Ok(target)
    }

    /// Refuses what only tests may send to: a URL without TLS, and a private address.
    pub fn check_public(&self) -> Result<(), Fault> {
        if self.0.scheme() != "https" {
            return Err(not_https());
        }
        if !self.address().is_none_or(is_public) {
            return Err(Fault::new("private_address", "Give an address of the public internet."));
        }
        Ok(())
    }

    /// The address that it names instead of a host, if it does.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn not_https() -> Fault {
    Fault::new("invalid_url", "Give a URL that begins with https://.")
}

/// Reads the types of events that a webhook gets: one at least, none twice. Faults carry the index of the one that they are about,
/// `None` when about the whole.
pub fn parse_types(texts: &[String]) -> Result<Vec<TypePattern>, ItemFaults> {
    if texts.is_empty() {
        return Err(vec![(None, Fault::new("too_short", "Name at least one type; `*` stands for all."))]);
    }
    if texts.len() > EVENT_TYPES_MAX {
        return Err(vec![(None, Fault::new("too_long", format!("Name at most {EVENT_TYPES_MAX} types.")))]);
    }
    let unknown = || Fault::new("unknown_event_type", "Name a type of event, `<subject>.*` or `*`.");
    distinct(texts, |text| TypePattern::parse(text).ok_or_else(unknown))
}

/// Why the service has stopped sending to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// It answered 410.
    Gone,
    /// Nothing was taken for five days.
    Failing,
}

impl DisabledReason {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Gone, Self::Failing].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// What a webhook is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where events are sent.
    pub target: Target,
    /// Which.
    pub types: Vec<TypePattern>,
    /// What people say of it.
    pub description: Option<WebhookDescription>,
    /// Whether anything is sent at all.
    pub enabled: bool,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What it is set to.
    pub settings: Settings,
    /// Why the service has stopped, if it has.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when nothing was taken, if the last attempt failed.
    pub failing_since: Option<Timestamp>,
    /// Grows by one with every change of it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its first attempt.
    Queued,
    /// An attempt failed; another is due.
    Retrying,
    /// Taken.
    Delivered,
    /// Given up; it can be sent again.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Retrying, Self::Delivered, Self::Failed];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The pauses between attempts, in seconds: three days from the first attempt to the last.
const PAUSES: [i64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000];

/// When a delivery is tried again after its `attempt`th failure (from 1): after a pause that grows, and is up to a fifth shorter or
/// longer by `jitter` (0–1000), so that what failed together does not come back together. No earlier than the receiver asks for,
/// within a day. `None` when it was the last attempt.
#[must_use]
pub fn next_attempt(attempt: i32, jitter: u16, retry_after: Option<TimeDelta>, now: Timestamp) -> Option<Timestamp> {
    let seconds = PAUSES.get(usize::try_from(attempt - 1).ok()?)?;
    let milliseconds = seconds * (800 + i64::from(jitter.min(1000)) * 400 / 1000);
    let most = TimeDelta::seconds(WEBHOOK_RETRY_AFTER_MAX_SECONDS);
    let asked = retry_after.map_or(TimeDelta::zero(), |after| after.min(most));
    Some(now + TimeDelta::milliseconds(milliseconds).max(asked))
}

/// Whether the service gives a webhook up at which nothing was taken since an instant.
#[must_use]
pub fn gives_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now - failing_since >= TimeDelta::days(WEBHOOK_FAILING_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_public_https_url() {
        let code = |text: &str, private| Target::parse(text, private).err().map(|fault| fault.code);
        for good in
            ["https://example.com/hook?x=1", "https://例え.jp/", "https://[2606:4700::1]:8443/", "https://8.8.8.8"]
        {
            assert_eq!(code(good, false), None, "{good}");
        }
        for (bad, expected) in [
            ("", "invalid_url"),
            ("example.com", "invalid_url"),
            ("http://example.com/", "invalid_url"),
            ("ftp://example.com/", "invalid_url"),
            ("https://ann:secret@example.com/", "invalid_url"),
            ("https://example.com/#here", "invalid_url"),
            ("https://127.0.0.1/", "private_address"),
            ("https://0x7f.1/", "private_address"),
            ("https://2130706433/", "private_address"),
            ("https://[::1]/", "private_address"),
            ("https://[::ffff:10.0.0.1]/", "private_address"),
            ("https://169.254.169.254/latest/meta-data", "private_address"),
        ] {
            assert_eq!(code(bad, false), Some(expected), "{bad}");
        }
        assert_eq!(code(&format!("https://example.com/{}", "a".repeat(WEBHOOK_URL_MAX)), false), Some("too_long"));
        assert_eq!(code(&format!("https://example.com/{}", "é".repeat(700)), false), Some("too_long"));
        assert_eq!(code("http://127.0.0.1:8080/", true), None);
    }

    #[test]
    fn attempts_are_spread_over_three_days() {
        let start = Timestamp::default();
        let mut now = start;
        let mut attempt = 1;
        while let Some(next) = next_attempt(attempt, 500, None, now) {
            assert!(next > now);
            (now, attempt) = (next, attempt + 1);
        }
        assert_eq!(attempt, 11);
        let days = (now - start).num_seconds();
        assert!((3 * 86_400 - 3_600..3 * 86_400 + 3_600).contains(&days), "{days}");
        let seconds = |jitter| (next_attempt(2, jitter, None, start).unwrap() - start).num_seconds();
        assert_eq!((seconds(0), seconds(500), seconds(1000)), (48, 60, 72));
    }

    #[test]
    fn a_receiver_can_ask_for_time() {
        let start = Timestamp::default();
        let after = |seconds| {
            let asked = Some(TimeDelta::seconds(seconds));
            (next_attempt(1, 500, asked, start).unwrap() - start).num_seconds()
        };
        assert_eq!(after(120), 120);
        assert_eq!(after(1), 5, "never sooner than otherwise");
        assert_eq!(after(-5), 5);
        assert_eq!(after(10_000_000), 86_400, "nor later than in a day");
    }

    #[test]
    fn a_webhook_is_given_up_after_five_days() {
        let start = Timestamp::default();
        assert!(!gives_up(start, start + TimeDelta::days(5) - TimeDelta::seconds(1)));
        assert!(gives_up(start, start + TimeDelta::days(5)));
    }
}
