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

/// What is wrong with a change in the light of what is there: JSON pointers and faults.
pub type Faults = Vec<(&'static str, Fault)>;

/// What is wrong with one given value: each fault with the index of the item that it is about, or `None` when it is about the
/// whole.
pub type ItemFaults = Vec<(Option<usize>, Fault)>;

/// Reads a list in which nothing stands twice.
pub fn distinct<T: PartialEq>(
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, ItemFaults> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match parse(text) {
            Ok(value) if read.contains(&value) => {
                faults.push((Some(index), Fault::new("duplicate", "Name each once.")));
            }
            Ok(value) => read.push(value),
            Err(fault) => faults.push((Some(index), fault)),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}
