//! The doctor: faults are planted one at a time, and each is found, named and given its remedy, with no other beside
//! it; a healthy set-up is found healthy, also beside a running agent and a call that goes on.
//!
//! Sound comes from a PulseAudio of our own. Where that is not installed those tests say so and pass, but not in CI.

#[cfg(test)]
#[path = "support/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "support/pipeline.rs"]
mod pipeline;
#[cfg(test)]
#[path = "support/sound_server.rs"]
mod sound_server;
#[cfg(test)]
#[path = "support/pc.rs"]
mod pc;
#[cfg(test)]
#[path = "support/authority.rs"]
mod authority;

use agent::Running;
use authority::{Authority, FRESH, identity_of};
use pc::{CALLOUT, DEVICES, Fake, MIC, MIC_ALONE, Pc, complaints, finding};
use referent_agent::clock::Clock;
use referent_proto::CallId;
use rustix::fs::{FlockOperation, flock};
use sound_server::SoundServer;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_pc_is_found_healthy_before_the_agent_runs_and_beside_it() {
    let pc = Pc::healthy().await;
    let diagnosis = pc.is_healthy().await;
    for (check, outcome) in
        [("agent", "ok"), ("clock", "ok"), ("protocol", "ok"), ("tls", "not_checked"), ("certificate", "not_checked")]
    {
        assert_eq!(finding(&diagnosis, check)["outcome"], outcome, "{diagnosis:#}");
    }
    assert!(!pc.state_dir().exists(), "nothing is made");

    let config = agent::config(pc.folder.path(), "http://127.0.0.1:9", "real_time");
    let running = Running::start(config, &Clock::system()).await;
    let diagnosis = pc.is_healthy().await;
    assert!(finding(&diagnosis, "agent")["seen"]["en"].as_str().unwrap().contains("runs"), "{diagnosis:#}");
    let (wav, _) = agent::wav(pc.folder.path(), "call.wav", 30);
    let call = running.begin(&wav).await;
    pc.is_healthy().await;
    assert_eq!(running.control.status().await.unwrap()["call"]["id"], call.to_string(), "the call still goes on");
    let left: Vec<_> = std::fs::read_dir(pc.state_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("doctor")), "{left:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_it_in_danish_or_english() {
    let mut pc = Pc::healthy().await;
    pc.set("pipeline", "http://127.0.0.1:9");
    for (lang, words) in [
        (None, ["FEJL", "Server: http://127.0.0.1:9 nås ikke", "→ Se efter, at serveren kører", "1 fejl."]),
        (
            Some("en"),
            ["FAULT", "Server: http://127.0.0.1:9 is not reached", "→ Check that the server runs", "1 fault."],
        ),
    ] {
        let mut command = pc.command();
        if let Some(lang) = lang {
            command.args(["--lang", lang]);
        }
        let output = command.output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        for part in words {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_file_is_named_with_its_line() {
    let mut pc = Pc::healthy().await;
    let settings = pc.settings.clone();
    pc.settings += "colour = \"blue\"\n";
    pc.has("configuration", "line 5: unknown field `colour`").await;
    for (key, value, says) in [
        ("mode", "sometimes", "sometimes"),
        ("pipeline", "referent.example:9090", "is no address"),
        ("pipeline", "http://referent.example:9090", "is not an address"),
        ("http", "0.0.0.0:1", "beyond this machine"),
    ] {
        pc.settings.clone_from(&settings);
        pc.set(key, value);
        pc.has("configuration", says).await;
    }
    pc.settings = settings;
    let policy = pc.folder.path().join("policy.toml");
    pc.arguments = vec!["--policy".into(), policy.display().to_string()];
    std::fs::write(&policy, "mode = \"consen").unwrap();
    pc.has("policy", "policy.toml").await;
    std::fs::write(&policy, "mode = \"consent\"\n").unwrap();
    let diagnosis = pc.examined().await;
    assert!(complaints(&diagnosis).contains(&"configuration: warning".to_owned()), "overruled: {diagnosis:#}");
    std::fs::write(&policy, "area = \"standard\"\n").unwrap();
    std::fs::set_permissions(&policy, std::fs::Permissions::from_mode(0o666)).unwrap();
    let diagnosis = pc.examined().await;
    assert_eq!(complaints(&diagnosis), ["policy: warning"], "anybody may write it: {diagnosis:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_does_not_do_is_named() {
    let mut pc = Pc::healthy().await;
    let file = pc.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    pc.set("state_dir", &file.join("agent").display().to_string());
    pc.has("state_dir", "cannot be written").await;
    pc.set("state_dir", "/proc/referent");
    let diagnosis = pc.examined().await;
    assert!(complaints(&diagnosis).contains(&"state_dir: fault".to_owned()), "{diagnosis:#}");

    let pc = Pc::healthy().await;
    let folder = pc.has_run_before();
    pc.is_healthy().await;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o750)).unwrap();
    pc.has("permission", "access: 750").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_too_small_is_named_with_its_figures() {
    let mut pc = Pc::healthy().await;
    pc.arguments = vec!["--hours".into(), "4000000000".into()];
    pc.has("disk", "4000000000 without a server take 921600000000 MB (230 MB an hour)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_and_an_agent_that_hangs_are_named() {
    let mut pc = Pc::healthy().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    pc.set("http", &other.local_addr().unwrap().to_string());
    pc.has("agent", "Another program has").await;

    let pc = Pc::healthy().await;
    let folder = pc.has_run_before();
    let lock = File::create(folder.join("lock")).unwrap();
    pc.is_healthy().await;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    pc.has("agent", "does not answer as it should").await;
    // It has told where it is, and another program has that port by now.
    std::fs::write(folder.join("control-port"), other.local_addr().unwrap().to_string()).unwrap();
    std::fs::write(folder.join("control-token"), "token").unwrap();
    pc.has("agent", "does not answer as it should").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_do_not_get_sent_are_named() {
    let pc = Pc::healthy().await;
    let call = pc.has_run_before().join("spool").join(CallId::new(1, [7; 10]).to_string());
    std::fs::create_dir(&call).unwrap();
    let segment = File::create(call.join("0.segment")).unwrap();
    let diagnosis = pc.examined().await;
    assert_eq!(complaints(&diagnosis), ["calls: warning"], "young, and no agent runs: {diagnosis:#}");
    #[expect(clippy::disallowed_methods, reason = "a file of yesterday")]
    segment.set_modified(SystemTime::now() - Duration::from_hours(25)).unwrap();
    pc.has("calls", "1 call not sent 25 h after its last sound").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_silent_or_somebody_else_is_named() {
    let mut pc = Pc::healthy().await;
    pc.set("pipeline", "http://127.0.0.1:9");
    pc.has("server", "is not reached").await;

    let tracker = TaskTracker::new();
    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    pc.set("pipeline", &format!("http://{}", web.local_addr().unwrap()));
    tracker.spawn(async move {
        while let Ok((mut stream, _)) = web.accept().await {
            let mut request = [0; 1024];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.ok();
            }
        }
    });
    pc.has("server", "is no Referent pipeline").await;

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    pc.set("pipeline", &format!("http://{}", silent.local_addr().unwrap()));
    pc.has("server", "says nothing").await;

    // It speaks gRPC, and knows no calls.
    pc.set("pipeline", &Fake { code: Code::Unimplemented, date: None }.serve(&tracker).await);
    pc.has("server", "is no Referent pipeline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_an_older_protocol_or_with_another_time_is_named() {
    let tracker = TaskTracker::new();
    let mut pc = Pc::healthy().await;
    pc.set("pipeline", &Fake { code: Code::FailedPrecondition, date: None }.serve(&tracker).await);
    pc.has("protocol", "does not speak protocol 1").await;
    let long_ago = Some("Sat, 01 Nov 2025 12:00:00 GMT");
    pc.set("pipeline", &Fake { code: Code::InvalidArgument, date: long_ago }.serve(&tracker).await);
    pc.has("clock", "s ahead of the server's").await;
    let one_day = Some("Sat, 01 Nov 2200 12:00:00 GMT");
    pc.set("pipeline", &Fake { code: Code::InvalidArgument, date: one_day }.serve(&tracker).await);
    pc.has("clock", "s behind the server's").await;
    pc.set("pipeline", &Fake { code: Code::Unavailable, date: None }.serve(&tracker).await);
    assert_eq!(complaints(&pc.examined().await), ["server: warning"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn microphone_and_loopback_that_give_sound_are_healthy_in_every_mode() {
    let Some(mut pc) = Pc::with_sound(&[CALLOUT, MIC]).await else { return };
    for (mode, level) in [("notice", "ok"), ("consent", "ok"), ("off", "not_checked")] {
        pc.set("mode", mode);
        let diagnosis = pc.is_healthy().await;
        assert_eq!(finding(&diagnosis, "level")["outcome"], level, "{diagnosis:#}");
        let tells_how_loud = finding(&diagnosis, "level")["seen"]["en"].as_str().unwrap().contains("dB");
        assert_eq!(tells_how_loud, mode == "notice", "{diagnosis:#}");
    }
    pc.sound = format!("{DEVICES}near = \"MIC\"\nfar = \"callout\"\n");
    pc.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_fits_no_device_is_named() {
    let Some(mut pc) = Pc::with_sound(&[CALLOUT, MIC]).await else { return };
    pc.sound = format!("{DEVICES}near = \"jabra\"\n");
    pc.has("microphone", "fits \"jabra\"").await;
    pc.sound = format!("{DEVICES}far = \"jabra\"\n");
    pc.has("loopback", "fits \"jabra\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_microphone_and_a_missing_loopback_are_named() {
    let Some(pc) = Pc::with_sound(&[CALLOUT]).await else { return };
    pc.has("microphone", "has no microphone").await;
    let Some(pc) = Pc::with_sound(&[MIC_ALONE]).await else { return };
    pc.has("loopback", "Nothing on the PC tells").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_muted_microphone_is_named_in_either_mode_that_may_listen() {
    let Some(mut pc) = Pc::with_sound(&[CALLOUT, MIC]).await else { return };
    let mute = pc.sound_server.as_ref().unwrap().command("pactl").args(["set-source-mute", "mic", "1"]).status().await;
    assert!(mute.unwrap().success());
    for mode in ["notice", "consent"] {
        pc.set("mode", mode);
        pc.has("level", "nothing but zeros").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_system_that_does_not_answer_is_named() {
    if sound_server::is_skipped() {
        return;
    }
    let mut pc = Pc::healthy().await;
    DEVICES.clone_into(&mut pc.sound);
    pc.sound_server = Some(SoundServer::away(pc.folder.path()));
    pc.has("sound_server", "does not answer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_device_is_opened_where_nothing_may_be_recorded_or_while_a_call_goes_on() {
    let Some(mut pc) = Pc::with_sound(&[CALLOUT, MIC]).await else { return };
    let mut watched = pc.sound_server.as_ref().unwrap().watched().await;
    let mut recordings = async |pc: &Pc| {
        pc.is_healthy().await;
        watched.recordings(pc.sound_server.as_ref().unwrap()).await
    };
    assert_eq!(recordings(&pc).await, 2, "microphone and loopback");
    pc.set("mode", "off");
    assert_eq!(recordings(&pc).await, 0, "off");
    pc.set("mode", "notice");
    let config = agent::config(pc.folder.path(), "http://127.0.0.1:9", "real_time");
    let running = Running::start(config, &Clock::system()).await;
    assert_eq!(recordings(&pc).await, 2, "an agent runs, and no call goes on");
    let (wav, _) = agent::wav(pc.folder.path(), "call.wav", 30);
    running.begin(&wav).await;
    assert_eq!(recordings(&pc).await, 0, "a call goes on");
    running.control.pause().await.unwrap();
    assert_eq!(recordings(&pc).await, 0, "a call is paused");
    running.stop().await;
}

// Where calls leave the PC: certificates.

const PIPELINE: Fake = Fake { code: Code::InvalidArgument, date: None };

/// A PC that is enrolled, and a pipeline that believes it; both by this authority.
async fn enrolled(authority: &Authority, tracker: &TaskTracker) -> Pc {
    let mut pc = Pc::healthy().await;
    authority.enrols(&identity_of(&pc.has_run_before()), FRESH);
    let server = authority.server(&pc.folder.path().join("server"), "127.0.0.1", FRESH, authority);
    pc.set("pipeline", &PIPELINE.serve_over(server, tracker).await);
    pc
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pc_that_is_enrolled_is_healthy() {
    let (authority, tracker) = (Authority::new(), TaskTracker::new());
    let pc = enrolled(&authority, &tracker).await;
    let diagnosis = pc.is_healthy().await;
    for check in ["server", "protocol", "tls", "certificate"] {
        assert_eq!(finding(&diagnosis, check)["outcome"], "ok", "{diagnosis:#}");
    }
    let seen = finding(&diagnosis, "certificate")["seen"]["da"].as_str().unwrap();
    assert!(seen.contains("anna gælder 50 dage"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_missing_over_or_of_tomorrow_is_named() {
    let (authority, tracker) = (Authority::new(), TaskTracker::new());
    let pc = enrolled(&authority, &tracker).await;
    let identity = identity_of(&pc.state_dir());
    authority.enrols(&identity, (-60, -3));
    pc.has("certificate", "ran out 2 days ago").await;
    authority.enrols(&identity, (1, 60));
    pc.has("certificate", "does not hold yet").await;
    authority.enrols(&identity, (-50, 10));
    let diagnosis = pc.examined().await;
    assert_eq!(complaints(&diagnosis), ["certificate: warning"], "{diagnosis:#}");
    authority.enrols(&identity, FRESH);
    let file = identity.join("identity.pem");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    pc.has("certificate", "everybody on this machine may read").await;
    std::fs::remove_file(&file).unwrap();
    pc.has("certificate", "enrol this program first").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_show_that_it_is_ours_is_named() {
    let (authority, foreign, tracker) = (Authority::new(), Authority::new(), TaskTracker::new());
    let mut pc = enrolled(&authority, &tracker).await;
    let at = pc.folder.path().join("another");
    let by_another = foreign.server(&at, "127.0.0.1", FRESH, &authority);
    pc.set("pipeline", &PIPELINE.serve_over(by_another, &tracker).await);
    pc.has("tls", "of another authority").await;
    let elsewhere = authority.server(&at, "pipeline.example", FRESH, &authority);
    pc.set("pipeline", &PIPELINE.serve_over(elsewhere, &tracker).await);
    pc.has("tls", "not for the name").await;
    let over = authority.server(&at, "127.0.0.1", (-60, -1), &authority);
    pc.set("pipeline", &PIPELINE.serve_over(over, &tracker).await);
    pc.has("tls", "does not hold now").await;
    let plain = PIPELINE.serve(&tracker).await;
    pc.set("pipeline", &plain.replace("http://", "https://"));
    pc.has("tls", "does not speak TLS 1.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_this_pc_is_named() {
    let (authority, foreign, tracker) = (Authority::new(), Authority::new(), TaskTracker::new());
    let mut pc = enrolled(&authority, &tracker).await;
    let believes_others = authority.server(&pc.folder.path().join("another"), "127.0.0.1", FRESH, &foreign);
    pc.set("pipeline", &PIPELINE.serve_over(believes_others, &tracker).await);
    pc.has("tls", "refuses this PC's certificate (foreign_authority)").await;
}
