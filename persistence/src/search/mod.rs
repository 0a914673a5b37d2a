//! Search for accounts by what is typically known about them: name, e-mail address, billing reference, phone number,
//! domain or Teams user.
//!
//! The SQL is written by hand for each database, because they index substrings differently: SQLite with an FTS5 trigram
//! table, PostgreSQL with `pg_trgm`. New accounts are added to SQLite's index in batches; until then they are searched
//! without an index. Accounts whose name, billing reference or e-mail address is the whole text are found first, by
//! ordinary indexes, which takes no longer with a million accounts than with a thousand.
//!
//! Phone numbers, domains and Teams users are found by prefix with ordinary indexes; phone numbers without a country
//! code by suffix.

mod query;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::Integer;
use domain::account::{Account, Scope, Tier};
use domain::id::AccountId;
use domain::limits::{SEARCH_ALIKE_MAX, SEARCH_WALK_MAX};
use domain::status::Status;
use domain::values::email::EmailAddress;
use domain::values::folding::fold;

use self::query::{BY_ID, Place, PostgresqlStep, Query, SqliteStep, Value, limited};
use crate::accounts;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::text::search_pattern;
use crate::users::reversed;

/// The search text, filters and page of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The text to search for: at least three characters.
    pub text: String,
    /// Only accounts of this tier.
    pub tier: Option<Tier>,
    /// Only accounts with this status.
    pub status: Option<Status>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only accounts after this one in the sort order.
    pub after: Option<AccountId>,
    /// Most accounts to return.
    pub limit: i64,
    /// Whether the search includes the SIP domains of PBXs. Only for callers who may see them.
    pub sees_sip_data: bool,
}

/// Why an account was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Its name, e-mail address or billing reference contains the text.
    Text,
    /// One of its users has the phone number.
    Number,
    /// One of its routes or PBXs has the domain.
    Domain,
    /// One of its users is the Teams user.
    TeamsUser,
}

/// An account that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The account.
    pub account: Account,
    /// What matched.
    pub matched: BTreeSet<Match>,
}

/// Finds the accounts of a scope whose name or billing reference is the whole text, spelled like it, or whose e-mail
/// address it is.
pub fn find_whole(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<Hit>, Error> {
    let whole = whole_queries(tx, scope, search)?;
    let places = find_places(tx, whole)?;
    let mut hits = hits(tx, places, search)?;
    if hits.is_empty() {
        return Ok(hits);
    }
    // What else the text can be, the same accounts may have, too.
    let ids: Vec<Key> = hits.iter().map(|hit| Key::from(hit.account.id)).collect();
    let anywhere = Search { after: None, limit: i64::try_from(ids.len()).unwrap_or(i64::MAX), ..search.clone() };
    let starts = start_queries(tx, scope, search)?;
    let of_these = |(matched, query)| (matched, limited(among(query, &ids), scope, &anywhere));
    let others = find_places(tx, starts.into_iter().map(of_these).collect())?;
    for (id, matched) in others.into_values() {
        if let Some(hit) = hits.iter_mut().find(|hit| Key::from(hit.account.id) == id) {
            hit.matched.extend(matched);
        }
    }
    Ok(hits)
}

/// Adds the condition that an account is one of these.
fn among(query: Query, ids: &[Key]) -> Query {
    let query = query.push(" AND a.id IN (");
    let query = ids
        .iter()
        .enumerate()
        .fold(query, |query, (number, id)| query.push(if number == 0 { "" } else { ", " }).bind(Value::Key(*id)));
    query.push(")")
}

/// Finds the accounts of a scope that match a search, without those that [`find_whole`] finds.
pub fn find(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<Hit>, Error> {
    let all = queries(tx, scope, search)?;
    let places = find_places(tx, all)?;
    hits(tx, places, search)
}

/// Accounts by their places in the sort order, and what of each matched.
type Places = BTreeMap<String, (Key, BTreeSet<Match>)>;

fn find_places(tx: &mut StoreConnection, queries: Vec<(Match, Query)>) -> Result<Places, Error> {
    let mut places = Places::new();
    for (matched, query) in queries {
        for Place { place, id } in query.load::<Place>(tx)? {
            places.entry(place).or_insert_with(|| (id, BTreeSet::new())).1.insert(matched);
        }
    }
    Ok(places)
}

/// The first accounts in the sort order.
fn hits(tx: &mut StoreConnection, places: Places, search: &Search) -> Result<Vec<Hit>, Error> {
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let in_order: Vec<_> = if search.newest_first {
        places.into_values().rev().take(limit).collect()
    } else {
        places.into_values().take(limit).collect()
    };
    let ids: Vec<_> = in_order.iter().map(|(id, _)| *id).collect();
    let found = accounts::of_ids(tx, &ids)?;
    let mut found: HashMap<_, _> = found.into_iter().map(|account| (Key::from(account.id), account)).collect();
    let hit = |(id, matched)| found.remove(&id).map(|account| Hit { account, matched });
    Ok(in_order.into_iter().filter_map(hit).collect())
}

/// The database's query plan for each query of a search, one step per line.
pub fn plans(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<String>, Error> {
    let mut plans = Vec::new();
    let mut all = whole_queries(tx, scope, search)?;
    all.extend(queries(tx, scope, search)?);
    for (_, query) in all {
        let plan = match tx {
            StoreConnection::Sqlite(_) => {
                let steps = query.explained("EXPLAIN QUERY PLAN ").load::<SqliteStep>(tx)?;
                steps.into_iter().map(|step| step.detail).collect::<Vec<_>>()
            }
            StoreConnection::Postgresql(_) => {
                let steps = query.explained("EXPLAIN ").load::<PostgresqlStep>(tx)?;
                steps.into_iter().map(|step| step.detail).collect()
            }
        };
        plans.push(plan.join("\n"));
    }
    Ok(plans)
}

/// Adds up to `limit` waiting accounts to SQLite's trigram index and returns their number. Does nothing on PostgreSQL,
/// whose index is always up to date.
pub fn index_waiting(tx: &mut StoreConnection, limit: i32) -> Result<usize, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(0) };
    let waiting = "SELECT row, search_text FROM account_search_progress CROSS JOIN account_search_rows ON row > up_to \
                   CROSS JOIN accounts ON accounts.id = account_id \
                   WHERE account_search_progress.id = 1 ORDER BY row LIMIT ?";
    let indexed = diesel::sql_query(format!("INSERT INTO account_search (rowid, text) {waiting}"))
        .bind::<Integer, _>(limit)
        .execute(connection)?;
    if indexed > 0 {
        diesel::sql_query(format!("UPDATE account_search_progress SET up_to = (SELECT max(row) FROM ({waiting}))"))
            .bind::<Integer, _>(limit)
            .execute(connection)?;
    }
    Ok(indexed)
}

/// One query for each property that may be the whole text.
fn whole_queries(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<(Match, Query)>, Error> {
    let holder = holder(tx, &search.text)?;
    let place = if matches!(tx, StoreConnection::Sqlite(_)) { SQLITE_ID } else { POSTGRESQL_PLACE };
    let from = |column: &str| format!("SELECT {place} FROM accounts a WHERE a.{column} = ");
    let text = || Value::Text(search.text.clone());
    let mut queries = vec![
        Query::new(tx, BY_ID, BY_ID, &from("name")).bind(text()),
        Query::new(tx, BY_ID, BY_ID, &from("billing_reference")).bind(text()),
    ];
    queries.extend(holder.map(|id| Query::new(tx, BY_ID, BY_ID, &from("id")).bind(Value::Key(id))));
    Ok(queries.into_iter().map(|query| (Match::Text, limited(query, scope, search))).collect())
}

/// The account whose e-mail address is a text, if it is one.
fn holder(tx: &mut StoreConnection, text: &str) -> Result<Option<Key>, Error> {
    let Ok(email) = EmailAddress::parse(text) else { return Ok(None) };
    let holder = accounts::email_holders(tx, &[email.canonical()])?.remove(email.canonical());
    let holders = accounts::of_ids(tx, holder.as_slice())?;
    // An account also has claims for the addresses of its members.
    Ok(holders.first().filter(|account| account.email.canonical() == email.canonical()).and(holder))
}

/// One query for each kind of match that is possible for the text. Each returns the first accounts in the sort order.
fn queries(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<(Match, Query)>, Error> {
    let mut queries: Vec<_> = by_text(tx, scope, search).into_iter().map(|query| (Match::Text, query)).collect();
    queries.extend(start_queries(tx, scope, search)?);
    let holder = holder(tx, &search.text)?;
    let others = |query: Query| {
        let text = || Value::Text(search.text.clone());
        let query = query.push(" AND a.name <> ").bind(text());
        let query = query.push(" AND (a.billing_reference IS NULL OR a.billing_reference <> ").bind(text()).push(")");
        match holder {
            Some(id) => query.push(" AND a.id <> ").bind(Value::Key(id)),
            None => query,
        }
    };
    Ok(queries.into_iter().map(|(matched, query)| (matched, limited(others(query), scope, search))).collect())
}

/// Queries for what begins with the text: numbers, domains and Teams users, as far as it can be one.
fn start_queries(tx: &mut StoreConnection, scope: &Scope, search: &Search) -> Result<Vec<(Match, Query)>, Error> {
    // What they are is stored in lower case.
    let text = search.text.to_lowercase();
    let mut queries = Vec::new();
    let mut add = |matched, table: &str, column: &str, start: &str| {
        queries.push((matched, by_start(tx, scope, (table, column), start)?));
        Ok::<_, Error>(())
    };
    if let Some((column, start)) = number(&text) {
        add(Match::Number, "phone_numbers", column, &start)?;
    }
    if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')) {
        add(Match::Domain, "direct_routing_routes", "domain", &text)?;
        if search.sees_sip_data {
            add(Match::Domain, "pbxes", "sip_domain", &text)?;
        }
    }
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "'.-_!#^~@".contains(c)) {
        add(Match::TeamsUser, "users", "teams_user_canonical", &text)?;
    }
    Ok(queries)
}

/// The column to search for a phone number, and the prefix to search for: a number with a country code in its normal
/// form, one without in the column of reversed numbers. `None` if the text is not a number with at least five digits.
fn number(text: &str) -> Option<(&'static str, String)> {
    if !text.chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c)) {
        return None;
    }
    // `(0)` is the trunk prefix, which is not dialled after a country code.
    let text = if text.starts_with('+') || text.starts_with("00") { text.replace("(0)", "") } else { text.to_owned() };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = if text.starts_with('+') { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    let national = digits.trim_start_matches('0');
    let (column, digits, start) = match international {
        Some(digits) => ("number", digits, format!("+{digits}")),
        None => ("reversed", national, reversed(national)),
    };
    (digits.len() >= 5).then_some((column, start))
}

/// The position of accounts: on SQLite the row number in the search index, on PostgreSQL the id.
const SQLITE_PLACE: &str = "printf('%016x', r.row) AS place, a.id AS id";
const SQLITE_ID: &str = "lower(hex(a.id)) AS place, a.id AS id";
const SQLITE_ROWS: &str = "CROSS JOIN account_search_rows r ON r.account_id = a.id";
const POSTGRESQL_PLACE: &str = "a.id::text AS place, a.id AS id";

fn by_text(tx: &StoreConnection, scope: &Scope, search: &Search) -> Vec<Query> {
    let text = &fold(&search.text);
    let queries = match (tx, scope) {
        (StoreConnection::Postgresql(_), Scope::Platform) if !has_indexed_part(text) => vec![walk(tx, search)],
        (StoreConnection::Postgresql(_), _) => {
            vec![Query::new(tx, BY_ID, BY_ID, &format!("SELECT {POSTGRESQL_PLACE} FROM accounts a WHERE"))]
        }
        // Scanning the accounts of one reseller is faster than searching the index and discarding those of all others.
        (StoreConnection::Sqlite(_), Scope::Reseller(_) | Scope::Enterprise(_)) => {
            let from = format!("SELECT {SQLITE_PLACE} FROM accounts a {SQLITE_ROWS} WHERE");
            vec![Query::new(tx, "r.row", "r.row", &from)]
        }
        // A text of fewer than three characters has no trigrams: `ﬀ` is two, but asked for as one of three.
        (StoreConnection::Sqlite(_), _) if trigrams(text).is_empty() => {
            let from = format!("SELECT {SQLITE_PLACE} FROM accounts a {SQLITE_ROWS} WHERE");
            vec![Query::new(tx, "r.row", "r.row", &from)]
        }
        (StoreConnection::Sqlite(_), Scope::Platform | Scope::MasterReseller(_)) => {
            let indexed = format!(
                "SELECT {SQLITE_PLACE} FROM account_search s CROSS JOIN account_search_rows r ON r.row = s.rowid \
                 CROSS JOIN accounts a ON a.id = r.account_id WHERE s.account_search MATCH "
            );
            let waiting = format!(
                "SELECT {SQLITE_PLACE} FROM account_search_rows r CROSS JOIN accounts a ON a.id = r.account_id \
                 WHERE r.row > (SELECT up_to FROM account_search_progress WHERE id = 1) AND"
            );
            vec![
                Query::new(tx, "s.rowid", "s.rowid", &indexed).bind(Value::Text(trigrams(text))).push(" AND"),
                Query::new(tx, "r.row", "r.row", &waiting),
            ]
        }
    };
    let compared =
        |query: Query| query.push(" a.search_text LIKE ").bind(Value::Text(search_pattern(text))).push(" ESCAPE '\\'");
    queries.into_iter().map(compared).collect()
}

/// Whether PostgreSQL's index of trigrams has a part of the text: three letters or digits in a row.
fn has_indexed_part(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(3).any(|three| three.iter().all(|c| c.is_alphanumeric()))
}

/// Goes through the next accounts in the sort order, as many as are bearable.
fn walk(tx: &StoreConnection, search: &Search) -> Query {
    let (behind, order) = if search.newest_first { ("<", "DESC") } else { (">", "ASC") };
    let mut query = Query::new(tx, BY_ID, BY_ID, &format!("SELECT {POSTGRESQL_PLACE} FROM (SELECT * FROM accounts"));
    if let Some(after) = search.after {
        query = query.push(&format!(" WHERE id {behind} ")).bind(Value::Key(after.into()));
    }
    query.push(&format!(" ORDER BY id {order} LIMIT {SEARCH_WALK_MAX}) a WHERE"))
}

/// The FTS5 query that requires all trigrams of a text.
fn trigrams(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let all: BTreeSet<String> = characters.windows(3).map(|three| three.iter().collect()).collect();
    let quoted: Vec<_> = all.into_iter().map(|three| format!("\"{}\"", three.replace('"', "\"\""))).collect();
    quoted.join(" AND ")
}

fn by_start(
    tx: &mut StoreConnection,
    scope: &Scope,
    (table, column): (&str, &str),
    start: &str,
) -> Result<Query, Error> {
    // The columns compare bytewise, so all texts with a prefix are between the prefix and the prefix followed by
    // U+10FFFF.
    let begin = |query: Query| {
        query
            .push(&format!(" WHERE t.{column} >= "))
            .bind(Value::Text(start.to_owned()))
            .push(&format!(" AND t.{column} < "))
            .bind(Value::Text(format!("{start}\u{10ffff}")))
    };
    // Phone numbers belong to users; the rows of the other tables belong to the enterprise.
    let (users, account) = match table {
        "phone_numbers" => ("CROSS JOIN users u ON u.id = t.user_id", "u.account_id"),
        _ => ("", "t.account_id"),
    };
    let is_sqlite = matches!(tx, StoreConnection::Sqlite(_));
    let (place, shown, users, rows) = if is_sqlite {
        // With `CROSS JOIN`, SQLite joins the tables in the given order.
        ("r.row", SQLITE_PLACE, users.to_owned(), SQLITE_ROWS)
    } else {
        (BY_ID, POSTGRESQL_PLACE, users.replace("CROSS JOIN", "JOIN"), "")
    };
    let join = if is_sqlite { "CROSS JOIN" } else { "JOIN" };
    let new = |tx: &StoreConnection, from: &str| Query::new(tx, place, "place", from);
    // Of a beginning that very many share, staff see the first ones.
    if *scope == Scope::Platform {
        let alike = begin(new(tx, &format!("SELECT DISTINCT {shown} FROM (SELECT * FROM {table} t")));
        let alike = alike.push(&format!(" ORDER BY t.{column} LIMIT {SEARCH_ALIKE_MAX}) t {users}"));
        return Ok(alike.push(&format!(" {join} accounts a ON a.id = {account} {rows} WHERE 1 = 1")));
    }
    // Others go through what they have themselves, however many others share the beginning. SQLite is told so; for a
    // master reseller, only if many do.
    let goes_through_own = is_sqlite
        && match scope {
            Scope::Reseller(_) | Scope::Enterprise(_) => true,
            Scope::Platform | Scope::MasterReseller(_) => {
                let count = "SELECT CAST(count(*) AS TEXT) AS place, zeroblob(16) AS id FROM (SELECT 1";
                let alike = begin(new(tx, &format!("{count} FROM {table} t")));
                let counted = alike.push(&format!(" LIMIT {SEARCH_ALIKE_MAX})")).load::<Place>(tx)?;
                counted.first().is_some_and(|one| one.place == SEARCH_ALIKE_MAX.to_string())
            }
        };
    let from = match (goes_through_own, users.is_empty()) {
        (true, true) => format!("accounts a CROSS JOIN {table} t ON t.account_id = a.id"),
        (true, false) => {
            format!("accounts a CROSS JOIN users u ON u.account_id = a.id CROSS JOIN {table} t ON t.user_id = u.id")
        }
        (false, _) => format!("{table} t {users} {join} accounts a ON a.id = {account}"),
    };
    Ok(begin(new(tx, &format!("SELECT DISTINCT {shown} FROM {from} {rows}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_as_it_is_written() {
        let look = |text: &str| number(text).map(|(column, start)| format!("{column} {start}"));
        assert_eq!(look("+49 (30) 901-820").as_deref(), Some("number +4930901820"));
        assert_eq!(look("0049 30 901820").as_deref(), Some("number +4930901820"));
        assert_eq!(look("030 / 901820").as_deref(), Some("reversed 02810903"));
        assert_eq!(look("901820").as_deref(), Some("reversed 028109"));
        assert_eq!(look("+49 (0)30 901820").as_deref(), Some("number +4930901820"));
        for other in ["", "1234", "01234", "00491", "k-0815", "+49x30901820"] {
            assert_eq!(look(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_text_is_looked_for_by_all_its_trigrams() {
        assert_eq!(trigrams("abcd"), "\"abc\" AND \"bcd\"");
        assert_eq!(trigrams("aaaa"), "\"aaa\"");
        assert_eq!(trigrams("a\"b"), "\"a\"\"b\"");
    }
}
