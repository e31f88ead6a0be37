//! Divides a call that is longer than the model's context into parts, at the borders of turns.
//!
//! In: how many tokens each line takes at most, who says it, and how many fit. Out: ranges of lines.
//!
//! Promises:
//!   R1  Every line is in exactly one part, and the parts stand in the order of the lines.
//!   R2  A part that ends is not changed by what is said after it: the parts of a longer call begin with those of the
//!       shorter one, but for the last, which may have lost its end to the next.
//!   R3  A part fits, unless it is a single line that does not.
//!   R4  A part ends where a turn ends, if there is such a place in its second half.
//!
//! Pure. Not done here: what a part's prompt says.

use referent_proto::ids::Track;
use std::ops::Range;

/// A line of a transcript, as far as its length matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length {
    /// Who says it.
    pub track: Track,
    /// Tokens, at most.
    pub tokens: usize,
}

/// The parts of a call; one empty part if nothing was said.
pub fn divide(lines: &[Length], fit: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut taken) = (0, 0);
    let mut at = 0;
    while at < lines.len() {
        if at > start && taken + lines[at].tokens > fit {
            let end = border(lines, start..at);
            parts.push(start..end);
            (start, at, taken) = (end, end, 0);
        }
        taken += lines[at].tokens;
        at += 1;
    }
    parts.push(start..lines.len());
    parts
}

/// Where a part that has to end before `within.end` ends best: behind the last whole turn of its second half.
fn border(lines: &[Length], within: Range<usize>) -> usize {
    let middle = within.start + within.len() / 2;
    (middle.max(within.start + 1)..=within.end)
        .rev()
        .find(|&at| lines[at].track != lines[at - 1].track)
        .unwrap_or(within.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `n` and `f` lines of 10 tokens each.
    fn lines(tracks: &str) -> Vec<Length> {
        let track = |c| if c == 'n' { Track::Near } else { Track::Far };
        tracks.chars().map(|c| Length { track: track(c), tokens: 10 }).collect()
    }

    #[test]
    fn parts_end_where_turns_end() {
        let check = |tracks: &str, fit, expected: &[Range<usize>]| assert_eq!(divide(&lines(tracks), fit), expected);
        check("", 50, std::slice::from_ref(&(0..0)));
        check("nfnf", 50, std::slice::from_ref(&(0..4)));
        check("nfnfnf", 50, &[0..5, 5..6]);
        check("nnnffff", 50, &[0..3, 3..7]);
        check("nffffff", 50, &[0..5, 5..7]);
        check("nfnf", 5, &[0..1, 1..2, 2..3, 3..4]);
    }

    proptest! {
        #[test]
        fn every_line_is_in_one_part_that_fits(
            lines in prop::collection::vec((any::<bool>(), 0usize..60), 0..120), fit in 1usize..300, keep in 0usize..120,
        ) {
            let lines: Vec<Length> = lines
                .into_iter()
                .map(|(near, tokens)| Length { track: if near { Track::Near } else { Track::Far }, tokens })
                .collect();
            let parts = divide(&lines, fit);
            prop_assert_eq!(parts.first().map(|part| part.start), Some(0));
            prop_assert_eq!(parts.last().map(|part| part.end), Some(lines.len()));
            prop_assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
            for part in &parts {
                let tokens: usize = lines[part.clone()].iter().map(|line| line.tokens).sum();
                prop_assert!(tokens <= fit || part.len() == 1, "{part:?} takes {tokens} of {fit}");
            }
            // R2.
            let shorter = divide(&lines[..keep.min(lines.len())], fit);
            let whole = shorter.len() - 1;
            prop_assert_eq!(&parts[..whole], &shorter[..whole]);
            prop_assert_eq!(parts[whole].start, shorter[whole].start);
        }
    }
}
