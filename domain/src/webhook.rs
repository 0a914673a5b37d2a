//! Webhooks: their target URLs, their settings, and how failed deliveries are retried.

use std::cell::Cell;
use std::net::IpAddr;

use chrono::TimeDelta;
use url::{Host, SyntaxViolation, Url};

use crate::Timestamp;
use crate::event::TypePattern;
use crate::fault::{Fault, ItemFaults, distinct};
use crate::id::WebhookId;
use crate::limits::{EVENT_TYPES_MAX, WEBHOOK_FAILING_DAYS, WEBHOOK_RETRY_AFTER_MAX_SECONDS, WEBHOOK_URL_MAX};
use crate::values::public_address::is_public;
use crate::values::text::WebhookDescription;

/// The URL that a webhook's events are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Parses a URL. It must be `https`, must not contain credentials or a fragment, and must not name a private
    /// address. With `private_allowed` (for tests), `http` and private addresses are accepted too.
    pub fn parse(text: &str, private_allowed: bool) -> Result<Self, Fault> {
        let invalid = |detail| Fault::new("invalid_url", detail);
        let is_repaired = Cell::new(false);
        // Credentials are refused below.
        let repaired = |violation| {
            is_repaired.set(is_repaired.get() || violation != SyntaxViolation::EmbeddedCredentials);
        };
        let url = Url::options().syntax_violation_callback(Some(&repaired)).parse(text);
        let url = url.map_err(|_| invalid("Give a URL such as https://example.com/teammate."))?;
        if is_repaired.get() {
            return Err(invalid(
                "Write the URL as RFC 3986 demands: `https://`, no blanks or backslashes, other characters escaped with \
                 `%`.",
            ));
        }
        // The limit is for the encoded form, which is stored and sent. Non-ASCII characters are longer there.
        if url.as_str().len() > WEBHOOK_URL_MAX {
            let detail = format!("Give at most {WEBHOOK_URL_MAX} characters, counted in the encoded form.");
            return Err(Fault::new("too_long", detail));
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(not_https());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("Remove user name and password: verify the signature of deliveries instead."));
        }
        if url.fragment().is_some() {
            return Err(invalid("Remove the fragment (the # and everything after it): it would not be sent."));
        }
        let target = Self(url);
        if !private_allowed {
            target.check_public()?;
        }
        Ok(target)
    }

    /// Checks that the URL is `https` and does not name a private address.
    pub fn check_public(&self) -> Result<(), Fault> {
        if self.0.scheme() != "https" {
            return Err(not_https());
        }
        if !self.address().is_none_or(is_public) {
            return Err(Fault::new("private_address", "Give a public address, not a private or reserved one."));
        }
        Ok(())
    }

    /// The IP address in the URL; `None` if it names a host.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// The URL as text, in its encoded form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn not_https() -> Fault {
    Fault::new("invalid_url", "Give a URL that begins with https://.")
}

/// Parses the event types of a webhook: at least one, none twice. Each fault has the index of the item it is about, or
/// `None` if it is about the whole list.
pub fn parse_types(texts: &[String]) -> Result<Vec<TypePattern>, ItemFaults> {
    if texts.is_empty() {
        return Err(vec![(None, Fault::new("too_short", "Give at least one event type; `*` stands for all."))]);
    }
    if texts.len() > EVENT_TYPES_MAX {
        return Err(vec![(None, Fault::new("too_long", format!("Give at most {EVENT_TYPES_MAX} event types.")))]);
    }
    let unknown = || Fault::new("unknown_event_type", "Use an event type, `<subject>.*` or `*`.");
    distinct(texts, |text| TypePattern::parse(text).ok_or_else(unknown))
}

/// Why the service has disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// The receiver responded with status 410.
    Gone,
    /// All deliveries failed for five days.
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

    /// The reason with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Gone, Self::Failing].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// The settings of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The URL that events are sent to.
    pub target: Target,
    /// The event types that are sent.
    pub types: Vec<TypePattern>,
    /// A description for people.
    pub description: Option<WebhookDescription>,
    /// Whether events are sent.
    pub enabled: bool,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its settings.
    pub settings: Settings,
    /// Why the service has disabled it, if it has.
    pub disabled_reason: Option<DisabledReason>,
    /// When deliveries started to fail; `None` if the last attempt succeeded.
    pub failing_since: Option<Timestamp>,
    /// Increases by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The state of a delivery to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waiting for the first attempt.
    Queued,
    /// At least one attempt failed; another one is scheduled.
    Retrying,
    /// The receiver accepted it.
    Delivered,
    /// All attempts failed. It can be redelivered by request.
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

    /// The state with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The pauses between attempts, in seconds: three days from the first attempt to the last.
const PAUSES: [i64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000];

/// When to retry a delivery after attempt number `attempt` (counted from 1) has failed; `None` if that was the last
/// attempt.
///
/// The pause grows with each attempt. `jitter` (0–1000) makes it up to a fifth shorter or longer, so that deliveries
/// that failed together are not retried together. The retry is not before the receiver's `Retry-After`, of which at
/// most a day is honoured.
#[must_use]
pub fn next_attempt(attempt: i32, jitter: u16, retry_after: Option<TimeDelta>, now: Timestamp) -> Option<Timestamp> {
    let seconds = PAUSES.get(usize::try_from(attempt - 1).ok()?)?;
    let milliseconds = seconds * (800 + i64::from(jitter.min(1000)) * 400 / 1000);
    let most = TimeDelta::seconds(WEBHOOK_RETRY_AFTER_MAX_SECONDS);
    let asked = retry_after.map_or(TimeDelta::zero(), |after| after.min(most));
    Some(now + TimeDelta::milliseconds(milliseconds).max(asked))
}

/// Whether a webhook that has been failing since `failing_since` is to be disabled.
#[must_use]
pub fn gives_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now - failing_since >= TimeDelta::days(WEBHOOK_FAILING_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TYPES;

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
            ("https://ann@example.com/", "invalid_url"),
            ("https://:secret@example.com/", "invalid_url"),
            ("https://example.com/#here", "invalid_url"),
            ("https:example.com/", "invalid_url"),
            ("https:\\\\example.com\\", "invalid_url"),
            (" https://example.com/", "invalid_url"),
            ("https://exam\tple.com/", "invalid_url"),
            ("https://example.com/a b", "invalid_url"),
            ("https://example.com/%zz", "invalid_url"),
            ("https://127.0.0.1/", "private_address"),
            ("https://0x7f.1/", "private_address"),
            ("https://2130706433/", "private_address"),
            ("https://[::1]/", "private_address"),
            ("https://[::ffff:10.0.0.1]/", "private_address"),
            ("https://169.254.169.254/latest/meta-data", "private_address"),
        ] {
            assert_eq!(code(bad, false), Some(expected), "{bad}");
        }
        let longest = format!("https://example.com/{}", "a".repeat(WEBHOOK_URL_MAX - 20));
        assert_eq!(code(&longest, false), None);
        assert_eq!(code(&format!("{longest}a"), false), Some("too_long"));
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

    #[test]
    fn a_target_is_kept_as_it_is_sent() {
        for (given, sent) in [
            ("https://example.com/hook?x=1", "https://example.com/hook?x=1"),
            ("https://例え.jp/é", "https://xn--r8jz45g.jp/%C3%A9"),
            ("https://example.com", "https://example.com/"),
        ] {
            assert_eq!(Target::parse(given, false).unwrap().as_str(), sent);
        }
    }

    #[test]
    fn a_webhook_is_sent_one_to_fifty_types() {
        let parse = |count: usize| {
            let texts: Vec<_> = TYPES.iter().take(count).map(|kind| kind.name.to_owned()).collect();
            parse_types(&texts).map(|types| types.len()).map_err(|faults| faults[0].1.code)
        };
        assert_eq!([0, 1, 50, 51].map(parse), [Err("too_short"), Ok(1), Ok(50), Err("too_long")]);
        let texts = ["pbx.*", "pbx.exploded", "pbx.*"].map(str::to_owned);
        let faults: Vec<_> =
            parse_types(&texts).unwrap_err().into_iter().map(|(index, fault)| (index, fault.code)).collect();
        assert_eq!(faults, [(Some(1), "unknown_event_type"), (Some(2), "duplicate")]);
    }

    #[test]
    fn reasons_and_states_have_one_name_everywhere() {
        let reasons = [DisabledReason::Gone, DisabledReason::Failing];
        let names = ["gone", "failing"];
        assert_eq!(reasons.map(DisabledReason::as_str), names);
        assert_eq!(names.map(DisabledReason::parse), reasons.map(Some));
        assert_eq!(["", "Gone", "failed"].map(DisabledReason::parse), [None; 3]);
        let names = ["queued", "retrying", "delivered", "failed"];
        assert_eq!(DeliveryState::ALL.map(DeliveryState::as_str), names);
        assert_eq!(names.map(DeliveryState::parse), DeliveryState::ALL.map(Some));
        assert_eq!(["", "Queued", "sent"].map(DeliveryState::parse), [None; 3]);
    }
}
