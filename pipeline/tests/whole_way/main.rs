//! A worker between a played agent and a played notes-api, over real connections on loopback: what is settled is one
//! chain, and the same one whatever happens on the way.

mod agent;
mod notes_api;
mod worker;

mod life;
mod disturbed;
mod refused;
mod languages;
mod warm;
mod behind;
mod sealed;
mod presence;
