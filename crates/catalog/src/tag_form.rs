//! The form in which a resource type takes its tags: a map from keys to values, or a list of pairs.

use rstack_model::PropertyPath;

use crate::type_schema::TypeSchema;

/// The form of the tags of a resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagForm {
    /// A map from keys to values.
    Map,
    /// A list of maps.
    List {
        /// The name of the key in each.
        key: String,
        /// The name of the value in each.
        value: String,
        /// True if each says whether instances get it, as those of an Auto Scaling group do.
        propagates: bool,
    },
}

/// The member of a tag that says whether instances get it.
pub const PROPAGATES: &str = "PropagateAtLaunch";

impl TypeSchema {
    /// True if a template can give objects of the type tags.
    pub fn takes_tags(&self) -> bool {
        let path = self.tag_property().map(|property| PropertyPath::root().name(property));
        path.is_some_and(|path| self.node(&path).is_some() && !self.is_read_only(&path))
    }

    /// The form of the tags that the type takes; `None` if it takes none, or if the schema does not say in
    /// which form.
    pub fn tag_form(&self) -> Option<TagForm> {
        let path = PropertyPath::root().name(self.tag_property().filter(|_| self.takes_tags())?);
        let node = self.node(&path)?;
        let Some(element) = self.element(node) else {
            let is_map = self.is_open_map(node) || self.is_document(node);
            return is_map.then_some(TagForm::Map);
        };
        // A name that must be there comes before others.
        let named = |names: [&str; 2]| {
            let required = element.required().iter().map(String::as_str);
            let mut all = required.chain(element.property_names());
            all.find(|name| names.iter().any(|it| it.eq_ignore_ascii_case(name))).map(str::to_owned)
        };
        let (key, value) = (named(["key", "tagkey"])?, named(["value", "tagvalue"])?);
        let more = element.required().iter().filter(|name| **name != key && **name != value);
        let more: Vec<&str> = more.map(String::as_str).collect();
        let propagates = element.property_names().any(|name| name == PROPAGATES);
        let known = more.iter().all(|name| *name == PROPAGATES);
        known.then_some(TagForm::List { key, value, propagates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    /// Types whose tags have a form of their own: they get no tags of the stack.
    const OTHER: [&str; 5] = [
        "AWS::AppStream::AppBlock",
        "AWS::AppStream::Application",
        "AWS::CloudFront::AnycastIpList",
        "AWS::EC2::CapacityReservation",
        "AWS::EC2::CapacityReservationFleet",
    ];

    fn form(name: &str) -> Option<TagForm> {
        Registry::embedded().get(name).unwrap().unwrap().tag_form()
    }

    #[test]
    fn tags_are_a_map_or_a_list_of_pairs() {
        let list = |propagates| {
            let (key, value) = ("Key".to_owned(), "Value".to_owned());
            Some(TagForm::List { key, value, propagates })
        };
        assert_eq!(form("AWS::SQS::Queue"), list(false));
        assert_eq!(form("AWS::AutoScaling::AutoScalingGroup"), list(true));
        assert_eq!(form("AWS::SSM::Parameter"), Some(TagForm::Map));
        assert_eq!(form("AWS::MediaLive::Channel"), Some(TagForm::Map));
        assert_eq!(form("AWS::SNS::Subscription"), None);
    }

    #[test]
    fn every_type_that_takes_tags_takes_them_in_a_known_form() {
        let (mut unknown, mut known) = (Vec::new(), 0);
        for name in Registry::embedded().names() {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            if !schema.takes_tags() {
                continue;
            }
            match schema.tag_form() {
                Some(_) => known += 1,
                None => unknown.push(name),
            }
        }
        assert_eq!(unknown, OTHER, "{known} have a known form");
        assert!(known > 500, "{known}");
    }
}
