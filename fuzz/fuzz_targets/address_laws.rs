//! Laws of all addresses of templates, one a line.

use rstack_model::{TemplateAddress, WebAddress, shown_address, without_signatures};

/// A text that is looked for where nothing of a signature may be.
const CANARY: &str = "KanarieSigned";

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    for line in text.lines() {
        one(line);
        let joint = if line.contains('?') { '&' } else { '?' };
        let signed = format!("{line}{joint}X-Amz-Signature={CANARY}");
        one(&signed);
        if !line.contains(CANARY) && signed.contains("://") && !line.contains('#') {
            assert!(!shown_address(&signed).contains(CANARY), "shown: {signed}");
        }
        let is_plain = !line.chars().any(|c| c.is_whitespace() || c.is_control());
        if is_plain && !line.contains(CANARY) {
            assert!(!without_signatures(&signed).contains(CANARY), "not covered: {signed}");
        }
        // A signed address is asked without credentials, and so is what is none of S3.
        if let Ok(TemplateAddress::S3(_)) = TemplateAddress::parse(&signed) {
            assert!(line.contains('#'), "a signed address is asked with credentials: {signed}");
        }
    }
}

fn one(text: &str) {
    let covered = without_signatures(text);
    assert_eq!(covered.chars().count(), text.chars().count(), "places move: {text}");
    assert_eq!(without_signatures(&covered), covered, "covered twice: {text}");
    let shown = shown_address(text);
    assert_eq!(shown_address(&shown), shown, "shown twice: {text}");
    match TemplateAddress::parse(text) {
        Ok(TemplateAddress::S3(object)) => {
            assert!(object.bucket.len() >= 3 && !object.bucket.contains(['/', '%', '@', ':']));
            assert!(!object.key.is_empty() && !object.key.chars().any(char::is_control));
            let region = object.region.iter().flat_map(|region| region.as_str().bytes());
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(region.into_iter().all(plain), "a Region becomes a part of a host: {text}");
            let again = TemplateAddress::parse(&shown);
            assert_eq!(again, Ok(TemplateAddress::S3(object)), "shown as another: {text}");
        }
        Ok(TemplateAddress::Web(web)) => {
            assert!(text.get(..8).is_some_and(|it| it.eq_ignore_ascii_case("https://")));
            assert!(!web.host.contains(['/', '@', ':', '?', '#', '[']), "{text}");
            let numeric =
                web.host.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok());
            assert!(!numeric && web.host.parse::<std::net::IpAddr>().is_err(), "{text}");
            assert_eq!(WebAddress::parse(&web.expose()), Ok(web), "read as another: {text}");
        }
        Err(_) => {}
    }
}
