//! Languages in which people can be addressed.

use crate::fault::Fault;

/// The language that a member prefers (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The name in the database and in JSON, as in ISO 639-1.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of that name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|language| language.as_str() == text);
        found.ok_or_else(|| Fault::new("unknown_value", "Use \"en\" or \"de\"."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_a_language_is_one_of_the_list() {
        for (text, expected) in [
            ("en", Ok(Language::English)),
            ("de", Ok(Language::German)),
            ("", Err("unknown_value")),
            ("EN", Err("unknown_value")),
            ("en-GB", Err("unknown_value")),
            (" de", Err("unknown_value")),
            ("fr", Err("unknown_value")),
        ] {
            assert_eq!(Language::parse(text).map_err(|fault| fault.code), expected, "{text:?}");
        }
        for language in Language::ALL {
            assert_eq!(Language::parse(language.as_str()), Ok(language));
        }
    }
}
