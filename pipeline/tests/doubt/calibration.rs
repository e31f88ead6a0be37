//! How often a word is right, by the probability that the embedded model gives it: before and after calibration, each
//! call judged by a table that was measured on the other calls.
//!
//! `REFERENT_WRITE_CALIBRATION=1` with `RUN_SLOW_TESTS=1` writes the table of all twelve calls beside the model.

use crate::{calls, hear};
use referent_models::Manifest;
use referent_pipeline::transcribe::doubt::Calibration;
use std::path::Path;

const BINS: usize = 10;

/// A word that was heard: its probability, and whether it was said.
type Told = (f32, bool);

#[test]
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a test that shows a table, and writes it")]
fn calibrated_probabilities_are_what_they_say() {
    let sides = calls::sides(calls::is_slow());
    let requests: Vec<_> = sides.iter().flat_map(calls::Side::reference).collect();
    let heard = hear(&requests);
    let turns = sides.iter().flat_map(|side| side.turns.iter().map(|(_, text)| (&side.call, text)));
    let mut by_call: Vec<(&String, Vec<Told>)> = Vec::new();
    for ((call, said), heard) in turns.zip(&heard) {
        let words: Vec<(String, f32)> =
            heard.words.iter().map(|word| (plain(word.text.reveal()), word.probability)).collect();
        let told = told(&said.split_whitespace().map(plain).collect::<Vec<_>>(), &words);
        match by_call.last_mut() {
            Some((last, words)) if *last == call => words.extend(told),
            _ => by_call.push((call, told)),
        }
    }
    let (mut raw, mut calibrated) = (Vec::new(), Vec::new());
    for (call, words) in &by_call {
        let others = by_call.iter().filter(|(other, _)| other != call).flat_map(|(_, words)| words.clone());
        let table = Calibration::measure(others.collect(), BINS);
        raw.extend(words.clone());
        calibrated.extend(words.iter().map(|&(probability, right)| (table.apply(probability), right)));
    }
    print_table(&raw);
    let (before, after) = (error(&raw), error(&calibrated));
    println!(
        "{} words in {} calls; expected calibration error {before:.3}, {after:.3} when calibrated",
        raw.len(),
        by_call.len()
    );
    // On few words the error of a perfect table is not 0 either: a point is allowed for it.
    assert!(after <= before + 0.01, "calibration makes it worse: {before} to {after}");
    assert!(raw.len() > 500);

    let model = Manifest::load(Path::new(calls::MODELS)).unwrap().verify("demo-da").unwrap();
    let path = Calibration::beside(model.as_path());
    // The limit of belief was chosen by a person, and stays.
    let table = Calibration::measure(raw, BINS).believed_from(Calibration::load(&path).unwrap().limit());
    if std::env::var("REFERENT_WRITE_CALIBRATION").is_ok() {
        assert!(calls::is_slow(), "a table is of all calls: set RUN_SLOW_TESTS too");
        let comment = "# How often a word is right, by the probability the model gives it, on the twelve sample calls turn by turn.\n\
                       # Made by `RUN_SLOW_TESTS=1 REFERENT_WRITE_CALIBRATION=1 cargo test -p referent-pipeline --test doubt calibrated`.\n";
        std::fs::write(&path, format!("{comment}{}", table.to_toml().unwrap())).unwrap();
    }
    let shipped = Calibration::load(&path).unwrap();
    assert!(!shipped.is_identity(), "{} is missing", path.display());
    if calls::is_slow() {
        for probability in [0.3, 0.6, 0.9, 0.99] {
            let (fresh, shipped) = (table.apply(probability), shipped.apply(probability));
            assert!(
                (fresh - shipped).abs() < 0.05,
                "the table beside the model is old: {probability}: {shipped}, now {fresh}"
            );
        }
    }
}

/// Of each word that was heard, whether it was said, by the alignment with the fewest changes.
fn told(said: &[String], heard: &[(String, f32)]) -> Vec<Told> {
    let (rows, columns) = (said.len() + 1, heard.len() + 1);
    let mut cost = vec![vec![0_usize; columns]; rows];
    for row in 0..rows {
        for column in 0..columns {
            cost[row][column] = match (row, column) {
                (0, _) => column,
                (_, 0) => row,
                _ => {
                    let change = usize::from(said[row - 1] != heard[column - 1].0);
                    let (over, up, left) = (cost[row - 1][column - 1], cost[row - 1][column], cost[row][column - 1]);
                    (over + change).min(up + 1).min(left + 1)
                }
            };
        }
    }
    let (mut row, mut column) = (rows - 1, columns - 1);
    let mut told = Vec::new();
    while column > 0 {
        let right = row > 0 && said[row - 1] == heard[column - 1].0;
        if row > 0 && cost[row][column] == cost[row - 1][column - 1] + usize::from(!right) {
            told.push((heard[column - 1].1, right));
            (row, column) = (row - 1, column - 1);
        } else if row > 0 && cost[row][column] == cost[row - 1][column] + 1 {
            row -= 1;
        } else {
            told.push((heard[column - 1].1, false));
            column -= 1;
        }
    }
    told.reverse();
    told
}

/// Lower case, without punctuation at the ends.
fn plain(word: &str) -> String {
    word.to_lowercase().trim_matches(|letter: char| !letter.is_alphanumeric()).replace('.', "")
}

/// Words in ten bins of equal size, in order of probability.
fn binned(words: &[Told]) -> Vec<Vec<Told>> {
    let mut words = words.to_vec();
    words.sort_by(|a, b| a.0.total_cmp(&b.0));
    words.chunks(words.len().div_ceil(BINS)).map(<[Told]>::to_vec).collect()
}

#[expect(clippy::cast_precision_loss, reason = "thousands of words")]
fn mean_and_right(bin: &[Told]) -> (f32, f32) {
    let count = bin.len() as f32;
    (bin.iter().map(|word| word.0).sum::<f32>() / count, bin.iter().filter(|word| word.1).count() as f32 / count)
}

/// Expected calibration error: how far the mean probability of a bin is from its share of right words, over the bins.
#[expect(clippy::cast_precision_loss, reason = "thousands of words")]
fn error(words: &[Told]) -> f32 {
    let off = |bin: &Vec<Told>| {
        let (mean, right) = mean_and_right(bin);
        (mean - right).abs() * bin.len() as f32
    };
    binned(words).iter().map(off).sum::<f32>() / words.len() as f32
}

#[expect(clippy::print_stdout, reason = "a table")]
fn print_table(words: &[Told]) {
    println!("probability | right | words");
    for bin in binned(words) {
        let (mean, right) = mean_and_right(&bin);
        println!("{mean:>11.3} | {right:.3} | {}", bin.len());
    }
}

#[test]
fn words_are_aligned() {
    let said: Vec<String> = "jeg bor i vejle".split(' ').map(str::to_owned).collect();
    let heard: Vec<(String, f32)> = "jeg bor ja i vejen".split(' ').map(|word| (word.to_owned(), 0.5)).collect();
    let right: Vec<bool> = told(&said, &heard).iter().map(|word| word.1).collect();
    assert_eq!(right, [true, true, false, true, false]);
}
