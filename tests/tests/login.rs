//! Who may log in and what they reach: everything of `make bench-login`.

use anyhow::Result;
use referent_tests::logins::try_everything;
use std::io::Write as _;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_logs_in_who_is_not_who_they_say_and_nobody_reaches_what_is_not_theirs() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tried = try_everything(folder.path()).await?;
    for tried in &tried {
        drop(writeln!(std::io::stdout(), "{}: {}", tried.name, tried.expected.unwrap_or("let in")));
    }
    let wrong: Vec<_> = tried.iter().filter(|tried| !tried.is_right()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried.iter().filter(|tried| tried.expected.is_some()).count() >= 60, "{}", tried.len());
    Ok(())
}
