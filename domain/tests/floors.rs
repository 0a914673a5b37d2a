//! Every module of this crate uses only modules that stand above it in its list.

#[path = "../../tests/floors.rs"]
mod floors;

#[test]
fn modules_use_only_what_stands_above_them() {
    floors::check(env!("CARGO_MANIFEST_DIR"), "lib.rs");
}
