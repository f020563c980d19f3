//! Laws of every text that is taken for the manifest of a cloud assembly.

use rstack_template::{AssemblyStack, Manifest};

/// The longest message about a text, in bytes: none quotes the text.
const MAX_MESSAGE: usize = 100;

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    let manifest = match Manifest::parse(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() <= MAX_MESSAGE, "a message that is too long: {message}");
            return;
        }
    };
    let names = manifest.stacks.iter().map(|stack| (&stack.name, &stack.id));
    assert!(names.is_sorted(), "the stacks are not in the order of their names");
    // JSON means the same however it is spaced.
    let json: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|e| panic!("a manifest that is no JSON: {e}"));
    for spelled in [json.to_string(), format!("{json:#}")] {
        let again = Manifest::parse(&spelled);
        assert_eq!(again.as_ref(), Ok(&manifest), "spelled in another way: {spelled}");
    }
    manifest.stacks.iter().for_each(stands_in_the_text);
}

/// No name is made up: whatever a stack has, its manifest said.
fn stands_in_the_text(stack: &AssemblyStack) {
    let (account, region) = (&stack.environment.account, &stack.environment.region);
    let account = account.as_ref().map_or("unknown-account", |account| account.as_str());
    let region = region.as_ref().map_or("unknown-region", |region| region.as_str());
    let manifest = serde_json::json!({"artifacts": {&stack.id: {
        "type": "aws:cloudformation:stack",
        "displayName": stack.path,
        "environment": format!("aws://{account}/{region}"),
        "dependencies": stack.dependencies,
        "properties": {
            "stackName": stack.name,
            "templateFile": stack.template,
            "tags": stack.tags,
            "terminationProtection": stack.termination_protection,
            "notificationArns": stack.notification_arns,
        },
    }}});
    let read = Manifest::parse(&manifest.to_string()).map(|manifest| manifest.stacks);
    assert_eq!(read.as_deref(), Ok(std::slice::from_ref(stack)), "not read as it was written");
}
