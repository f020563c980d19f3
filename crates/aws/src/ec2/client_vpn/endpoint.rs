//! `AWS::EC2::ClientVpnEndpoint`.
//!
//! Its tags are declared in a specification, as the operation takes them, and a change of them replaces it. No
//! filter of the describing operation knows tags: an endpoint is looked for among all of them.

use async_trait::async_trait;
use rstack_driver::{DriverError, UnsupportedProperty};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::changes;
use crate::ec2::calls::Ec2;
use crate::ec2::tagged::{Change, Facts, Kind, States, without};
use crate::iam::{Fields, Tags, arguments, declared_tags, tag_list, text_in, visible_tags};
use crate::mapping::{Rules, ShapeRules};

const CREATE: &str = "CreateClientVpnEndpoint";
const ACTION: &str = "ec2:CreateClientVpnEndpoint";
const TAGGED_AS: &str = "client-vpn-endpoint";
const SPECIFICATIONS: &str = "TagSpecifications";

/// Endpoints of Client VPN.
pub(in crate::ec2) struct ClientVpnEndpoint;

/// Source: botocore, model of `ec2`: CertificateAuthenticationRequest and CertificateAuthentication.
pub(super) static RULES: Rules = Rules(&[ShapeRules {
    renames: &[("ClientRootCertificateChainArn", "ClientRootCertificateChain")],
    ..ShapeRules::of("CertificateAuthentication")
}]);

/// Source: botocore, model of `ec2`, CreateClientVpnEndpointRequest, has no such member.
const UNSUPPORTED: [UnsupportedProperty; 1] = [UnsupportedProperty {
    property: "AuthorizationPolicy",
    instead: "leave it out: the API that rstack calls has no authorization policy of an endpoint; \
              `AWS::EC2::ClientVpnAuthorizationRule` grants access to networks",
}];

/// The members of a description in the form in which operations take them.
pub(super) fn as_taken(members: &KnownMap) -> KnownMap {
    let mut taken = members.clone();
    let has_portal = text_in(members, "SelfServicePortalUrl").is_some_and(|url| !url.is_empty());
    let portal = if has_portal { "enabled" } else { "disabled" };
    taken.insert("SelfServicePortal".to_owned(), portal.into());
    if let Some(KnownValue::Map(options)) = taken.get_mut("DevicePostureOptions") {
        let providers = options.get("TrustProviders").and_then(KnownValue::as_list);
        let enabled = providers.is_some_and(|providers| !providers.is_empty());
        options.insert("Enabled".to_owned(), enabled.into());
    }
    taken
}

/// The tags of the declared specifications.
fn specified(properties: &KnownMap) -> Result<Tags, DriverError> {
    let mut tags = Tags::new();
    for specification in Fields::new(properties, ACTION).trees(SPECIFICATIONS)? {
        if specification.required_name("ResourceType")? != TAGGED_AS {
            let problem = format!("has to be `{TAGGED_AS}`");
            return Err(specification.invalid("ResourceType", problem));
        }
        tags.extend(declared_tags(specification)?);
    }
    Ok(tags)
}

#[async_trait]
impl Kind for ClientVpnEndpoint {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::ClientVpnEndpoint",
        noun: "Client VPN endpoint",
        tagged_as: TAGGED_AS,
        create: CREATE,
        answer: None,
        token: Some("ClientToken"),
        describe: "DescribeClientVpnEndpoints",
        items: "ClientVpnEndpoints",
        shape: "ClientVpnEndpoint",
        ids: "ClientVpnEndpointIds",
        filters: "Filters",
        id: "ClientVpnEndpointId",
        delete: "DeleteClientVpnEndpoint",
        // Source: botocore, model of `ec2`, ClientVpnEndpointStatusCode.
        states: States {
            passing: &["pending"],
            failed: &[],
            deleting: &["deleting"],
            gone: &["deleted"],
        },
        rules: &RULES,
    };

    const FILTERS_TAGS: bool = false;

    fn unsupported() -> &'static [UnsupportedProperty] {
        &UNSUPPORTED
    }

    fn tags(properties: &KnownMap) -> Result<Tags, DriverError> {
        specified(properties)
    }

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let given = without(properties, &[SPECIFICATIONS]);
        Ok((CREATE, ec2.members(CREATE, &given, &Rules::NONE)?))
    }

    async fn complete(
        _: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        let taken = as_taken(members);
        for name in ["SelfServicePortal", "DevicePostureOptions"] {
            properties.extend(taken.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        properties.remove("Tags");
        let tags = visible_tags(members.get("Tags"));
        let given = declared.get(SPECIFICATIONS);
        let shown = match given {
            Some(given) if specified(declared).is_ok_and(|wanted| wanted == tags) => {
                Some(given.clone())
            }
            None if tags.is_empty() => None,
            Some(_) | None => {
                let one = [("ResourceType", TAGGED_AS.into()), ("Tags", tag_list(&tags))];
                Some(KnownValue::List(vec![arguments(one).into()]))
            }
        };
        properties.extend(shown.map(|shown| (SPECIFICATIONS.to_owned(), shown)));
        Ok(())
    }

    async fn attributes(
        _: &Ec2,
        _: &KnownMap,
        identifier: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        Ok(arguments([("Id", identifier.only().into())]))
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        // A new endpoint was given everything.
        if change.prior.is_empty() {
            return Ok(());
        }
        changes::set(ec2, change).await
    }
}
