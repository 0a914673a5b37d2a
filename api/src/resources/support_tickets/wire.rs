//! Support tickets on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::fault::Fault;
use domain::ticket::{SUBJECT, TicketStatus};
use domain::values::text::{PersonName, RejectionReason};
use persistence::support_tickets::Ticket;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operations::FileTicket;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::wire::{email, name};

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
pub struct SupportTicket {
    /// Its id.
    #[schema(example = "ticket_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// What it asks for.
    #[schema(example = "Add to TeamMate Portal", max_length = 60)]
    pub subject: String,
    /// The partner's company.
    #[schema(example = "Contoso Telecom", max_length = 120)]
    pub partner_company_name: String,
    /// The first name of the person who will sign in.
    #[schema(example = "Ann", max_length = 80)]
    pub first_name: String,
    /// The last name of that person.
    #[schema(example = "Example", max_length = 80)]
    pub last_name: String,
    /// The e-mail address of that person.
    #[schema(example = "ann@contoso.example", format = "email", max_length = 254)]
    pub email: String,
    /// Where it stands.
    pub status: TicketStatusView,
    /// Why it was rejected.
    #[schema(max_length = 500)]
    pub rejection_reason: Option<String>,
    /// The master reseller that was made of it.
    #[schema(max_length = 60)]
    pub master_reseller_id: Option<String>,
    /// The operator who decided.
    #[schema(max_length = 60)]
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

/// A page of support tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupportTicketPage {
    /// The tickets of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<SupportTicket>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A ticket to be filed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct FileSupportTicket {
    /// Always `Add to TeamMate Portal`.
    #[schema(value_type = String, required = true, example = "Add to TeamMate Portal", max_length = 60, pattern = "^Add to TeamMate Portal$")]
    #[serde(default)]
    subject: Field<String>,
    /// Your company, which names the account.
    #[schema(value_type = String, required = true, example = "Contoso Telecom", min_length = 1, max_length = 120)]
    #[serde(default)]
    partner_company_name: Field<String>,
    /// The first name of the person who will sign in.
    #[schema(value_type = String, required = true, example = "Ann", min_length = 1, max_length = 80)]
    #[serde(default)]
    first_name: Field<String>,
    /// The last name of that person.
    #[schema(value_type = String, required = true, example = "Example", min_length = 1, max_length = 80)]
    #[serde(default)]
    last_name: Field<String>,
    /// The e-mail address of that person, to which the activation link goes.
    #[schema(value_type = String, required = true, example = "ann@contoso.example", format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl FileSupportTicket {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<FileTicket, Error> {
        let Self { subject, partner_company_name, first_name, last_name, email: e, unknown } = self;
        let mut members = Members::new(unknown);
        let subject = members.required("/subject", subject, |text| {
            let wrong = || Fault::new("unknown_subject", format!("The subject is always \"{SUBJECT}\"."));
            (text == SUBJECT).then_some(()).ok_or_else(wrong)
        });
        let company = members.required("/partner_company_name", partner_company_name, name);
        let first_name = members.required("/first_name", first_name, PersonName::parse);
        let last_name = members.required("/last_name", last_name, PersonName::parse);
        let email = members.required("/email", e, email);
        let command = (|| {
            subject?;
            Some(FileTicket {
                partner_company_name: company?,
                first_name: first_name?,
                last_name: last_name?,
                email: email?,
            })
        })();
        members.finish(command)
    }
}

/// Why a ticket is rejected.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RejectSupportTicket {
    /// The reason, for the record.
    #[schema(value_type = String, required = true, example = "Already a partner under another name.", min_length = 1, max_length = 500)]
    #[serde(default)]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl RejectSupportTicket {
    /// The reason, or everything that is wrong with it.
    pub fn command(self) -> Result<RejectionReason, Error> {
        let Self { reason, unknown } = self;
        let mut members = Members::new(unknown);
        let reason = members.required("/reason", reason, RejectionReason::parse);
        members.finish(reason)
    }
}
