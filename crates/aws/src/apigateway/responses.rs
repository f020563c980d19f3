//! The responses of a method and of its integration: lists in templates, maps by status code in API
//! Gateway.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::calls::Gateway;
use super::form::{Form, only_declared};
use super::method::Key;
use super::patch::{Kind, Patch, Setting, Sides, TakenBack};
use crate::iam::Fields;

/// The property with the responses of the method.
pub(super) const RESPONSES: &str = "MethodResponses";
const MEMBER: &str = "methodResponses";

const STATUS: &str = "StatusCode";
const UPDATE: &str = "apigateway:UpdateMethodResponse";

/// The form of a method response.
pub(super) static OF_METHOD: Form = Form {
    type_name: "AWS::ApiGateway::Method",
    below: Some(RESPONSES),
    shape: "MethodResponse",
    apart: &[],
    settings: &[
        Setting::of("responseModels", Kind::Map),
        Setting::of("responseParameters", Kind::Map),
    ],
};

/// The form of an integration response, below the integration.
pub(super) static OF_INTEGRATION: Form = Form {
    type_name: "AWS::ApiGateway::Method",
    below: None,
    shape: "IntegrationResponse",
    apart: &[],
    settings: &[
        Setting::scalar("selectionPattern", ""),
        Setting::of("contentHandling", Kind::Scalar(TakenBack::ByNothing)),
        Setting::of("responseParameters", Kind::Map),
        Setting::of("responseTemplates", Kind::Map),
    ],
};

/// The responses that are declared in a list, by status code.
pub(super) fn declared<'a>(
    fields: Fields<'a>,
    list: &str,
) -> Result<Option<Vec<(String, &'a KnownMap)>>, DriverError> {
    if fields.value(list).is_none() {
        return Ok(None);
    }
    let status = |response: Fields<'a>| -> Result<_, DriverError> {
        Ok((response.required_identifying(STATUS)?, response.all()))
    };
    fields.trees(list)?.into_iter().map(status).collect::<Result<_, _>>().map(Some)
}

/// The responses of a description, by status code.
pub(super) fn described<'a>(
    of: &'a KnownMap,
    member: &str,
) -> impl Iterator<Item = (&'a str, &'a KnownMap)> {
    let responses = of.get(member).and_then(KnownValue::as_map).into_iter().flatten();
    responses.filter_map(|(status, response)| Some((status.as_str(), response.as_map()?)))
}

/// The response with a status code.
pub(super) fn with_status<'a>(
    responses: &[(String, &'a KnownMap)],
    status: &str,
) -> Option<&'a KnownMap> {
    responses.iter().find(|(known, _)| known == status).map(|(_, response)| *response)
}

/// The status codes of a description that are declared no longer, or never were while others are.
pub(super) fn gone<'a>(
    found: &'a KnownMap,
    member: &str,
    [wanted, was]: [Option<Vec<(String, &KnownMap)>>; 2],
) -> Vec<&'a str> {
    let goes = |status: &str| match &wanted {
        Some(wanted) => with_status(wanted, status).is_none(),
        None => was.as_ref().is_some_and(|was| with_status(was, status).is_some()),
    };
    described(found, member).map(|(status, _)| status).filter(|status| goes(status)).collect()
}

/// The responses of a description as the list of a template, in which those that are declared say only
/// what is declared of them.
pub(super) fn shown(
    found: &KnownMap,
    member: &str,
    form: &Form,
    declared: &[(String, &KnownMap)],
    show: impl Fn(&Form, &KnownMap, &KnownMap) -> Result<KnownMap, DriverError>,
) -> Result<KnownValue, DriverError> {
    let nothing = KnownMap::new();
    let one = |(status, response): (&str, &KnownMap)| -> Result<KnownValue, DriverError> {
        let given = with_status(declared, status);
        let mut shown = show(form, response, given.unwrap_or(&nothing))?;
        shown.insert(STATUS.to_owned(), status.into());
        if let Some(given) = given {
            only_declared(&mut shown, given);
        }
        Ok(KnownValue::Map(shown))
    };
    described(found, member).map(one).collect::<Result<_, _>>().map(KnownValue::List)
}

/// The responses of a method, as the property.
pub(super) fn of_method(found: &KnownMap, properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let given = declared(Fields::new(properties, UPDATE), RESPONSES).ok().flatten();
    let is_declared = given.is_some();
    let list = shown(found, MEMBER, &OF_METHOD, &given.unwrap_or_default(), Form::properties)?;
    let is_empty = list.as_list().is_some_and(<[_]>::is_empty);
    let shows = is_declared || !is_empty;
    Ok(shows.then(|| (RESPONSES.to_owned(), list)).into_iter().collect())
}

/// The members that name a response.
pub(super) fn named(key: &Key, status: &str) -> KnownMap {
    let mut input = key.input();
    input.insert("statusCode".to_owned(), status.into());
    input
}

/// Deletes the responses of a method that are declared no longer.
pub(super) async fn delete(
    gateway: &Gateway,
    key: &Key,
    found: &KnownMap,
    [fields, before]: [Fields<'_>; 2],
) -> Result<(), DriverError> {
    let both = [declared(fields, RESPONSES)?, declared(before, RESPONSES)?];
    for status in gone(found, MEMBER, both) {
        gateway.delete("DeleteMethodResponse", named(key, status)).await?;
    }
    Ok(())
}

/// Puts the responses that a method lacks, and changes those that say something else.
pub(super) async fn put(
    gateway: &Gateway,
    key: &Key,
    found: &KnownMap,
    [fields, before]: [Fields<'_>; 2],
) -> Result<(), DriverError> {
    let wanted = declared(fields, RESPONSES)?.unwrap_or_default();
    let was = declared(before, RESPONSES)?.unwrap_or_default();
    let nothing = KnownMap::new();
    for (status, response) in &wanted {
        let members = OF_METHOD.members(response, UPDATE)?;
        let there = described(found, MEMBER).find(|(known, _)| known == status);
        let Some((_, current)) = there else {
            let mut input = members;
            input.extend(named(key, status));
            gateway.call_once("PutMethodResponse", input).await?;
            continue;
        };
        let prior = OF_METHOD.members(with_status(&was, status).unwrap_or(&nothing), UPDATE)?;
        let sides = Sides { wanted: &members, prior: &prior, current };
        let patch = OF_METHOD.patch(sides, fields)?;
        if !patch.is_empty() {
            let input = patch.into_input(named(key, status));
            gateway.call("UpdateMethodResponse", input).await?;
        }
    }
    Ok(())
}

/// True if an integration response says all that the members say, and nothing that they do not.
pub(super) fn says(response: &KnownMap, members: &KnownMap) -> bool {
    let sides = Sides { wanted: members, prior: response, current: response };
    Patch::between(OF_INTEGRATION.settings, sides).is_ok_and(|patch| patch.is_empty())
}
