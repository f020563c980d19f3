//! The template of a nested stack that is at an address: who wants it, and its way here.
//!
//! Only commands that speak with a cloud fetch one, each address once for all stacks of a run. An address may be
//! signed and is never shown whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{AccountId, AddressError, Code, Diagnostic, TemplateAddress, shown_address};
use rstack_ops::Operations;
use rstack_template::WantedFile;

use crate::args::Global;
use crate::error::cloud_hint;

/// The largest template that is fetched, in bytes.
///
/// Source: "CloudFormation quotas", AWS CloudFormation User Guide: 1 MB for a template in S3.
pub(crate) const LARGEST: u64 = 1 << 20;

/// A template that is to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct RemoteTemplate {
    /// The nested stack, and the place that names the address.
    pub(crate) file: WantedFile,
    address: TemplateAddress,
}

impl RemoteTemplate {
    /// The template that a nested stack names by its address.
    ///
    /// # Errors
    /// The finding, if no template is read from such an address.
    pub(crate) fn of(file: &WantedFile) -> Result<Self, Diagnostic> {
        match TemplateAddress::parse(&file.location) {
            Ok(address) => Ok(Self { file: file.clone(), address }),
            Err(error) => {
                let shown = shown_address(&file.location);
                let message = format!("the template of `{}`, `{shown}`: {error}", file.stack);
                let finding = Diagnostic::error(Code::NestedStack, message).at(file.at, "");
                Err(finding.help(way_out(error, &file.location)))
            }
        }
    }

    /// The address, without what is signed.
    pub(crate) fn shown(&self) -> String {
        shown_address(&self.file.location).into_owned()
    }

    /// The finding about a template that cannot be had.
    pub(crate) fn finding(&self, problem: &str) -> Diagnostic {
        let message =
            format!("the template of `{}`, `{}`: {problem}", self.file.stack, self.shown());
        Diagnostic::error(Code::NestedStack, message).at(self.file.at, "")
    }

    /// The finding about a template that the cloud does not give.
    pub(crate) fn not_given(&self, error: &DriverError, global: &Global) -> Diagnostic {
        let finding = self.finding(&error.to_string());
        if global.sandbox && error.kind == ErrorKind::NotFound {
            let line = global.line(&["sandbox", "put-template", &self.shown(), "FILE"]);
            return finding.help(format!("`{line}` puts a file there"));
        }
        match cloud_hint(error) {
            Some(hint) => finding.help(hint),
            None => finding.help("check the address, or take the template into the project"),
        }
    }

    /// The warning about an address that CloudFormation does not take.
    pub(crate) fn beyond_cloudformation(&self) -> Option<Diagnostic> {
        match &self.address {
            TemplateAddress::Web(web) if !web.is_of_s3() => {
                let message = format!(
                    "CloudFormation takes templates from S3 only, and that of `{}` is at `{}`",
                    self.file.stack, web.host
                );
                let warning = Diagnostic::warning(Code::CloudFormationLimit, message);
                Some(
                    warning
                        .at(self.file.at, "")
                        .help("put it into a bucket to deploy it there, too"),
                )
            }
            TemplateAddress::Web(_) | TemplateAddress::S3(_) => None,
        }
    }
}

/// The way out for an address from which no template is read.
fn way_out(error: AddressError, location: &str) -> String {
    let of_s3 = location.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    match (error, of_s3) {
        (AddressError::S3Scheme, Some((bucket, key))) => {
            let address = format!("https://{bucket}.s3.amazonaws.com/{key}");
            format!("write `{}`", shown_address(&address))
        }
        (AddressError::S3Scheme, None)
        | (AddressError::Scheme, _)
        | (AddressError::Document, _)
        | (AddressError::User, _)
        | (AddressError::Host, _)
        | (AddressError::Form, _)
        | (AddressError::NoObject, _)
        | (AddressError::Query, _) => {
            "name an object in S3 (`https://BUCKET.s3.REGION.amazonaws.com/KEY`), or a file beside the \
             template (`TemplateURL: nested.yaml`)"
                .to_owned()
        }
    }
}

/// The bytes of templates, by the account of the caller and the address.
type ByAddress = BTreeMap<(AccountId, TemplateAddress), Arc<[u8]>>;

/// The templates that a command has fetched so far.
#[derive(Clone, Default)]
pub(crate) struct FetchedTemplates(Arc<Mutex<ByAddress>>);

impl FetchedTemplates {
    /// The bytes of a template: what was fetched first, however often it is asked for.
    ///
    /// # Errors
    /// If the cloud does not give it.
    pub(crate) async fn get(
        &self,
        ops: &Operations,
        template: &RemoteTemplate,
    ) -> Result<Arc<[u8]>, DriverError> {
        let key = (ops.environment.account.clone(), template.address.clone());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let bytes: Arc<[u8]> = ops.engine.template(&template.address, LARGEST).await?.into();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(all.entry(key).or_insert(bytes)))
    }
}
