//! Chance that is the same on every machine, and sentences with choices in them.

/// A source of chance: `SplitMix64`, seeded.
pub struct Chance(u64);

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("it is below a usize")
    }

    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to + 1 - from)
    }

    /// True in `percent` of a hundred times.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of some sentences, resolved.
    pub fn carrier(&mut self, of: &[&str]) -> String {
        let sentence = *self.pick(of);
        self.choose(sentence)
    }

    /// Resolves every `(this|that|)` of a sentence; choices may hold choices.
    pub fn choose(&mut self, sentence: &str) -> String {
        let mut text = sentence.to_owned();
        while let Some(close) = text.find(')') {
            let Some(open) = text[..close].rfind('(') else { break };
            let choices: Vec<&str> = text[open + 1..close].split('|').collect();
            let chosen = (*self.pick(&choices)).to_owned();
            text.replace_range(open..=close, &chosen);
        }
        text
    }
}
