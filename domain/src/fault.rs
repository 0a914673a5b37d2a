//! Faults: what is wrong with a value that a caller gave.

/// One fault of one value: a stable code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable code in `snake_case`.
    pub code: &'static str,
    /// A sentence that says what is wrong and what to do. Never repeats the value, which may be secret.
    pub detail: String,
}

impl Fault {
    /// Makes a fault of a code and a sentence for people.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The fault of a required field that is missing.
    #[must_use]
    pub fn required() -> Self {
        Self::new("required", "This field is required.")
    }
}

/// The faults of a change, each with the JSON pointer of the field it is about.
pub type Faults = Vec<(&'static str, Fault)>;

/// The faults of one value, each with the index of the list item it is about, or `None` if it is about the whole value.
pub type ItemFaults = Vec<(Option<usize>, Fault)>;

/// Parses the items of a list that must not contain duplicates. Fails with all faults found, each with the index of its
/// item.
pub fn distinct<T: PartialEq>(
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, ItemFaults> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match parse(text) {
            Ok(value) if read.contains(&value) => {
                faults.push((Some(index), Fault::new("duplicate", "Give each item only once.")));
            }
            Ok(value) => read.push(value),
            Err(fault) => faults.push((Some(index), fault)),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}
