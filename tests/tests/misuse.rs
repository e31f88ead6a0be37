//! Who may come in and who may not: everything of `make bench-identity`.

use anyhow::Result;
use referent_tests::misuse::try_everything;
use std::io::Write as _;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_who_is_not_who_they_say_and_everybody_is_told_why() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tried = try_everything(folder.path()).await?;
    for tried in &tried {
        drop(writeln!(std::io::stdout(), "{}: {}", tried.name, tried.reason.unwrap_or("let in")));
    }
    let wrong: Vec<_> = tried.iter().filter(|tried| !tried.is_right()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried.iter().filter(|tried| tried.reason.is_some()).count() >= 60, "{}", tried.len());
    Ok(())
}
