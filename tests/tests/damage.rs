//! A spool that was damaged on the disk gives out all that was not, and says what is missing; a short form of
//! `make bench-damage`.

use anyhow::Result;
use referent_tests::damage::damage;
use std::collections::BTreeSet;

#[test]
fn what_was_not_damaged_is_given_out_and_the_rest_is_a_gap() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut kinds = BTreeSet::new();
    for seed in 0..120 {
        let found = damage(seed, folder.path())?;
        let expected = (0, 0, 0);
        assert_eq!((found.untouched_lost, found.made_up, found.unaccounted), expected, "seed {seed}: {found:?}");
        kinds.insert(found.kind);
    }
    assert_eq!(kinds.len(), 6, "every kind was tried: {kinds:?}");
    Ok(())
}
