//! Reading declared properties and answers: what is absent, and what has the wrong form.
//!
//! Templates give numbers and booleans also as text, and text also as numbers and booleans, as
//! CloudFormation takes them. Text that may be secret stays in its wiping type.

use std::collections::BTreeSet;

use rstack_driver::{DriverError, ErrorKind, SinkError};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

/// A property tree, and the operation that errors about it name.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: &'a KnownMap,
    operation: &'static str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(map: &'a KnownMap, operation: &'static str) -> Self {
        Self { map, operation }
    }

    /// The whole tree.
    pub(crate) fn all(&self) -> &'a KnownMap {
        self.map
    }

    /// The error that this property cannot be taken.
    pub(crate) fn invalid(&self, key: &str, problem: impl std::fmt::Display) -> DriverError {
        let property = Some(PropertyPath::root().name(key));
        let message = format!("`{key}` {problem}");
        DriverError::new(ErrorKind::Invalid { property }, self.operation, message)
    }

    /// The value, unless it is absent or null.
    pub(crate) fn value(&self, key: &str) -> Option<&'a KnownValue> {
        self.map.get(key).filter(|value| **value != KnownValue::Null)
    }

    /// The text of a scalar.
    pub(crate) fn text(&self, key: &str) -> Result<Option<KnownValue>, DriverError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        as_text(value).map(Some).ok_or_else(|| self.invalid(key, "is not a text"))
    }

    /// The text of a scalar that must be there.
    pub(crate) fn required(&self, key: &str) -> Result<KnownValue, DriverError> {
        self.text(key)?.ok_or_else(|| self.invalid(key, "is missing"))
    }

    /// The text of a name, which is not treated as secret.
    pub(crate) fn name(&self, key: &str) -> Result<Option<String>, DriverError> {
        Ok(self.text(key)?.and_then(|value| value.expose_str().map(str::to_owned)))
    }

    /// The text of a name that must be there.
    pub(crate) fn required_name(&self, key: &str) -> Result<String, DriverError> {
        self.name(key)?.ok_or_else(|| self.invalid(key, "is missing"))
    }

    /// The text of a property that is a part of the object's identifier.
    ///
    /// # Errors
    /// If it is a secret, which identifiers cannot hold, or no text.
    pub(crate) fn identifying(&self, key: &str) -> Result<Option<String>, DriverError> {
        if let Some(KnownValue::Secret(_)) = self.value(key) {
            let problem = "cannot be a secret: it is a part of the identifier of the object";
            return Err(self.invalid(key, problem));
        }
        self.name(key)
    }

    /// The text of a property that must be there and is a part of the object's identifier.
    ///
    /// # Errors
    /// As of [`Self::identifying`], and if it is missing.
    pub(crate) fn required_identifying(&self, key: &str) -> Result<String, DriverError> {
        self.identifying(key)?.ok_or_else(|| self.invalid(key, "is missing"))
    }

    /// An integer, given as a number or as text.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, DriverError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let number = text.expose_str().and_then(|text| text.trim().parse().ok());
        number.map(Some).ok_or_else(|| self.invalid(key, "is not an integer"))
    }

    /// A boolean, given as such or as text.
    pub(crate) fn boolean(&self, key: &str) -> Result<Option<bool>, DriverError> {
        match self.value(key) {
            None => Ok(None),
            Some(KnownValue::Bool(value)) => Ok(Some(*value)),
            Some(value) => match value.expose_str() {
                Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                Some(_) | None => Err(self.invalid(key, "is neither true nor false")),
            },
        }
    }

    /// A list; an absent one is empty.
    pub(crate) fn list(&self, key: &str) -> Result<&'a [KnownValue], DriverError> {
        let Some(value) = self.value(key) else {
            return Ok(&[]);
        };
        value.as_list().ok_or_else(|| self.invalid(key, "is not a list"))
    }

    /// A tree.
    pub(crate) fn tree(&self, key: &str) -> Result<Option<Fields<'a>>, DriverError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let map = value.as_map().ok_or_else(|| self.invalid(key, "is not a map"))?;
        Ok(Some(Self { map, operation: self.operation }))
    }

    /// A list of trees.
    pub(crate) fn trees(&self, key: &str) -> Result<Vec<Fields<'a>>, DriverError> {
        let tree = |item: &'a KnownValue| {
            let map = item.as_map().ok_or_else(|| self.invalid(key, "holds more than maps"))?;
            Ok(Self { map, operation: self.operation })
        };
        self.list(key)?.iter().map(tree).collect()
    }

    /// A list of names, whose order means nothing.
    pub(crate) fn names(&self, key: &str) -> Result<BTreeSet<String>, DriverError> {
        self.texts(key).map(|names| names.into_iter().collect())
    }

    /// A list of texts, in the declared order.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, DriverError> {
        let text = |item: &KnownValue| {
            let text = as_text(item).and_then(|text| text.expose_str().map(str::to_owned));
            text.ok_or_else(|| self.invalid(key, "holds more than texts"))
        };
        self.list(key)?.iter().map(text).collect()
    }
}

/// A scalar as text.
fn as_text(value: &KnownValue) -> Option<KnownValue> {
    match value {
        KnownValue::String(_) | KnownValue::Secret(_) => Some(value.clone()),
        KnownValue::Bool(b) => Some(KnownValue::String(b.to_string())),
        KnownValue::Number(n) => Some(KnownValue::String(n.to_string())),
        KnownValue::Null | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

/// The input of a call.
pub(crate) fn arguments<const N: usize>(members: [(&str, KnownValue); N]) -> KnownMap {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The text under a key of an answer.
pub(crate) fn text_in<'a>(answer: &'a KnownMap, key: &str) -> Option<&'a str> {
    answer.get(key)?.expose_str()
}

/// The tree under a key of an answer that must hold it.
pub(crate) fn part<'a>(
    answer: &'a KnownMap,
    key: &str,
    operation: &str,
) -> Result<&'a KnownMap, DriverError> {
    answer.get(key).and_then(KnownValue::as_map).ok_or_else(|| {
        DriverError::new(
            ErrorKind::UnknownOutcome,
            operation,
            format!("the answer does not hold `{key}`"),
        )
    })
}

/// The error that an object exists and the journal could not take this.
pub(crate) fn journal_failed(operation: &str, error: &SinkError) -> DriverError {
    DriverError::new(ErrorKind::UnknownOutcome, operation, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_taken_in_every_form_a_template_gives_them() {
        let map = arguments([
            ("Number", "3600".into()),
            ("Bool", "True".into()),
            ("Text", 7.into()),
            ("Null", KnownValue::Null),
            ("Names", KnownValue::List(vec!["b".into(), "a".into()])),
            ("Bad", KnownValue::List(vec![KnownValue::List(Vec::new())])),
        ]);
        let fields = Fields::new(&map, "iam:CreateRole");
        assert_eq!(fields.integer("Number").unwrap(), Some(3600));
        assert_eq!(fields.boolean("Bool").unwrap(), Some(true));
        assert_eq!(fields.name("Text").unwrap().as_deref(), Some("7"));
        assert_eq!(fields.text("Null").unwrap(), None);
        assert_eq!(fields.names("Names").unwrap().into_iter().next().as_deref(), Some("a"));
        let error = fields.names("Bad").unwrap_err();
        let property = Some(PropertyPath::root().name("Bad"));
        assert_eq!(error.kind, ErrorKind::Invalid { property });
        assert_eq!(
            fields.required("Absent").unwrap_err().to_string(),
            "iam:CreateRole: `Absent` is missing"
        );
    }
}
