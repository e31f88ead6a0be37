//! Everything that somebody may try who is not who they say.

use crate::figures::Figures;
use crate::misuse::try_everything;
use anyhow::{Result, ensure};
use serde_json::json;

/// At every door of the two servers and on the PC, each refused under its name.
pub async fn misuse() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tried = try_everything(folder.path()).await?;
    let (misuse, honest): (Vec<_>, Vec<_>) = tried.iter().partition(|tried| tried.reason.is_some());
    let shut_out: Vec<&str> =
        honest.iter().filter(|tried| !tried.is_right()).map(|tried| tried.name.as_str()).collect();
    ensure!(shut_out.is_empty(), "honest ones were refused, so that the others prove nothing: {shut_out:?}");
    let let_in: Vec<&str> = misuse.iter().filter(|tried| tried.is_let_in()).map(|tried| tried.name.as_str()).collect();
    let unnamed: Vec<&str> = misuse
        .iter()
        .filter(|tried| !tried.is_right() && !tried.is_let_in())
        .map(|tried| tried.name.as_str())
        .collect();
    let figures = Figures::of("make bench-identity")?;
    let about = json!({ "honest": honest.len(), "let_in": let_in, "refused_under_another_name": unnamed });
    let (cases, in_all) = (f64::from(u32::try_from(misuse.len())?), f64::from(u32::try_from(let_in.len())?));
    figures.write("identity.misuse_cases", cases, "cases", misuse.len(), &about)?;
    figures.write("identity.let_in", in_all, "cases", misuse.len(), &about)?;
    ensure!(let_in.is_empty(), "they came in: {let_in:?}");
    ensure!(unnamed.is_empty(), "they were refused under another name: {unnamed:?}");
    Ok(())
}
