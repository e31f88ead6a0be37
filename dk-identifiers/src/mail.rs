//! Finds e-mail addresses, written and spoken: "jens punktum hansen snabel-a gmail punktum com".
//!
//! In: tokens. Out: [`Found`] addresses. The sign in the middle is the anchor; where a recogniser lost it, the name of a
//! well-known provider with its end is. To the left the address goes as far as words are joined by points and strokes
//! or are no everyday words.
//!
//! Not done here: sites ("borger punktum dk"), which have no sign.

use crate::digits;
use crate::ear::one_slip;
use crate::find::Found;
use crate::lists;
use crate::tokens::{Made, Tokens};
use crate::{Confidence, Kind};

const PROVIDERS: [&str; 18] = [
    "gmail",
    "hotmail",
    "yahoo",
    "outlook",
    "live",
    "icloud",
    "jubii",
    "stofanet",
    "tdcadsl",
    "msn",
    "protonmail",
    "mail",
    "ofir",
    "youmail",
    "webspeed",
    "googlemail",
    "privat",
    "post",
];
const ENDS: [&str; 16] =
    ["dk", "com", "net", "org", "eu", "se", "no", "de", "nu", "info", "uk", "io", "pl", "fo", "gl", "biz"];
/// Tokens that an address may have to the left of its sign.
const MOST_LEFT: usize = 14;

pub(crate) fn find(tokens: &Tokens<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match sign(tokens, at).and_then(|behind| address(tokens, at, behind)) {
            Some(found) => {
                at = found.runs.last().map_or(at + 1, |(_, to)| *to).max(at + 1);
                all.push(found);
            }
            None => at += 1,
        }
    }
    all
}

/// Whether the sign stands at `at`, and the token behind it; the same token where the sign was not heard.
fn sign(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    if tokens.mark(at) == "@" {
        return Some(at + 1);
    }
    let word = tokens.word(at);
    let a = |at: usize| matches!(tokens.word(at), "a" | "ar" | "ah" | "æ" | "å" | "al");
    if matches!(word, "krøllet" | "krølle" | "alfa") && a(at + 1) {
        return Some(at + 2);
    }
    if is_trunk(word) {
        let mut behind = at + 1;
        if tokens.mark(behind) == "-" {
            behind += 1;
        }
        return Some(if a(behind) { behind + 1 } else { behind });
    }
    if matches!(word, "at" | "et" | "ved" | "a")
        && (is_provider(tokens, at + 1) || word == "a" && host(tokens, at, at + 1).2)
    {
        return Some(at + 1);
    }
    let plain = matches!(word, "post" | "mail" | "privat" | "live");
    let jointed = (at.saturating_sub(3)..at).any(|at| !tokens.word(at).is_empty() && joint(tokens, at).is_some());
    if is_provider(tokens, at) && (!plain || jointed) && at > 0 && tokens.same_turn(at - 1, at) {
        return Some(at);
    }
    None
}

/// "snabel", "snabela", and how they are misheard.
fn is_trunk(word: &str) -> bool {
    let near = [
        "snabel", "snabela", "snabl", "snable", "snapel", "snabbel", "snavel", "snabelar", "snæbel", "snabæl", "znabel",
    ];
    near.contains(&word)
        || word.len() > 4
            && (word.starts_with("snab") || word.starts_with("snav") || word.starts_with("snap") && word.contains('l'))
        || one_slip(word, "snabel")
        || one_slip(word, "snabela")
}

fn is_provider(tokens: &Tokens<'_>, at: usize) -> bool {
    let word = tokens.word(at);
    (PROVIDERS.contains(&word)
        || ["gmail", "hotmail", "outlook", "icloud", "stofanet"].iter().any(|known| one_slip(word, known)))
        && (joint(tokens, at + 1) == Some('.') && (ENDS.contains(&tokens.word(at + 2)) || tokens.word(at + 2) == "d")
            || word.len() > 4 && matches!(tokens.word(at + 1), "dk" | "com"))
}

/// The character that a word or a mark between the parts of an address stands for.
fn joint(tokens: &Tokens<'_>, at: usize) -> Option<char> {
    let word = tokens.word(at);
    Some(match word {
        "punktum" | "prik" | "dot" | "punkt" | "pungtum" => '.',
        "bindestreg" | "streg" | "minus" | "bindestræk" => '-',
        "underscore" | "understreg" | "bundstreg" | "underskår" | "underskor" => '_',
        "plus" => '+',
        "" => match tokens.mark(at) {
            "." => '.',
            "-" => '-',
            "_" => '_',
            "+" => '+',
            _ => return None,
        },
        word if one_slip(word, "punktum") => '.',
        word if word.len() > 6 && one_slip(word, "bindestreg") => '-',
        word if word.len() > 6
            && (one_slip(word, "underscore") || one_slip(word, "understreg") || one_slip(word, "bundstreg")) =>
        {
            '_'
        }
        _ => return None,
    })
}

fn address(tokens: &Tokens<'_>, sign: usize, behind: usize) -> Option<Found> {
    let (to, host, whole) = host(tokens, sign, behind);
    let from = local(tokens, sign);
    if from == sign || !whole && tokens.mark(sign) != "@" && !is_trunk(tokens.word(sign)) {
        return None;
    }
    let name: String = (from..sign).map(|at| part(tokens, at)).collect();
    let confidence = if whole && !name.is_empty() { Confidence::Sure } else { Confidence::Possible };
    let mut found = Found::new(Kind::Email, from, to.max(behind), format!("{name}@{host}"), confidence);
    found.understood = whole && !name.is_empty();
    if !found.understood {
        found.value = tokens.text(from, to.max(behind));
    }
    Some(found)
}

/// What stands behind the sign: where it ends, how it is written, and whether it has an end such as "dk".
fn host(tokens: &Tokens<'_>, sign: usize, behind: usize) -> (usize, String, bool) {
    let mut host = String::new();
    let mut at = behind;
    let here = |at: usize| tokens.same_turn(sign, at);
    while here(at) && at < behind + 12 {
        let made = tokens.get(at).map(|token| token.made);
        if made == Some(Made::Mark) {
            break;
        }
        host.push_str(&part(tokens, at));
        at += 1;
        if host.contains('.')
            && ENDS.contains(&tokens.word(at - 1))
            && !(joint(tokens, at) == Some('.') && ENDS.contains(&tokens.word(at + 1)))
        {
            return (at, host, true);
        }
        match joint(tokens, at) {
            Some(mark)
                if here(at + 1)
                    && !(tokens.mark(at) == "." && !tokens.glued(at + 1) && !ENDS.contains(&tokens.word(at + 1))) =>
            {
                host.push(mark);
                at += 1;
                // "d k", letter by letter.
                if tokens.word(at) == "d" && tokens.word(at + 1) == "k" {
                    host.push_str("dk");
                    return (at + 2, host, true);
                }
            }
            _ if here(at) && matches!(joint(tokens, at + 1), Some('.' | '-')) && !host.contains('.') => {}
            _ => break,
        }
    }
    let whole = host.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && end.len() >= 2);
    (at, host, whole)
}

/// Where the name before the sign begins.
fn local(tokens: &Tokens<'_>, sign: usize) -> usize {
    let mut from = sign;
    let mut joined = true;
    while from > 0 && sign - from < MOST_LEFT && tokens.same_turn(from - 1, sign) {
        let at = from - 1;
        let glued = tokens.glued(from);
        if joint(tokens, at).is_some()
            && (tokens.mark(at).is_empty() || tokens.glued(at) || glued || !tokens.mark(at).starts_with('.'))
        {
            if at == 0 || !tokens.same_turn(at - 1, at) {
                break;
            }
            joined = true;
        } else {
            let word = tokens.word(at);
            let belongs = match tokens.get(at).map(|token| token.made) {
                Some(Made::Digits) => true,
                Some(Made::Word) => {
                    let everyday = lists::is_common(word) && !lists::is_given(word) && !lists::is_family(word);
                    // A word that was heard wrong, just before the address: "ær", "de".
                    let slip = matches!(word, "ær" | "de" | "på" | "er" | "hedr" | "til" | "den" | "der" | "det");
                    let number = digits::spelled(word).is_some();
                    let follows_joint = tokens.same_turn(at.wrapping_sub(1), at)
                        && joint(tokens, at.wrapping_sub(1))
                            .is_some_and(|c| tokens.mark(at.wrapping_sub(1)).is_empty() || c != '.');
                    let and = matches!(word, "og" | "å")
                        && digits::spelled(tokens.word(from)).is_some()
                        && digits::spelled(tokens.word(at.wrapping_sub(1))).is_some();
                    let short = word.chars().count() == 2 && !lists::is_given(word) && !number;
                    joined || glued || follows_joint || and || !(everyday && !number || slip || short)
                }
                _ => false,
            };
            if !belongs {
                break;
            }
            joined = false;
        }
        from -= 1;
    }
    from
}

/// How a token of an address is written.
fn part(tokens: &Tokens<'_>, at: usize) -> String {
    if let Some(mark) = joint(tokens, at) {
        return mark.to_string();
    }
    let word = tokens.word(at);
    match tokens.digits(at) {
        "" => digits::spelled(word).map_or_else(|| word.to_owned(), str::to_owned),
        digits => digits.to_owned(),
    }
}
