//! The laws of every backend, and what the object store does when it is struck.

mod injector;
mod laws;
mod lease;
mod place;
mod struck;

/// Holds a backend to the laws.
macro_rules! laws {
    ($name:ident, $place:expr, [$($law:ident),+ $(,)?]) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $law() {
                    crate::conformance::laws::$law(&$place).await;
                }
            )+
        }
    };
}

macro_rules! both {
    ($($law:ident),+ $(,)?) => {
        laws!(on_files, crate::conformance::place::Files::new(), [$($law),+]);
        laws!(on_objects, crate::conformance::place::ObjectPlace::new(), [$($law),+]);
    };
}

both!(
    one_holder_at_a_time,
    records_are_read_back_in_order,
    concurrent_appends_are_all_kept,
    a_run_ends_with_the_state_it_led_to,
    a_stale_state_is_refused,
    an_open_run_is_not_passed_over,
    what_was_cut_off_is_dropped_and_the_run_goes_on,
    a_later_holder_sees_every_acknowledged_record,
    a_lost_lease_refuses_every_write,
    a_retired_stack_leaves_its_history,
    ten_states_are_kept,
    a_state_is_put_in_the_place_of_any_other,
    a_dead_holder_is_named_and_can_be_removed,
    stacks_are_apart,
    the_key_of_digests_stays,
    a_copy_is_the_present_state,
);
