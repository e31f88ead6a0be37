//! What a number of a text turned out to be.
//!
//! A [`Reading`] is a value with its place. Its [`Value`] keeps what was said and not more: a date may lack its year, a
//! time its half of the day, a digit string may have been said so that it can be two.
//!
//! Not done here: comparing, which is [`Value::agrees`].

use std::ops::Range;

use crate::Form;
use crate::dates::When;
use crate::number::Number;
use crate::units::{TimeUnit, Unit};

/// One number of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What it says.
    pub value: Value,
    /// In digits, words, or both.
    pub form: Form,
    /// May well be no number, or another reading of words that have a better one: a guard need not ask for it.
    pub weak: bool,
}

/// What a reading says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// A number, with what it counts where that was said.
    Number {
        /// How many.
        number: Number,
        /// Of what.
        unit: Option<Unit>,
    },
    /// "3.", "tredje".
    Ordinal(u64),
    /// A day, week, month, quarter or year.
    Date(When),
    /// A time of day.
    Time(Clock),
    /// How long something takes, or how old it is.
    Duration {
        /// How many.
        amount: Number,
        /// Of which unit.
        unit: TimeUnit,
    },
    /// Digits in an order: phone, account and case numbers. More than one string where the words can mean either; the
    /// likely one first.
    Digits(Vec<String>),
}

impl Value {
    /// A number without a unit.
    pub fn plain(number: u64) -> Self {
        Self::Number { number: Number::whole(number), unit: None }
    }
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Clock {
    /// Minutes after midnight.
    pub minute: u16,
    /// Said on the face of a clock, so that it can be twelve hours later: "halv tre".
    pub either_half: bool,
}
