-- What agents have not done yet is looked for over all calls: for those that are told over their presence, because no worker
-- has the call. Commands that are done stay, and are many.
CREATE INDEX commands_open ON commands (created_ms) WHERE done_ms IS NULL;
