//! The real program under a policy: what it refuses to start with, what it says, and that it leaves no core dump.

#[cfg(test)]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::path::Path;
    use std::process::{Child, Command, Output, Stdio};

    const POLICY: &str = "mode = \"consent\"\npipeline = \"http://127.0.0.1:9\"\n";

    fn user(folder: &Path) -> String {
        format!(
            "state_dir = \"{}\"\nhttp = \"127.0.0.1:0\"\npipeline = \"http://127.0.0.1:10\"\nmode = \"notice\"\n\
             [areas.tax]\nmode = \"notice\"\n[sound]\nkind = \"wav\"\npace = \"credit\"\n",
            folder.join("agent").display()
        )
    }

    fn program(folder: &Path, command: &[&str], user: &str, policy: Option<&str>) -> Command {
        let (file, place) = (folder.join("agent.toml"), folder.join("policy.toml"));
        std::fs::write(&file, user).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_referent-agent"));
        program.args(command).arg("--config").arg(file).stdin(Stdio::null());
        if let Some(policy) = policy {
            std::fs::write(&place, policy).unwrap();
            program.arg("--policy").arg(place);
        }
        program
    }

    /// What it says on stdout, or its one sentence on stderr.
    fn says(output: &Output) -> Result<String, String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        let sentence = text(&output.stderr);
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        Err(sentence)
    }

    #[test]
    fn config_check_shows_what_holds_and_names_what_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let check =
            |user: &str, policy| says(&program(folder.path(), &["config", "check"], user, policy).output().unwrap());
        let good = user(folder.path());
        let alone = check(&good, None).unwrap();
        for part in ["policy: none", "\"notice\"", "file, line 4", "\"info\"", "default", "in order"] {
            assert!(alone.contains(part), "{part}: {alone}");
        }
        let under = check(&good, Some(POLICY)).unwrap();
        for part in [
            "\"consent\"",
            "policy, line 1",
            "The policy decides mode: \"notice\" in line 4 of the file does not hold.",
            "The policy decides areas.tax.mode: \"notice\" in line 6 of the file does not hold.",
            "The policy decides pipeline",
        ] {
            assert!(under.contains(part), "{part}: {under}");
        }
        for (text, names) in [
            (format!("{good}colour = 1\n"), "line 10: unknown field `colour`"),
            (
                good.replace("[sound]", "[areas.pension]\nmode = \"off\"\ncolour = 1\n[sound]"),
                "line 9: unknown field `colour`",
            ),
            (
                format!("{good}[telemetry]\notlp = \"http://127.0.0.1:1\"\nevery = 1\n"),
                "line 12: unknown field `every`",
            ),
            (format!("{good}[nowhere]\nkey = 1\n"), "line 10: unknown field `nowhere`"),
            (good.replace("mode = \"notice\"\n[areas", "mode = 7\n[areas"), "line 4"),
            (good.replace("http = ", "# http = "), "http is missing"),
        ] {
            let error = check(&text, None).unwrap_err();
            assert!(error.contains(names) && error.contains("agent.toml"), "{error}");
        }
        assert!(check(&good, Some("mode = \"notic")).unwrap_err().contains("policy.toml"));
    }

    #[test]
    fn a_broken_policy_keeps_every_command_from_running() {
        let folder = tempfile::tempdir().unwrap();
        for command in ["run", "start", "devices", "status"] {
            let output = program(folder.path(), &[command], &user(folder.path()), Some("mode = 1\n")).output().unwrap();
            let error = says(&output).unwrap_err();
            assert!(error.contains("policy.toml") && error.contains("nothing runs without it"), "{command}: {error}");
        }
        assert!(!folder.path().join("agent").exists(), "nothing was begun");
    }

    #[test]
    fn the_running_agent_names_what_does_not_hold_and_can_leave_no_core_dump() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = program(folder.path(), &["run"], &user(folder.path()), Some(POLICY));
        let mut agent = Killed(program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let mut ready = String::new();
        BufReader::new(agent.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains("ready"), "{ready}");

        let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.0.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "soft and hard: {core}");

        agent.0.kill().unwrap();
        let mut log = String::new();
        agent.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains("this policy stands above the file"), "{log}");
        for key in ["mode", "areas.tax.mode", "pipeline"] {
            let named = log.lines().any(|line| line.contains("policy decides") && line.contains(&format!("\"{key}\"")));
            assert!(named, "{key}: {log}");
        }
    }

    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }

    #[test]
    fn a_kernel_that_pipes_core_dumps_gets_none_either() {
        referent_telemetry::core_dumps::forbid().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }

    #[test]
    fn the_unit_allows_no_core_dump_and_starts_the_agent_with_its_file() {
        let unit = include_str!("../../packaging/systemd/referent-agent.service");
        for line in
            ["LimitCORE=0", "ExecStart=/usr/bin/referent-agent run --config %E/referent/agent.toml", "UMask=0077"]
        {
            assert!(unit.lines().any(|found| found == line), "{line}");
        }
    }
}
