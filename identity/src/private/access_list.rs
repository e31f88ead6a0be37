//! An access list as Windows writes it (SDDL): whom a new one names, and whom one that was read names beside them.
//!
//! In: the user's id (`S-1-5-…`), a list. Out: text. Pure, so that it is tested on every system.
//! Not done here: what exactly somebody may do. Whoever stands in the list of a key has no business there.

/// The operating system, and those who can give themselves any access.
const ALWAYS: [&str; 5] = ["SY", "BA", "LA", "S-1-5-18", "S-1-5-32-544"];
/// Stand for the owner, who is the user or the administrators.
const OWNER: [&str; 4] = ["OW", "CO", "S-1-3-4", "S-1-3-0"];

/// The list of what is the user's alone: nothing from above (P), and in a folder it holds for what is made there (OICI).
#[cfg_attr(all(not(windows), not(test)), expect(dead_code, reason = "Windows alone makes one"))]
pub(super) fn of(user: &str, flags: &str) -> String {
    format!("D:P(A;{flags};FA;;;{user})(A;{flags};FA;;;SY)(A;{flags};FA;;;BA)")
}

/// Who else is let in by this list, as it names them; everybody where there is none.
pub(super) fn others(list: &str, user: &str) -> Vec<String> {
    let Some((_, entries)) = list.split_once("D:") else { return vec!["WD".to_owned()] };
    if entries.starts_with("NO_ACCESS_CONTROL") {
        return vec!["WD".to_owned()];
    }
    let mut others = Vec::new();
    for entry in entries.split('(').skip(1) {
        let fields: Vec<&str> = entry.split(';').collect();
        // type ; flags ; rights ; object ; object above ; whom ) …
        let [kind, flags, _, _, _, whom, ..] = fields[..] else { continue };
        let whom = whom.split(')').next().unwrap_or_default();
        let is_denial = matches!(kind, "D" | "XD" | "OD");
        let is_for_what_is_made_there_only = flags.as_bytes().chunks(2).any(|flag| flag == b"IO");
        let is_known = whom == user || ALWAYS.contains(&whom) || OWNER.contains(&whom);
        if !is_denial && !is_for_what_is_made_there_only && !is_known && !others.iter().any(|other| other == whom) {
            others.push(whom.to_owned());
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "S-1-5-21-1-2-3-1001";

    #[track_caller]
    fn check(list: &str, expected: &[&str]) {
        assert_eq!(others(list, USER), expected, "{list}");
    }

    #[test]
    fn whoever_is_neither_the_user_nor_the_system_is_somebody_else() {
        check("D:P(A;OICI;FA;;;S-1-5-21-1-2-3-1001)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", &[]);
        // As below %LOCALAPPDATA%.
        check("D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;S-1-5-21-1-2-3-1001)", &[]);
        // As below C:\ProgramData, and with another user.
        check("D:AI(A;OICIID;FA;;;SY)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)", &["BU"]);
        check(
            "D:(A;;FR;;;S-1-5-21-1-2-3-1002)(A;;FA;;;S-1-5-21-1-2-3-1001)(A;;FR;;;WD)",
            &["S-1-5-21-1-2-3-1002", "WD"],
        );
        // What is denied lets nobody in, and nobody in the list is nobody.
        check("D:P(D;;FA;;;WD)(A;;FA;;;OW)", &[]);
        check("D:P", &[]);
        check("O:BAD:(A;;FA;;;S-1-5-21-1-2-3-1001)(XA;;FR;;;AU;(@User.x == 1))", &["AU"]);
        // A list that is not there denies nobody.
        check("O:BA", &["WD"]);
        check("D:NO_ACCESS_CONTROL", &["WD"]);
    }

    #[test]
    fn the_list_that_is_made_lets_nobody_else_in() {
        check(&of(USER, "OICI"), &[]);
        check(&of("S-1-5-21-1-2-3-1002", ""), &["S-1-5-21-1-2-3-1002"]);
    }
}
