//! Holds the words, drafts, edits and notes of every call, and shows them to the caseworker.

pub mod config;
pub mod clock;
pub mod areas;
pub mod auth;
pub mod error;
pub mod call;
pub mod store;
pub mod live;
pub mod shown;
pub mod corrections;
