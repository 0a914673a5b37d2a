//! Support tickets on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits, whole};
use domain::limits::TICKET_SUBJECT_MAX;
use domain::ticket::{SUBJECT, TicketStatus};
use domain::values::text::RejectionReason;
use persistence::support_tickets::Ticket;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations::FileTicket;
use crate::http::Valid;
use crate::http::field::{self, Field, Unknown};
use crate::http::page::{Listed, Page};
use crate::shown;

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatusView {
    /// Waits for a decision.
    Open,
    /// A master reseller was made of it.
    Approved,
    /// Turned down with a reason.
    Rejected,
}

/// A support ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"partner_company_name": "Contoso Telecom", "first_name": "Ann", "last_name": "Example", "email": "ann@contoso.example"}))]
pub struct SupportTicket {
    /// Its id.
    #[schema(example = "ticket_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What it asks for.
    #[schema(example = "Add to TeamMate Portal")]
    pub subject: String,
    /// The partner's company.
    #[schema(value_type = shown::Name)]
    pub partner_company_name: String,
    /// The first name of the person who will sign in.
    #[schema(value_type = shown::PersonName)]
    pub first_name: String,
    /// The last name of that person.
    #[schema(value_type = shown::PersonName)]
    pub last_name: String,
    /// The e-mail address of that person.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Where it stands.
    pub status: TicketStatusView,
    /// Why it was rejected.
    #[schema(value_type = Option<shown::Detail>)]
    pub rejection_reason: Option<String>,
    /// The master reseller that was made of it.
    pub master_reseller_id: Option<String>,
    /// The operator who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// When it was filed.
    pub created_at: DateTime<Utc>,
}

impl From<Ticket> for SupportTicket {
    fn from(ticket: Ticket) -> Self {
        let Ticket {
            id,
            subject,
            partner_company_name,
            first_name,
            last_name,
            email,
            status,
            rejection_reason,
            master_reseller_id,
            decided_by,
            decided_at,
            created_at,
        } = ticket;
        Self {
            id: id.to_string(),
            subject,
            partner_company_name,
            first_name,
            last_name,
            email,
            status: match status {
                TicketStatus::Open => TicketStatusView::Open,
                TicketStatus::Approved => TicketStatusView::Approved,
                TicketStatus::Rejected => TicketStatusView::Rejected,
            },
            rejection_reason,
            master_reseller_id: master_reseller_id.map(|id| Tier::MasterReseller.format_id(id)),
            decided_by: decided_by.map(|id| id.to_string()),
            decided_at,
            created_at,
        }
    }
}

impl Listed for SupportTicket {
    const PLURAL: &str = "support tickets";
}

/// A page of support tickets.
pub type SupportTicketPage = Page<SupportTicket>;

/// The only subject that a ticket can have.
#[derive(Debug)]
struct Subject;

impl Limited for Subject {
    type Given = str;
    const LIMITS: Limits = Limits::matching(0, TICKET_SUBJECT_MAX, "^Add to TeamMate Portal$");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let wrong = || whole(Fault::new("unknown_subject", format!("The subject is always \"{SUBJECT}\".")));
        (given == SUBJECT).then_some(Self).ok_or_else(wrong)
    }
}

type SubjectField = Field<Subject>;

/// A ticket to be filed.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"subject": "Add to TeamMate Portal", "partner_company_name": "Contoso Telecom", "first_name": "Ann", "last_name": "Example", "email": "ann@contoso.example"}))]
pub struct FileSupportTicket {
    /// Always `Add to TeamMate Portal`.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    subject: SubjectField,
    /// Your company, which names the account.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    partner_company_name: field::AccountName,
    /// The first name of the person who will sign in.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    first_name: field::PersonName,
    /// The last name of that person.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    last_name: field::PersonName,
    /// The e-mail address of that person, to which the activation link goes.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<FileSupportTicket>> for FileTicket {
    fn from(request: Valid<FileSupportTicket>) -> Self {
        let FileSupportTicket { subject: _, partner_company_name, first_name, last_name, email, unknown: _ } =
            request.into_inner();
        Self {
            partner_company_name: partner_company_name.required(),
            first_name: first_name.required(),
            last_name: last_name.required(),
            email: email.required(),
        }
    }
}

/// Why a ticket is rejected.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"reason": "Already a partner under another name."}))]
pub struct RejectSupportTicket {
    /// The reason, for the record.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    reason: field::RejectionReason,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<RejectSupportTicket>> for RejectionReason {
    fn from(request: Valid<RejectSupportTicket>) -> Self {
        let RejectSupportTicket { reason, unknown: _ } = request.into_inner();
        reason.required()
    }
}
