//! Knows the sentences that models write where nobody speaks.
//!
//! In: the lists in this folder, one sentence a line, each with its public source; and the list that
//! `referent-pipeline harvest` wrote for the installed model, if it lies beside it. Out: whether an utterance is nothing
//! but such sentences.
//!
//! Promises:
//!   V1  Only a whole utterance is recognised, never part of one: "Undertekster af" in a longer sentence is speech.
//!   V2  Case, punctuation and blanks do not matter. Several listed sentences in a row, or one several times, do match.
//!   V3  A word of the list that is `%` stands for any number, such as the year of a credit; nothing else is a pattern.
//!
//! Not done here: whether anything is suppressed. That takes weak sound too (`doubt`), because people do say "tak for
//! nu".

use super::text::plain;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

const DANISH: &str = include_str!("da.txt");
const ENGLISH: &str = include_str!("en.txt");
const NORWEGIAN: &str = include_str!("no.txt");
const SWEDISH: &str = include_str!("sv.txt");
/// What stands for any number.
const NUMBER: &str = "%";
/// A longer list is not read: it is no list of sentences.
const LONGEST_FILE: u64 = 1 << 20;

/// The list beside the model cannot be used. For a person to mend, at the start.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not readable, or not UTF-8.
    #[error("{path} cannot be read: {error}; make it again with `referent-pipeline harvest`, or delete it")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Longer than any list.
    #[error("{0} has more than 1 MB, which no list of sentences has; make it again with `referent-pipeline harvest`")]
    TooLong(PathBuf),
}

/// Sentences that models invent.
#[derive(Debug, Clone, Default)]
pub struct Inventions {
    sentences: HashSet<Vec<String>>,
    longest: usize,
}

impl Inventions {
    /// The sentences that are shipped for a language ("da", "en"), and those of the file. Whisper drifts into the
    /// languages beside the one it is told, so Danish comes with Norwegian, Swedish and English; any other language has
    /// all four. A file that is not there holds nothing.
    pub fn load(language: &str, harvested: Option<&Path>) -> Result<Self, Unreadable> {
        let mut inventions = Self::default();
        let shipped: &[&str] = match language {
            "en" => &[ENGLISH],
            _ => &[DANISH, NORWEGIAN, SWEDISH, ENGLISH],
        };
        for list in shipped {
            inventions.add_list(list);
        }
        if let Some(path) = harvested {
            inventions.add_list(&read(path)?);
        }
        Ok(inventions)
    }

    /// Where the harvested list of a model lies: `ggml-small.bin` has `ggml-small.inventions.txt`.
    pub fn beside(model: &Path) -> PathBuf {
        model.with_extension("inventions.txt")
    }

    /// How many sentences there are.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// V1, V2: true if the whole text is listed sentences and nothing else.
    pub fn is_invention(&self, text: &str) -> bool {
        let words = words(text);
        // `told[n]`: the first n words are listed sentences.
        let mut told = vec![false; words.len() + 1];
        told[0] = true;
        for end in 1..=words.len() {
            let nearest = end.saturating_sub(self.longest);
            told[end] = (nearest..end).any(|begin| told[begin] && self.sentences.contains(&words[begin..end]));
        }
        !words.is_empty() && told[words.len()]
    }

    fn add_list(&mut self, list: &str) {
        for line in list.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let sentence = words(line);
            if !sentence.is_empty() {
                self.longest = self.longest.max(sentence.len());
                self.sentences.insert(sentence);
            }
        }
    }
}

/// The words of a text as they are compared: plain, numbers alike.
pub(crate) fn words(text: &str) -> Vec<String> {
    // What is written together with a point or a dash ("Amara.org-gemenskapen") is compared word by word.
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '%' && letter != '\'');
    words
        .map(|word| if word == NUMBER { NUMBER.to_owned() } else { plain(word) })
        .filter(|word| !word.is_empty())
        .map(|word| if word.chars().all(|letter| letter.is_ascii_digit()) { NUMBER.to_owned() } else { word })
        .collect()
}

fn read(path: &Path) -> Result<String, Unreadable> {
    let io = |error| Unreadable::Io { path: path.to_owned(), error };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(io(error)),
        Ok(metadata) if metadata.len() > LONGEST_FILE => Err(Unreadable::TooLong(path.to_owned())),
        Ok(_) => std::fs::read_to_string(path).map_err(io),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let inventions = Inventions::load("da", None).unwrap();
        assert_eq!(inventions.is_invention(text), expected, "{text}");
    }

    #[test]
    fn whole_utterances_are_recognised() {
        check("Danske tekster af Nicolai Winther", true);
        check("  DANSKE TEKSTER  af nicolai winther...", true);
        check("Danske tekster af Jesper Buhl Scandinavian Text Service 2018", true);
        check("Danske tekster af Jesper Buhl Scandinavian Text Service 2021.", true);
        check("Tak fordi du så med.", true);
        check("Tak fordi du så med. Tak fordi du så med!", true);
        check("Thanks for watching! Subtitles by the Amara.org community", true);
        check("Teksting av Nicolai Winther", true);
        check("Undertexter från Amara.org-gemenskapen", true);
    }

    #[test]
    fn parts_and_what_people_say_are_not() {
        check("", false);
        check("...", false);
        check("Ja.", false);
        check("Tak.", false);
        check("Tak fordi du så med mig på papirerne.", false);
        check("Hun skrev danske tekster af Nicolai Winther", false);
        check("Danske tekster af", false);
        check("Jeg har skrevet ned, hvad du sagde. Tak fordi du så med", false);
        check("2018", false);
    }

    #[test]
    fn english_has_its_own() {
        let english = Inventions::load("en", None).unwrap();
        assert!(english.is_invention("Thank you for watching!"));
        assert!(!english.is_invention("Danske tekster af Nicolai Winther"));
        assert!(!english.is_empty() && english.len() < Inventions::load("da", None).unwrap().len());
    }

    #[test]
    fn the_list_beside_the_model_counts_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = Inventions::beside(&folder.path().join("ggml-small.bin"));
        assert!(path.ends_with("ggml-small.inventions.txt"));
        assert!(!Inventions::load("da", Some(&path)).unwrap().is_invention("Hav en god dag"), "there is none yet");
        std::fs::write(&path, "# of a test\nHav en god dag.\n\n").unwrap();
        assert!(Inventions::load("da", Some(&path)).unwrap().is_invention("hav en god dag"));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        let error = Inventions::load("da", Some(&path)).unwrap_err().to_string();
        assert!(error.contains("harvest"), "{error}");
    }

    #[test]
    fn every_listed_sentence_has_a_source_before_it() {
        for list in [DANISH, ENGLISH, NORWEGIAN, SWEDISH] {
            let mut has_source = false;
            let mut sentences = 0;
            for line in list.lines() {
                if line.starts_with('#') {
                    has_source |= line.contains("https://");
                } else if line.is_empty() {
                    has_source = false;
                } else {
                    sentences += 1;
                    assert!(has_source, "{line}");
                }
            }
            assert!(sentences > 4);
        }
    }

    proptest! {
        #[test]
        fn a_word_more_is_no_invention(before in any::<bool>(), word in "[qz][qz]{3,8}") {
            let inventions = Inventions::load("da", None).unwrap();
            let said = "Tak fordi du så med";
            let text = if before { format!("{word} {said}") } else { format!("{said} {word}") };
            prop_assert!(!inventions.is_invention(&text));
        }

        #[test]
        fn nothing_panics(text in ".{0,200}") {
            Inventions::load("da", None).unwrap().is_invention(&text);
        }
    }
}
