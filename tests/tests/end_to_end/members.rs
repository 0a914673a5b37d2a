//! Members (R9): invited, joined, given other roles, removed; and the last owner stays.

use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, PASSWORD, Person, reseller_body};
use futures_util::future::join;
use rstest::rstest;
use serde_json::{Value, json};

async fn owner(app: &App) -> Person {
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    app.member(&master, Role::Owner).await
}

async fn invite(app: &App, owner: &Person, email: &str, role: &str) -> Answer {
    app.post("/members").bearer(&owner.token).json(&json!({"email": email, "role": role})).send().await
}

/// Takes up the invitation that was sent to an address.
async fn join_as(app: &App, email: &str) -> Answer {
    let token = app.token_for(email).await;
    app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send().await
}

async fn sign_in(app: &App, email: &str) -> String {
    app.login(email).await["access_token"].as_str().unwrap().to_owned()
}

async fn see(app: &App, token: &str, path: &str) -> Value {
    app.get(path).bearer(token).send().await.expect(200).json()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_member_is_invited_joins_and_does_what_its_role_allows(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let invited = invite(&app, &owner, "Bea@Contoso.example", "viewer").await.expect(201);
    let path = invited.header("location").to_owned();
    let body = invited.json();
    assert_eq!(
        (&body["status"], &body["role"], &body["joined_at"]),
        (&json!("invited"), &json!("viewer"), &Value::Null)
    );
    assert_eq!(body["invitation"]["delivery"], "queued");
    let no = app.post("/auth/login").json(&json!({"email": "bea@contoso.example", "password": ""}));
    assert_ne!(no.send().await.status, 200, "who has not joined can't sign in, whatever the password");
    let reset = app.post("/auth/password-resets").json(&json!({"email": "bea@contoso.example"}));
    let _ = reset.send().await.expect(202);

    let mail = app.mail_to("bea@contoso.example").await;
    assert_eq!(mail.len(), 1, "nor is it sent a new password");
    assert!(mail[0].contains("master reseller \"Planted\"") && mail[0].contains("viewer"), "{}", mail[0]);
    let token = app.token_for("bea@contoso.example").await;
    let preview = app.post("/activations/preview").json(&json!({"token": token})).send().await.expect(200).json();
    assert_eq!((&preview["account_id"], &preview["email"]), (&json!(owner.account), &json!("Bea@Contoso.example")));
    assert_eq!(join_as(&app, "bea@contoso.example").await.expect(200).text_of("status"), "active");
    join_as(&app, "bea@contoso.example").await.problem(422, "invalid_token");
    let access = sign_in(&app, "bea@contoso.example").await;
    let me = see(&app, &access, "/me").await;
    assert_eq!((&me["id"], &me["role"], &me["account"]["id"]), (&body["id"], &json!("viewer"), &json!(owner.account)));
    let create = |email: &str| app.post("/resellers").bearer(&access).json(&reseller_body(email)).send();
    create("a@wind.example").await.problem(403, "forbidden");
    app.get("/members").bearer(&access).send().await.problem(403, "forbidden");

    let seen = app.get(&path).bearer(&owner.token).send().await.expect(200);
    assert_eq!((&seen.json()["status"], &seen.json()["invitation"]), (&json!("active"), &Value::Null));
    let promote = |etag: &str| {
        let request = app.patch(&path).bearer(&owner.token).header("if-match", etag);
        request.json(&json!({"role": "provisioner"})).send()
    };
    let _ = promote(seen.header("etag")).await.expect(200);
    promote(seen.header("etag")).await.problem(412, "precondition_failed");
    let _ = create("a@wind.example").await.expect(201);
    let resend = app.post(&format!("{path}/resend-invitation")).bearer(&owner.token);
    resend.send().await.problem(409, "already_joined");

    let _ = app.delete(&path).bearer(&owner.token).send().await.expect(204);
    create("b@wind.example").await.problem(401, "not_signed_in");
    app.get(&path).bearer(&owner.token).send().await.problem(404, "not_found");
    let events = see(&app, &owner.token, "/events?type=member.*").await;
    let types: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["member.invited", "member.joined", "member.signed_in", "member.updated", "member.removed"]);
    let _ = invite(&app, &owner, "bea@contoso.example", "viewer").await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_member_s_address_is_nobody_else_s(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    invite(&app, &owner, "M@contoso.example", "viewer").await.problem(409, "email_taken");
    let _ = invite(&app, &owner, "bea@contoso.example", "viewer").await.expect(201);
    let reseller = app.post("/resellers").bearer(&owner.token).json(&reseller_body("BEA@contoso.example"));
    reseller.send().await.problem(409, "email_taken");
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = app.member(&rival, Role::Owner).await;
    invite(&app, &rival, "bea@contoso.example", "viewer").await.problem(409, "email_taken");
    let list = see(&app, &rival.token, "/members").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "R8: each sees its own");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r3_a_newer_invitation_voids_the_older_one(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let path = invite(&app, &owner, "bea@contoso.example", "viewer").await.expect(201).header("location").to_owned();
    let first = app.token_for("bea@contoso.example").await;
    let resend = app.post(&format!("{path}/resend-invitation")).bearer(&owner.token);
    let _ = resend.send().await.expect(200);
    let redeem = |token: String| app.post("/activations").json(&json!({"token": token, "password": PASSWORD})).send();
    redeem(first).await.problem(422, "invalid_token");
    let second = app.token_for("bea@contoso.example").await;
    let all = futures_util::future::join_all((0..10).map(|_| redeem(second.clone()))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1, "of all redemptions one wins");
    let _ = invite(&app, &owner, "carl@contoso.example", "viewer").await.expect(201);
    let late = app.token_for("carl@contoso.example").await;
    app.clock.advance(TimeDelta::hours(73));
    redeem(late).await.problem(422, "invalid_token");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_the_last_owner_stays(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let ann = format!("/members/{}", see(&app, &master.token, "/me").await["id"].as_str().unwrap());
    let demote = |token: &str, path: &str| app.patch(path).bearer(token).json(&json!({"role": "viewer"})).send();
    let remove = |token: &str, path: &str| app.delete(path).bearer(token).send();
    remove(&master.token, &ann).await.problem(409, "last_owner");
    demote(&master.token, &ann).await.problem(409, "last_owner");
    let bea = invite(&app, &master, "bea@contoso.example", "owner").await.expect(201).header("location").to_owned();
    remove(&master.token, &ann).await.problem(409, "last_owner");
    let _ = join_as(&app, "bea@contoso.example").await.expect(200);
    // Each removes the other at the same time: one of them stays.
    for round in 0..4 {
        let (one, other) = (app.login("ann@contoso.example").await, app.login("bea@contoso.example").await);
        let token = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
        let (one, other) = (token(&one), token(&other));
        let (first, second) = join(demote(&one, &bea), demote(&other, &ann)).await;
        let done = [first.status, second.status].iter().filter(|status| **status == 200).count();
        assert_eq!(done, 1, "round {round}: {} {}", first.text, second.text);
        let (left, path) = if first.status == 200 { (one, &bea) } else { (other, &ann) };
        let promote = app.patch(path).bearer(&left).json(&json!({"role": "owner"}));
        let _ = promote.send().await.expect(200);
    }
    // The account keeps its address, also without the member who had it.
    let bea_token = sign_in(&app, "bea@contoso.example").await;
    let _ = remove(&bea_token, &ann).await.expect(204);
    let rival = app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = app.member(&rival, Role::Owner).await;
    invite(&app, &rival, "ann@contoso.example", "viewer").await.problem(409, "email_taken");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_program_invites_nobody(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let (program, _) = app.client(&owner.account, Role::Owner).await;
    invite(&app, &program, "bea@contoso.example", "viewer").await.problem(403, "forbidden");
    assert_eq!(see(&app, &program.token, "/members").await["items"].as_array().unwrap().len(), 1);
    let bad = app.post("/members").bearer(&owner.token).json(&json!({"email": "x", "role": "king", "x": 1}));
    assert_eq!(bad.send().await.expect(422).pointers(), ["/x", "/email", "/role"]);
    let key = |email: &str| {
        let request = app.post("/members").bearer(&owner.token).header("idempotency-key", "one");
        request.json(&json!({"email": email, "role": "viewer"})).send()
    };
    let first = key("bea@contoso.example").await.expect(201);
    assert_eq!(key("bea@contoso.example").await.expect(201).text, first.text);
    assert_eq!(app.mail_to("bea@contoso.example").await.len(), 1, "W5: one e-mail");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_members_and_programs_end_with_their_account(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let owner = owner(&app).await;
    let (program, secret) = app.client(&owner.account, Role::Owner).await;
    let client = see(&app, &owner.token, "/api-clients").await["items"][0]["id"].as_str().unwrap().to_owned();
    let _ = invite(&app, &owner, "bea@contoso.example", "viewer").await.expect(201);
    let token = app.token_for("bea@contoso.example").await;
    let close = app.delete(&format!("/master-resellers/{}", owner.account)).bearer(&operator.token);
    let _ = close.send().await.expect(204);
    for who in [&owner, &program] {
        app.get("/me").bearer(&who.token).send().await.problem(401, "not_signed_in");
    }
    let ask = app.post("/oauth/token").basic(&client, &secret).form(&[("grant_type", "client_credentials")]);
    assert_eq!(ask.send().await.status, 401);
    let redeem = app.post("/activations").json(&json!({"token": token, "password": PASSWORD}));
    redeem.send().await.problem(422, "invalid_token");
}
