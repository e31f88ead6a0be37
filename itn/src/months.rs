//! The names of months and weekdays.
//!
//! In: a folded word. Out: which month (1 to 12) or weekday (1 is Monday) it names.

use crate::Language;

/// The weekdays, Monday first.
pub(crate) fn weekdays(language: Language) -> [&'static str; 7] {
    match language {
        Language::Danish => ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"],
        Language::English => ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    }
}

/// The month that `word` names, in full or short.
pub(crate) fn named(word: &str, language: Language) -> Option<u8> {
    (1..).zip(months(language)).find(|(_, names)| names.contains(&word)).map(|(month, _)| month)
}

/// The months, January first, each in full before its short forms.
pub(crate) fn months(language: Language) -> [&'static [&'static str]; 12] {
    match language {
        Language::Danish => [
            &["januar", "jan"],
            &["februar", "feb", "febr"],
            &["marts", "mar"],
            &["april", "apr"],
            &["maj"],
            &["juni", "jun"],
            &["juli", "jul"],
            &["august", "aug"],
            &["september", "sep", "sept"],
            &["oktober", "okt"],
            &["november", "nov"],
            &["december", "dec"],
        ],
        Language::English => [
            &["january", "jan"],
            &["february", "feb"],
            &["march", "mar"],
            &["april", "apr"],
            &["may"],
            &["june", "jun"],
            &["july", "jul"],
            &["august", "aug"],
            &["september", "sep", "sept"],
            &["october", "oct"],
            &["november", "nov"],
            &["december", "dec"],
        ],
    }
}
