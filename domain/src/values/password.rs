//! The rules for passwords.

use zxcvbn::Score;

use crate::fault::Fault;
use crate::limits::{PASSWORD_MAX, PASSWORD_MIN};

/// How many characters the strength estimator looks at. More characters don't make a password weaker, but make the
/// estimator slow.
const JUDGED: usize = 64;

/// Words that an attacker would try at this service.
const PRODUCT_WORDS: [&str; 6] = ["teammate", "portal", "microsoft", "teams", "reseller", "enterprise"];

/// Checks that a password has 12–128 characters and is hard to guess. `about` are texts that an attacker would try, such
/// as the account's name and e-mail address: as a whole and word by word.
pub fn check(password: &str, about: &[&str]) -> Result<(), Fault> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(Fault::new("too_short", format!("Use at least {PASSWORD_MIN} characters.")));
    }
    if length > PASSWORD_MAX {
        return Err(Fault::new("too_long", format!("Use at most {PASSWORD_MAX} characters.")));
    }
    let judged: String = password.chars().take(JUDGED).collect();
    let words = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let guessed: Vec<&str> =
        about.iter().copied().chain(words).chain(PRODUCT_WORDS).filter(|word| word.chars().count() > 2).collect();
    if zxcvbn::zxcvbn(&judged, &guessed).score() < Score::Two {
        return Err(Fault::new(
            "common_password",
            "This password is easy to guess. Use three or four unrelated words.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_enough_and_not_the_first_ones_guessed() {
        let code = |password: &str| {
            check(password, &["Nordwind Telefonie", "ann@nordwind.example"]).err().map(|fault| fault.code)
        };
        assert_eq!(code("correct horse battery staple"), None);
        assert_eq!(code("Tafelberg-Kiosk-91"), None);
        assert_eq!(code(&"aZ3$kW9!".repeat(16)), None);
        assert_eq!(code("short"), Some("too_short"));
        assert_eq!(code(&"x9".repeat(65)), Some("too_long"));
        // Words of the account's name and address, and of this product, make a password no better.
        for built_from_words in ["nordwindnordwind", "NordwindNordwind", "teammateportal", "resellerteams"] {
            assert_eq!(code(built_from_words), Some("common_password"), "{built_from_words}");
        }
        for common in ["password1234", "123456789012", "qwertyuiop[]", "aaaaaaaaaaaa", "Passw0rd1234"] {
            assert_eq!(code(common), Some("common_password"), "{common}");
        }
    }

    #[test]
    fn characters_are_counted_not_octets() {
        assert_eq!(check("ключ-от-двери", &[]), Ok(()));
        assert_eq!(check("ключ-от", &[]).unwrap_err().code, "too_short");
    }

    #[test]
    fn two_letters_of_a_name_make_a_password_no_weaker() {
        assert_eq!(check("typewriterqz", &["QZ Telefonie"]), Ok(()));
    }
}
