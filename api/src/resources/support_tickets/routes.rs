//! Handlers of `/support-tickets`.

use actix_web::web::Data;
use actix_web::{HttpRequest, get, post};
use domain::authority::Target;
use domain::id::TicketId;
use domain::limits::SEARCH_MAX;
use domain::ticket::TicketStatus;
use domain::values::text::RejectionReason;
use persistence::support_tickets::{self, Filter};

use super::operations;
use super::wire::{FileSupportTicket, RejectSupportTicket, SupportTicket, SupportTicketPage};
use crate::access::{Actor, Change, Read};
use crate::app::{App, Call, Tx};
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, IfNoneMatch, PageQuery};
use crate::http::query::{Query, is_search, search_text};
use crate::http::{Answer, Body, Conditions, Context, Id, IdempotencyKey};
use crate::shown;

const PATH: &str = "/support-tickets";

/// File a support ticket
///
/// Applies to become a master reseller. No sign-in is needed; support replies by e-mail. An e-mail address can have
/// only one open ticket.
#[utoipa::path(params(IdempotencyKeyHeader), request_body = FileSupportTicket, security(()), responses(
    (status = 201, description = "The new ticket.", body = SupportTicket, headers(("Location" = String, description = "URL of the ticket, for staff."))),
    (status = 409, description = "`ticket_already_open`: the e-mail address already has an open ticket."),
))]
#[post("")]
pub(crate) async fn file_support_ticket(
    app: Data<App>,
    context: Context,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let command = body.parse::<FileSupportTicket, operations::FileTicket>().into_inner()?;
    app.write_once_for_anyone(&context, key.with_body(&body), move |tx| {
        let ticket = operations::file(tx, &command)?;
        let location = format!("{PATH}/{}", ticket.id);
        Ok(view(ticket)?.created(location))
    })
    .await
}

/// List support tickets
///
/// Lists support tickets. Staff only. Sorted by filing time.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only tickets whose company, first or last name or e-mail address contains this text (case-insensitive)."),
        ("status" = Option<super::wire::TicketStatusView>, Query, description = "Only tickets with this status."),
    ),
    responses((status = 200, description = "A page of tickets.", body = SupportTicketPage)),
)]
#[get("")]
pub(crate) async fn list_support_tickets(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    let searches = is_search(&text);
    let find = move |tx: &mut Tx<'_>, actor: &Actor| {
        actor.may(Target::Tickets)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(PATH, &text, &mut query)?;
        let caller = actor.name();
        let filter = Filter {
            status: query.parameter("status", "open, approved or rejected", TicketStatus::parse)?,
            search: query.parameter("q", "1–100 characters", |text| search_text(text, SEARCH_MAX))?,
            newest_first: paging.newest_first,
            after: paging.after(&caller)?.map(TicketId::from_uuid),
            limit: paging.limit + 1,
        };
        query.finish()?;
        let tickets = support_tickets::list(tx, &filter)?;
        paging.answer(&caller, tickets, |ticket| ticket.id.uuid(), SupportTicket::from)
    };
    if searches { call.read_long(find).await } else { call.read(find).await }
}

/// Read a support ticket
///
/// Returns one support ticket. Staff only.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The ticket.", body = SupportTicket)))]
#[get("/{ticket_id}")]
pub(crate) async fn get_support_ticket(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| view(operations::load(tx, actor, &id)?)).await
}

/// Approve a support ticket
///
/// Creates a pending master reseller from an open ticket and sends its activation e-mail. The decision is final. Staff
/// only.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "The approved ticket; `master_reseller_id` is the id of the new master reseller.", body = SupportTicket),
    (status = 409, description = "`ticket_decided`: the ticket has already been decided. `email_taken`: another open account has the e-mail address."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("/{ticket_id}/approve")]
pub(crate) async fn approve_support_ticket(call: Call<Change>, id: Id, key: IdempotencyKey) -> Result<Answer> {
    call.write_once(key.without_body(), move |tx, actor| {
        let ticket = operations::load(tx, actor, &id)?;
        view(operations::approve(tx, actor, &ticket)?)
    })
    .await
}

/// Reject a support ticket
///
/// Rejects an open ticket with a reason. The decision is final. Staff only.
#[utoipa::path(params(IdempotencyKeyHeader), request_body = RejectSupportTicket, responses(
    (status = 200, description = "The rejected ticket.", body = SupportTicket),
    (status = 409, description = "`ticket_decided`: the ticket has already been decided."),
))]
#[post("/{ticket_id}/reject")]
pub(crate) async fn reject_support_ticket(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let reason = body.parse::<RejectSupportTicket, RejectionReason>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        let ticket = operations::load(tx, actor, &id)?;
        view(operations::reject(tx, actor, &ticket, reason.get()?)?)
    })
    .await
}

/// The response that shows a ticket. A ticket changes only once, when it is decided, so its status determines its
/// version.
fn view(ticket: support_tickets::Ticket) -> Result<Answer> {
    let version = if ticket.status == TicketStatus::Open { 1 } else { 2 };
    Answer::resource(&SupportTicket::from(ticket), version)
}
