//! JSON of support tickets.

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
use crate::http::field::{self, Field};
use crate::http::page::{Listed, Page};
use crate::shown;

/// Status of a support ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatusView {
    /// Waiting for a decision.
    Open,
    /// Approved: a master reseller was created from it.
    Approved,
    /// Rejected with a reason.
    Rejected,
}

/// A support ticket: a partner's application to become a master reseller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"partner_company_name": "Contoso Telecom", "first_name": "Ann", "last_name": "Example", "email": "ann@contoso.example"}))]
pub struct SupportTicket {
    /// Its id.
    #[schema(example = "ticket_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The subject, always `Add to TeamMate Portal`.
    #[schema(example = "Add to TeamMate Portal")]
    pub subject: String,
    /// The partner's company.
    #[schema(value_type = shown::Name)]
    pub partner_company_name: String,
    /// The first name of the person who will sign in.
    #[schema(value_type = shown::PersonName)]
    pub first_name: String,
    /// The last name of the person who will sign in.
    #[schema(value_type = shown::PersonName)]
    pub last_name: String,
    /// The e-mail address of the person who will sign in.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Status of the ticket.
    pub status: TicketStatusView,
    /// The reason for its rejection; `null` unless it was rejected.
    #[schema(value_type = Option<shown::Detail>)]
    pub rejection_reason: Option<String>,
    /// Id of the master reseller that was created from it; `null` unless it was approved.
    pub master_reseller_id: Option<String>,
    /// Id of the staff member or API client that decided; `null` while it is open.
    pub decided_by: Option<String>,
    /// When it was approved or rejected; `null` while it is open.
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
            email: email.into_given(),
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

/// The subject of a ticket. There is only one valid value.
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

/// The data of a new support ticket.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"subject": "Add to TeamMate Portal", "partner_company_name": "Contoso Telecom", "first_name": "Ann", "last_name": "Example", "email": "ann@contoso.example"}))]
pub struct FileSupportTicket {
    /// The subject: always `Add to TeamMate Portal`.
    #[schema(required = true)]
    #[validate(required)]
    subject: SubjectField,
    /// Your company, which becomes the name of the master reseller.
    #[schema(required = true)]
    #[validate(required)]
    partner_company_name: field::AccountName,
    /// The first name of the person who will sign in.
    #[schema(required = true)]
    #[validate(required)]
    first_name: field::PersonName,
    /// The last name of the person who will sign in.
    #[schema(required = true)]
    #[validate(required)]
    last_name: field::PersonName,
    /// The e-mail address of the person who will sign in, to which the activation link is sent.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
}

impl From<Valid<FileSupportTicket>> for FileTicket {
    fn from(request: Valid<FileSupportTicket>) -> Self {
        let FileSupportTicket { subject: _, partner_company_name, first_name, last_name, email } = request.into_inner();
        Self {
            partner_company_name: partner_company_name.required(),
            first_name: first_name.required(),
            last_name: last_name.required(),
            email: email.required(),
        }
    }
}

/// A request to reject a support ticket.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"reason": "Already a partner under another name."}))]
pub struct RejectSupportTicket {
    /// The reason, which is stored with the ticket.
    #[schema(required = true)]
    #[validate(required)]
    reason: field::RejectionReason,
}

impl From<Valid<RejectSupportTicket>> for RejectionReason {
    fn from(request: Valid<RejectSupportTicket>) -> Self {
        let RejectSupportTicket { reason } = request.into_inner();
        reason.required()
    }
}
