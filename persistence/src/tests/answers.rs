//! S4: the replies of a group reach a server thread, and no request waits forever when that thread ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use crate::store::reply_batch;
use crate::{Database, DatabaseUrl, Error, Options, StoreConnection};

/// A queued write. It completes when `release` is dropped.
struct Asked {
    release: mpsc::Sender<()>,
    has_begun: Arc<AtomicBool>,
    answer: JoinHandle<Result<u32, Error>>,
}

fn ask(database: &Database, number: u32) -> Asked {
    let (release, held) = mpsc::channel::<()>();
    let (database, has_begun) = (database.clone(), Arc::<AtomicBool>::default());
    let begun = Arc::clone(&has_begun);
    let run = move |_: &mut StoreConnection| {
        begun.store(true, Ordering::Relaxed);
        let _ = held.recv();
        Ok(number)
    };
    Asked { release, has_begun, answer: spawn_local(async move { database.write(run).await }) }
}

#[test]
fn s4_answers_reach_a_thread_that_serves_and_no_one_is_lost_when_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("test.db"));
    let database = Database::open(url, Options::default()).expect("a fresh database opens");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let handing_over = spawn_local(reply_batch::hand_over());
        yield_now().await;
        let first = ask(&database, 0);
        while !first.has_begun.load(Ordering::Relaxed) {
            yield_now().await;
        }
        let group: Vec<_> = (1..=20).map(|number| ask(&database, number)).collect();
        while database.waiting().1 < group.len() {
            yield_now().await;
        }
        let asked = std::iter::once(first).chain(group);
        let (releases, answers): (Vec<_>, Vec<_>) = asked.map(|asked| (asked.release, asked.answer)).unzip();
        drop(releases);
        for (answer, number) in answers.into_iter().zip(0..) {
            assert_eq!(answer.await.unwrap().unwrap(), number);
        }

        let under_way = ask(&database, 21);
        while !under_way.has_begun.load(Ordering::Relaxed) {
            yield_now().await;
        }
        handing_over.abort();
        assert!(handing_over.await.unwrap_err().is_cancelled());
        let late = ask(&database, 22);
        drop((under_way.release, late.release));
        assert_eq!(under_way.answer.await.unwrap().unwrap(), 21, "what was asked before");
        assert_eq!(late.answer.await.unwrap().unwrap(), 22, "what is asked afterwards");
    });
}
