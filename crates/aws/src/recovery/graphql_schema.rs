//! The schema of a GraphQL API, which goes with the API, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str) -> Wanted {
    wanted(include_str!("graphql_schema.yaml"), &[("Round", round)])
}

#[test]
fn a_schema_is_created() {
    explore(&scenario("schema, create", &[], &round("first")), 10);
}

#[test]
fn a_schema_is_changed() {
    let scenario = scenario("schema, update", &[&round("first")], &round("second"));
    explore(&scenario, 8);
    scenario.from.reach(&scenario.to, "second");
    let schemas = scenario.from.services.account().graphql_schemas;
    let [schema] = schemas.values().collect::<Vec<_>>()[..] else { panic!("{schemas:?}") };
    assert_eq!(schema["definition"], "type Query { second: Int }");
}

#[test]
fn a_schema_goes_with_its_api() {
    explore(&scenario("schema, destroy", &[&round("first")], &None), 6);
}
