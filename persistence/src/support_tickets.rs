//! Support tickets: applications of partners who want to become master resellers (R2).

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{AccountId, TicketId};
use domain::principal::Principal;
use domain::ticket::{SUBJECT, TicketStatus};
use domain::values::email::EmailAddress;

use crate::schema::support_tickets;
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::text::{search_pattern, search_text};
use crate::store::time::{Instant, column, instant};

/// A support ticket.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its subject.
    pub subject: String,
    /// The partner's company.
    pub partner_company_name: String,
    /// The first name of the person who will sign in.
    pub first_name: String,
    /// The last name of that person.
    pub last_name: String,
    /// The e-mail address of that person, as it was entered.
    pub email: EmailAddress,
    /// Its status.
    pub status: TicketStatus,
    /// Why it was rejected; `None` if it was not.
    pub rejection_reason: Option<String>,
    /// The master reseller that was created from it; `None` if it was not approved.
    pub master_reseller_id: Option<AccountId>,
    /// The operator or operator's API client that decided it.
    pub decided_by: Option<Principal>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// When it was filed.
    pub created_at: Timestamp,
}

/// A ticket to be filed.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// Its id.
    pub id: TicketId,
    /// The partner's company.
    pub partner_company_name: &'a str,
    /// The first name of the person who will sign in.
    pub first_name: &'a str,
    /// The last name of that person.
    pub last_name: &'a str,
    /// The e-mail address of that person.
    pub email: &'a EmailAddress,
    /// When it is filed.
    pub now: Timestamp,
}

/// The decision on a ticket.
#[derive(Debug, Clone, Copy)]
pub enum Decision<'a> {
    /// Approved; this master reseller was created.
    Approved(AccountId),
    /// Rejected for this reason.
    Rejected(&'a str),
}

/// Filter and page of the list of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only tickets with this status.
    pub status: Option<TicketStatus>,
    /// Only tickets whose company, names or e-mail address contain this text, ignoring case.
    pub search: Option<String>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only tickets after this one in the sort order.
    pub after: Option<TicketId>,
    /// Most tickets to return.
    pub limit: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = support_tickets)]
struct Row {
    id: Key,
    subject: String,
    partner_company_name: String,
    first_name: String,
    last_name: String,
    email: String,
    status: String,
    rejection_reason: Option<String>,
    master_reseller_id: Option<Key>,
    decided_by: Option<Key>,
    decided_by_client: Option<Key>,
    decided_at: Option<Instant>,
    created_at: Instant,
}

/// Stores a new ticket. Returns `false` if there is an open ticket with the same e-mail address (R2); the transaction
/// must then be rolled back.
pub fn insert(tx: &mut StoreConnection, ticket: &NewTicket<'_>) -> Result<bool, Error> {
    let NewTicket { id, partner_company_name, first_name, last_name, email, now } = ticket;
    let searched = search_text(&[partner_company_name, first_name, last_name, email.given()]);
    inserted(
        diesel::insert_into(support_tickets::table)
            .values((
                support_tickets::id.eq(Key::from(*id)),
                support_tickets::subject.eq(SUBJECT),
                support_tickets::partner_company_name.eq(partner_company_name),
                support_tickets::first_name.eq(first_name),
                support_tickets::last_name.eq(last_name),
                support_tickets::email.eq(email.given()),
                support_tickets::email_canonical.eq(email.canonical()),
                support_tickets::status.eq(TicketStatus::Open.as_str()),
                support_tickets::search_text.eq(searched),
                support_tickets::created_at.eq(column(*now)),
            ))
            .execute(tx),
    )
}

/// The ticket with this id. Takes no scope: only operators see tickets, and the caller must have been checked before.
pub fn by_id(tx: &mut StoreConnection, id: TicketId) -> Result<Option<Ticket>, Error> {
    let row = support_tickets::table
        .filter(support_tickets::id.eq(Key::from(id)))
        .select(Row::as_select())
        .first(tx)
        .optional()?;
    row.map(ticket).transpose()
}

/// Locks a ticket until the transaction ends, so that only one of several concurrent decisions succeeds. Returns `true`
/// if the transaction may have waited for another one; everything read before must then be read again. No lock is
/// needed on SQLite, which has only one writer.
pub fn hold(tx: &mut StoreConnection, id: TicketId) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(false) };
    let row = support_tickets::table.filter(support_tickets::id.eq(Key::from(id))).select(support_tickets::id);
    let _: Option<Key> = row.for_no_key_update().first(connection).optional()?;
    Ok(true)
}

/// The tickets that match a filter.
pub fn list(tx: &mut StoreConnection, filter: &Filter) -> Result<Vec<Ticket>, Error> {
    let mut wanted = support_tickets::table.select(Row::as_select()).into_boxed::<MultiBackend>();
    if let Some(status) = filter.status {
        wanted = wanted.filter(support_tickets::status.eq(status.as_str()));
    }
    if let Some(text) = &filter.search {
        wanted = wanted.filter(support_tickets::search_text.like(search_pattern(text)).escape('\\'));
    }
    wanted = match (filter.newest_first, filter.after.map(Key::from)) {
        (false, None) => wanted.order(support_tickets::id.asc()),
        (false, Some(after)) => wanted.filter(support_tickets::id.gt(after)).order(support_tickets::id.asc()),
        (true, None) => wanted.order(support_tickets::id.desc()),
        (true, Some(after)) => wanted.filter(support_tickets::id.lt(after)).order(support_tickets::id.desc()),
    };
    let rows: Vec<Row> = page(wanted, filter.limit, tx)?;
    rows.into_iter().map(ticket).collect()
}

/// Stores the decision on an open ticket. Returns `false` if it has already been decided.
pub fn decide(
    tx: &mut StoreConnection,
    id: TicketId,
    decision: Decision<'_>,
    by: Principal,
    now: Timestamp,
) -> Result<bool, Error> {
    let open = support_tickets::table
        .filter(support_tickets::id.eq(Key::from(id)))
        .filter(support_tickets::status.eq(TicketStatus::Open.as_str()));
    let (status, account, reason) = match decision {
        Decision::Approved(account) => (TicketStatus::Approved, Some(Key::from(account)), None),
        Decision::Rejected(reason) => (TicketStatus::Rejected, None, Some(reason)),
    };
    let (member, client) = match by {
        Principal::Member(id) => (Some(Key::from(id)), None),
        Principal::Client(id) => (None, Some(Key::from(id))),
    };
    let changed = diesel::update(open)
        .set((
            support_tickets::status.eq(status.as_str()),
            support_tickets::master_reseller_id.eq(account),
            support_tickets::rejection_reason.eq(reason),
            support_tickets::decided_by.eq(member),
            support_tickets::decided_by_client.eq(client),
            support_tickets::decided_at.eq(Some(column(now))),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

fn ticket(row: Row) -> Result<Ticket, Error> {
    let Row {
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
        decided_by_client,
        decided_at,
        created_at,
    } = row;
    Ok(Ticket {
        id: id.id(),
        subject,
        partner_company_name,
        first_name,
        last_name,
        email: EmailAddress::from_stored(email),
        status: TicketStatus::parse(&status).ok_or_else(|| Error::Corrupt(format!("ticket status {status:?}")))?,
        rejection_reason,
        master_reseller_id: master_reseller_id.map(Key::id),
        decided_by: decided_by
            .map(|id| Principal::Member(id.id()))
            .or_else(|| decided_by_client.map(|id| Principal::Client(id.id()))),
        decided_at: decided_at.map(instant),
        created_at: instant(created_at),
    })
}
