//! Whether the call is about the case that stands open: what identifies people in it, held against what the case says.
//!
//! In: the utterances of a call, and numbers that the case system says its case has. Out: the numbers that were said and are none
//! of them, unless one of them was said as well: a call about the right person may name their spouse.
//! Pure, and nothing of the case is kept. Not done here: how numbers are read from speech (`referent-dk-identifiers`), and no
//! saving is stopped: a person looks.

use referent_dk_identifiers::{Confidence, Kind, Speaker, Turn, find};
use referent_proto::{Evidence, Track, Utterance};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a case and a call may both name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// A person, by their number in the civil registry: ten digits.
    Cpr,
    /// A business, by its number: eight digits.
    Cvr,
}

impl Named {
    fn kind(self) -> Kind {
        match self {
            Self::Cpr => Kind::Cpr,
            Self::Cvr => Kind::Cvr,
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Cpr => 10,
            Self::Cvr => 8,
        }
    }
}

/// A number of the case, however it is grouped.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub struct OfCase {
    /// What it names.
    pub kind: Named,
    /// Its digits.
    pub value: String,
}

/// A number that was said, and that the case does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreign {
    /// What it names.
    pub kind: Named,
    /// As it is written in a note.
    pub said: String,
    /// By whom, and from where on.
    pub at: Evidence,
    /// In how many digits it differs from the nearest of the case: one may be misheard.
    pub differs_in: usize,
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What was said of others than the case's; `utterances` in the order of their start.
pub fn foreign(utterances: &[Utterance], case: &[OfCase]) -> Vec<Foreign> {
    let spoken: Vec<_> = utterances.iter().filter(|utterance| utterance.echo_of.is_none()).collect();
    let turns: Vec<_> = spoken
        .iter()
        .map(|utterance| Turn {
            speaker: if utterance.track == Track::Near { Speaker::Caseworker } else { Speaker::Citizen },
            text: utterance.text.reveal(),
        })
        .collect();
    let found = find(&turns);
    let mut foreign = Vec::new();
    for kind in [Named::Cpr, Named::Cvr] {
        let known: Vec<_> = case.iter().filter(|of| of.kind == kind).map(|of| digits(&of.value)).collect();
        if known.is_empty() {
            continue;
        }
        let said: Vec<_> = found
            .iter()
            .filter(|one| one.kind == kind.kind() && one.understood && one.confidence >= Confidence::Likely)
            .collect();
        // The last four, or the day of birth, speak for the case but never against it.
        let is_of_case = |text: &str| text.len() >= 4 && known.iter().any(|known| known.contains(text));
        if said.iter().any(|one| is_of_case(&digits(&one.value))) {
            continue;
        }
        for one in said {
            let number = digits(&one.value);
            let Some(place) = one.passages.first().and_then(|passage| spoken.get(passage.turn)) else { continue };
            if number.len() != kind.digits() {
                continue;
            }
            let apart = |known: &String| known.bytes().zip(number.bytes()).filter(|(a, b)| a != b).count();
            let differs_in = known.iter().map(apart).min().unwrap_or_default();
            foreign.push(Foreign {
                kind,
                said: one.value.clone(),
                at: Evidence { track: place.track, start: place.span.start() },
                differs_in,
            });
        }
    }
    foreign
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::{SampleOffset, SampleSpan, Spoken};

    fn said(turns: &[(Track, &str)]) -> Vec<Utterance> {
        turns
            .iter()
            .zip(0u64..)
            .map(|((track, text), at)| Utterance {
                track: *track,
                span: SampleSpan::new(SampleOffset(at * 16_000), SampleOffset((at + 1) * 16_000)).unwrap(),
                text: Spoken::new(*text),
                words: Vec::new(),
                probability: 0.9,
                echo_of: None,
            })
            .collect()
    }

    fn check(case: &[(Named, &str)], turns: &[(Track, &str)], expected: &[(Named, &str, u64, usize)]) {
        let case: Vec<_> = case.iter().map(|(kind, value)| OfCase { kind: *kind, value: (*value).into() }).collect();
        let found = foreign(&said(turns), &case);
        let found: Vec<_> =
            found.iter().map(|one| (one.kind, one.said.as_str(), one.at.start.0 / 16_000, one.differs_in)).collect();
        assert_eq!(found, expected, "{turns:?}");
    }

    #[test]
    fn a_number_that_the_case_does_not_have_is_told() {
        use Named::{Cpr, Cvr};
        use Track::{Far, Near};
        let case = [(Cpr, "6105641234")];
        let asked = (Near, "Hvad er dit cpr-nummer?");
        check(&case, &[asked, (Far, "Det er 610564-1234.")], &[]);
        check(&case, &[asked, (Far, "Det er 720371-4321.")], &[(Cpr, "720371-4321", 1, 9)]);
        check(&case, &[asked, (Far, "Det er 610564-1235.")], &[(Cpr, "610564-1235", 1, 1)]);
        check(&case, &[asked, (Far, "Min kones er 720371-4321, mit er 610564-1234.")], &[]);
        let spoken = "seksti ti femogtres, nej, enogtres nul fem fireogtres, tolv fireogtredive";
        check(&case, &[asked, (Far, spoken)], &[]);
        check(&case, &[asked, (Far, "De sidste fire i mit cpr-nummer er 1234.")], &[]);
        check(&case, &[asked, (Far, "De sidste fire i mit cpr-nummer er 9999.")], &[]);
        check(&[], &[asked, (Far, "Det er 720371-4321.")], &[]);
        check(&[(Cvr, "12 34 56 78")], &[(Far, "Vores cvr-nummer er 87 65 43 21.")], &[(Cvr, "87654321", 0, 8)]);
        check(&[(Cvr, "12345678")], &[asked, (Far, "Det er 720371-4321.")], &[]);
    }
}
