//! What a worker and its recogniser process say to each other, over the process's stdin and stdout.
//!
//! A message is its length as four bytes, little end first, then postcard. Both ends are the same program, so there are
//! no versions. Promised: what is longer than `LONGEST_MESSAGE` or cannot be read is an error and ends the process;
//! nothing is skipped.

use crate::transcribe::{Heard, NotHeard, Request, RequestId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A segment of 12 s with what lies around it is at most 0.7 MB.
const LONGEST_MESSAGE: usize = 4 << 20;

/// What the process shall be. The first message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What hears in it.
    pub engine: Engine,
    /// How many hear at once, one thread each.
    pub workers: usize,
    /// What is logged, in the words of `RUST_LOG`.
    pub log: String,
}

/// What hears.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Engine {
    /// whisper.cpp with a model of the manifest, or a file.
    Whisper {
        /// Name or path.
        model: String,
        /// Where the models are.
        models_dir: PathBuf,
    },
    /// A script that fails as real ones do, at the sounds it is told: for tests.
    Scripted(Faults),
}

/// Sounds at which a scripted recogniser fails: a segment that holds a sample of exactly this value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// The process ends at once, as at a failed assertion.
    pub abort_at: Option<i16>,
    /// It never answers, and cannot be taken back.
    pub hang_at: Option<i16>,
    /// It answers, and keeps 64 MiB.
    pub leak_at: Option<i16>,
}

/// To the process.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToChild {
    /// Hear this.
    Hear(Request),
    /// It is not wanted any more; an answer is expected all the same.
    TakeBack(RequestId),
}

/// From the process.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromChild {
    /// The model is loaded and every thread has heard something once.
    Ready {
        /// How long loading took.
        loading_ms: u64,
        /// And how long the first hearing.
        warming_ms: u64,
    },
    /// It cannot be used, and why: one sentence for a person.
    Unusable(String),
    /// What was heard.
    Heard(RequestId, Result<Heard, NotHeard>),
}

/// The bytes of a message.
pub fn bytes_of(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let body = postcard::to_allocvec(message).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length as usize <= LONGEST_MESSAGE);
    let length = length.ok_or_else(|| invalid("the message is too long"))?;
    Ok([length.to_le_bytes().as_slice(), &body].concat())
}

/// Writes a message.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&bytes_of(message)?)?;
    to.flush()
}

/// Reads a message; `None` where the other end has closed.
pub fn read<M: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    if let Err(error) = from.read_exact(&mut length) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut body = vec![0; checked(length)?];
    from.read_exact(&mut body)?;
    parse(&body).map(Some)
}

/// As [`read`].
pub async fn read_async<M: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    if let Err(error) = from.read_exact(&mut length).await {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut body = vec![0; checked(length)?];
    from.read_exact(&mut body).await?;
    parse(&body).map(Some)
}

fn checked(length: [u8; 4]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST_MESSAGE { Err(invalid("the message is too long")) } else { Ok(length) }
}

fn parse<M: DeserializeOwned>(body: &[u8]) -> io::Result<M> {
    // The parser's own complaint may hold what was said.
    postcard::from_bytes(body).map_err(|_| invalid("the message cannot be read"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::glossary::Glossary;
    use crate::transcribe::language::{Detect, Detected};
    use crate::transcribe::tests::request;
    use crate::transcribe::{Class, scripted};
    use proptest::prelude::*;
    use referent_proto::Spoken;

    #[test]
    fn messages_survive_the_way() {
        let mut request = request(9, Class::HungUp);
        request.detect = Detect::Yes(vec!["da".into(), "en".into()]);
        request.glossary = Glossary { area: "a".into(), version: "v".into(), words: vec!["barsel".into()] };
        let words = scripted::words("Jeg hører", request.speech, 0.5);
        let likely = vec![("da".to_owned(), 0.75), ("en".to_owned(), 0.25)];
        let detected = Some(Detected { language: "da".into(), likely, again: true });
        let heard =
            Heard { text: Spoken::new("Jeg hører"), words, probability: 0.5, no_speech: 0.25, detected, mended: true };
        let mut bytes = Vec::new();
        write(&mut bytes, &ToChild::Hear(request.clone())).unwrap();
        write(&mut bytes, &FromChild::Heard(RequestId(7), Ok(heard.clone()))).unwrap();
        write(&mut bytes, &FromChild::Heard(RequestId(8), Err(NotHeard::Failed { code: -7 }))).unwrap();
        let mut from = bytes.as_slice();
        let Some(ToChild::Hear(read_request)) = read(&mut from).unwrap() else { panic!("another message") };
        assert_eq!(read_request, request);
        let Some(FromChild::Heard(RequestId(7), Ok(read_heard))) = read(&mut from).unwrap() else { panic!("another") };
        assert_eq!(read_heard, heard);
        let failed = read(&mut from).unwrap();
        assert!(matches!(failed, Some(FromChild::Heard(RequestId(8), Err(NotHeard::Failed { code: -7 })))));
        assert!(read::<FromChild>(&mut from).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn rubbish_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut from = bytes.as_slice();
            while let Ok(Some(_)) = read::<FromChild>(&mut from) {}
        }
    }
}
