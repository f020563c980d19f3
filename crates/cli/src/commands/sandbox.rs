//! `rstack sandbox`: the simulated cloud seen from the console's side. What is changed here is
//! drift for the stack that made it.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use rstack_model::state::Environment;
use rstack_model::{
    AddressError, ErrorCode, KnownValue, PathSegment, PhysicalId, PropertyPath, Region,
    ResourceType, SecretString, TemplateAddress, shown_address,
};
use rstack_render::escape;
use rstack_sandbox::{ListedObject, ParameterKind, Playback, SandboxCloud, Time};

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::read_named;
use crate::parameters::from_file;
use crate::remote_template::LARGEST;
use crate::sandbox_env::conditions;
use crate::session::{chosen_region, sandbox};
use crate::terminal::Terminal;

/// The types of parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// A text.
    #[value(name = "String")]
    String,
    /// A list of texts, separated by commas.
    #[value(name = "StringList")]
    StringList,
    /// A secret.
    #[value(name = "SecureString")]
    SecureString,
}

impl Kind {
    fn of(self) -> ParameterKind {
        match self {
            Self::String => ParameterKind::String,
            Self::StringList => ParameterKind::StringList,
            Self::SecureString => ParameterKind::SecureString,
        }
    }
}

/// The commands of `rstack sandbox`.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// List the objects of the sandbox.
    Ls {
        /// List the objects that every account has instead, such as the default VPC.
        #[arg(long)]
        defaults: bool,
    },
    /// Create a secret, or give it a new version.
    ///
    /// The sandbox keeps no secret: of the value only the keys are kept, if it is a JSON object. What
    /// references get is derived.
    PutSecret {
        /// The secret's name or ARN.
        name: String,
        /// The value; `-` reads it from standard input. Other users can see a value on the command
        /// line with `ps`.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Create a parameter of the Parameter Store, or give it a new version.
    ///
    /// Public parameters (`/aws/service/…`) exist already.
    PutParameter {
        /// The parameter's name or ARN.
        name: String,
        /// The value; `-` reads it from standard input. Other users can see a value on the command
        /// line with `ps`. Of a secure string nothing is kept: what references get is derived.
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// The type of a new parameter: `String` if none is given.
        #[arg(long = "type", value_enum)]
        kind: Option<Kind>,
    },
    /// Put a template under an address, for nested stacks (`TemplateURL`).
    ///
    /// The sandbox has no network: an address has the template that was put there, or the object of a bucket of
    /// the sandbox.
    PutTemplate {
        /// The address, such as `https://BUCKET.s3.REGION.amazonaws.com/KEY`.
        address: String,
        /// The file with the template; `-` reads it from standard input.
        file: PathBuf,
    },
    /// Rotate a secret: give it a new value.
    #[command(visible_alias = "rotate")]
    RotateSecret {
        /// The secret's ARN or name.
        id: String,
    },
    /// Play a URL as viewers do, through CloudFront or directly from an origin endpoint. Exits with
    /// code 3 if a viewer cannot.
    Play {
        /// The URL, such as the output `HlsUrl`.
        url: String,
    },
    /// Change a property of an object, as if by hand in the console.
    Set {
        /// The resource type.
        #[arg(value_name = "TYPE")]
        resource_type: String,
        /// The physical ID.
        id: String,
        /// The property, such as `HlsPackage.SegmentDurationSeconds`.
        property: String,
        /// The value, as JSON or plain text.
        value: String,
    },
    /// Delete an object, as if by hand in the console.
    Remove {
        /// The resource type.
        #[arg(value_name = "TYPE")]
        resource_type: String,
        /// The physical ID.
        id: String,
    },
}

/// Looks at the sandbox or changes it.
pub(crate) async fn run(context: &Context, command: SandboxCommand) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let cloud = sandbox(context)?;
    match command {
        SandboxCommand::Ls { defaults } if terminal.json => {
            let list: Vec<_> = objects(context, &cloud, defaults)?
                .iter()
                .map(|ListedObject { key, physical_id, account, region }| {
                    serde_json::json!({
                        "type": key.resource_type.as_str(),
                        "id": physical_id.as_str(),
                        "identifier": key.identifier.parts(),
                        "account": account.as_str(),
                        "region": region.as_ref().map(Region::as_str),
                    })
                })
                .collect();
            terminal.line(&serde_json::Value::from(list).to_string())?;
        }
        SandboxCommand::Ls { defaults } => {
            for object in objects(context, &cloud, defaults)? {
                let there = elsewhere(&object, cloud.environment());
                let ListedObject { key, physical_id, .. } = object;
                let (kind, id) = (key.resource_type.to_string(), physical_id.to_string());
                let mut line = format!("{}  {}", escape(&kind), escape(&id));
                if !key.identifier.is(&id) && !key.resource_type.is_custom() {
                    line.push_str(&format!("  ({})", escape(&key.identifier.to_string())));
                }
                if let Some(there) = there {
                    line.push_str(&format!("  in {}", escape(&there)));
                }
                terminal.line(&line)?;
            }
        }
        SandboxCommand::PutSecret { name, value } => {
            let text = value_of(context, (&name, value), true)?;
            let version = cloud.put_secret(&name, &text)?;
            terminal.line(&format!("`{}` has the version {version} now", escape(&name)))?;
        }
        SandboxCommand::PutParameter { name, value, kind } => {
            let secret = kind == Some(Kind::SecureString);
            let text = value_of(context, (&name, value), secret)?;
            let version = cloud.put_parameter(&name, &text, kind.map(Kind::of))?;
            terminal.line(&format!("`{}` has the version {version} now", escape(&name)))?;
        }
        SandboxCommand::PutTemplate { address, file } => {
            let shown = shown_address(&address).into_owned();
            let parsed = TemplateAddress::parse(&address);
            let address =
                parsed.map_err(|error| NoTemplateAddress { shown: shown.clone(), error })?;
            let text = read_named(&context.env, &file, LARGEST)?;
            cloud.put_template(&address, &text)?;
            terminal.line(&format!("`{}` has the template now", escape(&shown)))?;
        }
        SandboxCommand::RotateSecret { id } => {
            let version = cloud.rotate_secret(&id)?;
            terminal.line(&format!("`{}` has the version {version} now", escape(&id)))?;
            let speed = conditions(&context.env)?.time.speed();
            terminal.note(&format!(
                "MediaPackage takes it up within 10 minutes by the sandbox's clock, which runs \
                 {speed} times as fast as yours."
            ));
        }
        SandboxCommand::Play { url } => return play(&cloud.play(&url)?, &url, terminal),
        SandboxCommand::Set { resource_type, id, property, value } => {
            let value = serde_json::from_str(&value)
                .map_or_else(|_| KnownValue::from(value.as_str()), KnownValue::from_json);
            cloud.set_property(
                &ResourceType::new(resource_type),
                &PhysicalId::new(id),
                &path(&property),
                Some(&value),
            )?;
            terminal.line("Changed in the sandbox, outside of its stack.")?;
        }
        SandboxCommand::Remove { resource_type, id } => {
            cloud.remove(&ResourceType::new(resource_type), &PhysicalId::new(id))?;
            terminal.line("Deleted in the sandbox, outside of its stack.")?;
        }
    }
    Ok(Exit::Done)
}

/// A template is put under an address from which none is read.
#[derive(Debug, thiserror::Error)]
#[error("`{shown}` is no address of a template: {error}")]
struct NoTemplateAddress {
    shown: String,
    error: AddressError,
}

impl From<NoTemplateAddress> for CommandError {
    fn from(error: NoTemplateAddress) -> Self {
        let hint = "give the address as `TemplateURL` has it: `https://BUCKET.s3.REGION.amazonaws.com/KEY`";
        Self::of(ErrorCode::InvalidArguments, &error).with_hint(Some(hint))
    }
}

/// The objects that were made in the sandbox, or those that every account has. With a Region or an account
/// that was chosen they are those that are seen from there.
fn objects(
    context: &Context,
    cloud: &SandboxCloud,
    defaults: bool,
) -> Result<Vec<ListedObject>, CommandError> {
    let Environment { account, region, .. } = cloud.environment();
    let here = |(key, physical_id)| ListedObject {
        key,
        physical_id,
        account: account.clone(),
        region: Some(region.clone()),
    };
    if defaults {
        return Ok(cloud.defaults().into_iter().map(here).collect());
    }
    let all = cloud.list_all()?;
    let (by_region, by_account) =
        (chosen_region(context).is_some(), conditions(&context.env)?.account.is_some());
    let is_seen = |it: &ListedObject| {
        (!by_region || it.region.as_ref().is_none_or(|it| it == region))
            && (!by_account || it.account == *account)
    };
    Ok(all.into_iter().filter(is_seen).collect())
}

/// The place of an object, if the command looks from another one.
fn elsewhere(object: &ListedObject, here: &Environment) -> Option<String> {
    let region = object.region.as_ref().filter(|region| **region != here.region);
    let account = Some(&object.account).filter(|account| **account != here.account);
    let account = account.map(|account| format!("account {account}"));
    let places: Vec<String> = account.into_iter().chain(region.map(ToString::to_string)).collect();
    (!places.is_empty()).then(|| places.join(", "))
}

/// The value of an argument: of standard input if it is `-`. Warns of a secret on the command line.
fn value_of(
    context: &Context,
    (name, argument): (&str, String),
    secret: bool,
) -> Result<SecretString, CommandError> {
    if argument == "-" {
        return Ok(from_file(&context.env, name, Path::new("-"))?);
    }
    if secret {
        let (shown, code) = (escape(name), ErrorCode::SecretOnCommandLine);
        context.terminal.note(&format!(
            "warning[{code}]: the value of `{shown}` is on the command line, where other users can \
             read it. Give `-`, and the value on standard input."
        ));
    }
    Ok(SecretString::new(argument))
}

/// Tells what viewers get.
fn play(answers: &[Playback], url: &str, terminal: &Terminal) -> Result<Exit, CommandError> {
    let all_play = answers == [Playback::Plays];
    if terminal.json {
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status()).collect();
        let document = serde_json::json!({"url": url, "statuses": statuses, "plays": all_play});
        terminal.line(&document.to_string())?;
    } else {
        let who = if answers.len() > 1 { "some viewers" } else { "every viewer" };
        for answer in answers {
            let what = match answer {
                Playback::Plays => "it plays",
                Playback::NotAuthorized => {
                    "the origin endpoint does not accept the secret that it is sent, or none is sent"
                }
                Playback::Disabled => "the distribution is disabled",
                Playback::NotFound => "nothing in the sandbox has this URL",
            };
            terminal.line(&format!("{} for {who}: {what}", answer.status()))?;
        }
    }
    Ok(if all_play { Exit::Done } else { Exit::Check })
}

/// `A.B[0].C` as a path.
fn path(text: &str) -> PropertyPath {
    text.split(['.', '['])
        .map(|segment| segment.trim_end_matches(']'))
        .filter(|segment| !segment.is_empty())
        .map(|segment| match segment.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::Name(segment.to_owned()),
        })
        .collect()
}
