//! Links by which another program on the PC says that a call begins or ends: `referent://begin?case=…` (pure).
//!
//! In: a link, as the system hands it over. Out: what it asks for. Anybody can put a link on a page, so a link can begin a
//! call and hang up and nothing else: it gives no consent, ends no pause, erases nothing, names no file, and does not
//! replace a call that goes on. What is unknown in it is refused, not passed over.
//! Not done here: nothing is sent (`control::client`).

use crate::control::BeginBody;
use referent_proto::Direction;
use reqwest::Url;

/// The longest value, in characters.
const LONGEST: usize = 200;

/// What a link asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Link {
    /// A call begins.
    Begin(BeginBody),
    /// They hung up.
    HangUp,
}

/// The link is not followed. Correct the program that made it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Something else.
    #[error("{0:?} is no link of Referent's; it is referent://begin?case=…, or referent://hang-up")]
    NotOurs(String),
    /// A key that a link does not have, or has twice.
    #[error("{0:?} cannot stand in a link, or stands in it twice; it may have case, area, direction and external_id")]
    Key(String),
    /// A value that is too long, empty, or has control characters.
    #[error("{key} = {value:?} is empty, longer than {LONGEST} characters, or has control characters in it")]
    Value {
        /// Of which key.
        key: String,
        /// The value.
        value: String,
    },
    /// Not a direction.
    #[error("direction = {0:?} is none; use incoming or outgoing")]
    Direction(String),
}

impl Link {
    /// Reads a link.
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        let not_ours = || BadLink::NotOurs(text.chars().take(LONGEST).collect());
        let url = Url::parse(text).map_err(|_| not_ours())?;
        let is_bare = url.path().trim_matches('/').is_empty()
            && url.fragment().is_none()
            && url.port().is_none()
            && url.username().is_empty();
        match (url.scheme(), url.host_str(), is_bare) {
            ("referent", Some("begin"), true) => begin(&url).map(Self::Begin),
            ("referent", Some("hang-up"), true) if url.query().is_none() => Ok(Self::HangUp),
            _ => Err(not_ours()),
        }
    }
}

fn begin(url: &Url) -> Result<BeginBody, BadLink> {
    let mut body = BeginBody::default();
    for (key, value) in url.query_pairs() {
        let is_fine =
            !value.trim().is_empty() && value.chars().count() <= LONGEST && !value.chars().any(char::is_control);
        if !is_fine {
            let value = value.chars().take(LONGEST).collect();
            return Err(BadLink::Value { key: key.into_owned(), value });
        }
        let place = match key.as_ref() {
            "case" => &mut body.case_id,
            "area" => &mut body.area,
            "external_id" => &mut body.external_id,
            "direction" if body.direction.is_none() => {
                body.direction = Some(match value.as_ref() {
                    "incoming" => Direction::Incoming,
                    "outgoing" => Direction::Outgoing,
                    other => return Err(BadLink::Direction(other.to_owned())),
                });
                continue;
            }
            other => return Err(BadLink::Key(other.to_owned())),
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(BadLink::Key(key.into_owned()));
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_begins_a_call_or_hangs_up() {
        let body = BeginBody {
            case_id: Some("2026-4 æ".into()),
            area: Some("pension".into()),
            direction: Some(Direction::Outgoing),
            external_id: Some("7".into()),
            ..BeginBody::default()
        };
        let link = "referent://begin?case=2026-4%20%C3%A6&area=pension&direction=outgoing&external_id=7";
        assert_eq!(Link::parse(link), Ok(Link::Begin(body)));
        assert_eq!(Link::parse("referent://begin"), Ok(Link::Begin(BeginBody::default())));
        assert_eq!(Link::parse("referent://hang-up/"), Ok(Link::HangUp));
    }

    #[test]
    fn what_a_link_may_not_say_is_refused() {
        #[track_caller]
        fn refused(link: &str, names: &str) {
            let error = Link::parse(link).expect_err("refused").to_string();
            assert!(error.contains(names), "{error}");
        }
        refused("https://begin?case=1", "no link of Referent's");
        refused("referent://discard", "no link of Referent's");
        refused("referent://consent?given=true", "no link of Referent's");
        refused("referent://begin/elsewhere", "no link of Referent's");
        refused("referent://hang-up?call=1", "no link of Referent's");
        refused("begin", "no link of Referent's");
        refused("referent://begin?wav=/etc/passwd", "\"wav\"");
        refused("referent://begin?replace=true", "\"replace\"");
        refused("referent://begin?case=1&case=2", "\"case\"");
        refused("referent://begin?direction=incoming&direction=incoming", "\"direction\"");
        refused("referent://begin?direction=up", "incoming or outgoing");
        refused("referent://begin?case=", "case");
        refused("referent://begin?case=1%0A2", "control characters");
        refused(&format!("referent://begin?case={}", "x".repeat(201)), "longer than");
    }
}
