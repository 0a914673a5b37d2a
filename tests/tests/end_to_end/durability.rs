//! What was acknowledged stays, whatever happens to the process; what was not is not half there.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, Client, Database, FreshDatabase, Process, reseller_body};
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");
const KILLS: usize = 20;

/// What a writer was told: name and status of each of its accounts after the last acknowledged change, and of the one
/// whose change was not answered what they would be.
#[derive(Default)]
struct Acknowledged {
    accounts: BTreeMap<String, [Value; 2]>,
    unanswered: Option<(String, [Value; 2])>,
}

impl Acknowledged {
    fn note(&mut self, answer: &Answer) {
        self.accounts.insert(answer.text_of("id"), state(&answer.json()));
    }
}

/// The name and the status of an account.
fn state(account: &Value) -> [Value; 2] {
    [account["name"].clone(), account["status"].clone()]
}

/// Creates, renames and closes until the process is gone.
async fn write(client: &Client, master: &str, name: &str) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for number in 0.. {
        let mut body = reseller_body(&format!("{name}-{number}@nordwind.example"));
        body["master_reseller_id"] = json!(master);
        let Ok(created) = client.request(Method::POST, "/resellers").json(&body).try_send().await else { break };
        acknowledged.note(&created.clone().expect(201));
        let id = created.text_of("id");
        let path = format!("/resellers/{id}");
        let [mut name, status] = state(&created.json());
        if number % 2 == 0 {
            name = json!(format!("Renamed {number}"));
            let rename = client.request(Method::PATCH, &path).json(&json!({"name": name}));
            let Ok(patched) = rename.try_send().await else {
                acknowledged.unanswered = Some((id, [name, status]));
                break;
            };
            acknowledged.note(&patched.expect(200));
        }
        if number % 3 == 0 {
            let closed = [name, json!("closed")];
            let Ok(_) = client.request(Method::DELETE, &path).try_send().await else {
                acknowledged.unanswered = Some((id, closed));
                break;
            };
            acknowledged.accounts.insert(id, closed);
        }
    }
    acknowledged
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_nothing_acknowledged_is_lost(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    for kill in 0..KILLS {
        let process = Process::start(BINARY, &fresh);
        let client = Client::sign_in(&process).await;
        let master = client.master_reseller(&format!("m{kill}@contoso.example")).await;
        let names: Vec<_> = (0..6).map(|writer| format!("k{kill}w{writer}")).collect();
        let writing = join_all(names.iter().map(|name| write(&client, &master, name)));
        let killing = async {
            // Not a wait for anything: the moment itself is what varies.
            tokio::time::sleep(Duration::from_millis(20 + u64::try_from(kill * 37 % 150).unwrap())).await;
            process.kill();
        };
        let (written, ()) = futures_util::future::join(writing, killing).await;

        let process = Process::start(BINARY, &fresh);
        let client = Client::sign_in(&process).await;
        for acknowledged in &written {
            for (id, expected) in &acknowledged.accounts {
                let seen = client.request(Method::GET, &format!("/resellers/{id}")).send().await.expect(200).json();
                // The change that was not answered has been made or not; nothing else is possible.
                let unanswered = acknowledged.unanswered.as_ref().filter(|(changed, _)| changed == id);
                let possible: Vec<_> =
                    [Some(expected), unanswered.map(|(_, state)| state)].into_iter().flatten().collect();
                assert!(possible.contains(&&state(&seen)), "{possible:?} became {seen}");
            }
        }
        assert!(process.terminate());
    }
    nothing_is_half_done(&fresh).await;
}

/// Every account has its address, its e-mail and its event, or is closed.
async fn nothing_is_half_done(fresh: &FreshDatabase) {
    let process = Process::start(BINARY, fresh);
    let client = Client::sign_in(&process).await;
    let mut path = "/resellers?limit=200".to_owned();
    let store = persistence::Database::open(
        fresh.url.clone(),
        persistence::Options { access: persistence::Access::Beside, ..Default::default() },
    )
    .unwrap();
    loop {
        let page = client.request(Method::GET, &path).send().await.expect(200).json();
        for account in page["items"].as_array().unwrap() {
            let open = account["status"] != "closed";
            assert_eq!(account["activation"].is_object(), open, "{account}");
            let subject = account["id"].as_str().unwrap().to_owned();
            let read = move |tx: &mut _| persistence::events::of_subject(tx, &subject);
            let actions: Vec<String> = store.read(read).await.unwrap();
            assert_eq!(actions.first().map(String::as_str), Some("reseller.created"), "{account}");
            assert_eq!(actions.iter().any(|action| action == "reseller.closed"), !open, "{account}");
            if open {
                let mut rival = reseller_body(account["email"].as_str().unwrap());
                rival["master_reseller_id"] = account["master_reseller_id"].clone();
                let request = client.request(Method::POST, "/resellers").json(&rival);
                request.send().await.problem(409, "email_taken");
            }
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/resellers?limit=200&cursor={cursor}");
    }
    tokio::task::spawn_blocking(move || drop(store)).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w5_killed_between_commit_and_answer_a_retry_gets_the_same(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let mut retried = 0;
    for round in 0..5 {
        let process = Process::start(BINARY, &fresh);
        let client = Client::sign_in(&process).await;
        let master = client.master_reseller(&format!("m{round}@contoso.example")).await;
        let post = |client: &Client, number: usize| {
            let mut body = reseller_body(&format!("r{round}-{number}@nordwind.example"));
            body["master_reseller_id"] = json!(master);
            let request = client.request(Method::POST, "/resellers").json(&body);
            request.header("idempotency-key", &format!("{round}-{number}")).try_send()
        };
        let sending = join_all((0..40).map(|number| post(&client, number)));
        let killing = async {
            tokio::time::sleep(Duration::from_millis(2 + 3 * u64::try_from(round).unwrap())).await;
            process.kill();
        };
        let (first, ()) = futures_util::future::join(sending, killing).await;
        let process = Process::start(BINARY, &fresh);
        let client = Client::sign_in(&process).await;
        for (number, first) in first.into_iter().enumerate() {
            let again = post(&client, number).await.unwrap();
            let again = again.expect(201);
            if let Ok(first) = first {
                let replayed = again.header("idempotent-replayed");
                assert_eq!((again.text.as_str(), replayed), (first.text.as_str(), "true"));
            } else {
                // Committed or not before the end: either way the caller has one reseller now.
                retried += 1;
                let third = post(&client, number).await.unwrap().expect(201);
                assert_eq!(third.text, again.text);
            }
        }
        let list = client.request(Method::GET, &format!("/resellers?limit=200&master_reseller_id={master}"));
        assert_eq!(list.send().await.expect(200).json()["items"].as_array().unwrap().len(), 40);
        assert!(process.terminate());
    }
    assert!(retried > 0, "no request was cut off: the test did not test anything");
    nothing_is_half_done(&fresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_was_flushed_to_the_disk_before() {
    let fresh = Sqlite.fresh();
    let process = Process::start(BINARY, &fresh);
    let client = Client::sign_in(&process).await;
    let calls = fresh.directory.path().join("calls");
    let mut strace = tokio::process::Command::new("strace")
        .args(["-f", "-e", "trace=fdatasync,fsync,sendto,writev", "-o"])
        .arg(&calls)
        .args(["-p", &process.id().to_string()])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("strace: run scripts/install-tools");
    let mut said = BufReader::new(strace.stderr.take().unwrap()).lines();
    let attached = said.next_line().await.unwrap().unwrap_or_default();
    assert!(attached.contains("attached"), "{attached}");
    for number in 0..20 {
        let master = client.master_reseller(&format!("m{number}@contoso.example")).await;
        assert!(master.starts_with("master_reseller_"));
    }
    strace.kill().await.unwrap();
    let calls = std::fs::read_to_string(calls).unwrap();
    let (mut flushed, mut created) = (false, 0);
    for call in calls.lines() {
        if call.contains("fdatasync(") || call.contains("fsync(") {
            flushed = true;
        } else if call.contains("HTTP/1.1 201 ") {
            assert!(flushed, "{call} without a flush before it");
            (flushed, created) = (false, created + 1);
        }
    }
    assert_eq!(created, 20, "{calls}");
}
