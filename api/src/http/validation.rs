//! Converts the errors of `validator` to the `errors` of a problem: RFC 6901 pointers, all faults at once, in the order
//! of the schema.

use std::borrow::Cow;

use domain::fault::{Fault, ItemFaults};
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::{ValidateArgs, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::error::{Error, Result, ValueError, value_error};
use crate::http::field::ITEMS_TOLD;

/// Maximum number of reported unknown fields.
const UNKNOWN_TOLD: usize = 50;
/// The key under which `validator` reports faults of the whole request.
const WHOLE: &str = "__all__";
/// Maximum length of a reported pointer, in characters. The names of unknown fields come from the caller.
const POINTER_MAX: usize = 100;

/// A request as it was read, before it is validated.
#[derive(Debug, Clone, Default)]
pub struct Received<R> {
    request: R,
    /// The pointers of the fields that the request does not have.
    unknown: Vec<String>,
}

impl<R: DeserializeOwned> Received<R> {
    /// Reads a request. Unknown fields are faults, which [`validate`] reports with all others (W1).
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut unknown = Vec::new();
        let request = serde_ignored::deserialize(deserializer, |path| unknown.push(pointer_of(&path)))?;
        unknown.sort();
        unknown.dedup();
        Ok(Self { request, unknown })
    }
}

/// The pointer of a field.
fn pointer_of(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => below(&pointer_of(parent), &index.to_string()),
        Path::Map { parent, key } => below(&pointer_of(parent), key),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => pointer_of(parent),
    }
}

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
pub fn validate<'a, R: ValidateArgs<'a> + PartialSchema>(received: Received<R>, context: R::Args) -> Result<Valid<R>> {
    let Received { request, unknown } = received;
    let detail = "This operation has no such field. Remove it.";
    let unknown = unknown.into_iter().take(UNKNOWN_TOLD);
    let mut found: Vec<_> = unknown.map(|pointer| value_error(pointer, Fault::new("unknown_member", detail))).collect();
    if let Err(errors) = request.validate_with_args(context) {
        walk(&errors, "", &field_names::<R>(), &mut found);
    }
    if found.is_empty() { Ok(Valid(request)) } else { Err(Error::validation(found)) }
}

/// The fields of a request in the order of the document.
fn field_names<R: PartialSchema>() -> Vec<String> {
    match R::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn walk(errors: &ValidationErrors, pointer: &str, order: &[String], found: &mut Vec<ValueError>) {
    let mut fields: Vec<_> = errors.errors().iter().map(|(name, kind)| (field_name(name), kind)).collect();
    // The whole request last, list items by index.
    fields.sort_by_key(|(name, _)| {
        let place = match *name {
            WHOLE => usize::MAX,
            name => order.iter().position(|known| known == name).unwrap_or(usize::MAX - 1),
        };
        (place, name.parse::<usize>().ok(), *name)
    });
    for (name, kind) in fields {
        let place = if matches!(name, "" | WHOLE) { pointer.to_owned() } else { below(pointer, name) };
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

/// The name of a field whose Rust name may be a raw identifier.
fn field_name(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The pointer of a field of the value at this pointer, shortened if the name is long.
fn below(pointer: &str, name: &str) -> String {
    let pointer: String =
        format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")).chars().take(POINTER_MAX).collect();
    // A tilde at the end is the first half of an escape.
    pointer.strip_suffix('~').map(str::to_owned).unwrap_or(pointer)
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
    found.push(ValueError { pointer: pointer.to_owned(), code, detail });
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
    many(faults.into_iter().take(ITEMS_TOLD).map(|(index, fault)| (pointer(index), fault)))
}

/// The error of a rule about several fields, reported at the pointer of one of them.
#[must_use]
pub fn field_wrong(pointer: &str, fault: Fault) -> ValidationError {
    many([(pointer.to_owned(), fault)].into_iter())
}

fn many(faults: impl Iterator<Item = (String, Fault)>) -> ValidationError {
    let fault = |(pointer, Fault { code, detail })| json!({"pointer": pointer, "code": code, "detail": detail});
    let mut error = ValidationError::new("faults");
    error.params.insert(Cow::Borrowed("faults"), faults.map(fault).collect());
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pointers of unknown fields with these names.
    fn pointers(names: &[&str]) -> Vec<String> {
        #[derive(serde::Deserialize)]
        struct Empty {}
        let body: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        Received::<Empty>::read(Value::Object(body)).unwrap().unknown
    }

    #[test]
    fn w2_a_pointer_names_an_unknown_field_whatever_it_is_called() {
        for (name, pointer) in [
            ("colour", "/colour"),
            ("", "/"),
            ("__all__", "/__all__"),
            ("unknown", "/unknown"),
            ("r#type", "/r#type"),
            ("a/b~c", "/a~1b~0c"),
        ] {
            assert_eq!(pointers(&[name]), [pointer], "{name}");
        }
        assert_eq!(pointers(&["b", "10", "a"]), ["/10", "/a", "/b"]);
    }

    #[test]
    fn w2_the_pointer_of_a_long_name_is_cut_between_escapes() {
        let long = pointers(&[&format!("{}~~", "x".repeat(98))]);
        assert_eq!(long, [format!("/{}", "x".repeat(98))]);
        assert_eq!(pointers(&[&"é".repeat(500)])[0].chars().count(), POINTER_MAX);
    }
}
