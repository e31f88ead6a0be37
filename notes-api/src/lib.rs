//! Holds the words, drafts, edits and notes of every call, and shows them to the caseworker.
