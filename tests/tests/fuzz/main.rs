//! Fuzzing of every parser that takes what strangers send: values in texts, ids and tokens, query strings, files of
//! imports, and whole requests with their heads, bodies, cursors, JWTs and PKCE.
//!
//! Sign-ins in the corpus have no password, because attempts wait for each other.
//!
//! Inputs are the files of `corpus/`, all of them as they are and then changed at random. `make test` tries some
//! thousands, `make fuzz` as many as `TEAMMATE_FUZZ_CASES` says. An input that fails is shrunk, and proptest keeps it in a
//! folder `proptest-regressions`, from where every later run tries it first. Commit that file, or add its text to the corpus.

mod http;
mod mutate;
mod parsers;

/// How many changed inputs each parser gets.
fn cases(bounded: u32) -> u32 {
    std::env::var("TEAMMATE_FUZZ_CASES").map_or(bounded, |text| text.parse().expect("TEAMMATE_FUZZ_CASES is a number"))
}
