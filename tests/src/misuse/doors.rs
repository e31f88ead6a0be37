//! The doors of the pipeline (for agents) and of notes-api (for workers).

use super::knock::{Show, Vouched, a_call, ask_for_drafts, be_present, be_there, begin_a_call, bring_a_call};
use super::{Answer, Tries};
use crate::secured::{DAY_MS, Forged, Shown, Signer, refusals};
use anyhow::{Result, bail};
use rcgen::ExtendedKeyUsagePurpose;
use referent_identity::Role;
use referent_notes_api::store::identity::Revoke;
use tokio::net::TcpStream;

/// Connections on which nobody says anything.
const SILENT: usize = 50;
/// Longer than any certificate of these servers holds.
const TOO_LONG_MS: i64 = 61 * DAY_MS;

impl Tries {
    pub(super) async fn at_the_doors(&mut self) -> Result<()> {
        let anna = self.secured.enrolled(Role::Caseworker, "anna").await?;
        let bo = self.secured.enrolled(Role::Caseworker, "bo").await?;
        let worker = self.secured.enrolled(Role::Pipeline, "pipeline-2").await?;
        self.agents(&anna, &bo, &worker).await?;
        self.workers(&anna, &bo, &worker).await?;
        self.revoked().await
    }

    async fn agent(&mut self, name: &str, reason: Option<&'static str>, show: Show) -> Result<()> {
        let before = refusals();
        let answer = begin_a_call(&self.secured, &show, a_call()).await?;
        self.push(format!("at the pipeline, {name}"), reason, answer, &before).await;
        Ok(())
    }

    async fn there(&mut self, name: &str, reason: Option<&'static str>, show: Show) -> Result<()> {
        let before = refusals();
        let answer = be_there(&self.secured, &show).await?;
        self.push(format!("at the pipeline, {name} is there"), reason, answer, &before).await;
        Ok(())
    }

    async fn worker(&mut self, name: &str, reason: Option<&'static str>, show: Show, vouched: &Vouched) -> Result<()> {
        let before = refusals();
        let answer = match bring_a_call(&self.secured, &show, vouched).await? {
            Ok(_) => Answer::LetIn,
            Err(answer) => answer,
        };
        self.push(format!("at notes-api, {name}"), reason, answer, &before).await;
        Ok(())
    }

    async fn agents(&mut self, anna: &Shown, bo: &Shown, worker: &Shown) -> Result<()> {
        let this = |shown: &Shown| Show::This(shown.clone());
        self.agent("anna", None, this(anna)).await?;
        let silent = (0..SILENT).map(|_| TcpStream::connect(self.secured.pipeline));
        let silent = futures_util::future::try_join_all(silent).await?;
        self.agent("anna, behind fifty who say nothing", None, this(anna)).await?;
        drop(silent);
        let with_key_of = |other: &Shown| Show::This(Shown { key: other.key.clone_key(), chain: anna.chain.clone() });
        self.agent("anna's certificate without her key", Some("not_the_holder"), with_key_of(bo)).await?;
        for (name, reason, show) in self.never_enrolled("caseworker", &Forged::caseworker("anna"), anna)? {
            self.agent(name, Some(reason), show).await?;
        }
        self.agent("a worker's certificate", Some("wrong_role"), this(worker)).await?;
        self.there("anna", None, this(anna)).await?;
        self.there("a worker's certificate", Some("wrong_role"), this(worker)).await?;

        let call = a_call();
        let began = begin_a_call(&self.secured, &this(anna), call).await?;
        self.push("at the pipeline, anna begins a call".into(), None, began, &refusals()).await;
        let before = refusals();
        let continued = begin_a_call(&self.secured, &this(bo), call).await?;
        self.push("at the pipeline, bo continues anna's call".into(), Some("not_yours"), continued, &before).await;
        Ok(())
    }

    async fn workers(&mut self, anna: &Shown, bo: &Shown, worker: &Shown) -> Result<()> {
        let this = |shown: &Shown| Show::This(shown.clone());
        let for_anna = Vouched::of(anna)?;
        self.worker("a worker", None, this(worker), &for_anna).await?;
        let stolen = Shown { key: anna.key.clone_key(), chain: worker.chain.clone() };
        self.worker("a worker's certificate without its key", Some("not_the_holder"), Show::This(stolen), &for_anna)
            .await?;
        for (name, reason, show) in self.never_enrolled("pipeline", &Forged::pipeline("pipeline-2"), worker)? {
            self.worker(name, Some(reason), show, &for_anna).await?;
        }
        self.worker("anna herself", Some("wrong_role"), this(anna), &for_anna).await?;
        let as_bo = Vouched { identity: "bo".into(), ..for_anna.clone() };
        self.worker("a worker for bo with anna's certificate", Some("unknown_certificate"), this(worker), &as_bo)
            .await?;
        let without = Vouched { certificate: String::new(), ..for_anna.clone() };
        self.worker("a worker for anna without a certificate", Some("unknown_certificate"), this(worker), &without)
            .await?;
        let itself = Vouched::of(worker)?;
        self.worker("a worker for itself", Some("unknown_certificate"), this(worker), &itself).await?;

        for (name, reason, show) in [
            ("a worker asks for drafts", None, this(worker)),
            ("bo asks for drafts", Some("wrong_role"), this(bo)),
            ("nobody asks for drafts", Some("no_certificate"), Show::Nothing),
        ] {
            let before = refusals();
            let answer = ask_for_drafts(&self.secured, &show).await?;
            self.push(format!("at notes-api, {name}"), reason, answer, &before).await;
        }
        for (name, reason, show, vouched) in [
            ("a worker says who is there", None, this(worker), &for_anna),
            ("bo says who is there", Some("wrong_role"), this(bo), &for_anna),
            (
                "a worker says that bo is there, with anna's certificate",
                Some("unknown_certificate"),
                this(worker),
                &as_bo,
            ),
        ] {
            let before = refusals();
            let answer = be_present(&self.secured, &show, vouched).await?;
            self.push(format!("at notes-api, {name}"), reason, answer, &before).await;
        }
        Ok(())
    }

    /// Connections that are refused at every door, whoever's it is.
    fn never_enrolled(
        &self,
        role: &str,
        good: &Forged,
        enrolled: &Shown,
    ) -> Result<Vec<(&'static str, &'static str, Show)>> {
        let now_ms = self.secured.clock.now_ms();
        let foreign = Signer::foreign()?;
        let posing = Signer::posing_as(self.secured.authority.certificate())?;
        let by_the_authority = |forged: &Forged| self.secured.signed(forged).map(Show::This);
        let named =
            |names: &[&str]| Forged { names: names.iter().map(|name| (*name).to_owned()).collect(), ..good.clone() };
        let (anna, other) = (format!("referent://{role}/anna"), format!("referent://{role}/other"));
        let only_server = Forged { uses: vec![ExtendedKeyUsagePurpose::ServerAuth], ..good.clone() };
        Ok(vec![
            ("no certificate", "no_certificate", Show::Nothing),
            ("no TLS", "no_tls", Show::Plain),
            ("TLS 1.2", "old_tls", Show::OldTls(enrolled.clone())),
            ("another authority's certificate", "foreign_authority", Show::This(foreign.sign(good, now_ms)?)),
            ("another authority's that has our name", "foreign_authority", Show::This(posing.sign(good, now_ms)?)),
            (
                "a certificate signed with a certificate",
                "bad_certificate",
                Show::This(Signer::with(enrolled)?.sign(good, now_ms)?),
            ),
            (
                "a certificate that has run out",
                "expired",
                by_the_authority(&Forged { times_ms: (-2 * DAY_MS, -DAY_MS), ..good.clone() })?,
            ),
            (
                "a certificate of tomorrow",
                "not_yet_valid",
                by_the_authority(&Forged { times_ms: (DAY_MS, 2 * DAY_MS), ..good.clone() })?,
            ),
            ("a server's certificate", "wrong_use", by_the_authority(&only_server)?),
            ("a certificate without a name", "no_identity", by_the_authority(&named(&[]))?),
            ("a certificate with two names", "no_identity", by_the_authority(&named(&[&anna, &other]))?),
            (
                "an administrator's certificate",
                "no_identity",
                by_the_authority(&named(&["referent://administrator/anna"]))?,
            ),
            ("a certificate that was never written down", "unknown_certificate", by_the_authority(good)?),
        ])
    }

    async fn revoked(&mut self) -> Result<()> {
        let carl = self.secured.enrolled(Role::Caseworker, "carl").await?;
        let (show, for_carl) = (Show::This(carl.clone()), Vouched::of(&carl)?);
        let worker = self.secured.enrolled(Role::Pipeline, "pipeline-3").await?;
        self.agent("carl", None, show.clone()).await?;

        let Ok(line) = bring_a_call(&self.secured, &Show::This(worker.clone()), &for_carl).await? else {
            bail!("carl's call is taken");
        };
        self.secured.revoke(Revoke::Serial(carl.peer()?.serial)).await?;
        let before = refusals();
        let ended = line.end().await?;
        self.push(
            "at notes-api, carl's call goes on after his certificate was revoked".into(),
            Some("revoked"),
            ended,
            &before,
        )
        .await;
        self.agent("carl, whose certificate was revoked", Some("revoked"), show.clone()).await?;
        self.there("carl, whose certificate was revoked", Some("revoked"), show.clone()).await?;
        self.worker("a worker for carl", Some("revoked"), Show::This(worker.clone()), &for_carl).await?;

        let again = self.secured.enrolled(Role::Caseworker, "carl").await?;
        self.agent("carl, enrolled again", None, Show::This(again.clone())).await?;
        self.agent("carl with his old certificate", Some("revoked"), show).await?;
        self.secured.revoke(Revoke::Holder(Role::Caseworker, "carl".parse()?)).await?;
        self.agent("carl, who was revoked altogether", Some("revoked"), Show::This(again)).await?;

        let for_anna = Vouched::of(&self.secured.enrolled(Role::Caseworker, "anna").await?)?;
        self.secured.revoke(Revoke::Holder(Role::Pipeline, "pipeline-3".parse()?)).await?;
        self.worker("a worker that was revoked", Some("revoked"), Show::This(worker.clone()), &for_anna).await?;
        let before = refusals();
        let answer = ask_for_drafts(&self.secured, &Show::This(worker.clone())).await?;
        self.push("at notes-api, a worker that was revoked asks for drafts".into(), Some("revoked"), answer, &before)
            .await;
        let before = refusals();
        let answer = be_present(&self.secured, &Show::This(worker), &for_anna).await?;
        self.push("at notes-api, a worker that was revoked says who is there".into(), Some("revoked"), answer, &before)
            .await;
        Ok(())
    }

    /// An honest certificate that was not renewed. It turns everybody's clock, and so comes last.
    pub(super) async fn too_late(&mut self) -> Result<()> {
        let dora = self.secured.enrolled(Role::Caseworker, "dora").await?;
        self.agent("dora", None, Show::This(dora.clone())).await?;
        self.secured.clock.advance_ms(TOO_LONG_MS);
        self.agent("dora, two months later", Some("expired"), Show::This(dora)).await
    }
}
