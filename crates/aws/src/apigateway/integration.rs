//! The integration of a method, and its responses.
//!
//! A setting is changed by a patch. Another type or role, an address of a mock, and a setting that no
//! operation takes back need a new integration: the call that puts one takes the place of the old one, which
//! loses its responses. They are put again afterwards.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::calls::Gateway;
use super::form::Form;
use super::method::Key;
use super::patch::{Kind, Patch, Removable, Setting, Sides, TakenBack, same};
use super::responses::{OF_INTEGRATION, declared, described, gone, named, says, shown as list_of};
use crate::iam::Fields;

/// The property with the integration.
pub(super) const INTEGRATION: &str = "Integration";
const MEMBER: &str = "methodIntegration";
const RESPONSES: [&str; 2] = ["IntegrationResponses", "integrationResponses"];
const PUT: &str = "apigateway:PutIntegration";

/// The form of the integration itself, and the defaults that the service fills in. The namespace of the
/// cache is by default the ID of the resource.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateIntegration`, and `PutIntegration`:
/// `connectionType`, `passthroughBehavior`, `timeoutInMillis`; API Gateway developer guide, response
/// streaming, `responseTransferMode`; terraform-provider-aws, `internal/service/apigateway/integration.go`, its
/// update: the empty value beside a parameter.
pub(super) static FORM: Form = Form {
    type_name: "AWS::ApiGateway::Method",
    below: Some(INTEGRATION),
    shape: "Integration",
    apart: &[RESPONSES[0]],
    settings: &[
        Setting::of("type", Kind::Fixed),
        Setting::lasting("httpMethod"),
        Setting::lasting("uri"),
        Setting::of("credentials", Kind::Fixed),
        Setting::of("requestTemplates", Kind::Map),
        Setting::of("requestParameters", Kind::Map),
        Setting::of("cacheKeyParameters", Kind::ItemsInPath(Some(""))),
        Setting::lasting("cacheNamespace"),
        Setting::lasting("contentHandling"),
        Setting::lasting("connectionId"),
        Setting::lasting("integrationTarget"),
        Setting::of("connectionType", Kind::Scalar(TakenBack::By("INTERNET"))),
        Setting::of("passthroughBehavior", Kind::Scalar(TakenBack::By("WHEN_NO_MATCH"))),
        Setting::of("responseTransferMode", Kind::Scalar(TakenBack::By("BUFFERED"))),
        Setting::of("timeoutInMillis", Kind::Scalar(TakenBack::By("29000"))),
        Setting::of(
            "tlsConfig",
            Kind::Tree(&[Setting::scalar("insecureSkipVerification", "false")], Removable::No),
        ),
    ],
};

/// The paths that no operation changes where the integration is a mock.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateIntegration`.
const NOT_OF_MOCKS: [&str; 2] = ["/httpMethod", "/uri"];

fn integration_of(method: &KnownMap) -> Option<&KnownMap> {
    method.get(MEMBER).and_then(KnownValue::as_map)
}

/// The integration of a description, as the property.
pub(super) fn shown(method: &KnownMap, properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let Some(found) = integration_of(method) else { return Ok(KnownMap::new()) };
    let fields = Fields::new(properties, PUT);
    let given = fields.tree(INTEGRATION).ok().flatten();
    let nothing = KnownMap::new();
    let declared_tree = given.map_or(&nothing, |given| given.all());
    let mut tree = FORM.properties(found, declared_tree)?;
    let responses = given.and_then(|given| declared(given, RESPONSES[0]).ok().flatten());
    let is_declared = responses.is_some();
    let responses = responses.unwrap_or_default();
    let list = list_of(found, RESPONSES[1], &OF_INTEGRATION, &responses, response)?;
    if is_declared || list.as_list().is_some_and(|list| !list.is_empty()) {
        tree.insert(RESPONSES[0].to_owned(), list);
    }
    Ok(KnownMap::from([(INTEGRATION.to_owned(), tree.into())]))
}

/// An integration response in the vocabulary of the template, whose names differ in case alone.
fn response(form: &Form, found: &KnownMap, given: &KnownMap) -> Result<KnownMap, DriverError> {
    const NAMES: [[&str; 2]; 4] = [
        ["ContentHandling", "contentHandling"],
        ["ResponseParameters", "responseParameters"],
        ["ResponseTemplates", "responseTemplates"],
        ["SelectionPattern", "selectionPattern"],
    ];
    let mut found = found.clone();
    let wanted = form.members(given, PUT).unwrap_or_default();
    super::patch::complete(form.settings, &mut found, &wanted);
    let shown = NAMES.into_iter().filter_map(|[property, member]| {
        let value = found.get(member).filter(|value| **value != KnownValue::Null)?;
        Some((property.to_owned(), value.clone()))
    });
    Ok(shown.collect())
}

/// The integration of one method, as it is declared now and was before.
pub(super) struct Parts<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) key: &'a Key,
    pub(super) both: [Fields<'a>; 2],
}

impl<'a> Parts<'a> {
    fn trees(&self) -> Result<[Option<Fields<'a>>; 2], DriverError> {
        let [fields, before] = self.both;
        Ok([fields.tree(INTEGRATION)?, before.tree(INTEGRATION)?])
    }

    /// Deletes what is declared no longer: the integration, or responses of it.
    pub(super) async fn take_back(&self, method: &KnownMap) -> Result<(), DriverError> {
        let Some(found) = integration_of(method) else { return Ok(()) };
        let [wanted, was] = self.trees()?;
        let Some(wanted) = wanted else {
            if was.is_some() {
                self.gateway.delete("DeleteIntegration", self.key.input()).await?;
            }
            return Ok(());
        };
        let was = was.map(|was| declared(was, RESPONSES[0])).transpose()?.flatten();
        for status in gone(found, RESPONSES[1], [declared(wanted, RESPONSES[0])?, was]) {
            let input = named(self.key, status);
            self.gateway.delete("DeleteIntegrationResponse", input).await?;
        }
        Ok(())
    }

    /// Puts or changes the integration, and then its responses.
    pub(super) async fn put(&self, method: &KnownMap) -> Result<(), DriverError> {
        let [Some(wanted), was] = self.trees()? else { return Ok(()) };
        let members = FORM.members(wanted.all(), PUT)?;
        let nothing = KnownMap::new();
        let prior = FORM.members(was.map_or(&nothing, |was| was.all()), PUT)?;
        let mut responses = integration_of(method).cloned().unwrap_or_default();
        let whole = match integration_of(method) {
            None => Some(members.clone()),
            Some(found) => {
                let sides = Sides { wanted: &members, prior: &prior, current: found };
                let is_mock = members.get("type").is_some_and(|it| same(it, &"MOCK".into()));
                let patch = Patch::between(FORM.settings, sides).ok();
                match patch.filter(|patch| !(is_mock && patch.changes(&NOT_OF_MOCKS))) {
                    Some(patch) => {
                        if !patch.is_empty() {
                            let input = patch.into_input(self.key.input());
                            self.gateway.call("UpdateIntegration", input).await?;
                        }
                        None
                    }
                    None => Some(kept_beside(&members, &prior, found)),
                }
            }
        };
        if let Some(whole) = whole {
            responses = self.gateway.call("PutIntegration", self.as_input(whole)).await?;
        }
        for (status, response) in declared(wanted, RESPONSES[0])?.unwrap_or_default() {
            let members = OF_INTEGRATION.members(response, PUT)?;
            let there = described(&responses, RESPONSES[1]).find(|(known, _)| *known == status);
            if there.is_none_or(|(_, there)| !says(there, &members)) {
                let mut input = members;
                input.extend(named(self.key, &status));
                self.gateway.call("PutIntegrationResponse", input).await?;
            }
        }
        Ok(())
    }

    /// The input of the call that puts an integration.
    fn as_input(&self, mut members: KnownMap) -> KnownMap {
        let method = members.remove("httpMethod");
        members.extend(method.map(|method| ("integrationHttpMethod".to_owned(), method)));
        members.extend(self.key.input());
        members
    }
}

/// The members of a new integration, which keeps what was never declared of the old one of its type.
fn kept_beside(wanted: &KnownMap, prior: &KnownMap, found: &KnownMap) -> KnownMap {
    let mut out = wanted.clone();
    if wanted.get("type") == found.get("type") {
        for Setting { member, .. } in FORM.settings {
            let kept = found.get(*member).filter(|value| **value != KnownValue::Null);
            if let (Some(kept), false) = (kept, prior.contains_key(*member)) {
                out.entry((*member).to_owned()).or_insert_with(|| kept.clone());
            }
        }
    }
    out
}
