//! The ledger's contract: the same facts hold in memory and on disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod collected;
mod decisions;
mod disk;
mod duplicates;
mod invitations;
mod keeping;
mod life;
mod mails;
mod power;
mod queueing;
mod rig;
mod sending;
mod tree;

/// Runs each fact on a ledger in memory and on one on disk.
macro_rules! contract {
    ($($subject:ident::{$($fact:ident),* $(,)?};)*) => {
        mod in_memory {
            $($(
                #[tokio::test]
                async fn $fact() {
                    crate::$subject::$fact(crate::rig::Rig::in_memory()).await;
                }
            )*)*
        }
        mod on_disk {
            $($(
                #[tokio::test]
                async fn $fact() {
                    crate::$subject::$fact(crate::rig::Rig::on_disk()).await;
                }
            )*)*
        }
    };
}

contract! {
    sending::{
        a_delivery_is_claimed_by_one_sender,
        an_old_attempt_finishes_nothing,
        a_report_may_be_repeated,
        a_cancelled_delivery_gets_no_dot,
        a_switch_turned_off_stops_the_dot,
        a_document_moved_under_an_exception_gets_no_dot,
        a_held_company_stops_claims_and_dots,
        a_late_250_settles_a_doubt,
        a_late_250_of_an_attempt_that_is_over_settles_nothing,
        after_a_restart_leases_are_free_and_sending_is_in_doubt,
        an_apps_limit_outlives_a_restart,
        a_server_that_is_put_off_is_tried_with_one_delivery,
        the_oldest_due_of_enabled_apps_is_claimed_first,
        a_dot_may_be_repeated_and_counts_once,
        those_on_their_way_count_for_the_limit,
        what_a_person_queued_is_the_switchs_again_once_cancelled,
        a_cancelled_delivery_goes_when_a_person_says_so,
        a_person_cannot_queue_without_a_connection,
    };
    queueing::{
        a_delivery_tells_its_cause_and_keeps_its_message_id,
        queueing_may_be_repeated,
        what_is_beyond_a_flood_is_held,
        a_switch_off_before_queueing_cancels,
        a_document_moved_out_of_its_folder_still_goes,
        a_document_that_bears_our_mark_was_sent,
        a_replaced_file_with_the_same_bytes_changes_nothing,
        sixteen_queue_thousands_at_once,
    };
    duplicates::{
        a_duplicate_follows_and_is_promoted,
        a_duplicate_in_a_folder_switched_off_is_passed_over,
        those_who_still_wait_follow_the_promoted_one,
        a_refused_original_cannot_come_back_beside_its_duplicate,
        a_rehearsal_takes_no_claim_from_the_tool,
        a_second_copy_goes_where_it_is_allowed,
        a_duplicate_promoted_while_it_was_asked_for_goes_once,
        a_promoted_duplicate_that_waited_twice_follows_nobody,
        a_superseded_delivery_promotes,
        a_duplicate_of_a_sent_document_is_marked,
        a_change_between_marks_and_marked_is_not_forgotten,
        a_mark_is_asked_for_again_when_sent_becomes_queued,
        a_document_is_validated_when_its_other_app_is_turned_off,
    };
    decisions::{
        a_decision_on_an_old_revision_is_a_conflict,
        turning_on_what_is_on_changes_nothing,
        off_cancels_what_waits_and_on_again_starts_afresh,
        off_reaches_hundreds_of_deliveries,
        a_renamed_folder_is_held_until_follow,
        a_renamed_folder_is_held_until_stay,
        following_takes_exceptions_along,
        disconnecting_ends_switches_and_back_fills,
        an_app_turned_off_keeps_nothing_waiting,
        the_history_is_newest_first,
        the_same_hold_keeps_its_beginning,
        a_company_is_found_once_and_can_be_relocated,
    };
    tree::{
        names_and_deposits_are_one_transaction,
        an_observation_of_an_old_revision_is_a_conflict,
        a_directory_of_twenty_thousand_names_is_read_back,
        names_in_any_order_find_their_shards,
        forgotten_directories_lose_their_names,
        an_observation_undoes_no_queueing,
        deposits_are_found_by_every_path_they_had,
        deposits_are_listed_by_what_they_wait_for,
        odd_names_come_back_as_they_were,
    };
    mails::{
        a_copy_settles_a_doubt_and_is_kept_with_its_delivery,
        a_report_and_its_mail_are_one_transaction,
        the_same_mail_changes_nothing_twice,
        a_report_of_what_was_never_sent_is_unmatched,
        a_report_refused_frees_the_content_and_promotes,
        nobody_is_promoted_while_the_tool_has_a_copy,
        what_the_server_is_owed_is_kept_until_it_was_told,
        mails_put_aside_are_listed_newest_first,
        a_mailbox_remembers_how_far_it_was_read_and_what_stops_it,
    };
    invitations::{
        an_invitation_and_its_mail_are_one_transaction,
        the_same_mail_invites_once,
        a_step_is_taken_once_and_a_persons_is_in_the_history,
        an_invitation_of_before_an_import_is_a_persons,
    };
    collected::{
        a_mail_is_listed_by_what_it_waits_for,
        a_mail_is_changed_from_what_it_was_alone,
        a_place_belongs_to_one_mail_until_it_is_given_up,
        the_same_content_is_planned_once_in_a_company,
        the_story_of_a_deposit_begins_with_its_mail,
        a_place_is_taken_by_the_mails_own_file_alone,
        who_decided_about_a_mail_is_in_the_history,
    };
    keeping::{
        an_export_is_imported_whole,
        a_damaged_export_is_refused,
        an_import_makes_the_state_older_than_the_world,
        a_fork_changes_nothing,
        lists_are_filtered_and_paged,
        the_last_round_and_the_identity_are_kept,
    };
}
