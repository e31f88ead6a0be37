//! What a person asks of a call elsewhere: a pause, or its end.
//!
//! In: the call and the decision. Out: whether it may be said to be done. Promised: only what is durable is; the server
//! repeats the rest. Not done here: no messages, and no discard, whose ways differ (`stream`, `desk`).

use crate::call::{Call, CannotDecide};
use crate::permit::Decision;
use crate::spool::SpoolError;
use std::sync::Arc;

/// Decides, and says whether that is done. Blocks nobody but whoever waits for it.
pub(crate) async fn is_decided(call: &Arc<Call>, decision: Decision) -> bool {
    let deciding = {
        let call = Arc::clone(call);
        tokio::task::spawn_blocking(move || call.decide(decision))
    };
    match deciding.await {
        // Where nothing may be recorded, or the call has ended, there is nothing to pause: that is done.
        Ok(
            Ok(())
            | Err(
                CannotDecide::Not(_)
                | CannotDecide::NotKept(SpoolError::Ended)
                | CannotDecide::InForceNotKept(SpoolError::Ended),
            ),
        ) => {
            tracing::info!(?decision, "done, as was asked for on the pane");
            true
        }
        Ok(Err(error)) => {
            tracing::error!(%error, ?decision, "asked for on the pane");
            false
        }
        Err(error) => {
            tracing::error!(%error, ?decision, "deciding broke off");
            false
        }
    }
}
