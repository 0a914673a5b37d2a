//! Text search and lengths that work the same on both databases, and the SQL text of parts of queries.

use diesel::backend::Backend;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::sql_types::Binary;
use domain::values::folding::fold;

#[diesel::declare_sql_function]
extern "SQL" {
    /// The number of octets.
    fn length(octets: Binary) -> Integer;
}

/// The column value for a search over several texts: joined by line feeds and folded. Folding here instead of in SQL
/// makes both databases give the same results.
pub(crate) fn search_text(texts: &[&str]) -> String {
    fold(&texts.join("\n")).into_owned()
}

/// The `LIKE` pattern that finds a text anywhere in a search text; `%`, `_` and `\` are escaped with `\`.
pub(crate) fn search_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in fold(text).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The SQL text of a query part that has no bound values.
pub(crate) fn sql_text<DB: Backend + Default>(part: &impl QueryFragment<DB>) -> String
where
    DB::QueryBuilder: Default,
{
    let mut builder = DB::QueryBuilder::default();
    part.to_sql(&mut builder, &DB::default()).expect("names of tables and columns are written without a connection");
    builder.finish()
}
