//! What differs from run to run, and stands in no snapshot.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::{Value, json};

/// Members whose values differ from run to run, wherever they stand.
const MASKED: &[&str] = &[
    "access_token",
    "client_secret",
    "date",
    "etag",
    "hint",
    "milliseconds",
    "next_cursor",
    "refresh_token",
    "request_id",
    "resume_cursor",
    "secret",
    "sha256",
    "signing_secret",
    "token",
    "webhook-signature",
    "webhook-timestamp",
];

/// Masks a story's values. An id gets the same number wherever it stands in the story.
#[derive(Default)]
pub(super) struct Mask {
    hidden: Vec<(String, &'static str)>,
    seen: BTreeMap<String, Vec<String>>,
}

impl Mask {
    /// From now on shows a label in place of a text.
    pub(super) fn hide(&mut self, text: &str, label: &'static str) {
        self.hidden.push((text.to_owned(), label));
    }

    /// Masks a value and all that is in it.
    pub(super) fn apply(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => {
                for item in items {
                    self.apply(item);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    if MASKED.contains(&name.as_str()) && !member.is_null() {
                        *member = json!("[…]");
                    } else {
                        self.apply(member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (hidden, label) in &self.hidden {
            text = text.replace(hidden.as_str(), label);
        }
        let text = replace_words(&text, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+'), time);
        replace_words(&text, |c| c.is_ascii_alphanumeric() || c == '_', |word| self.id(word))
    }

    /// `[reseller 2]` for the second id of a reseller that the story has.
    fn id(&mut self, word: &str) -> Option<String> {
        let (prefix, suffix) = word.rsplit_once('_')?;
        let is_prefix = !prefix.is_empty() && prefix.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
        let is_suffix = suffix.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit());
        if !is_prefix || !is_suffix || suffix.len() != 26 {
            return None;
        }
        let seen = self.seen.entry(prefix.to_owned()).or_default();
        let known = seen.iter().position(|known| known == suffix);
        let place = known.unwrap_or_else(|| {
            seen.push(suffix.to_owned());
            seen.len() - 1
        });
        Some(format!("[{prefix} {}]", place + 1))
    }
}

/// `[time]` for an instant, which may end a sentence.
fn time(word: &str) -> Option<String> {
    let (bare, rest) = word.split_at(word.trim_end_matches('.').len());
    DateTime::parse_from_rfc3339(bare).is_ok().then(|| format!("[time]{rest}"))
}

/// Replaces those words of a text for which there is something else.
fn replace_words(text: &str, belongs: fn(char) -> bool, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let (word, behind) = rest.split_at(rest.find(|c: char| !belongs(c)).unwrap_or(rest.len()));
        written.push_str(&replace(word).unwrap_or_else(|| word.to_owned()));
        let (gap, next) = behind.split_at(behind.find(belongs).unwrap_or(behind.len()));
        written.push_str(gap);
        rest = next;
    }
    written
}

#[test]
fn ids_are_numbered_and_what_changes_with_every_run_is_masked() {
    let mut mask = Mask::default();
    mask.hide("127.0.0.1:4711", "[service]");
    let mut value = json!({
        "id": "pbx_01h455vb4pex5vsknk084sn02q",
        "detail": "See /pbxes/pbx_01h455vb4pex5vsknk084sn02r, until 2026-11-29T02:31:51.123Z.",
        "ids": ["pbx_01h455vb4pex5vsknk084sn02q", "sip_user", "master_reseller_01h455vb4pex5vsknk084sn02q@x.example"],
        "url": "http://127.0.0.1:4711/é", "secret": "s3cret", "sha256": null, "period": "2026-11", "port": 5060,
    });
    mask.apply(&mut value);
    let expected = json!({
        "id": "[pbx 1]", "detail": "See /pbxes/[pbx 2], until [time].",
        "ids": ["[pbx 1]", "sip_user", "[master_reseller 1]@x.example"],
        "url": "http://[service]/é", "secret": "[…]", "sha256": null, "period": "2026-11", "port": 5060,
    });
    assert_eq!(value, expected);
}
