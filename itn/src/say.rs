//! Says numbers, dates, times and amounts in words, for the tests of whatever reads them (cargo feature `say`).
//!
//! In: a value, and how to say it. Out: words as people say them and recognisers write them.
//!
//! The speakers share nothing with the readers: no word list and no grammar, so that a mistake in one shows against
//! the other. What a speaker may choose is an argument; a test takes it from its own seeded chance.
//!
//! ```
//! use referent_itn::say::danish::{Spelling, cardinal};
//! assert_eq!(cardinal(2_075, Spelling::Joined), "totusindefemoghalvfjerds");
//! assert_eq!(cardinal(2_075, Spelling::Apart), "to tusind og fem og halvfjerds");
//! ```

pub mod danish;
pub mod english;
