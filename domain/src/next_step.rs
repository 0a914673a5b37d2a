//! What has to be done next on a route of Direct Routing (R11).

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// Start the route.
    Start,
    /// Let the tenant take the domain on.
    GiveConsent,
    /// Publish the TXT record.
    PublishTxtRecord,
    /// Have a spare Phone System licence in the tenant.
    ProvideLicence,
    /// Wait.
    Wait,
    /// Mend the cause of the failure and retry.
    Retry,
    /// Remove the route and start it with another label.
    StartAnew,
}

impl NextStep {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::GiveConsent => "give_consent",
            Self::PublishTxtRecord => "publish_txt_record",
            Self::ProvideLicence => "provide_licence",
            Self::Wait => "wait",
            Self::Retry => "retry",
            Self::StartAnew => "start_anew",
        }
    }

    /// What to do, for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Start => "Start the route with the label that its domain is to have.",
            Self::GiveConsent => {
                "A Global Administrator of the Microsoft 365 tenant adds the route's domain there (Microsoft 365 admin \
                 center, Settings, Domains), or consents to this service doing so."
            }
            Self::PublishTxtRecord => {
                "Publish the TXT record in the DNS of the route's domain. Microsoft finds it within minutes, \
                 sometimes hours."
            }
            Self::ProvideLicence => {
                "Have one Phone System licence in the Microsoft 365 tenant that no user has: the domain is activated \
                 with it."
            }
            Self::Wait => "Microsoft makes the domain ready for calls. That takes up to 24 hours.",
            Self::Retry => "Mend what `failure` and `last_error` name, then retry.",
            Self::StartAnew => "Remove the route and start it again with another label.",
        }
    }
}
