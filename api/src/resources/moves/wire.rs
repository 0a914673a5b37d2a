//! Moves on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::fault::{Fault, ItemFaults};
use domain::id::AccountId;
use domain::limited::{Limited, Limits, whole};
use domain::limits::ID_MAX;
use domain::moves;
use domain::moves::{MoveStatus, parent_tier};
use domain::values::text::BillingReference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::Error;
use crate::http::field::{self, Field, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::validation::{member_wrong, validate};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::account::{ServiceView, services_view};

/// An account on its way below another one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_type": "reseller", "account_name": "Nordwind Telefonie GmbH"}))]
pub struct Move {
    /// Its id.
    #[schema(example = "move_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The account.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub account_id: String,
    /// What it is: `reseller` or `enterprise`.
    #[schema(value_type = shown::Word)]
    pub account_type: &'static str,
    /// Its name.
    #[schema(value_type = shown::Name)]
    pub account_name: String,
    /// Its services, which the account that it goes below must have.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// The account that it is to leave; `null` unless that is yours or below yours.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub from_id: Option<String>,
    /// The account that it is to go below, as it was named.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn03r")]
    pub to_id: String,
    /// Where it stands.
    pub status: MoveStatusView,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it is to be decided.
    pub expires_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

/// Where a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MoveStatus)]
pub enum MoveStatusView {
    /// Asked for by one side.
    Pending,
    /// Accepted by the other: the account has moved.
    Accepted,
    /// Declined by the other.
    Declined,
    /// Taken back by the one that asked.
    Cancelled,
    /// Not decided in time.
    Expired,
}

impl Move {
    /// The move as somebody sees it who sees the account that is left, or does not.
    #[must_use]
    pub fn view(of: moves::Move, sees_from: bool) -> Self {
        let moves::Move { id, account, from, to, status, created_at, expires_at, decided_at } = of;
        let parent = parent_tier(account.tier).unwrap_or(Tier::Platform);
        Self {
            id: id.to_string(),
            account_id: account.id_text(),
            account_type: account.tier.as_str(),
            services: services_view(account.services),
            account_name: account.name,
            from_id: sees_from.then(|| parent.format_id(from)),
            to_id: parent.format_id(to),
            status: match status {
                MoveStatus::Pending => MoveStatusView::Pending,
                MoveStatus::Accepted => MoveStatusView::Accepted,
                MoveStatus::Declined => MoveStatusView::Declined,
                MoveStatus::Cancelled => MoveStatusView::Cancelled,
                MoveStatus::Expired => MoveStatusView::Expired,
            },
            created_at,
            expires_at,
            decided_at,
        }
    }
}

impl Listed for Move {
    const PLURAL: &str = "moves";
}

/// A page of moves.
pub type MovePage = Page<Move>;

/// The id of a master reseller.
#[derive(Debug)]
struct MasterResellerId(AccountId);

impl Limited for MasterResellerId {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, ID_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        read_id(Tier::MasterReseller, given).map(Self)
    }
}

type MasterResellerIdField = Field<MasterResellerId>;

/// The id of a reseller.
#[derive(Debug)]
struct ResellerId(AccountId);

impl Limited for ResellerId {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, ID_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        read_id(Tier::Reseller, given).map(Self)
    }
}

type ResellerIdField = Field<ResellerId>;

/// Only its form is judged: whether there is such an account is not the caller's to know (R8).
fn read_id(tier: Tier, given: &str) -> Result<AccountId, ItemFaults> {
    let invalid = || whole(Fault::new("invalid_id", format!("Give the id of a {}.", tier.noun())));
    tier.parse_id(given).ok_or_else(invalid)
}

/// Where a reseller is to go.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn03r"}))]
pub struct MoveReseller {
    /// The master reseller that it is to go below, by the id that that one has told you.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    master_reseller_id: MasterResellerIdField,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<MoveReseller>> for AccountId {
    fn from(request: Valid<MoveReseller>) -> Self {
        let MoveReseller { master_reseller_id, unknown: _ } = request.into_inner();
        master_reseller_id.required().0
    }
}

/// Where an enterprise is to go.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn03r"}))]
pub struct MoveEnterprise {
    /// The reseller that it is to go below, by the id that that one has told you.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    reseller_id: ResellerIdField,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<MoveEnterprise>> for AccountId {
    fn from(request: Valid<MoveEnterprise>) -> Self {
        let MoveEnterprise { reseller_id, unknown: _ } = request.into_inner();
        reseller_id.required().0
    }
}

/// How an account is taken on.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, context = Account)]
#[schema(example = json!({"billing_reference": "CUST-4711"}))]
pub struct AcceptMove {
    /// What it is called in your billing system: any 1–255 characters but NUL, kept exactly as given. Required for a reseller;
    /// an enterprise can be without.
    #[serde(default)]
    #[validate(custom(function = given_for_a_reseller, use_context))]
    billing_reference: nullable::BillingReference,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl AcceptMove {
    /// The billing reference of the account that is taken on, or everything that is wrong with it.
    pub fn reference(self, account: &Account) -> Result<Option<BillingReference>, Error> {
        let Self { billing_reference, unknown: _ } = validate(self, account)?.into_inner();
        Ok(billing_reference.given())
    }
}

/// A reseller has a billing reference.
fn given_for_a_reseller(reference: &nullable::BillingReference, account: &Account) -> Result<(), ValidationError> {
    if account.tier != Tier::Reseller {
        return Ok(());
    }
    match reference.clone().change() {
        Some(None) => Err(member_wrong("", Fault::new("null", "Give a string; null is not allowed."))),
        None if *reference == nullable::BillingReference::default() => Err(member_wrong("", Fault::required())),
        _ => Ok(()),
    }
}
