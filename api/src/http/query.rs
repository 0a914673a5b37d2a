//! Query parameters. Unknown ones are refused (W3).

use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode, Result};

/// The query parameters of a request. Each is taken by name; parameters that are left at the end are unknown.
#[derive(Debug)]
pub struct Query {
    given: BTreeMap<String, String>,
}

impl Query {
    /// Parses a query string.
    pub fn read(text: &str) -> Result<Self> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text)
            .map_err(|_| Error::new(ErrorCode::InvalidParameter, "The query string can't be parsed."))?;
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
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
