//! R1: one address, one open account, over all tiers and spellings, under any concurrency.

use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, reseller_body};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_200_concurrent_creations_make_one_account(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    for spellings in [
        ["A@Ex.com", "a@ex.COM", "ａ@ex.com", "a@EX.com"],
        ["i@bücher.example", "I@BÜCHER.example", "i@xn--bcher-kva.example", "ｉ@bücher.example"],
    ] {
        // One of the tickets for the address can be open, so that approving it competes on another tier.
        let ticket = json!({
            "subject": "Add to TeamMate Portal", "partner_company_name": "Rival",
            "first_name": "R", "last_name": "R", "email": spellings[0],
        });
        let ticket = app.post("/support-tickets").json(&ticket).send().await.expect(201).text_of("id");
        let approve = app.post(&format!("/support-tickets/{ticket}/approve")).bearer(&operator.token);
        let mut requests = vec![approve];
        for number in 0..199 {
            let mut body = reseller_body(spellings[number % spellings.len()]);
            let mut token = &master.token;
            if number % 2 == 0 {
                body["master_reseller_id"] = json!(master.account);
                token = &operator.token;
            }
            requests.push(app.post("/resellers").bearer(token).json(&body));
        }
        let answers = join_all(requests.into_iter().map(end_to_end::Request::send)).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status < 300);
        assert_eq!(made.len(), 1, "{:?}", made.iter().map(|answer| &answer.text).collect::<Vec<_>>());
        for answer in refused {
            let problem = answer.problem(409, "email_taken");
            assert_eq!(problem["errors"][0]["pointer"], "/email");
            assert!(!problem.to_string().contains(&master.account), "nothing of the other account is told");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_closed_account_frees_its_address(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "office@nordwind.example").await;
    let create = || app.post("/resellers").bearer(&master.token).json(&reseller_body("OFFICE@nordwind.example"));
    create().send().await.problem(409, "email_taken");
    let path = format!("/resellers/{}", reseller.account);
    let _ = app.delete(&path).bearer(&master.token).send().await.expect(204);
    let again = create().send().await.expect(201).text_of("id");
    assert_ne!(again, reseller.account);
    app.activate(&again, "office@nordwind.example").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r9_a_member_s_address_is_an_account_s_address(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let request = app.post("/resellers").bearer(&master.token).json(&reseller_body("operator@teammate.local"));
    request.send().await.problem(409, "email_taken");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_an_activated_account_s_address_is_confirmed_from_the_new_one(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let reseller = app.reseller(&master, "old@nordwind.example").await;
    let path = format!("/resellers/{}", reseller.account);
    let patch = app.patch(&path).bearer(&master.token).json(&json!({"email": "new@nordwind.example"}));
    patch.send().await.problem(409, "email_change_needs_confirmation");
    let ask = |email: &str| {
        app.post(&format!("{path}/change-email")).bearer(&master.token).json(&json!({"email": email})).send()
    };
    ask("ann@contoso.example").await.problem(409, "email_taken");
    let _ = ask("first@nordwind.example").await.expect(200);
    let first = app.token_for("first@nordwind.example").await;
    let asked = ask("New@nordwind.example").await.expect(200);
    assert_eq!(asked.text_of("email"), "New@nordwind.example");
    let notice = app.mail_to("old@nordwind.example").await.pop().unwrap();
    assert!(notice.contains("New@nordwind.example") && !notice.contains("#token"), "the old address is told: {notice}");
    let seen = app.get(&path).bearer(&master.token).send().await.expect(200);
    assert_eq!(seen.text_of("email"), "old@nordwind.example", "until it is confirmed everything stays as it is");

    let confirm = |token: &str| app.post("/activations/email-changes").json(&json!({"token": token})).send();
    confirm(&first).await.problem(422, "invalid_token");
    let token = app.token_for("new@nordwind.example").await;
    assert_eq!(confirm(&token).await.expect(200).text_of("email"), "New@nordwind.example");
    confirm(&token).await.problem(422, "invalid_token");
    let seen = app.get(&path).bearer(&master.token).send().await.expect(200);
    assert_eq!(seen.text_of("email"), "New@nordwind.example");
    let _ = app.login("new@nordwind.example").await;
    let old = json!({"email": "old@nordwind.example", "password": end_to_end::PASSWORD});
    app.post("/auth/login").json(&old).send().await.problem(401, "wrong_credentials");
    let found = app.get("/accounts?q=new@nordwind").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(found["items"][0]["id"], reseller.account, "it is found by its new address");
    let free = app.post("/resellers").bearer(&master.token).json(&reseller_body("old@nordwind.example"));
    let pending = free.send().await.expect(201).text_of("id");
    let early = app.post(&format!("/resellers/{pending}/change-email")).bearer(&master.token);
    early.json(&json!({"email": "x@nordwind.example"})).send().await.problem(409, "not_activated");
    let events = app.get("/events?type=reseller.email_changed,member.email_changed").bearer(&master.token);
    let events = events.send().await.expect(200).json();
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "the account's and its member's");
    let page = app.get("/confirm-email").send().await.expect(200);
    assert!(page.text.contains("/assets/confirm.js") && !page.text.contains("http"), "{}", page.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r1_a_new_address_that_somebody_took_meanwhile_stays_theirs(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let ask = app.post("/me/change-email").bearer(&master.token).json(&json!({"email": "new@contoso.example"}));
    let _ = ask.send().await.expect(200);
    let token = app.token_for("new@contoso.example").await;
    let create = app.post("/resellers").bearer(&master.token).json(&reseller_body("new@contoso.example"));
    let taken = create.send().await.expect(201).text_of("id");
    let confirm = || app.post("/activations/email-changes").json(&json!({"token": token})).send();
    confirm().await.problem(409, "email_taken");
    let close = app.delete(&format!("/resellers/{taken}")).bearer(&master.token);
    let _ = close.send().await.expect(204);
    // Ten at the same time: one of them counts.
    let answers = join_all((0..10).map(|_| confirm())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let me = app.get("/me").bearer(&master.token).send().await.expect(200).json();
    assert_eq!(me["email"], "new@contoso.example", "the session goes on");
}
