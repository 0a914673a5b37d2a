//! Inputs: those of the corpus, and what random changes make of them.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Octets and texts that parsers trip over.
const TROUBLE: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b"\"",
    b"'",
    b"\\",
    b"%",
    b"%00",
    b"%e2%82",
    b"%ff",
    b"+",
    b"&",
    b"=",
    b";",
    b",",
    b"#",
    b"?",
    b"/",
    b"..",
    b"@",
    b":",
    b"[",
    b"]",
    b"{",
    b"}",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"0x",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xf3\xa0\x80\x81",
    b"\xcc\x81",
    b"\xc2\xad",
    b"\xe3\x85\xa4",
    b"=cmd()",
    b"<script>",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
];

/// One change of an input. Positions are parts of its length.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Puts something in.
    Insert(u16, Vec<u8>),
    /// Takes octets out.
    Remove(u16, u8),
    /// Replaces an octet.
    Replace(u16, u8),
    /// Repeats a part many times.
    Repeat(u16, u8, u8),
    /// Cuts the rest off.
    Cut(u16),
}

/// All inputs of a folder of the corpus.
pub(crate) fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).expect("a corpus").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let inputs: Vec<Vec<u8>> = files.into_iter().flat_map(|file| inputs(&file)).collect();
    assert!(!inputs.is_empty(), "the corpus {name} is empty");
    inputs
}

/// The inputs of a file: its lines if it is a list, otherwise the whole.
fn inputs(file: &Path) -> Vec<Vec<u8>> {
    let octets = fs::read(file).expect("an input");
    if file.extension().is_some_and(|extension| extension == "list") {
        return octets.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
    }
    vec![octets]
}

/// Inputs of the corpus after some changes.
pub(crate) fn changed(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let inserted = prop_oneof![select(TROUBLE).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 1..6)];
    let change = prop_oneof![
        (any::<u16>(), inserted).prop_map(|(at, octets)| Change::Insert(at, octets)),
        (any::<u16>(), 1..20_u8).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<u16>(), any::<u8>()).prop_map(|(at, octet)| Change::Replace(at, octet)),
        (any::<u16>(), 1..40_u8, any::<u8>()).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        any::<u16>().prop_map(Change::Cut),
    ];
    (select(corpus), vec(change, 1..6)).prop_map(|(input, changes)| changes.into_iter().fold(input, apply))
}

fn apply(mut input: Vec<u8>, change: Change) -> Vec<u8> {
    let place = |at: u16, length: usize| usize::from(at) * length / (usize::from(u16::MAX) + 1);
    match change {
        Change::Insert(at, octets) => {
            let at = place(at, input.len() + 1);
            input.splice(at..at, octets);
        }
        Change::Remove(at, count) => {
            let at = place(at, input.len() + 1);
            let end = (at + usize::from(count)).min(input.len());
            input.drain(at..end);
        }
        Change::Replace(at, octet) if !input.is_empty() => {
            let at = place(at, input.len());
            input[at] = octet;
        }
        Change::Replace(..) => {}
        Change::Repeat(at, length, times) => {
            let at = place(at, input.len() + 1);
            let end = (at + usize::from(length)).min(input.len());
            let part = input[at..end].repeat(usize::from(times));
            input.splice(at..at, part);
        }
        Change::Cut(at) => input.truncate(place(at, input.len() + 1)),
    }
    input
}
