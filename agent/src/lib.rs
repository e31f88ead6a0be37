//! The companion on the caseworker's PC: captures a call, keeps it safe, sends it.
//!
//! ```text
//! capture ─┐                    ┌───────── the one durable copy ─────────┐
//!          ├─▶ call_time ─▶ resample ─▶ feed ─▶ spool ─▶ send ─▶ pipeline
//! wav ─────┘                                      ▲        │
//!                                                 └─ settled, credit, commands
//! ```
//!
//! The modules stand in the order of the data. `desk` holds the call that goes on and those that wait in the spool;
//! `control` is how the command line and a tray reach it.

pub mod clock;
pub mod capture;
pub mod wav;
pub mod resample;
pub mod call_time;
pub mod spool;
pub mod backoff;
pub mod status;
