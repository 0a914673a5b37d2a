//! API clients (R9): programs that sign in with a client id and a secret, within the limits that they were given.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::api_client::{AllowedNetworks, Terms};
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person, reseller_body};
use futures_util::future::{join, join_all};
use rstest::rstest;
use serde_json::{Value, json};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn make(app: &App, owner: &Person, body: Value) -> Answer {
    app.post("/api-clients").bearer(&owner.token).json(&body).send().await
}

async fn token(app: &App, client: &Value) -> Answer {
    let (id, secret) = (client["id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    app.post("/oauth/token").basic(id, secret).form(&[GRANT]).send().await
}

async fn status_with(app: &App, token: &str) -> u16 {
    app.get("/resellers").bearer(token).send().await.status
}

/// A master reseller, and its owner.
async fn owner(app: &App) -> Person {
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    app.member(&master, Role::Owner).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_program_signs_in_and_does_what_its_role_allows(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let made = make(&app, &owner, json!({"name": "Orders", "role": "provisioner"})).await.expect(201);
    let client = made.json();
    let path = made.header("location").to_owned();
    assert_eq!(path, format!("/api-clients/{}", client["id"].as_str().unwrap()));
    let secret = client["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("teammate_cs_"), "scanners for leaked secrets can tell");
    let seen = app.get(&path).bearer(&owner.token).send().await.expect(200);
    assert_eq!(seen.json()["client_secret"], Value::Null, "it is shown once");
    assert_eq!(seen.json()["secrets"][0]["hint"], secret[secret.len() - 4..]);
    assert_eq!(seen.json()["last_used_at"], Value::Null);
    assert_eq!(seen.header("etag"), made.header("etag"));

    let granted = token(&app, &client).await.expect(200);
    assert_eq!(
        (granted.json()["token_type"].as_str(), granted.json()["expires_in"].as_i64()),
        (Some("Bearer"), Some(600))
    );
    assert_eq!(granted.header("cache-control"), "no-store");
    let access = granted.text_of("access_token");
    let me = app.get("/me").bearer(&access).send().await.expect(200).json();
    assert_eq!((&me["id"], &me["type"], &me["role"]), (&client["id"], &json!("client"), &json!("provisioner")));
    assert_eq!((&me["name"], &me["email"]), (&json!("Orders"), &Value::Null));

    let create = || app.post("/resellers").bearer(&access).header("idempotency-key", "one");
    let created = create().json(&reseller_body("nord@wind.example")).send().await.expect(201);
    let again = create().json(&reseller_body("nord@wind.example")).send().await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true", "W5: a program has keys of its own");
    let events = app.get("/events?type=reseller.created").bearer(&owner.token).send().await.expect(200).json();
    assert_eq!(events["items"][0]["subject_id"], created.json()["id"]);
    let actor = json!({"type": "client", "id": client["id"], "account_type": "master_reseller"});
    assert_eq!(events["items"][0]["actor"], actor);
    app.get("/events").bearer(&access).send().await.problem(403, "forbidden");
    app.get("/api-clients").bearer(&access).send().await.problem(403, "forbidden");
    let used = app.get(&path).bearer(&owner.token).send().await.expect(200).json();
    assert_ne!(used["last_used_at"], Value::Null);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_token_requests_fail_as_oauth_says(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let client = make(&app, &owner, json!({"name": "Orders", "role": "viewer"})).await.expect(201).json();
    let other = make(&app, &owner, json!({"name": "Other", "role": "viewer"})).await.expect(201).json();
    let text = |client: &Value, member: &str| client[member].as_str().unwrap().to_owned();
    let (id, secret) = (text(&client, "id"), text(&client, "client_secret"));
    let post = || app.post("/oauth/token");
    let given = [GRANT, ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let _ = post().form(&given).send().await.expect(200);
    let _ = post()
        .form(&[given[0], given[1], given[2], ("unknown", "is passed over"), ("scope", "")])
        .send()
        .await
        .expect(200);
    let _ = post().basic(&id, &secret).form(&[GRANT, given[1]]).send().await.expect(200);

    let made_up = format!("teammate_cs_{}", "A".repeat(43));
    for (request, status, error) in [
        (post().form(&[GRANT]), 401, "invalid_client"),
        (post().form(&[GRANT, given[1]]), 401, "invalid_client"),
        (post().basic(&id, &made_up).form(&[GRANT]), 401, "invalid_client"),
        (post().basic(&id, &text(&other, "client_secret")).form(&[GRANT]), 401, "invalid_client"),
        (post().basic("client_01h455vb4pex5vsknk084sn02q", &secret).form(&[GRANT]), 401, "invalid_client"),
        (post().basic("ann", "secret").form(&[GRANT]), 401, "invalid_client"),
        (post().header("authorization", "Basic ###").form(&[GRANT]), 401, "invalid_client"),
        (post().header("authorization", "Bearer abc").form(&[GRANT]), 401, "invalid_client"),
        (post().basic(&id, &secret).form(&given), 400, "invalid_request"),
        (post().basic(&id, &secret).form(&[]), 400, "invalid_request"),
        (post().basic(&id, &secret).form(&[GRANT, GRANT]), 400, "invalid_request"),
        (post().basic(&id, &secret).json(&json!({"grant_type": "client_credentials"})), 400, "invalid_request"),
        (post().basic(&id, &secret).form(&[("grant_type", "password")]), 400, "unsupported_grant_type"),
        (post().basic(&id, &secret).form(&[GRANT, ("scope", "everything")]), 400, "invalid_scope"),
    ] {
        let answer = request.send().await.expect(status);
        assert_eq!(answer.header("content-type"), "application/json");
        let body = answer.json();
        assert_eq!((&body["error"], &body["code"]), (&json!(error), &json!(error)), "{body}");
        assert_eq!(body["error_description"], body["detail"]);
        assert_eq!(body["request_id"], answer.header("x-request-id"));
        assert_eq!(answer.header("www-authenticate").starts_with("Basic"), status == 401);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_revoking_and_changing_counts_from_the_next_request_on(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let client = make(&app, &owner, json!({"name": "Orders", "role": "provisioner"})).await.expect(201).json();
    let path = format!("/api-clients/{}", client["id"].as_str().unwrap());
    let access = token(&app, &client).await.expect(200).text_of("access_token");
    let create = |email: &str| app.post("/resellers").bearer(&access).json(&reseller_body(email)).send();
    let _ = create("a@wind.example").await.expect(201);

    let etag = app.get(&path).bearer(&owner.token).send().await.expect(200).header("etag").to_owned();
    let patch = app.patch(&path).bearer(&owner.token).header("if-match", &etag).json(&json!({"role": "viewer"}));
    let _ = patch.send().await.expect(200);
    create("b@wind.example").await.problem(403, "forbidden");
    assert_eq!(status_with(&app, &access).await, 200);
    let stale = app.delete(&path).bearer(&owner.token).header("if-match", &etag);
    stale.send().await.problem(412, "precondition_failed");

    let _ = app.delete(&path).bearer(&owner.token).send().await.expect(204);
    assert_eq!(status_with(&app, &access).await, 401);
    assert_eq!(token(&app, &client).await.status, 401);
    app.get(&path).bearer(&owner.token).send().await.problem(404, "not_found");
    app.delete(&path).bearer(&owner.token).send().await.problem(404, "not_found");
    let list = app.get("/api-clients").bearer(&owner.token).send().await.expect(200).json();
    assert_eq!(list["items"], json!([]));
    let found = app.get("/events?type=client.*&order=newest").bearer(&owner.token).send().await.expect(200).json();
    let types: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["client.revoked", "client.updated", "client.created"]);
    assert!(!found.to_string().contains("teammate_cs_"), "R16: without secrets");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_two_secrets_live_while_they_are_exchanged(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let first = make(&app, &owner, json!({"name": "Orders", "role": "viewer"})).await.expect(201).json();
    let path = format!("/api-clients/{}/rotate-secret", first["id"].as_str().unwrap());
    let rotate = async |body: Value| {
        let request = app.post(&path).bearer(&owner.token).json(&body);
        request.send().await.expect(200).json()
    };
    let old = token(&app, &first).await.expect(200).text_of("access_token");
    app.clock.advance(TimeDelta::seconds(1));
    let second = rotate(json!({"previous_secret_expires_in": 60})).await;
    assert_eq!(second["secrets"].as_array().unwrap().len(), 2);
    assert_eq!((token(&app, &first).await.status, token(&app, &second).await.status), (200, 200));
    // A third one puts the first out of use, though its time is not over.
    let third = rotate(json!({"previous_secret_expires_in": 60})).await;
    let live = [token(&app, &first).await.status, token(&app, &second).await.status, token(&app, &third).await.status];
    assert_eq!(live, [401, 200, 200]);
    assert_eq!(status_with(&app, &old).await, 401, "nor do its tokens work");

    let of_second = token(&app, &second).await.expect(200).text_of("access_token");
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(status_with(&app, &of_second).await, 401, "a token works no longer than its secret");
    assert_eq!((token(&app, &second).await.status, token(&app, &third).await.status), (401, 200));
    // One that has leaked stops at once.
    let of_third = token(&app, &third).await.expect(200).text_of("access_token");
    let fourth = rotate(json!({"previous_secret_expires_in": 0})).await;
    assert_eq!(status_with(&app, &of_third).await, 401);
    assert_eq!((token(&app, &third).await.status, token(&app, &fourth).await.status), (401, 200));
    assert_eq!(fourth["secrets"].as_array().unwrap().len(), 1);
    let far = app.post(&path).bearer(&owner.token).json(&json!({"previous_secret_expires_in": 2_592_001}));
    assert_eq!(far.send().await.expect(422).pointers(), ["/previous_secret_expires_in"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_client_works_until_it_expires_and_from_where_it_may(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, &["--trusted-proxies", "127.0.0.0/8"]).await;
    let owner = owner(&app).await;
    let soon = (app.clock.now() + TimeDelta::seconds(120)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({"name": "Orders", "role": "viewer", "expires_at": soon, "allowed_networks": ["192.0.2.0/28"]});
    let client = make(&app, &owner, body).await.expect(201).json();
    assert_eq!((&client["expires_at"], &client["allowed_networks"]), (&json!(soon), &json!(["192.0.2.0/28"])));
    let (id, secret) = (client["id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let ask =
        |from: &str| app.post("/oauth/token").basic(id, secret).form(&[GRANT]).header("x-forwarded-for", from).send();
    let refused = ask("192.0.2.16").await.expect(401).json();
    assert_eq!(refused["error"], "invalid_client");
    let access = ask("192.0.2.15").await.expect(200).text_of("access_token");
    let list = |from: &str| app.get("/resellers").bearer(&access).header("x-forwarded-for", from).send();
    let _ = list("192.0.2.1").await.expect(200);
    list("198.51.100.1").await.problem(403, "address_not_allowed");
    app.clock.advance(TimeDelta::seconds(121));
    list("192.0.2.1").await.problem(401, "not_signed_in");
    let _ = ask("192.0.2.15").await.expect(401);
    // One that has ended can still be named and restricted, and not be given another end that is over.
    let patch = |body: Value| app.patch(&format!("/api-clients/{id}")).bearer(&owner.token).json(&body).send();
    assert_eq!(patch(json!({"name": "Old orders"})).await.expect(200).text_of("name"), "Old orders");
    let over = patch(json!({"expires_at": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(over.expect(422).pointers(), ["/expires_at"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_who_asks_from_elsewhere_at_the_same_moment_gets_nothing(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start_with(database, &["--trusted-proxies", "127.0.0.0/8", "--rate-limit", "off"]).await;
    let owner = owner(&app).await;
    let networks = AllowedNetworks::parse(&["192.0.2.0/28".to_owned()]).unwrap();
    let terms = Terms { role: Role::Viewer, expires_at: None, networks };
    let (client, _) = app.client_within(&owner.account, terms).await;
    let list = |from: &'static str| app.get("/resellers").bearer(&client.token).header("x-forwarded-for", from).send();
    for _ in 0..20 {
        let (inside, outside): (Vec<_>, Vec<_>) =
            join(join_all((0..16).map(|_| list("192.0.2.1"))), join_all((0..16).map(|_| list("198.51.100.1")))).await;
        assert!(inside.iter().all(|answer| answer.status == 200));
        for answer in outside {
            answer.problem(403, "address_not_allowed");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_client_never_makes_or_takes_over_one_of_more_power(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let unlimited = make(&app, &owner, json!({"name": "Unlimited", "role": "owner"})).await.expect(201).json();
    let ends = app.clock.now() + TimeDelta::hours(1);
    let networks = AllowedNetworks::parse(&["127.0.0.0/8".to_owned()]).unwrap();
    let terms = Terms { role: Role::Owner, expires_at: Some(ends), networks };
    let (limited, _) = app.client_within(&owner.account, terms).await;

    let more = make(&app, &limited, json!({"name": "More", "role": "owner"})).await.expect(422);
    assert_eq!(more.pointers(), ["/expires_at", "/allowed_networks"]);
    let within = json!({"name": "Less", "role": "owner", "allowed_networks": ["127.0.0.1"],
        "expires_at": (ends - TimeDelta::minutes(1)).to_rfc3339()});
    let less = make(&app, &limited, within).await.expect(201).json();
    let path = format!("/api-clients/{}", less["id"].as_str().unwrap());
    let grow = app.patch(&path).bearer(&limited.token).json(&json!({"allowed_networks": []}));
    assert_eq!(grow.send().await.expect(422).pointers(), ["/allowed_networks"]);
    // Nor does it get at the secret of one that has more, or take its limits off.
    let path = format!("/api-clients/{}", unlimited["id"].as_str().unwrap());
    let rotate = app.post(&format!("{path}/rotate-secret")).bearer(&limited.token);
    let _ = rotate.send().await.expect(422);
    let _ = app.delete(&path).bearer(&limited.token).send().await.expect(422);
    let _ = app.patch(&path).bearer(&limited.token).json(&json!({"name": "Mine"})).send().await.expect(422);
    assert_eq!(token(&app, &unlimited).await.status, 200);
    // Nor does it make what would go on without it.
    let hook = app.post("/webhooks").bearer(&limited.token);
    let hook = hook.json(&json!({"url": "https://example.com/", "event_types": ["*"]})).send().await;
    hook.problem(403, "limited_api_client");
    let _ = app.get("/webhooks").bearer(&limited.token).send().await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_a_client_stops_with_its_account(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let owner = owner(&app).await;
    let client = make(&app, &owner, json!({"name": "Orders", "role": "viewer"})).await.expect(201).json();
    let access = token(&app, &client).await.expect(200).text_of("access_token");
    let step = async |step: &str| {
        let request = app.post(&format!("/master-resellers/{}/{step}", owner.account)).bearer(&operator.token);
        let _ = request.send().await.expect(200);
    };
    step("suspend").await;
    assert_eq!(status_with(&app, &access).await, 403);
    assert_eq!(token(&app, &client).await.expect(401).json()["error"], "invalid_client");
    step("resume").await;
    assert_eq!(status_with(&app, &access).await, 200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_every_fault_of_an_api_client_is_named(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let bad =
        json!({"name": " ", "role": "king", "expires_at": "tomorrow", "allowed_networks": ["192.0.2.1/28"], "x": 1});
    let pointers = make(&app, &owner, bad).await.expect(422).pointers();
    assert_eq!(pointers, ["/x", "/name", "/role", "/allowed_networks/0", "/expires_at"]);
    let past = json!({"name": "Old", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(make(&app, &owner, past).await.expect(422).pointers(), ["/expires_at"]);
    let client = make(&app, &owner, json!({"name": "A", "role": "viewer"})).await.expect(201).text_of("id");
    let patch = app.patch(&format!("/api-clients/{client}")).bearer(&owner.token).json(&json!({}));
    assert_eq!(patch.send().await.expect(422).pointers(), [""]);
    for _ in 1..100 {
        let _ = make(&app, &owner, json!({"name": "A", "role": "viewer"})).await.expect(201);
    }
    make(&app, &owner, json!({"name": "A", "role": "viewer"})).await.problem(409, "too_many_api_clients");
}
