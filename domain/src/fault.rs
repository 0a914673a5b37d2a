//! What is wrong with one given value.

/// One fault of one value: a stable code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// What was wrong and what to do, without repeating the value.
    pub detail: String,
}

impl Fault {
    /// A fault with a sentence for people.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// A member that must be given was not.
    #[must_use]
    pub fn required() -> Self {
        Self::new("required", "This member is required.")
    }
}
