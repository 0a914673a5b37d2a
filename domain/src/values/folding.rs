//! The form of texts in which searches compare them.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

/// The version of these rules. Whoever changes them increases it, so that stored texts are folded again.
pub const VERSION: i32 = 1;

/// Folds a text so that spellings that people take for the same become the same: upper and lower case (`STRASSE` and
/// `Straße`), composed and decomposed letters, and compatibility forms such as full-width letters. Folding a folded text
/// changes nothing.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let is_folded = !text.bytes().any(|octet| octet.is_ascii_uppercase());
        return if is_folded { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) };
    }
    let mapper = CaseMapper::new();
    // Canonical caseless matching of compatibility forms (Unicode 3.13, D146). Three rounds reach the end for all texts.
    let mut folded = text.nfd().collect::<String>();
    for _ in 0..3 {
        folded = mapper.fold_string(&folded).nfkd().collect();
    }
    // `İ` is folded to `i` with a dot above, which people write as `i`.
    Cow::Owned(folded.replace("i\u{307}", "i").nfc().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_text_have_one_form() {
        for spellings in [
            ["Straße", "STRASSE", "STRAẞE", "strasse"],
            ["Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ", "Σι\u{301}συφος"],
            ["İstanbul", "istanbul", "ISTANBUL", "I\u{307}stanbul"],
            ["Café", "CAFÉ", "cafe\u{301}", "CAFE\u{301}"],
            ["Ａｃｍｅ", "acme", "ACME", "ＡＣＭＥ"],
            ["ﬁsch", "fisch", "FISCH", "Fisch"],
            ["각", "각", "각", "각"],
        ] {
            for spelling in spellings {
                assert_eq!(fold(spelling), fold(spellings[0]), "{spelling}");
            }
        }
        assert_ne!(fold("Müller"), fold("Muller"));
    }

    proptest! {
        #[test]
        fn a_folded_text_stays_as_it_is(text in "\\PC{0,40}") {
            let folded = fold(&text).into_owned();
            prop_assert_eq!(fold(&folded), folded.as_str());
        }

        #[test]
        fn case_and_composition_make_no_difference(text in "[a-zA-Zß-ÿΑ-ωА-яÀ-Ýẞ]{0,40}") {
            for other in [text.to_lowercase(), text.to_uppercase(), text.nfd().collect(), text.nfc().collect()] {
                prop_assert_eq!(fold(&other).into_owned(), fold(&text).into_owned(), "{}", other);
            }
        }
    }
}
