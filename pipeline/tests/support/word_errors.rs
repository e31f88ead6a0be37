//! Word errors, without case and punctuation.

/// Lower case, without punctuation; a point between digits is none.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let keep = |at: usize| !(text[at] == '.' && at > 0 && digit(at - 1) && digit(at + 1));
    let plain: String = (0..text.len())
        .filter(|&at| keep(at))
        .map(|at| if text[at].is_alphanumeric() || text[at] == '-' { text[at] } else { ' ' })
        .collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Words to change, to leave out or to put in.
pub(crate) fn distance(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, a) in said.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in heard.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[heard.len()]
}
