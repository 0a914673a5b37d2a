//! Query parameters. Unknown ones are refused (W3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorCode, Result};

/// The query parameters of a request. Each is taken by name; parameters that are left at the end are unknown.
#[derive(Debug)]
pub struct Query {
    given: BTreeMap<String, String>,
}

impl Query {
    /// Parses a query string. Fails if a parameter is given twice, or if one can't be decoded.
    pub fn read(text: &str) -> Result<Self> {
        let mut given = BTreeMap::new();
        let broken = |name| invalid(name, "is not percent-encoded UTF-8: write `%25` for `%`, and `%C3%A9` for `é`");
        for (name, value) in pairs(text).map_err(broken)? {
            if given.contains_key(&name) {
                return Err(invalid(&name, "is given more than once"));
            }
            given.insert(name, value);
        }
        Ok(Self { given })
    }

    /// Takes a parameter and parses it. `expected` completes the detail "Parameter `x` takes …".
    pub fn parameter<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.given.remove(name) else { return Ok(None) };
        parse(&value).map(Some).ok_or_else(|| invalid(name, &format!("takes {expected}")))
    }

    /// Refuses parameters that the operation does not have.
    pub fn finish(self) -> Result<()> {
        match self.given.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(invalid(&name, "is unknown to this operation")),
        }
    }
}

/// Parses `true` or `false`.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Whether a query string asks for a search in texts, which may take longer than other lists.
#[must_use]
pub fn is_search(query: &str) -> bool {
    pairs(query).is_ok_and(|pairs| pairs.iter().any(|(name, _)| name == "q"))
}

/// The names and values of a query string or form (`application/x-www-form-urlencoded`). Fails with the name of a pair
/// that can't be decoded.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, &str> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decoded(name).zip(decoded(value)).ok_or(name)
    });
    pairs.collect()
}

/// Decodes a name or value; `None` if an escape is incomplete or the octets are not UTF-8.
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let is_hex = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_hexdigit);
    let escapes = text.split('%').skip(1).map(str::as_bytes);
    if !escapes.into_iter().all(|escape| is_hex(escape.first()) && is_hex(escape.get(1))) {
        return None;
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

fn invalid(name: &str, what: &str) -> Error {
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    Error::new(ErrorCode::InvalidParameter, format!("Parameter `{name}` {what}."))
}

/// A search text of at most `max` characters; `None` if it is empty, too long, or contains NUL, which PostgreSQL can't
/// store.
#[must_use]
pub fn search_text(text: &str, max: usize) -> Option<String> {
    let length = text.chars().count();
    ((1..=max).contains(&length) && !text.contains('\0')).then(|| text.to_owned())
}
