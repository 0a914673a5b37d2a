//! How texts are searched: folded the same way on both databases.

/// What a search over several texts looks in: the same folding on both databases, whatever their own idea of case is.
pub(crate) fn search_text(texts: &[&str]) -> String {
    texts.join("\n").to_lowercase()
}

/// The pattern that finds a text anywhere in a search text.
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
