//! What is final stays as it is, whatever happens later or midway.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use domain::account::Scope;
use domain::authority::Role;
use domain::billing::Period;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Process};
use futures_util::future::join_all;
use persistence::billing::{LineFilter, lines, periods};
use rstest::rstest;
use serde_json::{Value, json};

use super::{BINARY, World, count, sha256};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_final_report_is_the_same_for_ever(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin_mid_month(database).await;
    let operator = world.app.operator().await;
    world.finalise(&operator).send().await.problem(409, "period_not_over");
    let next = world.app.post(&format!("/billing-reports/{}/finalise", world.period.next())).bearer(&operator.token);
    next.send().await.problem(409, "period_not_over");
    let open = world.csv(&operator, "").await;
    let operator = world.next_month().await;
    let counted = world.csv(&operator, "").await;
    assert_ne!(counted, open, "the enterprise operated on");
    // Only the platform's owner and billing administrators do it.
    for (account, role) in [(&world.master, Role::Owner), (&world.reseller, Role::Billing)] {
        let person = world.app.member(account, role).await;
        world.finalise(&person).send().await.problem(403, "forbidden");
    }
    let platform = world.app.platform().await;
    world.finalise(&world.app.member(&platform, Role::Provisioner).await).send().await.problem(403, "forbidden");
    let billing = world.billing(&platform).await;
    let answers = join_all((0..5).map(|_| world.finalise(&billing).send())).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1, "exactly one makes it final");
    let lost = answers.iter().filter(|answer| answer.status == 409).map(|answer| answer.text_of("code"));
    assert!(
        lost.clone().all(|code| code == "report_final" || code == "report_being_finalised"),
        "{:?}",
        lost.collect::<Vec<_>>()
    );
    let finalised = done[0].json();
    let csv = world.csv(&operator, "").await;
    assert_eq!(csv, counted.replace(",\"open\",", ",\"final\","));
    assert_eq!(finalised["sha256"], sha256(&csv));
    assert_eq!(finalised["totals"]["pbx"]["users_at_end"], 2);
    let (page, summary) = (world.page(&operator, "").await, world.page(&operator, "/summary").await);
    assert_eq!((&page["sha256"], &page["status"]), (&finalised["sha256"], &json!("final")));

    // Renames, a change of services, removals and closings later.
    world
        .patch(&operator, &format!("/resellers/{}", world.reseller), json!({"name": "New", "billing_reference": "=1"}))
        .await;
    world
        .patch(
            &operator,
            &format!("/enterprises/{}", world.enterprise),
            json!({"name": "New", "billing_reference": null}),
        )
        .await;
    for user in &world.users {
        let _ = world.app.delete(&format!("/users/{user}")).bearer(&operator.token).send().await.expect(204);
    }
    for what in ["pbxes", "trunks"] {
        let list = world.app.get(&format!("/enterprises/{}/{what}", world.enterprise)).bearer(&operator.token);
        let id = list.send().await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
        let _ = world.app.delete(&format!("/{what}/{id}")).bearer(&operator.token).send().await.expect(204);
    }
    for path in [format!("/enterprises/{}", world.enterprise), format!("/resellers/{}", world.reseller)] {
        let _ = world.app.delete(&path).bearer(&operator.token).send().await.expect(204);
    }
    world.finalise(&operator).send().await.problem(409, "report_final");
    let World { app, master, reseller, enterprise, users, period } = world;
    let world = World { app: app.restart().await, master, reseller, enterprise, users, period };
    let operator = world.app.operator().await;
    assert_eq!(world.csv(&operator, "").await, csv);
    assert_eq!(world.page(&operator, "").await, page);
    assert_eq!(world.page(&operator, "/summary").await, summary);

    // The database itself lets nobody touch it.
    let period = world.period;
    for statement in [
        "UPDATE billing_lines SET users_peak = 0",
        "DELETE FROM billing_lines",
        "INSERT INTO billing_lines SELECT period, enterprise_id, 'x', reseller_id, line, master_reseller_id, reseller_name, \
         reseller_billing_reference, enterprise_name, enterprise_billing_reference, 1, 1, 1, 1, 1, NULL FROM billing_lines",
        "UPDATE billing_periods SET state = 'finalising', finalised_at = NULL, sha256 = NULL",
        "DELETE FROM billing_periods",
        "REPLACE INTO billing_periods SELECT period, 'finalising', leased_until, NULL, NULL, 1 FROM billing_periods",
        "UPDATE billing_periods SET csv_form = 1",
    ] {
        assert!(world.app.database.run(statement).is_err(), "{statement}");
    }
    assert_eq!(world.csv(&operator, "").await, csv, "{period}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_what_was_left_half_way_is_made_final_by_the_next(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let counted = world.csv(&operator, "").await;
    // Somebody has begun, written the first line, and died.
    let (period, now) = (world.period, world.app.clock.now());
    let first = {
        let filter = LineFilter::all(Scope::Platform);
        let report = api::resources::billing::report::Report::counted(period, filter, now);
        let store = &world.app.service().database;
        store.read(move |tx| report.part(tx, None, 100)).await.expect("the store").lines.remove(0)
    };
    let half = move |tx: &mut _| {
        assert!(periods::begin(tx, period, now, now + TimeDelta::minutes(2))?);
        lines::insert(tx, period, std::slice::from_ref(&first))
    };
    world.app.service().database.write(half).await.expect("the store");
    world.finalise(&operator).send().await.problem(409, "report_being_finalised");
    assert_eq!(world.csv(&operator, "").await, counted, "as long as it is not final it is counted");
    world.app.clock.advance(TimeDelta::minutes(2));
    let finalised = world.finalise(&operator).send().await.expect(200).json();
    let csv = world.csv(&operator, "").await;
    assert_eq!(csv, counted.replace(",\"open\",", ",\"final\","));
    assert_eq!(finalised["sha256"], sha256(&csv));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_process_that_is_killed_midway_leaves_nothing_wrong(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = database.fresh();
    let demo = ["demo", "--resellers", "20", "--enterprises", "6000", "--users", "0"];
    assert!(Process::run_command(BINARY, &fresh, &demo));
    let process = Process::start(BINARY, &fresh);
    let http = reqwest::Client::new();
    let sign_in = json!({"email": "operator@teammate.local", "password": end_to_end::PASSWORD}).to_string();
    let login =
        http.post(format!("{}/auth/login", process.url)).header("content-type", "application/json").body(sign_in);
    let tokens = login.send().await.expect("an answer").text().await.expect("tokens");
    let tokens: Value = serde_json::from_str(&tokens).expect("tokens");
    let period = Period::containing(Utc::now()).previous();
    let path = format!("/billing-reports/{period}");
    let finalise = http.post(format!("{}{path}/finalise", process.url));
    let under_way = tokio::spawn(finalise.bearer_auth(tokens["access_token"].as_str().unwrap()).send());
    let begun = async {
        while count(&fresh, "SELECT count(*) AS count FROM billing_lines") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), begun).await.expect("it begins within two minutes");
    process.kill();
    let _ = under_way.await;
    let app = App::start_on(fresh).await;
    app.clock.advance(TimeDelta::minutes(3));
    let operator = app.operator().await;
    let finalised = app.post(&format!("{path}/finalise")).bearer(&operator.token).send().await;
    let _ = finalised.expect(200);
    let csv = app.get(&format!("{path}?format=csv")).bearer(&operator.token).send().await.expect(200).text;
    assert_eq!(csv.lines().count(), 12_001);
    let page = app.get(&path).bearer(&operator.token).send().await.expect(200);
    assert_eq!(page.text_of("sha256"), sha256(&csv));
    // It is what is counted for the month before but for the days.
    let list = app.get("/billing-reports?limit=3").bearer(&operator.token).send().await.expect(200).json();
    let totals = |index: usize, member: &str| list["items"][index]["totals"]["pbx"][member].clone();
    assert_eq!((totals(1, "enterprises"), totals(2, "enterprises")), (json!(6000), json!(6000)));
    assert_eq!(
        (list["items"][1]["status"].clone(), list["items"][2]["status"].clone()),
        (json!("final"), json!("open"))
    );
}
