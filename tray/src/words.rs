//! The tray's own words: titles and what can be clicked. Those of each state are the agent's.
//!
//! In: nothing. Out: Danish and English. What the agent tells a user to press (`status::next_step`) is called so here.

use crate::view::{Action, Kind};
use referent_agent::status::Words;

/// What the state comes down to.
pub fn title(kind: Kind) -> Words {
    let (da, en) = match kind {
        Kind::Recording => ("Der optages", "Recording"),
        Kind::NotRecording => ("Der optages ikke", "Not recording"),
        Kind::Trouble => ("Noget er galt", "Something is wrong"),
        Kind::Unknown => ("Ukendt, om der optages", "Not known whether anything is recorded"),
    };
    Words { da, en }
}

/// What can be clicked.
pub fn label(action: Action) -> Words {
    let (da, en) = match action {
        Action::Agreed => ("Borgeren har sagt ja", "The citizen agreed"),
        Action::Pause => ("Pause", "Pause"),
        Action::Resume => ("Fortsæt", "Resume"),
        Action::HangUp => ("Samtalen er slut", "The call is over"),
        Action::Object => ("Borgeren siger nej: slet samtalen …", "The citizen objects: erase the call …"),
        Action::Erase => ("Klik her for at slette alt fra samtalen", "Click here to erase everything of the call"),
        Action::OpenPane => ("Åbn notatet", "Open the note"),
    };
    Words { da, en }
}

/// A click that did not lead to anything.
pub const FAILED: Words = Words {
    da: "Det lykkedes ikke. Se tilstanden, og prøv igen.",
    en: "That did not work. Look at the state, and try again.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use referent_agent::status::next_step;
    use referent_proto::AgentStateKind;

    #[test]
    fn what_the_agent_tells_a_user_to_press_is_there_under_that_name() {
        for (state, action) in
            [(AgentStateKind::Paused, Action::Resume), (AgentStateKind::AwaitingConsent, Action::Agreed)]
        {
            let (step, label) = (next_step(state).expect("there is one"), label(action));
            assert!(step.da.contains(label.da) && step.en.contains(label.en), "{step:?} {label:?}");
        }
    }
}
