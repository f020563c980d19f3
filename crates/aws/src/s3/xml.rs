//! The little XML of S3 that is read here: the text of one element.

use aws_smithy_xml::decode::{Document, try_data};

/// The text of the first element of this name below the root.
pub(crate) fn text_of(text: &str, name: &str) -> Option<String> {
    let mut document = Document::try_from(text.as_bytes()).ok()?;
    let mut root = document.root_element().ok()?;
    while let Some(mut element) = root.next_tag() {
        if element.start_el().local() == name {
            return try_data(&mut element).ok().map(|text| text.into_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn the_text_of_an_element_is_found() {
        let error = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &lt; b</Message></Error>";
        assert_eq!(text_of(error, "Code").as_deref(), Some("NoSuchKey"));
        assert_eq!(text_of(error, "Message").as_deref(), Some("a < b"));
        assert_eq!(text_of(error, "Status"), None);
        for other in ["", "text", "<a", "{\"Code\": 1}"] {
            assert_eq!(text_of(other, "Code"), None, "{other}");
        }
        let nested = "<R><Inner><Code>x</Code></Inner></R>";
        assert_eq!(text_of(nested, "Code"), None, "of the root's own elements alone");
    }
}
