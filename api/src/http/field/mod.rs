//! The fields of request bodies. Deserialising a field never fails: it keeps its faults, so that one invalid field does
//! not hide the others (W2). `validator` then reports the faults. The OpenAPI document shows the limits.

#[expect(missing_docs, reason = "each is the field of the value type of its name")]
mod of;

use std::borrow::{Borrow, Cow};
use std::fmt;

use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits, whole};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{
    Validate, ValidateLength, ValidateRange, ValidateRequired, ValidationError, ValidationErrors, ValidationErrorsKind,
};

use crate::shown::{schema_of, value_name};

pub use of::*;

/// Maximum number of reported invalid items per list.
pub(super) const ITEMS_TOLD: usize = 20;

/// A JSON type from which a value is parsed.
pub trait Given {
    /// The owned type that is deserialised.
    type Owned: DeserializeOwned + Borrow<Self>;
    /// What fault details call the type.
    const NOUN: &'static str;
}

impl Given for str {
    type Owned = String;
    const NOUN: &'static str = "a string";
}

impl Given for [String] {
    type Owned = Vec<String>;
    const NOUN: &'static str = "a list of strings";
}

impl Given for bool {
    type Owned = bool;
    const NOUN: &'static str = "true or false";
}

impl Given for i64 {
    type Owned = i64;
    const NOUN: &'static str = "a whole number";
}

/// A field of a request body.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The field is absent.
    #[default]
    Absent,
    /// The field is `null`.
    Null,
    /// The value has the wrong JSON type.
    WrongType,
    /// The value has the right JSON type but is invalid.
    Wrong(ItemFaults),
    /// The value is valid.
    Given(T),
}

impl<T> Field<T> {
    /// The value; `None` if the field is absent, `null` or invalid.
    pub fn given(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Null | Self::WrongType | Self::Wrong(_) => None,
        }
    }

    /// The value of a required field. Only for requests that were validated.
    ///
    /// # Panics
    /// If the field has no valid value, because the request was not validated or the field is not required.
    pub fn required(self) -> T {
        self.given().expect("a valid request has its required fields")
    }
}

// Does not reveal the value, which may be a secret.
impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Null => "Null",
            Self::WrongType => "WrongType",
            Self::Wrong(_) => "Wrong",
            Self::Given(_) => "Given",
        })
    }
}

/// `validator` copies values into its errors, so fields serialise as nothing: they may be secrets.
impl<T> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T: Limited<Given: Given>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        let given: Result<<T::Given as Given>::Owned, _> = serde_json::from_value(whole_number(value));
        Ok(match given {
            Err(_) => Self::WrongType,
            Ok(given) => T::read(given.borrow()).map_or_else(Self::Wrong, Self::Given),
        })
    }
}

/// `12.0` is a whole number in JSON Schema, and some languages write all numbers like that.
fn whole_number(value: Value) -> Value {
    /// Up to this value, doubles represent every whole number exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and exact")]
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT => Value::from(number as i64),
        _ => value,
    }
}

impl<T: Limited<Given: Given>> Validate for Field<T> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let noun = <T::Given as Given>::NOUN;
        match self {
            Self::Absent | Self::Given(_) => Ok(()),
            Self::Null => Err(item_errors(&whole(Fault::new("null", format!("Give {noun}; null is not allowed."))))),
            Self::WrongType => Err(item_errors(&whole(Fault::new("wrong_type", format!("Give {noun}."))))),
            Self::Wrong(faults) => Err(item_errors(faults)),
        }
    }
}

/// Converts faults to validation errors that are keyed by the index of the item, or by the empty text for the whole
/// value.
fn item_errors(faults: &ItemFaults) -> ValidationErrors {
    let mut errors = ValidationErrors::new();
    for (index, fault) in faults.iter().take(ITEMS_TOLD) {
        let name = index.map(|index| index.to_string()).unwrap_or_default();
        let mut error = ValidationError::new(fault.code);
        error.message = Some(Cow::Owned(fault.detail.clone()));
        errors.errors_mut().insert(Cow::Owned(name), ValidationErrorsKind::Field(vec![error]));
    }
    errors
}

impl<T> ValidateRequired for Field<T> {
    fn is_some(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl<T: ValidateLength<u64>> ValidateLength<u64> for Field<T> {
    fn length(&self) -> Option<u64> {
        match self {
            Self::Given(value) => value.length(),
            Self::Absent | Self::Null | Self::WrongType | Self::Wrong(_) => None,
        }
    }
}

impl<T: ValidateRange<N>, N> ValidateRange<N> for Field<T> {
    fn greater_than(&self, max: N) -> Option<bool> {
        match self {
            Self::Given(value) => value.greater_than(max),
            Self::Absent | Self::Null | Self::WrongType | Self::Wrong(_) => None,
        }
    }

    fn less_than(&self, min: N) -> Option<bool> {
        match self {
            Self::Given(value) => value.less_than(min),
            Self::Absent | Self::Null | Self::WrongType | Self::Wrong(_) => None,
        }
    }
}

impl<T: Limited> PartialSchema for Field<T> {
    fn schema() -> RefOr<Schema> {
        given_schema(T::LIMITS)
    }
}

impl<T: Limited> ToSchema for Field<T> {
    fn name() -> Cow<'static, str> {
        value_name(&Self::schema())
    }
}

/// The schema of a field in requests. Passwords are write-only.
fn given_schema(limits: Limits) -> RefOr<Schema> {
    match (limits, schema_of(limits)) {
        (Limits::Text { format: Some("password"), .. }, RefOr::T(Schema::Object(mut object))) => {
            object.write_only = Some(true);
            RefOr::T(Schema::Object(object))
        }
        (_, schema) => schema,
    }
}

/// A field that may be `null`, which removes the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Nullable<T>(Field<T>);

impl<T> Nullable<T> {
    /// The value; `None` if the field is absent, `null` or invalid. For requests in which `null` means the same as
    /// absent.
    pub fn given(self) -> Option<T> {
        self.0.given()
    }

    /// The requested change: `None` if the field is absent or invalid, `Some(None)` if it is `null`.
    pub fn change(self) -> Option<Option<T>> {
        match self.0 {
            Field::Null => Some(None),
            field => field.given().map(Some),
        }
    }
}

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self(Field::Absent)
    }
}

impl<T> fmt::Debug for Nullable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Limited<Given: Given>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Field::deserialize(deserializer).map(Self)
    }
}

impl<T: Limited<Given: Given>> Validate for Nullable<T> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        if matches!(self.0, Field::Null) { Ok(()) } else { self.0.validate() }
    }
}

impl<T: Limited> PartialSchema for Nullable<T> {
    fn schema() -> RefOr<Schema> {
        let null = || ObjectBuilder::new().schema_type(Type::Null);
        let nullable = |kind: SchemaType| match kind {
            SchemaType::Type(kind) => SchemaType::Array(vec![kind, Type::Null]),
            other => other,
        };
        match given_schema(T::LIMITS) {
            RefOr::T(Schema::Object(mut object)) => {
                object.schema_type = nullable(object.schema_type);
                RefOr::T(Schema::Object(object))
            }
            RefOr::T(Schema::Array(mut array)) => {
                array.schema_type = nullable(array.schema_type);
                RefOr::T(Schema::Array(array))
            }
            other => OneOfBuilder::new().item(null()).item(other).into(),
        }
    }
}

impl<T: Limited> ToSchema for Nullable<T> {
    fn name() -> Cow<'static, str> {
        value_name(&Self::schema())
    }
}
