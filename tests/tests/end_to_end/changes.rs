//! W4: merge patches, entity tags, and what a change may touch.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person, reseller_body};
use futures_util::future::join;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Map, Value, json};

async fn created(app: &App, master: &Person, email: &str) -> (String, String) {
    let answer = app.post("/resellers").bearer(&master.token).json(&reseller_body(email)).send().await.expect(201);
    (format!("/resellers/{}", answer.text_of("id")), answer.header("etag").to_owned())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w4_of_two_patches_with_one_etag_one_is_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    for round in 0..5 {
        let (path, etag) = created(&app, &master, &format!("r{round}@nordwind.example")).await;
        let patch = |name: &str| {
            let request = app.patch(&path).bearer(&master.token).header("if-match", &etag);
            request.json(&json!({ "name": name })).send()
        };
        let (first, second) = join(patch("First"), patch("Second")).await;
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let winner = if first.status == 200 { "First" } else { "Second" };
        let seen = app.get(&path).bearer(&master.token).send().await.expect(200);
        assert_eq!(seen.text_of("name"), winner);
        let same = app.get(&path).bearer(&master.token).header("if-none-match", seen.header("etag")).send().await;
        assert_eq!((same.status, same.text.as_str()), (304, ""));
        assert_eq!(same.header("etag"), seen.header("etag"));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w4_if_match_is_honoured_by_every_change(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let (path, etag) = created(&app, &master, "office@nordwind.example").await;
    let _ = app.patch(&path).bearer(&master.token).json(&json!({"name": "Other"})).send().await.expect(200);
    for step in ["suspend", "resume", "resend-activation"] {
        let request = app.post(&format!("{path}/{step}")).bearer(&master.token).header("if-match", &etag);
        request.send().await.problem(412, "precondition_failed");
    }
    let close = app.delete(&path).bearer(&master.token).header("if-match", &etag);
    close.send().await.problem(412, "precondition_failed");
    let malformed = app.delete(&path).bearer(&master.token).header("if-match", "1");
    malformed.send().await.problem(400, "invalid_header");
    app.deliver_mail().await;
    let fresh = app.get(&path).bearer(&master.token).send().await.expect(200).header("etag").to_owned();
    let _ = app.delete(&path).bearer(&master.token).header("if-match", &fresh).send().await.expect(204);
}

/// A member of a patch: absent, null, or a value; with the value that is expected afterwards, or `None` if it is
/// refused.
fn member(good: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![2 => Just(None), 1 => Just(Some(Value::Null)), 4 => good.prop_map(Some)]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w4_absent_null_and_value_are_three_things(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let (path, _) = created(&app, &master, "office@nordwind.example").await;
    let patches = (
        member("[A-Za-zäöü☎]{1,20}".prop_map(Value::from)),
        member(prop_oneof![Just(json!(["pbx"])), Just(json!(["trunk"])), Just(json!(["pbx", "trunk"]))]),
        member("[^\\x00]{1,30}".prop_map(Value::from)),
        member("[a-z]{1,12}@patched\\.example".prop_map(Value::from)),
    );
    let mut runner = TestRunner::deterministic();
    for _ in 0..60 {
        let (name, services, reference, email) = patches.new_tree(&mut runner).unwrap().current();
        let members = [("name", name), ("services", services), ("billing_reference", reference), ("email", email)];
        let patch: Map<_, _> =
            members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?))).collect();
        let before = app.get(&path).bearer(&master.token).send().await.expect(200).json();
        let request = app.patch(&path).bearer(&master.token);
        let answer = request.raw("application/merge-patch+json", Value::from(patch.clone()).to_string()).send().await;
        let nulls: Vec<_> = members.iter().filter(|(_, value)| *value == Some(Value::Null)).collect();
        let after = app.get(&path).bearer(&master.token).send().await.expect(200).json();
        if patch.is_empty() || !nulls.is_empty() {
            assert_eq!(answer.status, 422, "{patch:?}");
            let mut expected: Vec<_> = nulls.iter().map(|(name, _)| format!("/{name}")).collect();
            expected.sort();
            let mut pointers = answer.pointers();
            pointers.sort();
            assert!(patch.is_empty() || pointers == expected, "{pointers:?} {expected:?}");
            assert_eq!(before["name"], after["name"]);
            assert_eq!(before["updated_at"], after["updated_at"]);
        } else {
            assert_eq!(answer.status, 200, "{patch:?} {}", answer.text);
            for (name, value) in &members {
                assert_eq!(&after[*name], value.as_ref().unwrap_or(&before[*name]), "{name} of {patch:?}");
            }
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_replaced_only_while_the_account_is_pending(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let (path, _) = created(&app, &master, "typo@nordwind.example").await;
    let old = app.token_for("typo@nordwind.example").await;
    let patch = |email: &str| app.patch(&path).bearer(&master.token).json(&json!({ "email": email })).send();
    patch("ann@contoso.example").await.problem(409, "email_taken");
    let _ = patch("Office@nordwind.example").await.expect(200);
    let preview = app.post("/activations/preview").json(&json!({ "token": old })).send().await;
    preview.problem(422, "invalid_token");
    let id = path.rsplit('/').next().unwrap();
    app.activate(id, "office@nordwind.example").await;
    patch("later@nordwind.example").await.problem(409, "email_change_needs_confirmation");
    let again = app.post("/resellers").bearer(&master.token).json(&reseller_body("typo@nordwind.example"));
    let _ = again.send().await.expect(201);
}
