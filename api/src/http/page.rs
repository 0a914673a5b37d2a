//! Paging of lists with opaque cursors (W3).

use std::borrow::Cow;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::limits::{CURSOR_MAX, PAGE_DEFAULT, PAGE_MAX};
use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::answer::Answer;
use super::query::Query;
use crate::error::{Error, ErrorCode, Result};

/// Length of the checksum at the end of a cursor, in octets. It binds the cursor to its list.
const CHECK: usize = 8;

/// An item of a list.
pub trait Listed: ToSchema {
    /// The plural for descriptions.
    const PLURAL: &str;
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The items of this page, in the list's order.
    pub items: Vec<T>,
    /// Pass it as `cursor` to get the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl<T: Listed> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some(format!("The {} of this page, in the list's order.", T::PLURAL)))
            .max_items(usize::try_from(PAGE_MAX).ok());
        let next_cursor = ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
            .description(Some("Pass it as `cursor` to get the next page; `null` on the last page."))
            .max_length(Some(CURSOR_MAX));
        ObjectBuilder::new()
            .description(Some(format!("A page of {}.", T::PLURAL)))
            .property("items", items)
            .required("items")
            .property("next_cursor", next_cursor)
            .into()
    }
}

impl<T: Listed> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Page", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// The requested page of a list. A cursor works only for the list, filters and caller that it was issued for.
#[derive(Debug)]
pub struct Paging {
    /// Maximum number of items on the page.
    pub limit: i64,
    /// Whether the list is sorted newest first instead of oldest first.
    pub newest_first: bool,
    asked_for: bool,
    cursor: Option<String>,
    path: Cow<'static, str>,
    filters: String,
}

impl Paging {
    /// Takes `limit`, `sort` and `cursor` from a query. `text` is the query string, to which cursors are
    /// bound, without `cursor` and `limit`.
    pub fn from_query(path: impl Into<Cow<'static, str>>, text: &str, query: &mut Query) -> Result<Self> {
        let newest_first = query.parameter("sort", "`created_at` or `-created_at`", |text| match text {
            "created_at" => Some(false),
            "-created_at" => Some(true),
            _ => None,
        })?;
        let paging = Self::from_query_in_order(path, text, query, (PAGE_DEFAULT, PAGE_MAX))?;
        Ok(Self { newest_first: newest_first.unwrap_or(false), ..paging })
    }

    /// Takes `limit` and `cursor` from the query of a list with a fixed order, with its default and maximum page size.
    pub fn from_query_in_order(
        path: impl Into<Cow<'static, str>>,
        text: &str,
        query: &mut Query,
        (default, most): (i64, i64),
    ) -> Result<Self> {
        let in_range = |limit: &i64| (1..=most).contains(limit);
        let expected = format!("a number from 1 to {most}");
        let limit = query.parameter("limit", &expected, |text| text.parse().ok().filter(in_range))?;
        let cursor = query.parameter("cursor", "a cursor", |text| Some(text.to_owned()))?;
        let mut filters: Vec<&str> =
            text.split('&').filter(|pair| !pair.starts_with("cursor=") && !pair.starts_with("limit=")).collect();
        filters.sort_unstable();
        Ok(Self {
            limit: limit.unwrap_or(default),
            newest_first: false,
            asked_for: limit.is_some() || cursor.is_some(),
            cursor,
            path: path.into(),
            filters: filters.join("&"),
        })
    }

    /// The id after which the page starts; `None` for the first page.
    pub fn after(&self, caller: &str) -> Result<Option<Uuid>> {
        self.after_key(caller, |place| Uuid::from_slice(place).ok())
    }

    /// The key after which the page starts, for lists whose items have no id; `None` for the first page.
    pub fn after_key<T>(&self, caller: &str, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let invalid = || {
            Error::new(
                ErrorCode::InvalidCursor,
                "Start again without `cursor`, or use it with the same path and filters as the request that returned \
                 it.",
            )
        };
        let octets = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let place = octets.len().checked_sub(CHECK).and_then(|end| octets.get(..end)).ok_or_else(invalid)?;
        if self.cursor(place, caller) != *cursor {
            return Err(invalid());
        }
        read(place).map(Some).ok_or_else(invalid)
    }

    /// Whether the request has `cursor` or `limit`.
    #[must_use]
    pub const fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// Creates the page from at most `limit + 1` rows. The extra row only shows that there is a next page.
    pub fn answer<R, T: Serialize>(
        &self,
        caller: &str,
        mut rows: Vec<R>,
        id: impl Fn(&R) -> Uuid,
        view: impl Fn(R) -> T,
    ) -> Result<Answer> {
        let (next_cursor, link) = self.split_page(caller, &mut rows, |row| id(row).into_bytes());
        let page = Page { items: rows.into_iter().map(view).collect(), next_cursor };
        Ok(Answer { link, ..Answer::ok(&page)? })
    }

    /// Creates a page that is not the last one: the next one continues after a key.
    pub fn answer_before<R, T: Serialize>(
        &self,
        caller: &str,
        rows: Vec<R>,
        key: &[u8],
        view: impl Fn(R) -> T,
    ) -> Result<Answer> {
        let cursor = self.cursor(key, caller);
        let link = Some(self.link(&cursor));
        let page = Page { items: rows.into_iter().map(view).collect(), next_cursor: Some(cursor) };
        Ok(Answer { link, ..Answer::ok(&page)? })
    }

    /// Removes the extra row. Returns the cursor of the next page, if there is one, and its `Link` header.
    pub fn split_page<R, P: AsRef<[u8]>>(
        &self,
        caller: &str,
        rows: &mut Vec<R>,
        place: impl Fn(&R) -> P,
    ) -> (Option<String>, Option<String>) {
        let room = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > room;
        rows.truncate(room);
        let next_cursor = rows.last().filter(|_| more).map(|last| self.cursor(place(last).as_ref(), caller));
        let link = next_cursor.as_ref().map(|cursor| self.link(cursor));
        (next_cursor, link)
    }

    /// The cursor that continues after a key, whether or not there are items after it yet.
    #[must_use]
    pub fn cursor_after(&self, caller: &str, place: &[u8]) -> String {
        self.cursor(place, caller)
    }

    fn link(&self, cursor: &str) -> String {
        let filters = if self.filters.is_empty() { String::new() } else { format!("{}&", self.filters) };
        format!("<{}?{filters}limit={}&cursor={cursor}>; rel=\"next\"", self.path, self.limit)
    }

    fn cursor(&self, after: &[u8], caller: &str) -> String {
        let mut bound = digest::Context::new(&digest::SHA256);
        for part in [&self.path, self.filters.as_str(), caller] {
            bound.update(part.as_bytes());
            bound.update(&[0]);
        }
        bound.update(after);
        let mut octets = after.to_vec();
        octets.extend(bound.finish().as_ref().iter().take(CHECK));
        URL_SAFE_NO_PAD.encode(octets)
    }
}
