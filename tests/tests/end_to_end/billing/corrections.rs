//! Lines of final reports are corrected by lines of later ones.

use chrono::{DateTime, Datelike, TimeDelta};
use domain::account::Tier;
use domain::billing::Period;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{Database, Person};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use super::World;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_correction_is_a_line_of_a_later_period(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let later = Period::containing(world.app.clock.now());
    let line = format!("{}/{}/{}/pbx", world.period, world.reseller, world.enterprise);
    let adjust = |period: Period, body: Value| {
        world.app.post(&format!("/billing-reports/{period}/adjustments")).bearer(&operator.token).json(&body)
    };
    let body = json!({"amends": line, "user_days": -3, "users_at_end": 1, "reason": "Counted by mistake."});
    adjust(later, body.clone()).send().await.problem(409, "amended_report_open");
    let _ = world.finalise(&operator).send().await.expect(200);
    let final_csv = world.csv(&operator, "").await;
    for (bad, pointer) in [
        (json!({"user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": "x", "user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": line.replace("pbx", "fax"), "user_days": 1, "reason": "x"}), "/amends"),
        (json!({"amends": line, "user_days": 1.5, "reason": "x"}), "/user_days"),
        (json!({"amends": line, "user_days": 100_000_001, "reason": "x"}), "/user_days"),
        (json!({"amends": line, "user_days": 1, "reason": " "}), "/reason"),
        (json!({"amends": line, "user_days": 0, "reason": "x"}), ""),
        (
            json!({"amends": line.replace(&world.enterprise, "enterprise_01h455vb4pex5vsknk084sn02q"), "user_days": 1, "reason": "x"}),
            "/amends",
        ),
    ] {
        let answer = adjust(later, bad.clone()).send().await;
        assert_eq!((answer.status, answer.pointers()), (422, vec![pointer.to_owned()]), "{bad}: {}", answer.text);
    }
    adjust(world.period, body.clone()).send().await.problem(409, "report_final");
    adjust(later.next(), body.clone()).send().await.problem(409, "amended_report_later");
    let once = adjust(later, body.clone()).header("idempotency-key", "correction-1").send().await.expect(201);
    let again = adjust(later, body).header("idempotency-key", "correction-1").send().await.expect(201);
    assert_eq!((&again.text, again.header("idempotent-replayed")), (&once.text, "true"));
    let mut booked = once.json();
    assert_eq!(once.header("location"), format!("/billing-reports/{later}/adjustments/{}", once.text_of("id")));
    assert!(booked["id"].take().is_string() && booked["created_at"].take().is_string());
    assert_eq!(
        booked,
        json!({
            "id": null, "period": later.to_string(), "amends": line, "users_at_end": 1, "users_peak": 0, "user_days": -3,
            "active_days": 0, "suspended_days": 0, "reason": "Counted by mistake.", "created_at": null,
        })
    );
    // It is a line behind the one of the service, even when the enterprise is renamed.
    world.patch(&operator, &format!("/enterprises/{}", world.enterprise), json!({"name": "Büdchen"})).await;
    let read = async |person: &Person, query: &str| {
        let request = world.app.get(&format!("/billing-reports/{later}{query}")).bearer(&person.token);
        request.send().await.expect(200).json()
    };
    let reseller = world.billing(&world.reseller).await;
    let page = read(&reseller, "").await;
    let amends: Vec<_> = page["items"].as_array().unwrap().iter().map(|line| &line["amends"]).collect();
    assert_eq!(amends, [&json!(null), &json!(line), &json!(null)]);
    let correction = &page["items"][1];
    assert_eq!(
        (&correction["user_days"], &correction["users_at_end"], &correction["enterprise_name"]),
        (&json!(-3), &json!(1), &json!("Büdchen"))
    );
    // One line a page shows all of them, too.
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&reseller, &format!("?limit=1{cursor}")).await;
        walked.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(walked), page["items"]);
    assert_eq!(read(&reseller, "/adjustments").await["items"], json!([once.json()]));
    let path = once.header("location");
    let found = world.app.get(path).bearer(&reseller.token).send().await.expect(200);
    assert_eq!((found.json(), found.header("etag")), (once.json(), once.header("etag")));
    let rival = world.app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = world.billing(&rival).await;
    world.app.get(path).bearer(&rival.token).send().await.problem(404, "not_found");
    assert_eq!(read(&rival, "/adjustments").await["items"], json!([]));
    // The summary adds it in, and the final report knows nothing of it.
    let summary = read(&reseller, "/summary").await;
    let current = summary["items"][0]["current"].clone();
    let lines = [&page["items"][0], &page["items"][1]];
    let sum = |member: &str| lines.iter().map(|line| line[member].as_i64().unwrap()).sum::<i64>();
    assert_eq!((&current["user_days"], &current["enterprises"]), (&json!(sum("user_days")), &json!(1)));
    assert_eq!(summary["items"][0]["previous"]["user_days"], json!(days_left(world.period, &world) * 2));
    assert_eq!(world.csv(&operator, "").await, final_csv);
    // Corrections are for ever, and final with their own period.
    for statement in ["UPDATE billing_adjustments SET user_days = 0", "DELETE FROM billing_adjustments"] {
        assert!(world.app.database.run(statement).is_err(), "{statement}");
    }
    world.app.clock.advance(later.end() - world.app.clock.now() + TimeDelta::hours(1));
    let operator = world.app.operator().await;
    let finalise = world.app.post(&format!("/billing-reports/{later}/finalise")).bearer(&operator.token);
    let _ = finalise.send().await.expect(200);
    let request = world.app.get(&format!("/billing-reports/{later}?format=csv")).bearer(&operator.token);
    let text = request.send().await.expect(200).text;
    assert!(text.contains(&format!(",\"pbx\",\"1\",\"0\",\"-3\",\"0\",\"0\",\"{line}\"\r\n")), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_a_correction_is_in_the_final_report_or_refused(#[values(Sqlite, Postgresql)] database: Database) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let _ = world.finalise(&operator).send().await.expect(200);
    let later = Period::containing(world.app.clock.now());
    world.app.clock.advance(later.end() - world.app.clock.now() + TimeDelta::hours(1));
    let operator = world.app.operator().await;
    let line = format!("{}/{}/{}/pbx", world.period, world.reseller, world.enterprise);
    let path = format!("/billing-reports/{later}");
    let adjust = |index: i64| {
        let body = json!({"amends": line, "user_days": index, "reason": "One of many."});
        world.app.post(&format!("{path}/adjustments")).bearer(&operator.token).json(&body).send()
    };
    let first = adjust(1).await.expect(201);
    let finalise = world.app.post(&format!("{path}/finalise")).bearer(&operator.token).send();
    let (others, finalised) = tokio::join!(join_all((2..40).map(adjust)), finalise);
    let _ = finalised.expect(200);
    let mut booked = vec![first];
    for answer in others {
        if answer.status == 201 {
            booked.push(answer);
        } else {
            let code = answer.text_of("code");
            assert!(
                answer.status == 409 && ["report_final", "report_being_finalised"].contains(&code.as_str()),
                "{code}"
            );
        }
    }
    let report = world.app.get(&format!("{path}?format=ndjson")).bearer(&operator.token).send().await.expect(200).text;
    assert_eq!(report.lines().filter(|line| line.contains(r#""amends":"2"#)).count(), booked.len());
}

/// The days of a period from the day on which everything was set up.
fn days_left(period: Period, world: &World) -> i64 {
    let id = Tier::Enterprise.parse_id(&world.enterprise).unwrap().uuid();
    let (seconds, _) = id.get_timestamp().unwrap().to_unix();
    let born = DateTime::from_timestamp(i64::try_from(seconds).unwrap(), 0).unwrap();
    i64::try_from(period.days()).unwrap() - i64::from(born.day()) + 1
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_totals_of_a_month_that_is_over_include_each_correction_at_once(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    let world = World::begin(database).await;
    let operator = world.next_month().await;
    let later = Period::containing(world.app.clock.now());
    let _ = world.finalise(&operator).send().await.expect(200);
    let operator = world.next_month().await;
    let user_days = async |person: &Person| {
        let list = world.app.get("/billing-reports").bearer(&person.token).send().await.expect(200).json();
        let items = list["items"].as_array().unwrap().clone();
        let item = items.iter().find(|item| item["period"] == later.to_string()).expect("the month that is over");
        assert_eq!(item["status"], "open");
        ["pbx", "trunk"].iter().map(|service| item["totals"][service]["user_days"].as_i64().unwrap()).sum::<i64>()
    };
    let rival = world.app.plant(Tier::MasterReseller, &[], "rival@contoso.example").await;
    let rival = world.billing(&rival).await;
    let reseller = world.billing(&world.reseller).await;
    let before = user_days(&operator).await;
    assert!(before > 0);
    let line = format!("{}/{}/{}/pbx", world.period, world.reseller, world.enterprise);
    for round in 1..=2 {
        let body = json!({"amends": line, "user_days": -3, "reason": "Counted by mistake."});
        let book = world.app.post(&format!("/billing-reports/{later}/adjustments")).bearer(&operator.token).json(&body);
        let _ = book.send().await.expect(201);
        for _ in 0..2 {
            assert_eq!(user_days(&operator).await, before - 3 * round);
            assert_eq!(user_days(&reseller).await, before - 3 * round);
            assert_eq!(user_days(&rival).await, 0);
        }
    }
}
