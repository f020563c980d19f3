//! The difference between recorded verdicts and those of today.

use std::collections::BTreeMap;

use super::verdict::{Stage, Verdict};

/// Verdicts by the template's name.
pub(crate) type Verdicts = BTreeMap<String, Verdict>;

/// The verdict on one template that is not the recorded one.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Difference<'a> {
    pub(crate) template: &'a str,
    /// `None` if none is recorded.
    pub(crate) recorded: Option<&'a Verdict>,
    /// `None` if the corpus does not have the template.
    pub(crate) today: Option<&'a Verdict>,
}

impl Difference<'_> {
    /// True if the template gets less far than recorded, is broken, or is missing.
    pub(crate) fn is_regression(&self) -> bool {
        let recorded = self.recorded.map(Verdict::stage);
        match self.today.map(Verdict::stage) {
            None | Some(Stage::Broken) => true,
            today => today < recorded,
        }
    }
}

/// The differences, by template. A template that is broken is always among them.
pub(crate) fn differences<'a>(recorded: &'a Verdicts, today: &'a Verdicts) -> Vec<Difference<'a>> {
    let mut names: Vec<&String> = recorded.keys().chain(today.keys()).collect();
    names.sort();
    names.dedup();
    let pairs = names.into_iter().map(|template| Difference {
        template,
        recorded: recorded.get(template),
        today: today.get(template),
    });
    let broken = |verdict: Option<&Verdict>| matches!(verdict, Some(Verdict::Broken(_)));
    pairs.filter(|pair| pair.recorded != pair.today || broken(pair.today)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::verdict::{Counts, Life, Planned};
    use super::*;

    fn planned(life: Life) -> Verdict {
        Verdict::Planned(Planned { actions: Counts::from([("create".into(), 2)]), life })
    }

    fn refused(code: &str) -> Verdict {
        Verdict::Refused(BTreeSet::from([code.to_owned()]))
    }

    /// The number of differences and of regressions between two verdicts on a template.
    fn between(recorded: Option<Verdict>, today: Option<Verdict>) -> (usize, usize) {
        let of = |verdict: Option<Verdict>| -> Verdicts {
            verdict.into_iter().map(|verdict| ("a.yaml".to_owned(), verdict)).collect()
        };
        let (recorded, today) = (of(recorded), of(today));
        let found = differences(&recorded, &today);
        (found.len(), found.iter().filter(|one| one.is_regression()).count())
    }

    #[test]
    fn the_same_verdict_is_no_difference() {
        assert_eq!(between(Some(refused("cycle")), Some(refused("cycle"))), (0, 0));
    }

    #[test]
    fn other_codes_are_a_difference_and_no_regression() {
        assert_eq!(between(Some(refused("cycle")), Some(refused("shape"))), (1, 0));
    }

    #[test]
    fn less_than_recorded_is_a_regression() {
        let empty = Life::ObjectsLeft(Counts::from([("AWS::SNS::Topic".into(), 1)]));
        let complete = || Some(planned(Life::Complete));
        assert_eq!(between(complete(), Some(planned(empty))), (1, 1));
        assert_eq!(between(complete(), Some(refused("cycle"))), (1, 1));
        assert_eq!(between(Some(refused("cycle")), complete()), (1, 0));
    }

    #[test]
    fn a_crash_is_a_regression_although_it_is_recorded() {
        let broken = || Some(Verdict::Broken("plan: signal 6".into()));
        assert_eq!(between(broken(), broken()), (1, 1));
        assert_eq!(between(None, broken()), (1, 1));
    }

    #[test]
    fn a_template_that_is_missing_is_a_regression_and_a_new_one_is_not() {
        assert_eq!(between(Some(refused("cycle")), None), (1, 1));
        assert_eq!(between(None, Some(refused("cycle"))), (1, 0));
    }
}
