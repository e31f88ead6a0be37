//! Which must-note facts a call speaks of, by their cues.
//!
//! In: the facts of an area, and what was said, turn by turn. Out: for each fact that was spoken of, the turns.
//! A cue is whole words, whatever their case; `*` leaves that end of a word open, so `husleje*` is in "huslejen". Words are
//! letters and digits: "cpr-nummer" is two, in the cue as in the call. Promised: a cue is found in one turn only, never
//! across two; nothing is found that was not said. Not done here: whether the note has the fact (`referent_guards` asks, with
//! the same cues), and what its value is.

use referent_proto::MustNote;

/// A fact that was spoken of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpokenOf<'a> {
    /// Which.
    pub fact: &'a MustNote,
    /// In which turns, from 0, in order.
    pub turns: Vec<usize>,
}

/// The facts of which something was said, in the area's order.
pub fn spoken_of<'a, T: AsRef<str>>(facts: &'a [MustNote], turns: &[T]) -> Vec<SpokenOf<'a>> {
    let turns: Vec<Words> = turns.iter().map(|turn| Words::of(turn.as_ref())).collect();
    let of = |fact: &'a MustNote| {
        let cues = Cues::of(&fact.cues);
        let turns = (0..turns.len()).filter(|at| cues.occur_in(&turns[*at])).collect();
        SpokenOf { fact, turns }
    };
    facts.iter().map(of).filter(|found| !found.turns.is_empty()).collect()
}

/// A text, taken apart once for many cues. Has no `Debug`: it is what was said.
pub struct Words(Vec<String>);

impl Words {
    /// The words of a turn, or of a sentence.
    pub fn of(text: &str) -> Self {
        Self(words(text))
    }
}

/// The cues of one fact.
#[derive(Clone, Debug)]
pub struct Cues(Vec<Vec<CueWord>>);

impl Cues {
    /// As an area's file has them.
    pub fn of<T: AsRef<str>>(cues: &[T]) -> Self {
        Self(cues.iter().map(|cue| cue_words(cue.as_ref())).collect())
    }

    /// Whether one of them is in the text.
    pub fn occur_in(&self, text: &Words) -> bool {
        self.0.iter().any(|cue| is_in(cue, &text.0))
    }
}

/// One word of a cue.
#[derive(Clone, Debug)]
struct CueWord {
    text: String,
    open_start: bool,
    open_end: bool,
}

impl CueWord {
    fn fits(&self, word: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => word == self.text,
            (false, true) => word.starts_with(&self.text),
            (true, false) => word.ends_with(&self.text),
            (true, true) => word.contains(&self.text),
        }
    }
}

fn is_in(cue: &[CueWord], turn: &[String]) -> bool {
    let fits = |stretch: &[String]| cue.iter().zip(stretch).all(|(one, word)| one.fits(word));
    !cue.is_empty() && turn.windows(cue.len()).any(fits)
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn cue_words(cue: &str) -> Vec<CueWord> {
    let of = |part: &str| {
        let all = words(part);
        let last = all.len().saturating_sub(1);
        let (open_start, open_end) = (part.starts_with('*'), part.ends_with('*'));
        let mut made = Vec::new();
        for (at, text) in all.into_iter().enumerate() {
            made.push(CueWord { text, open_start: open_start && at == 0, open_end: open_end && at == last });
        }
        made
    };
    cue.split_whitespace().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::FactKind;

    fn fact(cues: &[&str]) -> MustNote {
        MustNote {
            id: "x".into(),
            label: "X".into(),
            cues: cues.iter().map(|cue| (*cue).to_owned()).collect(),
            kind: FactKind::Other,
        }
    }

    #[test]
    fn a_cue_is_whole_words_open_at_its_stars() {
        let check = |cue: &str, said: &str, expected: bool| {
            let facts = [fact(&[cue])];
            assert_eq!(!spoken_of(&facts, &[said]).is_empty(), expected, "{cue:?} in {said:?}");
        };
        check("husleje", "Hvad er din husleje?", true);
        check("husleje", "Huslejen stiger.", false);
        check("husleje*", "HUSLEJEN stiger.", true);
        check("*husleje", "Boligens basishusleje er 5.000 kr.", true);
        check("*leje*", "Min huslejestigning", true);
        check("cpr-nummer*", "Må jeg få dit CPR nummeret?", true);
        check("cpr-nummer*", "Må jeg få dit CPR-nummer?", true);
        check("forventer at føde", "Jeg forventer at føde i maj", true);
        check("forventer at føde", "Jeg forventer ikke at føde i maj", false);
        check("flytter", "", false);
        check("æld*", "Ældrecheck", true);
    }

    #[test]
    fn turns_are_told_in_order_and_a_cue_never_crosses_them() {
        let facts = [fact(&["flytte*", "ny adresse"]), fact(&["barn*"]), fact(&["lejer ud"])];
        let turns =
            ["Jeg flytter til maj.", "Hvad er din ny", "adresse? Den nye, altså.", "Ny adresse: Vejle. Lejer", "ud."];
        let found = spoken_of(&facts, &turns);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].fact, found[0].turns.as_slice()), (&facts[0], [0, 3].as_slice()));
    }
}
