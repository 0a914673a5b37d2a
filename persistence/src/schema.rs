//! The tables for diesel, in types that both databases share. Columns are in the order in which the migrations create
//! them. The test `schema_and_migrations_agree` checks this file against the migrations of both databases.
#![expect(missing_docs, reason = "the migrations say what each table is for; `table!` takes no words of ours")]

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    accounts (id) {
        id -> Key,
        tier -> Text,
        master_reseller_id -> Nullable<Key>,
        reseller_id -> Nullable<Key>,
        name -> Text,
        email -> Text,
        billing_reference -> Nullable<Text>,
        service_pbx -> Bool,
        service_trunk -> Bool,
        status -> Text,
        search_text -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        activated_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        second_factor_required -> Bool,
        second_factor_decided -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::key::sql::Key;

    email_addresses (canonical) {
        canonical -> Text,
        account_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    members (id) {
        id -> Key,
        account_id -> Key,
        email -> Text,
        email_canonical -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
        joined_at -> Nullable<Timestamp>,
        version -> BigInt,
        second_factor_since -> Nullable<Timestamp>,
        name -> Nullable<Text>,
        language -> Nullable<Text>,
        password_is_temporary -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Timestamp};
    use crate::store::key::sql::Key;

    second_factors (member_id) {
        member_id -> Key,
        secret -> Binary,
        created_at -> Timestamp,
        last_step -> Nullable<BigInt>,
        wrong_codes -> Integer,
        last_wrong_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use crate::store::key::sql::Key;

    recovery_codes (member_id, hash) {
        member_id -> Key,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Timestamp};
    use crate::store::key::sql::Key;

    invitations (member_id) {
        member_id -> Key,
        token_hash -> Binary,
        message_id -> Key,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Timestamp};
    use crate::store::key::sql::Key;

    sessions (id) {
        id -> Key,
        member_id -> Key,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Timestamp};
    use crate::store::key::sql::Key;

    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Key,
        created_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        successor_salt -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    outbox (id) {
        id -> Key,
        account_id -> Key,
        state -> Text,
        payload -> Nullable<Binary>,
        attempts -> Integer,
        due_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        recipient_hash -> Nullable<Binary>,
        sender_id -> Nullable<Key>,
        next_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    activations (account_id) {
        account_id -> Key,
        token_hash -> Binary,
        message_id -> Key,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        delivery -> Text,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Timestamp};
    use crate::store::key::sql::Key;

    password_resets (member_id) {
        member_id -> Key,
        token_hash -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    support_tickets (id) {
        id -> Key,
        subject -> Text,
        partner_company_name -> Text,
        first_name -> Text,
        last_name -> Text,
        email -> Text,
        email_canonical -> Text,
        status -> Text,
        rejection_reason -> Nullable<Text>,
        master_reseller_id -> Nullable<Key>,
        decided_by -> Nullable<Key>,
        decided_at -> Nullable<Timestamp>,
        search_text -> Text,
        created_at -> Timestamp,
        decided_by_client -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    events (id) {
        id -> Key,
        occurred_at -> Timestamp,
        actor_kind -> Text,
        actor_id -> Nullable<Key>,
        action -> Text,
        subject -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        request_id -> Text,
        source_address -> Nullable<Text>,
        actor_tier -> Nullable<Text>,
        master_reseller_id -> Nullable<Key>,
        reseller_id -> Nullable<Key>,
        enterprise_id -> Nullable<Key>,
        position -> Nullable<BigInt>,
        client_request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, SmallInt};

    event_publication (id) {
        id -> SmallInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    api_clients (id) {
        id -> Key,
        account_id -> Key,
        name -> Text,
        role -> Text,
        allowed_networks -> Text,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    api_client_secrets (id) {
        id -> Key,
        client_id -> Key,
        hash -> Binary,
        hint -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    webhooks (id) {
        id -> Key,
        account_id -> Key,
        url -> Text,
        event_types -> Text,
        description -> Nullable<Text>,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        failing_since -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Timestamp};
    use crate::store::key::sql::Key;

    webhook_secrets (id) {
        id -> Key,
        webhook_id -> Key,
        secret -> Binary,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    webhook_deliveries (id) {
        id -> Key,
        webhook_id -> Key,
        event_id -> Key,
        event_type -> Text,
        payload -> Text,
        state -> Text,
        attempts -> Integer,
        due_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    webhook_attempts (delivery_id, started_at) {
        delivery_id -> Key,
        started_at -> Timestamp,
        milliseconds -> Integer,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        request_headers -> Text,
        answer_headers -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    moves (id) {
        id -> Key,
        account_id -> Key,
        from_id -> Key,
        to_id -> Key,
        status -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    email_changes (account_id, old_canonical) {
        account_id -> Key,
        old_canonical -> Text,
        email -> Text,
        token_hash -> Binary,
        message_id -> Key,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        consent_hash -> Nullable<Binary>,
        consented_at -> Nullable<Timestamp>,
        confirmed_at -> Nullable<Timestamp>,
        not_before -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    import_reports (id) {
        id -> Key,
        caller -> Text,
        enterprise_id -> Nullable<Key>,
        created_at -> Timestamp,
        content -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, SmallInt, Text, Timestamp};
    use crate::store::key::sql::Key;

    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Binary,
        created_at -> Timestamp,
        account_id -> Nullable<Key>,
        role -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::store::key::sql::Key;

    enterprises (account_id) {
        account_id -> Key,
        country -> Text,
        user_limit -> Nullable<Integer>,
        pbx_music_on_hold -> Bool,
        access_sip_data -> Bool,
        request_management_consent -> Bool,
        can_add_extensions -> Bool,
        allow_external_numbers -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::key::sql::Key;

    enterprise_sbc_regions (account_id, region) {
        account_id -> Key,
        region -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    direct_routings (account_id) {
        account_id -> Key,
        version -> BigInt,
        consent_given_at -> Nullable<Timestamp>,
        permissions -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    lent_licences (id) {
        id -> Key,
        tenant -> Text,
        user_id -> Key,
        licence -> Key,
        created_at -> Timestamp,
        attempts -> Integer,
        due_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    direct_routing_routes (account_id, region) {
        account_id -> Key,
        region -> Text,
        domain -> Text,
        tenant -> Text,
        state -> Text,
        stage -> Nullable<Text>,
        failure -> Nullable<Text>,
        verification_txt -> Nullable<Text>,
        since -> Timestamp,
        attempts -> Integer,
        due_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
        error -> Nullable<Text>,
        error_at -> Nullable<Timestamp>,
        anchor_id -> Nullable<Key>,
        anchor_state -> Nullable<Text>,
        anchor_licence -> Nullable<Key>,
        voice_policy_id -> Nullable<Text>,
        voice_policy_found_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    pbxes (id) {
        id -> Key,
        account_id -> Key,
        kind -> Text,
        location -> Text,
        sip_domain -> Text,
        outbound_proxy -> Nullable<Text>,
        transport -> Text,
        port -> Integer,
        dns_lookup -> Text,
        registration_expiry_seconds -> Integer,
        voicemail_feature_code -> Nullable<Text>,
        search_text -> Text,
        sip_search_text -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    trunks (id) {
        id -> Key,
        account_id -> Key,
        name -> Text,
        host -> Text,
        port -> Integer,
        transport -> Text,
        networks -> Nullable<Text>,
        user_name -> Nullable<Text>,
        password -> Nullable<Binary>,
        codecs -> Text,
        max_concurrent_calls -> Nullable<Integer>,
        search_text -> Text,
        sip_search_text -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    users (id) {
        id -> Key,
        account_id -> Key,
        teams_user -> Text,
        teams_user_canonical -> Text,
        pbx_id -> Nullable<Key>,
        trunk_id -> Nullable<Key>,
        sip_user -> Nullable<Text>,
        auth_id -> Nullable<Text>,
        password -> Nullable<Binary>,
        voice_route -> Text,
        tag -> Nullable<Text>,
        search_text -> Text,
        sip_search_text -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::key::sql::Key;

    sip_users (sip_domain, sip_user) {
        sip_domain -> Text,
        sip_user -> Text,
        user_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::{SmallInt, Text};
    use crate::store::key::sql::Key;

    phone_numbers (number) {
        number -> Text,
        reversed -> Text,
        user_id -> Key,
        position -> SmallInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    account_history (account_id, since) {
        account_id -> Key,
        since -> Timestamp,
        until -> Nullable<Timestamp>,
        master_reseller_id -> Nullable<Key>,
        reseller_id -> Nullable<Key>,
        name -> Text,
        billing_reference -> Nullable<Text>,
        status -> Text,
        service_pbx -> Bool,
        service_trunk -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    user_history (account_id, service, user_id, since) {
        account_id -> Key,
        service -> Text,
        user_id -> Key,
        since -> Timestamp,
        until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamp};

    billing_periods (period) {
        period -> Text,
        state -> Text,
        leased_until -> Timestamp,
        finalised_at -> Nullable<Timestamp>,
        sha256 -> Nullable<Binary>,
        csv_form -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text, Timestamp};
    use crate::store::key::sql::Key;

    billing_adjustments (id) {
        id -> Key,
        period -> Text,
        amended_period -> Text,
        master_reseller_id -> Key,
        reseller_id -> Key,
        enterprise_id -> Key,
        service -> Text,
        users_at_end -> BigInt,
        users_peak -> BigInt,
        user_days -> BigInt,
        active_days -> BigInt,
        suspended_days -> BigInt,
        reason -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::store::key::sql::Key;

    billing_lines (period, enterprise_id, service, reseller_id, line) {
        period -> Text,
        enterprise_id -> Key,
        service -> Text,
        reseller_id -> Key,
        line -> Key,
        master_reseller_id -> Key,
        reseller_name -> Text,
        reseller_billing_reference -> Nullable<Text>,
        enterprise_name -> Text,
        enterprise_billing_reference -> Nullable<Text>,
        users_at_end -> BigInt,
        users_peak -> BigInt,
        user_days -> BigInt,
        active_days -> BigInt,
        suspended_days -> BigInt,
        amended_period -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    authorization_codes (hash) {
        hash -> Binary,
        member_id -> Key,
        redirect_uri -> Text,
        challenge -> Text,
        expires_at -> Timestamp,
        session_id -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Timestamp};

    guesses (subject) {
        subject -> Binary,
        attempts -> Integer,
        since -> Timestamp,
        next_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Timestamp};
    use crate::store::key::sql::Key;

    taken_claims (account_id) {
        account_id -> Key,
        refused -> Integer,
        since -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;

    search_folding (id) {
        id -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    teams_users (user_id) {
        user_id -> Key,
        account_id -> Key,
        tenant -> Text,
        teams_user -> Text,
        teams_user_canonical -> Text,
        state -> Text,
        progress -> Text,
        replaces -> Bool,
        person_id -> Nullable<Key>,
        number -> Nullable<Text>,
        policy_id -> Nullable<Text>,
        policy_name -> Nullable<Text>,
        operation -> Nullable<Text>,
        assigning_until -> Nullable<Timestamp>,
        missing -> Nullable<Text>,
        waits_since -> Timestamp,
        found_number -> Nullable<Text>,
        found_policy -> Nullable<Text>,
        failure -> Nullable<Text>,
        failure_detail -> Nullable<Text>,
        failure_request_id -> Nullable<Text>,
        since -> Timestamp,
        attempts -> Integer,
        due_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    teams_queues (account_id) {
        account_id -> Key,
        tenant -> Text,
        due_at -> Timestamp,
        served_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    left_domains (domain, tenant) {
        domain -> Text,
        tenant -> Text,
        account_id -> Key,
        created_at -> Timestamp,
        attempts -> Integer,
        due_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamp};
    use crate::store::key::sql::Key;

    directories (account_id) {
        account_id -> Key,
        tenant -> Text,
        link -> Nullable<Text>,
        is_reading -> Bool,
        generation -> Integer,
        is_full -> Bool,
        users -> BigInt,
        licensed -> BigInt,
        guests -> BigInt,
        disabled -> BigInt,
        unusable_names -> BigInt,
        other_domains -> BigInt,
        asked_at -> Timestamp,
        synced_at -> Nullable<Timestamp>,
        error -> Nullable<Text>,
        attempts -> Integer,
        due_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::store::key::sql::Key;

    directory_users (account_id, person_id) {
        account_id -> Key,
        person_id -> Key,
        name -> Text,
        canonical -> Text,
        display_name -> Nullable<Text>,
        is_licensed -> Bool,
        is_enabled -> Bool,
        is_guest -> Bool,
        left_out -> Nullable<Text>,
        search_text -> Text,
        generation -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    email_addresses,
    members,
    authorization_codes,
    second_factors,
    recovery_codes,
    invitations,
    sessions,
    refresh_tokens,
    outbox,
    activations,
    password_resets,
    support_tickets,
    events,
    api_clients,
    api_client_secrets,
    webhooks,
    webhook_secrets,
    webhook_deliveries,
    webhook_attempts,
    moves,
    email_changes,
    idempotency_keys,
    import_reports,
    enterprises,
    enterprise_sbc_regions,
    direct_routings,
    direct_routing_routes,
    pbxes,
    trunks,
    users,
    teams_users,
    teams_queues,
    left_domains,
    directories,
    directory_users,
    sip_users,
    phone_numbers,
    account_history,
    user_history,
    billing_periods,
    billing_adjustments,
    billing_lines,
);
