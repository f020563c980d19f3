//! Secrets that a template refers to and that do not exist: found before anything is planned, and not
//! half-way through apply.

use std::collections::BTreeMap;

use rstack_apply::Engine;
use rstack_driver::DriverError;
use rstack_model::desired::Desired;
use rstack_model::value::{SecretReference, SecretsManagerReference};
use rstack_model::{Address, Span, Value};
use rstack_template::{ExpressionKind, Resource, Templates};

use crate::OpsError;

const SECRET: &str = "AWS::SecretsManager::Secret";

/// A reference of a resource to a secret that does not exist.
#[derive(Clone, Debug)]
pub struct MissingSecret {
    /// The resource.
    pub address: Address,
    /// The reference, as the template has it.
    pub reference: String,
    /// The answer of the cloud.
    pub error: DriverError,
    /// The property that holds the reference.
    pub at: Span,
}

/// The references of a template to secrets that do not exist, and that the stack does not make itself.
///
/// # Errors
/// If the cloud cannot be asked at all.
pub async fn missing_secrets(
    engine: &Engine,
    templates: Templates<'_>,
    desired: &Desired,
) -> Result<Vec<MissingSecret>, OpsError> {
    let own = OwnSecrets::of(desired);
    let mut asked: BTreeMap<String, (&SecretReference, Address, Span)> = BTreeMap::new();
    for (address, resource) in &desired.resources {
        let Some(declared) = templates.resource(address) else { continue };
        for (property, value) in &resource.properties {
            value.visit_secrets(&mut |reference| {
                if reference.has_unknown() || own.may_be(reference) {
                    return;
                }
                let at = place(declared, property);
                asked.entry(reference.to_string()).or_insert((reference, address.clone(), at));
            });
        }
    }
    let references = asked.values().map(|(reference, ..)| *reference);
    let missing = engine.missing_secrets(references).await.map_err(OpsError::Cloud)?;
    let found = missing.into_iter().filter_map(|(reference, error)| {
        let reference = reference.to_string();
        let (_, address, at) = asked.get(&reference)?;
        Some(MissingSecret { address: address.clone(), at: *at, reference, error })
    });
    Ok(found.collect())
}

/// The secrets that a stack makes: a reference to one of them resolves when it is made.
struct OwnSecrets<'a> {
    names: Vec<&'a str>,
    /// True if a name is known only after apply.
    open: bool,
}

impl<'a> OwnSecrets<'a> {
    fn of(desired: &'a Desired) -> Self {
        let mut own = Self { names: Vec::new(), open: false };
        let secrets = desired.resources.values();
        for secret in secrets.filter(|resource| resource.resource_type.as_str() == SECRET) {
            match secret.properties.get("Name") {
                Some(Value::String(name)) => own.names.push(name),
                Some(_) => own.open = true,
                None => {}
            }
        }
        own
    }

    fn may_be(&self, reference: &SecretReference) -> bool {
        let SecretReference::SecretsManager(body) = reference else { return false };
        let Some(body) = body.as_str() else { return false };
        let Ok(parsed) = SecretsManagerReference::parse(body) else { return false };
        let id = parsed.secret_id;
        let name = id.split_once(":secret:").map_or(id.as_str(), |(_, name)| name);
        // An ARN has a hyphen and six characters behind the name.
        let is_it = |own: &&str| {
            let rest = name.strip_prefix(*own);
            rest.is_some_and(|rest| rest.is_empty() || id.len() > name.len() && rest.len() == 7)
        };
        self.open || self.names.iter().any(is_it)
    }
}

/// The place of a property's value.
fn place(declared: &Resource, property: &str) -> Span {
    let entries = match declared.properties.as_ref().map(|properties| &properties.kind) {
        Some(ExpressionKind::Map(entries)) => entries.as_slice(),
        Some(_) | None => &[],
    };
    let found = entries.iter().find(|(name, _)| name.value == property);
    found.map_or(declared.name_span, |(_, value)| value.span)
}
