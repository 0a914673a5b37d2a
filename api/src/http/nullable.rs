//! Aliases of the fields that may be `null`: see [`super::field`].

use domain::values::{language, return_url, route_domain, sip, tenant, text};
use domain::{Timestamp, enterprise, id, pbx, second_factor, trunk};

use super::field::Nullable;

pub type MemberName = Nullable<text::MemberName>;
pub type Language = Nullable<language::Language>;
pub type BillingReference = Nullable<text::BillingReference>;
pub type WebhookDescription = Nullable<text::WebhookDescription>;
pub type Code = Nullable<second_factor::Code>;
pub type Tenant = Nullable<tenant::Tenant>;
pub type VerificationTxt = Nullable<route_domain::VerificationTxt>;
pub type OutboundProxy = Nullable<sip::OutboundProxy>;
pub type FeatureCode = Nullable<pbx::FeatureCode>;
pub type AuthenticationName = Nullable<text::AuthenticationName>;
pub type SipPassword = Nullable<sip::SipPassword>;
pub type SipUser = Nullable<sip::SipUser>;
pub type ReturnUrl = Nullable<return_url::ReturnUrl>;
pub type Tag = Nullable<text::Tag>;
pub type UserLimit = Nullable<enterprise::UserLimit>;
pub type ConcurrentCalls = Nullable<trunk::ConcurrentCalls>;
pub type Instant = Nullable<Timestamp>;
pub type Id = Nullable<id::GivenId>;
pub type PbxId = Nullable<id::PbxId>;
pub type TrunkId = Nullable<id::TrunkId>;
