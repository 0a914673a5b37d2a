//! Letters in the outbox outlive an upgrade of the service.

use api::mail::{Letter, News, SecretLink};
use chrono::DateTime;
use serde_json::json;

#[test]
fn s5_a_letter_is_read_as_earlier_versions_stored_it() {
    let stored = json!({
        "kind": "activation", "to": "ann@example.com", "account_kind": "reseller", "account_name": "Kiosk",
        "token": "abc", "expires_at": "2026-11-23T20:59:08.939Z",
    });
    let expires_at = DateTime::from_timestamp_millis(1_795_467_548_939).unwrap();
    let link = SecretLink { token: "abc".to_owned(), expires_at };
    let news = News::Activation { account_kind: "reseller".to_owned(), link };
    let letter = Letter { to: "ann@example.com".to_owned(), account_name: "Kiosk".to_owned(), news };
    assert_eq!(serde_json::from_value::<Letter>(stored.clone()).unwrap(), letter);
    assert_eq!(serde_json::to_value(&letter).unwrap(), stored);
    for other in [
        json!({"kind": "email_change", "to": "a@b.c", "account_name": "K", "token": "t", "expires_at": "2026-11-23T20:59:08.939Z"}),
        json!({"kind": "password_reset", "to": "a@b.c", "account_name": "K", "token": "t", "expires_at": "2026-11-23T20:59:08.939Z"}),
        json!({"kind": "invitation", "to": "a@b.c", "account_kind": "k", "account_name": "K", "role": "owner", "token": "t", "expires_at": "2026-11-23T20:59:08.939Z"}),
        json!({"kind": "email_change_notice", "to": "a@b.c", "account_name": "K", "link": {"token": "t", "expires_at": "2026-11-23T20:59:08.939Z"}}),
        json!({"kind": "email_change_consent", "to": "a@b.c", "account_name": "K", "token": "t", "expires_at": "2026-11-23T20:59:08.939Z"}),
        json!({"kind": "second_factor", "to": "a@b.c", "account_name": "K", "notice": "enabled"}),
        json!({"kind": "webhook_disabled", "to": "a@b.c", "account_name": "K", "url": "https://a.example", "gone": true}),
    ] {
        let letter: Letter = serde_json::from_value(other.clone()).unwrap();
        assert_eq!(serde_json::to_value(&letter).unwrap(), other);
    }
    // It had the new address, which the old mailbox is no longer told, and no link.
    let earlier = json!({"kind": "email_change_notice", "to": "a@b.c", "account_name": "K", "new": "n@b.c"});
    let earlier: Letter = serde_json::from_value(earlier).unwrap();
    assert_eq!(earlier.news, News::EmailChangeNotice { link: None });
}
