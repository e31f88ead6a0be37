//! What is wrong with a file, as a sentence for the person who wrote it.

use crate::problem::Problem;
use std::fmt;

/// The most of a value that a sentence shows.
const SHOWN: usize = 60;

/// One mistake: where, what, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The key, such as `sections[2].id`; empty where the file is no TOML.
    pub key: String,
    /// What stands there; empty if nothing does.
    pub found: String,
    /// What is wrong with it; what to do.
    pub problem: Problem,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match (self.key.as_str(), self.found.as_str()) {
            ("", "") => write!(f, "{}", self.problem),
            ("", found) => write!(f, "{} (`{found}`)", self.problem),
            (key, "") => write!(f, "{key} {}", self.problem),
            (key, found) => write!(f, "{key} = {found} {}", self.problem),
        }
    }
}

/// As much of a value as a sentence can show, on one line.
pub(crate) fn shown(source: &str) -> String {
    let one_line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= SHOWN {
        return one_line;
    }
    one_line.chars().take(SHOWN - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_one_sentence() {
        let check = |key: &str, found: &str, expected: &str| {
            let mistake =
                Mistake { line: 3, key: key.into(), found: found.into(), problem: Problem::ControlCharacters };
            assert_eq!(mistake.to_string(), expected);
        };
        check("language", "\"de\"", "line 3: language = \"de\" has control characters; write plain text");
        check("language", "", "line 3: language has control characters; write plain text");
        check("", "x = = 1", "line 3: has control characters; write plain text (`x = = 1`)");
        check("", "", "line 3: has control characters; write plain text");
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(shown("\"a\n  b\""), "\"a b\"");
        let long = shown(&"æ".repeat(200));
        assert_eq!(long.chars().count(), SHOWN);
        assert!(long.ends_with('…'));
    }
}
