//! The stories: the three real programs together, from a sound file to a saved note.
//!
//! In: a WAV for a microphone, a database, a seed. Out: what a caseworker would see, over the same HTTP as the pane's.
//! The same [`World`] starts the demo, the stories and the figures, so that none of them takes a path of its own.
//!
//! Not done here: no part is replaced by a double, but for the recogniser where a story must compare texts letter by
//! letter; nothing listens beyond loopback.

pub mod program;
pub mod world;
pub mod caseworker;
pub mod sample_call;
pub mod word_errors;
pub mod postgres;
pub mod shape;
pub mod language_server;
pub mod reading_server;
pub mod speech_server;
pub mod collector;
pub mod crowd;
pub mod replay;
pub mod balancer;
pub mod network;
pub mod offline;
pub mod desktop;
pub mod consent;
pub mod damage;
pub mod secured;
pub mod misuse;
pub mod provider;
pub mod logins;
pub mod disturbed;
pub mod figures;
pub mod bench;

pub use caseworker::Caseworker;
pub use sample_call::SampleCall;
pub use world::{Database, Part, Recogniser, World};
