//! Which findings are reported, and as what: what the user allows and denies.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, FindingCode, Severity};

use super::error::CheckError;
use crate::project::{LintSection, Named};

/// The treatment of findings of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// They are not reported.
    Allow,
    /// They are errors.
    Deny,
}

/// A wish of the project file, and where it is.
#[derive(Clone, Debug)]
struct ProjectWish {
    wish: Wish,
    #[cfg_attr(not(feature = "lint"), expect(dead_code, reason = "only rules bring conflicts"))]
    place: String,
}

/// The findings that the user allows and denies, by code or rule ID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// On the command line.
    given: BTreeMap<String, Wish>,
    /// In the project file, with their places.
    project: BTreeMap<String, ProjectWish>,
    /// Names that only rule files can have, to be looked up when these are loaded.
    open: Vec<Named>,
}

impl Policy {
    /// The wishes of a project file and those of the command line, which outweigh them; within
    /// either a denial outweighs a permission. Rule files may bring names that are not known here.
    ///
    /// # Errors
    /// If a name is that of no rule, or an error of rstack's own is to be allowed.
    pub(crate) fn new(
        project: &LintSection,
        allow: &[Named],
        deny: &[Named],
        rule_files: bool,
    ) -> Result<Self, CheckError> {
        let mut policy = Self::default();
        let for_the_user =
            |named: &&Named| Code::parse(&named.name).is_some_and(Code::is_for_the_user);
        if let Some(named) = project.allow.iter().find(for_the_user) {
            let (name, place) = (named.name.clone(), named.place.clone());
            return Err(CheckError::NotAllowed { name, place });
        }
        policy.wish(&project.allow, Wish::Allow, rule_files, true)?;
        policy.wish(&project.deny, Wish::Deny, rule_files, true)?;
        policy.wish(allow, Wish::Allow, rule_files, false)?;
        policy.wish(deny, Wish::Deny, rule_files, false)?;
        Ok(policy)
    }

    fn wish(
        &mut self,
        names: &[Named],
        wish: Wish,
        rule_files: bool,
        in_project: bool,
    ) -> Result<(), CheckError> {
        for named in names {
            if wish == Wish::Allow && Code::parse(&named.name).is_some_and(Code::is_error) {
                let (name, place) = (named.name.clone(), named.place.clone());
                return Err(CheckError::NotAllowed { name, place });
            }
            if !known(&named.name) {
                if !rule_files {
                    return Err(unknown(named, &[]));
                }
                self.open.push(named.clone());
            }
            if in_project {
                self.project
                    .insert(named.name.clone(), ProjectWish { wish, place: named.place.clone() });
            } else {
                self.given.insert(named.name.clone(), wish);
            }
        }
        Ok(())
    }

    /// Looks up the names that only rule files can have.
    ///
    /// # Errors
    /// If none of them has one.
    #[cfg(feature = "lint")]
    pub(crate) fn look_up(
        &self,
        own_rules: &BTreeSet<&str>,
        declared: impl Fn(&str) -> bool,
    ) -> Result<(), CheckError> {
        let missing =
            |named: &&Named| !own_rules.contains(named.name.as_str()) && !declared(&named.name);
        match self.open.iter().find(missing) {
            Some(named) => Err(unknown(named, &own_rules.iter().copied().collect::<Vec<_>>())),
            None => Ok(()),
        }
    }

    /// The places at which the project file allows a rule that the command line brings, which is
    /// without effect.
    #[cfg(feature = "lint")]
    pub(crate) fn outweighed<'p>(
        &'p self,
        given_rules: &BTreeSet<String>,
    ) -> impl Iterator<Item = (&'p str, &'p str)> {
        let allowed = self.project.iter().filter(|(name, wish)| {
            wish.wish == Wish::Allow
                && given_rules.contains(*name)
                && !self.given.contains_key(*name)
        });
        allowed.map(|(name, wish)| (name.as_str(), wish.place.as_str()))
    }

    /// The wish about findings of one kind. A repository does not silence a rule that was named on
    /// the command line.
    fn wish_of(&self, code: &str, given_rules: &BTreeSet<String>) -> Option<Wish> {
        let project = || {
            let wish = self.project.get(code)?.wish;
            (wish == Wish::Deny || !given_rules.contains(code)).then_some(wish)
        };
        self.given.get(code).copied().or_else(project)
    }

    /// Leaves out what is allowed, makes errors of what is denied, and leaves out remarks unless
    /// they are wanted. What is an error here and elsewhere a warning stays, whatever is allowed.
    /// `given_rules` are the rules from files that the command line names.
    pub(crate) fn apply(
        &self,
        diagnostics: &mut Vec<Diagnostic>,
        remarks: bool,
        given_rules: &BTreeSet<String>,
    ) {
        diagnostics.retain_mut(|finding| {
            let for_the_user =
                matches!(finding.code, FindingCode::Own(code) if code.is_for_the_user());
            let own_error =
                matches!(finding.code, FindingCode::Own(_)) && finding.is_error() && !for_the_user;
            match self.wish_of(finding.code.as_str(), given_rules) {
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

/// True if a code of rstack or a rule of the validator has this name.
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

fn unknown(named: &Named, own_rules: &[&str]) -> CheckError {
    let mut names: Vec<&str> = own_rules.to_vec();
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
        policy.apply(&mut all, remarks, &BTreeSet::new());
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
    fn a_repository_does_not_silence_a_rule_of_the_command_line() {
        let names = |name: &str| given("rstack.toml:2:9", &[name.to_owned()]);
        let line: BTreeSet<String> = ["OURS".to_owned()].into();
        let told = |project: LintSection, allow: &[Named], line: &BTreeSet<String>| {
            let policy = Policy::new(&project, allow, &[], true).unwrap();
            let mut all = vec![rule("OURS", Severity::Error)];
            policy.apply(&mut all, false, line);
            #[cfg(feature = "lint")]
            assert_eq!(
                policy.outweighed(line).next().is_some(),
                !project.allow.is_empty() && allow.is_empty() && !line.is_empty()
            );
            all.len()
        };
        let project = || LintSection { allow: names("OURS"), ..LintSection::default() };
        assert_eq!(told(project(), &[], &line), 1);
        assert_eq!(told(project(), &[], &BTreeSet::new()), 0, "its own rules it may silence");
        assert_eq!(told(project(), &names("OURS"), &line), 0, "the command line may");
        assert_eq!(told(LintSection::default(), &[], &line), 1);
    }

    #[test]
    fn an_unknown_rule_name_is_reported_with_the_nearest() {
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
        policy.apply(&mut found, false, &BTreeSet::new());
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
