//! The one-time code that a person carries from the server to a PC: 40 letters and digits, in ten groups.
//!
//! ```text
//! XXXX-XXXX-XXXX-XXXX-YYYY-YYYY-YYYY-YYYY-YYYY-YYYZ
//! 80 bits: a secret    115 bits: whose server it is    5 bits: was it typed right
//! ```
//!
//! In: chance and the authority's certificate, or what a person typed. Out: a [`Code`]. The secret is looked up by its hash
//! and is void after one use or 15 minutes. The [`Pin`] is the beginning of the SHA-256 of the authority's certificate: the
//! PC takes no other server for the one that the code comes from, so that the first contact needs no trust either. It is as
//! long as it is because it does not change from code to code, and may be searched for in peace.
//! Crockford's alphabet: no I, L, O or U; small letters, blanks and hyphens do not matter.

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECRET: usize = 16;
const PIN: usize = 23;
const ALL: usize = SECRET + PIN + 1;

/// How long a code is good, milliseconds.
pub const GOOD_FOR_MS: i64 = 15 * 60 * 1000;

/// Whose server the code comes from: the beginning of a hash, 115 bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin(String);

impl Pin {
    /// Of this authority.
    pub fn of(authority: &CertificateDer<'_>) -> Self {
        Self(letters(&Sha256::digest(authority), PIN))
    }
}

/// A one-time code. Prints as dots; [`Code::reveal`] is for the person who carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    secret: String,
    pin: Pin,
}

impl Code {
    /// A new one, of ten random bytes.
    pub fn new(chance: [u8; 10], pin: Pin) -> Self {
        Self { secret: letters(&chance, SECRET), pin }
    }

    /// Whose server it comes from.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// What the database keeps of it: SHA-256 of the secret, hex.
    pub fn hash(&self) -> String {
        crate::hex(&Sha256::digest(self.secret.as_bytes()))
    }

    /// The code itself, in groups.
    pub fn reveal(&self) -> String {
        let all = format!("{}{}", self.secret, self.pin.0);
        let all = format!("{all}{}", check(&all));
        let groups: Vec<&str> = (0..ALL).step_by(4).map(|at| &all[at..at + 4]).collect();
        groups.join("-")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// What was typed is no code. Look at it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// Something is missing, or too much.
    #[error("the code has {0} letters and digits and should have {ALL}; copy all ten groups")]
    Length(usize),
    /// Not in the alphabet.
    #[error("the code has a character that codes do not have; it is made of digits and letters, without I, L, O and U")]
    Character,
    /// The last character does not fit the others.
    #[error("the code has a typing mistake; compare it group by group")]
    Typo,
}

impl FromStr for Code {
    type Err = BadCode;
    fn from_str(typed: &str) -> Result<Self, BadCode> {
        let mut all = String::with_capacity(ALL);
        for character in typed.chars().filter(|character| !character.is_whitespace() && *character != '-') {
            let character = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte)) {
                return Err(BadCode::Character);
            }
            all.push(character);
        }
        if all.len() != ALL {
            return Err(BadCode::Length(all.len()));
        }
        let (body, last) = all.split_at(ALL - 1);
        if last != check(body) {
            return Err(BadCode::Typo);
        }
        let (secret, pin) = body.split_at(SECRET);
        Ok(Self { secret: secret.to_owned(), pin: Pin(pin.to_owned()) })
    }
}

fn check(body: &str) -> String {
    letters(&Sha256::digest(body.as_bytes()), 1)
}

/// So many letters of five bits each, from the beginning of these bytes.
fn letters(bytes: &[u8], count: usize) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    let letter = |number: usize| (0..5).fold(0, |value, at| (value << 1) | bit(number * 5 + at));
    (0..count).map(|number| char::from(ALPHABET[usize::from(letter(number))])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn a_code(chance: [u8; 10]) -> Code {
        Code::new(chance, Pin::of(&CertificateDer::from(vec![7; 100])))
    }

    #[test]
    fn it_is_ten_groups_and_does_not_print() {
        let code = a_code([255; 10]);
        assert!(code.reveal().starts_with("ZZZZ-ZZZZ-ZZZZ-ZZZZ-"), "{}", code.reveal());
        assert_eq!(code.reveal().split('-').count(), 10);
        assert_eq!(format!("{code:?}"), "Code(…)");
        let typed = code.reveal().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(typed.parse(), Ok(code));
        assert_eq!("abc".parse::<Code>(), Err(BadCode::Length(3)));
        assert_eq!("ABCU".parse::<Code>(), Err(BadCode::Character));
        assert_eq!("æ".parse::<Code>(), Err(BadCode::Character));
    }

    proptest! {
        #[test]
        fn what_is_typed_right_is_the_code(chance: [u8; 10]) {
            let code = a_code(chance);
            prop_assert_eq!(code.reveal().parse::<Code>(), Ok(code));
        }

        #[test]
        fn anything_else_is_told_apart(typed in "\\PC{0,60}") {
            prop_assert!(typed.parse::<Code>().is_err());
        }
    }

    #[test]
    fn most_single_mistakes_are_noticed_before_anything_is_sent() {
        let right = a_code([42; 10]).reveal().replace('-', "");
        let (mut noticed, mut all) = (0, 0);
        for at in 0..ALL {
            for letter in ALPHABET.iter().map(|letter| char::from(*letter)) {
                let mut typed: Vec<char> = right.chars().collect();
                if typed[at] == letter {
                    continue;
                }
                typed[at] = letter;
                all += 1;
                noticed += usize::from(typed.into_iter().collect::<String>().parse::<Code>() == Err(BadCode::Typo));
            }
        }
        assert!(noticed * 100 >= all * 95, "{noticed} of {all}");
    }
}
