//! Decides in which language a track is heard, where its area allows several.
//!
//! In: the area's languages, how long each utterance is, and how likely a recogniser finds each language. Out: what a
//! recogniser is told of the next utterance ([`Detect`]), and in which language. Pure: probabilities in, a decision out.
//!
//! Promises:
//!   L1  Of one language nothing is asked: it is told, as if there were no choice.
//!   L2  An utterance shorter than [`LONG_ENOUGH`] is not asked about and decides nothing: a "hej" is a word of many
//!       languages. It is heard in the likeliest so far, at first in the area's first.
//!   L3  A language is kept once it is [`SURE`] in one utterance, or [`CLEAR`] in two. Only the area's languages count,
//!       compared with each other; what is likely none of them tells nothing.
//!   L4  What is kept is looked at again in utterances whose text is doubtful, and changed once two of them agree on
//!       another language.
//!   L5  After [`ASKED`] utterances that told nothing the area's first is kept, so that what asking costs is bounded.
//!
//! The state is of one track on one worker. A worker that takes the call over begins anew: what it then hears in which
//! language depends on the sound from there on. Not done here: no sound, no model, no judgement of a text (`doubt`).

use referent_proto::{AreaSettings, language};
use serde::{Deserialize, Serialize};

/// Samples of speech from which on an utterance tells its language: two seconds.
pub const LONG_ENOUGH: u64 = 2 * referent_proto::SAMPLE_RATE;
/// A share of the likelihood that decides at once.
pub const SURE: f32 = 0.9;
/// A share that counts. Below, two languages are too close to tell.
pub const CLEAR: f32 = 0.6;
/// All languages of the area together are at least so likely, or the sound is something else: noise, or a language that
/// the area does not name.
pub const LEAST: f32 = 0.05;
/// Utterances that may tell nothing before the area's first language is kept.
pub const ASKED: u8 = 8;
/// So many utterances that agree decide.
const AGREE: u8 = 2;

/// Whether a recogniser shall find out what is spoken, and among which languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detect {
    /// The request's language is spoken.
    #[default]
    No,
    /// Only if the text looks wrong.
    IfDoubtful(Vec<String>),
    /// In any case.
    Yes(Vec<String>),
}

/// What a recogniser found out about the language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// In which language the text was heard.
    pub language: String,
    /// How likely each is, 0 to 1, of those that it compared: the area's, or the one that a server names.
    pub likely: Vec<(String, f32)>,
    /// It was heard once more for this: the cost of a wrong guess.
    pub again: bool,
}

/// What may be spoken in an area, the likeliest first: what it says, else the language of its notes, else `otherwise`. A
/// code that recognisers do not know is passed over; a newer notes-api may know more of them.
pub fn spoken(area: &AreaSettings, otherwise: &str) -> Vec<String> {
    let known: Vec<String> = area.spoken_languages.iter().filter(|code| language::is_known(code)).cloned().collect();
    if !known.is_empty() {
        return known;
    }
    vec![if area.language.is_empty() { otherwise.to_owned() } else { area.language.clone() }]
}

impl Detect {
    /// The area's languages; none where nothing is to be found out.
    pub fn candidates(&self) -> &[String] {
        match self {
            Self::No => &[],
            Self::IfDoubtful(candidates) | Self::Yes(candidates) => candidates,
        }
    }

    /// In which language the utterance shall be heard, if another one was assumed before it was known how likely each is.
    pub fn chosen<'a>(&self, assumed: &'a str, likely: &'a [(String, f32)]) -> &'a str {
        let needed = match self {
            Self::No => return assumed,
            Self::IfDoubtful(_) => SURE,
            Self::Yes(_) => CLEAR,
        };
        likeliest(self.candidates(), likely)
            .filter(|(_, share)| *share >= needed)
            .map_or(assumed, |(language, _)| language)
    }
}

/// The likeliest of the candidates and its share among them, if they are likely at all.
pub fn likeliest<'a>(candidates: &[String], likely: &'a [(String, f32)]) -> Option<(&'a str, f32)> {
    let sound = |probability: f32| if probability.is_finite() { probability.clamp(0.0, 1.0) } else { 0.0 };
    let of_area = || likely.iter().filter(|(language, _)| candidates.contains(language));
    let all: f32 = of_area().map(|(_, probability)| sound(*probability)).sum();
    let (language, probability) = of_area().max_by(|(_, a), (_, b)| sound(*a).total_cmp(&sound(*b)))?;
    // A single one, as servers name it, is as sure as it says; several are compared with each other.
    let alone = likely.len() == 1;
    (all >= LEAST).then(|| (language.as_str(), sound(*probability) / if alone { 1.0 } else { all }))
}

/// What is known of one track.
#[derive(Debug, Clone, Default)]
pub struct TrackLanguage {
    /// The area's, the first assumed; never empty but in `default`.
    candidates: Vec<String>,
    /// For each, how many utterances spoke for it since something was decided.
    votes: Vec<u8>,
    /// What the latest vote was for.
    likeliest: usize,
    kept: Option<usize>,
    told_nothing: u8,
}

impl TrackLanguage {
    /// Of the area's languages, the likeliest first.
    pub fn among(candidates: Vec<String>) -> Self {
        let votes = vec![0; candidates.len()];
        // L1.
        let kept = (candidates.len() < 2).then_some(0);
        Self { candidates, votes, likeliest: 0, kept, told_nothing: 0 }
    }

    /// In which language the next utterance is heard.
    pub fn language(&self) -> &str {
        self.candidates.get(self.kept.unwrap_or(self.likeliest)).map_or("da", String::as_str)
    }

    /// What is asked about an utterance of so many samples of speech.
    pub fn detect(&self, samples: u64) -> Detect {
        if self.candidates.len() < 2 || samples < LONG_ENOUGH {
            return Detect::No; // L1, L2.
        }
        let candidates = self.candidates.clone();
        if self.kept.is_some() { Detect::IfDoubtful(candidates) } else { Detect::Yes(candidates) }
    }

    /// An utterance that is believed told how likely each language is. Gives the language that is kept from now on, if
    /// that has changed.
    pub fn heard(&mut self, likely: &[(String, f32)]) -> Option<&str> {
        let told = likeliest(&self.candidates, likely).filter(|(_, share)| *share >= CLEAR);
        let at = told.and_then(|(language, share)| Some((self.candidates.iter().position(|c| c == language)?, share)));
        let Some((at, share)) = at else { return self.told_nothing() };
        if self.kept == Some(at) {
            self.votes.fill(0);
            return None;
        }
        self.votes[at] += 1;
        self.likeliest = at;
        let decides = self.votes[at] >= AGREE || (self.kept.is_none() && share >= SURE); // L3, L4.
        if decides { self.keep(at) } else { None }
    }

    /// L5.
    fn told_nothing(&mut self) -> Option<&str> {
        self.told_nothing = self.told_nothing.saturating_add(1);
        if self.kept.is_none() && self.told_nothing >= ASKED { self.keep(0) } else { None }
    }

    fn keep(&mut self, at: usize) -> Option<&str> {
        self.votes.fill(0);
        self.kept = Some(at);
        self.candidates.get(at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// "da 0.7 en 0.2".
    fn likely(text: &str) -> Vec<(String, f32)> {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.as_chunks::<2>().0.iter().map(|[code, p]| ((*code).to_owned(), p.parse().unwrap())).collect()
    }

    /// Tells the utterances in turn; gives what is kept after each, `-` for nothing yet.
    #[track_caller]
    fn check(candidates: &str, utterances: &[&str], kept: &str) {
        let mut track = TrackLanguage::among(codes(candidates));
        let mut now = Vec::new();
        for utterance in utterances {
            track.heard(&likely(utterance));
            let kept = matches!(track.detect(LONG_ENOUGH), Detect::IfDoubtful(_));
            now.push(if kept { track.language().to_owned() } else { "-".to_owned() });
        }
        assert_eq!(now.join(" "), kept, "{utterances:?}");
    }

    #[test]
    fn an_area_that_says_nothing_of_speech_speaks_the_language_of_its_notes() {
        let check = |of_notes: &str, said: &str, expected: &str| {
            let area = AreaSettings {
                area: "a".into(),
                version: "v".into(),
                language: of_notes.into(),
                spoken_languages: codes(said),
                ..AreaSettings::default()
            };
            assert_eq!(spoken(&area, "da").join(" "), expected);
        };
        check("en", "", "en");
        check("", "", "da");
        check("da", "en", "en");
        check("da", "da en", "da en");
        check("en", "klingon", "en");
    }

    #[test]
    fn one_that_is_sure_or_two_that_agree_decide() {
        check("da en", &["da 0.97 en 0.01"], "da");
        check("da en", &["en 0.95 da 0.02", "da 0.99 en 0.0"], "en en");
        check("da en", &["en 0.7 da 0.2", "en 0.6 da 0.3"], "- en");
        check("da en", &["en 0.7 da 0.2", "da 0.7 en 0.3", "da 0.6 en 0.3"], "- - da");
        check("da en de", &["de 0.5 da 0.1 en 0.1", "en 0.5 de 0.2 da 0.1", "de 0.7 en 0.2 da 0.1"], "- - de");
        check("da en", &["da 0.5 en 0.45", "da 0.5 en 0.45", "da 0.5 en 0.45"], "- - -");
    }

    #[test]
    fn languages_of_no_area_do_not_count() {
        // Danish is often taken for its neighbours: among Danish and English it is Danish all the same.
        check("da en", &["no 0.6 sv 0.2 da 0.18 en 0.01"], "da");
        check("da en", &["so 0.98 da 0.01 en 0.001", "so 0.98 da 0.01 en 0.001"], "- -");
        check("da en", &["norwegian 0.99", "no 0.99"], "- -");
    }

    #[test]
    fn a_server_that_names_one_decides_with_the_second() {
        check("da en", &["en 0.75", "en 0.75"], "- en");
        check("da en", &["en 0.99"], "en");
        check("da en", &["en 0.75", "da 0.75", "en 0.75"], "- - en");
    }

    #[test]
    fn what_tells_nothing_is_asked_only_so_often() {
        let nothing = vec!["xx 0.9"; usize::from(ASKED)];
        check("en da", &nothing, &format!("{}en", "- ".repeat(nothing.len() - 1)));
    }

    #[test]
    fn what_is_kept_changes_only_when_two_doubtful_texts_agree() {
        check("da en", &["da 0.99 en 0.0", "en 0.99 da 0.0", "en 0.99 da 0.0"], "da da en");
        check("da en", &["da 0.99 en 0.0", "en 0.99 da 0.0", "da 0.99 en 0.0", "en 0.99 da 0.0"], "da da da da");
    }

    #[test]
    fn a_short_utterance_is_not_asked_and_heard_in_the_likeliest() {
        let mut track = TrackLanguage::among(codes("da en"));
        assert_eq!((track.detect(LONG_ENOUGH - 1), track.language()), (Detect::No, "da"));
        assert_eq!(track.detect(LONG_ENOUGH), Detect::Yes(codes("da en")));
        track.heard(&likely("en 0.7 da 0.1"));
        assert_eq!((track.detect(LONG_ENOUGH - 1), track.language()), (Detect::No, "en"));
        let one = TrackLanguage::among(codes("en"));
        assert_eq!((one.detect(LONG_ENOUGH), one.language()), (Detect::No, "en"));
    }

    #[test]
    fn an_utterance_is_heard_in_what_is_likely_enough() {
        let chosen = |detect: &Detect, text: &str| detect.chosen("da", &likely(text)).to_owned();
        let (asked, doubtful) = (Detect::Yes(codes("da en")), Detect::IfDoubtful(codes("da en")));
        assert_eq!(chosen(&asked, "en 0.7 da 0.2"), "en");
        assert_eq!(chosen(&asked, "en 0.5 da 0.45"), "da");
        assert_eq!(chosen(&asked, "sv 0.9 da 0.0"), "da");
        assert_eq!(chosen(&doubtful, "en 0.7 da 0.2"), "da");
        assert_eq!(chosen(&doubtful, "en 0.95 da 0.01"), "en");
        assert_eq!(chosen(&Detect::No, "en 1.0 da 0.0"), "da");
    }

    #[test]
    fn the_codes_are_those_of_whisper() {
        let theirs: Vec<&str> = (0..=whisper_rs::get_lang_max_id()).filter_map(whisper_rs::get_lang_str).collect();
        assert_eq!(theirs.len(), referent_proto::language::codes().count());
        for (id, code) in theirs.iter().enumerate() {
            assert!(referent_proto::language::is_known(code), "{code}");
            let name = whisper_rs::get_lang_str_full(i32::try_from(id).unwrap()).unwrap();
            assert_eq!(referent_proto::language::code_of(name), Some(*code));
        }
    }

    proptest! {
        /// Whatever recognisers say, what is spoken is one of the area's languages.
        #[test]
        fn only_languages_of_the_area_are_spoken(
            told in prop::collection::vec(prop::collection::vec(("da|en|sv|xx", any::<f32>()), 0..4), 0..20),
        ) {
            let mut track = TrackLanguage::among(codes("da en"));
            for likely in told {
                let asked = Detect::Yes(codes("da en"));
                prop_assert!(["da", "en"].contains(&asked.chosen("da", &likely)));
                track.heard(&likely);
                prop_assert!(["da", "en"].contains(&track.language()));
            }
        }
    }
}
