//! Filing, loading and deciding support tickets.

use domain::account::{Ancestry, Tier};
use domain::authority::{Action, Target};
use domain::id::TicketId;
use domain::refusal::Refusal;
use domain::services::Services;
use domain::values::email::EmailAddress;
use domain::values::text::{AccountName, PersonName, RejectionReason};
use persistence::accounts::NewAccount;
use persistence::support_tickets::{Decision, NewTicket, Ticket};
use persistence::{StoreConnection, support_tickets};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record};
use crate::ids::new_id;
use crate::resources::accounts::create;

/// The data of a new ticket.
#[derive(Debug, Clone)]
pub struct FileTicket {
    /// The partner's company, which becomes the name of the master reseller.
    pub partner_company_name: AccountName,
    /// The first name of the person who will sign in.
    pub first_name: PersonName,
    /// The last name of the person who will sign in.
    pub last_name: PersonName,
    /// The e-mail address of the person who will sign in.
    pub email: EmailAddress,
}

/// Files a ticket. Refused if the e-mail address already has an open ticket.
pub fn file(tx: &mut Tx<'_>, command: &FileTicket) -> Result<Ticket> {
    let now = tx.now;
    let FileTicket { partner_company_name, first_name, last_name, email } = command;
    let ticket = NewTicket {
        id: new_id(now),
        partner_company_name: partner_company_name.as_str(),
        first_name: first_name.as_str(),
        last_name: last_name.as_str(),
        email,
        now,
    };
    if !support_tickets::insert(tx, &ticket)? {
        return Err(Refusal::TicketAlreadyOpen.into());
    }
    let after = json!({"partner_company_name": ticket.partner_company_name, "email": email.given(), "status": "open"});
    note(tx, ticket.id, "filed", Value::Null, after)?;
    Ok(support_tickets::by_id(tx, ticket.id)?.ok_or(Refusal::NotFound)?)
}

/// Loads a ticket and checks that the actor may read or change it. If it is to be changed, it is locked too. Tickets do
/// not exist for accounts other than the platform.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<Ticket> {
    if actor.tier() != Tier::Platform {
        return Err(Refusal::NotFound.into());
    }
    let id = TicketId::parse(id).ok_or(Refusal::NotFound)?;
    let ticket = support_tickets::by_id(tx, id)?.ok_or(Refusal::NotFound)?;
    actor.may(Target::Tickets)?;
    if actor.action() == Action::Change && support_tickets::hold(tx, id)? {
        return Ok(support_tickets::by_id(tx, id)?.ok_or(Refusal::NotFound)?);
    }
    Ok(ticket)
}

/// Approves an open ticket: creates a pending master reseller from it and queues its activation e-mail.
pub fn approve(tx: &mut Tx<'_>, actor: &Actor, ticket: &Ticket) -> Result<Ticket> {
    let now = tx.now;
    ticket.status.check_open()?;
    let id = new_id(now);
    let account = NewAccount {
        id,
        tier: Tier::MasterReseller,
        master_reseller_id: Some(id),
        reseller_id: None,
        name: &ticket.partner_company_name,
        email: &ticket.email,
        billing_reference: None,
        services: Services::ALL,
        enterprise: None,
        now,
    };
    create::master_reseller(tx, account)?;
    decide(tx, actor, ticket, Decision::Approved(id))
}

/// Rejects an open ticket with a reason.
pub fn reject(tx: &mut Tx<'_>, actor: &Actor, ticket: &Ticket, reason: &RejectionReason) -> Result<Ticket> {
    ticket.status.check_open()?;
    decide(tx, actor, ticket, Decision::Rejected(reason.as_str()))
}

fn decide(tx: &mut Tx<'_>, actor: &Actor, ticket: &Ticket, decision: Decision<'_>) -> Result<Ticket> {
    let now = tx.now;
    if !support_tickets::decide(tx, ticket.id, decision, actor.principal(), now)? {
        return Err(Refusal::TicketDecided.into());
    }
    let done = match decision {
        Decision::Approved(_) => "approved",
        Decision::Rejected(_) => "rejected",
    };
    note(tx, ticket.id, done, json!({"status": "open"}), json!({"status": done}))?;
    Ok(support_tickets::by_id(tx, ticket.id)?.ok_or(Refusal::NotFound)?)
}

fn note(tx: &mut Tx<'_>, id: TicketId, done: &str, before: Value, after: Value) -> Result<()> {
    let action = format!("support_ticket.{done}");
    record(tx, &NewEvent { action, subject: id.to_string(), ancestry: Ancestry::default(), before, after })
}
