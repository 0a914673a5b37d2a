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
    /// Provide an unused Teams Phone licence in the tenant, for a user of the domain.
    ProvideLicence,
    /// Wait until Microsoft has activated the domain.
    Wait,
    /// Fix the cause of the failure and retry.
    Retry,
    /// Remove the route and start it with another label.
    StartAnew,
    /// Run the script that sets voice routing up in Teams.
    RunScript,
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
            Self::RunScript => "run_script",
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
                "Provide one unassigned licence with Teams Phone, best of a product that contains Teams too, in the \
                 Microsoft 365 tenant. It is for a user whose sign-in name is in the route's domain, which makes \
                 Microsoft activate the domain. If the service takes the steps itself, it makes the user, and takes \
                 the licence back once the domain is activated."
            }
            Self::Wait => {
                "Teams has to take notice of the licensed user of the domain, which activates it for calls. That takes \
                 up to 24 hours."
            }
            Self::Retry => "Fix the cause that `failure` and `last_error` describe, then retry.",
            Self::StartAnew => "Remove the route and start it again with another label.",
            Self::RunScript => {
                "A Teams Administrator of the tenant has to run the script of `GET …/routes/{region}/powershell`, which \
                 makes the voice routing policy that users are given. The service finds it by itself afterwards."
            }
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
            (NextStep::ProvideLicence, "provide_licence", "Provide one unassigned licence with Teams Phone"),
            (NextStep::Wait, "wait", "Teams has to take notice"),
            (NextStep::Retry, "retry", "Fix the cause"),
            (NextStep::StartAnew, "start_anew", "Remove the route"),
            (NextStep::RunScript, "run_script", "A Teams Administrator"),
        ] {
            assert_eq!(step.as_str(), name);
            assert!(step.detail().starts_with(start) && step.detail().ends_with('.'), "{name}: {}", step.detail());
        }
    }
}
