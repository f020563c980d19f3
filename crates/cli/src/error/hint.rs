//! What to do about a failed command.

use std::io;

use super::CliError;
use super::engine::{cloud_hint, profile_hint, sandbox_hint};
use super::ops::{RESOURCE, ops_hint};
use super::state::state_hint;
use super::words::list;
use crate::args::Global;

impl CliError {
    /// What to do about it.
    pub(crate) fn hint(&self, global: &Global) -> Option<String> {
        match self {
            Self::NoStack { known } if known.is_empty() => Some(
                "name a template: `rstack plan path/to/template.yaml`, or put one under `stacks/`"
                    .to_owned(),
            ),
            Self::NoStack { .. } => Some("name one of them".to_owned()),
            Self::NoTemplate { known, .. } if known.is_empty() => {
                Some("give the path of a template".to_owned())
            }
            Self::NoTemplate { known, .. } => {
                Some(format!("the templates under `stacks/` are {}", list(known)))
            }
            Self::Folder { templates, .. } if templates.is_empty() => {
                Some("give the path of a template, or of a folder that `cdk synth` wrote".into())
            }
            Self::Folder { templates, .. } => Some(format!("it holds {}", list(templates))),
            Self::AssemblyStacks { folder, names } if !names.is_empty() => {
                Some(format!("name one as `{}/NAME`", folder.display()))
            }
            Self::NotInAssembly { names, .. } if !names.is_empty() => {
                Some(format!("it holds {}", names.join(", ")))
            }
            Self::SeveralStacks(_) => Some("name one of them".to_owned()),
            Self::FileName(_) => Some("give the stack a name with `--stack-name`".to_owned()),
            Self::SavedPlan { path } => {
                let path = path.to_string_lossy();
                let show = global.line(&["show", &path]);
                let apply = global.line(&["apply", &path]);
                Some(format!("look at it with `{show}`, or carry it out with `{apply}`"))
            }
            Self::PlanFileOption(_) => Some("plan again with it".to_owned()),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the file".to_owned())
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("make its directory first".to_owned())
            }
            Self::Timeout(_) => Some(RESOURCE.to_owned()),
            Self::NotText { .. } => Some("a template is YAML or JSON in UTF-8".to_owned()),
            Self::TooLarge { .. } => {
                Some("is this the template? otherwise split the stack into several".to_owned())
            }
            Self::PlanFile { .. } => {
                Some("make a new one with `rstack plan --out FILE`".to_owned())
            }
            Self::NoState { in_sandbox: true, .. } => {
                Some("the sandbox knows it: add `--sandbox`".to_owned())
            }
            Self::NoState { .. } => Some(format!("`{}` lists the stacks", global.line(&["ls"]))),
            Self::NoOutput { known, .. } if !known.is_empty() => {
                Some(format!("it has {}", known.join(", ")))
            }
            Self::NoTerminal => {
                Some("look at what would be done, then run the same with `--yes`".into())
            }
            Self::NoCode { near: Some(near), .. }
            | Self::NoType { near: Some(near), .. }
            | Self::NoProperty { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::NoCode { near: None, .. } => {
                Some("`rstack explain` lists the codes of all findings".to_owned())
            }
            Self::NoType { near: None, .. } => {
                Some("`rstack docs` lists the services, `rstack docs AWS::SNS` types".to_owned())
            }
            Self::NoProperty { near: None, names, .. } if names.is_empty() => None,
            Self::NoProperty { near: None, names, .. } => {
                Some(format!("it has {}", names.join(", ")))
            }
            Self::Cloud(error) => cloud_hint(error),
            Self::Profile { profile, .. } => Some(profile_hint(profile)),
            Self::State(error) => state_hint(error, global),
            Self::Edit(error) => error.hint(global),
            Self::Ops(error) => ops_hint(error, global),
            Self::Sandbox(error) => sandbox_hint(error, global),
            Self::Weather(_) => Some("`rstack sandbox --help` tells what it can be".to_owned()),
            Self::Project(error) => error.hint.clone(),
            Self::UnknownRule { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownRule { near: None, .. } => Some(
                "name a code of rstack (`rstack explain` lists them), a rule of AWS's validator such \
                 as `W3005`, or one of your own rules"
                    .to_owned(),
            ),
            Self::NotAllowed { name, .. } => {
                Some(format!("`rstack explain {name}` says what it means and what to do"))
            }
            #[cfg(feature = "lint")]
            Self::NoRules { .. } => Some(
                "rules are files that end in `.rego` (Rego), `.json` (CEL) or `.guard` (Guard)"
                    .to_owned(),
            ),
            #[cfg(not(feature = "lint"))]
            Self::NoValidator => Some("build with the feature `lint`".to_owned()),
            #[cfg(not(feature = "aws"))]
            Self::NoAws => Some("use `--sandbox`, or build with the feature `aws`".to_owned()),
            #[cfg(feature = "lint")]
            Self::Lint(_) => None,
            Self::Template(_) => Some("`rstack explain CODE` says more of a finding".to_owned()),
            Self::Registry(_)
            | Self::Assembly { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::AssemblyStacks { .. }
            | Self::NotInAssembly { .. }
            | Self::Name(_)
            | Self::NoOutput { .. }
            | Self::Json(_)
            | Self::Output(_)
            | Self::Runtime(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstack_driver::{DriverError, ErrorKind};

    use super::*;
    use crate::args::Arguments;

    #[test]
    fn who_chose_a_profile_is_told_how_to_sign_in_to_it() {
        let global = Arguments::try_parse_from(["rstack", "ls"]).unwrap().global;
        let error = DriverError::new(ErrorKind::Credentials, "sts:GetCallerIdentity", "expired");
        let hint = CliError::Profile { profile: "live".to_owned(), error }.hint(&global).unwrap();
        assert!(hint.contains("`aws sso login --profile live`"), "{hint}");
    }
}
