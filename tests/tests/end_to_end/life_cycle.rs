//! R5, R7: suspending stops what is below at its next request, resuming restores just that, closing needs an empty
//! house.

use domain::account::Tier;
use domain::services::Service;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, PASSWORD, reseller_body};
use futures_util::future::join;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_a_master_reseller_s_suspension_stops_its_resellers(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let going = app.reseller(&master, "going@nordwind.example").await;
    let stopped = app.reseller(&master, "stopped@nordwind.example").await;
    let me = |token: String| {
        let request = app.get("/me").bearer(&token);
        async move { request.send().await }
    };
    let step = |path: String, token: String| {
        let request = app.post(&path).bearer(&token);
        async move { request.send().await.expect(200).json() }
    };
    let own = format!("/resellers/{}", stopped.account);
    step(format!("{own}/suspend"), master.token.clone()).await;
    me(stopped.token.clone()).await.problem(403, "account_not_operating");
    let _ = me(going.token.clone()).await.expect(200);

    let above = format!("/master-resellers/{}", master.account);
    let suspended = step(format!("{above}/suspend"), operator.token.clone()).await;
    assert_eq!((&suspended["status"], &suspended["operates"]), (&json!("suspended"), &json!(false)));
    for person in [&master, &going, &stopped] {
        me(person.token.clone()).await.problem(403, "account_not_operating");
    }
    let login = json!({"email": "going@nordwind.example", "password": PASSWORD});
    app.post("/auth/login").json(&login).send().await.problem(403, "account_not_operating");
    let path = format!("/resellers/{}", going.account);
    let seen = app.get(&path).bearer(&operator.token).send().await.expect(200).json();
    assert_eq!((&seen["status"], &seen["operates"]), (&json!("active"), &json!(false)), "nothing is copied down");

    step(format!("{above}/resume"), operator.token.clone()).await;
    let _ = me(master.token.clone()).await.expect(200);
    let _ = me(going.token.clone()).await.expect(200);
    me(stopped.token.clone()).await.problem(403, "account_not_operating");
    step(format!("{own}/resume"), master.token.clone()).await;
    let _ = me(stopped.token.clone()).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_closing_needs_everything_below_closed_first(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let above = format!("/master-resellers/{}", master.account);
    let problem = app.delete(&above).bearer(&operator.token).send().await.problem(409, "has_open_children");
    assert_eq!(problem["blockers"]["total"], 1);
    assert_eq!(problem["blockers"]["items"][0]["id"], reseller.account.as_str());
    let blockers = app.get(&format!("{above}/closing-blockers")).bearer(&operator.token).send().await.expect(200);
    assert_eq!(blockers.json(), problem["blockers"]);
    let below = format!("/resellers/{}", reseller.account);
    for _ in 0..2 {
        let _ = app.delete(&below).bearer(&master.token).send().await.expect(204);
    }
    app.get("/me").bearer(&reseller.token).send().await.problem(401, "not_signed_in");
    let closed = app.get(&below).bearer(&master.token).send().await.expect(200).json();
    assert_eq!(closed["status"], "closed");
    assert!(closed["closed_at"].is_string());
    for step in ["suspend", "resume", "resend-activation"] {
        let request = app.post(&format!("{below}/{step}")).bearer(&master.token);
        request.send().await.problem(409, "account_closed");
    }
    let patch = app.patch(&below).bearer(&master.token).json(&json!({"name": "New"}));
    patch.send().await.problem(409, "account_closed");
    let _ = app.delete(&above).bearer(&operator.token).send().await.expect(204);
    app.get("/me").bearer(&master.token).send().await.problem(401, "not_signed_in");
    let mut body = reseller_body("late@nordwind.example");
    body["master_reseller_id"] = json!(master.account);
    app.post("/resellers").bearer(&operator.token).json(&body).send().await.problem(409, "parent_closed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r7_closing_and_creating_below_never_both_succeed(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    for round in 0..10 {
        let master = app.plant(Tier::MasterReseller, &[], &format!("m{round}@contoso.example")).await;
        let mut body = reseller_body(&format!("r{round}@nordwind.example"));
        body["master_reseller_id"] = json!(master);
        let create = app.post("/resellers").bearer(&operator.token).json(&body).send();
        let close = app.delete(&format!("/master-resellers/{master}")).bearer(&operator.token).send();
        let (created, closed) = join(create, close).await;
        match (created.status, closed.status) {
            (201, 409) | (409, 204) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r5_a_service_in_use_can_t_be_taken_away(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let above = format!("/master-resellers/{}", master.account);
    let below = format!("/resellers/{}", reseller.account);
    let only = |service: Service| json!({"services": [service.as_str()]});
    let narrow = || app.patch(&above).bearer(&operator.token).json(&only(Service::Pbx));
    let problem = narrow().send().await.problem(409, "service_in_use");
    assert_eq!(problem["blockers"]["items"][0]["id"], reseller.account.as_str());
    let _ = app.patch(&below).bearer(&master.token).json(&only(Service::Pbx)).send().await.expect(200);
    let narrowed = narrow().send().await.expect(200).json();
    assert_eq!(narrowed["services"], json!(["pbx"]));
    let widen = app.patch(&below).bearer(&master.token).json(&json!({"services": ["pbx", "trunk"]}));
    widen.send().await.problem(409, "service_not_offered");
    let create = app.post("/resellers").bearer(&master.token).json(&reseller_body("two@nordwind.example"));
    create.send().await.problem(409, "service_not_offered");
}
