//! A stack that nothing bad happens to.

use rstack_model::plan::{Action, ReplaceOrder};

use crate::bench::{Bench, Wanted, other_channel, run, streaming};

#[test]
fn a_stack_is_created_updated_replaced_and_destroyed() {
    run(async {
        let bench = Bench::new();
        let first = bench.reach(&streaming(&[]).into()).await.unwrap();
        assert_eq!(bench.existing().len(), 9);
        let url = &first.outputs["HlsUrl"].value;
        assert!(url.as_str().unwrap().starts_with("https://d"), "{url}");

        let updated = bench.reach(&streaming(&[("SegmentSeconds", "4")]).into()).await.unwrap();
        let ids = |state: &rstack_model::state::State| bench.known(Some(state));
        assert_eq!(ids(&first), ids(&updated), "an update keeps every object");

        // Another name: everything that bears it is replaced, new objects first.
        let renamed: Wanted = streaming(&[("StreamName", "two")]).into();
        let plan = bench.planned(&bench.engine(), &updated, &renamed).await;
        let replaced = plan.count(|action| action == Action::Replace(ReplaceOrder::CreateFirst));
        assert_eq!(replaced, 5);
        let replaced = bench.reach(&renamed).await.unwrap();
        assert_eq!(ids(&updated).intersection(&ids(&replaced)).count(), 4);

        bench.reach(&Wanted::Nothing).await;
        assert!(bench.existing().is_empty());
    });
}

#[test]
fn endpoints_that_keep_their_names_are_deleted_before_they_are_created() {
    run(async {
        let bench = Bench::new();
        let before = bench.reach(&streaming(&[]).into()).await.unwrap();
        let (desired, options) = other_channel();
        let wanted = Wanted::Stack(Box::new(desired), options);
        let plan = bench.planned(&bench.engine(), &before, &wanted).await;
        assert_eq!(plan.count(|a| a == Action::Replace(ReplaceOrder::DeleteFirst)), 4);
        assert_eq!(plan.count(|a| a == Action::Replace(ReplaceOrder::CreateFirst)), 1);
        let after = bench.reach(&wanted).await.unwrap();
        let channel = &after.resources["Channel"].physical_id;
        assert_eq!(channel.as_str(), "Live-two");
    });
}
