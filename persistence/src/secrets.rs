//! Access to all sealed values in the database, for re-sealing them with another key.

use diesel::prelude::*;
use uuid::Uuid;

use crate::schema::{outbox, second_factors, trunks, users, webhook_secrets};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;

/// A kind of object with a sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A user: its SIP password.
    User,
    /// A trunk: its SIP password.
    Trunk,
    /// An unsent message: its content.
    Message,
    /// A webhook secret: the key that signs deliveries.
    Webhook,
    /// A member: the secret of its authenticator app.
    Member,
}

impl Holder {
    /// Every kind of object with a sealed value.
    pub const ALL: [Self; 5] = [Self::User, Self::Trunk, Self::Message, Self::Webhook, Self::Member];
}

/// The next sealed values of a kind with their ids, sorted by id, starting after a cursor.
pub fn sealed(
    tx: &mut StoreConnection,
    holder: Holder,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, Error> {
    let after = Key::from(after);
    let rows: Vec<(Key, Option<Vec<u8>>)> = match holder {
        Holder::User => users::table
            .filter(users::password.is_not_null())
            .filter(users::id.gt(after))
            .order(users::id)
            .limit(limit)
            .select((users::id, users::password))
            .load(tx)?,
        Holder::Trunk => trunks::table
            .filter(trunks::password.is_not_null())
            .filter(trunks::id.gt(after))
            .order(trunks::id)
            .limit(limit)
            .select((trunks::id, trunks::password))
            .load(tx)?,
        Holder::Message => outbox::table
            .filter(outbox::payload.is_not_null())
            .filter(outbox::id.gt(after))
            .order(outbox::id)
            .limit(limit)
            .select((outbox::id, outbox::payload))
            .load(tx)?,
        Holder::Webhook => webhook_secrets::table
            .filter(webhook_secrets::id.gt(after))
            .order(webhook_secrets::id)
            .limit(limit)
            .select((webhook_secrets::id, webhook_secrets::secret.nullable()))
            .load(tx)?,
        Holder::Member => second_factors::table
            .filter(second_factors::member_id.gt(after))
            .order(second_factors::member_id)
            .limit(limit)
            .select((second_factors::member_id, second_factors::secret.nullable()))
            .load(tx)?,
    };
    Ok(rows.into_iter().filter_map(|(id, sealed)| Some((id.id::<()>().uuid(), sealed?))).collect())
}

/// Replaces a sealed value. Returns `false` if it was changed in the meantime.
pub fn replace(tx: &mut StoreConnection, holder: Holder, id: Uuid, before: &[u8], after: &[u8]) -> Result<bool, Error> {
    let id = Key::from(id);
    let changed = match holder {
        Holder::User => diesel::update(users::table.filter(users::id.eq(id)).filter(users::password.eq(before)))
            .set(users::password.eq(after))
            .execute(tx)?,
        Holder::Trunk => diesel::update(trunks::table.filter(trunks::id.eq(id)).filter(trunks::password.eq(before)))
            .set(trunks::password.eq(after))
            .execute(tx)?,
        Holder::Message => diesel::update(outbox::table.filter(outbox::id.eq(id)).filter(outbox::payload.eq(before)))
            .set(outbox::payload.eq(after))
            .execute(tx)?,
        Holder::Webhook => {
            let own =
                webhook_secrets::table.filter(webhook_secrets::id.eq(id)).filter(webhook_secrets::secret.eq(before));
            diesel::update(own).set(webhook_secrets::secret.eq(after)).execute(tx)?
        }
        Holder::Member => {
            let own = second_factors::table.filter(second_factors::member_id.eq(id));
            diesel::update(own.filter(second_factors::secret.eq(before)))
                .set(second_factors::secret.eq(after))
                .execute(tx)?
        }
    };
    Ok(changed == 1)
}
