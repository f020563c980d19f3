//! Which findings are reported, and as what: what the user allows and denies.

use std::collections::BTreeMap;

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, FindingCode, Severity};

use super::error::CheckError;
use crate::project::{LintSection, Named};

/// What is done with findings of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// They are not reported.
    Allow,
    /// They are errors.
    Deny,
}

/// What the user allows and denies, by code or rule ID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    wishes: BTreeMap<String, Wish>,
    /// Names that only rule files can have, to be looked up when these are loaded.
    open: Vec<Named>,
}

impl Policy {
    /// The wishes of a project file and those of the command line, which outweigh them; within
    /// either a denial outweighs a permission. Rule files may bring names that are not known here.
    ///
    /// # Errors
    /// If a name is that of no rule, or an error of rstack's own is to be allowed, or rules that the
    /// project has are needed and not there.
    pub(crate) fn new(
        project: &LintSection,
        allow: &[Named],
        deny: &[Named],
        rule_files: bool,
    ) -> Result<Self, CheckError> {
        if let Some(missing) = project.missing_rules.as_ref().filter(|_| rule_files) {
            return Err(missing.clone().into());
        }
        let mut policy = Self::default();
        let for_the_user =
            |named: &&Named| Code::parse(&named.name).is_some_and(Code::is_for_the_user);
        if let Some(named) = project.allow.iter().find(for_the_user) {
            let (name, place) = (named.name.clone(), named.place.clone());
            return Err(CheckError::NotAllowed { name, place });
        }
        let groups = [
            (project.allow.as_slice(), Wish::Allow),
            (project.deny.as_slice(), Wish::Deny),
            (allow, Wish::Allow),
            (deny, Wish::Deny),
        ];
        for (names, wish) in groups {
            for named in names {
                if wish == Wish::Allow && Code::parse(&named.name).is_some_and(Code::is_error) {
                    let (name, place) = (named.name.clone(), named.place.clone());
                    return Err(CheckError::NotAllowed { name, place });
                }
                if !known(&named.name) {
                    if !rule_files {
                        return Err(unknown(named, &[]));
                    }
                    policy.open.push(named.clone());
                }
                policy.wishes.insert(named.name.clone(), wish);
            }
        }
        Ok(policy)
    }

    /// Looks up the names that only rule files can have.
    ///
    /// # Errors
    /// If none of them has one.
    #[cfg(feature = "lint")]
    pub(crate) fn look_up(&self, own_rules: &[String]) -> Result<(), CheckError> {
        match self.open.iter().find(|named| !own_rules.contains(&named.name)) {
            Some(named) => Err(unknown(named, own_rules)),
            None => Ok(()),
        }
    }

    /// Leaves out what is allowed, makes errors of what is denied, and leaves out remarks unless
    /// they are wanted. What is an error here and elsewhere a warning stays, whatever is allowed.
    pub(crate) fn apply(&self, diagnostics: &mut Vec<Diagnostic>, remarks: bool) {
        diagnostics.retain_mut(|finding| {
            let for_the_user =
                matches!(finding.code, FindingCode::Own(code) if code.is_for_the_user());
            let own_error =
                matches!(finding.code, FindingCode::Own(_)) && finding.is_error() && !for_the_user;
            match self.wishes.get(finding.code.as_str()) {
                Some(Wish::Deny) => {
                    finding.severity = Severity::Error;
                    true
                }
                Some(Wish::Allow) if own_error => {
                    let reason = format!("`{}` is an error and cannot be allowed", finding.code);
                    let help = finding.help.take();
                    finding.help = Some(help.map_or(reason.clone(), |h| format!("{h}\n{reason}")));
                    true
                }
                Some(Wish::Allow) => false,
                None => remarks || finding.severity != Severity::Information,
            }
        });
    }
}

/// Whether a code of rstack or a rule of the validator has this name.
#[cfg(feature = "lint")]
fn known(name: &str) -> bool {
    Code::parse(name).is_some() || rstack_lint::is_rule(name)
}

/// Without the validator its rules are known by their form only: a letter and four digits.
#[cfg(not(feature = "lint"))]
fn known(name: &str) -> bool {
    let digits = name.strip_prefix(['F', 'E', 'W', 'I']).unwrap_or_default();
    let rule = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    rule || Code::parse(name).is_some()
}

fn unknown(named: &Named, own_rules: &[String]) -> CheckError {
    let mut names: Vec<&str> = own_rules.iter().map(String::as_str).collect();
    names.extend(Code::ALL.iter().map(|code| code.name()));
    #[cfg(feature = "lint")]
    for rule in rstack_lint::rules() {
        names.push(rule);
    }
    let near = nearest(&named.name, names.into_iter()).map(str::to_owned);
    CheckError::UnknownRule { name: named.name.clone(), place: named.place.clone(), near }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::given;

    fn rule(id: &str, severity: Severity) -> Diagnostic {
        Diagnostic { severity, ..Diagnostic::error(FindingCode::Rule(id.to_owned()), "m") }
    }

    fn kept(allow: &[&str], deny: &[&str], remarks: bool) -> Vec<String> {
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            given("--x", &names)
        };
        let project = LintSection { deny: names(&["W3005"]), ..LintSection::default() };
        let policy = Policy::new(&project, &names(allow), &names(deny), false).unwrap();
        let mut all = vec![
            rule("W3005", Severity::Warning),
            rule("I3013", Severity::Information),
            rule("F3012", Severity::Error),
            Diagnostic::error(Code::MissingParameter, "c"),
            Diagnostic::warning(Code::Alias, "a"),
        ];
        policy.apply(&mut all, remarks);
        all.iter().map(|d| format!("{}{}", d.code, if d.is_error() { "!" } else { "" })).collect()
    }

    #[test]
    fn wishes_decide_what_is_reported_but_for_own_errors() {
        assert_eq!(kept(&[], &[], false), ["W3005!", "F3012!", "missing-parameter!", "alias"]);
        assert_eq!(
            kept(&["W3005", "F3012", "missing-parameter"], &[], false),
            ["missing-parameter!", "alias"]
        );
        assert_eq!(
            kept(&["alias"], &["I3013", "alias"], true),
            ["W3005!", "I3013!", "F3012!", "missing-parameter!", "alias!"]
        );
    }

    #[test]
    fn a_name_of_no_rule_is_told_with_the_nearest() {
        let wrong = |name: &str| {
            let names = given("--allow", &[name.to_owned()]);
            Policy::new(&LintSection::default(), &names, &[], false).unwrap_err()
        };
        match wrong("alais") {
            CheckError::UnknownRule { near, place, .. } => {
                assert_eq!((near.as_deref(), place.as_str()), (Some("alias"), "--allow"));
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn only_the_command_line_allows_a_secret_in_a_name() {
        let project = LintSection {
            allow: given("rstack.toml", &["secret-in-name".to_owned()]),
            ..LintSection::default()
        };
        let refused = Policy::new(&project, &[], &[], false).unwrap_err();
        assert!(matches!(refused, CheckError::NotAllowed { .. }), "{refused}");
        let project = LintSection::default();
        let policy =
            Policy::new(&project, &given("--allow", &["secret-in-name".to_owned()]), &[], false)
                .unwrap();
        let mut found = vec![Diagnostic::error(Code::SecretInName, "m")];
        policy.apply(&mut found, false);
        assert_eq!(found, []);
    }

    #[test]
    fn an_error_of_rstack_is_not_allowed() {
        let named = given("--allow", &["cycle".to_owned()]);
        let project = LintSection { allow: named.clone(), ..LintSection::default() };
        for (project, named) in [(&LintSection::default(), &named[..]), (&project, &[])] {
            let refused = Policy::new(project, named, &[], false).unwrap_err();
            assert!(matches!(refused, CheckError::NotAllowed { .. }), "{refused}");
        }
        assert!(Policy::new(&LintSection::default(), &[], &named, false).is_ok());
    }
}
