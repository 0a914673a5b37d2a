//! From what `validator` found to the `errors` of a problem: RFC 6901 pointers, every fault at once, in the order of the schema.

use std::borrow::Cow;

use domain::fault::{Fault, ItemFaults};
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::{ValidateArgs, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::error::{Error, ValueError};

/// The member of a request into which serde puts the members that the request does not have.
const UNKNOWN: &str = "unknown";
/// Where `validator` puts what is wrong with the whole.
const WHOLE: &str = "__all__";
/// Longest pointer that is told, in characters: callers make up the names of unknown members.
const POINTER_MAX: usize = 100;

/// A request that was found valid.
#[derive(Debug)]
pub struct Valid<R>(R);

impl<R> Valid<R> {
    /// The request.
    pub fn into_inner(self) -> R {
        self.0
    }
}

/// Looks at a request, with what is configured if its rules ask for that.
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

/// The members of a request in the order in which the document shows them.
fn member_names<R: PartialSchema>() -> Vec<String> {
    match R::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn walk(errors: &ValidationErrors, pointer: &str, order: &[String], found: &mut Vec<ValueError>) {
    let mut members: Vec<_> =
        errors.errors().iter().map(|(name, kind)| (name.trim_start_matches("r#"), kind)).collect();
    // Unknown members first, the whole last, items of lists by their index.
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

/// What is said of a value beyond the bounds that a `length` or a `range` names.
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

/// What a rule found wrong with one member: each fault by the index of its item, if it is about one.
#[must_use]
pub fn items_wrong(faults: ItemFaults) -> ValidationError {
    let pointer = |index: Option<usize>| index.map(|index| format!("/{index}")).unwrap_or_default();
    many(faults.into_iter().map(|(index, fault)| (pointer(index), fault)))
}

/// What a rule over several members found wrong with one of them.
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
