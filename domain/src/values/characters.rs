//! Properties of characters, from the Unicode Character Database.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

/// BRAILLE PATTERN BLANK: a symbol by its category, but one without a dot.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether people can see a character: not white space, not a control or format character, not a filler or variation
/// selector (`Default_Ignorable_Code_Point`), and not unassigned.
#[must_use]
pub fn is_visible(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_drawn =
        !GeneralCategoryGroup::Other.contains(category) && !GeneralCategoryGroup::Separator.contains(category);
    // Private characters belong to `Other`, but whoever uses them has a font for them.
    let is_private = category == GeneralCategory::PrivateUse;
    (is_drawn || is_private) && !is_ignorable(c) && c != BRAILLE_BLANK
}

/// Whether a character is drawn as nothing by default, such as a filler or a variation selector.
#[must_use]
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a character is a combining mark.
#[must_use]
pub fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_told_from_what_can_t() {
        for visible in ['a', 'é', 'ن', '電', '☎', '😀', '٣', '-', '\u{301}', '\u{e000}'] {
            assert!(is_visible(visible), "U+{:04X}", u32::from(visible));
        }
        for invisible in [
            ' ',
            '\n',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{1d173}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{fffe}',
            '\u{378}',
        ] {
            assert!(!is_visible(invisible), "U+{:04X}", u32::from(invisible));
        }
    }
}
