//! Where a puller has come to, as text that means nothing to anybody else.
//!
//! It holds the number of the last change that was given, and a few bytes of what that change was: in a database that was set
//! back to an earlier day the same number may be another change, and then the place is not believed.

use crate::store::outbox::Change;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// A place between two changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// Of the change before it; 0 at the beginning.
    pub number: i64,
    of: [u8; 8],
}

impl Cursor {
    /// Before the first change.
    pub const BEGIN: Self = Self { number: 0, of: [0; 8] };

    /// Behind this change.
    pub fn behind(change: &Change) -> Self {
        let what = format!("{}\n{}\n{:?}\n{}", change.note, change.version, change.event, change.occurred_ms);
        let mut of = [0; 8];
        of.copy_from_slice(&Sha256::digest(what.as_bytes())[..8]);
        Self { number: change.number, of }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..].copy_from_slice(&self.of);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// It was not given out by this program. Begin without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;
    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoCursor)?;
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| NoCursor)?;
        let (mut number, mut of) = ([0; 8], [0; 8]);
        number.copy_from_slice(&bytes[..8]);
        of.copy_from_slice(&bytes[8..]);
        let number = i64::from_be_bytes(number);
        if number < 0 { Err(NoCursor) } else { Ok(Self { number, of }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::outbox::NoteEvent;
    use referent_proto::CallId;

    #[test]
    fn a_place_is_found_again_and_nothing_else_is_one() {
        let change = Change {
            number: 41,
            event: NoteEvent::Saved,
            call: CallId::new(1, [1; 10]),
            note: "note".into(),
            part: 1,
            version: 2,
            case_id: None,
            occurred_ms: 7,
        };
        let cursor = Cursor::behind(&change);
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!(Cursor::BEGIN.to_string().parse(), Ok(Cursor::BEGIN));
        assert_ne!(Cursor::behind(&Change { version: 3, ..change }), cursor);
        for text in ["", "41", "AAAA", "_____________________w", "not base64 at all!!!!"] {
            assert_eq!(text.parse::<Cursor>(), Err(NoCursor), "{text}");
        }
    }
}
