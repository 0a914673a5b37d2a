//! Text search and lengths that work the same on both databases.

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
