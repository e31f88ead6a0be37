//! Tells in which languages a call is held, where its area allows several.
//!
//! In: what the area says is spoken, and the text. Out: the language of each side, and whether it is another than the
//! note's. Each utterance was heard in the language that its recogniser was told or found out (`transcribe::language`), so
//! its text is in that language; here the text of a whole side is looked at, which needs nothing that a worker remembers:
//! a draft that is written again elsewhere sees the same.
//!
//! Promises:
//!   S1  Of one language nothing is asked: it is the call's.
//!   S2  Only the area's languages and the note's count. A side that is too short to tell is in the note's.
//!
//! Pure. Not done here: no language of a single sentence (`llm::language`).

use referent_proto::call::AreaSettings;
use referent_proto::ids::{PerTrack, Track};
use referent_proto::speech::Utterance;
use whatlang::{Detector, Lang};

/// Letters from which on a side tells its language.
const LETTERS: usize = 60;
/// Letters that are looked at; no side needs more to be told.
const MOST: usize = 8_000;

/// Which languages are spoken in a call, as ISO 639-1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpokenIn {
    note: String,
    sides: PerTrack<String>,
}

impl SpokenIn {
    /// Of a call of this area.
    pub fn of<'u>(area: &AreaSettings, utterances: impl IntoIterator<Item = &'u Utterance>) -> Self {
        let note = if area.language.is_empty() { "da" } else { &area.language };
        let mut candidates: Vec<&str> = area.spoken_languages.iter().map(String::as_str).collect();
        if candidates.is_empty() {
            candidates.push(note);
        }
        let sides = if let [only] = candidates[..] {
            PerTrack { near: only.to_owned(), far: only.to_owned() }
        } else {
            let mut texts: PerTrack<String> = PerTrack::default();
            for said in utterances {
                let text = &mut texts[said.track];
                if text.len() < MOST {
                    text.push_str(said.text.reveal());
                    text.push(' ');
                }
            }
            let of = |track: Track| likeliest(&texts[track], &candidates).unwrap_or(note).to_owned();
            PerTrack { near: of(Track::Near), far: of(Track::Far) }
        };
        Self { note: note.to_owned(), sides }
    }

    /// Languages other than the note's, the citizen's first.
    pub fn foreign(&self) -> Vec<&str> {
        let mut foreign: Vec<&str> = Vec::new();
        for side in [&self.sides.far, &self.sides.near] {
            if side != &self.note && !foreign.contains(&side.as_str()) {
                foreign.push(side);
            }
        }
        foreign
    }

    /// Whether this side speaks the note's language.
    pub fn is_notes(&self, track: Track) -> bool {
        self.sides[track] == self.note
    }
}

/// The candidate that the text is in, if it is long enough to tell.
fn likeliest<'c>(text: &str, candidates: &[&'c str]) -> Option<&'c str> {
    if text.chars().filter(|c| c.is_alphabetic()).count() < LETTERS {
        return None;
    }
    let known: Vec<(&'c str, Lang)> = candidates.iter().filter_map(|code| Some((*code, lang(code)?))).collect();
    let found = Detector::with_allowlist(known.iter().map(|(_, lang)| *lang).collect()).detect(text)?;
    known.into_iter().find(|(_, lang)| *lang == found.lang()).map(|(code, _)| code)
}

/// The detector's name for a code; none for languages that it does not know.
pub(crate) fn lang(code: &str) -> Option<Lang> {
    let three = match code {
        "af" => "afr",
        "am" => "amh",
        "ar" => "ara",
        "az" => "aze",
        "be" => "bel",
        "bg" => "bul",
        "bn" => "ben",
        "ca" => "cat",
        "cs" => "ces",
        "da" => "dan",
        "de" => "deu",
        "el" => "ell",
        "en" => "eng",
        "es" => "spa",
        "et" => "est",
        "fa" => "pes",
        "fi" => "fin",
        "fr" => "fra",
        "he" => "heb",
        "hi" => "hin",
        "hr" => "hrv",
        "hu" => "hun",
        "hy" => "hye",
        "id" => "ind",
        "it" => "ita",
        "ja" => "jpn",
        "ka" => "kat",
        "km" => "khm",
        "ko" => "kor",
        "lt" => "lit",
        "lv" => "lav",
        "my" => "mya",
        "ne" => "nep",
        "nl" => "nld",
        "no" => "nob",
        "pa" => "pan",
        "pl" => "pol",
        "pt" => "por",
        "ro" => "ron",
        "ru" => "rus",
        "si" => "sin",
        "sk" => "slk",
        "sl" => "slv",
        "sr" => "srp",
        "sv" => "swe",
        "ta" => "tam",
        "te" => "tel",
        "th" => "tha",
        "tl" => "tgl",
        "tr" => "tur",
        "uk" => "ukr",
        "ur" => "urd",
        "uz" => "uzb",
        "vi" => "vie",
        "yi" => "yid",
        "zh" => "cmn",
        _ => return None,
    };
    Lang::from_code(three)
}

/// What a language is called in a Danish or an English prompt.
pub fn name(code: &str, language: &str) -> String {
    let english = referent_proto::language::name(code);
    if language == "en" {
        return english.map_or_else(|| code.to_owned(), capitalised);
    }
    let danish = match code {
        "ar" => "arabisk",
        "bg" => "bulgarsk",
        "bs" => "bosnisk",
        "cs" => "tjekkisk",
        "da" => "dansk",
        "de" => "tysk",
        "el" => "græsk",
        "en" => "engelsk",
        "es" => "spansk",
        "et" => "estisk",
        "fa" => "persisk",
        "fi" => "finsk",
        "fo" => "færøsk",
        "fr" => "fransk",
        "hi" => "hindi",
        "hr" => "kroatisk",
        "hu" => "ungarsk",
        "is" => "islandsk",
        "it" => "italiensk",
        "lt" => "litauisk",
        "lv" => "lettisk",
        "nl" => "nederlandsk",
        "no" => "norsk",
        "pl" => "polsk",
        "ps" => "pashto",
        "pt" => "portugisisk",
        "ro" => "rumænsk",
        "ru" => "russisk",
        "sk" => "slovakisk",
        "so" => "somalisk",
        "sq" => "albansk",
        "sr" => "serbisk",
        "sv" => "svensk",
        "th" => "thailandsk",
        "tr" => "tyrkisk",
        "uk" => "ukrainsk",
        "ur" => "urdu",
        "vi" => "vietnamesisk",
        "zh" => "kinesisk",
        _ => return english.unwrap_or(code).to_owned(),
    };
    danish.to_owned()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
