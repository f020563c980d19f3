//! States that objects must be in so that their service changes or deletes them.

/// The state of an object in which alone its service changes and deletes it, such as `IDLE`, with the way
/// to get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredState {
    /// The service's name of the state.
    pub state: &'static str,
    /// The way there, in the imperative.
    pub remedy: &'static str,
}

/// The types and their states.
///
/// Source: "Editing a channel" and "Deleting a channel", AWS Elemental MediaLive User Guide.
const STATES: [(&str, RequiredState); 1] = [(
    "AWS::MediaLive::Channel",
    RequiredState { state: "IDLE", remedy: "stop the channel first if it runs" },
)];

/// The state that objects of a type must be in to be changed or deleted; `None` if any will do.
pub fn required_state(resource_type: &str) -> Option<RequiredState> {
    STATES.iter().find(|(name, _)| *name == resource_type).map(|(_, state)| *state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn every_type_is_in_the_registry() {
        for (name, _) in STATES {
            assert!(Registry::embedded().contains(name), "{name}");
            assert!(required_state(name).is_some());
        }
        assert_eq!(required_state("AWS::MediaLive::Input"), None);
    }
}
