//! `AWS::ElasticLoadBalancingV2::ListenerCertificate`: certificates in the list of a listener.
//!
//! The default certificate of a listener is not in its list, unless it was added to it, too.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::kind::{Facts, Kind, Members};
use crate::api::Api;
use crate::iam::{Fields, arguments, text_in};

const ADD: &str = "elasticloadbalancing:AddListenerCertificates";
const LISTENER: &str = "ListenerArn";
const CERTIFICATES: &str = "Certificates";
const ARN: &str = "CertificateArn";
/// The most pages that are read of a list: a listener has a few hundred certificates at most.
const MOST_PAGES: usize = 100;

/// Certificates of listeners.
pub(crate) struct ListenerCertificates(pub(crate) Arc<dyn Api>);

/// The list of certificates of these ARNs.
fn certificates(arns: &[&str]) -> KnownValue {
    let certificate = |arn: &&str| KnownValue::Map(arguments([(ARN, (*arn).into())]));
    KnownValue::List(arns.iter().map(certificate).collect())
}

/// The input of an operation on certificates of a listener.
fn input(set: &KnownMap, arns: &[&str]) -> KnownMap {
    let mut input = set.clone();
    input.insert(CERTIFICATES.to_owned(), certificates(arns));
    input
}

#[async_trait]
impl Kind for ListenerCertificates {
    const FACTS: Facts =
        Facts { action: ADD, noun: "listener", member: "certificate", batch: usize::MAX };

    fn declared(&self, properties: &KnownMap) -> Result<Members, DriverError> {
        let fields = Fields::new(properties, ADD);
        let listener = fields.required_name(LISTENER)?;
        let arn = |fields: Fields<'_>| fields.required_name(ARN);
        let arns = fields.trees(CERTIFICATES)?.into_iter().map(arn);
        let arns = arns.collect::<Result<Vec<_>, _>>()?;
        if arns.is_empty() {
            return Err(fields.invalid(CERTIFICATES, "is empty"));
        }
        let set = arguments([(LISTENER, listener.as_str().into())]);
        Ok(Members::new(set, listener, arns))
    }

    fn shown(&self, set: &KnownMap, members: &[&str]) -> KnownMap {
        input(set, members)
    }

    async fn held(&self, of: &Members) -> Result<Option<BTreeSet<String>>, DriverError> {
        let operation = "DescribeListenerCertificates";
        let (mut input, mut arns) = (of.set.clone(), BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let Some(answer) = self.0.call_if_exists(operation, input.clone()).await? else {
                return Ok(None);
            };
            let listed = answer.get(CERTIFICATES).and_then(KnownValue::as_list).unwrap_or_default();
            let listed = listed.iter().filter_map(KnownValue::as_map);
            let listed = listed.filter(|it| it.get("IsDefault") != Some(&KnownValue::Bool(true)));
            arns.extend(listed.filter_map(|it| text_in(it, ARN)).map(str::to_owned));
            let next = text_in(&answer, "NextMarker").filter(|next| !next.is_empty());
            let Some(next) = next else { return Ok(Some(arns)) };
            input.insert("Marker".to_owned(), next.into());
        }
        let message = "the list of certificates has no end";
        let action = "elasticloadbalancing:DescribeListenerCertificates";
        Err(DriverError::new(ErrorKind::Unsupported, action, message))
    }

    async fn add(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError> {
        let added = self.0.call("AddListenerCertificates", input(set, members)).await;
        added.map(drop).map_err(|error| match error.kind {
            // The listener or a certificate may have been made a moment ago.
            ErrorKind::NotFound => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
            _ => error,
        })
    }

    async fn remove(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError> {
        let removed =
            self.0.call_if_exists("RemoveListenerCertificates", input(set, members)).await;
        removed.map(drop)
    }
}
