//! Drafts: what is written of a call, whatever the language model and notes-api do.

mod calls;
mod embedded;
mod prompt;
mod area_words;
mod server;
mod outcome;
mod llm_answers;
mod llm_faults;
mod escapes;
mod limits;
mod models;
mod wishes;
mod fault_matrix;
mod long_calls;
mod languages;
mod hidden;
mod warm;
mod jobs;
