//! The page of the areas has a sentence for each kind of mistake, in Danish and English.

use referent_areas::Problem;
use std::path::Path;

/// The pane's compiler holds both languages to that list (`areas-mistakes.ts`); here the list is held to the program.
#[test]
fn the_pane_knows_each_kind_of_mistake_and_no_other() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notes-api/pane/src/areas-wire.ts");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let list = text.split("export const MISTAKES = [").nth(1).and_then(|rest| rest.split("] as const;").next());
    let mut known: Vec<&str> = list.expect("the list of codes").split('\'').skip(1).step_by(2).collect();
    let mut said = Problem::CODES.to_vec();
    known.sort_unstable();
    said.sort_unstable();
    assert_eq!(known, said);
}
