//! Divides a call into parts, at the borders of turns: one that is longer than the model's context, or than its area wants
//! drafted in one piece.
//!
//! In: how many tokens each line takes at most, who says it and when, and how much fits. Out: ranges of lines.
//!
//! Promises:
//!   R1  Every line is in exactly one part, and the parts stand in the order of the lines.
//!   R2  A part that ends is not changed by what is said after it: the parts of a longer call begin with those of the
//!       shorter one, but for the last, which may have lost its end to the next.
//!   R3  A part fits, unless it is a single line that does not.
//!   R4  A part ends where a turn ends, if there is such a place in its second half.
//!
//! Pure. Not done here: what a part's prompt says.

use referent_proto::audio::SampleSpan;
use referent_proto::ids::Track;
use std::ops::Range;

/// A line of a transcript, as far as its length matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length {
    /// Who says it.
    pub track: Track,
    /// Tokens, at most.
    pub tokens: usize,
    /// When.
    pub span: SampleSpan,
}

/// How much of a call one part may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fit {
    /// Tokens.
    pub tokens: usize,
    /// Samples from its first word to its last; `None`: however many.
    pub samples: Option<u64>,
}

/// The parts of a call; one empty part if nothing was said.
pub fn divide(lines: &[Length], fit: Fit) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut taken) = (0, 0);
    let mut at = 0;
    while at < lines.len() {
        if at > start && (taken + lines[at].tokens > fit.tokens || is_longer(&lines[start..=at], fit.samples)) {
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

fn is_longer(lines: &[Length], samples: Option<u64>) -> bool {
    let (Some(samples), [first, .., last]) = (samples, lines) else { return false };
    last.span.end().0.saturating_sub(first.span.start().0) > samples
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
    use referent_proto::audio::SampleOffset;

    /// `n` and `f` lines of 10 tokens and 10 samples each.
    fn lines(tracks: &str) -> Vec<Length> {
        let track = |c| if c == 'n' { Track::Near } else { Track::Far };
        let span = |at: usize| SampleSpan::of(SampleOffset(10 * at as u64), 10);
        tracks.chars().enumerate().map(|(at, c)| Length { track: track(c), tokens: 10, span: span(at) }).collect()
    }

    #[test]
    fn parts_end_where_turns_end() {
        let check = |tracks: &str, tokens, expected: &[Range<usize>]| {
            assert_eq!(divide(&lines(tracks), Fit { tokens, samples: None }), expected);
        };
        check("", 50, std::slice::from_ref(&(0..0)));
        check("nfnf", 50, std::slice::from_ref(&(0..4)));
        check("nfnfnf", 50, &[0..5, 5..6]);
        check("nnnffff", 50, &[0..3, 3..7]);
        check("nffffff", 50, &[0..5, 5..7]);
        check("nfnf", 5, &[0..1, 1..2, 2..3, 3..4]);
    }

    #[test]
    fn what_is_longer_than_the_area_wants_is_divided_though_it_fits() {
        let check = |tracks: &str, samples, expected: &[Range<usize>]| {
            assert_eq!(
                divide(&lines(tracks), Fit { tokens: 1_000, samples: Some(samples) }),
                expected,
                "{tracks} {samples}"
            );
        };
        check("nfnfnf", 60, std::slice::from_ref(&(0..6)));
        check("nfnfnf", 59, &[0..5, 5..6]);
        check("nnnffff", 50, &[0..3, 3..7]);
        check("nfnf", 5, &[0..1, 1..2, 2..3, 3..4]);
        check("", 5, std::slice::from_ref(&(0..0)));
    }

    proptest! {
        #[test]
        fn every_line_is_in_one_part_that_fits(
            lines in prop::collection::vec((any::<bool>(), 0usize..60, 0u64..20), 0..120),
            fit in 1usize..300,
            most in prop::option::of(1u64..200),
            keep in 0usize..120,
        ) {
            let mut at = SampleOffset(0);
            let lines: Vec<Length> = lines
                .into_iter()
                .map(|(near, tokens, samples)| {
                    let span = SampleSpan::of(at, samples);
                    at = span.end();
                    Length { track: if near { Track::Near } else { Track::Far }, tokens, span }
                })
                .collect();
            let fit = Fit { tokens: fit, samples: most };
            let parts = divide(&lines, fit);
            prop_assert_eq!(parts.first().map(|part| part.start), Some(0));
            prop_assert_eq!(parts.last().map(|part| part.end), Some(lines.len()));
            prop_assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
            for part in &parts {
                let tokens: usize = lines[part.clone()].iter().map(|line| line.tokens).sum();
                prop_assert!(tokens <= fit.tokens || part.len() == 1, "{part:?} takes {tokens} of {fit:?}");
                let samples: u64 = lines[part.clone()].iter().map(|line| line.span.end().0 - line.span.start().0).sum();
                prop_assert!(most.is_none_or(|most| samples <= most) || part.len() == 1, "{part:?}: {samples} of {fit:?}");
            }
            // R2.
            let shorter = divide(&lines[..keep.min(lines.len())], fit);
            let whole = shorter.len() - 1;
            prop_assert_eq!(&parts[..whole], &shorter[..whole]);
            prop_assert_eq!(parts[whole].start, shorter[whole].start);
        }
    }
}
