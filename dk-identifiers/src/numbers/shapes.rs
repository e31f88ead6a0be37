//! What numbers look like: CPR, telephone with country, IBAN.
//!
//! In: rows of digits. Out: whether they have the shape, and how it is written.

use crate::tokens::Tokens;

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];

pub(crate) fn month(month: u8) -> &'static str {
    MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default()
}

pub(crate) fn digits_of(value: &str) -> String {
    value.chars().filter(char::is_ascii_digit).collect()
}

/// Whether ten digits begin with a day somebody can be born on; 61 to 91 are the days of test numbers.
pub(crate) fn is_cpr(digits: &str) -> bool {
    if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let two = |at: usize| digits[at..at + 2].parse::<u32>().unwrap_or(0);
    let (day, month, year) = (two(0), two(2), two(4));
    let day = if day > 60 { day - 60 } else { day };
    let century = match (&digits[6..7], year) {
        ("0" | "1" | "2" | "3", _) | ("4" | "9", 37..) => 1900,
        ("4" | "9", _) | ("5" | "6" | "7" | "8", ..=57) => 2000,
        _ => 1800,
    };
    let leap = (century + year).is_multiple_of(4) && ((century + year) % 100 != 0 || (century + year) % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// The check that every CPR number before 2007 passes.
pub(crate) fn passes_modulus_11(digits: &str) -> bool {
    const WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let sum: u32 =
        digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    digits.len() == 10 && sum.is_multiple_of(11)
}

/// A CPR number in a row of digits: all of it, or, with `inner`, where a word too many was read as a digit, ten of eleven
/// or twelve.
pub(crate) fn cpr_within(digits: &str, inner: bool) -> Option<String> {
    if is_cpr(digits) {
        return Some(digits.to_owned());
    }
    if inner && matches!(digits.len(), 11 | 12) && digits.starts_with(['1', '2', '0']) {
        let inner = &digits[digits.len() - 10..];
        return is_cpr(inner).then(|| inner.to_owned());
    }
    None
}

/// Eight digits in pairs, as telephone numbers are written.
pub(crate) fn in_pairs(digits: &str) -> String {
    let pairs: Vec<&str> =
        (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..(at + 2).min(digits.len()))).collect();
    pairs.join(" ")
}

/// "4526487135" or "004526487135" as a telephone number.
pub(crate) fn with_country(digits: &str) -> Option<String> {
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    match digits.strip_prefix("45") {
        Some(rest) if rest.len() == 8 => Some(format!("+45 {}", in_pairs(rest))),
        _ if digits.len() == 8 => Some(in_pairs(digits)),
        _ => None,
    }
}

/// Whether "+" or "plus" stands right before.
pub(crate) fn follows_plus(tokens: &Tokens<'_>, at: usize) -> bool {
    let before = at.wrapping_sub(1);
    tokens.same_turn(before, at) && (tokens.mark(before) == "+" || tokens.word(before) == "plus")
}

/// The country and the digits of an IBAN and where it begins, if two letters stand right before them.
pub(crate) fn iban(tokens: &Tokens<'_>, at: usize, readings: &[String]) -> Option<(String, String, usize)> {
    let digits = readings.iter().find(|digits| (14..=30).contains(&digits.len()))?;
    let before = at.wrapping_sub(1);
    let letters = |at: usize| tokens.word(at);
    let (country, start) = match letters(before) {
        word if word.len() == 2 && tokens.same_turn(before, at) => (word.to_owned(), before),
        word if word.len() == 1 && letters(before.wrapping_sub(1)).len() == 1 => {
            (format!("{}{word}", letters(before.wrapping_sub(1))), before.wrapping_sub(1))
        }
        _ => return None,
    };
    country.bytes().all(|byte| byte.is_ascii_lowercase()).then(|| (country.to_uppercase(), digits.clone(), start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(digits: &str, expected: bool) {
        assert_eq!(is_cpr(digits), expected, "{digits}");
    }

    #[test]
    fn day_month_and_century_decide() {
        check("6105641234", true);
        check("9112641234", true);
        check("9212641234", false);
        check("6013641234", false);
        check("3102641234", false);
        check("8902004234", true); // 29 February 2000.
        check("8902001234", false); // 29 February 1900, which there was not.
        check("0000000000", false);
        check("123", false);
        check("61056412x4", false);
    }

    #[test]
    fn the_check_digit_is_known() {
        // Made at run time: for six digits and three more, one of eleven last digits agrees.
        let agrees = |head: &str| (0..10).filter(|last| passes_modulus_11(&format!("{head}{last}"))).count();
        assert!((0..1000).all(|serial| agrees(&format!("610564{serial:03}")) <= 1));
        assert!((0..1000).filter(|serial| agrees(&format!("610564{serial:03}")) == 1).count() > 800);
    }
}
