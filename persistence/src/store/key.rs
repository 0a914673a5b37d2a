//! How ids are stored: 16 bytes, as `uuid` on PostgreSQL and as `BLOB` on SQLite (S2).

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::HasSqlType;
use diesel::sqlite::Sqlite;
use domain::id::Id;
use uuid::Uuid;

use super::connection::MultiBackend;

/// The SQL type of an id.
pub(crate) mod sql {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::SqlType;

    /// `uuid` on PostgreSQL, a `BLOB` of 16 bytes on SQLite.
    #[derive(Debug, Clone, Copy, SqlType, QueryId)]
    #[diesel(postgres_type(name = "uuid"))]
    #[diesel(sqlite_type(name = "Binary"))]
    pub struct Key;
}

/// The column value of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql::Key)]
pub struct Key([u8; 16]);

impl Key {
    /// The typed id with this value. The caller has to know which kind of id the column contains.
    pub(crate) fn id<K>(self) -> Id<K> {
        Id::from_uuid(self.uuid())
    }

    /// The UUID.
    pub(crate) const fn uuid(self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl<K> From<Id<K>> for Key {
    fn from(id: Id<K>) -> Self {
        Self(id.uuid().into_bytes())
    }
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Self(id.into_bytes())
    }
}

impl HasSqlType<sql::Key> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<sql::Key>(lookup)
    }
}

impl ToSql<sql::Key, MultiBackend> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((sql::Key, self));
        Ok(IsNull::No)
    }
}

impl ToSql<sql::Key, Sqlite> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_slice());
        Ok(IsNull::No)
    }
}

impl ToSql<sql::Key, Pg> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Key, MultiBackend> for Key {
    fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, sql::Key>()
    }
}

impl FromSql<sql::Key, Sqlite> for Key {
    fn from_sql(mut bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(bytes.read_blob().try_into()?))
    }
}

impl FromSql<sql::Key, Pg> for Key {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(bytes.as_bytes().try_into()?))
    }
}
