//! The tags of one object, in services that change and show them by operations of their own.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, Token};

use crate::api::Api;
use crate::iam::{TagChanges, Tags, arguments, text_in};
use crate::ownership::{OPERATION, is_hidden};

/// The most pages of tags that are read: no object has so many.
const MOST_PAGES: usize = 10;

/// The operations of a service on tags, and the members that they take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagCalls {
    /// The operation that sets tags.
    pub(crate) set: &'static str,
    /// The operation that removes tags.
    pub(crate) remove: &'static str,
    /// The operation that shows tags.
    pub(crate) list: &'static str,
    /// The member of all three that names the object.
    pub(crate) resource: &'static str,
    /// The member of the removing operation that lists the keys.
    pub(crate) keys: &'static str,
    /// The member of inputs that holds tags.
    pub(crate) tags: &'static str,
    /// The member of answers that holds tags.
    pub(crate) shown: &'static str,
    /// The members of a tag that hold its key and its value.
    pub(crate) pair: [&'static str; 2],
    /// The members of an answer and of an input that continue the list, where it has pages.
    pub(crate) next: Option<[&'static str; 2]>,
}

impl TagCalls {
    /// Tags as the operations take them.
    pub(crate) fn on_wire(&self, tags: &Tags) -> KnownValue {
        let [name, text] = self.pair;
        let tag = |(key, value): (&String, &KnownValue)| {
            arguments([(name, key.as_str().into()), (text, value.clone())]).into()
        };
        KnownValue::List(tags.iter().map(tag).collect())
    }

    /// All tags of an object, hidden ones among them; `None` if there is no such object.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) async fn of(&self, api: &dyn Api, name: &str) -> Result<Option<Tags>, DriverError> {
        let mut input = arguments([(self.resource, name.into())]);
        let mut tags = Tags::new();
        for _ in 0..MOST_PAGES {
            let answer = match api.call(self.list, input.clone()).await {
                Ok(answer) => answer,
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            tags.extend(self.held(&answer));
            let next = self.next.and_then(|[from, to]| Some((to, text_in(&answer, from)?)));
            let Some((member, at)) = next else { break };
            input.insert(member.to_owned(), at.into());
        }
        Ok(Some(tags))
    }

    /// The tags that an answer holds.
    pub(crate) fn held(&self, answer: &KnownMap) -> Tags {
        let [name, text] = self.pair;
        let items = answer.get(self.shown).and_then(KnownValue::as_list).unwrap_or_default();
        let tag = |item: &KnownMap| {
            let key = text_in(item, name)?.to_owned();
            Some((key, item.get(text).cloned().unwrap_or_else(|| "".into())))
        };
        items.iter().filter_map(KnownValue::as_map).filter_map(tag).collect()
    }

    /// Gives an object the declared tags, by those it has. True if something was changed.
    ///
    /// # Errors
    /// If a call fails.
    pub(crate) async fn change(
        &self,
        api: &dyn Api,
        name: &str,
        [prior, desired, current]: [&Tags; 3],
    ) -> Result<bool, DriverError> {
        let TagChanges { set, remove } = TagChanges::between(prior, desired, &visible(current));
        if !remove.is_empty() {
            let keys = KnownValue::List(remove.iter().map(|key| key.as_str().into()).collect());
            let input = arguments([(self.resource, name.into()), (self.keys, keys)]);
            api.call(self.remove, input).await?;
        }
        if !set.is_empty() {
            let input = arguments([(self.resource, name.into()), (self.tags, self.on_wire(&set))]);
            api.call(self.set, input).await?;
        }
        Ok(!set.is_empty() || !remove.is_empty())
    }
}

/// The tags that a template can declare.
pub(crate) fn visible(tags: &Tags) -> Tags {
    let shown = tags.iter().filter(|(key, _)| !is_hidden(key));
    shown.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The token of the operation that made the object with these tags.
pub(crate) fn token_in(tags: &Tags) -> Option<&str> {
    tags.get(OPERATION).and_then(KnownValue::expose_str)
}

/// True if the operation with this token made the object with these tags.
pub(crate) fn made_by(tags: &Tags, token: &Token) -> bool {
    token_in(tags) == Some(token.as_str())
}

#[cfg(test)]
mod tests {
    use rstack_driver::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::test::journaled_api::{JournaledApi, failure, json as answer};

    const CALLS: TagCalls = TagCalls {
        set: "TagResource",
        remove: "UntagResource",
        list: "ListTagsForResource",
        resource: "ResourceArn",
        keys: "TagKeys",
        tags: "Tags",
        shown: "Tags",
        pair: ["Key", "Value"],
        next: None,
    };

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), KnownValue::from(*value))).collect()
    }

    #[tokio::test]
    async fn hidden_tags_are_known_and_what_is_gone_has_none() {
        let held = json!({"Tags": [{"Key": "a", "Value": "1"}, {"Key": OPERATION, "Value": "T"}]});
        let api = JournaledApi::new([
            ("ListTagsForResource", answer(&held.to_string())),
            ("ListTagsForResource", failure(ErrorKind::NotFound, "ResourceNotFound")),
        ]);
        let found = CALLS.of(&*api, "k").await.unwrap().unwrap();
        assert!(made_by(&found, &"T".into()) && !made_by(&found, &"U".into()));
        assert_eq!(visible(&found), tags(&[("a", "1")]));
        assert_eq!(CALLS.of(&*api, "k").await.unwrap(), None);
    }

    #[tokio::test]
    async fn tags_are_read_by_pages() {
        let keys = TagCalls {
            list: "ListResourceTags",
            resource: "KeyId",
            pair: ["TagKey", "TagValue"],
            next: Some(["NextMarker", "Marker"]),
            ..CALLS
        };
        let page = |key: &str, next: Option<&str>| {
            let tags = json!([{"TagKey": key, "TagValue": "v"}]);
            answer(&json!({"Tags": tags, "NextMarker": next}).to_string())
        };
        let api = JournaledApi::new([
            ("ListResourceTags", page("a", Some("m"))),
            ("ListResourceTags", page("b", None)),
        ]);
        let found = keys.of(&*api, "k").await.unwrap();
        assert_eq!(found, Some(tags(&[("a", "v"), ("b", "v")])));
        api.assert_calls(&[
            r#"ListResourceTags {"KeyId":"k"}"#,
            r#"ListResourceTags {"KeyId":"k","Marker":"m"}"#,
        ]);
    }

    #[tokio::test]
    async fn only_what_differs_is_changed() {
        let api =
            JournaledApi::new([("UntagResource", answer("{}")), ("TagResource", answer("{}"))]);
        let current = tags(&[("a", "1"), ("b", "2"), (OPERATION, "T")]);
        let desired = tags(&[("a", "1"), ("c", "3")]);
        assert!(CALLS.change(&*api, "k", [&Tags::new(), &desired, &current]).await.unwrap());
        api.assert_calls(&[
            r#"UntagResource {"ResourceArn":"k","TagKeys":["b"]}"#,
            r#"TagResource {"ResourceArn":"k","Tags":[{"Key":"c","Value":"3"}]}"#,
        ]);
        assert!(!CALLS.change(&*api, "k", [&current, &desired, &desired]).await.unwrap());
    }
}
