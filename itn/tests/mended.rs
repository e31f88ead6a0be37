//! Mending on numbers and dates that are said rightly, which it must leave alone, and on texts of any kind.

use proptest::prelude::*;
use referent_itn::say::danish::{self, DateStyle, Spelling};
use referent_itn::say::english;
use referent_itn::{Language, mended};

const SPELLINGS: [Spelling; 4] = [Spelling::Joined, Spelling::Apart, Spelling::Dictionary, Spelling::Long];

#[test]
fn what_is_said_rightly_stays() {
    let check = |text: &str, language| assert_eq!(mended(text, language), None, "{text}");
    for value in (0..2_000).chain((2_000..1_000_000).step_by(977)) {
        for spelling in SPELLINGS {
            check(&format!("Det er {} kroner.", danish::cardinal(value, spelling)), Language::Danish);
        }
        check(&format!("It is {} kroner.", english::cardinal(value, english::Spelling::British)), Language::English);
    }
    for (month, day) in (1..=12).flat_map(|month| (1..=28).map(move |day| (month, day))) {
        for spelling in SPELLINGS {
            let date = danish::date(Some(2026), month, day, DateStyle::Month, spelling);
            check(&format!("Det er {date}."), Language::Danish);
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,120}", words in "([a-zæøå']{1,9}[ ,.-]){0,20}") {
        for language in [Language::Danish, Language::English] {
            let _of_anything = mended(&text, language);
            let _of_words = mended(&words, language);
        }
    }
}
