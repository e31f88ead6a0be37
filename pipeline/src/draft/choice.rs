//! Which language model may write about a call, if any: what the area says, held against what the operator has set up.
//!
//! In: an area, and the models of the configuration. Out: one of them, or why there is none ([`NotAllowed`]).
//!
//! Promises:
//!   O1  Nothing is sent to another model than the area names. One that is not configured here is no reason to ask another: it
//!       may lie in another house.
//!   O2  What an area takes for local and the operator says is not, is asked nothing: neither before the hang-up nor behind it.
//!
//! Not done here: what is hidden from a model that is asked (`hidden`).

use super::llm::LlmDrafter;
use crate::config::Models;
use crate::openai::Unusable;
use referent_proto::AreaSettings;
use std::collections::BTreeMap;

/// What an area calls no model at all.
pub const NONE: &str = "none";

/// The language models of this process.
pub struct Llms {
    usual: Llm,
    named: BTreeMap<String, Llm>,
}

struct Llm {
    drafter: LlmDrafter,
    is_local: Option<bool>,
}

/// Why no language model writes about a call of this area. The caseworker is told `policy`, the operator this.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAllowed {
    /// The area wants none.
    #[error("the area wants no language model")]
    ByTheArea,
    /// The area names one that is not configured: add it to the configuration, or correct the area's file.
    #[error("the area's model is not configured here (drafter.models)")]
    Unknown,
    /// The area takes the model for local, and it is not: correct the area's file, or the configuration.
    #[error("the area takes its model for local (llm_is_local), and the configuration says that it is not")]
    NotLocal,
}

impl Llms {
    pub(super) fn only(usual: LlmDrafter) -> Self {
        Self { usual: Llm { drafter: usual, is_local: None }, named: BTreeMap::new() }
    }

    /// Those that areas may name besides.
    pub(super) fn and(mut self, models: &Models) -> Result<Self, Unusable> {
        self.usual.is_local = models.usual_is_local;
        for (name, model) in &models.named {
            let drafter = LlmDrafter::new(&model.llm)?;
            self.named.insert(name.clone(), Llm { drafter, is_local: model.is_local });
        }
        Ok(self)
    }

    /// The one that writes about calls of this area.
    pub fn of(&self, area: &AreaSettings) -> Result<&LlmDrafter, NotAllowed> {
        let llm = match area.model.as_str() {
            "" => &self.usual,
            NONE => return Err(NotAllowed::ByTheArea),
            name => match self.named.get(name) {
                Some(named) => named,
                None if name == self.usual.drafter.model() => &self.usual,
                None => return Err(NotAllowed::Unknown),
            },
        };
        if area.llm_is_local && llm.is_local == Some(false) {
            return Err(NotAllowed::NotLocal);
        }
        Ok(&llm.drafter)
    }
}
