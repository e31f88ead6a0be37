//! What each department decides about its notes: the language, the sections and what belongs in them, the style, what must
//! not be forgotten. docs/areas.md tells a department's lead.
//!
//! ```text
//! NAME.toml ─▶ keys ─▶ file ─▶ AreaSettings with a version ─▶ folder: what changed, what is wrong
//!                       ▲                        │
//!                       └ lists: glossary, …     └─▶ cues: which must-note facts a call speaks of
//! ```
//!
//! In: the text of a file, or a folder of them. Out: [`referent_proto::AreaSettings`], or every [`Mistake`] of the file.
//!
//! Promises:
//!   A1  What is not wholly right is refused whole, with the line, the key and the remedy of each mistake.
//!   A2  The version is the SHA-256 of what the settings say, the name among it; the same words give the same version,
//!       and a key that is left out gives the version from before there was that key.
//!   A3  A file is believed when two looks in a row found the same in it: one that is being written is not read half.
//!
//! Not done here: nothing is in force (notes-api's `areas` decides that, and nobody else), nothing is stored, and no
//! clock is asked.

mod keys;
mod lists;
mod problem;
mod mistake;
pub mod file;
pub mod folder;
pub mod cues;
pub mod dialogue;
pub mod written;

pub use file::parse;
pub use folder::{Folder, News, Trouble};
pub use lists::one_line;
pub use mistake::Mistake;
pub use problem::Problem;

use referent_proto::{AreaSettings, Section};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The area of a call that names none.
pub const STANDARD: &str = "standard";

/// The areas that are there without any file: `standard` (Danish) and `standard-en` (English).
pub fn built_in() -> [AreaSettings; 2] {
    let area = |name: &str, language: &str, sections: [(&str, &str); 3]| {
        let section = |(id, heading): (&str, &str)| Section {
            id: id.to_owned(),
            heading: heading.to_owned(),
            ..Section::default()
        };
        versioned(AreaSettings {
            area: name.to_owned(),
            language: language.to_owned(),
            sections: sections.into_iter().map(section).collect(),
            ..AreaSettings::default()
        })
    };
    let danish = [("reason", "Årsag til henvendelse"), ("information", "Oplysninger"), ("agreed", "Aftalt")];
    let english = [("reason", "Reason for the call"), ("information", "Information"), ("agreed", "Agreed")];
    [area(STANDARD, "da", danish), area("standard-en", "en", english)]
}

/// A2.
///
/// # Panics
/// Never: settings have string keys only.
pub(crate) fn versioned(mut area: AreaSettings) -> AreaSettings {
    area.version.clear();
    let text = serde_json::to_vec(&area).expect("settings have string keys only");
    area.version = Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    });
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 0.1 computed them: drafts in databases name them.
    #[test]
    fn the_built_in_areas_keep_their_versions() {
        let [danish, english] = built_in();
        assert_eq!(danish.version, "08327bc689682184db644b6dc701541212a840f78d688e5b7ca4b05effc64afb");
        assert_eq!(english.version, "ade2b9a5df57d2bd08872c6a94b24758d8e2ef7dbe1f8666e14e0f9d3fe201b5");
    }
}
