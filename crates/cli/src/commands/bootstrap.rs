//! `rstack bootstrap`: makes the bucket that the assets of CDK apps are uploaded to, and the parameter
//! that their templates look for. It makes no stack and no role.

use clap::Args;
use rstack_driver::{BucketAccess, DEFAULT_QUALIFIER, DriverError, ErrorKind};
use rstack_model::state::Environment;
use rstack_model::{AccountId, ErrorCode, Region};
use rstack_render::escape;
use rstack_template::StackEnvironment;
use serde_json::json;

use crate::context::Context;
use crate::error::{CommandError, cloud_hint};
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::no_terminal;

/// The version of the bootstrap stack whose bucket this one is like: what templates compare with.
///
/// Source: "Bootstrap template versions", AWS CDK v2 Developer Guide.
const VERSION: &str = "30";

/// The longest qualifier. Source: "Customize CDK bootstrapping", AWS CDK v2 Developer Guide.
const LONGEST_QUALIFIER: usize = 10;

/// The arguments of `rstack bootstrap`.
#[derive(Args, Debug)]
pub(crate) struct BootstrapArgs {
    /// The account and Region, such as `aws://123456789012/eu-west-1`. Defaults to those of the caller.
    #[arg(value_name = "ENVIRONMENT", value_parser = environment)]
    environment: Option<Place>,
    /// The qualifier in the names of the bucket and the parameter, as the app's synthesizer has it.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_QUALIFIER, value_parser = qualifier)]
    qualifier: String,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// An account and a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    account: AccountId,
    region: Region,
}

/// `aws://ACCOUNT/REGION`.
fn environment(text: &str) -> Result<Place, String> {
    let place = || {
        let (account, region) = text.strip_prefix("aws://")?.split_once('/')?;
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let is_region = !region.is_empty()
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let place = Place { account: AccountId::from(account), region: Region::from(region) };
        (is_account && is_region).then_some(place)
    };
    place().ok_or_else(|| "give `aws://ACCOUNT/REGION`".to_owned())
}

/// A qualifier: letters and digits.
fn qualifier(text: &str) -> Result<String, String> {
    let is_word = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match is_word && (1..=LONGEST_QUALIFIER).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err("a qualifier has 1 to 10 lower-case letters and digits".to_owned()),
    }
}

/// A call that failed.
fn failed(error: DriverError) -> CommandError {
    CommandError::new(error.error_code(), error.to_string()).with_hint(cloud_hint(&error))
}

/// The bucket's name belongs to another account.
#[derive(Debug, thiserror::Error)]
#[error(
    "the bucket `{bucket}` belongs to another account than {account}, or may not be used: {error}"
)]
struct NotOurs {
    bucket: String,
    account: AccountId,
    error: DriverError,
}

impl From<NotOurs> for CommandError {
    fn from(error: NotOurs) -> Self {
        let hint = "take another qualifier with `--qualifier`, in the app's synthesizer, too";
        Self::of(ErrorCode::AccessDenied, &error).with_hint(Some(hint))
    }
}

/// Makes the bucket and the parameter, as far as they are not there.
pub(crate) async fn run(context: &Context, args: &BootstrapArgs) -> Result<Exit, CommandError> {
    let Context { terminal, .. } = context;
    let place = args.environment.clone();
    let place = place.map(|Place { account, region }| StackEnvironment {
        account: Some(account),
        region: Some(region),
    });
    let display = Display::silent(terminal.clone());
    let session = Session::open(context, &place.unwrap_or_default(), display).await?;
    let (cloud, here) = (&session.ops.engine.cloud, &session.ops.environment);
    let Environment { account, region, .. } = here;
    let qualifier = &args.qualifier;
    let bucket = format!("cdk-{qualifier}-assets-{account}-{region}");
    let parameter = format!("/cdk-bootstrap/{qualifier}/version");
    let access = BucketAccess {
        region: region.clone(),
        bucket: bucket.clone(),
        owner: account.clone(),
        role: None,
    };
    let open = cloud.bucket(&access).await.map_err(failed)?;
    let is_there = open.store.exists().await.map_err(|error| match error.kind {
        ErrorKind::AccessDenied { .. } => {
            NotOurs { bucket: bucket.clone(), account: account.clone(), error }.into()
        }
        _ => failed(error),
    })?;
    if !args.yes {
        if !terminal.interactive || terminal.json {
            return Err(no_terminal());
        }
        let question = match is_there {
            true => format!("Set up the bucket `{bucket}` and the parameter `{parameter}`?"),
            false => format!("Create the bucket `{bucket}` and the parameter `{parameter}`?"),
        };
        if !terminal.confirm(&question).await? {
            terminal.note("Nothing was changed.");
            return Ok(Exit::Error);
        }
    }
    open.store.make().await.map_err(failed)?;
    let made = cloud.make_parameter(&parameter, VERSION).await.map_err(failed)?;
    if terminal.json {
        let document = json!({
            "account": account.as_str(), "region": region.as_str(),
            "bucket": {"name": bucket, "created": !is_there},
            "parameter": {"name": parameter, "created": made},
        });
        terminal.line(&document.to_string())?;
        return Ok(Exit::Done);
    }
    let word = |made: bool| if made { "created" } else { "there already" };
    terminal.line(&escape(&format!("Bucket {bucket}: {}", word(!is_there))))?;
    terminal.line(&escape(&format!("Parameter {parameter}: {}", word(made))))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_has_an_account_and_a_region() {
        let place = environment("aws://123456789012/eu-west-1").unwrap();
        assert_eq!((place.account.as_str(), place.region.as_str()), ("123456789012", "eu-west-1"));
        for wrong in [
            "",
            "123456789012/eu-west-1",
            "aws://1/eu-west-1",
            "aws://123456789012/",
            "aws://123456789012/a/b",
        ] {
            assert!(environment(wrong).is_err(), "{wrong}");
        }
        assert!(qualifier("hnb659fds").is_ok());
        for wrong in ["", "Upper", "a-b", "elevenchars"] {
            assert!(qualifier(wrong).is_err(), "{wrong}");
        }
    }
}
