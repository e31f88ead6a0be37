//! Tokens that are not what they should be.

use super::{House, LEVEL, Tries};
use crate::provider::{CLIENT, SharedSecret, Signed};
use anyhow::Result;
use serde_json::{Value, json};

type Change = fn(&mut Value);

fn honest(_: &mut Value) {}

fn case(
    name: &'static str,
    expected: &'static str,
    signed: Signed,
    change: Change,
) -> (&'static str, Option<&'static str>, Signed, Change) {
    (name, Some(expected), signed, change)
}

fn claim(
    name: &'static str,
    expected: &'static str,
    change: Change,
) -> (&'static str, Option<&'static str>, Signed, Change) {
    case(name, expected, Signed::Honestly, change)
}

fn later(claims: &mut Value, name: &str, seconds: i64) {
    claims[name] = json!(claims[name].as_i64().unwrap_or_default() + seconds);
}

impl Tries {
    pub(super) async fn by_tokens(&mut self) -> Result<()> {
        use Signed as S;
        let cases = [
            ("an honest token", None, S::Honestly, honest as Change),
            ("an honest token for several audiences of this server", None, S::Honestly, |c| c["aud"] = json!([CLIENT])),
            ("an honest token with roles in one text", None, S::Honestly, |c| c["roles"] = json!("x referent-leder")),
            ("an honest token by the provider's next key", None, S::AfterRotation, honest),
            claim("a token for another server", "token", |c| c["aud"] = json!("another")),
            claim("a token for this server and another", "token", |c| c["aud"] = json!([CLIENT, "another"])),
            claim("a token for nobody", "token", |c| c["aud"] = json!([])),
            claim("a token of another provider", "token", |c| c["iss"] = json!("https://provider.example")),
            claim("a token of a provider with a name almost the same", "token", |c| {
                c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap_or_default()));
            }),
            claim("a token for another login", "token", |c| c["nonce"] = json!("another")),
            claim("a token for no login", "token", |c| drop(c.as_object_mut().and_then(|c| c.remove("nonce")))),
            claim("a token that is over", "token", |c| later(c, "exp", -61)),
            claim("a token without an end", "provider", |c| drop(c.as_object_mut().and_then(|c| c.remove("exp")))),
            claim("a token of an hour ago", "token", |c| later(c, "iat", -3600)),
            claim("a token of an hour from now", "token", |c| later(c, "iat", 3600)),
            case("a token that nobody signed", "token", S::NotAtAll("none"), honest),
            case("a token that nobody signed, in capitals", "provider", S::NotAtAll("NONE"), honest),
            case("a token that nobody signed, half in capitals", "provider", S::NotAtAll("nOnE"), honest),
            case("a token with the client's secret as its key", "token", S::WithSecret(SharedSecret::Client), honest),
            case("a token with the public key as a secret", "token", S::WithSecret(SharedSecret::PublicKey), honest),
            case("a token that somebody else signed", "token", S::BySomebodyElse, honest),
            case("a token that somebody else signed under their id", "token", S::UnderAnUnknownId, honest),
            case("a token with its own key", "token", S::WithItsOwnKey, honest),
            case("a token with another name in it", "token", S::ThenChanged("sub", json!("berit")), honest),
            case("a token with more roles in it", "token", S::ThenChanged("roles", json!(["referent-drift"])), honest),
            claim("a level that is too low", "level", |c| {
                c["acr"] = json!("https://data.gov.dk/concept/core/nsis/loa/Low");
            }),
            claim("no level", "level", |c| drop(c.as_object_mut().and_then(|c| c.remove("acr")))),
            claim("a level that only begins so", "level", |c| c["acr"] = json!(&LEVEL[..LEVEL.len() - 1])),
            claim("no role", "role", |c| c["roles"] = json!([])),
            claim("roles of another system", "role", |c| c["roles"] = json!(["administrator", "caseworker"])),
            claim("roles that are no list", "role", |c| c["roles"] = json!({ "referent-drift": true })),
            claim("a name that could be a path", "name", |c| c["sub"] = json!("../anna")),
            claim("a name with a line break", "name", |c| c["sub"] = json!("anna\r\nset-cookie: a=b")),
            claim("a name that is too long", "name", |c| c["sub"] = json!("a".repeat(65))),
            claim("an empty name", "name", |c| c["sub"] = json!("")),
        ];
        for (name, expected, signed, change) in cases {
            // Documents are read again at most every half minute.
            self.house.clock.advance_ms(31_000);
            let found = House::log_in(&self.house, signed, change).await?.why;
            self.push(name, expected, found);
        }
        Ok(())
    }
}
