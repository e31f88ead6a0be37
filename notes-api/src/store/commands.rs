//! Commands to the agent are rows until its `Done`; discard erases at once and leaves a tombstone.

use super::audit::{Act, Deed, tell};
use super::calls::{self, lock_call};
use super::retention::{self, How, erase_kinds};
use super::{Store, Stored, Tx, call_id, from_word, word};
use crate::retention::{Cause, Kind};
use crate::shown::DiscardReceipt;
use referent_proto::{CallId, CallState, Command, CommandId, CommandKind, PresenceCommand};

/// The note stays, because a person stands for it.
const ALL_BUT_THE_NOTE: [Kind; 7] =
    [Kind::Transcript, Kind::Drafts, Kind::Edit, Kind::Activity, Kind::Identifiers, Kind::Events, Kind::Figures];

/// What the agent has not done yet, oldest first.
pub(crate) async fn pending(tx: &mut Tx, call: CallId) -> Stored<Vec<Command>> {
    rows!(
        tx,
        (String, String),
        "SELECT command, kind FROM commands WHERE call = $1 AND done_ms IS NULL ORDER BY created_ms, command",
        call.to_string()
    )?
    .into_iter()
    .map(|(id, kind)| command(&id, &kind))
    .collect()
}

/// What came of asking the agent for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is told; this command is pending until its `Done`.
    Pending(CommandId),
    /// The call has ended: there is nothing to pause.
    Over,
}

impl Store {
    /// Asks the agent of a call that goes on for something. What was asked last and is not done yet is not asked twice.
    /// `None` if there is no such call.
    pub async fn ask(&self, call: CallId, command: Command, by: String, now_ms: i64) -> Stored<Option<Asked>> {
        self.write(move |tx| Box::pin(ask_in(tx, call, command, by, now_ms))).await
    }

    /// Where the call stands, and what its agent has not done yet.
    pub async fn orders(&self, call: CallId) -> Stored<(Option<CallState>, Vec<Command>)> {
        self.read(move |tx| {
            Box::pin(async move {
                let state = row!(tx, (String,), "SELECT state FROM calls WHERE call = $1", call.to_string())?
                    .map(|(state,)| from_word("calls.state", &state))
                    .transpose()?;
                Ok((state, pending(tx, call).await?))
            })
        })
        .await
    }

    /// What agents have not done yet of calls that no worker has, with the owner of the call; the newest first, at most so many.
    /// A discard counts only if it was asked for before then.
    pub async fn commands_without_a_worker(
        &self,
        discarded_before_ms: i64,
        most: i64,
    ) -> Stored<Vec<(String, PresenceCommand)>> {
        self.read(move |tx| Box::pin(without_a_worker(tx, discarded_before_ms, most))).await
    }

    /// The agent did it.
    pub async fn command_done(&self, call: CallId, command: CommandId, now_ms: i64) -> Stored<()> {
        self.write(move |tx| {
            Box::pin(async move {
                run!(
                    tx,
                    "UPDATE commands SET done_ms = $3 WHERE command = $1 AND call = $2 AND done_ms IS NULL",
                    command.to_string(),
                    call.to_string(),
                    now_ms
                )
                .map(drop)
            })
        })
        .await
    }

    /// Erases a call to which the citizen objects: every word, draft and typed text, but not a saved note. `None` if there is no
    /// such call. A hold does not stop it: what was heard against the citizen's word may not be kept.
    ///
    /// Repeating it returns the receipt of the first time.
    pub async fn discard(
        &self,
        call: CallId,
        command: CommandId,
        by: String,
        now_ms: i64,
    ) -> Stored<Option<DiscardReceipt>> {
        let receipt = self.write(move |tx| Box::pin(discard_in(tx, call, command, by, now_ms))).await?;
        if receipt.is_some() {
            // Where somebody reads at this moment, the next sweep does it.
            self.wipe_log().await;
        }
        Ok(receipt)
    }
}

/// What came of asking for a discard on the page.
#[derive(Debug)]
pub enum Discarding {
    /// It is erased.
    Done(DiscardReceipt),
    /// The call is over and a hold is on it.
    Held,
    /// There is no such call.
    Unknown,
}

impl Store {
    /// The same, asked for on the page. Once the call is over, a hold that is on it stops that.
    pub async fn discard_unless_held(
        &self,
        call: CallId,
        command: CommandId,
        by: String,
        now_ms: i64,
    ) -> Stored<Discarding> {
        let discarding = self
            .write(move |tx| {
                Box::pin(async move {
                    let Some(row) = lock_call(tx, call).await? else { return Ok(Discarding::Unknown) };
                    let is_over = row.hang_up_ms.is_some() && row.state != CallState::Discarded;
                    if is_over && retention::is_held(tx, call).await? {
                        return Ok(Discarding::Held);
                    }
                    let receipt = discard_in(tx, call, command, by, now_ms).await?;
                    Ok(receipt.map_or(Discarding::Unknown, Discarding::Done))
                })
            })
            .await?;
        if matches!(discarding, Discarding::Done(_)) {
            self.wipe_log().await;
        }
        Ok(discarding)
    }
}

async fn without_a_worker(tx: &mut Tx, discarded_before_ms: i64, most: i64) -> Stored<Vec<(String, PresenceCommand)>> {
    rows!(
        tx,
        (String, String, String, String),
        "SELECT c.owner, c.call, m.command, m.kind FROM commands m JOIN calls c ON c.call = m.call \
         WHERE m.done_ms IS NULL AND c.holder IS NULL AND (m.kind <> 'discard' OR m.created_ms <= $1) \
         ORDER BY m.created_ms DESC, m.command DESC LIMIT $2",
        discarded_before_ms,
        most
    )?
    .into_iter()
    .map(|(owner, call, id, kind)| {
        Ok((owner, PresenceCommand { call: call_id(&call)?, command: command(&id, &kind)? }))
    })
    .collect()
}

fn command(id: &str, kind: &str) -> Stored<Command> {
    Ok(Command {
        id: id.parse().map_err(|_| super::StoreError::Corrupt { column: "commands.command" })?,
        kind: from_word("commands.kind", kind)?,
    })
}

async fn ask_in(tx: &mut Tx, call: CallId, command: Command, by: String, now_ms: i64) -> Stored<Option<Asked>> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(None) };
    if !matches!(row.state, CallState::Live | CallState::OutOfContact) {
        return Ok(Some(Asked::Over));
    }
    if let Some(last) = pending(tx, call).await?.last().filter(|last| last.kind == command.kind) {
        return Ok(Some(Asked::Pending(last.id)));
    }
    run!(
        tx,
        "INSERT INTO commands (command, call, kind, created_ms) VALUES ($1, $2, $3, $4)",
        command.id.to_string(),
        call.to_string(),
        word(&command.kind),
        now_ms
    )?;
    calls::state_event(tx, call).await?; // So that whoever has its stream looks.
    let act = match command.kind {
        CommandKind::Pause => Act::PauseAsked,
        CommandKind::Resume => Act::ResumeAsked,
        CommandKind::Discard => Act::CallDiscarded,
    };
    tell(tx, &Deed::with_call(&by, act, call), now_ms).await?;
    Ok(Some(Asked::Pending(command.id)))
}

async fn discard_in(
    tx: &mut Tx,
    call: CallId,
    command: CommandId,
    by: String,
    now_ms: i64,
) -> Stored<Option<DiscardReceipt>> {
    let Some(row) = lock_call(tx, call).await? else { return Ok(None) };
    let id = call.to_string();
    if row.state != CallState::Discarded {
        run!(
            tx,
            "INSERT INTO tombstones (call, discarded_ms, discarded_by, note_kept) \
             VALUES ($1, $2, $3, (SELECT COUNT(*) FROM notes WHERE call = $1))",
            id.as_str(),
            now_ms,
            by.as_str()
        )?;
        run!(
            tx,
            "INSERT INTO commands (command, call, kind, created_ms) VALUES ($1, $2, $3, $4)",
            command.to_string(),
            id.as_str(),
            word(&CommandKind::Discard),
            now_ms
        )?;
        let how = How { cause: Cause::Discard, by: &by, reason: None, fates: &[] };
        erase_kinds(tx, call, &ALL_BUT_THE_NOTE, &how, now_ms).await?;
        retention::bury(tx, call).await?;
        tell(tx, &Deed::with_call(&by, Act::CallDiscarded, call), now_ms).await?;
        tx.jobs_changed();
    }
    let receipt = row!(
        tx,
        (i64, i64, i64),
        "SELECT discarded_ms, note_kept, (SELECT COUNT(*) FROM commands \
         WHERE call = $1 AND kind = 'discard' AND done_ms IS NULL) FROM tombstones WHERE call = $1",
        id.as_str()
    )?;
    Ok(receipt.map(|(discarded_ms, note_kept, open)| DiscardReceipt {
        discarded_ms,
        note_kept: note_kept > 0,
        agent_done: open == 0,
    }))
}
