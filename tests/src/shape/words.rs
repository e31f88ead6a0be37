//! What a shape says, and how it spells its vocabulary.
//!
//! How much a shape says is how much a segment of a call has on average: the 202 turns of the sample calls are 4529
//! tokens of Whisper's vocabulary in 259 segments of 3.4 s, which is 5.2 tokens a second, 1.8 a word and 17.5 a segment.
//! So a shape says 18. They make seven words rather than ten, because a segment can be as short as "ja", and nobody
//! would believe eight words in it (`transcribe::doubt`); it is tokens that cost time.
//!
//! Promised: every token is spelled differently, and what is said holds no word twice.

/// Tokens of one utterance, without end-of-text.
pub const TOKENS: usize = PIECES[0] + PIECES[1] + PIECES[2] + PIECES[3] + PIECES[4] + PIECES[5] + PIECES[6];
/// Words of one utterance.
pub const WORDS: usize = PIECES.len();
/// Tokens of each word.
const PIECES: [usize; 7] = [3, 2, 3, 3, 2, 3, 2];
/// Tokens whose letters are in the file; whisper.cpp names the special ones itself.
pub const SPELLED: usize = 50_257;
/// The special token that ends a text.
const END_OF_TEXT: usize = 50_257;
/// A blank by itself: whisper.cpp looks it up.
const BLANK: usize = 220;

const CONSONANTS: [char; 15] = ['b', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v'];
const VOWELS: [char; 6] = ['a', 'e', 'i', 'o', 'u', 'y'];
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();

/// The letters of a token. Even ones begin a word, so a blank stands before them; odd ones go on with it.
pub fn text(token: usize) -> String {
    if token == BLANK {
        return " ".into();
    }
    let mut text = String::from(if token.is_multiple_of(2) { " " } else { "" });
    if token >= SYLLABLES * SYLLABLES {
        syllable(token / (SYLLABLES * SYLLABLES), &mut text);
    }
    syllable(token / SYLLABLES % SYLLABLES, &mut text);
    syllable(token % SYLLABLES, &mut text);
    text
}

fn syllable(number: usize, text: &mut String) {
    text.push(CONSONANTS[number % CONSONANTS.len()]);
    text.push(VOWELS[number / CONSONANTS.len() % VOWELS.len()]);
}

/// The token that is due after so many have been said.
pub fn due(said: usize) -> usize {
    if said >= TOKENS {
        return END_OF_TEXT;
    }
    let mut begins = 0;
    let begins_a_word = PIECES.iter().any(|pieces| {
        begins += pieces;
        begins - pieces == said
    });
    // Far apart, so that their syllables differ, and short.
    1_000 + 386 * said + usize::from(!begins_a_word)
}

/// What is said, as a recogniser writes it.
pub fn said() -> String {
    let text: String = (0..TOKENS).map(|said| text(due(said))).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_token_is_spelled_differently() {
        let all: HashSet<String> = (0..SPELLED).map(text).collect();
        assert_eq!(all.len(), SPELLED);
        assert!(all.contains(" "));
    }

    #[test]
    fn seven_different_words_are_said_and_then_nothing() {
        let said = said();
        let words: HashSet<&str> = said.split(' ').collect();
        assert_eq!((words.len(), said.split(' ').count(), TOKENS), (WORDS, WORDS, 18), "{said}");
        assert_eq!((due(TOKENS), due(TOKENS + 40)), (END_OF_TEXT, END_OF_TEXT));
    }
}
