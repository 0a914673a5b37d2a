//! Bad input gets a problem of the right status, never a 500, and stores nothing.

use std::time::Duration;

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, reseller_body};
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_whatever_is_wrong_with_a_body_is_said(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!("{{\"name\":{nested}}}");
    let whole = reseller_body("office@nordwind.example").to_string();
    let cases: Vec<(&str, String, u16, &str)> = vec![
        ("nothing", String::new(), 400, "malformed_json"),
        ("truncated", whole[..whole.len() - 5].to_owned(), 400, "malformed_json"),
        ("trailing", format!("{whole}x"), 400, "malformed_json"),
        ("list cut short", "[1,".to_owned(), 400, "malformed_json"),
        ("word cut short", "nul".to_owned(), 400, "malformed_json"),
        ("text cut short", "\"a".to_owned(), 400, "malformed_json"),
        ("two values", "1 2".to_owned(), 400, "malformed_json"),
        ("number", "1".to_owned(), 422, "validation_failed"),
        ("nested", nested, 422, "validation_failed"),
        ("nested member", deep, 400, "malformed_json"),
        ("duplicate member", whole.replacen('{', "{\"name\":\"Twice\",", 1), 400, "malformed_json"),
        ("lone surrogate", whole.replace("Nordwind", "\\ud800"), 400, "malformed_json"),
        ("NUL", whole.replace("Nordwind", "a\\u0000b"), 422, "validation_failed"),
        ("NUL in a reference", whole.replace("CUST-1", "\\u0000"), 422, "validation_failed"),
        ("list", "[]".to_owned(), 422, "validation_failed"),
        ("text", "\"x\"".to_owned(), 422, "validation_failed"),
        ("null", "null".to_owned(), 422, "validation_failed"),
        (
            "wrong types",
            json!({"name": 1, "email": [], "services": "pbx", "billing_reference": {}}).to_string(),
            422,
            "validation_failed",
        ),
        ("unknown member", whole.replacen('{', "{\"color/~\":1,", 1), 422, "validation_failed"),
        (
            "empty",
            json!({"name": "", "email": "", "services": [], "billing_reference": ""}).to_string(),
            422,
            "validation_failed",
        ),
        ("over-long", whole.replace("Nordwind", &"x".repeat(121)), 422, "validation_failed"),
        (
            "nulls",
            json!({"name": null, "email": null, "services": null, "billing_reference": null}).to_string(),
            422,
            "validation_failed",
        ),
        ("large", whole.replace("Nordwind", &"x".repeat(100_000)), 413, "body_too_large"),
        ("10 MB", "x".repeat(10_000_000), 413, "body_too_large"),
    ];
    for (what, body, status, code) in cases {
        let request = app.post("/resellers").bearer(&master.token).raw("application/json", body);
        match request.try_send().await {
            Ok(answer) => {
                let problem = answer.problem(status, code);
                let text = problem.to_string();
                for internal in ["serde", "diesel", "src/", "panicked", "SELECT", "sqlite"] {
                    assert!(!text.contains(internal), "{what}: {text}");
                }
            }
            // The connection may be cut before the client has sent the whole of what nobody wants.
            Err(error) => assert_eq!(what, "10 MB", "{error}"),
        }
    }
    let all = json!({"name": 1, "email": [], "services": ["fax", 1], "zzz": 1});
    let answer = app.post("/resellers").bearer(&master.token).json(&all).send().await;
    assert_eq!(answer.pointers(), ["/zzz", "/name", "/email", "/services", "/billing_reference"], "all at once");
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let request = app.post("/resellers").bearer(&master.token).raw(media, whole.clone());
        request.send().await.problem(415, "unsupported_media_type");
    }
    for charset in ["application/json; charset=utf-8", "APPLICATION/JSON"] {
        let request = app.post("/resellers").bearer(&master.token).raw(charset, "{}");
        request.send().await.problem(422, "validation_failed");
    }
    let list = app.get("/resellers").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(list["items"], json!([]), "nothing was stored");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_a_query_is_exact_or_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    for (query, name) in [
        ("q=%zz", "`q`"),
        ("q=%", "`q`"),
        ("q=%4", "`q`"),
        ("q=%ff", "`q`"),
        ("q=%C3", "`q`"),
        ("limit=1&limit=1", "`limit`"),
        ("limit=1&%6cimit=2", "`limit`"),
        ("colour=red", "`colour`"),
        ("%ff=1", "`%ff`"),
    ] {
        let refused = app.get(&format!("/resellers?{query}")).bearer(&master.token).send().await;
        let problem = refused.problem(400, "invalid_parameter");
        assert!(problem["detail"].as_str().unwrap().contains(name), "{query}: {problem}");
    }
    for query in ["q=%25", "q=a+b", "q=%C3%BC", "q=%e4%b8%ad", "&limit=1&"] {
        let _ = app.get(&format!("/resellers?{query}")).bearer(&master.token).send().await.expect(200);
    }
    // Operations without query parameters don't ignore any.
    let account = format!("/master-resellers/{}?dry_run=true", master.account);
    let change = app.patch(&account).bearer(&master.token).json(&json!({"name": "Other"})).send().await;
    change.problem(400, "invalid_parameter");
    app.get("/me?x=1").bearer(&master.token).send().await.problem(400, "invalid_parameter");
    app.get("/me?x=1").send().await.problem(401, "not_signed_in");
    let me = app.get("/me").bearer(&master.token).send().await.expect(200);
    assert!(!me.text.contains("Other"), "nothing was changed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_headers_that_could_mean_two_things_are_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let body = reseller_body("office@nordwind.example");
    for (name, value) in [
        ("authorization", "Bearer other"),
        ("content-type", "text/plain"),
        ("content-type", "application/json"),
        ("idempotency-key", "two"),
    ] {
        let request = app.post("/resellers").bearer(&master.token).header("idempotency-key", "one").json(&body);
        let problem = request.header(name, value).send().await.problem(400, "invalid_header");
        assert!(problem["detail"].as_str().unwrap().to_ascii_lowercase().contains(name), "{problem}");
    }
    for coding in ["gzip", "GZIP", "br, identity", "x"] {
        let request = app.post("/resellers").bearer(&master.token).header("content-encoding", coding).json(&body);
        let refused = request.send().await;
        assert_eq!(refused.header("accept-encoding"), "identity", "{coding}");
        refused.problem(415, "unsupported_media_type");
    }
    let list = app.get("/resellers").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(list["items"], json!([]), "nothing was stored");
    let plain = app.post("/resellers").bearer(&master.token).header("content-encoding", "identity").json(&body);
    let _ = plain.send().await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_r4_what_nobody_can_see_is_no_name_and_marks_belong_to_letters(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let create = |name: &str, email: &str| {
        let mut body = reseller_body(email);
        body["name"] = json!(name);
        app.post("/resellers").bearer(&master.token).json(&body).send()
    };
    for name in ["\u{3164}", "\u{115f}\u{1160}", "\u{2800}", "\u{e0041}\u{e007f}", "\u{fe0f}", " \u{200b} "] {
        let refused = create(name, "office@nordwind.example").await.expect(422);
        assert_eq!(
            (refused.pointers(), &refused.json()["errors"][0]["code"]),
            (vec!["/name".to_owned()], &json!("blank"))
        );
    }
    for (number, email) in ["rene\u{301}@ex.example", "q\u{301}@ex.example", "\u{e44}\u{e17}\u{e22}\u{e4c}@ex.example"]
        .into_iter()
        .enumerate()
    {
        let created = create(&format!("Nordwind {number}"), email).await.expect(201);
        assert_eq!(created.text_of("email"), email);
    }
    create("Nordwind", "ren\u{e9}@ex.example").await.problem(409, "email_taken");
    for email in ["a@1.2.3.4", "a\u{3164}@ex.example"] {
        assert_eq!(create("Nordwind", email).await.expect(422).pointers(), ["/email"], "{email}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_paths_and_headers_that_nobody_should_send(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    for path in [
        "/resellers/..%2f..%2fetc%2fpasswd",
        "/resellers/%ff%fe",
        "/resellers/'%20OR%201=1",
        "/resellers//",
        "/nothing",
    ] {
        app.get(path).bearer(&master.token).send().await.problem(404, "not_found");
    }
    app.get(&format!("/resellers?q={}", "x".repeat(5_000)))
        .bearer(&master.token)
        .send()
        .await
        .problem(414, "uri_too_long");
    let mut many = app.get("/me").bearer(&master.token);
    for number in 0..70 {
        many = many.header(&format!("x-flood-{number}"), "1");
    }
    many.send().await.problem(431, "headers_too_large");
    let large = app.get("/me").bearer(&master.token).header("x-flood", &"x".repeat(20_000));
    large.send().await.problem(431, "headers_too_large");
    let odd = app.request(reqwest::Method::from_bytes(b"BREW").unwrap(), "/resellers").send().await;
    assert_eq!(odd.header("allow"), "GET, HEAD, POST, OPTIONS");
    odd.problem(405, "method_not_allowed");
    for id in ["has space", "ü", &"x".repeat(129)] {
        let answer = app.get("/livez").header("x-request-id", id).send().await.expect(200);
        assert_eq!(answer.header("x-client-request-id"), "", "{id:?} was taken over");
    }
    let named = app.get("/livez").header("x-request-id", "mine-1").send().await.expect(200);
    assert!(named.header("x-request-id").starts_with("req_"), "nobody chooses our own");
    assert_eq!(named.header("x-client-request-id"), "mine-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_a_body_that_never_arrives_is_given_up() {
    let app = App::start(Sqlite).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let head =
        "POST /support-tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    // The limit is 15 seconds of real time: the socket's own clock can't be set ahead.
    let read = tokio::time::timeout(Duration::from_mins(1), stream.read(&mut answer)).await;
    let length = read.expect("an answer before the test's own limit").unwrap();
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("application/problem+json") && text.contains("request_timeout"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_what_is_no_http_is_refused_and_harms_nobody() {
    let app = App::start(Sqlite).await;
    let flood = "X-Flood: 1\r\n".repeat(5_000);
    for (octets, expected) in [
        ("\r\n\r\n\r\n".to_owned(), ""),
        ("GET\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), "HTTP/1.1 400 "),
        (format!("GET /livez HTTP/1.1\r\nHost: x\r\n{flood}\r\n"), "HTTP/1.1 431 "),
        (
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}".to_owned(),
            "HTTP/1.1 400 ",
        ),
        (
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            "HTTP/1.1 400 ",
        ),
    ] {
        let mut stream = TcpStream::connect(app.address()).await.unwrap();
        let _ = stream.write_all(octets.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        // Nothing was asked with empty lines.
        assert_eq!(text.get(..expected.len()), Some(expected), "{octets:.40?}: {text}");
        assert_eq!(text.is_empty(), expected.is_empty(), "{octets:.40?}: {text}");
    }
    let _ = app.get("/livez").send().await.expect(200);
}
