//! W3: lists are walked by cursors, whatever others write in the meantime.

use std::collections::BTreeSet;
use std::future::ready;

use domain::account::Tier;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person, reseller_body};
use futures_util::stream::{self, StreamExt};
use rstest::rstest;
use serde_json::Value;

async fn page(app: &App, person: &Person, path: &str) -> Value {
    app.get(path).bearer(&person.token).send().await.expect(200).json()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_a_walk_neither_repeats_nor_skips_what_stands_still(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let master = app.master_reseller("ann@contoso.example").await;
    let plant = async |number: usize| {
        app.plant(Tier::Reseller, &[&master.account], &format!("r{number}@nordwind.example")).await
    };
    let planted: Vec<_> = stream::iter(0..5_000).map(plant).buffer_unordered(100).collect().await;
    let (to_close, standing): (Vec<_>, Vec<_>) = planted.iter().enumerate().partition(|(number, _)| number % 10 == 3);
    let writing = async {
        let close = to_close.iter().map(|(_, id)| app.delete(&format!("/resellers/{id}")).bearer(&master.token).send());
        let add = (0..500).map(|number| {
            let body = reseller_body(&format!("new{number}@nordwind.example"));
            app.post("/resellers").bearer(&master.token).json(&body).send()
        });
        let closed = stream::iter(close).buffer_unordered(4).filter(|answer| ready(answer.status == 204)).count();
        let added = stream::iter(add).buffer_unordered(4).filter(|answer| ready(answer.status == 201)).count();
        futures_util::future::join(closed, added).await
    };
    let walking = async {
        let mut seen = Vec::new();
        let mut path = "/resellers?limit=50".to_owned();
        loop {
            let page = page(&app, &master, &path).await;
            seen.extend(ids(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break seen };
            path = format!("/resellers?limit=50&cursor={cursor}");
        }
    };
    let ((closed, added), seen) = futures_util::future::join(writing, walking).await;
    assert_eq!((closed, added), (500, 500));
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "something came twice");
    for (_, id) in standing {
        assert!(distinct.contains(id), "{id} was skipped");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_a_cursor_works_only_where_it_came_from(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    for number in 0..3 {
        app.plant(Tier::Reseller, &[&master.account], &format!("r{number}@nordwind.example")).await;
    }
    let answer = app.get("/resellers?limit=2&status=active").bearer(&master.token).send().await.expect(200);
    let cursor = answer.text_of("next_cursor");
    let next = format!("</resellers?status=active&limit=2&cursor={cursor}>; rel=\"next\"");
    assert_eq!(answer.header("link"), next);
    let path = |query: &str| format!("/resellers?{query}&cursor={cursor}");
    assert_eq!(ids(&page(&app, &master, &path("limit=1&status=active")).await).len(), 1);
    let other_filter = app.get(&path("status=closed")).bearer(&master.token).send().await;
    other_filter.problem(400, "invalid_cursor");
    let other_sort = app.get(&path("status=active&sort=-created_at")).bearer(&master.token).send().await;
    other_sort.problem(400, "invalid_cursor");
    let other_caller = app.get(&path("status=active")).bearer(&operator.token).send().await;
    other_caller.problem(400, "invalid_cursor");
    let other_list = app.get(&format!("/master-resellers?status=active&cursor={cursor}")).bearer(&master.token);
    other_list.send().await.problem(400, "invalid_cursor");
    for made_up in ["x", "AAAA", "%00", &cursor[..10]] {
        let request = app.get(&format!("/resellers?status=active&cursor={made_up}")).bearer(&master.token);
        request.send().await.problem(400, "invalid_cursor");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn w3_filters_come_from_an_allow_list(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let operator = app.operator().await;
    let master = app.master_reseller("ann@contoso.example").await;
    let create = |name: &str, email: &str, reference: &str, service: &str| {
        let body = serde_json::json!({
            "name": name, "email": email, "services": [service], "billing_reference": reference,
        });
        let request = app.post("/resellers").bearer(&master.token).json(&body);
        async move { request.send().await.expect(201).text_of("id") }
    };
    let first = create("Østerbro 100%", "one@nordwind.example", "REF_1", "pbx").await;
    let second = create("Nordwind", "two@nordwind.example", "REFX1", "trunk").await;
    let cases = [
        ("q=%C3%98STERBRO", vec![&first]),
        ("q=100%25", vec![&first]),
        ("q=F_1", vec![&first]),
        ("q=TWO@", vec![&second]),
        ("q=refx", vec![&second]),
        ("q=nothing", vec![]),
        ("billing_reference=REF_1", vec![&first]),
        ("billing_reference=ref_1", vec![]),
        ("service=trunk", vec![&second]),
        ("status=pending", vec![&first, &second]),
        ("status=active", vec![]),
        ("sort=-created_at", vec![&second, &first]),
        ("sort=created_at", vec![&first, &second]),
    ];
    for (query, expected) in cases {
        let found = ids(&page(&app, &master, &format!("/resellers?{query}")).await);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let below = format!("/resellers?master_reseller_id={}", master.account);
    assert_eq!(ids(&page(&app, &operator, &below).await), [first, second]);
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "sort=name",
        "status=gone",
        "service=fax",
        "nope=1",
        "q=",
        "q=%00",
        "limit=1&limit=2",
        "master_reseller_id=reseller_01h455vb4pex5vsknk084sn02q",
    ] {
        let request = app.get(&format!("/resellers?{bad}")).bearer(&operator.token);
        request.send().await.problem(400, "invalid_parameter");
    }
}
