//! JSON of moves.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::fault::{Fault, ItemFaults};
use domain::id::AccountId;
use domain::limited::{Limited, Limits, whole};
use domain::limits::ID_MAX;
use domain::moves::{self, MoveStatus, parent_tier};
use domain::values::text::BillingReference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::Result;
use crate::http::field::{self, Field};
use crate::http::page::{Listed, Page};
use crate::http::validation::{Received, field_wrong, validate};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::account::{ServiceView, services_view};

/// A request to move an account to another parent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_type": "reseller", "account_name": "Nordwind Telefonie GmbH"}))]
pub struct Move {
    /// Its id.
    #[schema(example = "move_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of the account to move.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub account_id: String,
    /// Tier of the account: `reseller` or `enterprise`.
    #[schema(value_type = shown::Word)]
    pub account_type: &'static str,
    /// Name of the account.
    #[schema(value_type = shown::Name)]
    pub account_name: String,
    /// Services of the account. The receiving account must have all of them.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Id of the current parent, which requested the move; `null` unless it is your account or below it.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub from_id: Option<String>,
    /// Id of the receiving account, as given in the request.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn03r")]
    pub to_id: String,
    /// Status of the move.
    pub status: MoveStatusView,
    /// When the move was requested.
    pub created_at: DateTime<Utc>,
    /// When the move expires if it is not decided.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted, declined or cancelled; `null` if it was not.
    pub decided_at: Option<DateTime<Utc>>,
}

/// Status of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MoveStatus)]
pub enum MoveStatusView {
    /// Waiting for the receiving account's decision.
    Pending,
    /// Accepted by the receiving account: the account has moved.
    Accepted,
    /// Declined by the receiving account.
    Declined,
    /// Cancelled by the account that requested it.
    Cancelled,
    /// Not decided within 14 days.
    Expired,
}

impl Move {
    /// The JSON of a move. `sees_from` tells whether the caller may see the current parent.
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

/// Checks only the form of an id: the caller must not learn whether the account exists (R8).
fn read_id(tier: Tier, given: &str) -> Result<AccountId, ItemFaults> {
    let invalid = || whole(Fault::new("invalid_id", format!("Give the id of a {}.", tier.noun())));
    tier.parse_id(given).ok_or_else(invalid)
}

/// The master reseller that a reseller shall move to.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn03r"}))]
pub struct MoveReseller {
    /// Id of the receiving master reseller. Ask that master reseller for it.
    #[schema(required = true)]
    #[validate(required)]
    master_reseller_id: MasterResellerIdField,
}

impl From<Valid<MoveReseller>> for AccountId {
    fn from(request: Valid<MoveReseller>) -> Self {
        let MoveReseller { master_reseller_id } = request.into_inner();
        master_reseller_id.required().0
    }
}

/// The reseller that an enterprise shall move to.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn03r"}))]
pub struct MoveEnterprise {
    /// Id of the receiving reseller. Ask that reseller for it.
    #[schema(required = true)]
    #[validate(required)]
    reseller_id: ResellerIdField,
}

impl From<Valid<MoveEnterprise>> for AccountId {
    fn from(request: Valid<MoveEnterprise>) -> Self {
        let MoveEnterprise { reseller_id } = request.into_inner();
        reseller_id.required().0
    }
}

/// The data that the receiving account adds when it accepts a move.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, context = Account)]
#[schema(example = json!({"billing_reference": "CUST-4711"}))]
pub struct AcceptMove {
    /// The account's reference in your billing system: 1–255 characters, any except NUL. Stored exactly as given.
    /// Required for a reseller, optional for an enterprise.
    #[validate(custom(function = given_for_a_reseller, use_context))]
    billing_reference: nullable::BillingReference,
}

impl AcceptMove {
    /// Validates the request for the moved account and returns the billing reference. Fails with every error that was
    /// found.
    pub fn reference(received: Received<Self>, account: &Account) -> Result<Option<BillingReference>> {
        let Self { billing_reference } = validate(received, account)?.into_inner();
        Ok(billing_reference.given())
    }
}

/// Requires a billing reference if the moved account is a reseller.
fn given_for_a_reseller(reference: &nullable::BillingReference, account: &Account) -> Result<(), ValidationError> {
    if account.tier != Tier::Reseller {
        return Ok(());
    }
    match reference.clone().change() {
        Some(None) => Err(field_wrong("", Fault::new("null", "Give a string; null is not allowed."))),
        None if *reference == nullable::BillingReference::default() => Err(field_wrong("", Fault::required())),
        _ => Ok(()),
    }
}
