//! Which speech models there are, where they come from, and the check without which none is loaded.
