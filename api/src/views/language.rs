//! The language of a member in responses.

use domain::values::language::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// A language in which people can be addressed (ISO 639-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Language)]
pub enum LanguageView {
    /// English.
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
}

impl From<Language> for LanguageView {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::English,
            Language::German => Self::German,
        }
    }
}
