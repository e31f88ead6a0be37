//! Turns the probability that a model gives a word into how often such a word is right.
//!
//! In: a table measured against known text, which lies beside the model; then the model's own probability. Out: the
//! share of words of that probability that were right. Without a table the probability stays as it is.
//!
//! Promises:
//!   B1  More probable stays more probable, or equal: the table is made monotone when it is measured and when it is read.
//!   B2  What goes in as 0 to 1 comes out as 0 to 1.
//!
//! Not done here: no alignment with known text (`tests/doubt/calibration.rs`), and no verdict: the limits of `doubt` are for raw probabilities.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The table cannot be used. For a person to mend, at the start.
#[derive(Debug, thiserror::Error)]
pub enum Uncalibrated {
    /// Not readable.
    #[error("{path} cannot be read: {error}; make the table again, or delete it")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Not a table.
    #[error("{path} is no calibration table: {error}; make the table again, or delete it")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// What the parser says.
        error: String,
    },
    /// A table of numbers that are no probabilities, or out of order.
    #[error(
        "{0} holds something that is no share between 0 and 1, or out of order; make the table again, or delete it"
    )]
    NoShares(PathBuf),
}

/// Words of like probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Their mean probability as the model gives it, 0 to 1.
    pub probability: f32,
    /// The share of them that was right, 0 to 1.
    pub right: f32,
    /// How many there were.
    pub words: u32,
}

/// How often words are right, by their probability. The default knows nothing and changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Below this probability of a whole text, 0 to 1, this model's words are not believed. Chosen by a person, who has
    /// measured what it gives to speech and what to sound without words.
    #[serde(skip_serializing_if = "Option::is_none")]
    believed_from: Option<f32>,
    /// In order of probability, with shares that never fall.
    #[serde(rename = "bin", default)]
    bins: Vec<Bin>,
}

impl Calibration {
    /// Where the table of a model lies: `ggml-small.bin` has `ggml-small.calibration.toml`.
    pub fn beside(model: &Path) -> PathBuf {
        model.with_extension("calibration.toml")
    }

    /// Reads a table. One that is not there changes nothing.
    pub fn load(path: &Path) -> Result<Self, Uncalibrated> {
        let io = |error| Uncalibrated::Io { path: path.to_owned(), error };
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(io)?,
        };
        let syntax = |error: toml::de::Error| Uncalibrated::Syntax { path: path.to_owned(), error: error.to_string() };
        let read: Self = toml::from_str(&text).map_err(syntax)?;
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        let shares = read.bins.iter().all(|bin| is_share(bin.probability) && is_share(bin.right))
            && read.believed_from.is_none_or(is_share);
        let ordered = read.bins.is_sorted_by(|a, b| a.probability < b.probability);
        if !shares || !ordered {
            return Err(Uncalibrated::NoShares(path.to_owned()));
        }
        Ok(Self { bins: monotone(read.bins), ..read })
    }

    /// Measures: words with their probability and whether they were right, in at most so many bins of equal size, made
    /// monotone. Few words make few bins. Every bin is given one right and one wrong word more than it had, because no
    /// number of words makes a share certain.
    pub fn measure(mut words: Vec<(f32, bool)>, bins: usize) -> Self {
        /// With fewer words a share says little.
        const LEAST: usize = 20;
        words.sort_by(|a, b| a.0.total_cmp(&b.0));
        let size = words.len().div_ceil(bins.max(1)).max(LEAST);
        #[expect(clippy::cast_precision_loss, reason = "a bin has thousands of words at most")]
        let bins = words.chunks(size).map(|chunk| Bin {
            probability: chunk.iter().map(|word| word.0).sum::<f32>() / chunk.len() as f32,
            right: (chunk.iter().filter(|word| word.1).count() + 1) as f32 / (chunk.len() + 2) as f32,
            words: u32::try_from(chunk.len()).unwrap_or(u32::MAX),
        });
        Self { bins: monotone(bins.collect()), believed_from: None }
    }

    /// The table as a file.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// How often a word of this probability is right: between two bins in a straight line, beyond the outermost as in
    /// them.
    pub fn apply(&self, probability: f32) -> f32 {
        let after = self.bins.partition_point(|bin| bin.probability < probability);
        match (after.checked_sub(1).map(|before| self.bins[before]), self.bins.get(after)) {
            (None, None) => probability.clamp(0.0, 1.0),
            (Some(only), None) => only.right,
            (None, Some(only)) => only.right,
            (Some(low), Some(high)) => {
                let along = (probability - low.probability) / (high.probability - low.probability);
                (low.right + along * (high.right - low.right)).clamp(0.0, 1.0)
            }
        }
    }

    /// With another limit of belief.
    #[must_use]
    pub fn believed_from(self, probability: Option<f32>) -> Self {
        Self { believed_from: probability, ..self }
    }

    /// Below, this model's words are not believed, if that was measured.
    pub fn limit(&self) -> Option<f32> {
        self.believed_from
    }

    /// True if there is no table.
    pub fn is_identity(&self) -> bool {
        self.bins.is_empty()
    }
}

/// Neighbours whose shares fall are put together until none does: the closest monotone table, weighed by words.
fn monotone(bins: Vec<Bin>) -> Vec<Bin> {
    let mut pooled: Vec<Bin> = Vec::with_capacity(bins.len());
    for bin in bins {
        pooled.push(bin);
        while let [.., low, high] = pooled[..]
            && (low.right > high.right || low.probability >= high.probability)
        {
            pooled.truncate(pooled.len() - 2);
            pooled.push(together(low, high));
        }
    }
    pooled
}

fn together(low: Bin, high: Bin) -> Bin {
    #[expect(clippy::cast_precision_loss, reason = "thousands of words")]
    let (a, b) = (low.words.max(1) as f32, high.words.max(1) as f32);
    let mean = |x: f32, y: f32| (x * a + y * b) / (a + b);
    Bin {
        probability: mean(low.probability, high.probability),
        right: mean(low.right, high.right),
        words: low.words.saturating_add(high.words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_a_table_nothing_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = Calibration::beside(&folder.path().join("ggml-small.bin"));
        assert!(path.ends_with("ggml-small.calibration.toml"));
        let calibration = Calibration::load(&path).unwrap();
        assert!(calibration.is_identity());
        for probability in [0.0, 0.3, 1.0] {
            assert!((calibration.apply(probability) - probability).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let words = (0..1_000_u16).map(|at| (f32::from(at) / 1_000.0, at % 10 < at / 100)).collect();
        let measured = Calibration::measure(words, 10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calibration.toml");
        std::fs::write(&path, measured.to_toml().unwrap()).unwrap();
        assert_eq!(Calibration::load(&path).unwrap(), measured);
        assert!((measured.apply(0.55) - 0.5).abs() < 0.06, "{}", measured.apply(0.55));
        assert!(measured.apply(0.0) < 0.02 && measured.apply(1.0) > 0.85);
    }

    #[test]
    fn what_is_no_table_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calibration.toml");
        for text in [
            "bin = 3",
            "[[bin]]\nprobability = 0.5\nright = 1.5\nwords = 3",
            "[[bin]]\nprobability = nan\nright = 0.5\nwords = 3",
            "[[bin]]\nprobability = 0.5\nright = 0.5\nwords = 3\n[[bin]]\nprobability = 0.2\nright = 0.9\nwords = 3",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Calibration::load(&path).unwrap_err().to_string();
            assert!(error.contains("make the table again"), "{error}");
        }
    }

    #[test]
    fn shares_that_fall_are_put_together() {
        let bin = |probability, right| Bin { probability, right, words: 100 };
        let pooled = monotone(vec![bin(0.2, 0.5), bin(0.4, 0.3), bin(0.6, 0.9)]);
        assert_eq!(pooled.len(), 2);
        assert!((pooled[0].right - 0.4).abs() < 1e-6 && pooled[0].words == 200);
    }

    proptest! {
        #[test]
        fn more_probable_stays_more_probable(
            words in prop::collection::vec((0.0_f32..=1.0, any::<bool>()), 0..500),
            bins in 0_usize..12,
            mut tried in prop::collection::vec(0.0_f32..=1.0, 2..20),
        ) {
            let calibration = Calibration::measure(words, bins);
            tried.sort_by(f32::total_cmp);
            let applied: Vec<f32> = tried.iter().map(|&probability| calibration.apply(probability)).collect();
            prop_assert!(applied.iter().all(|share| (0.0..=1.0).contains(share)));
            prop_assert!(applied.is_sorted_by(|a, b| *a <= *b + 1e-6), "{applied:?}");
        }
    }
}
