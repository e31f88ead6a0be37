//! What the tray shows of what is known (pure).
//!
//! In: what the agent told, what was clicked. Out: a kind, which is the icon; words; and which actions are offered.
//! Promised: only a state in which sound is being written looks like recording, and what is not known looks like nothing
//! else (T1). Every action keeps its place in the menu, so that a click cannot meet another one that has just come there.
//! Not done here: no screen, no clock.

use crate::follow::Known;
use crate::words;
use referent_agent::control::client::{Said, Told};
use referent_agent::doctor::Language;
use referent_agent::status::{NO_CONTACT, NO_CONTACT_NEXT, Words};
use referent_proto::{AgentStateKind, CallId};

/// What a state comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Sound is written.
    Recording,
    /// None is, and that is as it should be.
    NotRecording,
    /// None is, or not of both, and somebody has to do something.
    Trouble,
    /// The agent has not been heard of.
    Unknown,
}

impl Kind {
    /// Of a state.
    pub fn of(state: AgentStateKind) -> Self {
        use AgentStateKind as K;
        match state {
            K::Listening | K::OfflineKeeping | K::CatchingUp => Self::Recording,
            K::Starting | K::Paused | K::AwaitingConsent | K::NotAllowed | K::Idle => Self::NotRecording,
            K::NoSoundNear | K::NoSoundFar | K::DiskFull => Self::Trouble,
        }
    }
}

/// What can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The citizen said yes.
    Agreed,
    /// Record nothing for a while.
    Pause,
    /// Go on.
    Resume,
    /// They hung up.
    HangUp,
    /// The citizen objects: the first of two clicks.
    Object,
    /// The second.
    Erase,
    /// Show the note.
    OpenPane,
}

impl Action {
    /// All, in the order of the menu.
    pub const ALL: [Self; 7] =
        [Self::Agreed, Self::Pause, Self::Resume, Self::HangUp, Self::Object, Self::Erase, Self::OpenPane];
}

/// What there is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What is known of the agent.
    pub known: Known,
    /// The call that the next click on [`Action::Erase`] erases.
    pub armed: Option<CallId>,
    /// The last click did not lead to anything.
    pub has_failed: bool,
    /// There is a page to open.
    pub has_pane: bool,
    /// In which language.
    pub language: Language,
}

impl View {
    /// Nothing is known yet.
    pub fn new(language: Language, has_pane: bool) -> Self {
        Self { known: Known::Nothing, armed: None, has_failed: false, has_pane, language }
    }

    /// Which icon.
    pub fn kind(&self) -> Kind {
        match &self.known {
            Known::Nothing => Kind::Unknown,
            Known::Told(told) => Kind::of(told.state),
        }
    }

    /// What it comes down to.
    pub fn title(&self) -> &'static str {
        self.say(words::title(self.kind()))
    }

    /// Why it is so.
    pub fn reason(&self) -> &str {
        match &self.known {
            Known::Nothing => self.say(NO_CONTACT),
            Known::Told(told) => self.said(&told.reason),
        }
    }

    /// What the user can do.
    pub fn next_step(&self) -> Option<&str> {
        match &self.known {
            Known::Nothing => Some(self.say(NO_CONTACT_NEXT)),
            Known::Told(told) => told.next_step.as_ref().map(|step| self.said(step)),
        }
    }

    /// That a click did not lead to anything, if one did not.
    pub fn failure(&self) -> Option<&'static str> {
        self.has_failed.then(|| self.say(words::FAILED))
    }

    /// What the action is called.
    pub fn label(&self, action: Action) -> &'static str {
        self.say(words::label(action))
    }

    /// The call that goes on, as far as is known.
    pub fn call(&self) -> Option<CallId> {
        self.told().and_then(|told| told.call.as_ref()).map(|call| call.id)
    }

    /// Whether the action makes sense now. Without contact none of a call does: who wants to stop the recording then has to
    /// see that it is not known whether that worked.
    pub fn offers(&self, action: Action) -> bool {
        let told = self.told();
        let state = told.map(|told| told.state);
        let call = told.and_then(|told| told.call.as_ref());
        let can_pause = state != Some(AgentStateKind::NotAllowed);
        let is_armed = call.is_some_and(|call| self.armed == Some(call.id));
        match action {
            Action::Agreed => state == Some(AgentStateKind::AwaitingConsent),
            Action::Pause => can_pause && call.is_some_and(|call| !call.is_paused),
            Action::Resume => can_pause && call.is_some_and(|call| call.is_paused),
            Action::HangUp => call.is_some(),
            Action::Object => call.is_some() && !is_armed,
            Action::Erase => is_armed,
            Action::OpenPane => self.has_pane,
        }
    }

    fn told(&self) -> Option<&Told> {
        match &self.known {
            Known::Nothing => None,
            Known::Told(told) => Some(told),
        }
    }

    fn say(&self, words: Words) -> &'static str {
        match self.language {
            Language::Danish => words.da,
            Language::English => words.en,
        }
    }

    fn said<'a>(&self, said: &'a Said) -> &'a str {
        match self.language {
            Language::Danish => &said.da,
            Language::English => &said.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_agent::control::client::ToldCall;
    use referent_agent::status::KINDS;

    fn view(state: AgentStateKind, call: Option<(u8, bool)>) -> View {
        let said = |text: &str| Said { da: format!("dansk {text}"), en: format!("english {text}") };
        let call = call.map(|(id, is_paused)| ToldCall { id: CallId::new(0, [id; 10]), is_paused });
        let told = Told { state, reason: said("reason"), next_step: None, call };
        View { known: Known::Told(told), ..View::new(Language::Danish, false) }
    }

    fn offered(view: &View) -> Vec<Action> {
        Action::ALL.into_iter().filter(|action| view.offers(*action)).collect()
    }

    #[test]
    fn only_what_is_being_written_looks_like_recording() {
        use AgentStateKind as K;
        let recording: Vec<_> = KINDS.into_iter().filter(|kind| Kind::of(*kind) == Kind::Recording).collect();
        assert_eq!(recording, [K::Listening, K::OfflineKeeping, K::CatchingUp]);
        let trouble: Vec<_> = KINDS.into_iter().filter(|kind| Kind::of(*kind) == Kind::Trouble).collect();
        assert_eq!(trouble, [K::NoSoundNear, K::NoSoundFar, K::DiskFull]);
    }

    #[test]
    fn without_contact_it_says_that_nothing_is_known_and_offers_nothing_of_a_call() {
        let mut view = View { known: Known::Nothing, ..view(AgentStateKind::Listening, Some((1, false))) };
        view.armed = Some(CallId::new(0, [1; 10]));
        assert_eq!(view.kind(), Kind::Unknown);
        assert!(view.reason().contains("VIDES IKKE"), "{}", view.reason());
        assert_eq!(offered(&view), []);
        view.language = Language::English;
        assert!(view.reason().contains("NOT known") || view.reason().contains("NOT KNOWN"), "{}", view.reason());
    }

    #[test]
    fn what_is_offered_fits_the_call() {
        use Action as A;
        use AgentStateKind as K;
        for (state, call, expected) in [
            (K::Idle, None, vec![]),
            (K::Listening, Some((1, false)), vec![A::Pause, A::HangUp, A::Object]),
            (K::Paused, Some((1, true)), vec![A::Resume, A::HangUp, A::Object]),
            (K::DiskFull, Some((1, true)), vec![A::Resume, A::HangUp, A::Object]),
            (K::AwaitingConsent, Some((1, false)), vec![A::Agreed, A::Pause, A::HangUp, A::Object]),
            (K::NotAllowed, Some((1, false)), vec![A::HangUp, A::Object]),
        ] {
            assert_eq!(offered(&view(state, call)), expected, "{state:?}");
        }
        let with_pane = View { has_pane: true, ..view(K::Idle, None) };
        assert_eq!(offered(&with_pane), [A::OpenPane]);
    }

    #[test]
    fn what_is_armed_is_one_call_and_no_other() {
        let armed = |call| View { armed: Some(CallId::new(0, [1; 10])), ..view(AgentStateKind::Listening, call) };
        assert!(armed(Some((1, false))).offers(Action::Erase) && !armed(Some((1, false))).offers(Action::Object));
        assert!(!armed(Some((2, false))).offers(Action::Erase), "the next call is not erased by the last one's click");
        assert!(!armed(None).offers(Action::Erase));
    }

    #[test]
    fn it_speaks_one_language() {
        let danish = view(AgentStateKind::Listening, Some((1, false)));
        assert_eq!((danish.title(), danish.reason()), ("Der optages", "dansk reason"));
        let english = View { language: Language::English, ..danish };
        assert_eq!((english.title(), english.reason()), ("Recording", "english reason"));
    }
}
