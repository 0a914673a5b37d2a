"""What Schemathesis is told beyond the OpenAPI document: NDJSON, and for which reasons a request that its schema allows may be refused."""

import json
import re

import schemathesis

# A request that the schema allows is answered 400 or 422 only for what no schema can say. Each code has its reason; any other one is a
# gap in the document, and a failure.
BEYOND_SCHEMAS = {
    # Whether it is there, and may be named here, stands in the database.
    **dict.fromkeys(
        [
            "unknown_master_reseller", "unknown_reseller", "unknown_enterprise", "unknown_sbc_region", "unknown_pbx", "unknown_trunk",
            "unknown_line", "same_parent", "other_parent", "invalid_token", "wrong_password", "wrong_code", "email_taken",
        ],
        "the database decides",
    ),
    # Operators name the account above, others must not: one schema serves both.
    "not_allowed": "it depends on who asks, or on another value",
    "required": "it depends on who asks, or on another value",
    "nothing_to_change": "it depends on other values",
    "idempotency_key_reused": "it depends on an earlier request",
    "invalid_cursor": "a cursor is good only for the list that gave it",
    "in_the_past": "it depends on the time",
    "duplicate": "two spellings are one value",
    # Forms that a regular expression of a readable length does not say.
    **dict.fromkeys(
        [
            "blank", "control_character", "common_password", "unknown_country", "unknown_event_type", "invalid_email", "invalid_url",
            "private_address", "invalid_host_name", "invalid_host", "invalid_network", "invalid_sip_uri", "invalid_sip_user",
            "invalid_number", "invalid_user_principal_name", "invalid_feature_code", "invalid_label", "invalid_tenant",
            "invalid_verification_txt", "invalid_redirect_uri", "invalid_line", "invalid_instant", "invalid_parameter",
        ],
        "its form is more than a pattern",
    ),
    # What is in a file is no schema's business.
    **dict.fromkeys(
        [
            "import_refused", "unsupported_encoding", "malformed_csv", "malformed_json", "no_rows", "too_many_rows", "unknown_column",
            "duplicate_column", "wrong_number_of_cells",
        ],
        "it is in the file",
    ),
}

# Bounds that a schema can't say, each of one member.
BEYOND_BOUNDS = {
    ("/url", "too_long"): "as it is sent, with what is not ASCII written out, it is longer",
    ("/label", "too_long"): "the base domain of the region is behind it",
    ("/since", "out_of_range"): "it depends on the time",
    ("/expires_at", "out_of_range"): "a format has no last year",
    ("/outbound_proxy", "out_of_range"): "a port in a text",
}


ENTITY_TAGS = re.compile(r'^(\*|(W/)?"[\x21\x23-\x7e]*"( *, *(W/)?"[\x21\x23-\x7e]*")*)$')


@schemathesis.check
def only_what_no_schema_says_refuses_a_valid_request(ctx, response, case):
    """400 and 422 in answer to a request that the schema allows."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    conditions = [value for name, value in case.headers.items() if name.lower() in ("if-match", "if-none-match")]
    if problem["code"] == "invalid_header" and not all(ENTITY_TAGS.match(value) for value in conditions):
        return  # The generator's mistake: it does not always keep to this pattern.
    # A reseller needs a billing reference and an enterprise does not, and a move is of either.
    faults = [error for error in problem.get("errors", []) if (error["pointer"], error["code"]) != ("/billing_reference", "null")]
    faults = [error for error in faults if (error["pointer"], error["code"]) not in BEYOND_BOUNDS]
    codes = {error["code"] for error in faults} if problem.get("errors") else {problem["code"]}
    if "errors" in problem and problem["errors"] and problem["code"] in BEYOND_SCHEMAS:
        return
    unknown = codes - BEYOND_SCHEMAS.keys()
    assert not unknown, f"the schema allows what is refused as {sorted(unknown)}: {problem}"


@schemathesis.hook
def filter_case(ctx, case):
    """A file is a text, whatever is in it: there is none that is wrong by its type. White space around a header's value is taken away on
    the way, so that it makes none wrong."""
    if any(isinstance(value, str) and value != value.strip(" \t") for value in (case.headers or {}).values()):
        return False
    return case.media_type not in ("application/x-ndjson", "text/csv") or isinstance(case.body, (str, bytes))


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """A file of an import is sent as the text that it is."""
    text = value if isinstance(value, (str, bytes)) else json.dumps(value)
    return text.encode() if isinstance(text, str) else text


@schemathesis.deserializer("application/x-ndjson")
def first_line(ctx, response):
    """The schema of a report in lines is that of each line."""
    found = response.content.decode().splitlines()
    return json.loads(found[0]) if found else None
