//! Queries that run again and again must not get slower as data accumulates: they find due or pending rows with an
//! index.

use diesel::prelude::*;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use domain::Timestamp;

use crate::store::connection::{self, SMALL_CACHE_KIB};
use crate::store::key::Key;
use crate::store::migrations;
use crate::store::time::column;
use crate::{StoreConnection, direct_routing, moves, outbox};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite's plan for a query, one step per line.
fn plan(query: &(impl QueryFragment<Sqlite> + QueryId)) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let mut database =
        connection::sqlite(&directory.path().join("test.db"), SMALL_CACHE_KIB).expect("a fresh database opens");
    migrations::run(&mut database).expect("the migrations run");
    let StoreConnection::Sqlite(connection) = &mut database else { unreachable!("it is SQLite") };
    let text = diesel::debug_query::<Sqlite, _>(query).to_string();
    let (text, _) = text.split_once(" -- binds").expect("values that are bound");
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(connection).expect("a plan");
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n")
}

#[test]
fn s5_due_messages_are_found_by_their_index() {
    let plan = plan(&outbox::due(column(Timestamp::default()), 15));
    assert_eq!(plan, "SEARCH outbox USING INDEX outbox_due (due_at<?)");
}

#[test]
fn r11_due_routes_are_found_by_their_index() {
    for (condition, index) in [
        (direct_routing::ON_ITS_WAY, "direct_routing_routes_due"),
        (direct_routing::ESTABLISHED, "direct_routing_routes_to_look_after"),
    ] {
        let plan = plan(&direct_routing::due(condition, false, column(Timestamp::default()), 15));
        let first = plan.lines().next().unwrap_or_default();
        assert_eq!(first, format!("SEARCH direct_routing_routes USING INDEX {index} (due_at<?)"), "{plan}");
    }
}

#[test]
fn the_pending_move_of_an_account_is_found_by_its_index() {
    let plan = plan(&moves::pending(Key::from(uuid::Uuid::nil())));
    assert_eq!(plan, "SEARCH moves USING INDEX moves_pending_by_account (account_id=?)");
}
