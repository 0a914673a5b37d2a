//! Names that callers give to what they send: request ids and idempotency keys.

/// Whether a text that a caller names something by has at least one and at most so many characters, all of them visible ASCII.
#[must_use]
pub fn is_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
}
