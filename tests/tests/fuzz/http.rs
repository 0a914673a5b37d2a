//! Whole requests, sent octet by octet as strangers would: each gets a well-formed answer below 500, or none where nothing
//! was asked, and the service goes on.

use std::time::Duration;

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::App;
use end_to_end::Database::Sqlite;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::cases;
use super::mutate::{changed, corpus};

/// Sends octets, closes the sending side and reads all that comes back.
async fn exchange(address: &str, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let _ = stream.write_all(octets).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_mins(1), stream.read_to_end(&mut answer)).await;
    let _ = read.expect("an answer, or the end of the connection, within a minute");
    answer
}

/// Every answer has to have a status below 500. There may be several: what follows a body is the next request.
fn check(input: &[u8], answer: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(answer);
    let is_well_formed = text.is_empty() || text.starts_with("HTTP/1.1 ");
    if !is_well_formed || text.lines().any(|line| line.starts_with("HTTP/1.1 5")) {
        return Err(TestCaseError::fail(format!("{}\n→ {text}", String::from_utf8_lossy(input))));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() {
    let app = App::start(Sqlite).await;
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    let owner = app.member(&master, Role::Owner).await;
    let (token, address) = (owner.token, app.address());
    let corpus: Vec<Vec<u8>> = corpus("requests")
        .into_iter()
        .map(|request| {
            // Files have lines as editors write them; heads have those of HTTP.
            let text = String::from_utf8(request).expect("a text").replace("TOKEN", &token);
            let (head, body) = text.split_once("\n\n").expect("a head and a body");
            let body = body.trim_end_matches('\n');
            let head = head.replace('\n', "\r\n").replace("LENGTH", &body.len().to_string());
            format!("{head}\r\n\r\n{body}").into_bytes()
        })
        .collect();
    for request in &corpus {
        let answer = exchange(&address, request).await;
        assert!(!answer.is_empty(), "{}", String::from_utf8_lossy(request));
        check(request, &answer).unwrap_or_else(|error| panic!("{error}"));
    }
    let handle = Handle::current();
    let tried = tokio::task::spawn_blocking(move || {
        let config = Config { cases: cases(3_000), source_file: Some(file!()), ..Config::default() };
        TestRunner::new(config).run(&changed(corpus), |request| {
            let answer = handle.block_on(exchange(&address, &request));
            check(&request, &answer)
        })
    });
    tried.await.expect("it ends").unwrap_or_else(|error| panic!("{error}"));
    let _ = app.get("/livez").send().await.expect(200);
}
