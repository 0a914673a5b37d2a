//! An alias of [`Field`] for each value type. utoipa needs type names without generic parameters, because the value
//! types belong to another crate.

use domain::values::{email, host_name, language, network, route_domain, sip, tenant, text, user_principal_name};
use domain::{Timestamp, api_client, authority, enterprise, event, id, pbx, second_factor, services, trunk, webhook};

use super::Field;

pub type AccountName = Field<text::AccountName>;
pub type PersonName = Field<text::PersonName>;
pub type MemberName = Field<text::MemberName>;
pub type Language = Field<language::Language>;
pub type EmailAddress = Field<email::EmailAddress>;
pub type BillingReference = Field<text::BillingReference>;
pub type RejectionReason = Field<text::RejectionReason>;
pub type AdjustmentReason = Field<text::AdjustmentReason>;
pub type Country = Field<enterprise::Country>;
pub type ClientName = Field<text::ClientName>;
pub type WebhookDescription = Field<text::WebhookDescription>;
pub type Code = Field<second_factor::Code>;
pub type Tenant = Field<tenant::Tenant>;
pub type VerificationTxt = Field<route_domain::VerificationTxt>;
pub type PbxType = Field<pbx::PbxType>;
pub type Location = Field<text::Location>;
pub type HostName = Field<host_name::HostName>;
pub type OutboundProxy = Field<sip::OutboundProxy>;
pub type Transport = Field<network::Transport>;
pub type DnsLookup = Field<pbx::DnsLookup>;
pub type FeatureCode = Field<pbx::FeatureCode>;
pub type TrunkName = Field<text::TrunkName>;
pub type Host = Field<network::Host>;
pub type TrunkAuthentication = Field<trunk::Method>;
pub type AuthenticationName = Field<text::AuthenticationName>;
pub type SipPassword = Field<sip::SipPassword>;
pub type UserPrincipalName = Field<user_principal_name::UserPrincipalName>;
pub type SipUser = Field<sip::SipUser>;
pub type Tag = Field<text::Tag>;
pub type UserLimit = Field<enterprise::UserLimit>;
pub type Port = Field<network::Port>;
pub type RegistrationExpiry = Field<pbx::RegistrationExpiry>;
pub type ConcurrentCalls = Field<trunk::ConcurrentCalls>;
pub type PreviousSecretSeconds = Field<api_client::PreviousSecretSeconds>;
pub type Services = Field<services::Services>;
pub type RegionCodes = Field<enterprise::RegionCodes>;
pub type RegionCode = Field<enterprise::SbcRegionCode>;
pub type Codecs = Field<trunk::Codecs>;
pub type Networks = Field<Vec<network::Network>>;
pub type EventTypes = Field<Vec<event::TypePattern>>;
pub type AllowedNetworks = Field<api_client::AllowedNetworks>;
pub type Flag = Field<bool>;
pub type Instant = Field<Timestamp>;
pub type Role = Field<authority::Role>;
pub type WebhookUrl = Field<webhook::Target>;
pub type Id = Field<id::GivenId>;
pub type PbxId = Field<id::PbxId>;
pub type TrunkId = Field<id::TrunkId>;
