//! ARNs, from the form that the type declares or in the usual form.

use crate::subject::Subject;

/// The ARN of the object itself. `id` is what the service calls it, where that is not an ARN.
pub(crate) fn own(subject: &Subject<'_>, id: &str) -> String {
    let arn = match subject.schema.arn_template() {
        Some(template) => filled(subject, template, id),
        None => made(subject, &kebab(subject.resource()), id),
    };
    scoped(subject, arn)
}

/// The ARN with the scope of the object's name before its last part, as far as the form does not
/// have it: `rule/tick` on the bus `b` is `rule/b/tick`. Equal names in two scopes have two ARNs.
fn scoped(subject: &Subject<'_>, arn: String) -> String {
    let scope = subject.schema.unique_names().iter().flat_map(|name| name.scope());
    scope.filter_map(|path| subject.text_at(path)).fold(arn, |arn, value| {
        let value = value.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        match arn.rsplit_once('/') {
            Some((before, last))
                if !value.is_empty() && !arn.split(['/', ':']).any(|p| p == value) =>
            {
                format!("{before}/{value}/{last}")
            }
            _ => arn,
        }
    })
}

/// An ARN of the type's service in the usual form.
pub(crate) fn made(subject: &Subject<'_>, kind: &str, id: &str) -> String {
    let environment = subject.environment;
    format!(
        "arn:{}:{}:{}:{}:{kind}/{id}",
        environment.partition,
        subject.service(),
        environment.region,
        environment.account,
    )
}

/// The ARN of a form that a pattern asks for and that neither the type nor habit has: the parts
/// that every ARN has are the environment's.
pub(crate) fn placed(subject: &Subject<'_>, sampled: &str) -> String {
    let environment = subject.environment;
    let parts: Vec<&str> = sampled.splitn(6, ':').collect();
    let [_, _, service, region, account, rest] = parts.as_slice() else {
        return sampled.to_owned();
    };
    let region = if region.is_empty() { "" } else { environment.region.as_str() };
    let account = if account.is_empty() { "" } else { environment.account.as_str() };
    format!("arn:{}:{service}:{region}:{account}:{rest}", environment.partition)
}

fn filled(subject: &Subject<'_>, template: &str, id: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(subject, variable, id));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn value(subject: &Subject<'_>, variable: &str, id: &str) -> String {
    let environment = subject.environment;
    match variable {
        "Partition" => return environment.partition.to_string(),
        "Region" => return environment.region.to_string(),
        "Account" => return environment.account.to_string(),
        _ => {}
    }
    if let Some(text) = subject.text(variable) {
        return text.to_owned();
    }
    if variable.ends_with("WithPath") {
        let path = subject.text("Path").unwrap_or("/").trim_start_matches('/');
        return format!("{path}{}", subject.name());
    }
    if variable.ends_with("Name") && variable.trim_end_matches("Name").len() > 1 {
        let own = variable.trim_end_matches("Name");
        if subject.resource().ends_with(own) || own.ends_with(subject.resource()) {
            return subject.name();
        }
    }
    match variable {
        "Name" => subject.name(),
        _ => id.to_owned(),
    }
}

/// `OriginEndpoint` as `origin-endpoint`, `VPCEndpoint` as `vpc-endpoint`.
pub(crate) fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut chars = name.chars().peekable();
    let mut before_lower = false;
    while let Some(c) = chars.next() {
        let then_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && !out.is_empty() && (before_lower || then_lower) {
            out.push('-');
        }
        before_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_their_words() {
        let kebabs = ["OriginEndpoint", "VPCEndpoint", "DBInstance", "Queue"].map(kebab);
        assert_eq!(kebabs, ["origin-endpoint", "vpc-endpoint", "db-instance", "queue"]);
    }
}
