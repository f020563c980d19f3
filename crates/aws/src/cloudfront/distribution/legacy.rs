//! Properties of a distribution that the API no longer has: `CNAMEs`, `S3Origin`, `CustomOrigin`.
//!
//! On the way to the service they become `Aliases` and an origin; on the way back they are shown
//! again, if they are what is declared.

use rstack_model::{KnownMap, KnownValue};

/// The configuration without legacy properties.
pub(super) fn modern(declared: &KnownMap) -> KnownMap {
    let mut config = declared.clone();
    if let Some(KnownValue::List(names)) = config.remove("CNAMEs") {
        let mut aliases = list(&config, "Aliases");
        for name in names {
            if !aliases.contains(&name) {
                aliases.push(name);
            }
        }
        config.insert("Aliases".to_owned(), KnownValue::List(aliases));
    }
    let id = target(&config);
    let made: Vec<KnownValue> = [
        config.remove("S3Origin").and_then(|origin| s3_origin(&origin, &id)),
        config.remove("CustomOrigin").and_then(|origin| custom_origin(&origin, &id)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !made.is_empty() {
        let mut origins = list(&config, "Origins");
        origins.extend(made);
        config.insert("Origins".to_owned(), KnownValue::List(origins));
    }
    config
}

/// The observed configuration with the legacy properties that are declared.
pub(super) fn as_declared(observed: KnownMap, declared: &KnownMap) -> KnownMap {
    let mut config = observed;
    if let Some(KnownValue::List(names)) = declared.get("CNAMEs") {
        let aliases = list(&config, "Aliases");
        let modern = list(declared, "Aliases");
        let without = |others: &[KnownValue], own: &[KnownValue]| {
            let kept = aliases.iter().filter(|name| !others.contains(name) || own.contains(name));
            KnownValue::List(kept.cloned().collect())
        };
        config.insert("CNAMEs".to_owned(), without(&modern, names));
        config.insert("Aliases".to_owned(), without(names, &modern));
    }
    let id = target(&config);
    let origins = list(&config, "Origins");
    let legacy = |setting: &str| {
        origins.iter().find(|origin| origin.get("Id") == Some(&id) && origin.get(setting).is_some())
    };
    let mut shown = Vec::new();
    if declared.contains_key("S3Origin")
        && let Some(origin) = legacy("S3OriginConfig")
    {
        shown.push(("S3Origin", flattened(origin, "S3OriginConfig")));
    }
    if declared.contains_key("CustomOrigin")
        && let Some(origin) = legacy("CustomOriginConfig")
    {
        shown.push(("CustomOrigin", flattened(origin, "CustomOriginConfig")));
    }
    if !shown.is_empty() {
        let own = list(declared, "Origins");
        let is_own = |origin: &KnownValue| {
            origin.get("Id") != Some(&id) || own.iter().any(|other| other.get("Id") == Some(&id))
        };
        let kept = origins.iter().filter(|origin| is_own(origin)).cloned().collect();
        config.insert("Origins".to_owned(), KnownValue::List(kept));
    }
    config.extend(shown.into_iter().map(|(name, origin)| (name.to_owned(), origin)));
    config
}

/// The ID a legacy origin takes: the one the default cache behavior asks for.
fn target(config: &KnownMap) -> KnownValue {
    let behavior = config.get("DefaultCacheBehavior");
    behavior
        .and_then(|behavior| behavior.get("TargetOriginId"))
        .cloned()
        .unwrap_or(KnownValue::Null)
}

fn list(map: &KnownMap, name: &str) -> Vec<KnownValue> {
    map.get(name).and_then(KnownValue::as_list).map(<[_]>::to_vec).unwrap_or_default()
}

fn s3_origin(origin: &KnownValue, id: &KnownValue) -> Option<KnownValue> {
    let mut settings = origin.as_map()?.clone();
    let domain = settings.remove("DNSName")?;
    Some(with_settings(id, domain, "S3OriginConfig", settings))
}

fn custom_origin(origin: &KnownValue, id: &KnownValue) -> Option<KnownValue> {
    let mut settings = origin.as_map()?.clone();
    let domain = settings.remove("DNSName")?;
    Some(with_settings(id, domain, "CustomOriginConfig", settings))
}

fn with_settings(
    id: &KnownValue,
    domain: KnownValue,
    name: &str,
    settings: KnownMap,
) -> KnownValue {
    KnownValue::Map(KnownMap::from([
        ("Id".to_owned(), id.clone()),
        ("DomainName".to_owned(), domain),
        (name.to_owned(), KnownValue::Map(settings)),
    ]))
}

/// An origin in its legacy form.
fn flattened(origin: &KnownValue, setting: &str) -> KnownValue {
    let mut out = origin.get(setting).and_then(KnownValue::as_map).cloned().unwrap_or_default();
    if let Some(domain) = origin.get("DomainName") {
        out.insert("DNSName".to_owned(), domain.clone());
    }
    KnownValue::Map(out)
}
