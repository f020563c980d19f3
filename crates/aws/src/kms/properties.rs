//! The properties of a key, and what KMS shows of them.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use crate::iam::{Fields, Tags, arguments, declared_tags, required_document, text_in};

/// Properties that KMS changes on no key, each with the value of a key that was given none.
///
/// Source: CloudFormation user guide, AWS::KMS::Key: an update that changes one of them fails.
pub(super) const FIXED: [(&str, &str); 4] = [
    ("KeySpec", "SYMMETRIC_DEFAULT"),
    ("KeyUsage", "ENCRYPT_DECRYPT"),
    ("MultiRegion", "false"),
    ("Origin", "AWS_KMS"),
];

/// The rotation period of a key that was given none, in days.
///
/// Source: KMS API reference, EnableKeyRotation.
pub(super) const YEAR: i64 = 365;

/// Everything that is declared for a key.
pub(super) struct Declared {
    pub(super) policy: Option<KnownValue>,
    /// As it was declared.
    pub(super) document: Option<KnownValue>,
    pub(super) description: Option<KnownValue>,
    pub(super) enabled: Option<bool>,
    pub(super) rotates: Option<bool>,
    /// The rotation period in days.
    pub(super) period: Option<i64>,
    /// True if a policy may lock out its own author.
    pub(super) bypasses: bool,
    pub(super) tags: Tags,
}

impl Declared {
    /// # Errors
    /// If a property has another form.
    pub(super) fn parse(fields: Fields<'_>) -> Result<Self, DriverError> {
        let document = fields.value("KeyPolicy").cloned();
        let policy = document.as_ref().map(|_| required_document(fields, "KeyPolicy"));
        Ok(Self {
            policy: policy.transpose()?,
            document,
            description: fields.text("Description")?,
            enabled: fields.boolean("Enabled")?,
            rotates: fields.boolean("EnableKeyRotation")?,
            period: fields.integer("RotationPeriodInDays")?,
            bypasses: fields.boolean("BypassPolicyLockoutSafetyCheck")?.unwrap_or(false),
            tags: declared_tags(fields)?,
        })
    }

    /// The input of the call that creates, without tags.
    pub(super) fn input(&self, fields: Fields<'_>) -> Result<KnownMap, DriverError> {
        let mut input = KnownMap::new();
        for (name, _) in FIXED {
            input.extend(fields.text(name)?.map(|value| (name.to_owned(), value)));
        }
        let texts = [("Description", &self.description), ("Policy", &self.policy)];
        for (name, text) in texts {
            input.extend(text.clone().map(|text| (name.to_owned(), text)));
        }
        if self.bypasses {
            input.insert("BypassPolicyLockoutSafetyCheck".to_owned(), true.into());
        }
        Ok(input)
    }
}

/// The properties that a description of a key shows.
pub(super) fn shown(key: &KnownMap) -> KnownMap {
    let mut out = KnownMap::new();
    for name in ["Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"] {
        out.extend(key.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    out
}

/// The attributes of a key.
pub(super) fn attributes(key: &KnownMap) -> KnownMap {
    let attribute = |name: &str| key.get(name).cloned().unwrap_or(KnownValue::Null);
    arguments([("Arn", attribute("Arn")), ("KeyId", attribute("KeyId"))])
}

/// The policy of a key that was given none: its account may do everything.
///
/// Source: CloudFormation registry, the default of `KeyPolicy`.
pub(super) fn default_policy(key: &KnownMap) -> String {
    let arn = text_in(key, "Arn").unwrap_or_default();
    let part = |at: usize| arn.split(':').nth(at).unwrap_or_default();
    let root = format!("arn:{}:iam::{}:root", part(1), part(4));
    json!({
        "Version": "2012-10-17",
        "Id": "key-default",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}
