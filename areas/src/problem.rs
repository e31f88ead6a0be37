//! What can be wrong with a value, or with what is missing, one kind each.
//!
//! In: what the checks of [`crate::file`] find. Out: the English sentence for logs and the command line, and a code with
//! arguments for whoever says it in another language. Promised: a code keeps its name and the order of its arguments, and
//! the pane has a sentence for each (tests/sentences.rs). Not done here: where it stands ([`crate::Mistake`]).

/// A kind of mistake. Each sentence goes on from the key that it is about: what is wrong, then what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// The file is no TOML there; the parser says why, in English only.
    #[error("{said}; correct or remove that line")]
    NoToml {
        /// The parser's own words, on one line.
        said: String,
    },
    /// Text is expected.
    #[error("is no text; write it in quotation marks")]
    NoText,
    /// A truth is expected.
    #[error("is neither true nor false; write one of them, without quotation marks")]
    NeitherTrueNorFalse,
    /// A whole number of a range is expected.
    #[error("is no whole number from {least} to {most}; write one")]
    NoNumber {
        /// The range begins here.
        least: u32,
        /// It ends here, this one included.
        most: u32,
    },
    /// A list of texts is expected.
    #[error("is no list; write [\"one\", \"two\"]")]
    NoList,
    /// One table is expected.
    #[error("is no table; write [{key}] and its keys below")]
    NoTable {
        /// Its name.
        key: &'static str,
    },
    /// Several tables are expected.
    #[error("is no list of tables; write [[{key}]] above each, in double brackets")]
    NoListOfTables {
        /// Their name.
        key: &'static str,
    },
    /// One of several tables is none.
    #[error("is no table; write [[{key}]] above its keys")]
    NoTableInList {
        /// Their name.
        key: &'static str,
    },
    /// Nobody asks for this key.
    #[error("is no key of this version; correct or remove it (here stand: {})", .known.join(", "))]
    UnknownKey {
        /// Those that may stand in this place; each is an argument.
        known: Vec<&'static str>,
    },
    /// A key that must be there.
    #[error("is missing; write it")]
    Missing,
    /// The language of the note must be there.
    #[error("is missing; write language = \"da\" or \"en\"")]
    LanguageMissing,
    /// One word of a few must be there.
    #[error("is missing; write {}", one_of(.choices))]
    ChoiceMissing {
        /// The words; each is an argument.
        choices: &'static [&'static str],
    },
    /// A fact needs cues.
    #[error("is missing; write words of the call by which the fact is known")]
    CuesMissing,
    /// One word of a few is expected.
    #[error("is none of these; write {}", one_of(.choices))]
    NoneOfThese {
        /// The words; each is an argument.
        choices: &'static [&'static str],
    },
    /// No note can be written in it.
    #[error("is not a language of this version; write da or en")]
    NoLanguageOfNotes,
    /// No model can be called so.
    #[error("is no name of a model; write the one that the pipeline's configuration gives it")]
    NoModelName,
    /// Text that could pass for something else.
    #[error("has control characters; write plain text")]
    ControlCharacters,
    /// Text that is too long.
    #[error("has {characters} characters; write at most {most}")]
    TooLong {
        /// So many it has.
        characters: usize,
        /// So many it may have.
        most: usize,
    },
    /// Nothing is hidden from somebody else's model, and nobody says why.
    #[error(
        "sends names and numbers as they are to a language model that is not local; write identifiers or full, or say \
         in pseudonyms_none_reason why that is right"
    )]
    PseudonymsNoneWithoutReason,
    /// A reason, but what it would be for is not asked.
    #[error("is a reason for nothing; it stands only beside pseudonyms = \"none\"")]
    ReasonForNothing,
    /// Too few words to be a reason.
    #[error("is no reason; write in a sentence which agreement or law it rests on")]
    NoReason,
    /// A note needs a section.
    #[error("is empty; write at least one [[sections]] with id and heading")]
    NoSections,
    /// Too many sections, categories or facts.
    #[error("are {count}; write at most {most}")]
    TooMany {
        /// So many there are.
        count: usize,
        /// So many there may be.
        most: usize,
    },
    /// A list of languages that names none.
    #[error("is empty; name what is spoken, for example [\"da\", \"en\"], or leave the key out")]
    NoLanguages,
    /// Too many to tell apart.
    #[error("are more than {most} languages; keep those that callers do speak")]
    TooManyLanguages {
        /// So many there may be.
        most: usize,
    },
    /// No recogniser knows it.
    #[error("is no language that recognisers know; write a code of two letters, such as da or en")]
    UnknownLanguage,
    /// A language of the list is there already.
    #[error("stands there twice; name each language once")]
    LanguageTwice,
    /// An entry of the glossary that is none.
    #[error("is no word or name; write each one as an entry of its own, without commas")]
    NoWord,
    /// An entry of the glossary that is a sentence.
    #[error("has more than {most} characters; write words and names, no sentences")]
    WordTooLong {
        /// So many characters it may have.
        most: usize,
    },
    /// A word or cue of the list is there already.
    #[error("stands there twice; once is enough")]
    Twice,
    /// The glossary as a whole.
    #[error("has more than {most} characters, and recognisers take some 550; keep the words that are heard wrong")]
    GlossaryTooLong {
        /// So many characters it may have.
        most: usize,
    },
    /// A list of cues that names none.
    #[error("is empty; write words of the call by which the fact is known, for example [\"husleje*\"]")]
    NoCues,
    /// More cues than anybody says.
    #[error("are more than {most}; keep those that are said")]
    TooManyCues {
        /// So many there may be.
        most: usize,
    },
    /// A cue that is a sentence.
    #[error("has more than {most} characters; write the words that show it")]
    CueTooLong {
        /// So many characters it may have.
        most: usize,
    },
    /// A cue that no call can be searched for.
    #[error("is no cue; write whole words, and * only where a word may begin or end otherwise")]
    NoCue,
    /// Letters that no id has, or too many of them.
    #[error("is no id; use a to z, 0 to 9 and _, at most {most}")]
    NoId {
        /// So many it may have.
        most: usize,
    },
    /// The id is another's already.
    #[error("stands there twice; each needs an id of its own")]
    IdTwice,
    /// Text that says nothing.
    #[error("is empty; write it, or leave the key out where it may be missing")]
    Empty,
    /// The heading or label is another's already.
    #[error("stands there twice; people and models tell them apart by these words")]
    LabelTwice,
}

/// One list for both, so that [`Problem::CODES`] lacks no kind: the compiler asks the match for each.
macro_rules! codes {
    ($($kind:ident => $code:literal,)*) => {
        impl Problem {
            /// The code of every kind.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// The kind's name for machines.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$kind { .. } => $code,)*
                }
            }
        }
    };
}

codes! {
    NoToml => "no_toml",
    NoText => "no_text",
    NeitherTrueNorFalse => "neither_true_nor_false",
    NoNumber => "no_number",
    NoList => "no_list",
    NoTable => "no_table",
    NoListOfTables => "no_list_of_tables",
    NoTableInList => "no_table_in_list",
    UnknownKey => "unknown_key",
    Missing => "missing",
    LanguageMissing => "language_missing",
    ChoiceMissing => "choice_missing",
    CuesMissing => "cues_missing",
    NoneOfThese => "none_of_these",
    NoLanguageOfNotes => "no_language_of_notes",
    NoModelName => "no_model_name",
    ControlCharacters => "control_characters",
    TooLong => "too_long",
    PseudonymsNoneWithoutReason => "pseudonyms_none_without_reason",
    ReasonForNothing => "reason_for_nothing",
    NoReason => "no_reason",
    NoSections => "no_sections",
    TooMany => "too_many",
    NoLanguages => "no_languages",
    TooManyLanguages => "too_many_languages",
    UnknownLanguage => "unknown_language",
    LanguageTwice => "language_twice",
    NoWord => "no_word",
    WordTooLong => "word_too_long",
    Twice => "twice",
    GlossaryTooLong => "glossary_too_long",
    NoCues => "no_cues",
    TooManyCues => "too_many_cues",
    CueTooLong => "cue_too_long",
    NoCue => "no_cue",
    NoId => "no_id",
    IdTwice => "id_twice",
    Empty => "empty",
    LabelTwice => "label_twice",
}

impl Problem {
    /// What the sentence is made of, in the order of the fields; of a list, each part is one.
    pub fn arguments(&self) -> Vec<String> {
        let words = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        match self {
            Self::NoToml { said } => vec![said.clone()],
            Self::NoNumber { least, most } => vec![least.to_string(), most.to_string()],
            Self::NoTable { key } | Self::NoListOfTables { key } | Self::NoTableInList { key } => words(&[*key]),
            Self::UnknownKey { known } => words(known),
            Self::ChoiceMissing { choices } | Self::NoneOfThese { choices } => words(choices),
            Self::TooLong { characters, most } => vec![characters.to_string(), most.to_string()],
            Self::TooMany { count, most } => vec![count.to_string(), most.to_string()],
            Self::TooManyLanguages { most }
            | Self::WordTooLong { most }
            | Self::GlossaryTooLong { most }
            | Self::TooManyCues { most }
            | Self::CueTooLong { most }
            | Self::NoId { most } => vec![most.to_string()],
            Self::NoText
            | Self::NeitherTrueNorFalse
            | Self::NoList
            | Self::Missing
            | Self::LanguageMissing
            | Self::CuesMissing
            | Self::NoLanguageOfNotes
            | Self::NoModelName
            | Self::ControlCharacters
            | Self::PseudonymsNoneWithoutReason
            | Self::ReasonForNothing
            | Self::NoReason
            | Self::NoSections
            | Self::NoLanguages
            | Self::UnknownLanguage
            | Self::LanguageTwice
            | Self::NoWord
            | Self::Twice
            | Self::NoCues
            | Self::NoCue
            | Self::IdTwice
            | Self::Empty
            | Self::LabelTwice => Vec::new(),
        }
    }
}

/// `a, b or c`.
fn one_of(choices: &[&str]) -> String {
    match choices {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => choices.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_sentence_a_code_and_what_it_is_made_of() {
        let check = |problem: &Problem, sentence: &str, code: &str, arguments: &[&str]| {
            assert_eq!((problem.to_string().as_str(), problem.code()), (sentence, code));
            assert_eq!(problem.arguments(), arguments);
        };
        check(&Problem::Missing, "is missing; write it", "missing", &[]);
        check(
            &Problem::NoNumber { least: 3, most: 100 },
            "is no whole number from 3 to 100; write one",
            "no_number",
            &["3", "100"],
        );
        check(
            &Problem::NoneOfThese { choices: &["none", "identifiers", "full"] },
            "is none of these; write none, identifiers or full",
            "none_of_these",
            &["none", "identifiers", "full"],
        );
        check(
            &Problem::UnknownKey { known: vec!["length", "tone"] },
            "is no key of this version; correct or remove it (here stand: length, tone)",
            "unknown_key",
            &["length", "tone"],
        );
        check(&Problem::TooMany { count: 13, most: 12 }, "are 13; write at most 12", "too_many", &["13", "12"]);
        let said = Problem::NoToml { said: "unclosed".into() };
        check(&said, "unclosed; correct or remove that line", "no_toml", &["unclosed"]);
    }

    #[test]
    fn no_two_kinds_share_a_code() {
        let mut codes = Problem::CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Problem::CODES.len());
    }
}
