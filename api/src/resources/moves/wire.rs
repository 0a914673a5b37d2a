//! Moves on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::fault::Fault;
use domain::id::AccountId;
use domain::moves;
use domain::moves::{MoveStatus, parent_tier};
use domain::values::text::BillingReference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::views::account::{ServiceView, services_view};

/// An account on its way below another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Move {
    /// Its id.
    #[schema(example = "move_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The account.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub account_id: String,
    /// What it is: `reseller` or `enterprise`.
    #[schema(example = "reseller", max_length = 20)]
    pub account_type: &'static str,
    /// Its name.
    #[schema(example = "Nordwind Telefonie GmbH", max_length = 120)]
    pub account_name: String,
    /// Its services, which the account that it goes below must have.
    #[schema(min_items = 1, max_items = 2)]
    pub services: Vec<ServiceView>,
    /// The account that it is to leave; `null` unless that is yours or below yours.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub from_id: Option<String>,
    /// The account that it is to go below, as it was named.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn03r", max_length = 60)]
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

/// A page of moves.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovePage {
    /// The moves of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Move>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Where a reseller is to go.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MoveReseller {
    /// The master reseller that it is to go below, by the id that that one has told you.
    #[schema(value_type = String, required = true, example = "master_reseller_01h455vb4pex5vsknk084sn03r", max_length = 60)]
    #[serde(default)]
    master_reseller_id: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Where an enterprise is to go.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MoveEnterprise {
    /// The reseller that it is to go below, by the id that that one has told you.
    #[schema(value_type = String, required = true, example = "reseller_01h455vb4pex5vsknk084sn03r", max_length = 60)]
    #[serde(default)]
    reseller_id: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl MoveReseller {
    /// The master reseller, or everything that is wrong with it.
    pub fn to(self) -> Result<AccountId, Error> {
        parent(Members::new(self.unknown), self.master_reseller_id, Tier::MasterReseller)
    }
}

impl MoveEnterprise {
    /// The reseller, or everything that is wrong with it.
    pub fn to(self) -> Result<AccountId, Error> {
        parent(Members::new(self.unknown), self.reseller_id, Tier::Reseller)
    }
}

/// Only its form is judged: whether there is such an account is not the caller's to know (R8).
fn parent(mut members: Members, field: Field<String>, tier: Tier) -> Result<AccountId, Error> {
    let pointer = format!("/{}_id", tier.as_str());
    let invalid = || Fault::new("invalid_id", format!("Give the id of a {}.", tier.noun()));
    let id = members.required(&pointer, field, |text| tier.parse_id(text).ok_or_else(invalid));
    members.finish(id)
}

/// How an account is taken on.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AcceptMove {
    /// What it is called in your billing system: any 1–255 characters but NUL, kept exactly as given. Required for a reseller;
    /// an enterprise can be without.
    #[schema(value_type = Option<String>, example = "CUST-4711", min_length = 1, max_length = 255)]
    #[serde(default)]
    billing_reference: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl AcceptMove {
    /// The billing reference of an account of a tier, or everything that is wrong with it.
    pub fn reference(self, tier: Tier) -> Result<Option<BillingReference>, Error> {
        let mut members = Members::new(self.unknown);
        let pointer = "/billing_reference";
        let reference = if tier == Tier::Reseller {
            members.required(pointer, self.billing_reference, BillingReference::parse).map(Some)
        } else {
            let given = members.nullable(pointer, self.billing_reference, BillingReference::parse);
            Some(given.flatten())
        };
        members.finish(reference)
    }
}
