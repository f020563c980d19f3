//! The code of a function: an archive in S3, an image, or a text that is archived here.
//!
//! Lambda tells nothing of where an archive came from. A tag of the function has a digest of the code
//! that it is given, written before the call that gives it, and the digest that Lambda showed until then:
//! the function has the code when Lambda shows another one. While Lambda carries out an update it takes no
//! tags, so nothing is written afterwards. The digest of a text says no more than the one that Lambda shows.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Digest, KnownMap, KnownValue, SecretString};

use super::archive::zipped;
use super::response_module::Module;
use crate::iam::Fields;

/// The property.
const CODE: &str = "Code";

/// The member with an archive, and the property with the text of its one file.
const INLINE: &str = "ZipFile";

/// The members that say where code is.
const LOCATION: [&str; 6] =
    ["ImageUri", "S3Bucket", "S3Key", "S3ObjectStorageMode", "S3ObjectVersion", "SourceKMSKeyArn"];

/// The value of the tag of a function whose code is not known.
pub(super) const UNKNOWN: &str = "unknown";

/// The declared code.
pub(super) struct Code {
    /// The members of the calls that take code.
    pub(super) members: KnownMap,
    /// The digest of what is declared.
    pub(super) mark: String,
}

impl Code {
    /// The code that the properties of a function declare.
    ///
    /// # Errors
    /// If there is none, a place is a secret, or text is declared for a runtime that takes none.
    pub(super) fn parse(fields: Fields<'_>) -> Result<Self, DriverError> {
        let code = fields.tree(CODE)?.ok_or_else(|| fields.invalid(CODE, "is missing"))?;
        let (mut members, mut parts) = (KnownMap::new(), BTreeMap::new());
        for name in LOCATION {
            if let Some(KnownValue::Secret(_)) = code.value(name) {
                let problem = format!(
                    "has a secret in `{name}`, which cannot be one: a tag of the function says \
                     which code it has"
                );
                return Err(fields.invalid(CODE, problem));
            }
            if let Some(text) = code.name(name)? {
                members.insert(name.to_owned(), text.as_str().into());
                parts.insert(name, text);
            }
        }
        if let Some(text) = code.text(INLINE)? {
            let (archive, digest) = inline(fields, &text)?;
            members.insert(INLINE.to_owned(), archive);
            parts.insert(INLINE, digest.to_string());
        }
        let unwritten = |error: serde_json::Error| fields.invalid(CODE, error);
        let mark = Digest::of_json(&parts).map_err(unwritten)?.to_string();
        Ok(Self { members, mark })
    }

    /// The tag of a function that is given this code, and shows this digest until then.
    pub(super) fn sent_over(&self, archive: &str) -> String {
        format!("{} over {archive}", self.mark)
    }

    /// True if the tag of a function that shows this digest says that it has this code.
    pub(super) fn is_named_by(&self, tag: &str, archive: &str) -> bool {
        match tag.split_once(" over ") {
            Some((mark, before)) => mark == self.mark && before != archive,
            None => tag == self.mark,
        }
    }
}

/// The archive with a text in base64, and its digest.
fn inline(fields: Fields<'_>, text: &KnownValue) -> Result<(KnownValue, Digest), DriverError> {
    let runtime = fields.name("Runtime")?.unwrap_or_default();
    let Some(module) = Module::of_runtime(&runtime) else {
        let problem = format!(
            "is a text in `{INLINE}`, which a function of the runtime `{runtime}` cannot have: \
             put an archive into S3"
        );
        return Err(fields.invalid(CODE, problem));
    };
    let source = text.expose_str().unwrap_or_default();
    let mut files = vec![(module.index, source)];
    if module.is_loaded_by(source) {
        files.push((module.file, module.source));
    }
    let archive = zipped(&files).map_err(|error| {
        let kind = ErrorKind::Invalid { property: None };
        DriverError::new(kind, "lambda:CreateFunction", error.to_string())
    })?;
    let (digest, coded) = (Digest::of(&archive), base64::encode(archive));
    let is_secret = matches!(text, KnownValue::Secret(_));
    let archive =
        if is_secret { KnownValue::Secret(SecretString::new(coded)) } else { coded.into() };
    Ok((archive, digest))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn of(properties: Value) -> Result<Code, DriverError> {
        Code::parse(Fields::new(&known(properties), "lambda:CreateFunction"))
    }

    #[test]
    fn code_is_known_again_by_what_is_declared() {
        let archive = |version: &str| {
            let code = json!({"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": version});
            of(json!({"Code": code, "Runtime": "java21"})).unwrap()
        };
        assert_eq!(archive("1").mark, archive("1").mark);
        assert_ne!(archive("1").mark, archive("2").mark);
        let expected = json!({"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "1"});
        assert_eq!(archive("1").members, known(expected));
        let text = |runtime: &str| {
            of(json!({"Code": {"ZipFile": "x = 1"}, "Runtime": runtime})).unwrap().mark
        };
        assert_eq!(text("python3.12"), text("python3.13"));
        assert_ne!(text("python3.12"), text("nodejs22.x"), "the file has another name");
    }

    #[test]
    fn a_tag_names_code_that_has_arrived() {
        let code = json!({"S3Bucket": "b", "S3Key": "k"});
        let code = of(json!({"Code": code})).unwrap();
        assert!(code.is_named_by(&code.mark, "any"));
        let tag = code.sent_over("before=");
        assert!(code.is_named_by(&tag, "after="));
        assert!(!code.is_named_by(&tag, "before="), "the call was not made, or not carried out");
        assert!(!code.is_named_by(UNKNOWN, "after=") && !code.is_named_by("other", "after="));
        assert!(tag.len() < 256, "{tag}");
    }

    #[test]
    fn a_text_is_archived_under_the_name_that_cloudformation_gives_it() {
        for (runtime, name) in [("nodejs22.x", "index.js"), ("python3.13", "index.py")] {
            let code = of(json!({"Code": {"ZipFile": "text\n"}, "Runtime": runtime})).unwrap();
            let coded = code.members["ZipFile"].as_str().unwrap().to_owned();
            let bytes = base64::decode(coded).unwrap();
            assert_eq!(bytes, zipped(&[(name, "text\n")]).unwrap());
        }
        let loads = "import cfnresponse\n";
        let code = of(json!({"Code": {"ZipFile": loads}, "Runtime": "python3.13"})).unwrap();
        let bytes = base64::decode(code.members["ZipFile"].as_str().unwrap()).unwrap();
        let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(contains(b"cfnresponse.py") && contains(b"def send("));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let error = of(json!({"Code": {"ZipFile": "x"}, "Runtime": "java21"})).err().unwrap();
        assert!(error.message.contains("`java21`"), "{error}");
        assert!(of(json!({})).is_err());
        let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
        let tree = |name: &str| {
            let code = KnownMap::from([(name.to_owned(), secret("hunter2"))]);
            KnownMap::from([
                ("Code".to_owned(), code.into()),
                ("Runtime".to_owned(), "python3.13".into()),
            ])
        };
        let map = tree("S3Key");
        let error = Code::parse(Fields::new(&map, "lambda:CreateFunction")).err().unwrap();
        assert!(error.message.contains("secret in `S3Key`"), "{error}");
        let map = tree("ZipFile");
        let code = Code::parse(Fields::new(&map, "lambda:CreateFunction")).unwrap();
        assert!(matches!(code.members["ZipFile"], KnownValue::Secret(_)));
    }
}
