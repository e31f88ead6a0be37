//! No sample outside of what people permitted, whatever they decide in whatever order, over crashes too; a short form of
//! `make bench-consent`.

use anyhow::Result;
use referent_tests::consent::rehearse;

#[test]
fn nothing_is_kept_that_was_not_permitted() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut kept, mut allowed) = (0, 0);
    for seed in 0..3_000 {
        let found = rehearse(seed, folder.path())?;
        assert_eq!(found.violations, 0, "seed {seed}: {found:?}");
        (kept, allowed) = (kept + found.kept, allowed + found.allowed);
    }
    // A permit that forbids everything would be no achievement: of what was allowed, nearly all is kept. What is not lay in
    // the ring when a pause had already ended.
    assert!(kept * 10 > allowed * 8, "{kept} of {allowed}");
    Ok(())
}
