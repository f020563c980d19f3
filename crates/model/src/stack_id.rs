//! The ARN of a stack (`AWS::StackId`) and the names of nested stacks, as CloudFormation forms them. Both
//! follow from where the stack lives and from what it is called, so that they are the same in every run.

use crate::digest::Digest;
use crate::id::{Address, StackName};
use crate::state::Environment;

/// The characters of the longest name of a nested stack.
const MAX_NAME: usize = 128;

/// The ARN of a stack.
pub fn stack_id(environment: &Environment, stack: &StackName) -> String {
    let (account, region) = (&environment.account, &environment.region);
    let digest = Digest::of(format!("{account}/{region}/{stack}").as_bytes());
    let part = |from: usize, to: usize| digest.as_str().get(from..to).unwrap_or_default();
    let unique = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    let partition = &environment.partition;
    format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/{unique}")
}

/// The name of a nested stack: of its parent's name, its logical ID, and twelve characters that follow
/// from both.
pub fn nested_stack_name(parent: &StackName, logical_id: &str) -> StackName {
    let unique = Digest::of(format!("{parent}/{logical_id}").as_bytes());
    let unique = unique.as_str().get(..12).unwrap_or_default().to_ascii_uppercase();
    let room = MAX_NAME.saturating_sub(unique.len() + 1);
    let readable: String = format!("{parent}-{logical_id}").chars().take(room).collect();
    StackName::parse(&format!("{readable}-{unique}")).unwrap_or_else(|_| parent.clone())
}

/// The name of the stack whose template declares a resource: `stack` itself, or the innermost nested
/// stack on the resource's path.
pub fn declaring_stack(stack: &StackName, address: &Address) -> StackName {
    let mut nested: Vec<&str> = address.segments().collect();
    nested.pop();
    nested.into_iter().fold(stack.clone(), |parent, id| nested_stack_name(&parent, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, Partition, Region};

    #[test]
    fn a_stack_has_one_arn_and_a_resource_that_of_the_stack_that_declares_it() {
        let environment = Environment {
            account: AccountId::from("111122223333"),
            partition: Partition::from("aws"),
            region: Region::from("eu-west-1"),
            sandbox: false,
        };
        let stack = StackName::parse("Live").unwrap();
        let arn = stack_id(&environment, &stack);
        assert!(arn.starts_with("arn:aws:cloudformation:eu-west-1:111122223333:stack/Live/"));
        assert_eq!(arn, stack_id(&environment, &stack));
        let of = |address: &str| declaring_stack(&stack, &Address::from(address)).to_string();
        assert_eq!(of("A"), "Live");
        let nested = nested_stack_name(&stack, "Site");
        assert_eq!(of("Site/A"), nested.as_str());
        assert_eq!(of("Site/Inner/A"), nested_stack_name(&nested, "Inner").as_str());
        assert!(nested.as_str().starts_with("Live-Site-"));
    }

    #[test]
    fn the_name_of_a_nested_stack_is_a_stack_name() {
        let parent = StackName::parse(&"a".repeat(128)).unwrap();
        assert_eq!(nested_stack_name(&parent, "B").as_str().len(), 128);
    }
}
