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
