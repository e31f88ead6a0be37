//! Turns the sound of a call into text while it goes on, and into a draft when it ends; keeps nothing.

pub mod config;
pub mod vad;
pub mod segment;
pub mod draft;
pub mod jobs;
