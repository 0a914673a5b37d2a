//! Connections: every request on one gets its answer, what is no request gets one too, and no client can make the
//! service hold more than a little for it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Process, reseller_body};
use rstest::rstest;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_teammate-under-test");

/// Sends octets, closes the sending side if asked to, and reads until the service closes.
async fn exchange(address: &str, octets: &[u8], half_close: bool) -> String {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut reading, mut writing) = stream.into_split();
    let send = async {
        writing.write_all(octets).await.expect("it is taken");
        if half_close {
            writing.shutdown().await.expect("it can be closed");
        }
        writing
    };
    let mut answer = Vec::new();
    let receive = async { timeout(Duration::from_mins(1), reading.read_to_end(&mut answer)).await };
    let (writing, received) = tokio::join!(send, receive);
    received.expect("the service closes").expect("all of the answer");
    drop(writing);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers in what was received.
fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().expect("a status")).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_a_problem(#[values(true, false)] half_close: bool) {
    let app = App::start(Sqlite).await;
    let host = "Host: x\r\n\r\n";
    let long = "a".repeat(70_000);
    for (what, octets, status, code) in [
        ("a version that does not exist", format!("GET / HTTP/9.1\r\n{host}"), 400, "bad_request"),
        ("a line without a method", format!("/livez\r\n{host}"), 400, "bad_request"),
        ("a TLS handshake", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n".to_owned(), 400, "bad_request"),
        (
            "two lengths",
            format!("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n{host}{{}}"),
            400,
            "bad_request",
        ),
        ("a URI of 70,000 octets", format!("GET /{long} HTTP/1.1\r\n{host}"), 414, "uri_too_long"),
        ("a URI of 210,000 octets", format!("GET /{long}{long}{long} HTTP/1.1\r\n{host}"), 414, "uri_too_long"),
        (
            "a header of 210,000 octets",
            format!("GET / HTTP/1.1\r\nX: {long}{long}{long}\r\n{host}"),
            431,
            "headers_too_large",
        ),
        (
            "a thousand headers",
            format!("GET / HTTP/1.1\r\n{}{host}", "X: 1\r\n".repeat(1_000)),
            431,
            "headers_too_large",
        ),
    ] {
        let text = exchange(&app.address(), octets.as_bytes(), half_close).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{what}: {text:?}"));
        assert_eq!(statuses(&text), [status], "{what}: {text}");
        let problem: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{what}: {body:?}"));
        assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{what}");
        let id = problem["request_id"].as_str().expect("an id");
        for line in [&format!("x-request-id: {id}"), "content-type: application/problem+json", "connection: close"] {
            assert!(head.contains(line), "{what}: {line} is missing in {head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_ten_seconds_also_behind_another() {
    let app = App::start(Sqlite).await;
    let address = app.address();
    let first = exchange(&address, b"GET /livez HTTP/1.1\r\nHo", false);
    let second = exchange(&address, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHo", false);
    let (first, second) = tokio::join!(first, second);
    assert_eq!((statuses(&first), statuses(&second)), (vec![408], vec![200, 408]));
    assert!(second.contains("request_timeout"), "{second}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn all_pipelined_requests_are_answered_in_order(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let mut octets = String::new();
    for number in 0..100 {
        let body = reseller_body(&format!("office-{number}@nordwind.example")).to_string();
        let _ = write!(
            octets,
            "POST /resellers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
            master.token,
            body.len()
        );
    }
    octets += &"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let text = exchange(&app.address(), octets.as_bytes(), true).await;
    let expected = std::iter::repeat_n([201, 200], 100).flatten().chain(std::iter::repeat_n(200, 1_000));
    assert_eq!(statuses(&text), expected.collect::<Vec<u16>>());
}

/// Connects from an address of our own on the loopback, with a small buffer for what is received.
async fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a buffer");
    socket.bind((from, 0).into()).expect("a loopback address");
    socket.connect(to).await.expect("a connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_limited_per_address_and_in_all() {
    let app = App::start_with(Sqlite, &["--max-connections-per-address", "3", "--max-connections", "5"]).await;
    let address = app.address().parse().expect("an address");
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is taken");
        let mut answer = vec![0; 4_096];
        let length = stream.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let mut open = Vec::new();
    for host in [1, 1, 1, 2, 3] {
        let mut stream = connect_from([127, 0, 0, host], address).await;
        assert_eq!(statuses(&ask(&mut stream).await), [200], "127.0.0.{host}");
        open.push(stream);
    }
    for (what, host) in [("a fourth of one address", 1), ("a sixth in all", 4)] {
        let mut stream = connect_from([127, 0, 0, host], address).await;
        let text = ask(&mut stream).await;
        assert_eq!(statuses(&text), [503], "{what}");
        assert!(text.contains("too_many_connections") && text.contains("retry-after: 1"), "{what}: {text}");
    }
    drop(open);
    let again = timeout(Duration::from_secs(30), async {
        loop {
            let mut stream = connect_from([127, 0, 0, 1], address).await;
            if statuses(&ask(&mut stream).await) == [200] {
                return stream;
            }
        }
    });
    let mut stream = again.await.expect("closed connections make place");
    assert_eq!(statuses(&ask(&mut stream).await), [200]);
}

/// The resident memory of a process, in KiB.
fn resident(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_use_little_memory() {
    let fresh = Sqlite.fresh();
    let process = Process::start(BINARY, &fresh);
    let address = process.url.trim_start_matches("http://").to_owned();
    // The document is generated at the first request, which takes memory of its own.
    assert_eq!(
        statuses(
            &exchange(&address, b"GET /openapi.yaml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false).await
        ),
        [200]
    );
    let before = resident(&process);
    let to = address.parse().expect("an address");
    let many = "GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let empty = "OPTIONS /resellers HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let mut clients = Vec::new();
    for number in 0_u8..200 {
        let stream = connect_from([127, 0, 1, number + 1], to).await;
        let requests = if number % 2 == 0 { &many } else { &empty };
        // As much as the service takes.
        let _ = stream.writable().await;
        let _ = stream.try_write(requests.as_bytes());
        clients.push(stream);
    }
    for _ in 0..200 {
        let answer = exchange(&address, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false).await;
        assert_eq!(statuses(&answer), [200]);
    }
    let grown = resident(&process).saturating_sub(before);
    assert!(grown <= 100 * 200, "200 clients made it grow by {grown} KiB");
    drop(clients);
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_lines_before_and_after_requests_are_ignored() {
    let app = App::start(Sqlite).await;
    let address = app.address();
    // Many of them cost little. If each were looked at anew, the time of a head would be over before the first answer.
    let mut octets = ["\r\n".repeat(60_000), "\n".repeat(60_000)].concat();
    octets += "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(statuses(&exchange(&address, octets.as_bytes(), true).await), [200, 200]);
    // A line after a body is no head that never ends: the connection stays usable for longer than a head may take.
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let login =
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}\r\n";
    stream.write_all(login.as_bytes()).await.expect("it is taken");
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).await.expect("an answer");
    assert_eq!(statuses(&String::from_utf8_lossy(&answer[..length])), [422]);
    let closed = timeout(Duration::from_secs(12), stream.read(&mut answer)).await;
    assert!(closed.is_err(), "nothing more comes");
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is taken");
    let length = stream.read(&mut answer).await.expect("an answer");
    assert_eq!(statuses(&String::from_utf8_lossy(&answer[..length])), [200]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_all_of_a_refused_body_first_gets_the_answer(#[values(true, false)] chunked: bool) {
    let app = App::start(Sqlite).await;
    let mut stream = TcpStream::connect(app.address()).await.expect("a connection");
    let size = 6_000_000;
    let length = if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {size}") };
    let head = format!("POST /resellers/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n{length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    // With empty lines, which are no ends of heads here.
    let part = "a,b\r\n\r\n".repeat(1_000);
    let mut sent = 0;
    while sent < size {
        let part = &part[..part.len().min(size - sent)];
        let framed = if chunked { format!("{:x}\r\n{part}\r\n", part.len()) } else { part.to_owned() };
        stream.write_all(framed.as_bytes()).await.expect("all of it is taken");
        sent += part.len();
    }
    if chunked {
        stream.write_all(b"0\r\n\r\n").await.expect("it is taken");
    }
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).await.expect("an answer");
    assert_eq!(statuses(&String::from_utf8_lossy(&answer[..length])), [401]);
}
