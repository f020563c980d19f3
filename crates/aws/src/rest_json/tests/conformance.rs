//! Every type that is data goes through the conformance suite, over a fake that follows its file.

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::conformance::{Sample, check};
use rstack_model::{Identifier, KnownMap, PropertyPath, Region, StackName, Token, UpdateKind};

use super::TOKEN;
use crate::AwsCloud;
use crate::definition::{TypeDefinition, braced};
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::{Account, FakeServices, REGION};

/// An object with every property that a template can give.
fn sample(kind: &TypeDefinition, schema: &TypeSchema, seed: u64) -> Sample {
    let attributes = kind.file.attributes.iter().map(|attribute| attribute.name.as_str());
    let attributes = attributes.filter(|name| !schema.takes(&PropertyPath::root().name(*name)));
    let omitted = kind.rules.0.iter().flat_map(|rules| rules.omitted).copied();
    let unsupported = kind.unsupported.iter().map(|row| row.property);
    let without: Vec<&str> = attributes.chain(omitted).chain(unsupported).collect();
    let tree = |seed| {
        let mut generator =
            Generator { schema, fullness: Fullness::Everything, seed, without: &without };
        generator.map(schema.root(), 0)
    };
    let create: KnownMap = tree(seed);
    let mut change = create.clone();
    for (name, value) in tree(seed + 2) {
        let kind = schema.update_kind(&PropertyPath::root().name(&name));
        if kind == UpdateKind::InPlace {
            change.insert(name, value);
        }
    }
    let hidden = |name: &&String| {
        schema.write_only().iter().any(|path| path.segments().first() == Some(*name))
    };
    let unread = create.keys().filter(hidden).cloned().collect();
    Sample {
        resource_type: schema.name().into(),
        stack: StackName::parse("Live").unwrap(),
        change: (change != create).then_some(change),
        create,
        unread,
        token: Token::new(TOKEN),
        missing: missing(kind),
    }
}

/// The identifier of an object that does not exist.
fn missing(kind: &TypeDefinition) -> Identifier {
    const NOTHING: &str = "nothing-of-this-name";
    let names = &kind.file.identifier;
    match &names.arn {
        Some(form) => {
            let steps = form.split('/').map(|step| braced(step).map_or(step, |_| NOTHING));
            let resource = steps.collect::<Vec<_>>().join("/");
            Identifier::from(format!("arn:aws:x:{REGION}:111122223333:{resource}"))
        }
        None => Identifier::new(names.names().map(|_| NOTHING.to_owned())),
    }
}

#[tokio::test]
async fn every_type_that_is_data_passes_the_conformance_suite() {
    let (mut types, mut changed) = (0, 0);
    for name in TypeDefinition::names() {
        let kind = TypeDefinition::of(&name.into()).unwrap().unwrap();
        let schema = Registry::embedded().get(name).unwrap().unwrap();
        for seed in [1, 0x9E37_79B9_7F4A_7C15] {
            let services = FakeServices::with(Account::by_definition());
            let cloud = AwsCloud::over(services.config(), Region::new(REGION));
            let sample = sample(kind, &schema, seed);
            if let Err(broken) = check(&cloud, &sample).await {
                panic!("{name}: {broken:?} with {:?} and {:?}", sample.create, sample.change);
            }
            assert!(services.account().inventory().is_empty(), "{name}");
            changed += usize::from(sample.change.is_some());
        }
        types += 1;
    }
    assert!(types >= 2 && changed >= 2, "{types} types, {changed} changes");
}
