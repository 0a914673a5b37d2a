//! `schema.rs` and both migrated databases agree: the same tables, columns, order, types and nullability.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use end_to_end::Database::{Postgresql, Sqlite};
use persistence::{DatabaseUrl, Options};

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

fn in_sqlite() -> BTreeMap<String, Columns> {
    let fresh = Sqlite.fresh();
    let DatabaseUrl::Sqlite(path) = &fresh.url else { unreachable!("SQLite was asked for") };
    drop(persistence::Database::open(fresh.url.clone(), Options::default()).unwrap());
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
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
    grouped(columns.load(&mut connection).unwrap(), &types)
}

fn in_postgresql() -> BTreeMap<String, Columns> {
    let fresh = Postgresql.fresh();
    drop(persistence::Database::open(fresh.url.clone(), Options::default()).unwrap());
    let mut connection = PgConnection::establish(&fresh.url_text()).unwrap();
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
    grouped(columns.load(&mut connection).unwrap(), &types)
}

#[test]
fn schema_and_migrations_agree() {
    let declared = declared();
    assert!(declared.len() >= 11, "{declared:?}");
    assert_eq!(in_postgresql(), declared);
    // SQLite has one type for all octets.
    let mut octets = declared;
    for (_, kind, _) in octets.values_mut().flatten() {
        if matches!(kind.as_str(), "Key" | "Binary") {
            "octets".clone_into(kind);
        }
    }
    assert_eq!(in_sqlite(), octets);
}

#[test]
fn both_migration_folders_have_the_same_names() {
    let names = |folder: &str| {
        let path = format!("{}/../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgresql"));
}
