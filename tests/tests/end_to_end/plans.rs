//! S4: PostgreSQL's plans of the statements that every request runs don't read tables as a whole, neither on a database that
//! was just made nor on a large one, and whether or not there are statistics.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use end_to_end::Database::Postgresql;
use end_to_end::{App, Office, Person, add, reseller_body};
use futures_util::future::join_all;
use persistence::{Error, StoreConnection};
use rstest::rstest;
use serde_json::json;

/// Small tables that stay small.
const SMALL: [&str; 3] = ["event_publication", "search_folding", "__diesel_schema_migrations"];

/// What makes the tables large that creations write, without statistics.
const FILL: &str = "
    INSERT INTO accounts (id, tier, master_reseller_id, name, email, service_pbx, service_trunk, status, search_text,
                          version, created_at, updated_at)
    SELECT id, 'master_reseller', id, 'Filler', 'x', true, true, 'active', 'filler', 1, now(), now()
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 100000)) AS filler;
    INSERT INTO email_addresses (canonical, account_id)
    SELECT id || '@filler.example', id FROM accounts WHERE name = 'Filler';
    INSERT INTO outbox (id, account_id, state, attempts, due_at, created_at)
    SELECT id, id, 'sent', 1, now(), now() FROM accounts WHERE name = 'Filler';
    INSERT INTO activations (account_id, token_hash, message_id, created_at, expires_at)
    SELECT id, decode(md5(id::text), 'hex'), id, now(), now() FROM accounts WHERE name = 'Filler';
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, body, created_at)
    SELECT 'member_filler', id, '', 201, '', now() FROM accounts WHERE name = 'Filler';
    INSERT INTO events (id, occurred_at, actor_kind, action, subject, request_id, position)
    SELECT id, now(), 'system', 'master_reseller.created', id, 'fill', row_number() OVER (ORDER BY id)
    FROM accounts WHERE name = 'Filler';";

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// What clients ask for all the time.
async fn use_it(app: &App, (master, kiosk): (&Person, &Office), round: usize) {
    let posts = (0..20).map(|number| {
        let body = reseller_body(&format!("office-{round}-{number}@nordwind.example"));
        let key = format!("{round}-{number}");
        app.post("/resellers").bearer(&master.token).header("idempotency-key", &key).json(&body).send()
    });
    let mut created = Vec::new();
    for answer in join_all(posts).await {
        created.push(answer.expect(201).text_of("id"));
    }
    let users = (0..20).map(|number| match number % 2 {
        0 => kiosk.on_pbx(&format!("user-{round}-{number}"), &format!("{round}-{number}")),
        _ => kiosk.on_trunk(&format!("user-{round}-{number}"), &format!("+4930{round}{number:05}")),
    });
    for answer in join_all(users.map(async |user| add(app, &kiosk.admin, "users", &user).await)).await {
        let _ = answer.expect(201);
    }
    let gets = created.iter().map(|id| app.get(&format!("/resellers/{id}")).bearer(&master.token).send());
    assert!(join_all(gets).await.iter().all(|answer| answer.status == 200));
    for path in ["/resellers", "/resellers?status=active&sort=-created_at", "/me", "/master-resellers"] {
        let _ = app.get(path).bearer(&master.token).send().await;
    }
    let rename = app.patch(&format!("/resellers/{}", created[0])).bearer(&master.token);
    let _ = rename.json(&json!({"name": "Renamed"})).send().await.expect(200);
    app.deliver_mail().await;
}

/// The plans of all statements that were prepared on the only connection, each with its statement.
async fn plans(app: &App) -> Vec<(String, String)> {
    let explain = |tx: &mut StoreConnection| {
        let named = "SELECT name || E'\\n' || cardinality(parameter_types) || E'\\n' || statement AS text \
                     FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%' \
                     AND statement ~ '^(SELECT|INSERT|UPDATE|DELETE|WITH)'";
        let statements: Vec<Line> = diesel::sql_query(named).load(tx)?;
        let mut plans = Vec::new();
        for Line { text } in statements {
            let mut parts = text.splitn(3, '\n');
            let (name, count) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let nulls = vec!["NULL"; count.parse().unwrap_or_default()].join(", ");
            let arguments = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
            let lines: Vec<Plan> = diesel::sql_query(format!("EXPLAIN EXECUTE \"{name}\" {arguments}")).load(tx)?;
            let plan = lines.into_iter().map(|line| line.line).collect::<Vec<_>>().join("\n");
            plans.push((parts.next().unwrap_or_default().to_owned(), plan));
        }
        Ok::<_, Error>(plans)
    };
    app.service().database.read(explain).await.unwrap()
}

#[derive(diesel::QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The lines of a plan that read a whole table or index. A page of a list reads an index until it is full.
fn whole_reads(plan: &str) -> Vec<&str> {
    let lines: Vec<&str> = plan.lines().collect();
    let is_page = lines.first().is_some_and(|line| line.starts_with("Limit"));
    let reads = lines.iter().enumerate().filter(|(number, line)| {
        let is_small = SMALL.iter().any(|table| line.contains(&format!(" on {table} ")));
        let depth = line.len() - line.trim_start().len();
        let below = lines[number + 1..].iter().take_while(|next| next.len() - next.trim_start().len() > depth);
        let has_condition = below.clone().any(|next| next.contains("Index Cond:"));
        let is_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        !is_small && (line.contains("Seq Scan") || (is_index && !has_condition && !is_page))
    });
    reads.map(|(_, line)| *line).collect()
}

#[rstest]
#[case::of_a_database_that_was_just_made("")]
#[case::of_a_large_one_without_statistics(FILL)]
#[tokio::test(flavor = "multi_thread")]
async fn s4_no_plan_of_a_hot_statement_reads_a_whole_table(#[case] fill: &str) {
    let app = App::start_with(Postgresql, &["--database-connections", "1"]).await;
    if !fill.is_empty() {
        app.database.run(fill).unwrap();
    }
    let master = app.master_reseller("m@contoso.example").await;
    let kiosk = Office::open(&app, "kiosk", "sip.kiosk.example").await;
    for round in 0..3 {
        use_it(&app, (&master, &kiosk), round).await;
    }
    let plans = plans(&app).await;
    assert!(plans.len() > 40, "{} statements were prepared", plans.len());
    for (statement, plan) in plans {
        let whole = whole_reads(&plan);
        assert!(whole.is_empty(), "{statement}\n{plan}");
    }
}
