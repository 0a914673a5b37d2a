//! The next steps of a Direct Routing route (R11).

/// What has to be done next on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// Start the route.
    Start,
    /// Add the domain to the tenant, or consent to the service doing so.
    GiveConsent,
    /// Publish the TXT record in the DNS of the domain.
    PublishTxtRecord,
    /// Provide an unused Phone System licence in the tenant.
    ProvideLicence,
    /// Wait until Microsoft has activated the domain.
    Wait,
    /// Fix the cause of the failure and retry.
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

    /// An instruction for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Start => "Start the route with a label for its domain.",
            Self::GiveConsent => {
                "A Global Administrator of the Microsoft 365 tenant has to add the route's domain there (Microsoft 365 \
                 admin center, Settings, Domains), or consent to this service doing so."
            }
            Self::PublishTxtRecord => {
                "Publish the TXT record in the DNS of the route's domain. Microsoft finds it within minutes, \
                 sometimes hours."
            }
            Self::ProvideLicence => {
                "Provide one unassigned Phone System licence in the Microsoft 365 tenant: the domain is activated \
                 with it."
            }
            Self::Wait => "Microsoft is activating the domain for calls. That takes up to 24 hours.",
            Self::Retry => "Fix the cause that `failure` and `last_error` describe, then retry.",
            Self::StartAnew => "Remove the route and start it again with another label.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_every_step_has_a_name_for_programs_and_an_instruction_for_people() {
        for (step, name, start) in [
            (NextStep::Start, "start", "Start the route"),
            (NextStep::GiveConsent, "give_consent", "A Global Administrator"),
            (NextStep::PublishTxtRecord, "publish_txt_record", "Publish the TXT record"),
            (NextStep::ProvideLicence, "provide_licence", "Provide one unassigned Phone System licence"),
            (NextStep::Wait, "wait", "Microsoft is activating"),
            (NextStep::Retry, "retry", "Fix the cause"),
            (NextStep::StartAnew, "start_anew", "Remove the route"),
        ] {
            assert_eq!(step.as_str(), name);
            assert!(step.detail().starts_with(start) && step.detail().ends_with('.'), "{name}: {}", step.detail());
        }
    }
}
