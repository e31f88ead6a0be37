//! Languages that people speak, as recognisers of the Whisper family know them.
//!
//! In: a code out of an area's file, or what a recognition server answers. Out: the code. Codes are those of ISO 639-1,
//! with `haw`, `jw` and `yue` as those models write them. Not done here: which of them an area allows (`AreaSettings`), and
//! whether the installed model understands any.

/// Code and English name, in the order of the codes.
const KNOWN: [(&str, &str); 100] = [
    ("af", "afrikaans"),
    ("am", "amharic"),
    ("ar", "arabic"),
    ("as", "assamese"),
    ("az", "azerbaijani"),
    ("ba", "bashkir"),
    ("be", "belarusian"),
    ("bg", "bulgarian"),
    ("bn", "bengali"),
    ("bo", "tibetan"),
    ("br", "breton"),
    ("bs", "bosnian"),
    ("ca", "catalan"),
    ("cs", "czech"),
    ("cy", "welsh"),
    ("da", "danish"),
    ("de", "german"),
    ("el", "greek"),
    ("en", "english"),
    ("es", "spanish"),
    ("et", "estonian"),
    ("eu", "basque"),
    ("fa", "persian"),
    ("fi", "finnish"),
    ("fo", "faroese"),
    ("fr", "french"),
    ("gl", "galician"),
    ("gu", "gujarati"),
    ("ha", "hausa"),
    ("haw", "hawaiian"),
    ("he", "hebrew"),
    ("hi", "hindi"),
    ("hr", "croatian"),
    ("ht", "haitian creole"),
    ("hu", "hungarian"),
    ("hy", "armenian"),
    ("id", "indonesian"),
    ("is", "icelandic"),
    ("it", "italian"),
    ("ja", "japanese"),
    ("jw", "javanese"),
    ("ka", "georgian"),
    ("kk", "kazakh"),
    ("km", "khmer"),
    ("kn", "kannada"),
    ("ko", "korean"),
    ("la", "latin"),
    ("lb", "luxembourgish"),
    ("ln", "lingala"),
    ("lo", "lao"),
    ("lt", "lithuanian"),
    ("lv", "latvian"),
    ("mg", "malagasy"),
    ("mi", "maori"),
    ("mk", "macedonian"),
    ("ml", "malayalam"),
    ("mn", "mongolian"),
    ("mr", "marathi"),
    ("ms", "malay"),
    ("mt", "maltese"),
    ("my", "myanmar"),
    ("ne", "nepali"),
    ("nl", "dutch"),
    ("nn", "nynorsk"),
    ("no", "norwegian"),
    ("oc", "occitan"),
    ("pa", "punjabi"),
    ("pl", "polish"),
    ("ps", "pashto"),
    ("pt", "portuguese"),
    ("ro", "romanian"),
    ("ru", "russian"),
    ("sa", "sanskrit"),
    ("sd", "sindhi"),
    ("si", "sinhala"),
    ("sk", "slovak"),
    ("sl", "slovenian"),
    ("sn", "shona"),
    ("so", "somali"),
    ("sq", "albanian"),
    ("sr", "serbian"),
    ("su", "sundanese"),
    ("sv", "swedish"),
    ("sw", "swahili"),
    ("ta", "tamil"),
    ("te", "telugu"),
    ("tg", "tajik"),
    ("th", "thai"),
    ("tk", "turkmen"),
    ("tl", "tagalog"),
    ("tr", "turkish"),
    ("tt", "tatar"),
    ("uk", "ukrainian"),
    ("ur", "urdu"),
    ("uz", "uzbek"),
    ("vi", "vietnamese"),
    ("yi", "yiddish"),
    ("yo", "yoruba"),
    ("yue", "cantonese"),
    ("zh", "chinese"),
];

/// True for a code that recognisers know: "da", never "danish" nor "DA".
pub fn is_known(code: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == code)
}

/// The code of a language by its code or English name, whatever the case: servers answer "danish" as well as "da".
pub fn code_of(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let is_it = |known: &&(&str, &str)| name.eq_ignore_ascii_case(known.0) || name.eq_ignore_ascii_case(known.1);
    KNOWN.iter().find(is_it).map(|(code, _)| *code)
}

/// The English name of a code, in small letters.
pub fn name(code: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// Every code, in alphabetical order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_code_and_found_by_its_name() {
        assert!(is_known("da") && is_known("yue"));
        for unknown in ["danish", "DA", "", "xx", "da-DK"] {
            assert!(!is_known(unknown), "{unknown}");
        }
        for (said, code) in
            [("danish", "da"), ("Danish", "da"), ("DA", "da"), (" english ", "en"), ("haitian creole", "ht")]
        {
            assert_eq!(code_of(said), Some(code), "{said}");
        }
        assert_eq!(code_of("auto"), None);
        assert_eq!((name("da"), name("danish")), (Some("danish"), None));
        assert!(codes().is_sorted(), "in the order of the codes");
    }
}
