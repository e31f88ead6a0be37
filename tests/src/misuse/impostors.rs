//! Servers that are not the one the agent means to speak to: the agent sends them nothing.

use super::{Answer, Tries};
use crate::secured::{DAY_MS, Forged, Shown, Signer, refusals};
use anyhow::{Result, bail};
use futures_util::StreamExt as _;
use rcgen::ExtendedKeyUsagePurpose;
use referent_identity::incoming::{Ask, incoming};
use referent_identity::refusal::By;
use referent_identity::{Dial, Role};
use tokio::net::TcpListener;

impl Tries {
    pub(super) async fn by_impostors_of_servers(&mut self) -> Result<()> {
        let anna = self.secured.enrolled(Role::Caseworker, "anna").await?;
        let good = Forged::pipeline("pipeline-9");
        let honest = self.secured.signed(&good)?;
        self.server("a pipeline", None, &anna, &honest).await?;
        let by_another = Signer::foreign()?.sign(&good, self.secured.clock.now_ms())?;
        self.server("another authority's server", Some("foreign_authority"), &anna, &by_another).await?;
        let elsewhere = self.secured.signed(&Forged { hosts: vec!["pipeline.example".into()], ..good.clone() })?;
        self.server("a server of another name", Some("wrong_server"), &anna, &elsewhere).await?;
        let over = self.secured.signed(&Forged { times_ms: (-2 * DAY_MS, -DAY_MS), ..good.clone() })?;
        self.server("a server whose certificate has run out", Some("expired"), &anna, &over).await?;
        let client =
            self.secured.signed(&Forged { uses: vec![ExtendedKeyUsagePurpose::ClientAuth], ..good.clone() })?;
        self.server("a caseworker who plays the server", Some("wrong_use"), &anna, &client).await?;
        let bo = self.secured.enrolled(Role::Caseworker, "bo").await?;
        let by_bo = Signer::with(&bo)?.sign(&good, self.secured.clock.now_ms())?;
        self.server("a server that a caseworker has signed", Some("bad_certificate"), &anna, &by_bo).await?;
        let mixed = Shown { key: bo.key.clone_key(), chain: honest.chain };
        // Such a server cannot even be set up with TLS as we have it; that it cannot is the answer.
        let said = match self.secured.credentials(&mixed) {
            Ok(_) => Answer::LetIn,
            Err(error) => Answer::Refused(format!("not_the_holder: {error:#}")),
        };
        self.push("on a PC, a server without its certificate's key".into(), Some("not_the_holder"), said, &refusals())
            .await;
        self.too_late().await
    }

    async fn server(&mut self, name: &str, reason: Option<&'static str>, anna: &Shown, shown: &Shown) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("https://{}", listener.local_addr()?);
        let mut visitors = Box::pin(incoming(listener, Some((self.secured.credentials(shown)?, Ask::Always))));
        let dial = Dial::to(&address, Some(self.secured.credentials(anna)?), |endpoint| endpoint)?;
        let before = refusals();
        let answer = tokio::select! {
            connected = dial.connect() => match (connected, dial.refusal()) {
                (Ok(_), None) => Answer::LetIn,
                (_, Some((refusal, By::Us))) => Answer::Refused(refusal.to_string()),
                (connected, refusal) => bail!("{name}: {refusal:?}, {:?}", connected.err()),
            },
            // The stream ends a handshake that fails in silence; one that stands is a visitor.
            visitor = visitors.next() => match visitor {
                Some(Ok(_)) => Answer::LetIn,
                other => bail!("{name}: {other:?}"),
            },
        };
        self.push(format!("on a PC, {name}"), reason, answer, &before).await;
        Ok(())
    }
}
