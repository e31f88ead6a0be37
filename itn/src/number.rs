//! An exact number: what is said in halves, thirds and thousands keeps its value.
//!
//! In: whole numbers and ratios. Out: [`Number`]s that are equal when their values are. What would not fit is `None`.

use std::fmt;

/// A number that is not negative, as a ratio in lowest terms.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    numerator: u64,
    denominator: u64,
}

impl Number {
    /// A whole number.
    pub const fn whole(value: u64) -> Self {
        Self { numerator: value, denominator: 1 }
    }

    /// `numerator / denominator`; `None` if that is no number.
    pub fn ratio(numerator: u64, denominator: u64) -> Option<Self> {
        Self::reduced(u128::from(numerator), u128::from(denominator))
    }

    /// The number if it is whole.
    pub fn as_whole(self) -> Option<u64> {
        (self.denominator == 1).then_some(self.numerator)
    }

    /// The sum, if it fits.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (a, b) = (u128::from(self.numerator), u128::from(other.numerator));
        let (c, d) = (u128::from(self.denominator), u128::from(other.denominator));
        Self::reduced(a.checked_mul(d)?.checked_add(b.checked_mul(c)?)?, c * d)
    }

    /// The product, if it fits.
    pub fn times(self, other: Self) -> Option<Self> {
        Self::reduced(
            u128::from(self.numerator) * u128::from(other.numerator),
            u128::from(self.denominator) * u128::from(other.denominator),
        )
    }

    fn reduced(numerator: u128, denominator: u128) -> Option<Self> {
        let (mut a, mut b) = (numerator, denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        if denominator == 0 {
            return None;
        }
        Some(Self { numerator: (numerator / a).try_into().ok()?, denominator: (denominator / a).try_into().ok()? })
    }
}

/// `12`, `12.5`, or `2/3` where no decimals end.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.numerator / self.denominator, self.numerator % self.denominator);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        for digits in 1..=9usize {
            let scaled = u128::from(rest) * 10u128.pow(u32::try_from(digits).unwrap_or(0));
            if scaled.is_multiple_of(u128::from(self.denominator)) {
                return write!(f, "{whole}.{:0digits$}", scaled / u128::from(self.denominator));
            }
        }
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numerator: u64, denominator: u64, expected: &str) {
        let shown = Number::ratio(numerator, denominator).map_or("none".into(), |number| number.to_string());
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_number_is_shown_in_lowest_terms() {
        check(4, 2, "2");
        check(5, 4, "1.25");
        check(1, 20, "0.05");
        check(4, 6, "2/3");
        check(0, 7, "0");
        check(1, 0, "none");
        check(u64::MAX, 1, "18446744073709551615");
    }

    #[test]
    fn sums_and_products_are_exact_or_none() {
        let third = Number::ratio(1, 3).expect("three is not zero");
        assert_eq!(third.plus(third).and_then(|sum| sum.plus(third)), Some(Number::whole(1)));
        assert_eq!(third.times(Number::whole(6)), Some(Number::whole(2)));
        assert_eq!(Number::whole(u64::MAX).plus(Number::whole(1)), None);
        assert_eq!(Number::whole(u64::MAX).times(Number::whole(2)), None);
    }
}
