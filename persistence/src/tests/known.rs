//! R7: what the reader knows is valid until the file changes.

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Tier;
use domain::authority::Role;
use domain::id::{AccountId, MemberId, SessionId};
use domain::principal::Principal;
use domain::services::Services;
use domain::values::email::EmailAddress;
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::members::NewMember;
use crate::{Database, DatabaseUrl, Error, Options, StoreConnection, accounts, members, sessions, signed_in};

fn sign_in(tx: &mut StoreConnection, member: MemberId, session: SessionId) -> Result<(), Error> {
    let (id, email) = (AccountId::from_uuid(Uuid::from_u128(1)), EmailAddress::parse("one@example.com").unwrap());
    let now = Timestamp::default();
    let account = NewAccount {
        id,
        tier: Tier::MasterReseller,
        master_reseller_id: Some(id),
        reseller_id: None,
        name: "Example",
        email: &email,
        billing_reference: None,
        services: Services::ALL,
        enterprise: None,
        now,
    };
    assert!(accounts::insert_active(tx, &account)?);
    let role = Role::Owner;
    members::insert(
        tx,
        &NewMember {
            id: member,
            account: id,
            email: &email,
            role,
            password_hash: "",
            password_is_temporary: false,
            now,
        },
    )?;
    sessions::start(tx, session, member, b"hash", now, now + TimeDelta::days(30))
}

#[tokio::test]
async fn r7_a_caller_is_remembered_until_anybody_changes_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.db");
    let database = Database::open(DatabaseUrl::Sqlite(file.clone()), Options::default()).expect("a database opens");
    let (member, session) = (MemberId::from_uuid(Uuid::from_u128(2)), SessionId::from_uuid(Uuid::from_u128(3)));
    database.write(move |tx| sign_in(tx, member, session)).await.unwrap();
    let wanted = signed_in::wanted(Principal::Member(member), session, None);
    let at = async |now: Timestamp| {
        let found = database.read_known(wanted, move |tx, known| {
            let (principal, session) = (Principal::Member(member), session);
            signed_in::find(tx, known, principal, session, now)
        });
        found.await.unwrap().map(|signed_in| (signed_in.role, signed_in.operates))
    };
    let now = Timestamp::default();
    assert_eq!(at(now).await, Some((Role::Owner, true)));
    assert_eq!(at(now + TimeDelta::days(30)).await, None, "the session ends by itself, remembered or not");
    assert_eq!(at(now).await, Some((Role::Owner, true)));

    let mut elsewhere = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    elsewhere.batch_execute("UPDATE members SET role = 'viewer'").unwrap();
    assert_eq!(at(now).await, Some((Role::Viewer, true)), "another process has changed it");
    elsewhere.batch_execute("UPDATE accounts SET status = 'suspended'").unwrap();
    assert_eq!(at(now).await, Some((Role::Viewer, false)), "and its account");

    database.write(move |tx| sessions::end(tx, session, now)).await.unwrap();
    assert_eq!(at(now).await, None, "our own writer has ended the session");
}
