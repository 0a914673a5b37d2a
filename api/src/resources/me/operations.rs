//! Operations of members on themselves.

use domain::values::language::Language;
use domain::values::text::MemberName;
use persistence::members::{self, Member};
use serde_json::{Value, json};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{difference, record_for};

/// The changes to the acting member: `None` leaves a field as it is, `Some(None)` removes its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeMe {
    /// The member's display name.
    pub name: Option<Option<MemberName>>,
    /// The member's preferred language.
    pub language: Option<Option<Language>>,
}

/// Changes the name and the language of the acting member, which the caller has locked. A change without effect is not
/// recorded.
pub fn update(tx: &mut Tx<'_>, before: Member, change: &ChangeMe) -> Result<Member> {
    let ChangeMe { name, language } = change.clone();
    let after = Member {
        name: name.map_or_else(|| before.name.clone(), |name| name.map(MemberName::into_string)),
        language: language.unwrap_or(before.language),
        version: before.version + 1,
        ..before.clone()
    };
    let (old, new) = (fields(&before), fields(&after));
    if old == new {
        return Ok(before);
    }
    members::set_profile(tx, after.id, after.name.as_deref(), after.language, after.version)?;
    record_for(tx, &after.account, after.id, "updated", difference(old, new))?;
    Ok(after)
}

/// The fields of a member that events show.
fn fields(member: &Member) -> Value {
    json!({"name": member.name, "language": member.language.map(Language::as_str)})
}
