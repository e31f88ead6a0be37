//! What somebody may do: roles, and the areas that they hold in.
//!
//! | | words of a call | list of a team's calls, handing them over, figures | areas, deliveries, holds, erasure |
//! |---|---|---|---|
//! | caseworker | own, and handed over | – | – |
//! | team lead | – | of their areas | – |
//! | administrator | – | – | yes |
//!
//! One person may have several roles. Without a login whoever sits at the machine has all of them, and sees every call.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What somebody is in the house.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Speaks with citizens and writes notes.
    Caseworker,
    /// Answers for a team: its figures, and that its calls get a note.
    TeamLead,
    /// Runs Referent.
    Administrator,
}

/// The roles of a session, and where they hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Rights {
    /// Every role.
    pub roles: BTreeSet<Role>,
    /// In these areas; none: in all.
    pub areas: Option<BTreeSet<String>>,
}

impl Rights {
    /// Of whoever sits at the machine.
    pub fn all() -> Self {
        Self { roles: [Role::Caseworker, Role::TeamLead, Role::Administrator].into(), areas: None }
    }

    /// Of a caseworker, in these areas.
    pub fn of_caseworker() -> Self {
        Self { roles: [Role::Caseworker].into(), areas: None }
    }

    /// Whether this role holds in this area.
    pub fn holds(&self, role: Role, area: &str) -> bool {
        self.roles.contains(&role) && self.areas.as_ref().is_none_or(|areas| areas.contains(area))
    }
}
