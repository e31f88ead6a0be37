//! Everything that somebody may try at the login, and behind it.

use crate::figures::Figures;
use crate::logins::try_everything;
use anyhow::{Result, ensure};
use serde_json::json;

/// Each refused for its reason, and honest people let in beside them.
pub async fn misuse() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tried = try_everything(folder.path()).await?;
    let (misuse, honest): (Vec<_>, Vec<_>) = tried.iter().partition(|tried| tried.expected.is_some());
    let wrong: Vec<&str> = tried.iter().filter(|tried| !tried.is_right()).map(|tried| tried.name).collect();
    let let_in: Vec<&str> = misuse.iter().filter(|tried| tried.is_let_in()).map(|tried| tried.name).collect();
    let figures = Figures::of("make bench-login")?;
    let about = json!({ "honest": honest.len(), "let_in": let_in });
    let (cases, in_all) = (f64::from(u32::try_from(misuse.len())?), f64::from(u32::try_from(let_in.len())?));
    figures.write("login.misuse_cases", cases, "cases", misuse.len(), &about)?;
    figures.write("login.let_in", in_all, "cases", misuse.len(), &about)?;
    ensure!(wrong.is_empty(), "they came in, or were refused for another reason: {wrong:?}");
    Ok(())
}
