//! Who this PC is to the server, and whether the server is ours: the checks `tls` and `certificate`.
//!
//! In: where the certificate is, and what TLS said when the server was met. Out: two findings. Without `https://` neither
//! is looked at, because everything is on this machine.

use super::{Check, Finding, Said};
use referent_identity::refusal::By;
use referent_identity::who::Validity;
use referent_identity::{Credentials, Now, Place, Refusal};
use std::sync::Arc;

/// A certificate that has less than this share of its life left should have been renewed long ago.
const LATE: i64 = 3;

/// What is held, as far as it can be used.
pub(super) fn held(place: &Place, now: Now) -> (Arc<Credentials>, Result<(), String>) {
    let credentials = Credentials::expecting(place.clone(), now);
    let read = credentials.reload().map(drop).map_err(|error| error.to_string());
    (credentials, read)
}

fn enrol_again() -> Said {
    Said::new(
        "Bed den, der passer serveren, om en kode, og skriv `referent-agent enrol --server ADRESSE --config FIL`.",
        "Ask whoever runs the server for a code, and say `referent-agent enrol --server ADDRESS --config FILE`.",
    )
}

pub(super) fn without_tls(pipeline: &str) -> [Finding; 2] {
    let why = || {
        Said::new(
            format!("{pipeline} er på denne maskine, og der bruges ingen certifikater."),
            format!("{pipeline} is on this machine, and no certificates are used."),
        )
    };
    [Finding::not_checked(Check::Tls, why()), Finding::not_checked(Check::Certificate, why())]
}

/// What this PC shows.
pub(super) fn certificate(credentials: &Credentials, read: &Result<(), String>) -> Finding {
    let check = Check::Certificate;
    if let Err(why) = read {
        return Finding::fault(
            check,
            Said::new(
                format!("Pc'en har intet certifikat, der kan bruges ({why}). Lyden gemmes på pc'en imens."),
                format!("This PC has no certificate that can be used ({why}). Sound is kept on it meanwhile."),
            ),
            enrol_again(),
        );
    }
    let Some(holding) = credentials.current() else {
        return Finding::not_checked(check, Said::new("Der er intet at se på.", "There is nothing to look at."));
    };
    let (peer, now_ms) = (&holding.peer, credentials.now().ms());
    let days = (peer.not_after_ms - now_ms) / 86_400_000;
    let who = &peer.subject;
    match peer.holds_at(now_ms) {
        Validity::Expired => Finding::fault(
            check,
            Said::new(
                format!("Certifikatet for {who} er udløbet for {} dage siden. Lyden gemmes på pc'en imens.", -days),
                format!("The certificate of {who} ran out {} days ago. Sound is kept on the PC meanwhile.", -days),
            ),
            enrol_again(),
        ),
        Validity::NotYet => Finding::fault(
            check,
            Said::new(
                format!("Certifikatet for {who} gælder ikke endnu: pc'ens ur er forkert."),
                format!("The certificate of {who} does not hold yet: the PC's clock is wrong."),
            ),
            Said::new(
                "Lad systemet stille uret over nettet (NTP).",
                "Let the system set its clock over the network (NTP).",
            ),
        ),
        Validity::Holds if (peer.not_after_ms - now_ms) * LATE < peer.not_after_ms - peer.not_before_ms => {
            Finding::warning(
                check,
                Said::new(
                    format!("Certifikatet for {who} gælder kun {days} dage endnu og skulle være fornyet."),
                    format!("The certificate of {who} holds for only {days} more days and should have been renewed."),
                ),
                Said::new(
                    "Lad agenten køre, og se efter, at pc'en når serverens adresse for tilmelding. Agentens log siger hvorfor.",
                    "Let the agent run, and check that the PC reaches the server's address for enrolment. The agent's log says why.",
                ),
            )
        }
        Validity::Holds => Finding::ok(
            check,
            Said::new(
                format!("Certifikatet for {who} gælder {days} dage endnu."),
                format!("The certificate of {who} holds for {days} more days."),
            ),
        ),
    }
}

/// What the two ends thought of each other; `met` is true where the server answered over TLS.
pub(super) fn tls(pipeline: &str, refusal: Option<(Refusal, By)>, met: bool) -> Finding {
    let check = Check::Tls;
    let (seen, remedy) = match refusal {
        None if met => {
            return Finding::ok(
                check,
                Said::new(
                    format!("{pipeline} og pc'en har vist hinanden, hvem de er (TLS 1.3)."),
                    format!("{pipeline} and this PC have shown each other who they are (TLS 1.3)."),
                ),
            );
        }
        None => {
            return Finding::not_checked(
                check,
                Said::new("Der er ingen forbindelse at se på.", "There is no connection to look at."),
            );
        }
        Some((Refusal::ForeignAuthority, By::Us)) => (
            Said::new(
                format!("{pipeline} viser et certifikat fra en fremmed udsteder. Der sendes intet."),
                format!("{pipeline} shows a certificate of another authority. Nothing is sent."),
            ),
            Said::new(
                "Ret adressen (pipeline). Er den rigtig, så spørg it-afdelingen, om noget står imellem, og tilmeld pc'en igen.",
                "Correct the address (pipeline). If it is right, ask the IT department whether something stands between, and enrol this PC again.",
            ),
        ),
        Some((Refusal::WrongServer, By::Us)) => (
            Said::new(
                format!("Serverens certifikat er ikke for det navn, der står i {pipeline}. Der sendes intet."),
                format!("The server's certificate is not for the name in {pipeline}. Nothing is sent."),
            ),
            Said::new(
                "Ret adressen (pipeline) til det navn, som serveren er tilmeldt under.",
                "Correct the address (pipeline) to the name that the server is enrolled under.",
            ),
        ),
        Some((Refusal::Expired | Refusal::NotYetValid, By::Us)) => (
            Said::new(
                format!("Certifikatet for {pipeline} gælder ikke nu. Der sendes intet."),
                format!("The certificate of {pipeline} does not hold now. Nothing is sent."),
            ),
            Said::new(
                "Se efter pc'ens ur. Er det rigtigt, så sig til den, der passer serveren, at dens certifikat er udløbet.",
                "Check the PC's clock. If it is right, tell whoever runs the server that its certificate has run out.",
            ),
        ),
        Some((Refusal::NoTls | Refusal::OldTls, _)) => (
            Said::new(
                format!("Det, der svarer på {pipeline}, taler ikke TLS 1.3."),
                format!("What answers at {pipeline} does not speak TLS 1.3."),
            ),
            Said::new(
                "Ret adressen (pipeline), eller bed den, der passer serveren, om at slå [tls] til.",
                "Correct the address (pipeline), or ask whoever runs the server to configure [tls].",
            ),
        ),
        Some((refusal, By::Peer)) => (
            Said::new(
                format!("{pipeline} afviser pc'ens certifikat ({refusal}). Lyden gemmes på pc'en imens."),
                format!("{pipeline} refuses this PC's certificate ({refusal}). Sound is kept on it meanwhile."),
            ),
            enrol_again(),
        ),
        Some((refusal, By::Us)) => (
            Said::new(
                format!("Forbindelsen til {pipeline} er ikke sikker ({refusal}). Der sendes intet."),
                format!("The connection to {pipeline} is not secure ({refusal}). Nothing is sent."),
            ),
            Said::new("Sig det til den, der passer serveren.", "Tell whoever runs the server."),
        ),
    };
    Finding::fault(check, seen, remedy)
}
