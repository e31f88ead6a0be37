//! Reads times of day: "kl. 14.30", "halv tre", "fem minutter i halv tre", "half past two", "2:30 pm".
//!
//! In: tokens and a place. Out: the [`Moment`] that begins there.
//!
//! A time that is said on the face of a clock can be twelve hours later, unless the part of the day is said too.
//! "14.30" without "kl." is a time in Danish, whose decimals have a comma.

use crate::cardinals;
use crate::reading::Clock;
use crate::tokens::{Kind, Tokens};
use crate::units::{behind_dot, time_unit_at, unit_at};
use crate::{Form, Language};

const NOON: u16 = 12 * 60;
const DAY: u16 = 24 * 60;

/// A time that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    pub(crate) clock: Clock,
    pub(crate) end: usize,
    pub(crate) form: Form,
    pub(crate) weak: bool,
}

/// A number on a clock.
#[derive(Clone, Copy)]
struct Hand {
    value: u16,
    end: usize,
    form: Form,
    /// Two digits, the first of them 0.
    padded: bool,
}

/// The time that begins at token `at`.
pub(crate) fn at(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    let read = match tokens.language() {
        Language::Danish => danish(tokens, at),
        Language::English => english(tokens, at),
    }?;
    Some(part_of_day(tokens, read))
}

/// The time behind "til", "-" or "og" that another time began: "kl. 9-15".
pub(crate) fn until(tokens: &Tokens<'_>, at: usize) -> Option<(usize, Moment)> {
    let between = matches!(tokens.mark(at), Some('-' | '–'))
        || match tokens.language() {
            Language::Danish => matches!(tokens.word(at), "til" | "og" | "eller"),
            Language::English => matches!(tokens.word(at), "to" | "and" | "or" | "until"),
        };
    if !between || danish(tokens, at + 1).is_some() && tokens.word(at + 1).starts_with('k') {
        return None;
    }
    let read = on_the_hour(tokens, at + 1, false)?;
    let counted = unit_at(tokens, read.end).is_some() || time_unit_at(tokens, read.end).is_some();
    let more = cardinals::at(tokens, at + 1).is_some_and(|number| number.end > read.end);
    (!counted && !more).then(|| (at + 1, part_of_day(tokens, read)))
}

fn danish(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    match tokens.word(at) {
        "kl" | "klokken" | "klokke" | "kloken" => {
            let from = behind_dot(tokens, at + 1);
            let from = match tokens.word(from) {
                "er" | "ca" | "cirka" | "omkring" => behind_dot(tokens, from + 1),
                _ => from,
            };
            return relative(tokens, from, true).or_else(|| on_the_hour(tokens, from, true));
        }
        "middag" | "middagstid" if !matches!(tokens.word(at.wrapping_sub(1)), "til" | "spise") => {
            return Some(Moment { weak: true, ..moment(12, 0, false, at + 1, Form::Spoken)? });
        }
        "midnat" => return moment(0, 0, false, at + 1, Form::Spoken),
        word => {
            if let Some(read) = around_in_a_word(tokens, word, at) {
                return Some(read);
            }
        }
    }
    relative(tokens, at, false).or_else(|| around(tokens, at)).or_else(|| written(tokens, at))
}

/// "kvart over ti", "fem minutter i halv tre", "halv tre".
fn relative(tokens: &Tokens<'_>, at: usize, told: bool) -> Option<Moment> {
    if let Some((hour, end, form)) = half(tokens, at) {
        return moment(hour, 0, true, end, form)?.earlier(30);
    }
    let (minutes, from, form, said) =
        if tokens.word(at) == "kvart" || tokens.word(at) == "et" && tokens.word(at + 1) == "kvarter" {
            (15, if tokens.word(at) == "kvart" { at + 1 } else { at + 2 }, Form::Spoken, true)
        } else {
            let hand = hand(tokens, at, 1..30)?;
            match tokens.word(hand.end) {
                "minutter" | "minut" | "min" => (hand.value, hand.end + 1, hand.form, true),
                _ => (hand.value, hand.end, hand.form, told),
            }
        };
    // "to i tre" may be two of three; five, ten and twenty are what one says of a clock.
    if !said && !matches!(minutes, 5 | 10 | 20 | 25) {
        return None;
    }
    let before = match tokens.word(from) {
        "over" => false,
        "i" => true,
        _ => return None,
    };
    if let Some((hour, end, half_form)) = half(tokens, from + 1) {
        let half = moment(hour, 0, true, end, form.and(half_form))?.earlier(30)?;
        return if before { half.earlier(minutes) } else { half.later(minutes) };
    }
    let hour = hand(tokens, from + 1, 1..25)?;
    if hour.value > 12 && before || counted(tokens, hour.end) {
        return None;
    }
    let whole = moment(hour.value, 0, hour.value <= 12, hour.end, form.and(hour.form))?;
    if before { whole.earlier(minutes) } else { whole.later(minutes) }
}

/// "halv tre", "halvtre": half an hour before that hour.
fn half(tokens: &Tokens<'_>, at: usize) -> Option<(u16, usize, Form)> {
    use crate::tokens::Atom::{Half, Teen, Unit};
    match tokens.atoms(at) {
        [Half] => {
            let article = matches!(tokens.word(at.wrapping_sub(1)), "en" | "et" | "den");
            let hour = hand(tokens, at + 1, 1..13).filter(|hour| !counted(tokens, hour.end))?;
            (!article).then_some((hour.value, hour.end, hour.form))
        }
        [Half, Unit(hour) | Teen(hour)] if *hour <= 12 => Some((u16::from(*hour), at + 1, Form::Spoken)),
        _ => None,
    }
}

/// "14.30", "14:30", "14", "fjorten tredive", "ni nul nul"; `told` where "kl." stands before.
fn on_the_hour(tokens: &Tokens<'_>, at: usize, told: bool) -> Option<Moment> {
    if let Some(read) = separated(tokens, at) {
        return Some(read);
    }
    // "kl. 1430"
    let digits = tokens.digits(at);
    if told && digits.len() == 4 {
        let number: u16 = digits.parse().ok()?;
        return moment(number / 100, number % 100, false, at + 1, Form::Written);
    }
    let hour = hand(tokens, at, 0..25)?;
    let either = (1..=12).contains(&hour.value) && !hour.padded;
    let apart = hour.form == Form::Spoken || tokens.digits(hour.end).len() == 2; // "klokken 14 30"
    if told
        && apart
        && let Some(minute) = spoken_minute(tokens, hour.end)
    {
        return moment(hour.value, minute.value, either, minute.end, hour.form.and(minute.form));
    }
    moment(hour.value, 0, either, hour.end, hour.form)
}

/// "tredive", "femogfyrre", "nul fem", "nul nul" behind an hour.
fn spoken_minute(tokens: &Tokens<'_>, at: usize) -> Option<Hand> {
    if matches!(tokens.word(at), "nul" | "oh" | "o" | "zero") {
        let unit = hand(tokens, at + 1, 0..10)?;
        return Some(unit);
    }
    hand(tokens, at, 10..60).filter(|minute| !counted(tokens, minute.end))
}

/// "14.30" or "14:30", no date and no amount.
fn written(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    let read = separated(tokens, at)?;
    let amount = unit_at(tokens, read.end).is_some() || time_unit_at(tokens, read.end).is_some();
    (!amount).then_some(read)
}

fn separated(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    let (hour, minute) = (tokens.digits(at), tokens.digits(at + 2));
    let mark = match tokens.language() {
        Language::Danish => matches!(tokens.mark(at + 1), Some('.' | ':')),
        Language::English => tokens.mark(at + 1) == Some(':'),
    };
    let close = tokens.glued(at + 1) && tokens.glued(at + 2);
    let goes_on = tokens.glued(at + 3)
        && matches!(tokens.mark(at + 3), Some('.' | '/' | ',' | ':'))
        && tokens.glued(at + 4)
        && !tokens.digits(at + 4).is_empty();
    let inside = at > 1
        && tokens.glued(at)
        && matches!(tokens.mark(at - 1), Some('.' | ',' | '/' | ':'))
        && tokens.kind(at - 2) == Some(Kind::Digits);
    if !mark || !close || goes_on || inside || !(1..=2).contains(&hour.len()) || minute.len() != 2 {
        return None;
    }
    let (h, m): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let either = (1..=12).contains(&h) && !hour.starts_with('0');
    moment(h, m, either, at + 3, Form::Written)
}

/// "8-tiden", "otte-tiden".
fn around(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    let hour = hand(tokens, at, 1..25)?;
    let from = if tokens.mark(hour.end).is_some() { hour.end + 1 } else { hour.end };
    let named = tokens.word(from) == "tiden";
    if named { moment(hour.value, 0, hour.value <= 12, from + 1, hour.form) } else { None }
}

/// "ottetiden".
fn around_in_a_word(tokens: &Tokens<'_>, word: &str, at: usize) -> Option<Moment> {
    let stem = word.strip_suffix("tiden").filter(|stem| !stem.is_empty())?;
    let inner = Tokens::new(stem, tokens.language());
    let hour = hand(&inner, 0, 1..25).filter(|hour| hour.end == inner.len())?;
    moment(hour.value, 0, hour.value <= 12, at + 1, Form::Spoken)
}

fn english(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    match tokens.word(at) {
        "noon" | "midday" => return moment(12, 0, false, at + 1, Form::Spoken),
        "midnight" => return moment(0, 0, false, at + 1, Form::Spoken),
        "half" => {
            let past = tokens.word(at + 1) == "past";
            let hour = hand(tokens, if past { at + 2 } else { at + 1 }, 1..13)?;
            let read = moment(hour.value, 0, true, hour.end, hour.form)?.later(30)?;
            return (!counted(tokens, hour.end)).then_some(read);
        }
        "quarter" => return beside(tokens, 15, at + 1, Form::Spoken),
        "a" if tokens.word(at + 1) == "quarter" => return beside(tokens, 15, at + 2, Form::Spoken),
        "at" | "by" | "before" | "after" | "around" | "until" | "from" => return after_at(tokens, at),
        _ => (),
    }
    let hour = hand(tokens, at, 0..60)?;
    let from = if tokens.word(hour.end) == "minutes" { hour.end + 1 } else { hour.end };
    if (from > hour.end || matches!(hour.value, 5 | 10 | 20 | 25))
        && let Some(read) = beside(tokens, hour.value, from, hour.form)
    {
        return Some(read);
    }
    if let Some(read) = separated(tokens, at) {
        return Some(read);
    }
    if tokens.word(hour.end) == "o'clock" || tokens.word(hour.end) == "oclock" {
        return moment(hour.value, 0, hour.value <= 12, hour.end + 1, hour.form);
    }
    // "two thirty pm", "2.30 pm", "2 pm"
    let dotted =
        tokens.mark(hour.end) == Some('.') && tokens.glued(hour.end + 1) && tokens.digits(hour.end + 1).len() == 2;
    let minute = if dotted { hand(tokens, hour.end + 1, 0..60) } else { spoken_minute(tokens, hour.end) };
    let (minute, end) = minute.map_or((0, hour.end), |minute| (minute.value, minute.end));
    half_of_day(tokens, end)?;
    moment(hour.value, minute, hour.value <= 12, end, hour.form)
}

/// "at two thirty", "at 14": only what reads as a time by itself, and no count of anything.
fn after_at(tokens: &Tokens<'_>, at: usize) -> Option<Moment> {
    if tokens.word(at) != "at" {
        return None;
    }
    if let Some(read) = english(tokens, at + 1) {
        return Some(read);
    }
    let read = on_the_hour(tokens, at + 1, true)?;
    let more = cardinals::at(tokens, at + 1).is_some_and(|number| number.end > read.end);
    let plain = !counted(tokens, read.end) && !more && tokens.mark(read.end) != Some('%');
    let ends = tokens.word(read.end).is_empty()
        || matches!(
            tokens.word(read.end),
            "on" | "in" | "and" | "or" | "tomorrow" | "today" | "to" | "please" | "sharp"
        );
    (plain && ends && tokens.digits(read.end).is_empty()).then_some(read)
}

/// "past eight", "to eleven".
fn beside(tokens: &Tokens<'_>, minutes: u16, at: usize, form: Form) -> Option<Moment> {
    let before = match tokens.word(at) {
        "past" | "after" => false,
        "to" | "before" => true,
        _ => return None,
    };
    let hour = hand(tokens, at + 1, 1..13).filter(|hour| !counted(tokens, hour.end))?;
    // "ten to twelve people": a range, unless nothing is counted.
    let whole = moment(hour.value, 0, true, hour.end, form.and(hour.form))?;
    if before { whole.earlier(minutes) } else { whole.later(minutes) }
}

/// "om eftermiddagen", "pm": which half of the day it is.
fn part_of_day(tokens: &Tokens<'_>, read: Moment) -> Moment {
    let Some((afternoon, end)) = half_of_day(tokens, read.end) else { return read };
    let hour = read.clock.minute % NOON;
    if !read.clock.either_half {
        return Moment { end, ..read };
    }
    let minute = if afternoon { hour + NOON } else { hour };
    Moment { clock: Clock { minute, either_half: false }, end, ..read }
}

fn half_of_day(tokens: &Tokens<'_>, at: usize) -> Option<(bool, usize)> {
    match (tokens.word(at), tokens.word(at + 1)) {
        ("om", "morgenen" | "formiddagen" | "natten") => Some((false, at + 2)),
        ("om", "eftermiddagen" | "aftenen") => Some((true, at + 2)),
        ("in", "the") => match tokens.word(at + 2) {
            "morning" => Some((false, at + 3)),
            "afternoon" | "evening" => Some((true, at + 3)),
            _ => None,
        },
        ("am", _) => Some((false, at + 1)),
        ("pm", _) => Some((true, at + 1)),
        ("a" | "p", _) if tokens.mark(at + 1) == Some('.') && tokens.word(at + 2) == "m" => {
            Some((tokens.word(at) == "p", at + 3))
        }
        _ => None,
    }
}

fn hand(tokens: &Tokens<'_>, at: usize, range: std::ops::Range<u16>) -> Option<Hand> {
    let digits = tokens.digits(at);
    let (value, end, form) = if digits.is_empty() {
        let read = cardinals::at(tokens, at)?;
        (u16::try_from(read.value).ok()?, read.end, read.form)
    } else if digits.len() <= 2 && !(at > 0 && tokens.glued(at) && tokens.kind(at - 1) == Some(Kind::Word)) {
        (digits.parse().ok()?, at + 1, Form::Written)
    } else {
        return None;
    };
    range.contains(&value).then_some(Hand { value, end, form, padded: digits.len() == 2 && digits.starts_with('0') })
}

fn counted(tokens: &Tokens<'_>, at: usize) -> bool {
    unit_at(tokens, at).is_some() || time_unit_at(tokens, at).is_some()
}

fn moment(hour: u16, minute: u16, either_half: bool, end: usize, form: Form) -> Option<Moment> {
    let whole = hour * 60 + minute;
    let sound = minute < 60 && whole <= DAY;
    sound.then_some(Moment { clock: Clock { minute: whole % DAY, either_half }, end, form, weak: false })
}

impl Moment {
    #[expect(clippy::unnecessary_wraps, reason = "the callers all end in an option")]
    fn earlier(mut self, minutes: u16) -> Option<Self> {
        self.clock.minute = (self.clock.minute + DAY - minutes) % DAY;
        Some(self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the callers all end in an option")]
    fn later(mut self, minutes: u16) -> Option<Self> {
        self.clock.minute = (self.clock.minute + minutes) % DAY;
        Some(self)
    }
}
