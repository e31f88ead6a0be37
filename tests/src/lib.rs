//! The stories: the three real programs together, from a sound file to a saved note.
