//! Members as shown to the owners of their account, and the invitations with which they join (R9).

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::Timestamp;
use domain::authority::Role;
use domain::delivery::Delivery;
use domain::id::{AccountId, MemberId, MessageId};
use domain::member::{Invitation, Member};
use domain::values::email::EmailAddress;
use uuid::Uuid;

use crate::members::parse_role;
use crate::outbox::withdraw_one;
use crate::schema::{invitations, members, outbox};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};
use crate::{FIRST_VERSION, second_factors};

type Times = (Instant, Option<Instant>, Option<Instant>);
type Row = (Key, String, Option<String>, String, i64, Times, Option<(Instant, String, Option<Instant>)>);

#[diesel::dsl::auto_type(no_type_alias)]
fn query() -> _ {
    members::table
        .left_join(invitations::table.on(invitations::member_id.eq(members::id)))
        .left_join(outbox::table.on(outbox::id.nullable().eq(invitations::message_id.nullable())))
        .filter(members::removed_at.is_null())
        .select((
            members::id,
            members::email,
            members::name,
            members::role,
            members::version,
            (members::created_at, members::joined_at, members::second_factor_since),
            (invitations::expires_at, outbox::state, outbox::sent_at).nullable(),
        ))
}

fn member((id, email, name, role, version, times, invitation): Row) -> Result<Member, Error> {
    let (created_at, joined_at, second_factor_since) = times;
    let invitation = invitation.map(|(expires_at, state, sent_at)| {
        Ok::<_, Error>(Invitation {
            sent_at: sent_at.map(instant),
            expires_at: instant(expires_at),
            delivery: Delivery::parse(&state).ok_or_else(|| Error::Corrupt(format!("delivery {state:?}")))?,
        })
    });
    Ok(Member {
        id: id.id(),
        email: EmailAddress::from_stored(email),
        name,
        role: parse_role(&role)?,
        joined_at: joined_at.map(instant),
        second_factor_since: second_factor_since.map(instant),
        invitation: invitation.transpose()?,
        version,
        created_at: instant(created_at),
    })
}

/// An invitation to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewInvitation<'a> {
    /// The SHA-256 hash of its token.
    pub token_hash: &'a [u8],
    /// The message that contains the link.
    pub message: MessageId,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The member of an account with this id; `None` if there is none.
pub fn by_id(tx: &mut StoreConnection, account: AccountId, id: MemberId) -> Result<Option<Member>, Error> {
    let own = query().filter(members::account_id.eq(Key::from(account))).filter(members::id.eq(Key::from(id)));
    own.first::<Row>(tx).optional()?.map(member).transpose()
}

/// The members of an account, sorted by id, starting after a cursor.
pub fn list(
    tx: &mut StoreConnection,
    account: AccountId,
    after: Option<Uuid>,
    newest_first: bool,
    limit: i64,
) -> Result<Vec<Member>, Error> {
    let mut wanted = query().filter(members::account_id.eq(Key::from(account))).into_boxed::<MultiBackend>();
    wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => wanted.order(members::id.asc()),
        (false, Some(after)) => wanted.filter(members::id.gt(after)).order(members::id.asc()),
        (true, None) => wanted.order(members::id.desc()),
        (true, Some(after)) => wanted.filter(members::id.lt(after)).order(members::id.desc()),
    };
    page::<_, _, Row>(wanted, limit, tx)?.into_iter().map(member).collect()
}

/// The number of members of an account, and the number of owners who have joined.
pub fn count(tx: &mut StoreConnection, account: AccountId) -> Result<(i64, usize), Error> {
    let own = members::table.filter(members::account_id.eq(Key::from(account))).filter(members::removed_at.is_null());
    let owners = own.filter(members::role.eq(Role::Owner.as_str())).filter(members::joined_at.is_not_null());
    let owners: i64 = owners.select(count_star()).first(tx)?;
    Ok((own.select(count_star()).first(tx)?, usize::try_from(owners).unwrap_or_default()))
}

/// Creates a member who has not joined yet. The account must have claimed the e-mail address.
pub fn invite(
    tx: &mut StoreConnection,
    account: AccountId,
    id: MemberId,
    email: &EmailAddress,
    role: Role,
    invitation: &NewInvitation<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(members::table)
        .values((
            members::id.eq(Key::from(id)),
            members::account_id.eq(Key::from(account)),
            members::email.eq(email.given()),
            members::email_canonical.eq(email.canonical()),
            members::role.eq(role.as_str()),
            members::password_hash.eq(""),
            members::created_at.eq(column(now)),
            members::removed_at.eq(None::<Instant>),
            members::joined_at.eq(None::<Instant>),
            members::version.eq(FIRST_VERSION),
        ))
        .execute(tx)?;
    store(tx, id, invitation, now)
}

/// Stores the invitation of a member. It replaces any earlier one, whose e-mail is deleted if it has not been sent.
pub fn replace(
    tx: &mut StoreConnection,
    id: MemberId,
    invitation: &NewInvitation<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let earlier = invitations::table.filter(invitations::member_id.eq(Key::from(id)));
    let message: Option<Key> = earlier.select(invitations::message_id).first(tx).optional()?;
    diesel::delete(earlier).execute(tx)?;
    if let Some(message) = message {
        withdraw_one(tx, message)?;
    }
    store(tx, id, invitation, now)
}

fn store(tx: &mut StoreConnection, id: MemberId, invitation: &NewInvitation<'_>, now: Timestamp) -> Result<(), Error> {
    let NewInvitation { token_hash, message, expires_at } = *invitation;
    diesel::insert_into(invitations::table)
        .values((
            invitations::member_id.eq(Key::from(id)),
            invitations::token_hash.eq(token_hash),
            invitations::message_id.eq(Key::from(message)),
            invitations::created_at.eq(column(now)),
            invitations::expires_at.eq(column(expires_at)),
        ))
        .execute(tx)?;
    Ok(())
}

/// The member whose invitation has this token hash, and when the invitation expires. Takes no scope, because the token
/// itself is the authority.
pub fn by_token(
    tx: &mut StoreConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(MemberId, Timestamp)>, Error> {
    let found: Option<(Key, Instant)> = invitations::table
        .inner_join(members::table.on(members::id.eq(invitations::member_id)))
        .filter(invitations::token_hash.eq(token_hash))
        .filter(invitations::expires_at.gt(column(now)))
        .filter(members::removed_at.is_null())
        .filter(members::joined_at.is_null())
        .select((members::id, invitations::expires_at))
        .first(tx)
        .optional()?;
    Ok(found.map(|(id, expires_at)| (id.id(), instant(expires_at))))
}

/// Lets a member join with a password. Returns `false` if the invitation has already been used.
pub fn join(
    tx: &mut StoreConnection,
    id: MemberId,
    token_hash: &[u8],
    password_hash: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let own = invitations::table.filter(invitations::member_id.eq(Key::from(id)));
    if diesel::delete(own.filter(invitations::token_hash.eq(token_hash))).execute(tx)? == 0 {
        return Ok(false);
    }
    let invited = members::table.filter(members::id.eq(Key::from(id))).filter(members::joined_at.is_null());
    let joined = diesel::update(invited)
        .set((
            members::password_hash.eq(password_hash),
            members::joined_at.eq(Some(column(now))),
            members::version.eq(members::version + 1),
        ))
        .execute(tx)?;
    Ok(joined == 1)
}

/// Changes the role of a member.
pub fn set_role(tx: &mut StoreConnection, before: &Member, role: Role) -> Result<(), Error> {
    diesel::update(members::table.filter(members::id.eq(Key::from(before.id))))
        .set((members::role.eq(role.as_str()), members::version.eq(members::version + 1)))
        .execute(tx)?;
    Ok(())
}

/// Removes a member and its invitation.
pub fn remove(tx: &mut StoreConnection, id: MemberId, now: Timestamp) -> Result<(), Error> {
    let invitation = invitations::table.filter(invitations::member_id.eq(Key::from(id)));
    let message: Option<Key> = invitation.select(invitations::message_id).first(tx).optional()?;
    diesel::delete(invitation).execute(tx)?;
    if let Some(message) = message {
        withdraw_one(tx, message)?;
    }
    second_factors::remove(tx, id)?;
    diesel::update(members::table.filter(members::id.eq(Key::from(id))))
        .set(members::removed_at.eq(Some(column(now))))
        .execute(tx)?;
    Ok(())
}
