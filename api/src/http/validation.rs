//! Converts the errors of `validator` to the `errors` of a problem: RFC 6901 pointers, all faults at once, in the order
//! of the schema.

use std::borrow::Cow;

use domain::fault::{Fault, ItemFaults};
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::{ValidateArgs, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::error::{Error, ValueError};

/// The name of the struct field that collects unknown fields.
const UNKNOWN: &str = "unknown";
/// The key under which `validator` reports faults of the whole request.
const WHOLE: &str = "__all__";
/// Maximum length of a reported pointer, in characters. The names of unknown fields come from the caller.
const POINTER_MAX: usize = 100;

/// A validated request.
#[derive(Debug)]
pub struct Valid<R>(R);

impl<R> Valid<R> {
    /// The request.
    pub fn into_inner(self) -> R {
        self.0
    }
}

/// Validates a request. `context` is the configuration that its rules need, if any.
pub fn validate<'a, R: ValidateArgs<'a> + PartialSchema>(request: R, context: R::Args) -> Result<Valid<R>, Error> {
    match request.validate_with_args(context) {
        Ok(()) => Ok(Valid(request)),
        Err(errors) => {
            let mut found = Vec::new();
            walk(&errors, "", &member_names::<R>(), &mut found);
            Err(Error::validation(found))
        }
    }
}

/// The fields of a request in the order of the document.
fn member_names<R: PartialSchema>() -> Vec<String> {
    match R::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn walk(errors: &ValidationErrors, pointer: &str, order: &[String], found: &mut Vec<ValueError>) {
    let mut members: Vec<_> =
        errors.errors().iter().map(|(name, kind)| (name.trim_start_matches("r#"), kind)).collect();
    // Unknown fields first, the whole request last, list items by index.
    members.sort_by_key(|(name, _)| {
        let place = match *name {
            UNKNOWN => 0,
            WHOLE => usize::MAX,
            name => order.iter().position(|known| known == name).map_or(usize::MAX - 1, |place| place + 1),
        };
        (place, name.parse::<usize>().ok(), (*name).to_owned())
    });
    for (name, kind) in members {
        let place = match name {
            "" | WHOLE => pointer.to_owned(),
            UNKNOWN if matches!(kind, ValidationErrorsKind::Struct(_)) => pointer.to_owned(),
            name => format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
        };
        match kind {
            ValidationErrorsKind::Struct(inner) => walk(inner, &place, &[], found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    walk(inner, &format!("{place}/{index}"), &[], found);
                }
            }
            ValidationErrorsKind::Field(errors) => errors.iter().for_each(|error| tell(error, &place, found)),
        }
    }
}

fn tell(error: &ValidationError, pointer: &str, found: &mut Vec<ValueError>) {
    if let Some(Value::Array(faults)) = error.params.get("faults") {
        for fault in faults {
            let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
            let pointer = format!("{pointer}{}", text("pointer"));
            found.push(ValueError { pointer, code: Cow::Owned(text("code")), detail: text("detail") });
        }
        return;
    }
    let (code, detail) = match (&*error.code, &error.message) {
        ("required", None) => {
            let Fault { code, detail } = Fault::required();
            (Cow::Borrowed(code), detail)
        }
        ("length" | "range", None) => bound(error),
        (_, message) => (error.code.clone(), message.as_deref().unwrap_or("This value is not valid.").to_owned()),
    };
    let pointer = pointer.chars().take(POINTER_MAX).collect();
    found.push(ValueError { pointer, code, detail });
}

/// The code and detail for a value outside the bounds of a `length` or `range`.
fn bound(error: &ValidationError) -> (Cow<'static, str>, String) {
    let limit = |name: &str| error.params.get(name).map(ToString::to_string);
    let (code, unit) = if error.code == "length" { ("too_long", " characters or items") } else { ("out_of_range", "") };
    let detail = match (limit("min"), limit("max")) {
        (Some(min), Some(max)) => format!("Give {min} to {max}{unit}."),
        (Some(min), None) => format!("Give at least {min}{unit}."),
        (None, Some(max)) => format!("Give at most {max}{unit}."),
        (None, None) => "This value is not valid.".to_owned(),
    };
    (Cow::Borrowed(code), detail)
}

/// The error of a rule about one field. Faults of list items have the item's index.
#[must_use]
pub fn items_wrong(faults: ItemFaults) -> ValidationError {
    let pointer = |index: Option<usize>| index.map(|index| format!("/{index}")).unwrap_or_default();
    many(faults.into_iter().map(|(index, fault)| (pointer(index), fault)))
}

/// The error of a rule about several fields, reported at the pointer of one of them.
#[must_use]
pub fn member_wrong(pointer: &str, fault: Fault) -> ValidationError {
    many([(pointer.to_owned(), fault)].into_iter())
}

fn many(faults: impl Iterator<Item = (String, Fault)>) -> ValidationError {
    let fault = |(pointer, Fault { code, detail })| json!({"pointer": pointer, "code": code, "detail": detail});
    let mut error = ValidationError::new("faults");
    error.params.insert(Cow::Borrowed("faults"), faults.map(fault).collect());
    error
}
