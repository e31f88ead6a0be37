//! One suite for both databases: SQLite always, PostgreSQL where it is installed (and always in CI).
//!
//! Each case gets a database of its own. On SQLite each is a test; on PostgreSQL they share one private server, which
//! takes longer to start than all of them to run, and so are one test that names the case it is at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod given;
mod chain;
mod notes;
mod drafts;
mod calls;
mod figures;
mod identity;
mod wire;
mod presence;
mod rights;
mod previews;
mod http;
mod areas;
mod audit;
mod retention;
mod schema;
mod receiver;
mod delivery;
mod delivery_process;
mod outbox;
mod program;

#[path = "../../../proto/tests/chain/histories.rs"]
mod histories;

#[path = "../../../tests/src/postgres.rs"]
#[expect(unreachable_pub, reason = "the stories' crate has this file as a public module")]
mod postgres;

use given::Place;
use std::io::Write as _;

macro_rules! on_both {
    ($($file:ident::$case:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    let folder = tempfile::tempdir().unwrap();
                    super::$file::$case(super::Place::sqlite(folder.path())).await;
                }
            )*
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn on_postgresql() {
            let Some(cluster) = postgres::Cluster::start().unwrap() else {
                say("skipped: PostgreSQL is not installed (apt-get install postgresql)");
                return;
            };
            $(
                say(concat!("on_postgresql: ", stringify!($case)));
                $file::$case(Place::postgres(&cluster.url(), stringify!($case)).await).await;
            )*
            say("on_postgresql: a_page_is_told_of_pcs_that_are_there_through_another_notes_api");
            let place = Place::postgres(&cluster.url(), "two_houses").await;
            presence::a_page_is_told_of_pcs_that_are_there_through_another_notes_api(place).await;
            say("on_postgresql: of_two_programs_one_sends");
            let place = Place::postgres(&cluster.url(), "of_two_programs_one_sends").await;
            delivery_process::of_two_programs_one_sends(place).await;
        }
    };
}

fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

on_both! {
    chain::a_thousand_histories_leave_gapless_tracks,
    chain::workers_that_race_leave_one_sequence,
    chain::nul_and_long_texts_are_kept,
    notes::an_edit_is_over_the_revision_that_was_seen,
    notes::a_note_is_saved_once_for_each_save_id,
    notes::what_became_of_flags_and_confirmations_is_kept,
    notes::two_tabs_lose_nothing,
    notes::what_belongs_to_no_call_is_refused,
    drafts::a_hang_up_leases_the_draft_to_the_reporting_worker,
    drafts::a_later_settle_leases_the_draft_at_once,
    drafts::doubts_come_through_and_what_became_of_them_is_kept,
    drafts::an_echo_keeps_its_mark,
    drafts::a_lease_that_runs_out_is_anothers,
    drafts::repeats_change_nothing,
    drafts::a_draft_keeps_the_record_of_how_it_came_about,
    drafts::a_sentence_without_evidence_is_kept,
    drafts::a_draft_that_nobody_finishes_fails,
    drafts::late_sound_makes_the_next_draft,
    drafts::late_sound_is_offered_beside_typed_text,
    drafts::late_sound_after_a_note_is_only_told,
    drafts::another_draft_on_demand,
    drafts::another_draft_under_another_area_with_a_wish,
    calls::a_call_belongs_to_who_began_it,
    calls::silence_is_visible_within_15_seconds,
    calls::a_hang_up_without_a_worker_is_visible_within_15_seconds,
    calls::a_draft_without_a_drafter_is_visible_within_15_seconds,
    calls::a_provisional_draft_after_a_minute,
    calls::calls_of_a_process_that_is_gone_lose_contact,
    calls::a_discarded_call_leaves_a_tombstone,
    calls::events_are_numbered_without_a_hole,
    calls::who_goes_away_leaves_no_transaction_open,
    rights::sessions_end,
    rights::what_is_good_once_is_taken_once,
    rights::somebody_sees_their_own_calls_and_those_handed_over,
    rights::a_foreign_call_is_none_on_every_path,
    rights::a_case_system_opens_a_frame,
    rights::a_page_of_another_case_system_opens_nothing,
    rights::logging_out_ends_streams,
    rights::a_call_is_held_against_its_case,
    rights::a_frame_connects_no_pc,
    identity::a_code_is_good_once_and_for_a_quarter_of_an_hour,
    identity::of_two_who_bring_one_code_one_gets_a_certificate,
    identity::what_is_revoked_stays_so_and_is_not_renewed,
    identity::certificates_of_an_authority_elsewhere_are_revoked_by_name_or_number,
    identity::what_was_taken_from_somebody_they_do_not_give_themselves,
    figures::figures_are_those_of_the_table,
    figures::active_time_is_counted_from_what_pages_tell,
    wire::a_call_becomes_a_draft_on_one_stream,
    wire::a_zombie_is_stale,
    wire::a_stranger_is_refused,
    wire::a_bad_message_is_named_and_the_server_lives,
    wire::a_stream_that_breaks_loses_contact,
    wire::a_discard_reaches_the_worker_and_its_drafter,
    wire::a_pause_asked_for_on_the_pane_reaches_the_worker_once,
    wire::an_objection_said_on_the_pc_erases_the_call,
    wire::a_free_job_goes_to_a_waiting_drafter,
    presence::a_page_is_told_who_is_there_between_calls,
    presence::what_no_honest_pipeline_says_ends_a_presence,
    presence::a_pause_reaches_a_call_that_no_worker_has,
    presence::a_discard_reaches_the_pc_of_its_caseworker_alone,
    http::the_cookie_is_for_this_page_alone,
    http::the_token_is_good_once,
    http::other_hosts_and_pages_are_refused,
    http::what_needs_a_session_says_so,
    http::a_bad_request_is_a_problem_without_its_text,
    http::revisions_are_matched_over_http,
    http::events_are_replayed_without_hole_or_double,
    http::fleeting_events_carry_no_id,
    http::the_list_hears_of_every_call,
    http::the_page_is_served_under_a_strict_policy,
    audit::what_is_read_and_changed_is_told,
    audit::a_change_is_told_with_it_or_not_at_all,
    audit::many_at_once_make_whole_chains,
    retention::what_is_due_goes_with_a_receipt_and_figures_stay,
    retention::what_waits_says_for_what,
    retention::a_hold_wins_but_over_an_objection,
    retention::a_shorter_term_counts_for_older_calls_a_day_later,
    retention::an_erased_call_has_no_content_and_refuses_all,
    retention::of_two_who_sweep_one_does,
    retention::whatever_happens_nothing_held_goes_and_nothing_due_stays_unsaid,
    retention::an_administrator_holds_erases_and_exports,
    delivery::a_saved_note_is_told_signed_and_without_its_text,
    delivery::a_full_event_has_the_text_and_is_audited,
    delivery::whatever_a_receiver_does_the_note_arrives_under_one_id,
    delivery::a_410_disables_until_somebody_enables,
    delivery::versions_arrive_in_order_and_hold_up_no_other_note,
    delivery::a_sender_that_dies_sends_again_under_the_same_id,
    delivery::secrets_are_rotated_without_a_gap,
    delivery::what_is_given_up_stays_listed_and_is_replayed,
    delivery::a_note_that_is_erased_is_withdrawn,
    delivery::what_nobody_takes_waits_for_whoever_comes,
    outbox::never_lost_and_never_under_two_ids,
    outbox::of_many_senders_one_has_a_delivery,
    outbox::what_is_erased_while_it_is_claimed_is_not_sent,
    outbox::erasing_and_sending_at_once_do_not_wait_for_each_other,
    outbox::who_pulls_while_many_save_skips_nothing,
    outbox::a_slow_transaction_is_not_skipped,
    outbox::case_systems_pull_by_page,
    areas::a_changed_file_is_in_force_and_a_broken_one_is_told,
    areas::a_broken_file_at_start_has_its_last_good_version_or_stops_the_start,
    areas::a_file_in_the_place_of_a_built_in_area_keeps_its_version_over_a_restart,
    areas::a_preview_tells_what_the_sample_speaks_of,
    previews::a_pipeline_drafts_the_sample_call_and_nothing_is_stored,
    previews::without_a_draft_it_is_said_why,
    previews::the_job_of_a_call_goes_before_a_preview,
}
