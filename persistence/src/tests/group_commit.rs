//! S4: a failing operation does not affect others, a failed commit acknowledges nothing, a panic only fails its own
//! request, and a full queue is reported.

use std::path::Path;
use std::sync::mpsc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Scope, Tier};
use domain::id::{AccountId, MemberId, SessionId};
use domain::principal::Principal;
use domain::services::Services;
use domain::values::email::EmailAddress;
use uuid::Uuid;

use crate::accounts::NewAccount;
use crate::store::known::Known;
use crate::{Database, DatabaseUrl, Error, Options, StoreConnection, accounts, signed_in};

fn open(directory: &Path, options: Options) -> Database {
    Database::open(DatabaseUrl::Sqlite(directory.join("test.db")), options).expect("a fresh database opens")
}

fn id(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn insert(tx: &mut StoreConnection, number: u128, address: &str) -> Result<bool, Error> {
    let account = NewAccount {
        id: id(number),
        tier: Tier::MasterReseller,
        master_reseller_id: Some(id(number)),
        reseller_id: None,
        name: "Example",
        email: &EmailAddress::parse(address).expect("an address"),
        billing_reference: None,
        services: Services::ALL,
        enterprise: None,
        now: Timestamp::default(),
    };
    accounts::insert(tx, &account)
}

async fn exists(database: &Database, number: u128) -> bool {
    let find = move |tx: &mut StoreConnection| accounts::by_id(tx, &Scope::Platform, Tier::MasterReseller, id(number));
    database.read(find).await.expect("a read").is_some()
}

/// Blocks the writer until the returned sender is dropped, so that all operations queued meanwhile form one group.
fn hold_writer(database: &Database) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let database = database.clone();
    tokio::spawn(async move {
        let wait = move |_: &mut StoreConnection| {
            let _ = started.send(());
            let _ = held.recv();
            Ok::<_, Error>(())
        };
        let _ = database.write(wait).await;
    });
    tokio::task::block_in_place(|| running.recv().expect("the writer has started"));
    release
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_one_bad_operation_in_a_group_harms_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options::default());
    let release = hold_writer(&database);
    let (first, bad, last) = (database.clone(), database.clone(), database.clone());
    let first = tokio::spawn(async move { first.write(|tx| insert(tx, 1, "one@example.com")).await });
    let bad = tokio::spawn(async move {
        bad.write(|tx| {
            insert(tx, 2, "two@example.com")?;
            Err::<(), _>(Error::Corrupt("refused".to_owned()))
        })
        .await
    });
    let last = tokio::spawn(async move { last.write(|tx| insert(tx, 3, "three@example.com")).await });
    while database.waiting().1 < 3 {
        tokio::task::yield_now().await;
    }
    drop(release);
    assert!(first.await.unwrap().unwrap());
    assert!(matches!(bad.await.unwrap(), Err(Error::Corrupt(_))));
    assert!(last.await.unwrap().unwrap());
    assert!(exists(&database, 1).await && exists(&database, 3).await);
    assert!(!exists(&database, 2).await, "what a refused operation wrote is undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_group_runs_again_only_when_a_refusal_left_something_to_undo() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    for (wrote, expected_runs) in [(false, 1), (true, 2)] {
        let directory = tempfile::tempdir().unwrap();
        let database = open(directory.path(), Options::default());
        let release = hold_writer(&database);
        let runs = Arc::new(AtomicUsize::new(0));
        let (first, refused, last) = (database.clone(), database.clone(), database.clone());
        let counted = Arc::clone(&runs);
        let first = tokio::spawn(async move {
            let count_and_insert = move |tx: &mut StoreConnection| {
                counted.fetch_add(1, Ordering::Relaxed);
                insert(tx, 1, "one@example.com")
            };
            first.write(count_and_insert).await
        });
        while database.waiting().1 < 1 {
            tokio::task::yield_now().await;
        }
        let refused = tokio::spawn(async move {
            let refuse = move |tx: &mut StoreConnection| {
                if wrote {
                    insert(tx, 2, "two@example.com").map_err(Refused::from)?;
                }
                Err::<(), _>(Refused)
            };
            refused.write(refuse).await
        });
        let last = tokio::spawn(async move { last.write(|tx| insert(tx, 3, "three@example.com")).await });
        while database.waiting().1 < 3 {
            tokio::task::yield_now().await;
        }
        drop(release);
        assert!(first.await.unwrap().unwrap() && last.await.unwrap().unwrap());
        assert!(refused.await.unwrap().is_err());
        assert_eq!(runs.load(Ordering::Relaxed), expected_runs, "wrote: {wrote}");
        assert!(exists(&database, 1).await && exists(&database, 3).await);
        assert!(!exists(&database, 2).await, "what a refused operation wrote is undone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_failed_commit_acknowledges_nothing_of_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options::default());
    let release = hold_writer(&database);
    let (good, dangling) = (database.clone(), database.clone());
    let good = tokio::spawn(async move { good.write(|tx| insert(tx, 1, "one@example.com")).await });
    let dangling = tokio::spawn(async move {
        dangling
            .write(|tx| {
                // With deferred foreign keys, the violation makes the commit fail.
                tx.batch_execute(
                    "PRAGMA defer_foreign_keys = ON; \
                     INSERT INTO email_addresses (canonical, account_id) VALUES ('x@example.com', x'00');",
                )?;
                Ok::<_, Error>(())
            })
            .await
    });
    while database.waiting().1 < 2 {
        tokio::task::yield_now().await;
    }
    drop(release);
    assert!(matches!(good.await.unwrap(), Err(Error::Unavailable(_))));
    assert!(matches!(dangling.await.unwrap(), Err(Error::Unavailable(_))));
    assert!(!exists(&database, 1).await, "nothing of the group was kept");
    assert!(database.write(|tx| insert(tx, 4, "four@example.com")).await.unwrap(), "and the writer goes on");
    assert!(exists(&database, 4).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_panic_is_the_failure_of_one_request() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options::default());
    let release = hold_writer(&database);
    let (panicking, good) = (database.clone(), database.clone());
    let panicking = tokio::spawn(async move {
        panicking
            .write(|tx| {
                insert(tx, 1, "one@example.com")?;
                assert!(diesel::sql_query("SELECT 1").execute(tx).is_err(), "on purpose");
                Ok::<_, Error>(())
            })
            .await
    });
    let good = tokio::spawn(async move { good.write(|tx| insert(tx, 2, "two@example.com")).await });
    while database.waiting().1 < 2 {
        tokio::task::yield_now().await;
    }
    drop(release);
    assert!(matches!(panicking.await.unwrap(), Err(Error::Panicked)));
    assert!(good.await.unwrap().unwrap());
    assert!(!exists(&database, 1).await, "nothing of the panicking operation was kept");
    assert!(exists(&database, 2).await);
    let read = database.read(|_| -> Result<(), Error> { panic!("on purpose") }).await;
    assert!(matches!(read, Err(Error::Panicked)), "a panicking read is one request's failure, too");
    assert!(exists(&database, 2).await, "and the reader goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_full_queue_turns_further_requests_away() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options { queue: 2, ..Options::default() });
    let release = hold_writer(&database);
    let waiting: Vec<_> = (1..=2)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(
                async move { database.write(move |tx| insert(tx, number, &format!("{number}@example.com"))).await },
            )
        })
        .collect();
    while database.waiting().1 < 2 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(database.write(|tx| insert(tx, 9, "nine@example.com")).await, Err(Error::Busy)));
    drop(release);
    for task in waiting {
        assert!(task.await.unwrap().unwrap(), "those who waited are served");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_those_who_ask_the_same_together_get_one_answer() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options { list_readers: 1, ..Options::default() });
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let nobody = Principal::Member(MemberId::from_uuid(Uuid::nil()));
    let wanted = signed_in::wanted(nobody, SessionId::from_uuid(Uuid::nil()), None);
    let holder = database.clone();
    tokio::spawn(async move {
        let wait = move |_: &mut StoreConnection, _: &mut Known| {
            let _ = started.send(());
            let _ = held.recv();
            Ok::<_, Refused>(())
        };
        let _ = holder.read_question(wanted, "holds the reader".to_owned(), wait).await;
    });
    tokio::task::block_in_place(|| running.recv().expect("the reader has started"));
    let runs = Arc::new(AtomicUsize::new(0));
    let ask = |question: &str, answer: usize| {
        let (database, question, runs) = (database.clone(), question.to_owned(), Arc::clone(&runs));
        tokio::spawn(async move {
            let run = move |_: &mut StoreConnection, _: &mut Known| {
                runs.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Refused>(answer)
            };
            database.read_question(wanted, question, run).await.map_err(|_| ())
        })
    };
    let (ann, ann_again, bob) = (ask("ann", 1), ask("ann", 1), ask("bob", 2));
    while database.waiting().0 < 3 {
        tokio::task::yield_now().await;
    }
    drop(release);
    assert_eq!((ann.await.unwrap(), ann_again.await.unwrap(), bob.await.unwrap()), (Ok(1), Ok(1), Ok(2)));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

/// An operation's error type that implements `Clone`.
#[derive(Clone)]
struct Refused;

impl From<Error> for Refused {
    fn from(_: Error) -> Self {
        Self
    }
}

impl crate::Failure for Refused {
    fn store_error(&self) -> Option<&Error> {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_closing_the_store_loses_nothing_that_waits() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options::default());
    let tasks: Vec<_> = (1..=50)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(
                async move { database.write(move |tx| insert(tx, number, &format!("{number}@example.com"))).await },
            )
        })
        .collect();
    drop(database);
    for task in tasks {
        assert!(task.await.unwrap().unwrap());
    }
    let database = open(directory.path(), Options::default());
    for number in 1..=50 {
        assert!(exists(&database, number).await, "{number}");
    }
}

/// The value of a pragma of SQLite on a connection.
fn pragma(tx: &mut StoreConnection, name: &str) -> String {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let StoreConnection::Sqlite(connection) = tx else { panic!("SQLite was opened") };
    let query = format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}");
    diesel::sql_query(query).get_result::<Row>(connection).expect("a pragma").value
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_what_is_acknowledged_was_flushed_to_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Options::default());
    // 2 is FULL: the log is flushed before a commit returns. With less, a power failure loses acknowledged changes.
    let settings = |tx: &mut StoreConnection| {
        let settings = ["synchronous", "journal_mode", "foreign_keys"].map(|name| pragma(tx, name));
        Ok::<_, Error>(settings.join(" "))
    };
    assert_eq!(database.write(settings).await.expect("a write"), "2 wal 1");
    assert_eq!(database.read(settings).await.expect("a read"), "2 wal 1");
}
