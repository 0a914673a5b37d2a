//! W7 and the limits: headers, HEAD and OPTIONS, CORS, rates, draining, metrics.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database};
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn w7_every_answer_has_its_headers() {
    let app = App::start(Sqlite).await;
    for path in ["/livez", "/resellers", "/nothing", "/activate"] {
        let answer = app.get(path).send().await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_head_and_options_work_and_405_says_what_does() {
    let app = App::start(Sqlite).await;
    let operator = app.operator().await;
    let get = app.get("/master-resellers").bearer(&operator.token).send().await.expect(200);
    let head = app.request(Method::HEAD, "/master-resellers").bearer(&operator.token).send().await.expect(200);
    assert_eq!((head.text.as_str(), head.header("content-length")), ("", get.header("content-length")));
    let options = app.request(Method::OPTIONS, "/resellers/x").send().await.expect(204);
    assert_eq!(options.header("allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
    let put = app.request(Method::PUT, "/activations").send().await;
    assert_eq!(put.header("allow"), "POST, OPTIONS");
    put.problem(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_web_pages_of_configured_origins_may_call() {
    let app = App::start_with(Sqlite, &["--cors-origins", "https://portal.example"]).await;
    let preflight = |origin: &str| {
        let request = app.request(Method::OPTIONS, "/resellers").header("origin", origin);
        request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key")
            .send()
    };
    let allowed = preflight("https://portal.example").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, "https://portal.example"));
    let refused = preflight("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let error = app.get("/resellers").header("origin", "https://portal.example").send().await;
    assert_eq!((error.status, error.header("access-control-allow-origin")), (401, "https://portal.example"));
    let simple = app.get("/livez").header("origin", "https://portal.example").send().await.expect(200);
    assert_eq!(simple.header("access-control-allow-origin"), "https://portal.example");
    assert!(simple.header("access-control-expose-headers").contains("x-request-id"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w7_who_asks_too_often_is_told_when_to_come_back(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, &["--rate-limit", "5"]).await;
    let operator = app.operator().await;
    let answers = join_all((0..40).map(|_| app.get("/me").bearer(&operator.token).send())).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(!served.is_empty() && !refused.is_empty());
    assert_eq!(served[0].header("ratelimit-policy"), "\"default\";q=5;w=1");
    assert!(served[0].header("ratelimit").starts_with("\"default\";r="));
    for answer in refused {
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        answer.problem(429, "rate_limited");
    }
    let _ = app.get("/livez").send().await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w7_each_limit_has_its_own_policy(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, &["--rate-limit", "1000"]).await;
    let sign_in = json!({"email": "nobody@contoso.example", "password": "wrong horse battery"});
    let mut refused = None;
    for _ in 0..70 {
        let answer = app.post("/auth/refresh").json(&json!({"refresh_token": "x"})).send().await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=1000;w=1");
    }
    let refused = refused.expect("60 a minute and address are enough");
    assert_eq!(refused.header("ratelimit-policy"), "\"per-address\";q=60;w=60");
    assert!(refused.header("ratelimit").starts_with("\"per-address\";r=0;t="));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.problem(429, "rate_limited");
    app.post("/auth/login").json(&sign_in).send().await.problem(429, "rate_limited");
    let _ = app.get("/livez").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_only_a_trusted_proxy_says_where_a_request_comes_from() {
    let count = async |flags: &[&str]| {
        let app = App::start_with(Sqlite, &[&["--rate-limit", "1"], flags].concat()).await;
        let ask = |from: &str| app.get("/nothing").header("x-forwarded-for", from).send();
        let answers = join_all((0..20).map(|number| ask(&format!("10.0.0.{number}")).clone_status())).await;
        answers.into_iter().filter(|status| *status == 429).count()
    };
    assert!(count(&[]).await > 10, "anybody can write the header");
    assert_eq!(count(&["--trusted-proxies", "127.0.0.0/8"]).await, 0);
    let app = App::start_with(Sqlite, &["--rate-limit", "1", "--trusted-proxies", "127.0.0.0/8"]).await;
    let claim =
        |number: usize| app.get("/nothing").header("x-forwarded-for", &format!("10.0.0.{number}, x, 10.9.9.9")).send();
    let answers = join_all((0..20).map(|number| claim(number).clone_status())).await;
    assert!(
        answers.into_iter().filter(|status| *status == 429).count() > 10,
        "a client's own entries count for nothing"
    );
}

trait Status {
    async fn clone_status(self) -> u16;
}

impl<F: Future<Output = end_to_end::Answer>> Status for F {
    async fn clone_status(self) -> u16 {
        self.await.status
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_what_is_under_way(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let ticket = |number: usize| {
        json!({
            "subject": "Add to TeamMate Portal", "partner_company_name": "C", "first_name": "A", "last_name": "E",
            "email": format!("t{number}@contoso.example"),
        })
    };
    let requests: Vec<_> = (0..50).map(|number| app.post("/support-tickets").json(&ticket(number))).collect();
    let (started, mut first) = tokio::sync::mpsc::channel(1);
    let sending = tokio::spawn(async move {
        join_all(requests.into_iter().map(|request| {
            let started = started.clone();
            async move {
                let answer = request.try_send().await;
                let _ = started.try_send(());
                answer
            }
        }))
        .await
    });
    first.recv().await;
    let database = app.stop().await;
    let answers = sending.await.unwrap();
    let acknowledged = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 201)).count();
    let mut refused = 0;
    for answer in answers.iter().flatten().filter(|answer| answer.status != 201) {
        answer.clone().problem(503, "unavailable");
        refused += 1;
    }
    let store = persistence::Database::open(database.url.clone(), persistence::Options::default()).unwrap();
    let filter = persistence::support_tickets::Filter {
        status: None,
        search: None,
        newest_first: false,
        after: None,
        limit: 100,
    };
    let list = move |tx: &mut _| persistence::support_tickets::list(tx, &filter);
    let kept = store.read(list).await.unwrap().len();
    let without_answer = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(acknowledged + refused + without_answer, 50);
    let possible = acknowledged..=acknowledged + without_answer;
    assert!(possible.contains(&kept), "{kept} kept, {acknowledged} acknowledged, {refused} refused");
    assert!(acknowledged > 0);
    tokio::task::spawn_blocking(move || drop(store)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_say_how_it_is() {
    let app = App::start(Sqlite).await;
    let _ = app.get("/readyz").send().await.expect(200);
    let metrics = app.get("/metrics").send().await.expect(200);
    assert!(metrics.text.contains("teammate_request_seconds") && metrics.text.contains("teammate_database_waiting"));
    app.service().drain();
    app.get("/readyz").send().await.problem(503, "unavailable");
    let _ = app.get("/livez").send().await.expect(200);
}
