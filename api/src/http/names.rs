//! Names that callers choose: request ids and idempotency keys.

/// Whether a text has 1 to `most` characters, all of them visible ASCII.
#[must_use]
pub fn is_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
}
