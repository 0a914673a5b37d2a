//! What members say of themselves (R9): the name that they go by and the language that they prefer.

use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Answer, App, Database, Person};
use futures_util::future::join;
use persistence::second_factors;
use rstest::rstest;
use serde_json::{Value, json};

async fn owner(app: &App) -> Person {
    let master = app.plant(Tier::MasterReseller, &[], "m@contoso.example").await;
    app.member(&master, Role::Owner).await
}

async fn see(app: &App, person: &Person) -> Answer {
    app.get("/me").bearer(&person.token).send().await.expect(200)
}

async fn change(app: &App, person: &Person, body: Value) -> Answer {
    app.patch("/me").bearer(&person.token).json(&body).send().await
}

/// What events say of changes of members, the oldest first.
async fn updates(app: &App, owner: &Person) -> Vec<Value> {
    let page = app.get("/events?type=member.updated").bearer(&owner.token).send().await.expect(200).json();
    page["items"].as_array().expect("items").clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_member_gives_its_name_and_language_and_takes_them_back(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let first = see(&app, &owner).await;
    let mut expected = first.json();
    assert_eq!((&expected["name"], &expected["language"]), (&Value::Null, &Value::Null));
    assert!(first.header("etag").starts_with("\"1."), "{}", first.header("etag"));

    let changed = change(&app, &owner, json!({"name": "Ann Example", "language": "de"})).await.expect(200);
    (expected["name"], expected["language"]) = (json!("Ann Example"), json!("de"));
    assert_eq!(changed.json(), expected, "nothing else changes");
    assert!(changed.header("etag").starts_with("\"2."), "{}", changed.header("etag"));
    let seen = see(&app, &owner).await;
    assert_eq!((seen.json(), seen.header("etag")), (expected.clone(), changed.header("etag")));
    let known = app.get("/me").bearer(&owner.token).header("if-none-match", seen.header("etag"));
    let _ = known.send().await.expect(304);
    let path = format!("/members/{}", seen.text_of("id"));
    let listed = app.get(&path).bearer(&owner.token).send().await.expect(200);
    assert_eq!(listed.text_of("name"), "Ann Example", "owners see it among their members");

    let patch = app.patch("/me").bearer(&owner.token).raw("application/merge-patch+json", r#"{"name": null}"#);
    assert_eq!(patch.send().await.expect(200).json()["name"], Value::Null);
    expected["name"] = Value::Null;
    assert_eq!(see(&app, &owner).await.json(), expected, "what a patch leaves out stays");

    // A viewer changes nothing of the account, but itself.
    let viewer = app.member(&owner.account, Role::Viewer).await;
    let changed = change(&app, &viewer, json!({"language": "en"})).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["language"]), (&Value::Null, &json!("en")));
    assert_eq!(see(&app, &owner).await.json(), expected, "and nobody else");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r16_a_change_of_oneself_is_recorded_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let both = json!({"name": "Ann Example", "language": "de"});
    let changed = change(&app, &owner, both.clone()).await.expect(200);
    let again = change(&app, &owner, both.clone()).await.expect(200);
    assert_eq!((again.json(), again.header("etag")), (changed.json(), changed.header("etag")), "no new version");
    let _ = change(&app, &owner, json!({"name": null, "language": "de"})).await.expect(200);

    let recorded = updates(&app, &owner).await;
    let shown: Vec<_> = recorded.iter().map(|event| (event["before"].clone(), event["after"].clone())).collect();
    let first = (json!({"name": null, "language": null}), both);
    let second = (json!({"name": "Ann Example"}), json!({"name": null}));
    assert_eq!(shown, [first, second], "only what changed shows");
    let id = changed.text_of("id");
    let actor = json!({"type": "member", "id": id, "account_type": "master_reseller"});
    assert_eq!((&recorded[0]["actor"], &recorded[0]["subject_id"]), (&actor, &json!(id)));
    assert_eq!(recorded[0]["account_id"], json!(owner.account));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w4_of_two_changes_of_oneself_with_one_etag_one_is_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let old = see(&app, &owner).await.header("etag").to_owned();
    let patch = |name: &str| {
        let request = app.patch("/me").bearer(&owner.token).header("if-match", &old);
        request.json(&json!({"name": name})).send()
    };
    let (one, other) = join(patch("Ann"), patch("Bea")).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", one.text, other.text);
    patch("Carla").await.problem(412, "precondition_failed");
    assert_eq!(updates(&app, &owner).await.len(), 1);
    let now = see(&app, &owner).await.header("etag").to_owned();
    let patch = app.patch("/me").bearer(&owner.token).header("if-match", &now).json(&json!({"name": "Carla"}));
    assert_eq!(patch.send().await.expect(200).text_of("name"), "Carla");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w2_every_wrong_value_of_oneself_is_named_at_once(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    for (body, expected) in [
        (json!({"language": "fr"}), vec![("/language", "unknown_value")]),
        (json!({"language": 1, "name": ["Ann"]}), vec![("/name", "wrong_type"), ("/language", "wrong_type")]),
        (
            json!({"language": "DE", "name": " ", "email": "new@contoso.example"}),
            vec![("/email", "unknown_member"), ("/name", "blank"), ("/language", "unknown_value")],
        ),
        (json!({"name": "a".repeat(121)}), vec![("/name", "too_long")]),
        (json!({"name": "", "language": null}), vec![("/name", "too_short")]),
        (json!({"name": "Ann\nExample"}), vec![("/name", "control_character")]),
        (json!({}), vec![("", "empty")]),
    ] {
        let problem = change(&app, &owner, body).await.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().expect("errors").iter();
        let found: Vec<_> =
            errors.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
        assert_eq!(found, expected);
    }
    let seen = see(&app, &owner).await.json();
    assert_eq!((&seen["name"], &seen["language"]), (&Value::Null, &Value::Null));
    assert_eq!(updates(&app, &owner).await.len(), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_only_members_who_may_act_change_themselves(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let owner = owner(&app).await;
    let (program, _) = app.client(&owner.account, Role::Owner).await;
    let before = see(&app, &program).await;
    assert_eq!((before.text_of("name").as_str(), &before.json()["language"]), ("Planted", &Value::Null));
    change(&app, &program, json!({"name": "Program"})).await.problem(403, "forbidden");
    change(&app, &program, json!({"language": "fr"})).await.problem(403, "forbidden");
    let after = see(&app, &program).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));

    // Where the account asks for a second factor, a member without one sees itself and changes nothing.
    let account = Tier::MasterReseller.parse_id(&owner.account).expect("an id");
    let ask = move |tx: &mut _| second_factors::set_required(tx, account, true);
    app.service().database.write(ask).await.expect("the store");
    change(&app, &owner, json!({"name": "Ann"})).await.problem(403, "second_factor_required");
    assert_eq!(see(&app, &owner).await.json()["name"], Value::Null);
}
