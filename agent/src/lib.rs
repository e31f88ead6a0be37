//! The companion on the caseworker's PC: captures a call, keeps it safe, sends it.
