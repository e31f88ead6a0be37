//! Ways back that nobody should come by, and sessions that are over.

use super::Tries;
use crate::provider::{Answer, Signed};
use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::json;

impl Tries {
    pub(super) async fn by_ways(&mut self) -> Result<()> {
        self.with_states().await?;
        self.with_codes().await?;
        self.with_sessions().await
    }

    /// The state and its cookie.
    async fn with_states(&mut self) -> Result<()> {
        let house = &self.house;
        let good = |nonce: &str| Answer::Token(Signed::Honestly, house.claims(nonce));
        let mut found = Vec::new();

        let (mine, theirs) = (house.set_out().await?, house.set_out().await?);
        house.provider.will_answer(good(&theirs.nonce), &theirs.challenge);
        let planted = house.come_back(&[("code", "theirs"), ("state", &theirs.state)], Some(&mine.cookie)).await?;
        found.push(("an address that somebody else's login left, in this browser", planted.why));
        let nobodys = house.come_back(&[("code", "theirs"), ("state", &theirs.state)], None).await?;
        found.push(("an address without its browser", nobodys.why));
        let stateless = house.come_back(&[("code", "one")], Some(&mine.cookie)).await?;
        found.push(("an address without a state", stateless.why));
        let cookie = "referent_login=guessed";
        let guessed = house.come_back(&[("code", "one"), ("state", "guessed")], Some(cookie)).await?;
        found.push(("a state that was never given", guessed.why));
        let empty = house.come_back(&[("code", "one"), ("state", "")], Some("referent_login=")).await?;
        found.push(("an empty state", empty.why));

        let way = house.set_out().await?;
        house.provider.will_answer(good(&way.nonce), &way.challenge);
        let query = [("code", "one"), ("state", way.state.as_str())];
        house.come_back(&query, Some(&way.cookie)).await?.session.context("the first time is honest")?;
        house.provider.will_answer(good(&way.nonce), &way.challenge);
        found.push(("the same address again", house.come_back(&query, Some(&way.cookie)).await?.why));

        let way = house.set_out().await?;
        house.provider.will_answer(good(&way.nonce), &way.challenge);
        house.clock.advance_ms(600_000);
        let late = house.come_back(&[("code", "one"), ("state", &way.state)], Some(&way.cookie)).await?;
        found.push(("a way back of ten minutes", late.why));
        for (name, why) in found {
            self.push(name, Some("again"), why);
        }
        Ok(())
    }

    /// What the provider answers for a code.
    async fn with_codes(&mut self) -> Result<()> {
        let house = &self.house;
        let mut found = Vec::new();
        let way = house.set_out().await?;
        let query = [("code", "one"), ("state", way.state.as_str()), ("iss", "https://provider.example")];
        found.push(("an answer of another provider", "token", house.come_back(&query, Some(&way.cookie)).await?.why));
        let way = house.set_out().await?;
        let query = [("error", "access_denied"), ("state", way.state.as_str())];
        found.push(("a no at the provider", "refused", house.come_back(&query, Some(&way.cookie)).await?.why));

        let (mine, theirs) = (house.set_out().await?, house.set_out().await?);
        // A code that was given for another challenge: the provider sees that this browser did not ask for it.
        let answer = Answer::Token(Signed::Honestly, house.claims(&mine.nonce));
        house.provider.will_answer(answer, &theirs.challenge);
        let query = [("code", "theirs"), ("state", mine.state.as_str())];
        found.push((
            "a code of somebody else's login",
            "refused",
            house.come_back(&query, Some(&mine.cookie)).await?.why,
        ));

        for (name, expected, answer) in [
            ("an answer without a token", "token", Answer::NoIdToken),
            ("a provider that fails", "provider", Answer::Status(500)),
            ("a provider that sends the server elsewhere", "provider", Answer::Status(302)),
        ] {
            let way = house.set_out().await?;
            house.provider.will_answer(answer, &way.challenge);
            let query = [("code", "one"), ("state", way.state.as_str())];
            found.push((name, expected, house.come_back(&query, Some(&way.cookie)).await?.why));
        }
        for (name, expected, why) in found {
            self.push(name, Some(expected), why);
        }
        Ok(())
    }

    /// Sessions: ended, idle, over, guessed; and the token of a server without a login.
    async fn with_sessions(&mut self) -> Result<()> {
        let caseworker = ["referent-sagsbehandler"];
        let list = "/v1/calls";
        let minutes = |minutes: i64| self.house.clock.advance_ms(minutes * 60_000);
        let refused = async |session: &str| self.house.refused(Method::GET, list, Some(session), None).await;
        let mut found = Vec::new();

        let session = self.house.session_of("anna", &caseworker).await?;
        found.push(("an honest session", None, refused(&session).await?));
        let out = self.house.ask(Method::DELETE, "/v1/session", Some(&session), None).await?;
        let farewell = out.json::<serde_json::Value>().await?["farewell"].as_str().unwrap_or_default().to_owned();
        anyhow::ensure!(farewell.starts_with(&format!("{}/bye?", self.house.provider.issuer())), "{farewell}");
        found.push(("a session that was ended", Some("no-session"), refused(&session).await?));

        let session = self.house.session_of("anna", &caseworker).await?;
        for _ in 0..3 {
            minutes(50);
            found.push(("a session in use", None, refused(&session).await?));
        }
        minutes(61);
        found.push(("a session that nobody used for an hour", Some("no-session"), refused(&session).await?));

        let session = self.house.session_of("anna", &caseworker).await?;
        for _ in 0..12 {
            minutes(49);
            refused(&session).await?;
        }
        minutes(13);
        found.push(("a session of ten hours and more", Some("no-session"), refused(&session).await?));
        found.push(("a session that was guessed", Some("no-session"), refused(&"0".repeat(64)).await?));

        let token = json!({ "token": "0".repeat(64) });
        let by_token = self.house.refused(Method::POST, "/v1/session", None, Some(&token)).await?;
        found.push(("a one-time token where there is a login", Some("wrong-token"), by_token));
        for (name, expected, why) in found {
            self.push(name, expected, why);
        }
        Ok(())
    }
}
