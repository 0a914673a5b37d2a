//! Case-insensitive text search that works the same on both databases.

/// The column value for a search over several texts: joined by line feeds and lower-cased. Folding here instead of in
/// SQL makes both databases give the same results.
pub(crate) fn search_text(texts: &[&str]) -> String {
    texts.join("\n").to_lowercase()
}

/// The `LIKE` pattern that finds a text anywhere in a search text; `%`, `_` and `\` are escaped with `\`.
pub(crate) fn search_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
