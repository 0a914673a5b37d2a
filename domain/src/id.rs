//! Typed ids: a UUIDv7 internally, a TypeID such as `reseller_01h455vb4pex5vsknk084sn02q` in the API (W1).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// A kind of id that has a text form.
pub trait Kind {
    /// The type prefix of the text form, without the underscore.
    const PREFIX: &'static str;
}

/// The id of an object of kind `K`. Ids of different kinds are different types, so they can't be mixed up.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// Marks the id of an account. Its prefix depends on the tier: see [`crate::account::Tier::id_prefix`].
#[derive(Debug)]
pub struct Account;
/// Marks the id of an outgoing message.
#[derive(Debug)]
pub struct Message;
/// Marks the id of a licence that is to be taken back.
#[derive(Debug)]
pub struct Licence;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Kind for $name {
            const PREFIX: &'static str = $prefix;
        }
    )*};
}

kinds! {
    /// Marks the id of a member: a person who signs in to an account.
    Member = "member";
    /// Marks the id of an API client: a program that signs in to an account.
    Client = "client";
    /// Marks the id of a support ticket.
    Ticket = "ticket";
    /// Marks the id of a recorded event.
    Event = "event";
    /// Marks the id of a move of an account below another one.
    Move = "move";
    /// Marks the id of a webhook.
    Webhook = "webhook";
    /// Marks the id of the delivery of an event to a webhook.
    Delivery = "delivery";
    /// Marks the id of a PBX.
    Pbx = "pbx";
    /// Marks the id of a trunk.
    Trunk = "trunk";
    /// Marks the id of a Teams user.
    User = "user";
    /// Marks the id of a sign-in session.
    Session = "session";
    /// Marks the id of an adjustment of a billing report.
    Adjustment = "adjustment";
    /// Marks the id of the complete result of an import.
    ImportReport = "import_report";
}

/// The id of an account of any tier.
pub type AccountId = Id<Account>;
/// The id of a member.
pub type MemberId = Id<Member>;
/// The id of an API client.
pub type ClientId = Id<Client>;
/// The id of a support ticket.
pub type TicketId = Id<Ticket>;
/// The id of a recorded event.
pub type EventId = Id<Event>;
/// The id of a move of an account below another one.
pub type MoveId = Id<Move>;
/// The id of a webhook.
pub type WebhookId = Id<Webhook>;
/// The id of the delivery of an event to a webhook.
pub type DeliveryId = Id<Delivery>;
/// The id of a PBX.
pub type PbxId = Id<Pbx>;
/// The id of a trunk.
pub type TrunkId = Id<Trunk>;
/// The id of a Teams user.
pub type UserId = Id<User>;
/// The id of an adjustment of a billing report.
pub type AdjustmentId = Id<Adjustment>;
/// The id of the complete result of an import.
pub type ImportReportId = Id<ImportReport>;
/// The id of a session.
pub type SessionId = Id<Session>;
/// The id of an outgoing message.
pub type MessageId = Id<Message>;

impl<K> Id<K> {
    /// Makes an id of a UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The UUID of the id.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K: Kind> Id<K> {
    /// Parses the text form. `None` for every text that is not exactly how this service writes an id of this kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse(K::PREFIX, text).map(Self::from_uuid)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(K::PREFIX, self.uuid))
    }
}

/// An id as the caller gave it. Its form is only checked when the object is looked up: an invalid id is then not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenId(String);

impl GivenId {
    /// Wraps any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Formats an id with a type prefix.
///
/// # Panics
/// If the prefix contains anything but lower-case letters and underscores. Prefixes are constants of this crate.
#[must_use]
pub fn format(prefix: &str, uuid: Uuid) -> String {
    let kind = DynamicType::new(prefix).expect("prefixes are lower-case letters and underscores");
    TypeSafeId::from_type_and_uuid(kind, uuid).to_string()
}

/// Parses an id with a type prefix. Only accepts the canonical spelling.
#[must_use]
pub fn parse(prefix: &str, text: &str) -> Option<Uuid> {
    let rest = text.strip_prefix(prefix)?.strip_prefix('_')?;
    if rest.len() != 26 {
        return None;
    }
    let id: TypeSafeId<DynamicType> = text.parse().ok()?;
    (format(prefix, id.uuid()) == text).then(|| id.uuid())
}

// Implemented by hand, because `derive` would require the traits of `K`, which is only a marker type.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn w1_only_the_canonical_spelling_is_an_id() {
        let good = "member_01h455vb4pex5vsknk084sn02q";
        assert_eq!(MemberId::parse(good).map(|id| id.to_string()).as_deref(), Some(good));
        for bad in [
            "",
            "member",
            "member_",
            "ticket_01h455vb4pex5vsknk084sn02q",
            "member_01H455VB4PEX5VSKNK084SN02Q",
            "member_01h455vb4pex5vsknk084sn02",
            "member_01h455vb4pex5vsknk084sn02qq",
            "member_81h455vb4pex5vsknk084sn02q",
            "member_01h455vb4pex5vsknk084sn0 q",
            "x_member_01h455vb4pex5vsknk084sn02q",
            "018f0000-0000-7000-8000-000000000000",
            "../member_01h455vb4pex5vsknk084sn02q",
        ] {
            assert!(MemberId::parse(bad).is_none(), "{bad:?} was taken for an id");
        }
    }

    #[test]
    fn w1_ids_are_compared_and_told_apart_by_their_uuids() {
        let (one, two) = (MemberId::from_uuid(Uuid::from_u128(1)), MemberId::from_uuid(Uuid::from_u128(2)));
        assert!(one < two);
        let table = BuildHasherDefault::<DefaultHasher>::default();
        assert_ne!(table.hash_one(one), table.hash_one(two));
        assert_eq!(format!("{one:?}"), "00000000-0000-0000-0000-000000000001");
    }

    #[test]
    fn an_id_that_was_given_stays_as_it_is() {
        for text in ["", "reseller_01h455vb4pex5vsknk084sn02q", "../Reseller"] {
            let given = GivenId::new(text);
            assert_eq!(given.as_str(), text);
            assert_eq!(given.into_string(), text);
        }
    }

    proptest! {
        #[test]
        fn w1_every_id_survives_its_text_form(bits: u128) {
            let uuid = Uuid::from_u128(bits);
            prop_assert_eq!(parse("reseller", &format("reseller", uuid)), Some(uuid));
        }

        #[test]
        fn w1_no_text_breaks_the_parser(text: String) {
            let _ = parse("reseller", &text);
        }
    }
}
