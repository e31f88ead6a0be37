//! The door for those who have no certificate yet, and for those who renew one.

use super::{Answer, Tries};
use crate::secured::{Forged, Shown, Signer, refusals};
use anyhow::{Result, ensure};
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose};
use referent_identity::{Code, Dial, Pin, Role, enrol};
use referent_notes_api::store::identity::Revoke;
use referent_proto::identity::enrolment_client::EnrolmentClient;
use referent_proto::identity::{EnrolRequest, RenewRequest};
use tonic::Status;
use tonic::transport::Channel;

/// Sixteen minutes: a code is good for fifteen.
const TOO_LATE_MS: i64 = 16 * 60 * 1000;
/// More than one address may try wrong codes in a minute.
const FLOOD: u8 = 12;

fn answer<T>(answer: Result<T, Status>) -> Answer {
    match answer {
        Ok(_) => Answer::LetIn,
        Err(status) => Answer::Refused(format!("{:?}: {}", status.code(), status.message())),
    }
}

/// A request that asks for something; `wishes` says for what.
fn request(wishes: impl FnOnce(&mut CertificateParams)) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    wishes(&mut params);
    Ok(params.serialize_request(&KeyPair::generate()?)?.der().to_vec())
}

impl Tries {
    /// A connection to the door, with this certificate; without one as whoever enrols has it.
    async fn at_enrolment(&self, shown: &Shown) -> Result<EnrolmentClient<Channel>> {
        let dial = Dial::to(&self.secured.enrolment()?, Some(self.secured.credentials(shown)?), |endpoint| endpoint)?;
        Ok(EnrolmentClient::new(dial.connect().await?))
    }

    async fn bring(&mut self, name: &str, reason: Option<&'static str>, code: String, request: Vec<u8>) -> Result<()> {
        let helper = self.secured.enrolled(Role::Caseworker, "helper").await?;
        let mut door = self.at_enrolment(&helper).await?;
        let before = refusals();
        let answer = answer(door.enrol(EnrolRequest { code, request }).await);
        self.push(format!("at enrolment, {name}"), reason, answer, &before).await;
        Ok(())
    }

    async fn renew(&mut self, name: &str, reason: Option<&'static str>, shown: &Shown, request: Vec<u8>) -> Result<()> {
        let before = refusals();
        let answer = match self.at_enrolment(shown).await {
            Ok(mut door) => answer(door.renew(RenewRequest { request }).await),
            Err(error) => Answer::Refused(format!("{error:#}")),
        };
        self.push(format!("at enrolment, {name}"), reason, answer, &before).await;
        Ok(())
    }

    pub(super) async fn by_newcomers(&mut self) -> Result<()> {
        let plain = || request(|_| ());
        let code = self.secured.code(Role::Caseworker, "erik").await?.reveal();
        self.bring("erik with his code", None, code.clone(), plain()?).await?;
        self.bring("the same code again", Some("used_code"), code, plain()?).await?;
        let code = self.secured.code(Role::Caseworker, "erik").await?.reveal();
        self.secured.clock.advance_ms(TOO_LATE_MS);
        self.bring("a code of sixteen minutes ago", Some("expired_code"), code, plain()?).await?;
        let unknown = Code::new([200; 10], self.secured.authority.pin()).reveal();
        self.bring("a code that nobody made", Some("wrong_code"), unknown, plain()?).await?;
        self.bring("no code", Some("wrong_code"), String::new(), plain()?).await?;
        let frida = self.secured.code(Role::Caseworker, "frida").await?.reveal();
        self.secured.revoke(Revoke::Holder(Role::Caseworker, "frida".parse()?)).await?;
        self.bring("a code of somebody who was revoked since", Some("wrong_code"), frida, plain()?).await?;

        let code = self.secured.code(Role::Caseworker, "gerda").await?.reveal();
        let other_name = |params: &mut CertificateParams| {
            params.distinguished_name.push(DnType::CommonName, "anna");
        };
        self.bring("a request for another's name", Some("asks_for_more"), code.clone(), request(other_name)?).await?;
        let uri = rcgen::SanType::URI("referent://caseworker/anna".try_into()?);
        let other_uri = |params: &mut CertificateParams| params.subject_alt_names.push(uri);
        self.bring("a request for another's identity", Some("asks_for_more"), code.clone(), request(other_uri)?)
            .await?;
        let authority = |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        };
        self.bring("a request to be an authority", Some("asks_for_more"), code.clone(), request(authority)?).await?;
        let mut tampered = plain()?;
        let last = tampered.len() - 1;
        tampered[last] ^= 1;
        self.bring("a request with another's key", Some("not_the_holder"), code.clone(), tampered).await?;
        self.bring("no request", Some("bad_request"), code.clone(), b"please".to_vec()).await?;
        self.bring("a request of a megabyte", Some("OutOfRange"), code.clone(), vec![0x30; 1 << 20]).await?;
        self.bring("gerda, whose code is still good", None, code, plain()?).await?;

        self.renewals().await?;
        self.pins().await?;
        self.flood().await
    }

    async fn renewals(&mut self) -> Result<()> {
        let plain = || request(|_| ());
        let hans = self.secured.enrolled(Role::Caseworker, "hans").await?;
        self.renew("hans renews", None, &hans, plain()?).await?;
        let key = KeyPair::try_from(&hans.key)?;
        let mut same = CertificateParams::default();
        same.distinguished_name = DistinguishedName::new();
        let same = same.serialize_request(&key)?.der().to_vec();
        self.renew("hans renews without a new key", Some("same_key"), &hans, same).await?;
        let wish = request(|params| params.distinguished_name.push(DnType::CommonName, "anna"))?;
        self.renew("hans renews as another", Some("asks_for_more"), &hans, wish).await?;
        let never = self.secured.signed(&Forged::caseworker("hans"))?;
        self.renew("a certificate that was never written down", Some("unknown_certificate"), &never, plain()?).await?;
        let foreign = Signer::foreign()?.sign(&Forged::caseworker("hans"), self.secured.clock.now_ms())?;
        self.renew("another authority's certificate", Some("foreign_authority"), &foreign, plain()?).await?;
        let own = self
            .secured
            .signed(&Forged { names: vec!["referent://notes-api/notes-api".into()], ..Forged::pipeline("x") })?;
        self.renew("the server's own name", Some("wrong_role"), &own, plain()?).await?;
        self.secured.revoke(Revoke::Serial(hans.peer()?.serial)).await?;
        self.renew("hans, whose certificate was revoked", Some("revoked"), &hans, plain()?).await?;

        // Without a certificate at all: as whoever enrols.
        let before = refusals();
        let answer = super::knock::renew_with_nothing(&self.secured, plain()?).await?;
        self.push("at enrolment, nobody renews".into(), Some("no_certificate"), answer, &before).await;
        Ok(())
    }

    /// A PC that enrols does not give its code to another server.
    async fn pins(&mut self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let now = self.secured.now();
        let elsewhere = Pin::of(&Signer::foreign()?.certificate);
        let code = Code::new([201; 10], elsewhere);
        let before = refusals();
        let tried = enrol::enrol(&self.secured.enrolment()?, &code, folder.path(), &now).await;
        let said = tried.map_or_else(|error| Answer::Refused(error.to_string()), |_| Answer::LetIn);
        self.push("on a PC, a code of another server".into(), Some("foreign_authority"), said, &before).await;
        let code = self.secured.code(Role::Caseworker, "jens").await?;
        let by_name = self.secured.enrolment()?.replace("127.0.0.1", "localhost");
        let before = refusals();
        let tried = enrol::enrol(&by_name, &code, folder.path(), &now).await;
        let said = tried.map_or_else(|error| Answer::Refused(error.to_string()), |_| Answer::LetIn);
        self.push("on a PC, a server of another name".into(), Some("wrong_server"), said, &before).await;
        ensure!(folder.path().read_dir()?.next().is_none(), "nothing was written");
        Ok(())
    }

    async fn flood(&mut self) -> Result<()> {
        let helper = self.secured.enrolled(Role::Caseworker, "helper").await?;
        let mut door = self.at_enrolment(&helper).await?;
        let before = refusals();
        let mut last = Answer::LetIn;
        for number in 0..FLOOD {
            let code = Code::new([210 + number; 10], self.secured.authority.pin()).reveal();
            last = answer(door.enrol(EnrolRequest { code, request: request(|_| ())? }).await);
        }
        self.push("at enrolment, a dozen guesses in a minute".into(), Some("too_many_tries"), last, &before).await;
        let code = self.secured.code(Role::Caseworker, "karen").await?.reveal();
        let before = refusals();
        let tried = answer(door.enrol(EnrolRequest { code: code.clone(), request: request(|_| ())? }).await);
        self.push("at enrolment, a good code in the same minute".into(), Some("too_many_tries"), tried, &before).await;
        self.secured.clock.advance_ms(60_000);
        let before = refusals();
        let tried = answer(door.enrol(EnrolRequest { code, request: request(|_| ())? }).await);
        self.push("at enrolment, the same a minute later".into(), None, tried, &before).await;
        Ok(())
    }
}
