//! The operations of `/support-tickets`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get, post};
use domain::authority::Target;
use domain::id::TicketId;
use domain::limits::SEARCH_MAX;
use domain::ticket::TicketStatus;
use domain::values::text::RejectionReason;
use persistence::support_tickets;
use persistence::support_tickets::Filter;

use super::operations;
use super::wire::{FileSupportTicket, RejectSupportTicket, SupportTicket, SupportTicketPage};
use crate::access::{Change, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, IfNoneMatch, PageQuery};
use crate::http::query::{Query, search_text};
use crate::http::{Answer, Body, Caller, Conditions, Context, IdempotencyKey};
use crate::shown;

const PATH: &str = "/support-tickets";

/// File a support ticket
///
/// Asks to be taken on as a master reseller. Anybody may; support answers by e-mail. One open ticket an address.
#[utoipa::path(
    tag = "Support tickets",
    operation_id = "file_support_ticket",
    params(IdempotencyKeyHeader),
    request_body = FileSupportTicket,
    responses(
        (status = 201, description = "Filed.", body = SupportTicket, headers(("Location" = String, description = "Where support finds it."), ("ETag" = String, description = "For `If-None-Match`."))),
        (status = 409, description = "`ticket_already_open`: this address waits for an answer. `idempotency_key_in_use`."),
    ),
    security(())
)]
#[post("")]
pub(crate) async fn file_support_ticket(
    app: Data<App>,
    context: Context,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<FileSupportTicket, operations::FileTicket>().into_inner()?;
    app.write_once_for_anyone(&context, key.with_body(&body), move |tx, origin, now| {
        let ticket = operations::file(tx, origin, &command, now)?;
        let location = format!("{PATH}/{}", ticket.id);
        Ok(view(ticket)?.created(location))
    })
    .await
}

/// List support tickets
///
/// Staff only; by the time of their filing.
#[utoipa::path(
    tag = "Support tickets",
    operation_id = "list_support_tickets",
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in company, names or e-mail address, in any case."),
        ("status" = Option<super::wire::TicketStatusView>, Query, description = "Only those with this status."),
    ),
    responses((status = 200, description = "A page of tickets.", body = SupportTicketPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_support_tickets(
    app: Data<App>,
    caller: Caller<Read>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    app.read(caller, move |tx, actor, _| {
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
    })
    .await
}

/// Read a support ticket
///
/// Staff only.
#[utoipa::path(
    tag = "Support tickets",
    operation_id = "get_support_ticket",
    params(
        ("ticket_id" = String, Path, description = "The id of the ticket.", example = "ticket_01h455vb4pex5vsknk084sn02q"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The ticket.", body = SupportTicket, headers(("ETag" = String, description = "For `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{ticket_id}")]
pub(crate) async fn get_support_ticket(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let answer = app.read(caller, move |tx, actor, _| view(operations::load(tx, actor, &id)?)).await?;
    Ok(conditions.answer(answer))
}

/// Approve a support ticket
///
/// Creates a pending master reseller and sends the activation e-mail. A decided ticket never changes again.
#[utoipa::path(
    tag = "Support tickets",
    operation_id = "approve_support_ticket",
    params(
        ("ticket_id" = String, Path, description = "The id of the ticket.", example = "ticket_01h455vb4pex5vsknk084sn02q"),
        IdempotencyKeyHeader,
    ),
    responses(
        (status = 200, description = "Approved; `master_reseller_id` names the new master reseller.", body = SupportTicket),
        (status = 409, description = "`ticket_decided`. `email_taken`: another open account has the address. `idempotency_key_in_use`."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{ticket_id}/approve")]
pub(crate) async fn approve_support_ticket(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key.without_body(), move |tx, actor, now| {
        let ticket = operations::load(tx, actor, &id)?;
        view(operations::approve(tx, actor, &ticket, now, &outbox)?)
    })
    .await
}

/// Reject a support ticket
///
/// Turns the ticket down with a reason. A decided ticket never changes again.
#[utoipa::path(
    tag = "Support tickets",
    operation_id = "reject_support_ticket",
    params(
        ("ticket_id" = String, Path, description = "The id of the ticket.", example = "ticket_01h455vb4pex5vsknk084sn02q"),
        IdempotencyKeyHeader,
    ),
    request_body = RejectSupportTicket,
    responses(
        (status = 200, description = "Rejected.", body = SupportTicket),
        (status = 409, description = "`ticket_decided`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("/{ticket_id}/reject")]
pub(crate) async fn reject_support_ticket(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let reason = body.parse::<RejectSupportTicket, RejectionReason>();
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        let ticket = operations::load(tx, actor, &id)?;
        view(operations::reject(tx, actor, &ticket, reason.get()?, now)?)
    })
    .await
}

/// A ticket changes once at most: when it is decided.
fn view(ticket: support_tickets::Ticket) -> Result<Answer, Error> {
    let version = if ticket.status == TicketStatus::Open { 1 } else { 2 };
    Answer::resource(&SupportTicket::from(ticket), version)
}
