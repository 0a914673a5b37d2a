//! What reports are counted from: what was recorded with every change, and what was there before.

use chrono::TimeDelta;
use domain::account::Tier;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database};
use rstest::rstest;
use serde_json::json;

use super::{World, count};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_reports_were_is_in_them(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let suspended = world.app.plant(Tier::Enterprise, &[&world.master, &world.reseller], "s@contoso.example").await;
    let closed = world.app.plant(Tier::Enterprise, &[&world.master, &world.reseller], "c@contoso.example").await;
    world.app.clock.advance(TimeDelta::milliseconds(5));
    let suspend = world.app.post(&format!("/enterprises/{suspended}/suspend")).bearer(&operator.token);
    let _ = suspend.send().await.expect(200);
    let _ = world.app.delete(&format!("/enterprises/{closed}")).bearer(&operator.token).send().await.expect(204);
    let before = world.csv(&operator, "").await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let of = if database == Sqlite { "sqlite" } else { "postgresql" };
    let steps = ["2026-11-24-140000_billing/down", "2026-11-24-140000_billing/up", "2026-11-29-120000_csv_form/up"];
    for step in steps {
        let sql = std::fs::read_to_string(format!("{folder}/{of}/{step}.sql")).unwrap();
        world.app.database.run(&sql).expect("the migration");
    }
    assert_eq!(world.csv(&operator, "").await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_an_account_ends_with_what_it_is(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.app.operator().await;
    let path = format!("/enterprises/{}", world.enterprise);
    // A change that changes nothing of what is billed leaves the history as it is, and so does one that is refused.
    world.patch(&operator, &path, json!({"user_limit": 50})).await;
    world.patch(&operator, &path, json!({"name": "Kiosk"})).await;
    let refused = world.app.patch(&path).bearer(&operator.token).json(&json!({"name": "Other", "services": ["pbx"]}));
    refused.send().await.problem(409, "service_in_use");
    let differing = "SELECT count(*) AS count FROM accounts a LEFT JOIN account_history h \
                     ON h.account_id = a.id AND h.until IS NULL WHERE a.status <> 'closed' AND (h.name IS NULL \
                     OR h.name <> a.name OR h.status <> a.status OR h.service_pbx <> a.service_pbx \
                     OR h.service_trunk <> a.service_trunk \
                     OR coalesce(h.billing_reference, '') <> coalesce(a.billing_reference, ''))";
    assert_eq!(count(&world.app.database, differing), 0);
    // Planted, then renamed by `connected`; nothing since.
    let states = "SELECT count(*) AS count FROM account_history h JOIN accounts a ON a.id = h.account_id WHERE a.tier = 'enterprise'";
    assert_eq!(count(&world.app.database, states), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waited_for_long_is_turned_away(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let change = async |waited: i64| {
        let (service, began) = (app.service(), app.clock.now() - TimeDelta::seconds(waited));
        service.write_at(began, |_, _| Ok(())).await
    };
    assert!(change(50).await.is_ok());
    let refused = change(61).await.expect_err("it began more than a minute ago");
    assert_eq!(refused.code().status(), 503, "nothing may land in a report that is final by then");
}
