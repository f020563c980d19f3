//! The accounts and Regions that a template itself names. A check that knows neither account nor
//! Region takes some; what is wrong in one place and right in another is decided by the place alone.

use std::collections::BTreeSet;

use rstack_model::state::Environment;
use rstack_model::{Partition, Region};

/// The most places of either kind: each is evaluated.
const MOST: usize = 8;

/// Pseudo parameters that the account decides, and those that the Region decides.
const BY_ACCOUNT: [&str; 2] = ["AWS::AccountId", "AWS::StackId"];
const BY_REGION: [&str; 3] = ["AWS::Region", "AWS::Partition", "AWS::URLSuffix"];

/// A place in the other accounts that a template names, if it asks for the account.
pub(super) fn accounts(text: &str, here: &Environment) -> Vec<Environment> {
    let places = named(text, &BY_ACCOUNT, is_account);
    let places = places.map(|account| Environment { account: account.into(), ..here.clone() });
    places.filter(|place| place.account != here.account).collect()
}

/// A place in the other Regions that a template names, if it asks for the Region.
pub(super) fn regions(text: &str, here: &Environment) -> Vec<Environment> {
    let places = named(text, &BY_REGION, is_region).map(|name| {
        let region = Region::new(name);
        Environment { partition: Partition::of_region(&region), region, ..here.clone() }
    });
    places.filter(|place| place.region != here.region).collect()
}

/// The words of a kind in a template that asks for one of these pseudo parameters.
fn named<'t>(text: &'t str, asked: &[&str], is: fn(&str) -> bool) -> impl Iterator<Item = &'t str> {
    let asks = asked.iter().any(|parameter| text.contains(parameter));
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let words: BTreeSet<&str> = words.filter(|word| asks && is(word)).collect();
    words.into_iter().take(MOST)
}

/// Recognizes the number of an account.
fn is_account(word: &str) -> bool {
    word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Recognizes the name of a Region by its form: `us-east-1`, `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [first, middle @ .., number] = parts.as_slice() else { return false };
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    first.len() == 2
        && letters(first)
        && (1..=2).contains(&middle.len())
        && middle.iter().all(letters)
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_the_text_names() {
        let here = Environment {
            account: "000000000000".into(),
            partition: "aws".into(),
            region: "eu-west-1".into(),
            sandbox: true,
        };
        let text = "a: '222222222222'\nb: arn:aws:sns:us-east-1:111111111111:t\nc: us-gov-west-1 \
                    eu-west-1 000000000000 1234567890123 a-b-1 us-east-12";
        let shown = |places: Vec<Environment>| -> Vec<String> {
            places.iter().map(|place| format!("{} {}", place.account, place.region)).collect()
        };
        assert_eq!(shown(accounts(text, &here)), [""; 0], "nothing asks for the account");
        assert_eq!(shown(regions(text, &here)), [""; 0]);
        let text = format!("{text} ${{AWS::AccountId}} !Ref AWS::Region");
        assert_eq!(
            shown(accounts(&text, &here)),
            ["111111111111 eu-west-1", "222222222222 eu-west-1"]
        );
        assert_eq!(
            shown(regions(&text, &here)),
            ["000000000000 us-east-1", "000000000000 us-gov-west-1"]
        );
    }
}
