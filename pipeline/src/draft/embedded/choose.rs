//! Chooses the sentences of a note: the heaviest, each once, as many as the call is worth, in the order they were said.
//!
//! Pure. An answer that cannot be understood alone takes its question with it.

use super::cues::Cues;
use super::sentences::{Answer, Sentence};
use super::weigh::{AGREED, INFORMATION, REASON, Weight};
use referent_proto::ids::Track;
use std::collections::HashMap;

/// Why a sentence stands in the note.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    Reason,
    Information,
    Agreed,
}

/// A place in the note: what one of the two said, and the question before it if there must be one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Chosen {
    pub(super) role: Role,
    /// Index of the question that it answers.
    pub(super) question: Option<usize>,
    /// Indices of sentences of one turn, one behind the other; never empty.
    pub(super) said: Vec<usize>,
    /// Index of the short answer to it, if it is a question.
    pub(super) answer: Option<usize>,
}

/// Sentences that say why the citizen called.
const MOST_REASONS: usize = 3;
/// Words that a note may always have.
const ALWAYS: usize = 60;
/// Words that a note has at most: about a page.
const MOST_WORDS: usize = 500;
/// Of the words of a short call, and of those that a long call has more, how many percent may stand in the note.
const SHARE: usize = 70;
const SHARE_BEYOND: usize = 30;
/// Words of a short call: a minute and a half of two people.
const SHORT_CALL: usize = 250;
/// Characters of one sentence of the note, about.
const LONGEST: usize = 300;
/// Words of a sentence that is too short to stand apart from the next.
const SHORT: usize = 6;

/// Chooses.
pub(super) fn choose(sentences: &[Sentence], weights: &[Weight], cues: &Cues) -> Vec<Chosen> {
    let mut roles = roles(sentences, weights, cues);
    drop_repeats(&mut roles, sentences, weights, cues);
    keep_within_budget(&mut roles, sentences, weights);
    if roles.iter().all(Option::is_none) {
        take_what_there_is(&mut roles, sentences, weights);
    }
    together(&roles, sentences, weights, cues)
}

fn roles(sentences: &[Sentence], weights: &[Weight], cues: &Cues) -> Vec<Option<Role>> {
    let mut reasons: Vec<usize> = (0..sentences.len()).filter(|at| weights[*at].reason >= REASON).collect();
    reasons.sort_by_key(|at| (-weights[*at].reason, *at));
    reasons.truncate(MOST_REASONS);
    if reasons.is_empty() {
        reasons.extend(first_concern(sentences, weights));
    }
    (0..sentences.len())
        .map(|at| {
            let weight = weights[at];
            if reasons.contains(&at) {
                Some(Role::Reason)
            } else if weight.is_noise {
                None
            } else if weight.agreed >= AGREED || answers_a_request(sentences, at, cues) {
                Some(Role::Agreed)
            } else {
                (weight.information >= INFORMATION).then_some(Role::Information)
            }
        })
        .collect()
}

/// What the citizen says first that is worth anything: somebody who calls begins with why.
fn first_concern(sentences: &[Sentence], weights: &[Weight]) -> Option<usize> {
    let first_half = sentences.len().div_ceil(2);
    (0..first_half).find(|at| {
        let (sentence, weight) = (&sentences[*at], weights[*at]);
        sentence.track == Track::Far && !weight.is_noise && sentence.plain.words() >= 5
    })
}

/// "Kan du sende dem igen?" "Ja, det kan jeg godt.": the answer makes it an agreement.
fn answers_a_request(sentences: &[Sentence], at: usize, cues: &Cues) -> bool {
    question_before(sentences, at)
        .is_some_and(|asked| sentences[asked].track == Track::Near && sentences[asked].plain.has_any(&cues.requests))
}

/// The question that the other one ended with, or almost, if `at` is the first sentence of the answer. What is answered
/// with yes or no was one, whatever its form.
fn question_before(sentences: &[Sentence], at: usize) -> Option<usize> {
    let turn = sentences[at].turn;
    let last = at.checked_sub(1).filter(|last| sentences[*last].turn + 1 == turn)?;
    let almost_last = last.checked_sub(1).filter(|before| sentences[*before].turn + 1 == turn);
    let asked = [Some(last), almost_last].into_iter().flatten().find(|asked| sentences[*asked].is_question);
    asked.or_else(|| sentences[at].answers.map(|_| last))
}

/// The same thing said twice stands once. The later one wins if it takes the earlier one back.
fn drop_repeats(roles: &mut [Option<Role>], sentences: &[Sentence], weights: &[Weight], cues: &Cues) {
    let mut numbered = HashMap::new();
    let contents: Vec<Content> = sentences.iter().map(|sentence| Content::of(sentence, cues, &mut numbered)).collect();
    for later in 0..roles.len() {
        if roles[later].is_none() {
            continue;
        }
        for earlier in 0..later {
            if roles[earlier].is_none() {
                continue;
            }
            match contents[later].repeats(&contents[earlier], &sentences[later], cues) {
                Repeats::No => {}
                Repeats::Yes if roles[later] == roles[earlier] || weights[later].agreed <= weights[earlier].agreed => {
                    roles[later] = None;
                    break;
                }
                Repeats::Yes | Repeats::TakesBack => roles[earlier] = None,
            }
        }
    }
}

/// What a sentence is about: its words and its numbers, each once, as numbers of their own in order.
struct Content {
    words: Vec<usize>,
    numbers: Vec<usize>,
}

enum Repeats {
    Yes,
    No,
    TakesBack,
}

impl Content {
    /// `numbered` gives each word of the call its number.
    fn of<'a>(sentence: &'a Sentence, cues: &Cues, numbered: &mut HashMap<&'a str, usize>) -> Self {
        let mut distinct = |words: &mut dyn Iterator<Item = &'a str>| {
            let mut distinct: Vec<usize> = words
                .map(|word| {
                    let next = numbered.len();
                    *numbered.entry(word).or_insert(next)
                })
                .collect();
            distinct.sort_unstable();
            distinct.dedup();
            distinct
        };
        let numbers = distinct(&mut sentence.plain.numbers());
        let mut words = distinct(&mut sentence.plain.iter().filter(|word| !cues.small_words.contains(*word)));
        words.retain(|word| numbers.binary_search(word).is_err());
        Self { words, numbers }
    }

    fn repeats(&self, earlier: &Self, sentence: &Sentence, cues: &Cues) -> Repeats {
        let reads_back = sentence.is_question
            && self.numbers.len() >= 2
            && common(&self.numbers, &earlier.numbers) == self.numbers.len();
        if reads_back {
            return Repeats::Yes;
        }
        let (smaller, larger) = (self.words.len().min(earlier.words.len()), self.words.len().max(earlier.words.len()));
        // What shares all its words with a sentence twice as long shares too few.
        if smaller < 2 || smaller * 10 < larger * 7 || common(&self.words, &earlier.words) * 10 < larger * 7 {
            return Repeats::No;
        }
        if self.numbers == earlier.numbers || self.numbers.is_empty() {
            Repeats::Yes
        } else if sentence.plain.has_any(&cues.takes_back) {
            Repeats::TakesBack
        } else {
            Repeats::No
        }
    }
}

/// How many the two have in common, both in order.
fn common(one: &[usize], other: &[usize]) -> usize {
    let mut rest = other;
    let is_in_other = |word: &&usize| {
        let smaller = rest.iter().take_while(|next| next < word).count();
        rest = &rest[smaller..];
        rest.first() == Some(*word)
    };
    one.iter().filter(is_in_other).count()
}

/// A note is shorter than its call; a short call may stand in it whole.
fn keep_within_budget(roles: &mut [Option<Role>], sentences: &[Sentence], weights: &[Weight]) {
    let spoken: usize = sentences.iter().map(|sentence| sentence.plain.words()).sum();
    let beyond = spoken.saturating_sub(SHORT_CALL);
    let mut left = (spoken.min(SHORT_CALL) * SHARE / 100 + beyond * SHARE_BEYOND / 100).clamp(ALWAYS, MOST_WORDS);
    let mut order: Vec<usize> = (0..roles.len()).filter(|at| roles[*at].is_some()).collect();
    order.sort_by_key(|at| (-urgency(roles[*at], weights[*at]), *at));
    for at in order {
        let words = sentences[at].plain.words();
        if words <= left {
            left -= words;
        } else {
            roles[at] = None;
        }
    }
}

fn urgency(role: Option<Role>, weight: Weight) -> i32 {
    match role {
        Some(Role::Reason) => 10 + weight.reason,
        Some(Role::Agreed) => 3 + weight.agreed.max(weight.information),
        Some(Role::Information) => weight.information,
        None => 0,
    }
}

/// A call about something that no cue knows: its longest sentences, so that there is something to correct.
fn take_what_there_is(roles: &mut [Option<Role>], sentences: &[Sentence], weights: &[Weight]) {
    let mut left = ALWAYS;
    for (at, sentence) in sentences.iter().enumerate() {
        let words = sentence.plain.words();
        if !weights[at].is_noise && words <= left {
            left -= words;
            roles[at] = Some(Role::Information);
        }
    }
}

/// Brings together what cannot be understood apart: sentences of one turn, questions and answers.
fn together(roles: &[Option<Role>], sentences: &[Sentence], weights: &[Weight], cues: &Cues) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for (at, role) in roles.iter().enumerate() {
        let Some(role) = *role else { continue };
        if chosen.iter().any(|one| one.answer == Some(at)) {
            continue;
        }
        if let Some(last) = chosen.last_mut().filter(|last| goes_with(last, role, at, sentences, cues)) {
            last.role = last.role.max(role);
            last.said.push(at);
            last.answer = confirmation(sentences, at, cues);
            continue;
        }
        let question = question_for(sentences, weights, at, cues);
        // A question that was chosen for itself stands with its answer, not twice.
        if let Some(question) = question {
            chosen.retain(|one| one.said != [question] || one.role == Role::Reason);
        }
        let question = question.filter(|question| !chosen.iter().any(|one| one.said.contains(question)));
        chosen.push(Chosen { role, question, said: vec![at], answer: confirmation(sentences, at, cues) });
    }
    chosen.sort_by_key(|one| (one.role, one.said[0]));
    chosen
}

/// Whether the sentence belongs behind what was chosen last: it follows in the same turn, and is for the same section or
/// cannot stand apart.
fn goes_with(last: &Chosen, role: Role, at: usize, sentences: &[Sentence], cues: &Cues) -> bool {
    let Some(before) = last.said.last().copied().filter(|before| before + 1 == at) else { return false };
    let length: usize = last.said.iter().map(|one| sentences[*one].text.len()).sum();
    if sentences[before].turn != sentences[at].turn || length + sentences[at].text.len() > LONGEST {
        return false;
    }
    let is_short = last.said.len() == 1 && sentences[before].plain.words() <= SHORT && !sentences[before].is_question;
    let is_fragment = role == Role::Information && sentences[at].plain.words() < SHORT && !sentences[at].is_question;
    let leans = sentences[at].begins_with(&cues.alternatives) || stands_for_something(&sentences[at], cues);
    last.role == role || last.role != Role::Reason && role != Role::Reason && (is_short || is_fragment || leans)
}

/// What the citizen says to a caseworker's "…, is that right?": "yes" or "no", with what follows in that sentence.
fn confirmation(sentences: &[Sentence], at: usize, cues: &Cues) -> Option<usize> {
    let (asked, answer) = (&sentences[at], sentences.get(at + 1)?);
    let asks = asked.track == Track::Near && asked.is_question && answer.turn == asked.turn + 1;
    (asks && answer.answers.is_some() && !asked.plain.has_any(&cues.requests)).then_some(at + 1)
}

/// The question without which the sentence cannot be understood.
fn question_for(sentences: &[Sentence], weights: &[Weight], at: usize, cues: &Cues) -> Option<usize> {
    let sentence = &sentences[at];
    let first = sentences[..at].iter().rposition(|before| before.turn < sentence.turn)? + 1;
    // Only what carries nothing may stand between the question and the sentence.
    if (first..at).any(|between| !weights[between].is_noise) {
        return None;
    }
    let asked = question_before(sentences, first)?;
    if weights[asked].is_noise {
        let says_which_number = sentences[asked].plain.has_any(&cues.numbers_asked) && at == first;
        return says_which_number.then_some(asked);
    }
    let to_the_citizen = sentence.track == Track::Near && (sentence.answers.is_some() || at > first);
    (to_the_citizen || needs_question(sentence, cues) || answers_a_request(sentences, at, cues)).then_some(asked)
}

fn needs_question(sentence: &Sentence, cues: &Cues) -> bool {
    match sentence.answers {
        Some(Answer::No) => return true,
        Some(Answer::Yes) => return !sentence.stands_alone_after_yes(cues),
        None => {}
    }
    let words: Vec<&str> = sentence.plain.iter().collect();
    if words.len() <= 5 || sentence.begins_with(&cues.leaning) {
        return true;
    }
    stands_for_something(sentence, cues)
}

/// Whether a word near its beginning stands for something that was named before.
fn stands_for_something(sentence: &Sentence, cues: &Cues) -> bool {
    let words: Vec<&str> = sentence.plain.iter().collect();
    words.iter().take(6).enumerate().any(|(place, word)| {
        let is_article = words.get(place + 1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        cues.pronouns.contains(*word) && !is_article
    })
}

#[cfg(test)]
mod tests {
    use super::super::cues::Cues;
    use super::super::sentences::sentences;
    use super::super::weigh::weigh;
    use super::*;
    use crate::draft::embedded::testing::said;

    /// What is chosen of a dialogue: `role: text`.
    fn chosen(dialogue: &[(&str, &str)]) -> Vec<String> {
        let utterances = said(dialogue);
        let sentences = sentences(&utterances, Cues::of("da"));
        let weights = weigh(&sentences, Cues::of("da"));
        choose(&sentences, &weights, Cues::of("da"))
            .into_iter()
            .map(|one| {
                let texts =
                    one.question.into_iter().chain(one.said).chain(one.answer).map(|at| sentences[at].text.clone());
                format!("{:?}: {}", one.role, texts.collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    #[test]
    fn an_answer_that_leans_on_its_question_takes_it_along() {
        assert_eq!(
            chosen(&[("near", "Og hvor mange penge har han i banken?"), ("far", "Omkring 40.000 kroner, ikke mere.")]),
            ["Information: Og hvor mange penge har han i banken? Omkring 40.000 kroner, ikke mere."]
        );
    }

    #[test]
    fn what_was_said_twice_stands_once_and_what_was_taken_back_not_at_all() {
        let check = |later: &str, expected: &[&str]| {
            let notes = chosen(&[
                ("far", "Jeg ringer om min boligstøtte."),
                ("near", "Hvad er din husleje?"),
                ("far", "Min husleje er 5.400 kroner om måneden."),
                ("near", "Tak."),
                ("far", later),
            ]);
            assert_eq!(notes, expected, "{later}");
        };
        let reason = "Reason: Jeg ringer om min boligstøtte.";
        let first = "Information: Min husleje er 5.400 kroner om måneden.";
        check("Huslejen er 5.400 kroner om måneden, min husleje.", &[reason, first]);
        let taken_back = "Nej, min husleje er faktisk 4.500 kroner om måneden.";
        check(taken_back, &[reason, &format!("Information: {taken_back}")]);
    }
}
