//! The secrets of a simulation, to be searched for.

use std::sync::Arc;

use rstack_driver::Cloud;
use rstack_model::ResourceType;
use rstack_model::value::SecretsManagerReference;

use crate::clock::{Ended, VirtualClock};
use crate::crash_injector::CrashInjector;
use crate::simulation::Simulation;

/// The texts of all secrets in the cloud; of those that are JSON objects, their longer fields. The signature of a
/// URL is one, too.
pub(crate) fn texts(simulation: &Simulation) -> Vec<String> {
    let secret = ResourceType::from("AWS::SecretsManager::Secret");
    let objects = simulation.sandbox.list().unwrap_or_default();
    let arns = objects.into_iter().filter(|(key, _)| key.resource_type == secret).map(|(_, id)| id);
    let mut texts = vec![crate::signals::SIGNATURE.to_owned()];
    for arn in arns {
        let Ok(reference) = SecretsManagerReference::parse(arn.as_str()) else { continue };
        let injector = CrashInjector::new(Arc::clone(&simulation.image), None);
        let asked = simulation.sandbox.secrets().resolve(&reference);
        let Ended::Done(Ok((text, _))) = VirtualClock::default().run(&injector, asked) else {
            continue;
        };
        let text = text.expose().to_owned();
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(serde_json::Value::Object(fields)) => {
                let fields = fields.into_iter().filter_map(|(_, v)| v.as_str().map(str::to_owned));
                texts.extend(fields.filter(|field| field.len() >= 16));
            }
            Ok(_) | Err(_) => texts.push(text),
        }
    }
    texts
}
