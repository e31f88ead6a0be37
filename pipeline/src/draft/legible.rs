//! Keeps of a text what a person can read: a sentence of a draft is plain text, whoever wrote it.
//!
//! In: text that a model wrote, or a recogniser. Out: the same without characters that do something else than stand there:
//! that end a line, ring, move the cursor, turn the line around, or are not seen at all. The latter could also make two words
//! alike that are not, or hide a placeholder from whoever puts it back.
//!
//! Not done here: no markup is looked at. `<b>` is three letters, and is shown as these.

use std::borrow::Cow;

/// What of the text can be read, on one line.
pub fn legible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !breaks(c) && !is_unseen(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_unseen(*c)).map(|c| if breaks(c) { ' ' } else { c }).collect())
}

/// A space in its place keeps words apart.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Direction marks, joiners, soft hyphens, tags: nothing of what Danish or English is written with.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::legible;

    #[test]
    fn only_what_can_be_read_stays() {
        let check = |text: &str, expected: &str| assert_eq!(legible(text), expected, "{text:?}");
        check("Blåbærgrød, 6.450 kr.", "Blåbærgrød, 6.450 kr.");
        check("Громадянин переїхав", "Громадянин переїхав");
        check("a\tb\u{0}c\u{2028}d\u{85}e", "a b c d e");
        check("\u{202e}nej\u{202c} \u{2067}ja\u{2069}", "nej ja");
        check("[CPR\u{200b}-1] hus\u{ad}leje\u{feff}\u{e0041}", "[CPR-1] husleje");
        check("<b>x</b>", "<b>x</b>");
    }
}
