//! Where in an area's note each kind of sentence belongs.
//!
//! The ids `reason`, `information` and `agreed` are known; a section of an area's own is known by words of its heading.
//! What has no section of its own goes where everything goes, or beside what is nearest; if there is no such section
//! either, nowhere.

use super::choose::Role;
use super::cues::Cues;
use super::plain::{Phrases, Plain};
use referent_proto::call::AreaSettings;

/// The sections of an area by what belongs there.
pub(super) struct Places {
    reason: Option<usize>,
    information: Option<usize>,
    agreed: Option<usize>,
    everything: Option<usize>,
}

impl Places {
    pub(super) fn of(area: &AreaSettings) -> Self {
        let headings = &Cues::of(&area.language).headings;
        let find = |id: &str, words: &Phrases| {
            let by_id = area.sections.iter().position(|section| section.id == id);
            let known = |id: &str| ["reason", "information", "agreed"].contains(&id);
            by_id.or_else(|| {
                area.sections
                    .iter()
                    .position(|section| !known(&section.id) && Plain::of(&section.heading).has_any(words))
            })
        };
        let reason = find("reason", &headings.reason);
        let agreed = find("agreed", &headings.agreed).filter(|found| Some(*found) != reason);
        let information =
            find("information", &headings.information).filter(|found| ![reason, agreed].contains(&Some(*found)));
        let everything = find("everything", &headings.everything)
            .filter(|found| ![reason, agreed, information].contains(&Some(*found)));
        Self { reason, information, agreed, everything }
    }

    pub(super) fn any(&self) -> bool {
        [self.reason, self.information, self.agreed, self.everything].iter().any(Option::is_some)
    }

    pub(super) fn of_role(&self, role: Role) -> Option<usize> {
        let (own, nearest) = match role {
            Role::Reason => (self.reason, self.information),
            Role::Information => (self.information, self.reason),
            Role::Agreed => (self.agreed, self.information),
        };
        own.or(self.everything).or(nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use referent_proto::call::Section;

    fn places(language: &str, sections: &[(&str, &str)]) -> [Option<usize>; 3] {
        let section = |(id, heading): &(&str, &str)| Section {
            id: (*id).into(),
            heading: (*heading).into(),
            ..Section::default()
        };
        let area = AreaSettings {
            area: "a".into(),
            version: "v".into(),
            language: language.into(),
            sections: sections.iter().map(section).collect(),
            ..AreaSettings::default()
        };
        let places = Places::of(&area);
        let all = [Role::Reason, Role::Information, Role::Agreed].map(|role| places.of_role(role));
        assert_eq!(places.any(), all.iter().any(Option::is_some));
        all
    }

    #[test]
    fn sections_are_known_by_id_or_by_heading() {
        let standard = [("reason", "Årsag til henvendelse"), ("information", "Oplysninger"), ("agreed", "Aftalt")];
        assert_eq!(places("da", &standard), [Some(0), Some(1), Some(2)]);
        assert_eq!(places("da", &[("agreed", "X"), ("reason", "Y")]), [Some(1), Some(1), Some(0)]);
        let own = [("opf", "Aftaler og opfølgning"), ("hen", "Borgerens henvendelse"), ("fak", "Faktiske oplysninger")];
        assert_eq!(places("da", &own), [Some(1), Some(2), Some(0)]);
        assert_eq!(places("da", &[("notat", "Notat")]), [Some(0); 3]);
        assert_eq!(places("en", &[("all", "Summary"), ("next", "Next steps")]), [Some(0), Some(0), Some(1)]);
        assert_eq!(places("da", &[("vurdering", "Vurdering")]), [None; 3]);
    }
}
