//! The evaluation of all rules on one template, as an engine of the validator.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use cloudformation_validate as upstream;
use upstream::ValidationEngine;
use upstream::diagnostics::PhaseMetric;
use upstream::rules::{RuleInfo, RuleMetadataEntry};
use upstream::template_model::SemanticModel;

use crate::error::LintError;
use crate::rule_set::{OwnFinding, Rules, Watch};

/// The evaluation of all rules on one template, as an engine of the validator. The findings of rules
/// from files are kept aside: what the validator filters, by rule or by the words of a message, is
/// filtered from its own findings only.
pub(crate) struct Evaluation<'a, 'w> {
    rules: &'a Rules,
    watch: RefCell<Watch<'w>>,
    outcome: RefCell<Option<Result<Vec<OwnFinding>, LintError>>>,
}

impl<'a, 'w> Evaluation<'a, 'w> {
    pub(crate) fn new(rules: &'a Rules, watch: Watch<'w>) -> Self {
        Self { rules, watch: RefCell::new(watch), outcome: RefCell::new(None) }
    }

    /// The findings of rules from files; `None` if the validator never came to evaluating rules.
    pub(crate) fn outcome(self) -> Option<Result<Vec<OwnFinding>, LintError>> {
        self.outcome.into_inner()
    }

    fn evaluate(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
        found: &mut Vec<OwnFinding>,
    ) -> Result<Vec<upstream::Diagnostic>, LintError> {
        let watch = &mut **self.watch.borrow_mut();
        watch(&self.rules.cel_names());
        let built_in = self.rules.evaluate_cel(model, config, found)?;
        self.rules.evaluate_others(model, config, watch, found)?;
        if self.rules.has_own() {
            complete(model)?;
        }
        for (_, finding) in found {
            if finding.location.is_none() {
                let path = finding.property_path.as_deref().unwrap_or_default();
                finding.location = model.diagnostic_span(finding.resource_logical_id(), path);
            }
        }
        Ok(built_in)
    }
}

/// The rule about a text that cannot be expanded: its findings mean that there are resources which
/// rules do not see.
const TRANSFORM: &str = "E0001";

/// Rules have seen all of a template, or there is an error.
fn complete(model: &SemanticModel) -> Result<(), LintError> {
    let problem = if model.diagnostics.iter().any(|defect| defect.rule_id == TRANSFORM) {
        "AWS's validator cannot expand all of this template, so that its rules do not see all of it"
    } else if model.budget_analysis_incomplete() {
        "AWS's validator stopped at a limit of its own before all conditions were looked at"
    } else {
        return Ok(());
    };
    Err(LintError::NotEvaluated { problem: problem.to_owned() })
}

impl ValidationEngine for Evaluation<'_, '_> {
    fn engine_name(&self) -> &str {
        "rstack"
    }

    fn evaluate_rules(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
    ) -> Result<Vec<upstream::Diagnostic>, upstream::ValidationError> {
        let mut found = Vec::new();
        let evaluated = self.evaluate(model, config, &mut found);
        let (outcome, built_in) = match evaluated {
            Ok(built_in) => (Ok(found), Ok(built_in)),
            Err(error) => {
                let said = upstream::ValidationError::Engine(error.to_string());
                (Err(error), Err(said))
            }
        };
        self.outcome.replace(Some(outcome));
        built_in
    }

    fn list_rules(&self) -> Vec<RuleInfo> {
        self.rules.engine().list_rules()
    }

    fn rule_metadata(&self) -> &HashMap<String, RuleMetadataEntry> {
        self.rules.engine().rule_metadata()
    }

    fn external_rule_metadata(&self) -> HashMap<String, RuleMetadataEntry> {
        HashMap::new()
    }

    fn init_metric(&self) -> &PhaseMetric {
        self.rules.engine().init_metric()
    }
}
