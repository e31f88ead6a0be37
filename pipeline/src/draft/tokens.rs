//! How many tokens a text takes at most, whatever the server's tokenizer.
//!
//! In: text of a prompt. Out: a number that the tokenizers in use do not exceed, with room above it: what a prompt is
//! measured by before it is sent, so that no server has to cut it.
//!
//! Each model family has its own tokenizer, of some megabytes, and the one behind an address is not known. So the bound is
//! made of what they have in common: a token is never longer than a word, a letter outside ASCII costs at most a token a
//! byte, figures and marks at most one each, and words of the languages written here are cut into pieces of two letters or
//! more. The tests hold it against GPT-2's tokenizer, which has hardly seen Danish and cuts it finer than any in use
//! today, and against two of today's.
//!
//! Not done here: no exact count. A prompt that is a little too careful costs a part more in a long call.

/// What a chat template puts around the messages, and a little beside.
pub const TEMPLATE: usize = 64;

/// At most so many tokens.
pub fn bound(text: &str) -> usize {
    let (mut tokens, mut letters) = (0, 0);
    for character in text.chars() {
        if character.is_ascii_alphabetic() {
            letters += 1;
            continue;
        }
        tokens += usize::div_ceil(std::mem::take(&mut letters), 2);
        tokens += match character {
            ' ' => 0, // Goes with the word that follows.
            _ => character.len_utf8(),
        };
    }
    tokens + usize::div_ceil(letters, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_made_of_letters_figures_and_marks() {
        let check = |text: &str, expected| assert_eq!(bound(text), expected, "{text}");
        check("", 0);
        check("og", 1);
        check("hej med dig", 6);
        check("6.450 kr.", 7);
        check("[12] Borger: ja\n", 10);
        check("å", 2);
        check("blåbær", 7);
        check("привіт", 12);
    }
}
