//! `schema.rs` and both migrated databases agree: the same tables, columns, order, types and nullability.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use domain::account::Tier;
use domain::authority::Role;
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, FreshDatabase, root};
use persistence::{DatabaseUrl, Options};
use rstest::rstest;
use serde_json::json;

type Columns = Vec<(String, String, bool)>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    required: bool,
}

fn grouped(columns: Vec<Column>, types: &[(&str, &str)]) -> BTreeMap<String, Columns> {
    let mut tables = BTreeMap::<String, Columns>::new();
    for Column { table, name, kind, required } in columns {
        let kind = types.iter().find(|(own, _)| *own == kind).map_or(kind, |(_, ours)| (*ours).to_owned());
        tables.entry(table).or_default().push((name, kind, required));
    }
    tables
}

/// What `schema.rs` declares, read from its own text.
fn declared() -> BTreeMap<String, Columns> {
    let text = include_str!("../../../persistence/src/schema.rs");
    let mut tables = BTreeMap::new();
    for table in text.split("diesel::table! {").skip(1) {
        let (head, rest) = table.split_once(") {").expect("a table");
        let name = head.lines().last().unwrap().trim().split(' ').next().unwrap().to_owned();
        let columns = rest.lines().map_while(|line| if line.trim() == "}" { None } else { Some(line.trim()) });
        let columns = columns.filter(|line| !line.is_empty()).map(|line| {
            let (column, kind) = line.trim_end_matches(',').split_once(" -> ").expect("a column");
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            (column.to_owned(), inner.unwrap_or(kind).to_owned(), inner.is_none())
        });
        tables.insert(name, columns.collect());
    }
    tables
}

/// A database with the newest schema.
fn migrated(database: Database) -> FreshDatabase {
    let fresh = database.fresh();
    drop(persistence::Database::open(fresh.url.clone(), Options::default()).unwrap());
    fresh
}

fn tables(fresh: &FreshDatabase) -> BTreeMap<String, Columns> {
    match &fresh.url {
        DatabaseUrl::Sqlite(path) => in_sqlite(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap()),
        DatabaseUrl::Postgresql(url) => in_postgresql(&mut PgConnection::establish(url).unwrap()),
    }
}

fn in_sqlite(connection: &mut SqliteConnection) -> BTreeMap<String, Columns> {
    let columns = diesel::sql_query(
        "SELECT t.name AS 'table', c.name AS name, \
         CASE WHEN c.name = 'position' AND c.pk = 1 THEN 'BIGINT' ELSE c.type END AS kind, c.\"notnull\" AS required \
         FROM sqlite_master t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '__diesel%' \
         AND t.name NOT LIKE 'account\\_search%' ESCAPE '\\' ORDER BY t.name, c.cid",
    );
    let types = [
        ("BLOB", "octets"),
        ("TEXT", "Text"),
        ("BOOLEAN", "Bool"),
        ("BIGINT", "BigInt"),
        ("INTEGER", "Integer"),
        ("SMALLINT", "SmallInt"),
        ("TIMESTAMP", "Timestamp"),
    ];
    grouped(columns.load(connection).unwrap(), &types)
}

fn in_postgresql(connection: &mut PgConnection) -> BTreeMap<String, Columns> {
    let columns = diesel::sql_query(
        "SELECT table_name::text AS table, column_name::text AS name, data_type::text AS kind, is_nullable = 'NO' AS required \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' \
         ORDER BY table_name COLLATE \"C\", ordinal_position",
    );
    let types = [
        ("uuid", "Key"),
        ("bytea", "Binary"),
        ("text", "Text"),
        ("boolean", "Bool"),
        ("bigint", "BigInt"),
        ("integer", "Integer"),
        ("smallint", "SmallInt"),
        ("timestamp without time zone", "Timestamp"),
    ];
    grouped(columns.load(connection).unwrap(), &types)
}

#[test]
fn schema_and_migrations_agree() {
    let declared = declared();
    assert!(declared.len() >= 11, "{declared:?}");
    assert_eq!(tables(&migrated(Postgresql)), declared);
    // SQLite has one type for all octets.
    let mut octets = declared;
    for (_, kind, _) in octets.values_mut().flatten() {
        if matches!(kind.as_str(), "Key" | "Binary") {
            "octets".clone_into(kind);
        }
    }
    assert_eq!(tables(&migrated(Sqlite)), octets);
}

#[test]
fn s2_both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let path = format!("{}/../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgresql"));
}

/// Reverts the last migrations of a database, or all.
fn revert(fresh: &FreshDatabase, last: Option<usize>) {
    fn revert_on<DB: diesel::backend::Backend>(
        connection: &mut impl MigrationHarness<DB>,
        folder: &str,
        last: Option<usize>,
    ) {
        let migrations = FileBasedMigrations::from_path(root().join("migrations").join(folder)).expect("migrations");
        match last {
            None => drop(connection.revert_all_migrations(migrations).expect("all can be reverted")),
            Some(count) => (0..count).for_each(|_| {
                connection.revert_last_migration(migrations.clone()).expect("it can be reverted");
            }),
        }
    }
    match &fresh.url {
        DatabaseUrl::Sqlite(path) => {
            revert_on(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap(), "sqlite", last);
        }
        DatabaseUrl::Postgresql(url) => revert_on(&mut PgConnection::establish(url).unwrap(), "postgresql", last),
    }
}

#[rstest]
fn every_migration_can_be_reverted_and_run_again(#[values(Sqlite, Postgresql)] database: Database) {
    let fresh = migrated(database);
    let newest = tables(&fresh);
    revert(&fresh, None);
    assert_eq!(tables(&fresh), BTreeMap::new(), "nothing is left behind");
    drop(persistence::Database::open(fresh.url.clone(), Options::default()).unwrap());
    assert_eq!(tables(&fresh), newest);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_filled_database_of_an_earlier_version_is_upgraded_and_served(
    #[values(Sqlite, Postgresql)] database: Database,
) {
    /// The migrations since the last release of the contract, `docs/releases/0.1.0.yaml`.
    const SINCE_RELEASE: &str = "2026-11-26-100000";
    let app = App::start(database).await;
    let house = app.connected("kiosk", json!({"access_sip_data": true})).await;
    let operator = app.operator().await;
    let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
    let add = async |what: &str, body: &serde_json::Value| {
        let path = format!("/enterprises/{}/{what}", house.account);
        app.post(&path).bearer(&operator.token).json(body).send().await.expect(201).text_of("id")
    };
    let trunk = add("trunks", &trunk).await;
    let user = json!({"teams_user": "anna@kiosk.example", "trunk_id": trunk, "default_number": "+4930901820", "voice_route": "emea"});
    let user = add("users", &user).await;
    let master = app.plant(Tier::MasterReseller, &[], "Strasse@contoso.example").await;
    let seen = async |app: &App| {
        let operator = app.operator().await;
        let mut texts = Vec::new();
        for path in [format!("/enterprises/{}", house.account), format!("/users/{user}"), "/resellers".to_owned()] {
            texts.push(app.get(&path).bearer(&operator.token).send().await.expect(200).json());
        }
        texts
    };
    let before = seen(&app).await;
    let fresh = app.stop().await;
    let folder = std::fs::read_dir(root().join("migrations/sqlite")).unwrap().flatten();
    let later = folder.filter(|entry| entry.file_name().to_string_lossy().as_ref() > SINCE_RELEASE).count();
    assert!(later > 5, "{later}");
    revert(&fresh, Some(later));

    let app = App::start_on(fresh).await;
    assert_eq!(seen(&app).await, before);
    let owner = app.member(&master, Role::Owner).await;
    let found = app.get("/accounts?q=STRASSE").bearer(&owner.token).send().await.expect(200).json();
    assert_eq!(found["items"][0]["id"], json!(master), "what was stored before is found as what is stored now");
    let again = json!({"teams_user": "ben@kiosk.example", "trunk_id": trunk, "default_number": "+4930901820", "voice_route": "emea"});
    let operator = app.operator().await;
    let path = format!("/enterprises/{}/users", house.account);
    app.post(&path).bearer(&operator.token).json(&again).send().await.problem(409, "number_taken");
}
