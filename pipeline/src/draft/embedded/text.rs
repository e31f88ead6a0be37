//! Text of one language as this drafter handles it: where sentences end, what is filler, what is a value.
//!
//! Pure, and total: any text gives some text.

use super::plain::{Phrases, Plain};
use regex::Regex;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::LazyLock;

/// How text is taken apart in one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// They end with a full stop and end no sentence.
    abbreviations: HashSet<String>,
    pub(super) months: Phrases,
    /// They carry nothing.
    fillers: HashSet<String>,
    /// They carry nothing at the beginning, before a comma.
    openers: HashSet<Plain>,
    /// Twice in a row is right.
    doubled: HashSet<String>,
    /// A long sentence may be cut before them.
    conjunctions: Vec<String>,
    /// What stands for a CPR number.
    cpr: String,
    /// Between a value and the one that takes its place.
    correction: Pattern,
    /// A value at the end: a number with the word behind it, its `unit`.
    value_before: Pattern,
    /// A value at the beginning.
    value_behind: Pattern,
}

/// A regular expression of a language's file.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(pattern: String) -> Result<Self, regex::Error> {
        Regex::new(&pattern).map(Self)
    }
}

impl Rules {
    /// Where sentences end, but for the last one.
    pub(super) fn sentence_ends(&self, text: &str) -> Vec<usize> {
        let mut ends = Vec::new();
        for (at, mark) in text.char_indices().filter(|(_, c)| matches!(c, '.' | '?' | '!' | '…')) {
            let end = at + mark.len_utf8();
            let rest = text[end..].trim_start_matches(['«', '"', '”', ')']);
            let Some(next) = rest.strip_prefix(' ').map(str::trim_start).filter(|next| !next.is_empty()) else {
                continue;
            };
            if mark != '.' || self.full_stop_ends(&text[..at], next) {
                ends.push(end);
            }
        }
        ends
    }

    fn full_stop_ends(&self, before: &str, next: &str) -> bool {
        let word = before.rsplit(' ').next().unwrap_or_default().trim_start_matches(['(', '»', '"']).to_lowercase();
        let next_word = Plain::of(next.split([' ', ',', '.', '?']).next().unwrap_or_default());
        let is_ordinal = !word.is_empty() && word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        if is_ordinal && next_word.has_any(&self.months) || is_initial {
            return false;
        }
        !self.abbreviations.contains(&word) && !next.starts_with(char::is_lowercase)
    }

    /// The sentence `from..to`, cut before conjunctions as long as a piece is longer than `long`.
    pub(super) fn pieces(&self, text: &str, from: usize, to: usize, long: usize) -> Vec<(usize, usize)> {
        let sentence = &text[from..to];
        if sentence.chars().count() <= long {
            return vec![(from, to)];
        }
        let middle = sentence.len() / 2;
        let cut = self
            .conjunctions
            .iter()
            .flat_map(|word| sentence.match_indices(&format!(" {word} ")).map(|(at, _)| at).collect::<Vec<_>>())
            .filter(|at| *at > long / 4 && sentence.len() - at > long / 4)
            .min_by_key(|at| at.abs_diff(middle));
        let Some(cut) = cut.map(|cut| from + cut) else { return vec![(from, to)] };
        let mut pieces = self.pieces(text, from, cut, long);
        pieces.extend(self.pieces(text, cut, to, long));
        pieces
    }

    /// The sentence without what carries nothing, begun with a capital and ended with a full stop.
    pub(super) fn clean(&self, sentence: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        for word in sentence.split_whitespace() {
            let bare = bare(word);
            if self.fillers.contains(&bare) {
                // Its full stop ends the sentence all the same.
                if let (Some(last), Some(mark)) = (words.last_mut(), word.chars().last().filter(|c| ".?!".contains(*c)))
                {
                    let kept = last.trim_end_matches([',', '.']).len();
                    last.truncate(kept);
                    last.push(mark);
                }
                continue;
            }
            if let Some(last) = words.last_mut().filter(|_| word.starts_with(char::is_lowercase)) {
                self.go_on(last);
            }
            words.push(word.to_owned());
        }
        self.remove_doubled(&mut words);
        let masked = mask_cpr(&words.join(" "), &self.cpr);
        finish(self.without_openers(&self.corrected(&masked)))
    }

    /// A full stop before a small letter was a pause: it becomes a comma, unless it belongs to the word.
    fn go_on(&self, word: &mut String) {
        let Some(before) = word.strip_suffix('.') else { return };
        let belongs =
            self.abbreviations.contains(&before.to_lowercase()) || before.ends_with(|c: char| c.is_ascii_digit());
        if !belongs {
            word.pop();
            word.push(',');
        }
    }

    /// "jeg jeg har", "jeg har jeg har": the first of them goes. Numbers stay, and what is written with punctuation.
    fn remove_doubled(&self, words: &mut Vec<String>) {
        for length in [3, 2, 1] {
            let mut at = 0;
            while at + 2 * length <= words.len() {
                let (first, second) = (&words[at..at + length], &words[at + length..at + 2 * length]);
                let same = first.iter().zip(second).all(|(one, other)| bare(one) == bare(other));
                let plain = first.iter().all(|word| word.chars().all(char::is_alphabetic));
                let meant = length == 1 && self.doubled.contains(&bare(&words[at]));
                if same && plain && !meant {
                    words.drain(at..at + length);
                } else {
                    at += 1;
                }
            }
        }
    }

    /// "Okay, Birgit, så sender jeg det.": what stands before the first thing that says something goes.
    fn without_openers<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once(", ") {
            let names_somebody = rest.len() < text.len() && !head.contains(' ') && head.starts_with(char::is_uppercase);
            // "Godt, at du ringer" is one thought.
            let leads_on = ["at ", "that "].iter().any(|word| tail.starts_with(word));
            if leads_on || !(names_somebody || self.is_opener(head)) || Plain::of(tail).words() < 2 {
                break;
            }
            rest = tail;
        }
        rest
    }

    /// "Hej", "Hej Gitte".
    fn is_opener(&self, head: &str) -> bool {
        let (without_name, name) = head.rsplit_once(' ').unwrap_or((head, ""));
        let is_one = |text: &str| self.openers.contains(&Plain::of(text));
        is_one(head) || name.starts_with(char::is_uppercase) && is_one(without_name)
    }

    /// The last value wins where a speaker takes one back in the same breath and both are of one kind.
    fn corrected(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut from = 0;
        while let Some(found) = self.correction.0.find_at(&text, from) {
            from = found.end();
            let (before, behind) = (&text[..found.start()], &text[found.end()..]);
            let (Some(first), Some(second)) =
                (self.value_before.0.captures(before), self.value_behind.0.captures(behind))
            else {
                continue;
            };
            let unit = |value: &regex::Captures<'_>| value.name("unit").map(|unit| bare(unit.as_str()));
            if unit(&first).is_some_and(|one| unit(&second) != Some(one)) {
                continue;
            }
            let kept = first.get(0).map_or(before.len(), |value| value.start());
            text = format!("{}{behind}", &text[..kept]);
            from = kept;
        }
        text
    }
}

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// The same with a capital at the beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// One sentence with a capital, a full stop, and blanks where they belong.
fn finish(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';', ':', '-', '–', ' ']).trim_start_matches([',', '.', '-', ' ']);
    let mut finished = capitalised(text);
    if finished.is_empty() {
        return finished;
    }
    if !finished.ends_with(['.', '?', '!', '…']) {
        finished.push('.');
    }
    finished
}

/// Ten digits, or six and a hyphen: a recogniser may lose some of the last ones.
static LIKE_CPR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{6}-\d{1,4}\b|\d(?:[ .–-]{0,3}\d){9}").expect("a pattern of this file"));

/// Replaces what can be a CPR number (it begins with a day and a month, and no digit stands beside it) by `instead`.
fn mask_cpr(text: &str, instead: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for found in LIKE_CPR.find_iter(text) {
        let digits: Vec<u32> = found.as_str().chars().filter_map(|c| c.to_digit(10)).collect();
        let (day, month) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]);
        let alone = !text[..found.start()].ends_with(|c: char| c.is_ascii_digit())
            && !text[found.end()..].starts_with(|c: char| c.is_ascii_digit());
        let plausible = (matches!(day, 1..=31 | 61..=91)) && (1..=12).contains(&month);
        if alone && plausible {
            masked.push_str(&text[from..found.start()]);
            masked.push_str(instead);
            from = found.end();
        }
    }
    masked.push_str(&text[from..]);
    masked
}

#[cfg(test)]
mod tests {
    use crate::draft::embedded::cues::Cues;

    #[test]
    fn sentences_end_where_people_end_them() {
        let check = |text: &str, expected: &[&str]| {
            let mut ends = Cues::of("da").rules.sentence_ends(text);
            ends.push(text.len());
            let mut from = 0;
            let pieces: Vec<&str> =
                ends.into_iter().map(|to| text[std::mem::replace(&mut from, to)..to].trim()).collect();
            assert_eq!(pieces, expected);
        };
        check("Jeg flyttede den 15. april. Jeg bor i Odense.", &["Jeg flyttede den 15. april.", "Jeg bor i Odense."]);
        check("Jeg kom den 15. Maj. Og nu?", &["Jeg kom den 15. Maj.", "Og nu?"]);
        check("Efter kl. 13 den 22. maj.", &["Efter kl. 13 den 22. maj."]);
        check("Det var i 2024. Så stoppede det.", &["Det var i 2024.", "Så stoppede det."]);
        check("Det koster f.eks. 1.870 kr. om året.", &["Det koster f.eks. 1.870 kr. om året."]);
        check("Er der en frist? Ja!", &["Er der en frist?", "Ja!"]);
    }

    #[test]
    fn cleaning_removes_what_carries_nothing() {
        let check = |text: &str, expected: &str| assert_eq!(Cues::of("da").rules.clean(text), expected, "{text}");
        check("øh jeg jeg har, øhm, flyttet", "Jeg har, flyttet.");
        check("Jeg har jeg har en søn.", "Jeg har en søn.");
        check("Okay, Birgit, så sender jeg det, øh.", "Så sender jeg det.");
        check("Hej Gitte, jeg hedder Amina Dahl.", "Jeg hedder Amina Dahl.");
        check("Mit nummer er 26 26 48 48.", "Mit nummer er 26 26 48 48.");
        check("Ja, det kommer her, 821247-2953.", "Ja, det kommer her, [CPR-nummer].");
        check("Det er 82 12 47 29 53.", "Det er [CPR-nummer].");
        check("Ring på 26 48 71 35.", "Ring på 26 48 71 35.");
        check("Min konto er 12345678901.", "Min konto er 12345678901.");
        check("", "");
    }

    #[test]
    fn the_last_value_of_one_breath_wins() {
        let check = |text: &str, expected: &str| assert_eq!(Cues::of("da").rules.clean(text), expected, "{text}");
        check("Det er den 2. oktober, nej, undskyld, den 12. oktober.", "Det er den 12. oktober.");
        check("Den er på 5.400 kroner, nej 4.500 kroner om måneden.", "Den er på 4.500 kroner om måneden.");
        check("Jeg har 3 børn, nej undskyld, 4 børn.", "Jeg har 4 børn.");
        // Not of one kind: both stay.
        check("Jeg får 300 kroner, nej, 12 uger siden.", "Jeg får 300 kroner, nej, 12 uger siden.");
        check("Skal jeg komme den 4. maj? Nej.", "Skal jeg komme den 4. maj? Nej.");
        let english = Cues::of("en").rules.clean("It is on 2 October, no, sorry, 12 October.");
        assert_eq!(english, "It is on 12 October.");
    }
}
