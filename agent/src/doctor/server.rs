//! The server: is it there, is it a pipeline, does it speak as this agent does, do the clocks agree.
//!
//! In: its address, and what this PC shows it. Out: five findings, two of them by `identity`. It is asked by a hello that names this agent's protocol and no call. Every
//! pipeline refuses that before it looks at anything else, so no call begins; the code of its answer tells which it is:
//! `invalid_argument` from one that speaks the protocol, `failed_precondition` from one that does not. The time is in
//! the `date` of its answer, in seconds. Its log and its `referent_refused_total` show one refused hello.

use super::{Check, Finding, Outcome, Said, identity};
use crate::clock::Clock;
use crate::identity::now_of;
use referent_identity::config::split;
use referent_identity::refusal::By;
use referent_identity::{Dial, Place};
use referent_proto::PROTOCOL;
use referent_proto::calls::calls_client::CallsClient;
use referent_proto::calls::{self as wire, from_agent};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tonic::{Code, Status};

/// How long each step may take: the name, the connection, the answer.
const WITHIN: Duration = Duration::from_secs(4);
/// Clocks that differ by more than this give notes that cannot be put in order with others.
const FAR_OFF_MS: i64 = 60_000;
/// More than the network and the server's whole seconds explain.
const OFF_MS: i64 = 10_000;

/// Who answered.
#[derive(Debug)]
enum Met {
    /// The name is nobody's.
    NoName(String),
    /// Nobody listens there, or nobody is reached.
    Nobody(String),
    /// Somebody took the connection and says nothing.
    Silent,
    /// Somebody who is no pipeline.
    Stranger(String),
    /// One of the two did not believe the other; `tls` says more.
    NotTrusted,
    /// There is nothing to show it.
    NothingToShow,
    /// A pipeline that takes nothing now.
    Busy(String),
    /// A pipeline that does not know this protocol.
    Older(String),
    /// A pipeline.
    Pipeline,
}

pub(super) async fn examine(pipeline: &str, place: Option<&Place>, clock: &Clock) -> [Finding; 5] {
    let held = place.map(|place| identity::held(place, now_of(clock)));
    let dial = Dial::to(pipeline, held.as_ref().map(|(credentials, _)| credentials.clone()), |endpoint| endpoint);
    let (met, difference_ms) = match &dial {
        Ok(dial) => meet(pipeline, dial, clock).await,
        Err(error) => (Met::NoName(error.to_string()), None),
    };
    let refusal = dial.ok().and_then(|dial| dial.refusal());
    let met = match (&held, refusal) {
        (_, Some(_)) => Met::NotTrusted,
        (Some((credentials, _)), None) if credentials.current().is_none() && matches!(met, Met::Stranger(_)) => {
            Met::NothingToShow
        }
        _ => met,
    };
    let [tls, certificate] = match &held {
        None => identity::without_tls(pipeline),
        Some((credentials, read)) => {
            let is_met = matches!(met, Met::Pipeline | Met::Older(_) | Met::Busy(_));
            let certificate = identity::certificate(credentials, read);
            // What is wrong with the certificate says why it is refused.
            let refusal = refusal.filter(|(_, by)| *by == By::Us || certificate.outcome != Outcome::Fault);
            [identity::tls(pipeline, refusal, is_met), certificate]
        }
    };
    [server(&met, pipeline), protocol(&met), tls, certificate, judge_clock(difference_ms)]
}

/// Who is there, and how far the PC's clock is ahead of theirs.
async fn meet(pipeline: &str, dial: &Dial, clock: &Clock) -> (Met, Option<i64>) {
    let (is_secure, host) = split(pipeline).unwrap_or((false, pipeline));
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if is_secure && !has_port { format!("{host}:443") } else { host.to_owned() };
    let found = match timeout(WITHIN, lookup_host(address)).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => return (Met::NoName(error.to_string()), None),
        Err(_) => return (Met::NoName(format!("{WITHIN:?}")), None),
    };
    match timeout(WITHIN, TcpStream::connect(found.as_slice())).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return (Met::Nobody(error.to_string()), None),
        Err(_) => return (Met::Nobody(format!("{WITHIN:?}")), None),
    }
    timeout(WITHIN, say_hello(dial, clock)).await.unwrap_or((Met::Silent, None))
}

async fn say_hello(dial: &Dial, clock: &Clock) -> (Met, Option<i64>) {
    let channel = match dial.connect().await {
        Ok(channel) => channel,
        Err(error) => return (Met::Stranger(error.to_string()), None),
    };
    let hello = wire::Hello {
        protocol: PROTOCOL,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..wire::Hello::default()
    };
    let up = tokio_stream::once(wire::FromAgent { kind: Some(from_agent::Kind::Hello(hello)) });
    let response = match CallsClient::new(channel).stream(up).await {
        Ok(response) => response,
        Err(status) => return (who(&status), None),
    };
    let date = response.metadata().get("date").and_then(|date| date.to_str().ok());
    let difference_ms = date.and_then(server_ms).map(|theirs| clock.wall().utc_ms - theirs);
    let met = match response.into_inner().message().await {
        Err(status) => who(&status),
        Ok(_) => Met::Stranger("a hello without a call was taken".into()),
    };
    (met, difference_ms)
}

fn server_ms(date: &str) -> Option<i64> {
    // Whole seconds, cut off: on average it is half a second later.
    jiff::fmt::rfc2822::parse(date).ok().map(|date| date.timestamp().as_millisecond() + 500)
}

fn who(status: &Status) -> Met {
    let said = format!("{:?}: {}", status.code(), status.message());
    let is_from_transport = std::error::Error::source(status).is_some();
    match status.code() {
        _ if is_from_transport => Met::Stranger(said),
        Code::InvalidArgument => Met::Pipeline,
        Code::FailedPrecondition => Met::Older(status.message().to_owned()),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted => Met::Busy(said),
        _ => Met::Stranger(said),
    }
}

fn server(met: &Met, pipeline: &str) -> Finding {
    let check = Check::Server;
    let is_there = Said::new(
        "Se efter, at serveren kører, og at adressen er rigtig (pipeline).",
        "Check that the server runs, and that the address is right (pipeline).",
    );
    let other = Said::new(
        "Ret adressen (pipeline). Det er porten for agenter, der skal stå dér.",
        "Correct the address (pipeline). It is the port for agents that belongs there.",
    );
    match met {
        Met::NoName(why) => Finding::fault(
            check,
            Said::new(format!("Ingen kender {pipeline} ({why})."), format!("Nobody knows {pipeline} ({why}).")),
            Said::new(
                "Ret navnet (pipeline), eller se efter pc'ens netværk.",
                "Correct the name (pipeline), or see to the PC's network.",
            ),
        ),
        Met::Nobody(why) => Finding::fault(
            check,
            Said::new(
                format!("{pipeline} nås ikke ({why}). Lyden gemmes på pc'en imens."),
                format!("{pipeline} is not reached ({why}). Sound is kept on the PC meanwhile."),
            ),
            is_there,
        ),
        Met::Silent => Finding::fault(
            check,
            Said::new(
                format!("{pipeline} tager imod og siger intet."),
                format!("{pipeline} takes the connection and says nothing."),
            ),
            is_there,
        ),
        Met::Stranger(said) => Finding::fault(
            check,
            Said::new(
                format!("Det, der svarer på {pipeline}, er ikke Referents pipeline ({said})."),
                format!("What answers at {pipeline} is no Referent pipeline ({said})."),
            ),
            other,
        ),
        Met::Busy(said) => Finding::warning(
            check,
            Said::new(
                format!("Den er der, og tager intet nu ({said})."),
                format!("It is there, and takes nothing now ({said})."),
            ),
            Said::new(
                "Prøv igen om lidt. Lyden gemmes på pc'en imens.",
                "Try again in a while. Sound is kept on the PC meanwhile.",
            ),
        ),
        Met::NotTrusted => Finding::not_checked(
            check,
            Said::new(
                "Den er der, men forbindelsen er ikke sikker; se nedenfor.",
                "It is there, but the connection is not secure; see below.",
            ),
        ),
        Met::NothingToShow => Finding::not_checked(
            check,
            Said::new(
                "Den er der. Uden et certifikat kan den ikke spørges; se nedenfor.",
                "It is there. Without a certificate it cannot be asked; see below.",
            ),
        ),
        Met::Older(_) | Met::Pipeline => {
            Finding::ok(check, Said::new(format!("{pipeline} svarer."), format!("{pipeline} answers.")))
        }
    }
}

fn protocol(met: &Met) -> Finding {
    let check = Check::Protocol;
    match met {
        Met::Pipeline => Finding::ok(
            check,
            Said::new(format!("Den taler protokol {PROTOCOL}."), format!("It speaks protocol {PROTOCOL}.")),
        ),
        Met::Older(said) => Finding::fault(
            check,
            Said::new(
                format!("Den taler ikke protokol {PROTOCOL} ({said})."),
                format!("It does not speak protocol {PROTOCOL} ({said})."),
            ),
            Said::new("Opgradér serveren før agenterne.", "Upgrade the server before the agents."),
        ),
        _ => Finding::not_checked(check, Said::new("Serveren svarer ikke.", "The server does not answer.")),
    }
}

fn judge_clock(difference_ms: Option<i64>) -> Finding {
    let check = Check::Clock;
    let Some(difference) = difference_ms else {
        return Finding::not_checked(
            check,
            Said::new("Serveren har ikke sagt, hvad klokken er.", "The server has not said what time it is."),
        );
    };
    let seconds = difference.abs() / 1000;
    let seen = match difference {
        _ if difference.abs() <= OFF_MS => {
            return Finding::ok(
                check,
                Said::new("Pc'ens og serverens ur passer sammen.", "The PC's and the server's clock agree."),
            );
        }
        1.. => Said::new(
            format!("Pc'ens ur er {seconds} s foran serverens."),
            format!("The PC's clock is {seconds} s ahead of the server's."),
        ),
        _ => Said::new(
            format!("Pc'ens ur er {seconds} s bagud for serverens."),
            format!("The PC's clock is {seconds} s behind the server's."),
        ),
    };
    let remedy = Said::new(
        "Lad systemet stille uret over nettet (NTP), på pc'en og på serveren.",
        "Let the system set its clock over the network (NTP), on the PC and on the server.",
    );
    if difference.abs() > FAR_OFF_MS {
        Finding::fault(check, seen, remedy)
    } else {
        Finding::warning(check, seen, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(server_ms("Thu, 01 Jan 1970 00:00:01 GMT"), Some(1500));
        assert_eq!(server_ms("yesterday"), None);
    }

    #[test]
    fn clocks_may_differ_by_what_the_network_explains() {
        let check = |difference_ms, outcome, says: &str| {
            let finding = judge_clock(difference_ms);
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.seen.en.contains(says), "{finding:?}");
        };
        check(Some(0), Outcome::Ok, "agree");
        check(Some(-9_000), Outcome::Ok, "agree");
        check(Some(11_000), Outcome::Warning, "11 s ahead");
        check(Some(-3_600_000), Outcome::Fault, "3600 s behind");
        check(None, Outcome::NotChecked, "not said");
    }
}
